# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Smaller networks during training: dead neurons leave, and moments and masks with them.

Which rows and columns of a weight stay is read from a second run of the
removal: in it the non-zero elements hold the number of their row, or of their
column, so what is left of them names what is left.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import networks
from ..native import parse
from ..pipelines import batch_pipeline, lift_pipeline, shrink_pipeline
from .masks import PREFIX, Arrays, apply

_MOMENTS = ("velocity:", "moment1:", "moment2:")


class CompactNetwork:
    """A network as it is left in the middle of a run: MLIR text and its numbers.

    `uses` tells how often each element of a weight is used for one row.
    """

    def __init__(self, text: str, uses: Mapping[str, int], row: tuple[int, ...]) -> None:
        self._text, self.uses = text, dict(uses)
        self.input_shape = tuple(row)
        function = next(f for f in parse(text).functions() if f.name == "forward")
        parameters = [a for a in function.arguments if a.kind == "param"]
        self._shapes = {a.name: tuple(a.shape) for a in parameters}
        self._roles = {a.name: str(a.role) for a in parameters}
        self.classes = int(function.results[0].shape[1])

    def text(self, batch: int) -> str:
        """The network as MLIR text for a batch of `batch` rows."""
        return _at_batch(self._text, batch)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter by name, in the order of the function."""
        return dict(self._shapes)

    def roles(self) -> dict[str, str]:
        """Role of each parameter by name: weight, bias, scale or buffer."""
        return dict(self._roles)

    def weights(self) -> list[str]:
        """Names of the weights, layer by layer."""
        return [name for name, role in self._roles.items() if role == "weight"]

    def macs(self) -> dict[str, int]:
        """Multiplications of each weight for one row, when it is dense."""
        return {n: self.uses[n] * int(np.prod(self._shapes[n])) for n in self.weights()}


@functools.lru_cache(maxsize=16)
def _at_batch(text: str, batch: int) -> str:
    module = parse(text)
    module.run(batch_pipeline(batch))
    return str(module)


def uses_of(network: Any) -> dict[str, int]:
    """How often each element of a weight is used for one row."""
    shapes, products = network.shapes(), networks.macs(network)
    return {name: products[name] // int(np.prod(shapes[name])) for name in network.weights()}


def compact(network: Any, arrays: Arrays, batch: int) -> tuple[CompactNetwork, Arrays]:
    """The network without dead neurons, and all state in its shapes.

    `arrays` are settled. Moments whose parameter cannot be followed start anew.
    """
    arrays = apply(arrays)
    module, values = _removed(network, {n: arrays[n] for n in network.shapes()}, batch)
    module.run(lift_pipeline())
    smaller = CompactNetwork(str(module), uses_of(network), networks.input_shape(network))
    kept = kept_indices(network, arrays, batch)
    result: Arrays = dict(values)
    for name, shape in smaller.shapes().items():
        index = kept.get(name)
        if PREFIX + name in arrays:
            # Where the mask cannot be followed, zeros are what it had switched off.
            result[PREFIX + name] = values[name] != 0
        for prefix in (PREFIX, *_MOMENTS):
            old = arrays.get(prefix + name)
            if old is None or index is None:
                continue
            taken = old[np.ix_(*index)] if len(index) > 1 else old[index[0]]
            if taken.shape == shape:
                result[prefix + name] = np.ascontiguousarray(taken)
    result |= {name: a for name, a in arrays.items() if name == "step"}
    return smaller, result


def kept_indices(network: Any, arrays: Arrays, batch: int) -> dict[str, list[np.ndarray]]:
    """Per parameter, the old indices along dimensions 0 and 1 that are left.

    Only parameters whose indices are certain are in it.
    """
    found: dict[str, list[np.ndarray]] = {}
    sides = [_marked(network, arrays, axis, batch) for axis in (0, 1)]
    for name in network.weights():
        if not all(name in side for side in sides):
            continue
        before = arrays[name].shape
        rows = _readings(sides[0][name], 0, before[0])
        columns = _readings(sides[1][name], 1, before[1])
        if rows is None or columns is None:
            continue
        found[name] = [rows, columns]
        stem = name.rsplit(".", 1)[0]
        bias = f"{stem}.bias"
        if bias in arrays and arrays[bias].shape == arrays[name].shape[:1]:
            found[bias] = [rows]
    return found


def _removed(network: Any, values: Mapping[str, np.ndarray], batch: int) -> tuple[Any, Arrays]:
    """The module after removal, with values, and copies of its parameters."""
    module = parse(network.text(batch))
    module.bind(dict(values))
    module.run(shrink_pipeline())
    return module, {name: np.array(array) for name, array in module.parameters().items()}


def _marked(network: Any, arrays: Arrays, axis: int, batch: int) -> Arrays:
    """What removal leaves of weights whose non-zeros hold their index plus one."""
    values = {name: arrays[name] for name in network.shapes()}
    for name in network.weights():
        shape = [1] * values[name].ndim
        shape[axis] = -1
        index = np.arange(1, values[name].shape[axis] + 1, dtype=np.float32).reshape(shape)
        values[name] = np.where(values[name] != 0, index, np.float32(0))
    return _removed(network, values, batch)[1]


def _readings(marked: np.ndarray, axis: int, before: int) -> np.ndarray | None:
    """Old index of each slice along `axis`; None where one is all zero and others left."""
    if marked.shape[axis] == before:
        return np.arange(before)
    others = tuple(i for i in range(marked.ndim) if i != axis)
    index = marked.max(axis=others).astype(np.int64) - 1
    return index if (index >= 0).all() else None
