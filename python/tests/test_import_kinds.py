# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Half precision, bytes, odd names, constants wherever they stand; one line on failure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir onnx onnxruntime to run the tests of the front end"
pytest.importorskip("mlir_prune._native", reason="the native module is not built")
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)
onnx = pytest.importorskip("onnx", reason=needs)
runtime = pytest.importorskip("onnxruntime", reason=needs)

from onnx import TensorProto as Kind  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402

from mlir_prune import cli, frontend  # noqa: E402
from mlir_prune.errors import InputError  # noqa: E402

nn = torch.nn
HALVES = {"f16": torch.float16, "bf16": torch.bfloat16}


def call(module: Any, *inputs: np.ndarray) -> list[np.ndarray]:
    executable = module.compile(reference=True)
    return [np.asarray(array) for array in executable("forward", *inputs)]


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(shape).astype(np.float32)


def save(
    path: Path,
    nodes: list[Any],
    inputs: dict[str, Any],
    output: str,
    constants: dict[str, Any],
    opset: int = 17,
) -> Path:
    """An ONNX file; inputs are given as (type, shape)."""
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info(name, kind, shape)
         for name, (kind, shape) in inputs.items()],
        [helper.make_empty_tensor_value_info(output)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 9
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    return path


# Half precision


class Casts(nn.Module):  # type: ignore[misc]
    """A network that insists on half precision in its middle."""

    def __init__(self, dtype: Any) -> None:
        super().__init__()
        self.layer, self.norm, self.dtype = nn.Linear(6, 4), nn.LayerNorm(4), dtype

    def forward(self, x: Any) -> Any:
        y = self.layer(x.to(self.dtype))
        y = self.norm(y.float()).to(self.dtype)
        return y + torch.ones(4, dtype=self.dtype)


NETWORKS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda dtype: nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)).to(dtype),
    "norm": lambda dtype: nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh()).to(dtype),
    "casts": lambda dtype: _mixed(Casts(dtype), dtype),
}


def _mixed(model: Any, dtype: Any) -> Any:
    model.layer.to(dtype)
    return model


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("as_file", [False, True])
def test_half_of_torch(name: str, dtype: str, as_file: bool, tmp_path: Path) -> None:
    torch.manual_seed(2)
    model = NETWORKS[name](HALVES[dtype]).eval()
    x = torch.randn(5, 6).to(HALVES[dtype])
    if as_file:
        torch.export.save(torch.export.export(model, (x,)), tmp_path / "net.pt2")
        module = frontend.from_file(tmp_path / "net.pt2")
    else:
        module = frontend.from_torch(model, x)
    for key, value in module.parameters().items():
        assert np.asarray(value).dtype == np.float32
        np.testing.assert_array_equal(value, model.state_dict()[key].float().numpy())
    with torch.no_grad():
        expected = model(x).float().numpy()
    (found,) = call(module, x.float().numpy())
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_half_of_onnx(tmp_path: Path) -> None:
    weight = random(6, 4).astype(np.float16)
    product = helper.make_node("MatMul", ["x", "w"], ["y"])
    path = save(tmp_path / "net.onnx", [product], {"x": (Kind.FLOAT16, [3, 6])}, "y", {"w": weight})
    module, x = frontend.from_onnx(path), random(3, 6)
    np.testing.assert_allclose(call(module, x)[0], x @ weight.astype(np.float32), rtol=1e-5)
    assert list(module.parameters()) == ["w"]


@pytest.mark.parametrize("wide", [np.float16, np.float32])
def test_weights_stored_in_half(wide: Any, tmp_path: Path) -> None:
    """Casts around a product; the weight stays a parameter of the network."""
    weight = random(6, 4).astype(np.float16)
    kind = Kind.FLOAT16 if wide == np.float16 else Kind.FLOAT
    nodes = [
        helper.make_node("Cast", ["x"], ["a"], to=kind),
        helper.make_node("Cast", ["w"], ["v"], to=kind),
        helper.make_node("MatMul", ["a", "v"], ["b"]),
        helper.make_node("Cast", ["b"], ["y"], to=Kind.FLOAT),
    ]
    path = save(tmp_path / "net.onnx", nodes, {"x": (Kind.FLOAT, [3, 6])}, "y", {"w": weight})
    module, x = frontend.from_onnx(path), random(3, 6)
    np.testing.assert_allclose(call(module, x)[0], x @ weight.astype(np.float32), rtol=1e-4)
    assert [np.asarray(v).size for v in module.parameters().values()] == [24]


# Bytes


