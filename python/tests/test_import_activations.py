# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Activations come out of both front ends as they are defined: to 1e-6, and for a NaN."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir onnx onnxruntime to run the tests of the front end"
pytest.importorskip("mlir_prune._native", reason="the native module is not built")
torch = pytest.importorskip("torch", reason=needs)
onnx = pytest.importorskip("onnx", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)

from onnx import TensorProto, helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from mlir_prune import frontend  # noqa: E402

nn, functional = torch.nn, torch.nn.functional
X = np.concatenate([np.linspace(-9.0, 9.0, 1801), [1e-3, -1e-3, 30.0, -30.0]])
X = X.astype(np.float32)[None]


class Function(nn.Module):
    """A function as a network."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


MODULES: dict[str, Any] = {
    **{
        name: getattr(nn, name)()
        for name in (
            "CELU ELU GELU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish "
            "ReLU ReLU6 SELU SiLU Sigmoid Softplus Softshrink Softsign Tanh Tanhshrink"
        ).split()
    },
    "GELU by tanh": nn.GELU(approximate="tanh"),
    "CELU 1.7": nn.CELU(1.7),
    "ELU 1.7": nn.ELU(1.7),
    "Softplus 2": nn.Softplus(2.0, 5.0),
    "Threshold": nn.Threshold(0.1, 0.3),
    "GLU": nn.Sequential(nn.ConstantPad1d((0, 1), 0.5), nn.GLU()),
    **{
        name: Function(getattr(torch, name))
        for name in ("atan", "cos", "erf", "exp", "expm1", "sin", "sinh", "square")
    },
    "ndtr": Function(torch.special.ndtr),
    "cube": Function(lambda x: x**3),
}


class All(nn.Module):
    """Networks side by side, as their import takes far longer than they do."""

    def __init__(self, modules: dict[str, Any]) -> None:
        super().__init__()
        self.all = nn.ModuleList(modules.values())

    def forward(self, x: Any) -> Any:
        return tuple(module(x) for module in self.all)


def run(network: Any, x: np.ndarray, names: Any) -> dict[str, list[np.ndarray]]:
    """Results by name, of the reference execution and compiled."""
    runs = [network.compile(reference=reference)("forward", x) for reference in (True, False)]
    return dict(zip(names, zip(*runs, strict=True), strict=True))


def close(found: list[np.ndarray], expected: np.ndarray) -> None:
    for one in found:
        np.testing.assert_allclose(one, expected, rtol=1e-6, atol=1e-6)


@pytest.fixture(scope="module")
def activations() -> dict[str, list[np.ndarray]]:
    network = frontend.from_torch(All(MODULES).eval(), torch.from_numpy(X))
    return run(network, X, MODULES)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_as_pytorch_in_double_precision(name: str, activations: Any) -> None:
    close(activations[name], MODULES[name].eval()(torch.from_numpy(X).double()).numpy())


ONNX: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in (
        "Celu Elu Erf Exp Gelu HardSigmoid HardSwish LeakyRelu LogSoftmax Mish Relu Selu Shrink "
        "Sigmoid Softmax Softplus Softsign Tanh ThresholdedRelu"
    ).split()),
    ("Gelu", {"approximate": "tanh"}),
    ("Selu", {"gamma": 1.5}),
    ("Selu", {"alpha": 1.5}),
    ("Selu", {"alpha": 1.5, "gamma": 0.5}),
]  # fmt: skip


def save(path: Path, nodes: list[Any], x: np.ndarray, constants: dict[str, Any]) -> Any:
    """A network of nodes that read x; what each of them gives is a result."""
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, x.shape)  # noqa: E731
    graph = helper.make_graph(
        nodes, "g", [value("x")], [value(node.output[0]) for node in nodes],
        [onnx.numpy_helper.from_array(np.float32(v), name) for name, v in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
    model.ir_version = 10
    onnx.save(model, path)
    return model


@pytest.fixture(scope="module")
def operations(tmp_path_factory: Any) -> Any:
    path = tmp_path_factory.mktemp("activations") / "network.onnx"
    names = [f"y{index}" for index in range(len(ONNX))]
    nodes = [
        helper.make_node(kind, ["x"], [name], **attributes)
        for name, (kind, attributes) in zip(names, ONNX, strict=True)
    ]
    model = save(path, nodes, X, {})
    expected = ReferenceEvaluator(model).run(None, {"x": X.astype(np.float64)})
    return run(frontend.from_onnx(path), X, names), dict(zip(names, expected, strict=True))


@pytest.mark.parametrize("index", range(len(ONNX)), ids=lambda index: str(ONNX[index]))
def test_as_onnx_in_double_precision(index: int, operations: Any) -> None:
    found, expected = operations
    close(found[f"y{index}"], expected[f"y{index}"])


NAN = np.array([[np.nan, 2.0, -2.0, np.nan]], np.float32)
BOUND = torch.tensor([0.5, 0.0, -1.0, 3.0])
EXTREMA: dict[str, Any] = {
    "clamp from below": lambda x: x.clamp(min=0),
    "clamp from above": lambda x: x.clamp(max=1),
    "clamp": lambda x: x.clamp(-1, 1),
    "clamp, twice": lambda x: x.clamp(max=1).clamp(min=-1),
    "clamp by tensors": lambda x: x.clamp(BOUND - 1, BOUND),
    "clamp by itself": lambda x: x.clamp(x.flip(1)),
    "maximum and a number": lambda x: torch.maximum(x, torch.zeros(())),
    "maximum, a number first": lambda x: torch.maximum(torch.zeros(()), x),
    "maximum of two": lambda x: torch.maximum(x, x.flip(1)),
    "minimum of two": lambda x: torch.minimum(x.flip(1), x),
    "hardtanh": functional.hardtanh,
    "relu6": functional.relu6,
    "hardsigmoid": functional.hardsigmoid,
    "hardswish": functional.hardswish,
    "normalize": functional.normalize,
    "amax": lambda x: x.amax(1),
    # A selection of the network itself keeps the meaning that it has.
    "where above": lambda x: torch.where(x > 0, x, 0.0),
    "where not below": lambda x: torch.where(x < 0, 0.0, x),
    "where of two": lambda x: torch.where(x > x.flip(1), x, x.flip(1)),
}


@pytest.fixture(scope="module")
def extrema() -> dict[str, list[np.ndarray]]:
    modules = {name: Function(function) for name, function in EXTREMA.items()}
    return run(frontend.from_torch(All(modules), torch.from_numpy(NAN)), NAN, EXTREMA)


@pytest.mark.parametrize("name", sorted(EXTREMA))
def test_nan_as_in_pytorch(name: str, extrema: Any) -> None:
    expected = EXTREMA[name](torch.from_numpy(NAN)).numpy()
    for found in extrema[name]:
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_nan_as_in_onnx(tmp_path: Path) -> None:
    bounds = {"low": -1.0, "high": 1.0}
    kinds = ["Clip", "Max", "Min"]
    nodes = [helper.make_node(kind, ["x", *bounds], [kind.lower()]) for kind in kinds]
    save(tmp_path / "network.onnx", nodes, NAN, bounds)
    for kind, found in run(frontend.from_onnx(tmp_path / "network.onnx"), NAN, kinds).items():
        for one in found:
            np.testing.assert_array_equal(np.isnan(one), np.isnan(NAN), err_msg=kind)
