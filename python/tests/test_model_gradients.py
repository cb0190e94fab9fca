# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gradients of every builder against central differences of numpy, in double precision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import drawn
from layers import forward, random_values
from mlir_prune import Module
from mlir_prune.models import Builder, LeNet5, Mlp, Network, ResNet, Value, Vgg

STEP = 1e-6
BATCH = 3
DIFFERENTIATE = "builtin.module(prune-insert-loss,prune-differentiate)"

Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Convolution(Network):
    """One convolution of any kind, and the sum of each of its filters."""

    options: tuple[tuple[str, object], ...]
    input_shape = (4, 7, 8)
    classes = 4
    activation = "relu"

    def build(self, builder: Builder, x: Value) -> Value:
        options = dict(self.options)
        x = builder.conv(x, "conv", options.pop("filters", 4), options.pop("kernel", 3), **options)
        return builder.global_average(x)


@dataclass(frozen=True)
class Pool(Network):
    """A convolution before one pooling."""

    kind: str
    window: object
    stride: object
    pad: object
    input_shape = (2, 7, 8)
    classes = 4
    activation = "relu"

    def build(self, builder: Builder, x: Value) -> Value:
        x = builder.conv(x, "conv", 3, 3)
        x = getattr(builder, self.kind)(x, self.window, self.stride, self.pad)
        return builder.linear(builder.flatten(x), "fc", 4)


def convolution(**options: object) -> Convolution:
    return Convolution(tuple(options.items()))


NETWORKS: dict[str, Network] = {
    "mlp": Mlp((5, 6, 4)),
    "plain": convolution(),
    "stride": convolution(stride=(2, 1)),
    "padding": convolution(pad=(1, 2), kernel=(2, 3)),
    "dilation": convolution(dilation=(2, 3), kernel=2),
    "stride, padding, dilation": convolution(stride=2, pad=2, dilation=2, kernel=(3, 2)),
    "no bias": convolution(bias=False, pad=1),
    "groups": convolution(groups=2, filters=4, pad=1),
    "groups with a stride": convolution(groups=2, filters=4, stride=(1, 2), kernel=(1, 3)),
    "depthwise": convolution(groups=4, pad=1),
    "depthwise with a stride": convolution(groups=4, stride=2, dilation=(1, 2), bias=False),
    "max pooling": Pool("max_pool", 2, 2, 0),
    "overlapping max pooling": Pool("max_pool", (3, 2), (2, 1), 1),
    "average pooling": Pool("average_pool", (2, 3), (1, 2), (1, 0)),
    "lenet": LeNet5((2, 3, 5), input_shape=(1, 20, 20), classes=4),
    "lenet without relu": LeNet5((2, 3, 5), relu=False, input_shape=(1, 16, 17), classes=4),
    "vgg": Vgg((3, 0, 4, 0), 5, (2, 6, 6), 4),
    "resnet A": ResNet(1, "A", (3, 4, 6), (2, 6, 7), 4),
    "resnet B": ResNet(1, "B", (3, 4, 5), (2, 6, 7), 4),
}


def in_double(text: str) -> str:
    return text.replace("f32", "f64").replace("0xFF800000", "0xFFF0000000000000")


def loss(network: Network, values: Values, x: np.ndarray, labels: np.ndarray) -> float:
    """Mean softmax cross-entropy."""
    logits = forward(network, values, x)
    logits = logits - logits.max(axis=1, keepdims=True)
    norms = np.log(np.exp(logits).sum(axis=1))
    return float((norms - logits[np.arange(len(labels)), labels]).mean())


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients(name: str) -> None:
    network = NETWORKS[name]
    rng = drawn.rng(1)
    values = {n: v.astype(np.float64) for n, v in random_values(network, 2).items()}
    x = rng.standard_normal((BATCH, *network.input_shape))
    labels = rng.integers(0, network.classes, BATCH).astype(np.int32)
    module = Module.parse(in_double(network.text(BATCH)))
    module.run(DIFFERENTIATE)
    (function,) = [f for f in module.functions() if f.name == "loss"]
    feed = {"input": x, "labels": labels, **values}
    result = module.compile(reference=True).call("loss", feed)
    assert float(result["loss"]) == pytest.approx(loss(network, values, x, labels), rel=1e-9)
    trained = [n for n, role in network.roles().items() if role != "buffer"]
    gradients = [r.name for r in function.results if r.name != "loss"]
    assert len(gradients) == len(trained)
    checked = 0
    for parameter, result_name in zip(trained, gradients, strict=True):
        gradient = np.asarray(result[result_name])
        assert gradient.shape == values[parameter].shape
        for position in rng.choice(gradient.size, min(6, gradient.size), replace=False):
            index = np.unravel_index(position, gradient.shape)
            slopes = [slope(network, values, parameter, index, x, labels, STEP / f) for f in (1, 8)]
            if abs(slopes[0] - slopes[1]) > 1e-6:
                continue  # a kink lies between the points
            assert gradient[index] == pytest.approx(slopes[0], abs=2e-7, rel=1e-5), parameter
            checked += 1
    assert checked >= 4 * len(trained) or checked >= 10


def slope(
    network: Network, values: Values, parameter: str, index: tuple, x: np.ndarray,
    labels: np.ndarray, step: float,
) -> float:  # fmt: skip
    """Central difference of the loss in one element of one parameter."""
    losses = []
    for sign in (1.0, -1.0):
        moved = dict(values)
        moved[parameter] = values[parameter].copy()
        moved[parameter][index] += sign * step
        losses.append(loss(network, moved, x, labels))
    return (losses[0] - losses[1]) / (2 * step)
