# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data sets of ``.npz`` files: their members, read and checked.

Inputs are ``x``, or ``x/NAME`` for each input of a network that has several; labels are
``y``. Files that hold the test rows apart have ``x_train``, ``y_train``, ``x_test`` and
``y_test`` in their place.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .errors import DataError
from .files import read_array, read_arrays
from .rows import INPUT, Split

LEAST_ROWS = 10
"""Rows of a set to train on: enough for parts of a tenth."""

_MOST_CLASSES = 1_000_000
"""A label above is a slip; it also must not wrap around in 32 bits."""

Arrays = dict[str, np.ndarray]


def read_npz(path: Path) -> tuple[Split, Split | None]:
    """The rows of a file and, where it holds them apart, those of the test part.

    Floating-point inputs come as float32, others as they are stored: what they are
    converted to depends on the network. Raises :class:`DataError` with the member.
    """
    arrays = read_arrays(path)
    if _members(path, arrays, "x_train") and {"y_train", "y_test"} <= arrays.keys():
        train = _rows(path, arrays, "x_train", "y_train", LEAST_ROWS)
        _check_members(path, arrays, train)
        test = _rows(path, arrays, "x_test", "y_test", 1, train)
        return train, test
    if _members(path, arrays, "x") and "y" in arrays:
        return _rows(path, arrays, "x", "y", LEAST_ROWS), None
    raise DataError(
        f"{path}: holds {sorted(arrays)}, expected x and y, or x_train, y_train, x_test and "
        "y_test; x/NAME for each input where a network has several"
    )


def read_inputs(path: Path) -> Split:
    """Rows without labels: the array of a ``.npy`` file, or ``x`` or ``x/NAME`` of an ``.npz``.

    What else an ``.npz`` holds is not read. Raises :class:`DataError` with the member.
    """
    if path.suffix == ".npy":
        return Split.without_labels((_values(str(path), read_array(path), 1),))
    arrays = read_arrays(path)
    found = _members(path, arrays, "x")
    if not found:
        raise DataError(f"{path}: holds {sorted(arrays)}, expected x, or x/NAME for each input")
    rows = {
        name: _values(f"{path}: {member('x', name)}", array, 1) for name, array in found.items()
    }
    counts = {len(array) for array in rows.values()}
    if len(counts) > 1:
        raise DataError(f"{path}: inputs have {' and '.join(map(str, sorted(counts)))} rows")
    return Split.without_labels(tuple(rows.values()), tuple(rows))


def member(prefix: str, name: str) -> str:
    """The member that holds the input `name`."""
    return prefix if name == INPUT else f"{prefix}/{name}"


def _members(path: Path, arrays: Arrays, prefix: str) -> Arrays:
    """Inputs by name, in the order of the file."""
    found = {
        name.removeprefix(f"{prefix}/"): array
        for name, array in arrays.items()
        if name.startswith(f"{prefix}/")
    }
    if prefix in arrays and found:
        raise DataError(f"{path}: holds {prefix} and {prefix}/{next(iter(found))}, expected one")
    return {INPUT: arrays[prefix]} if prefix in arrays else found


def _check_members(path: Path, arrays: Arrays, train: Split) -> None:
    """Raises unless the test rows have the inputs of the training rows, of the same kind."""
    found = _members(path, arrays, "x_test")
    for name in train.names:
        if name not in found:
            raise DataError(
                f"{path}: holds {member('x_train', name)}, but not {member('x_test', name)}"
            )
        kinds = {
            part: arrays[member(part, name)].dtype for part in ("x_train", "x_test")
        }
        if len({dtype.kind == "f" for dtype in kinds.values()}) > 1:
            raise DataError(
                f"{path}: {member('x_train', name)} is {kinds['x_train']}, "
                f"{member('x_test', name)} {kinds['x_test']}: "
                "whole numbers are divided by 255, others are not"
            )
    for name in found:
        if name not in train.names:
            raise DataError(
                f"{path}: holds {member('x_test', name)}, but not {member('x_train', name)}"
            )


def _rows(
    path: Path, arrays: Arrays, x: str, y: str, least: int, like: Split | None = None
) -> Split:
    """Inputs below `x` with labels `y`, in the order of `like` if there is one."""
    found = _members(path, arrays, x)
    names = like.names if like is not None else tuple(found)
    first, labels = found[names[0]], arrays[y]
    inputs = []
    for name in names:
        inputs.append(_values(f"{path}: {member(x, name)}", found[name], least))
        if len(found[name]) != len(first):
            raise DataError(
                f"{path}: {member(x, name)} is {list(found[name].shape)}, expected "
                f"{len(first)} rows as of {member(x, names[0])}"
            )
    if labels.ndim < 1 or len(labels) != len(first):
        raise DataError(
            f"{path}: {y} is {list(labels.shape)}, expected [{len(first)}], or "
            f"[{len(first)}, ...] with a label for each position"
        )
    return Split(tuple(inputs), class_numbers(labels, f"{path}: {y}"), names)


def _values(what: str, array: np.ndarray, least: int) -> np.ndarray:
    """An input, floating-point numbers as float32; they must be finite."""
    if array.ndim < 2 or len(array) < least or array.dtype.kind not in "fiub":
        raise DataError(
            f"{what} is {array.dtype} {list(array.shape)}, expected numbers "
            f"[rows, ...] with at least {least} rows"
        )
    if array.size == 0:
        raise DataError(f"{what} is {list(array.shape)}, expected rows with values")
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
            array = array.astype(np.float32)
        if not np.isfinite(array).all():
            raise DataError(f"{what} holds values that are not finite")
    return np.ascontiguousarray(array)


def class_numbers(labels: np.ndarray, source: str) -> np.ndarray:
    """Class numbers as int32; they must be whole, not negative, and not absurdly large."""
    if labels.size == 0:
        raise DataError(f"{source}: there are no labels")
    if labels.dtype.kind not in "iu" or labels.min() < 0:
        low = "" if labels.dtype.kind not in "iu" else f", with {labels.min()} among them"
        raise DataError(f"{source}: labels must be class numbers from 0, got {labels.dtype}{low}")
    if labels.max() >= _MOST_CLASSES:
        raise DataError(
            f"{source}: labels must be class numbers below {_MOST_CLASSES:,}, got {labels.max()}"
        )
    return labels.astype(np.int32)
