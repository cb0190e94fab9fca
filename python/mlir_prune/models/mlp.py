# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Multi-layer perceptrons."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InputError, nearest
from .builder import ACTIVATIONS, Builder
from .network import Network, check_extents
from .text import Shape, Value


@dataclass(frozen=True)
class Mlp(Network):
    """A multi-layer perceptron.

    `widths` lists the features from the input to the logits; every layer but
    the last is followed by `activation`. Parameters are named ``fc1.weight``
    [out, in] and ``fc1.bias`` [out], counted from one.
    """

    widths: tuple[int, ...]
    activation: str = "relu"

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(self.widths))
        if len(self.widths) < 2:
            raise InputError(f"a network needs at least two widths, got {list(self.widths)}")
        check_extents("widths", self.widths)
        if self.activation not in ACTIVATIONS:
            hint = nearest(str(self.activation), ACTIVATIONS)
            raise InputError(
                f"unknown activation '{self.activation}', expected one of "
                f"{', '.join(ACTIVATIONS)}{hint}"
            )

    @property
    def input_shape(self) -> Shape:
        """Shape of one row of the input."""
        return self.widths[:1]

    @property
    def classes(self) -> int:
        """Number of logits."""
        return self.widths[-1]

    def build(self, builder: Builder, x: Value) -> Value:
        """Writes the network from its input `x`; returns the logits."""
        for layer, width in enumerate(self.widths[1:], 1):
            x = builder.linear(x, f"fc{layer}", width)
            if layer + 1 < len(self.widths):
                x = builder.activate(x, self.activation)
        return x
