# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LeNet-5 as Caffe writes it."""

from __future__ import annotations

from dataclasses import dataclass

from .builder import Builder
from .network import Network, check_extents
from .text import Shape, Value


@dataclass(frozen=True)
class LeNet5(Network):
    """Two convolutions of 5x5 with max pooling, two fully connected layers.

    With the default widths it is LeNet-5-Caffe, 20-50-800-500-10, the network
    of Han et al. (2015) and their successors: 430,500 weights. Caffe's own
    prototxt has a ReLU after ``fc1`` only; the code of later papers (DeepHoyer,
    ADMM) has one after each convolution too, which `relu` says. It comes after
    the pooling, which it commutes with, on a quarter of the values.
    """

    widths: tuple[int, int, int] = (20, 50, 500)
    relu: bool = True
    input_shape: Shape = (1, 28, 28)
    classes: int = 10

    activation = "relu"

    def __post_init__(self) -> None:
        check_extents("widths", self.widths)

    def build(self, builder: Builder, x: Value) -> Value:
        """Writes the network from its input `x`; returns the logits."""
        for layer, width in enumerate(self.widths[:2], 1):
            x = builder.max_pool(builder.conv(x, f"conv{layer}", width, 5), 2)
            if self.relu:
                x = builder.activate(x)
        x = builder.activate(builder.linear(builder.flatten(x), "fc1", self.widths[2]))
        return builder.linear(x, "fc2", self.classes)


def lenet5_caffe(relu: bool = True) -> LeNet5:
    """LeNet-5-Caffe for MNIST."""
    return LeNet5(relu=relu)
