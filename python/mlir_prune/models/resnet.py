# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Residual networks for CIFAR-10 (He et al. 2016, section 4.2)."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InputError
from .builder import Builder
from .network import Network, check_extents
from .text import Shape, Value


@dataclass(frozen=True)
class ResNet(Network):
    """Three stages of `blocks` basic blocks each: 6 * blocks + 2 layers.

    Where the shape changes, the shortcut of option A takes every second row
    and column and surrounds the channels with zeros, that of option B is a
    convolution of 1x1 with batch normalization. Parameters have the names that
    torchvision gives them (``layer1.0.conv1.weight``), the last layer is
    ``linear``.
    """

    blocks: int
    option: str = "A"
    widths: tuple[int, int, int] = (16, 32, 64)
    input_shape: Shape = (3, 32, 32)
    classes: int = 10

    activation = "relu"

    def __post_init__(self) -> None:
        check_extents("widths", self.widths)
        check_extents("blocks", (self.blocks,))
        if self.option not in ("A", "B"):
            raise InputError(f"the option of a shortcut is A or B, got {self.option!r}")

    def build(self, builder: Builder, x: Value) -> Value:
        """Writes the network from its input `x`; returns the logits."""
        x = _normalized(builder, x, "conv1", "bn1", self.widths[0], 3, 1)
        x = builder.activate(x)
        for stage, width in enumerate(self.widths, 1):
            for block in range(self.blocks):
                stride = 2 if stage > 1 and block == 0 else 1
                x = self._block(builder, x, f"layer{stage}.{block}", width, stride)
        return builder.linear(builder.global_average(x), "linear", self.classes)

    def _block(self, builder: Builder, x: Value, name: str, width: int, stride: int) -> Value:
        y = _normalized(builder, x, f"{name}.conv1", f"{name}.bn1", width, 3, stride)
        y = builder.activate(y)
        y = _normalized(builder, y, f"{name}.conv2", f"{name}.bn2", width, 3, 1)
        return builder.activate(builder.add(y, self._shortcut(builder, x, name, width, stride)))

    def _shortcut(self, builder: Builder, x: Value, name: str, width: int, stride: int) -> Value:
        missing = width - x.shape[1]
        if stride == 1 and missing == 0:
            return x
        if self.option == "B":
            names = f"{name}.shortcut.0", f"{name}.shortcut.1"
            return _normalized(builder, x, *names, width, 1, stride)
        if missing < 0:
            raise InputError("option A needs widths that do not shrink")
        return builder.pad_channels(
            builder.subsample(x, stride), missing // 2, missing - missing // 2
        )


def _normalized(
    builder: Builder, x: Value, conv: str, norm: str, width: int, kernel: int, stride: int
) -> Value:
    y = builder.conv(x, conv, width, kernel, stride=stride, pad=kernel // 2, bias=False)
    return builder.batch_norm(y, norm)


def resnet20(option: str = "A") -> ResNet:
    """ResNet-20 for CIFAR-10."""
    return ResNet(3, option)


def resnet56(option: str = "A") -> ResNet:
    """ResNet-56 for CIFAR-10."""
    return ResNet(9, option)
