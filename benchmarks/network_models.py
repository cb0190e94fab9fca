# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of ``networks.py``, as ONNX files of random weights.

Batch normalizations are folded: a convolution has a bias. The same seed gives the same
weights for every batch, and the zeros of a smaller share are zeros of a larger one, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# What all engines read.
OPSET, IR_VERSION = 13, 8


class Layers:
    """Puts a graph together, layer by layer. Values go by their names."""

    def __init__(self, seed: int, zeros: float, batch: int, shape: tuple[int, ...]) -> None:
        self.rng = np.random.default_rng(seed)
        self.zeros = zeros
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.input_shape = [batch, *shape]
        self.channels = {"x": shape[0]}

    def node(self, kind: str, inputs: list[str], channels: int = 0, **attributes: Any) -> str:
        """An operation with one result, of as many channels as its first operand by default."""
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        self.channels[name] = channels or self.channels[inputs[0]]
        return name

    def weight(self, shape: tuple[int, ...], sparse: bool) -> str:
        """A random weight that keeps the size of values, with its share of zeros."""
        value = self.rng.standard_normal(shape) * np.sqrt(2.0 / np.prod(shape[1:]))
        order = self.rng.permutation(value.size)
        if sparse:
            value.reshape(-1)[order[: round(value.size * self.zeros)]] = 0.0
            value /= np.sqrt(1.0 - self.zeros)
        return self._constant(value)

    def _constant(self, value: np.ndarray) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value.astype(np.float32), name))
        return name

    def _bias(self, length: int) -> str:
        return self._constant(self.rng.uniform(-0.1, 0.1, length))

    def convolution(
        self, x: str, outputs: int, kernel: int, stride: int = 1, pad: int | None = None,
        relu: bool = True, depthwise: bool = False, sparse: bool | None = None,
    ) -> str:  # fmt: skip
        """A convolution; its results are as large as its inputs by default.

        Its weight has zeros unless it is depthwise or reads the input of the network.
        """
        groups = self.channels[x] if depthwise else 1
        shape = (outputs, self.channels[x] // groups, kernel, kernel)
        if sparse is None:
            sparse = x != "x" and not depthwise
        weight = self.weight(shape, sparse)
        pads = [kernel // 2 if pad is None else pad] * 4
        y = self.node(
            "Conv", [x, weight, self._bias(outputs)], outputs, group=groups, pads=pads,
            kernel_shape=[kernel, kernel], strides=[stride, stride],
        )  # fmt: skip
        return self.node("Relu", [y]) if relu else y

    def pool(self, x: str, kernel: int, pad: int = 0) -> str:
        """The largest value of a window, at every other place."""
        return self.node(
            "MaxPool", [x], kernel_shape=[kernel, kernel], strides=[2, 2], pads=[pad] * 4
        )

    def flatten(self, x: str, places: int = 1) -> str:
        """Rows of features."""
        return self.node("Flatten", [x], self.channels[x] * places)

    def linear(self, x: str, outputs: int, relu: bool = True) -> str:
        """A fully connected layer."""
        weight = self.weight((outputs, self.channels[x]), sparse=True)
        y = self.node("Gemm", [x, weight, self._bias(outputs)], outputs, transB=1)
        return self.node("Relu", [y]) if relu else y

    def classify(self, x: str, classes: int) -> str:
        """The mean of every channel, and a fully connected layer."""
        return self.linear(self.flatten(self.node("GlobalAveragePool", [x])), classes, relu=False)

    def model(self, result: str) -> Any:
        """The checked model that gives `result`."""
        shape = [self.input_shape[0], self.channels[result]]
        graph = helper.make_graph(
            [*self.nodes, helper.make_node("Identity", [result], ["y"])], "network",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.input_shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)], self.constants,
        )  # fmt: skip
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model)
        return model


