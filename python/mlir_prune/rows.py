# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rows of a data set: an array for each input of a network, and labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from .errors import DataError

INPUT = "input"
"""Name of the input of a network that has one."""

Inputs = np.ndarray | Mapping[str, np.ndarray]
"""Rows by the name of the input; one array is that of the only input."""


def named(inputs: Inputs) -> Mapping[str, np.ndarray]:
    """The arrays by name, in the order that they came in."""
    return {INPUT: inputs} if isinstance(inputs, np.ndarray) else inputs


class Windows:
    """Arrays of one batch that are filled with rows one after the other."""

    def __init__(self, inputs: Inputs, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """`shapes` are those of the whole batch by the name of the input."""
        self._rows = named(inputs)
        self.arrays = {
            name: np.zeros(shapes[name], array.dtype) for name, array in self._rows.items()
        }

    def __iter__(self) -> Iterator[int]:
        """Fills the arrays; gives the number of rows in them. Behind the last row are zeros."""
        count = len(next(iter(self._rows.values())))
        batch = len(next(iter(self.arrays.values())))
        for start in range(0, count, batch):
            size = min(batch, count - start)
            for name, array in self.arrays.items():
                rows = self._rows[name][start : start + size]
                array[:size] = rows.reshape(size, *array.shape[1:])
                array[size:] = 0
            yield size


@dataclass(frozen=True)
class Split:
    """Rows of one part of a data set.

    `inputs` are arrays [rows, ...] by the names `names`; one array alone stands for that of
    the input of a network that has one. `labels` are class numbers, int32 [rows], or
    [rows, ...] with one for each position of a row.
    """

    inputs: tuple[np.ndarray, ...]
    labels: np.ndarray
    names: tuple[str, ...] = (INPUT,)

    def __post_init__(self) -> None:
        if isinstance(self.inputs, np.ndarray):
            object.__setattr__(self, "inputs", (self.inputs,))
        if not self.inputs or len(self.inputs) != len(self.names):
            raise DataError(f"{len(self.inputs)} inputs with {len(self.names)} names")
        for name, array in zip(self.names, self.inputs, strict=True):
            if array.ndim < 1 or self.labels.ndim < 1 or len(array) != len(self.labels):
                raise DataError(
                    f"'{name}' {list(array.shape)} and labels {list(self.labels.shape)} do not "
                    "fit: expected [rows, ...] and [rows, ...]"
                )
        if self.labels.dtype != np.int32:
            raise DataError(f"labels are int32, got {self.labels.dtype}")

    @staticmethod
    def without_labels(inputs: tuple[np.ndarray, ...], names: tuple[str, ...] = (INPUT,)) -> Split:
        """Rows that nobody has labelled: every label is -1."""
        return Split(inputs, np.full(len(inputs[0]), -1, np.int32), names)

    @property
    def labelled(self) -> bool:
        """Whether all rows have a class number."""
        return bool(self.labels.size) and int(self.labels.min()) >= 0

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of one row of each input."""
        return tuple(array.shape[1:] for array in self.inputs)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The inputs by name."""
        return dict(zip(self.names, self.inputs, strict=True))

    def take(self, rows: np.ndarray) -> Split:
        """The rows of these numbers, in their order."""
        return Split(tuple(array[rows] for array in self.inputs), self.labels[rows], self.names)

    def spread(self, count: int) -> Split:
        """So many rows spread evenly over all of them; all where there are no more."""
        return self.take(np.linspace(0, len(self) - 1, min(count, len(self))).astype(np.int64))

    def check(self, what: str, like: Split, classes: int) -> None:
        """Raises :class:`DataError` unless there are finite rows as those of `like`."""
        if not len(self) or not all(array.size for array in self.inputs):
            raise DataError(f"{what}: there are none, or no values in a row")
        if (self.names, self.shapes) != (like.names, like.shapes):
            raise DataError(
                f"{what}: rows have shape {_text(self)}, those to train {_text(like)}"
            )
        if self.labels.shape[1:] != like.labels.shape[1:]:
            raise DataError(
                f"{what}: labels of a row have shape {list(self.labels.shape[1:])}, those to "
                f"train {list(like.labels.shape[1:])}"
            )
        if not all(np.isfinite(array).all() for array in self.inputs):
            raise DataError(f"{what}: inputs hold values that are not finite")
        low, high = int(self.labels.min()), int(self.labels.max())
        if low < 0 or high >= classes:
            raise DataError(
                f"{what}: label {low if low < 0 else high}, expected class numbers from 0 to "
                f"{classes - 1}"
            )


def _text(rows: Split) -> str:
    """Shapes of the inputs of a row, with names where there are several."""
    if len(rows.names) == 1:
        return str(list(rows.shapes[0]))
    pairs = zip(rows.names, rows.shapes, strict=True)
    return ", ".join(f"{name} {list(shape)}" for name, shape in pairs)


def concatenate(first: Split, second: Split) -> Split:
    """The rows of both, those of `first` in front."""
    pairs = zip(first.inputs, second.inputs, strict=True)
    return Split(
        tuple(np.concatenate(pair) for pair in pairs),
        np.concatenate([first.labels, second.labels]),
        first.names,
    )
