# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A convolutional ONNX network with two inputs, through a recipe to its smaller form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

needs = "pip install torch-mlir onnx onnxruntime to run the tests of the front end"
pytest.importorskip("mlir_prune._native", reason="the native module is not built")
pytest.importorskip("torch_mlir", reason=needs)
onnx = pytest.importorskip("onnx", reason=needs)
pytest.importorskip("onnxruntime", reason=needs)

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from mlir_prune import Module  # noqa: E402
from mlir_prune.cli import main  # noqa: E402

SHAPES = {
    "c1": (8, 1, 3, 3), "b1": (8, 1, 1), "c2": (10, 8, 3, 3), "scale": (10,), "shift": (10,),
    "slope": (10, 1, 1), "fc": (3, 12), "fcb": (3,),
}  # fmt: skip
NODES = [
    ("Conv", "image c1", "z1", {"pads": [1] * 4}), ("Add", "z1 b1", "q1", {}),
    ("Relu", "q1", "r1", {}), ("Conv", "r1 c2", "z2", {"pads": [1] * 4}),
    ("InstanceNormalization", "z2 scale shift", "n2", {}), ("PRelu", "n2 slope", "r2", {}),
    ("GlobalAveragePool", "r2", "p", {}), ("Flatten", "p", "f", {}),
    ("Concat", "f meta", "all", {"axis": 1}), ("Transpose", "fc", "w", {"perm": [1, 0]}),
    ("MatMul", "all w", "h", {}), ("Add", "h fcb", "y", {}),
]  # fmt: skip
RECIPE = """
dataset: {folder}/data.npz
model: {{file: {folder}/net.onnx}}
batch: 20
bench: {{batches: [2], rounds: 1, min_seconds: 1e-4}}
stages:
  - {{name: dense, epochs: 2, learning_rate: 3e-3, optimizer: adam}}
  - name: prune
    kind: prune
    granularity: channel:0
    sparsity: 0.5
    ignore: [fc]
    retrain: {{epochs: 1, learning_rate: 1e-3}}
"""


def write(folder: Path) -> None:
    rng = np.random.default_rng(0)

    def info(name: str, *shape: object) -> object:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])

    graph = helper.make_graph(
        [helper.make_node(kind, names.split(), [out], **attributes)
         for kind, names, out, attributes in NODES],
        "net", [info("image", 1, 6, 6), info("meta", 2)], [info("y", 3)],
        [numpy_helper.from_array((0.3 * rng.standard_normal(shape)).astype(np.float32), name)
         for name, shape in SHAPES.items()],
    )  # fmt: skip
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "net.onnx")
    image = rng.standard_normal((200, 1, 6, 6)).astype(np.float32)
    meta = rng.standard_normal((200, 2)).astype(np.float32)
    labels = (np.abs(image).mean((1, 2, 3)) > 0.8) + (meta[:, 0] > 0).astype(int)
    # Not in the order of the network.
    np.savez(folder / "data.npz", **{"x/meta": meta, "x/image": image, "y": labels})
    (folder / "recipe.yaml").write_text(RECIPE.format(folder=folder))


def test_recipe_of_an_onnx_network(tmp_path: Path) -> None:
    """All of its parameters train, and half of its filters leave, with all that is theirs."""
    write(tmp_path)
    out = tmp_path / "out"
    assert main(["compress", str(tmp_path / "recipe.yaml"), "--out", str(out), "--quiet"]) == 0
    start, end = (Module.from_file(str(out / f"{name}.mlir")).parameters()
                  for name in ("initial", "dense"))  # fmt: skip
    assert set(start) == set(SHAPES)
    for name in SHAPES:
        assert not np.array_equal(start[name], end[name]), name
    left = Module.from_file(str(out / "compact.mlirbc")).parameters()
    assert {name: array.shape for name, array in left.items()} == {
        "c1": (4, 1, 3, 3), "b1": (4, 1, 1), "c2": (5, 4, 3, 3), "scale": (5,), "shift": (5,),
        "slope": (5, 1, 1), "fc": (3, 7), "fcb": (3,),
    }  # fmt: skip