def resnet50(layers: Layers) -> str:
    """Bottleneck blocks; the 3x3 convolution has the stride."""
    x = layers.pool(layers.convolution("x", 64, 7, 2), 3, pad=1)
    for width, blocks, first in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for block in range(blocks):
            stride = 1 if block else first
            y = layers.convolution(x, width, 1)
            y = layers.convolution(y, width, 3, stride)
            y = layers.convolution(y, 4 * width, 1, relu=False)
            if not block:
                x = layers.convolution(x, 4 * width, 1, stride, relu=False)
            x = layers.node("Relu", [layers.node("Add", [y, x])])
    return layers.classify(x, 1000)


def resnet20(layers: Layers) -> str:
    """Basic blocks; a convolution where the size changes."""
    x = layers.convolution("x", 16, 3)
    for width, first in ((16, 1), (32, 2), (64, 2)):
        for block in range(3):
            stride = 1 if block else first
            y = layers.convolution(x, width, 3, stride)
            y = layers.convolution(y, width, 3, relu=False)
            if stride != 1:
                x = layers.convolution(x, width, 1, stride, relu=False)
            x = layers.node("Relu", [layers.node("Add", [y, x])])
    return layers.classify(x, 10)


def mobilenet(layers: Layers) -> str:
    """Depthwise and 1x1 convolutions by turns."""
    x = layers.convolution("x", 32, 3, 2)
    halved = {64: 1, 128: 2, 256: 2, 512: 2, 1024: 2}
    for outputs in (64, 128, 128, 256, 256, *[512] * 6, 1024, 1024):
        stride = halved.pop(outputs, 1)
        x = layers.convolution(x, layers.channels[x], 3, stride, depthwise=True)
        x = layers.convolution(x, outputs, 1)
    return layers.classify(x, 1000)


def lenet5(layers: Layers) -> str:
    """LeNet-5 as in Caffe: no ReLU behind convolutions. The first has zeros, too."""
    first = layers.convolution("x", 20, 5, pad=0, relu=False, sparse=True)
    x = layers.pool(first, 2)
    x = layers.pool(layers.convolution(x, 50, 5, pad=0, relu=False), 2)
    x = layers.linear(layers.flatten(x, 16), 500)
    return layers.linear(x, 10, relu=False)


def perceptron(*widths: int) -> Callable[[Layers], str]:
    """Fully connected layers of these widths."""

    def build(layers: Layers) -> str:
        x = "x"
        for width in widths[:-1]:
            x = layers.linear(x, width)
        return layers.linear(x, widths[-1], relu=False)

    return build


@dataclass(frozen=True)
class Network:
    """A network of the table."""

    title: str
    shape: tuple[int, ...]
    """Extents of one input."""
    batches: tuple[int, ...]
    build: Callable[[Layers], str]

    def write(self, path: Path, batch: int, zeros: float, seed: int = 0) -> None:
        """Writes it with a share of zeros in every layer but depthwise convolutions and the
        first one; that of LeNet-5 has zeros."""
        layers = Layers(seed, zeros, batch, self.shape)
        onnx.save(layers.model(self.build(layers)), path)


NETWORKS = {
    "resnet50": Network("ResNet-50", (3, 224, 224), (1, 16), resnet50),
    "mobilenet": Network("MobileNetV1", (3, 224, 224), (1, 16), mobilenet),
    "resnet20": Network("ResNet-20", (3, 32, 32), (1, 64), resnet20),
    "lenet5": Network("LeNet-5", (1, 28, 28), (64,), lenet5),
    "768-3072-768": Network("768-3072-768", (768,), (1, 16, 128), perceptron(3072, 768)),
    "8x512": Network("8 x 512x512", (512,), (256,), perceptron(*[512] * 8)),
    "2x4096": Network("2 x 4096x4096", (4096,), (1,), perceptron(4096, 4096)),
    "784-300-100-10": Network("784-300-100-10", (784,), (64, 1), perceptron(300, 100, 10)),
}
