# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How a tensor of a file lies in the parameter that was read from it, and the way back.

An import transposes and reshapes what the file has as plain constants. Both arrays are there, so
the way is found by comparing them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from ..errors import InputError

_MOST_DIMS = 6
"""Dimensions up to which orders are tried."""


@dataclass(frozen=True)
class Layout:
    """The tensor of the file is the parameter with its dimensions in the `order`, then in the
    `shape`; the parameter of the dense network has the shape `read`."""

    shape: tuple[int, ...]
    read: tuple[int, ...]
    order: tuple[int, ...]

    def back(self, value: np.ndarray) -> np.ndarray:
        """The tensor of the file for a value of the parameter, which may have lost indices.

        Where the file has an extent in several dimensions, the first of them got smaller.
        Raises :class:`InputError` where that cannot be.
        """
        moved = np.ascontiguousarray(value.transpose(self.order))
        before = [self.read[dim] for dim in self.order]
        return moved.reshape(list(self._shrunk(before, moved.shape)))

    def _shrunk(self, before: Sequence[int], now: Sequence[int]) -> Iterator[int]:
        """Extents of the file for the extents `now` in place of those `before`."""
        stored = list(self.shape)
        for extent, left in zip(before, now, strict=True):
            parts: list[int] = []
            while math.prod(parts) < extent and stored:
                parts.append(stored.pop(0))
            rest = math.prod(parts[1:])
            if extent == left:
                yield from parts
            elif math.prod(parts) != extent or left % rest:
                raise InputError(f"it is stored as {list(self.shape)} and read as {list(self.read)}")
            else:
                yield from (left // rest, *parts[1:])
        yield from stored


def find_layout(stored: np.ndarray, read: np.ndarray) -> Layout | None:
    """The layout of `read` in `stored`; None where it is computed and not only moved."""
    if stored.size != read.size or read.ndim > _MOST_DIMS:
        return None
    flat = stored.ravel()
    for order in permutations(range(read.ndim)):
        if np.array_equal(read.transpose(order).ravel(), flat):
            return Layout(stored.shape, read.shape, order)
    return None
