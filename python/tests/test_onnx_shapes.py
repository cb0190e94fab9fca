# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX networks with dynamic dimensions other than the batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir to run the tests of the front end"
native = pytest.importorskip("mlir_prune._native", reason="the native module is not built")
pytest.importorskip("torch_mlir", reason=needs)
onnx = pytest.importorskip("onnx", reason=needs)
runtime = pytest.importorskip("onnxruntime", reason=needs)

from onnx import helper, numpy_helper  # noqa: E402

import mlir_prune  # noqa: E402
from mlir_prune import cli, frontend  # noqa: E402
from mlir_prune.errors import InputError  # noqa: E402
from mlir_prune.exporting import to_onnx  # noqa: E402


def image_network(path: Path) -> Path:
    """A convolution, global pooling and a dense layer on images of any size."""
    rng = np.random.default_rng(0)
    weights = {
        "c": rng.standard_normal((4, 3, 3, 3)).astype(np.float32),
        "b": rng.standard_normal(4).astype(np.float32),
        "w": rng.standard_normal((2, 4)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["image", "c", "b"], ["h"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "w"], ["y"], transB=1),
    ]
    return save(path, nodes, {"image": ["N", 3, "height", "width"]}, weights, ["N", 2])


def sum_network(path: Path) -> Path:
    """The product of two inputs whose second dimensions have one name."""
    nodes = [
        helper.make_node("Mul", ["a", "b"], ["m"]),
        helper.make_node("MatMul", ["m", "w"], ["y"]),
    ]
    weights = {"w": np.arange(6, dtype=np.float32).reshape(3, 2)}
    inputs = {"a": ["N", "steps", 3], "b": ["N", "steps", 3]}
    return save(path, nodes, inputs, weights, ["N", "steps", 2])


def save(
    path: Path, nodes: Any, inputs: dict[str, Any], weights: dict[str, Any], result: list[Any]
) -> Path:
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes, "net",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info("y", kind, result)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    return path


def run_onnx(path: Path, **inputs: np.ndarray) -> np.ndarray:
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, inputs)[0]


def test_sizes_of_an_image(tmp_path: Path) -> None:
    path = image_network(tmp_path / "net.onnx")
    module = frontend.from_onnx(path, shapes={"image": [2, 3, 6, 5]})
    image = np.random.default_rng(1).standard_normal((2, 3, 6, 5)).astype(np.float32)
    (found,) = module.compile()("forward", image)
    np.testing.assert_allclose(found, run_onnx(path, image=image), rtol=1e-5, atol=1e-5)
    module.run("builtin.module(prune-set-batch-size{batch=1})")
    (found,) = module.compile()("forward", image[:1])
    np.testing.assert_allclose(found, run_onnx(path, image=image[:1]), rtol=1e-5, atol=1e-5)


def test_one_name_is_one_size(tmp_path: Path) -> None:
    path = sum_network(tmp_path / "net.onnx")
    module = frontend.from_onnx(path, shapes={"a": [2, 4, 3]})
    a, b = np.random.default_rng(1).standard_normal((2, 2, 4, 3)).astype(np.float32)
    (found,) = module.compile()("forward", a, b)
    np.testing.assert_allclose(found, run_onnx(path, a=a, b=b), rtol=1e-5, atol=1e-5)


def test_pruned_for_any_rows_and_exported_with_open_dimensions(tmp_path: Path) -> None:
    path, target = image_network(tmp_path / "net.onnx"), tmp_path / "small.onnx"
    module = frontend.from_onnx(path, shapes={"image": [2, 3, 6, 5]}, check=False)
    values = {name: np.array(array) for name, array in module.parameters().items()}
    values["c"][1], values["b"][1] = 0, 0
    module.bind(values)
    found = to_onnx(module, path, target)
    assert found.smaller == 3 and found.error is not None
    dims = onnx.load(target).graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_param or dim.dim_value for dim in dims] == ["N", 3, "height", "width"]
    image = np.random.default_rng(1).standard_normal((11, 3, 6, 5)).astype(np.float32)
    masked = onnx.load(path)
    for tensor in masked.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(values[tensor.name], tensor.name))
    onnx.save(masked, tmp_path / "masked.onnx")
    for part in (image[:2, :, :4, :3], image):
        expected = run_onnx(tmp_path / "masked.onnx", image=part)
        np.testing.assert_allclose(run_onnx(target, image=part), expected, rtol=1e-5, atol=1e-5)
    network = mlir_prune.compile(module, batch=(8, 1))
    for rows in (1, 3, 8, 11):
        np.testing.assert_allclose(network(image[:rows]), expected[:rows], rtol=1e-5, atol=1e-5)


def test_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, target = image_network(tmp_path / "net.onnx"), tmp_path / "net.mlir"
    shape = ["--shape", "image=1,3,6,5", "--batch", "1"]
    assert cli.main(["import", str(path), "-o", str(target), *shape]) == 0
    assert "tensor<1x3x6x5xf32> {prune.input" in target.read_text()
    assert cli.main(["compile", str(path), "-o", str(tmp_path / "net.so"), *shape]) == 0
    assert (tmp_path / "net.so").is_file()
    capsys.readouterr()
    assert cli.main(["import", str(path), "-o", str(target), "--shape", "image"]) == 1
    assert "a shape is given as NAME=1,3,64,64, got 'image'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("shapes", "batch", "message"),
    [
        ({}, None, "'image' has a dynamic dimension 2; give its size by --shape image="),
        ({"x": [1]}, None, "a shape is given for 'x', which is no input; there is 'image'"),
        ({"image": [1, 3, 6]}, None, "input 'image' has 4 dimensions, its shape 3"),
        ({"image": [1, 4, 6, 5]}, None, "dimension 1: its shape says 4, the file 3"),
        ({"image": [1, 3, 0, 5]}, None, "dimension 2: expected a positive size, got 0"),
        ({"image": [1, 3, 6, 5]}, 2, "dimension 0: its shape says 1, the batch is 2"),
    ],
)
def test_refused(tmp_path: Path, shapes: Any, batch: int | None, message: str) -> None:
    path = image_network(tmp_path / "net.onnx")
    with pytest.raises(InputError, match=message):
        frontend.from_onnx(path, batch, shapes=shapes)


def test_refused_for_one_name_of_two_sizes(tmp_path: Path) -> None:
    path = sum_network(tmp_path / "net.onnx")
    with pytest.raises(InputError, match="its shape says 5, and another one 4 for 'steps'"):
        frontend.from_onnx(path, shapes={"a": [1, 4, 3], "b": [1, 5, 3]})


def test_refused_for_other_files(tmp_path: Path) -> None:
    (tmp_path / "net.mlir").write_text("module {}")
    with pytest.raises(InputError, match="shapes can only be given for an ONNX network"):
        frontend.from_file(tmp_path / "net.mlir", shapes={"x": [1]})
