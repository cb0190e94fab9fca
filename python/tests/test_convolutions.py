# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks on images: kernels and layouts against the network as written."""

from __future__ import annotations

import pathlib
import shutil

import numpy as np
import pytest

import drawn
from images import ImageNet, lenet5
from mlir_prune import _native as native

LIBRARIES = pathlib.Path(native.__file__).resolve().parents[2] / "lib"

GRADIENT = "builtin.module(prune-insert-loss,prune-differentiate)"


@pytest.fixture
def naive(tmp_path, monkeypatch):
    """Only the naive library is found."""
    shutil.copy(LIBRARIES / "libprune_runtime_naive.so", tmp_path)
    monkeypatch.setenv("PRUNE_RUNTIME_DIR", str(tmp_path))


def run(module, function: str, values, **options) -> list[np.ndarray]:
    """All results of a function whose arguments are given by name."""
    signature = next(f for f in module.functions() if f.name == function)
    arguments = [values[argument.name] for argument in signature.arguments]
    executable = module.compile(**options)
    return [np.array(result) for result in executable(function, *arguments)]


def assert_close(found, expected, what: str, tolerance: float = 2e-5) -> None:
    scale = max(float(np.abs(expected).max()), 1e-30)
    error = float(np.abs(found - expected).max()) / scale
    assert error <= tolerance, f"{what}: relative error {error:.2g}"


def count(module, operation: str, form: str = "kernel") -> int:
    """Operations of a kind in a form of the compiler."""
    lowered = module.clone()
    lowered.run(f"builtin.module(prune-cpu-pipeline{{stop-after={form}}})")
    return str(lowered).count(operation)


def check_forward(net: ImageNet, seed: int = 0) -> None:
    """The outputs equal the reference."""
    values = net.init(seed)
    module = native.Module.parse(net.text())
    expected = run(module.clone(), "forward", values, reference=True)
    assert_close(run(module, "forward", values)[0], expected[0], "logits")


def check(net: ImageNet, seed: int = 0) -> None:
    """The loss and the gradients of all parameters equal the reference."""
    values = net.init(seed)
    module = native.Module.parse(net.text())
    module.run(GRADIENT)
    expected = run(module.clone(), "loss", values, reference=True)
    found = run(module, "loss", values)
    assert len(expected) == 1 + len(net.parameters)
    for name, a, b in zip(["loss", *net.parameters], found, expected, strict=True):
        assert_close(a, b, name)
        assert np.abs(b).max() > 0, f"{name} is all zeros"