def bytes_of_onnx(path: Path) -> Any:
    nodes = [helper.make_node("Cast", ["x"], ["f"], to=Kind.FLOAT),
             helper.make_node("MatMul", ["f", "w"], ["y"])]  # fmt: skip
    weight = np.float32([[1, 2], [3, -4]])
    save(path, nodes, {"x": (Kind.UINT8, [3, 2])}, "y", {"w": weight})
    return frontend.from_onnx(path)


def bytes_of_torch(path: Path) -> Any:
    class Image(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.tensor([[1.0, 2.0], [3.0, -4.0]]))

        def forward(self, x: Any) -> Any:
            return x.float() @ self.w

    return frontend.from_torch(Image(), torch.zeros(3, 2, dtype=torch.uint8))


@pytest.mark.parametrize("make", [bytes_of_onnx, bytes_of_torch])
def test_bytes(make: Any, tmp_path: Path) -> None:
    module = make(tmp_path / "net.onnx")
    (argument,) = [a for a in module.functions()[0].arguments if a.kind == "input"]
    assert argument.dtype == "uint8"
    x = np.array([[200, 1], [255, 128], [0, 127]], np.uint8)
    expected = x.astype(np.float32) @ np.float32([[1, 2], [3, -4]])
    np.testing.assert_array_equal(call(module, x)[0], expected)
    lifted = module.clone()
    lifted.run("builtin.module(prune-set-batch-size{batch=1},prune-lift-parameters)")
    assert [a.dtype for a in lifted.functions()[0].arguments if a.kind == "input"] == ["uint8"]
    with pytest.raises(TypeError, match="uint8"):
        call(module, x.view(np.int8))


def test_results_of_bytes(tmp_path: Path) -> None:
    node = helper.make_node("QuantizeLinear", ["x", "s", "z"], ["y"])
    constants = {"s": np.float32(0.5), "z": np.uint8(100)}
    path = save(tmp_path / "net.onnx", [node], {"x": (Kind.FLOAT, [4])}, "y", constants)
    (found,) = call(frontend.from_onnx(path), np.float32([-200, 0.3, 60, 200]))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, [0, 101, 220, 255])


# Names and constants


class Named(nn.Module):  # type: ignore[misc]
    def __init__(self, *keys: str) -> None:
        super().__init__()
        self.heads = nn.ModuleDict({key: nn.Linear(3, 2) for key in keys})

    def forward(self, x: Any) -> Any:
        return sum(head(x) for head in self.heads.values())


def test_names_of_torch() -> None:
    model = Named("task a", "task,a", "{b}", "b=c", "d'e", "plain")
    module = frontend.from_torch(model, torch.zeros(2, 3))
    names = list(module.parameters())
    assert len(set(names)) == 12 and "heads.plain.weight" in names
    assert "heads.task_a.weight" in names and "heads.task_a.weight_" in names
    assert not any(c in name for name in names for c in " ,{}='")
    for name, value in zip(names, model.state_dict().values(), strict=True):
        np.testing.assert_array_equal(module.parameters()[name], value.numpy())


class Indexed(nn.Module):  # type: ignore[misc]
    """Buffers and constants of whole numbers as indices."""

    def __init__(self, persistent: bool) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 4)
        self.register_buffer("order", torch.tensor([3, 0, 2]), persistent=persistent)

    def forward(self, x: Any) -> Any:
        return self.layer(x)[:, self.order] + self.layer(x)[:, [0, 1, 1]]


@pytest.mark.parametrize("persistent", [True, False])
def test_indices_of_torch(persistent: bool) -> None:
    model = Indexed(persistent)
    module = frontend.from_torch(model, torch.zeros(2, 3))
    assert list(module.parameters()) == ["layer.weight", "layer.bias"]


class Repeated(nn.Module):  # type: ignore[misc]
    """A constant that two operations read, one of them twice."""

    def forward(self, x: Any) -> Any:
        scale = torch.tensor([0.5, -1.0, 2.0])
        return x * (scale * scale) + torch.cat([scale[:2], x[0, :1]]) * scale


def test_constants_read_more_than_once() -> None:
    x = random(2, 3)
    [found] = call(frontend.from_torch(Repeated(), torch.from_numpy(x)), x)
    np.testing.assert_allclose(found, Repeated()(torch.from_numpy(x)).numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("value_float", 1.5), ("value_floats", [1.0, 2.0]), ("value_int", 3), ("value_ints", [1, 2])],
)
def test_constants_of_onnx(attribute: str, value: Any, tmp_path: Path) -> None:
    nodes = [helper.make_node("Constant", [], ["c"], **{attribute: value}),
             helper.make_node("Cast", ["c"], ["b"], to=Kind.FLOAT),
             helper.make_node("Add", ["x", "b"], ["y"])]  # fmt: skip
    path = save(tmp_path / "net.onnx", nodes, {"x": (Kind.FLOAT, [3, 2])}, "y", {})
    x = random(3, 2)
    np.testing.assert_allclose(call(frontend.from_onnx(path), x)[0], x + np.float32(value))


