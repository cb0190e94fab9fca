# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Parameters and inputs keep the names that they have in their framework."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir onnx onnxruntime to run the tests of the front end"
pytest.importorskip("mlir_prune._native", reason="the native module is not built")
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)
onnx = pytest.importorskip("onnx", reason=needs)
pytest.importorskip("onnxruntime", reason=needs)

from onnx import TensorProto as Kind  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402

from mlir_prune import frontend  # noqa: E402

nn = torch.nn
RNG = np.random.default_rng(3)
W, B = RNG.standard_normal((4, 3)), RNG.standard_normal((2, 3))
TABLE = RNG.standard_normal((7, 4))

# Nodes, initializers, inputs (whole numbers where they index), and the weights of layers.
ONNX: dict[str, tuple[list[Any], dict[str, Any], dict[str, tuple[int, ...]], list[str]]] = {
    "transposed": (
        [("Transpose", "w", "t", {"perm": [1, 0]}), ("Gemm", "x t b", "y", {})],
        {"w": W.T, "b": B[0]}, {"x": (2, 4)}, ["w"]),
    "reshaped": (
        [("Reshape", "w s", "t", {}), ("MatMul", "x t", "y", {})],
        {"w": W.reshape(2, 2, 3), "s": np.array([4, 3])}, {"x": (2, 4)}, ["w"]),
    "converted": (
        [("Cast", "w", "t", {"to": Kind.FLOAT}), ("MatMul", "x t", "y", {})],
        {"w": W.astype(np.float16)}, {"x": (2, 4)}, ["w"]),
    "einsum": (
        [("Einsum", "x w", "y", {"equation": "bti,oi->bto"})], {"w": W.T}, {"x": (2, 5, 4)}, ["w"]),
    "transA": (
        [("Gemm", "x w b", "y", {"transA": 1})], {"w": W, "b": B[0]}, {"x": (4, 2)}, ["w"]),
    "weight first": ([("Gemm", "w x", "y", {"transA": 1})], {"w": W}, {"x": (4, 2)}, ["w"]),
    "transposed convolution": (
        [("ConvTranspose", "x w b", "y", {})],
        {"w": RNG.standard_normal((4, 3, 2, 2)), "b": B[0]}, {"x": (2, 4, 3, 3)}, ["w"]),
    "layer norm": (
        [("MatMul", "x w", "z", {}), ("LayerNormalization", "z scale shift", "y", {})],
        {"w": W, "scale": B[0], "shift": B[1]}, {"x": (2, 4)}, ["w"]),
    "slope": (
        [("MatMul", "x w", "z", {}), ("PRelu", "z slope", "y", {})],
        {"w": W, "slope": B[0]}, {"x": (2, 4)}, ["w"]),
    "places of a table": (
        [("Gather", "table i", "p", {}), ("Add", "x p", "z", {}), ("MatMul", "z w", "y", {})],
        {"table": TABLE, "i": np.arange(5), "w": W}, {"x": (2, 5, 4)}, ["w"]),
    # One parameter, however it is read.
    "tied": (
        [("Gather", "table i", "e", {}), ("Transpose", "table", "t", {"perm": [1, 0]}),
         ("MatMul", "e t", "y", {})],
        {"table": TABLE}, {"i": (2, 5)}, ["table"]),
    "twice": (
        [("Transpose", "w", "t", {"perm": [1, 0]}), ("MatMul", "x w", "z", {}),
         ("MatMul", "z t", "y", {})],
        {"w": W}, {"x": (2, 4)}, ["w", "w"]),
}  # fmt: skip


def save(path: Path, nodes: Any, constants: Any, inputs: dict[str, tuple[int, ...]]) -> Path:
    tensors = []
    for name, array in constants.items():
        wide = np.asarray(array).dtype == np.float64
        tensors.append(numpy_helper.from_array(
            np.ascontiguousarray(array, np.float32 if wide else None), name))  # fmt: skip
    graph = helper.make_graph(
        [helper.make_node(kind, names.split(), [out], **attributes)
         for kind, names, out, attributes in nodes],
        "net",
        [helper.make_tensor_value_info(name, Kind.INT64 if name == "i" else Kind.FLOAT, shape)
         for name, shape in inputs.items()],
        [helper.make_tensor_value_info("y", Kind.FLOAT, None)],
        tensors,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    return path


def arguments(module: Any) -> list[str]:
    return [value.name for value in module.functions()[0].arguments]


@pytest.mark.parametrize("name", ONNX)
def test_parameters_of_onnx(name: str, tmp_path: Path) -> None:
    """The import compares what the network computes with ONNX Runtime."""
    nodes, constants, inputs, weights = ONNX[name]
    module = frontend.from_onnx(save(tmp_path / "net.onnx", nodes, constants, inputs))
    assert [layer["weight"] for layer in module.layers()] == weights
    floats = {name for name, array in constants.items() if np.asarray(array).dtype.kind == "f"}
    assert set(module.parameters()) == floats
    sizes = {name: array.size for name, array in module.parameters().items()}
    assert sizes["w" if "w" in sizes else "table"] == np.asarray(
        constants["w" if "w" in sizes else "table"]).size  # fmt: skip
    assert arguments(module) == ["input"]


def test_inputs_of_onnx(tmp_path: Path) -> None:
    """Several inputs have their names, less what options and training steps need."""
    nodes = [("MatMul", "image w", "z", {}), ("Add", "z labels", "q", {}),
             ("Mul", "q w:0", "y", {})]  # fmt: skip
    inputs = {"image": (2, 4), "labels": (2, 3), "w:0": (2, 3)}
    path = save(tmp_path / "net.onnx", nodes, {"w": W}, inputs)
    assert arguments(frontend.from_onnx(path)) == ["image", "labels_", "w:0"]


class Several(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))

    def forward(self, image: Any, labels: Any, weight: Any, *rest: Any) -> Any:
        return image * self.weight + labels - weight + sum(rest)


def test_inputs_of_pytorch(tmp_path: Path) -> None:
    """As in PyTorch; what has no name there keeps its number."""
    x = torch.randn(2, 3)
    # One tensor for all of them is no reason to take them for one input.
    module = frontend.from_torch(Several(), (x, x, x, x))
    assert arguments(module) == ["image", "labels_", "weight_", "input3"]
    program = torch.export.export(Several().eval(), tuple(torch.randn(2, 3) for _ in range(3)))
    torch.export.save(program, tmp_path / "net.pt2")
    assert arguments(frontend.from_file(tmp_path / "net.pt2")) == ["image", "labels_", "weight_"]
    assert arguments(frontend.from_torch(nn.Linear(3, 2), x)) == ["input"]
