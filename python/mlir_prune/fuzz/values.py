# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random values of parameters and inputs, and their text in MLIR."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Shape = tuple[int, ...]

SPECIALS = (math.nan, math.inf, -math.inf, -0.0, 1e-40, -1e-45, 3.4e38)
"""What finite arithmetic does not meet: they stand in networks with ``special``."""

_SPELLED = {"nan": "0x7FC00000", "inf": "0x7F800000", "-inf": "0xFF800000"}
_WIDE = {
    "0x7FC00000": "0x7FF8000000000000",
    "0x7F800000": "0x7FF0000000000000",
    "0xFF800000": "0xFFF0000000000000",
}


def spell(value: float) -> str:
    """A float32 as MLIR reads it."""
    text = repr(float(np.float32(value)))
    if text in _SPELLED:
        return _SPELLED[text]
    return text if "." in text else text.replace("e", ".0e")


def dense(array: np.ndarray) -> str:
    """The attribute ``dense<...>`` of an array of floats or booleans."""
    return f"dense<{_nested(array.tolist())}>"


def _nested(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_nested, value))}]"
    return str(value).lower() if isinstance(value, bool) else spell(value)


def in_double(text: str) -> str:
    """The same network in double precision."""
    for narrow, wide in _WIDE.items():
        text = text.replace(narrow, wide)
    return text.replace("f32", "f64")


class Values:
    """Draws arrays; zeros come in the shapes that pruning leaves."""

    def __init__(self, rng: np.random.Generator, special: bool = False) -> None:
        self.rng = rng
        self.special = special

    def chance(self, share: float) -> bool:
        """True in this share of the cases."""
        return bool(self.rng.random() < share)

    def integer(self, low: int, high: int) -> int:
        """From `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, choices: Sequence[Any]) -> Any:
        """One of the `choices`."""
        return choices[self.integer(0, len(choices) - 1)]

    def array(self, shape: Shape) -> np.ndarray:
        """Quarters between -2 and 2, or a normal distribution; seldom special."""
        if self.chance(0.7):
            values = self.rng.integers(-8, 9, shape) / 4.0
        else:
            values = self.rng.standard_normal(shape)
        values = np.asarray(values, np.float32)
        if self.special and values.size and self.chance(0.8):
            for _ in range(self.integer(1, 3)):
                values[self._index(shape)] = self.pick(SPECIALS)
        return values

    def positive(self, shape: Shape) -> np.ndarray:
        """Variances."""
        return np.asarray(self.rng.integers(1, 9, shape) / 4.0, np.float32)

    def pruned(self, shape: Shape) -> np.ndarray:
        """A parameter after pruning: rows, columns, blocks or single elements are
        zero, all are, or all are equal."""
        values = self.array(shape)
        if self.chance(0.1):
            return np.full(shape, self.pick((0.0, 0.0, 1.0, -0.5)), np.float32)
        if self.chance(0.4):
            values[self.rng.random(shape) < self.pick((0.3, 0.7, 0.95))] = 0.0
        for dim, extent in enumerate(shape):
            if self.chance(0.6 if dim < 2 else 0.15):
                dead = self.rng.random(extent) < 0.45
                values[(slice(None),) * dim + (dead,)] = 0.0
        if shape and self.chance(0.25):
            self._equal(values)
        return values

    def mask(self, shape: Shape) -> np.ndarray:
        """True where an element is kept."""
        kept = self.rng.random(shape) < self.pick((0.2, 0.6, 0.9))
        if shape and self.chance(0.5):
            kept[self.rng.random(shape[0]) < 0.4] = False
        return np.asarray(kept)

    def _equal(self, values: np.ndarray) -> None:
        """Some indices of the first dimension become like its first."""
        same = self.rng.random(len(values)) < 0.5
        values[same] = values[:1]

    def _index(self, shape: Shape) -> tuple[int, ...]:
        return tuple(self.integer(0, extent - 1) for extent in shape)