def branch(name: str, kind: str) -> Any:
    result = helper.make_tensor_value_info(name, Kind.FLOAT, [1, 2])
    constant = helper.make_node("Constant", [], [f"{name}.c"], value_floats=[1.0, 2.0])
    nodes = [constant, helper.make_node(kind, ["x", "b"], [f"{name}.t"]),
             helper.make_node("Mul", [f"{name}.t", f"{name}.c"], [name])]  # fmt: skip
    return helper.make_graph(nodes, name, [], [result])


def test_constants_that_branches_read(tmp_path: Path) -> None:
    node = helper.make_node(
        "If", ["k"], ["y"], then_branch=branch("t", "Add"), else_branch=branch("e", "Sub")
    )
    inputs = {"x": (Kind.FLOAT, [1, 2]), "k": (Kind.BOOL, [])}
    path = save(tmp_path / "net.onnx", [node], inputs, "y", {"b": np.float32([[1, 2]])})
    module = frontend.from_onnx(path)
    x = np.float32([[5, 5]])
    np.testing.assert_array_equal(call(module, x, np.array(True))[0], [[6, 14]])
    np.testing.assert_array_equal(call(module, x, np.array(False))[0], [[4, 6]])


# Errors


def test_reason_of_a_failure(tmp_path: Path) -> None:
    """What torch-mlir says is told with the operation, in one line."""
    node = helper.make_node("DeformConv", ["x", "w", "o"], ["y"], name="bend")
    constants = {"w": random(1, 1, 2, 2), "o": np.zeros((1, 8, 2, 2), np.float32)}
    graph = {"x": (Kind.FLOAT, [1, 1, 3, 3])}
    path = save(tmp_path / "net.onnx", [node], graph, "y", constants, opset=19)
    with pytest.raises(InputError, match="cannot convert DeformConv 'bend': failed to") as error:
        frontend.from_onnx(path)
    assert "\n" not in str(error.value) and "%" not in str(error.value)


@pytest.mark.parametrize("batch", [2])
def test_shapes_that_do_not_fit(batch: int, tmp_path: Path) -> None:
    nodes = [helper.make_node("Reshape", ["x", "s"], ["a"], name="fixed"),
             helper.make_node("MatMul", ["a", "w"], ["y"])]  # fmt: skip
    constants = {"s": np.array([1, 6]), "w": random(6, 2)}
    path = save(tmp_path / "net.onnx", nodes, {"x": (Kind.FLOAT, [1, 2, 3])}, "y", constants)
    frontend.from_onnx(path)
    with pytest.raises(InputError, match="fixed"):
        frontend.from_onnx(path, batch)


def test_other_domains(tmp_path: Path) -> None:
    node = helper.make_node("FusedMatMul", ["x", "w"], ["y"], domain="com.microsoft", name="f")
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", Kind.FLOAT, [1, 2])],
        [helper.make_tensor_value_info("y", Kind.FLOAT, [1, 2])],
        [numpy_helper.from_array(random(2, 2), "w")],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), tmp_path / "net.onnx")
    with pytest.raises(InputError, match="FusedMatMul 'f' is of the domain 'com.microsoft'"):
        frontend.from_onnx(tmp_path / "net.onnx")


def test_nothing_is_written_on_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    node = helper.make_node("Det", ["x"], ["y"], name="d")
    path = save(tmp_path / "net.onnx", [node], {"x": (Kind.FLOAT, [2, 2])}, "y", {})
    target = tmp_path / "out.mlir"
    assert cli.main(["import", str(path), "-o", str(target)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["net.onnx"]

    class Broken:
        def parameters(self) -> Any:
            raise InputError("no parameters")

    monkeypatch.setattr("mlir_prune.commands.from_file", lambda *_, **__: Broken())
    assert cli.main(["import", str(path), "-o", str(target)]) == 1
    assert not target.exists()


def test_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    path = save(tmp_path / "net.onnx", [node], {"x": (Kind.FLOAT, [2, 2])}, "y", {})
    target = str(tmp_path / "out.mlir")
    assert cli.main(["import", str(path), "-o", target, "--no-check", "--time-limit", "90"]) == 0
    assert cli.main(["import", str(path), "-o", target, "--time-limit", "0.01"]) == 1
    assert "no end after 0.01 s" in capsys.readouterr().err
    assert cli.main(["import", str(path), "-o", target, "--time-limit", "-1"]) == 1
    assert "positive number of seconds" in capsys.readouterr().err