# filters, kernel, stride, padding, dilation, groups
CONVOLUTIONS = {
    "plain": (6, 3, 1, 0, 1, 1),
    "same": (6, 3, 1, 1, 1, 1),
    "strided": (6, 3, 2, 1, 1, 1),
    "strided with a rest": (5, 2, 3, 0, 1, 1),
    "dilated": (6, 3, 1, 2, 2, 1),
    "dilated and strided": (6, 3, 2, 2, 2, 1),
    "pointwise": (7, 1, 1, 0, 1, 1),
    "pointwise strided": (7, 1, 2, 0, 1, 1),
    "even kernel": (6, 4, 1, 1, 1, 1),
    "grouped": (8, 3, 1, 1, 1, 2),
    "grouped and strided": (8, 3, 2, 1, 1, 4),
    "depthwise": (4, 3, 1, 1, 1, 0),
    "depthwise strided": (4, 3, 2, 1, 1, 0),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolution(name: str) -> None:
    """Two layers in a row: the second has a gradient by its input."""
    filters, kernel, stride, padding, dilation, groups = CONVOLUTIONS[name]
    net = ImageNet(2, 4, 7, 9)
    for _ in range(2):
        channels = net.shape[1]
        net.convolution(
            filters, kernel, stride, padding, dilation,
            groups=groups or channels, depthwise=groups == 0,
        )  # fmt: skip
        net.relu()
    net.flatten()
    net.linear(5)
    check(net)


def test_convolution_without_bias() -> None:
    net = ImageNet(2, 3, 9, 7)
    net.convolution(4, 3, bias=False)
    net.relu()
    net.convolution(5, 3, padding=1, bias=False)
    net.flatten()
    net.linear(3)
    check(net)


@pytest.mark.parametrize("kind", ["max", "sum"])
@pytest.mark.parametrize(
    "kernel, stride, padding, dilation",
    [(2, 2, 0, 1), (3, 2, 1, 1), (2, 3, 0, 1), (2, 2, 0, 2)],
)
def test_pooling(kind: str, kernel: int, stride: int, padding: int, dilation: int) -> None:
    net = ImageNet(2, 4, 10, 11)
    net.convolution(6, 3)
    net.pool(kind, kernel, stride, padding, dilation)
    net.convolution(5, 2)
    net.flatten()
    net.linear(4)
    check(net)


def test_naive_runtime(naive) -> None:
    """All operations on the naive runtime, in a network with everything."""
    net = ImageNet(2, 4, 13, 12)
    net.convolution(8, 3, stride=2, padding=2, dilation=2, groups=2)
    net.relu()
    net.pool("max", 3, 1, padding=1)
    net.convolution(8, 2, groups=8, depthwise=True)
    net.pool("sum", 2, 2)
    net.flatten()
    net.linear(4)
    check_forward(net)
    check(net)


def test_inference() -> None:
    """Without gradients bias and relu are fused and there is no workspace."""
    net = ImageNet(2, 4, 10, 11)
    net.convolution(6, 3, padding=1)
    net.relu()
    net.pool("max", 3, 2, padding=1)
    net.convolution(8, 2, groups=2)
    net.relu()
    net.pool("sum", 2, 2)
    net.flatten()
    net.linear(4)
    check_forward(net)
    module = native.Module.parse(net.text())
    assert count(module, "linalg.generic") == 0
    assert count(module, "xi8>") == 0


def test_pooling_of_equal_elements() -> None:
    """After a relu many elements of a window are zero: the first one counts."""
    net = ImageNet(2, 4, 10, 11)
    net.convolution(6, 3)
    net.relu()
    net.pool("max", 3, 2)
    net.flatten()
    net.linear(4)
    check(net)


def train(net: ImageNet, steps: int, **options) -> dict[str, np.ndarray]:
    """State after some steps, and the losses."""
    values = net.init(1)
    module = native.Module.parse(net.text())
    module.run("builtin.module(prune-train-pipeline{optimizer=sgd momentum=0.9 mask=true})")
    signature = next(f for f in module.functions() if f.name == "train_step")
    feed = {}
    for argument in signature.arguments:
        name = argument.name
        if name.startswith("mask:"):
            feed[name] = drawn.rng(2).random(argument.shape) < 0.7
        elif name.startswith("velocity:"):
            feed[name] = np.zeros(argument.shape, np.float32)
        else:
            feed[name] = np.array(values.get(name, np.float32(0.05)))
    executable = module.compile(**options)
    losses = [float(executable.call("train_step", feed)["loss"]) for _ in range(steps)]
    return {**feed, "losses": np.array(losses)}


def test_lenet5() -> None:
    check_forward(lenet5(4))
    check(lenet5(4))


def test_lenet5_training() -> None:
    net = lenet5(4)
    expected, found = train(net, 3, reference=True), train(net, 3)
    for name, value in expected.items():
        if value.dtype != bool:
            assert_close(found[name], value, name, 1e-4)
    assert expected["losses"][2] < expected["losses"][0]


def test_threads_give_the_same_bits() -> None:
    one, two = train(lenet5(16), 2, threads=1), train(lenet5(16), 2, threads=2)
    for name, value in one.items():
        assert np.array_equal(value, two[name]), name


def test_lenet5_uses_kernels() -> None:
    """No convolution or pooling stays a loop nest."""
    module = native.Module.parse(lenet5(4).text())
    module.run("builtin.module(prune-train-pipeline{optimizer=sgd})")
    for operation, expected in {
        # Both in the forward function, which stays, and in the step.
        "onednn.convolution ": 4, "kernel.max_pool ": 4,
        "onednn.convolution_backward_data ": 1, "onednn.convolution_backward_weights ": 2,
        "kernel.max_pool_backward ": 2, "linalg.conv_2d": 0, "linalg.pooling": 0,
    }.items():  # fmt: skip
        assert count(module, operation) == expected, operation
