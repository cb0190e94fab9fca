# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A data set in the form that a network reads: order, shapes and types of its inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data import Dataset
from ..errors import InputError
from ..models.network import Input, Signature
from ..npz import member
from ..rows import Split


def fit(signature: Signature, data: Dataset) -> Dataset:
    """The rows of `data` for a network; the same object where nothing changes.

    Inputs go together by name, or by number as `input0`. Where the data set has none of
    the names of the network, they go together in order. Raises :class:`InputError` when
    network and data do not belong together.
    """
    names = _match(signature, data)
    for name, entry in zip(names, signature.inputs, strict=True):
        _check_input(signature, entry, data, name)
    _check_labels(signature, data)
    wanted = [(entry.name, entry.shape, entry.dtype) for entry in signature.inputs]
    rows = data.train
    if wanted == list(zip(rows.names, rows.shapes, (x.dtype for x in rows.inputs), strict=True)):
        return data
    return data.convert(lambda part: _converted(signature, part, names))


def check_indices(module: Any, data: Dataset) -> None:
    """Raises :class:`InputError` for whole numbers that a network has no place for.

    A token is a place in a table. `module` is the network of the rows, which fit it.
    """
    for name, array in data.train.arrays.items():
        if array.dtype.kind not in "iu":
            continue
        for element in data.bounds(name):
            # Compiled code computes with 64 bits that have a sign.
            wrapped = element - (1 << 64) if element >= 1 << 63 else element
            found = module.index_overrun(name, wrapped)
            if found is not None:
                index, extent = found
                raise InputError(
                    f"rows of '{data.name}' hold {element} for the input '{name}', with which "
                    f"the network reads place {index} of a table that has {extent}"
                )


def _match(signature: Signature, data: Dataset) -> list[str]:
    """Names of the data set's inputs in the order of the network's."""
    wanted, found = [entry.name for entry in signature.inputs], list(data.train.names)
    members = ", ".join(member("x", name) for name in found)
    if len(wanted) != len(found):
        expected = " and ".join(member("x", name) for name in wanted)
        raise InputError(
            f"the network reads {_count(wanted)}, but '{data.name}' holds {members}; "
            f"expected {expected}"
        )
    if set(wanted) == set(found):
        return wanted
    if len(wanted) == 1 and data.train.names == ("input",):
        return found
    numbered = [f"input{i}" for i in range(len(wanted))]
    if set(found) == set(numbered):
        return numbered
    missing = [name for name in wanted if name not in found]
    if len(missing) == len(wanted):
        return found
    raise InputError(
        f"'{data.name}' holds {members}, but not {member('x', missing[0])}: the network reads "
        f"{_count(wanted)}"
    )


def _count(names: list[str]) -> str:
    text = ", ".join(f"'{name}'" for name in names)
    return f"one input, {text}" if len(names) == 1 else f"{len(names)} inputs, {text}"


def _check_input(signature: Signature, entry: Input, data: Dataset, name: str) -> None:
    array = data.train.arrays[name]
    features = array[:1].size
    alone = len(signature.inputs) == 1
    subject = "the network" if alone else f"input '{entry.name}' of the network"
    rows = f"rows of '{data.name}'" if alone else f"rows of {member('x', name)} of '{data.name}'"
    if features != entry.features:
        raise InputError(f"{subject} reads {entry.features} features, but {rows} have {features}")
    kinds = {"f": "fiu", "i": "iub", "u": "iub", "b": "b"}.get(entry.dtype.kind, "")
    if array.dtype.kind not in kinds:
        raise InputError(f"{subject} reads {entry.dtype}, but {rows} hold {array.dtype}")


def _check_labels(signature: Signature, data: Dataset) -> None:
    if not data.classes:
        return  # rows that nobody has labelled
    positions = data.train.labels.shape[1:]
    if positions != signature.positions:
        each = " with one for each position of the result" if signature.positions else ""
        raise InputError(
            f"labels of '{data.name}' are {_rows(positions)}, expected "
            f"{_rows(signature.positions)}{each}"
        )
    if signature.classes < data.classes:
        raise InputError(
            f"the network has {signature.classes} outputs, but '{data.name}' has "
            f"{data.classes} classes"
        )


def _rows(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(['rows', *map(str, shape)])}]"


def _converted(signature: Signature, part: Split, names: list[str]) -> Split:
    arrays = [
        _values(part.arrays[name], entry).reshape(len(part), *entry.shape)
        for name, entry in zip(names, signature.inputs, strict=True)
    ]
    return Split(tuple(arrays), part.labels, tuple(entry.name for entry in signature.inputs))


def _values(array: np.ndarray, entry: Input) -> np.ndarray:
    """The values in the type of the input; whole numbers become shares of 255 in a float."""
    if entry.dtype.kind == "f" and array.dtype.kind in "iu":
        scaled = array.astype(np.float32)
        scaled /= np.float32(255.0)
        array = scaled
    elif entry.dtype.kind in "iu" and array.dtype.kind in "iu" and array.size:
        bounds = np.iinfo(entry.dtype)
        low, high = int(array.min()), int(array.max())
        if low < bounds.min or high > bounds.max:
            raise InputError(
                f"input '{entry.name}' of the network reads {entry.dtype}, which does not hold "
                f"{low if low < bounds.min else high}"
            )
    return np.ascontiguousarray(array, entry.dtype)
