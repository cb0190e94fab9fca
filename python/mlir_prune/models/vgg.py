# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The VGG-like network for CIFAR-10 of the pruning papers."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InputError
from .builder import Builder
from .network import Network, check_extents
from .text import Shape, Value

POOL = 0
"""In a plan: max pooling of 2x2."""


@dataclass(frozen=True)
class Vgg(Network):
    """Blocks of convolution 3x3, batch normalization and ReLU, then two fully
    connected layers with `hidden` neurons between them.

    `plan` lists the filters of each convolution, and :data:`POOL` where a max
    pooling is. Convolutions have no bias, as the normalization has one.
    """

    plan: tuple[int, ...]
    hidden: int = 512
    input_shape: Shape = (3, 32, 32)
    classes: int = 10

    activation = "relu"

    def __post_init__(self) -> None:
        check_extents("widths", tuple(width for width in self.plan if width != POOL))

    def build(self, builder: Builder, x: Value) -> Value:
        """Writes the network from its input `x`; returns the logits."""
        layer = 0
        for width in self.plan:
            if width == POOL:
                x = builder.max_pool(x, 2)
                continue
            layer += 1
            x = builder.conv(x, f"conv{layer}", width, 3, pad=1, bias=False)
            x = builder.activate(builder.batch_norm(x, f"bn{layer}"))
        x = builder.activate(builder.linear(builder.flatten(x), "fc1", self.hidden))
        return builder.linear(x, "fc2", self.classes)


def vgg_like(scale: float = 1.0, last_pool: bool = True) -> Vgg:
    """64, 64, M, 128, 128, M, 3 x 256, M, 3 x 512, M, 3 x 512, M, 512, 10, all
    widths times `scale`; without the last pooling ``fc1`` reads 2x2 positions."""
    if not 0 < scale <= 16:
        raise InputError(f"the scale of widths lies in (0, 16], got {scale}")
    blocks = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
    plan: list[int] = []
    for width, count in blocks:
        plan += [max(1, round(width * scale))] * count + [POOL]
    return Vgg(tuple(plan if last_pool else plan[:-1]), max(1, round(512 * scale)))
