# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Smaller networks during training: dead neurons leave, and moments and masks with them.

The elimination notes on each parameter that shrinks which indices of each dimension
are left; what belongs to the parameter keeps the same ones.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..models.network import Signature, layers_for_one_row, sum_macs
from ..native import parse
from ..pipelines import batch_pipeline, compress_pipeline, lift_pipeline
from .masks import MOMENTS, PREFIX, Arrays, apply


class CompactNetwork:
    """A network as it is left in the middle of a run, as MLIR text."""

    def __init__(self, text: str, axis: int | None = None) -> None:
        """`axis` is the dimension of the result that the classes are."""
        self._text = text
        module = parse(text)
        function = next(f for f in module.functions() if f.name == "forward")
        parameters = [a for a in function.arguments if a.kind == "param"]
        self._shapes = {a.name: tuple(a.shape) for a in parameters}
        self._roles = {a.name: str(a.role) for a in parameters}
        self.signature = Signature.of(function, axis)
        self.classes = self.signature.classes
        self._layers = layers_for_one_row(module.layers(), int(function.results[0].shape[0]))

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

    def compiled_layers(self) -> list[dict[str, Any]]:
        """What the compiler says of each layer, for one row."""
        return self._layers

    def macs(self) -> dict[str, int]:
        """Multiplications of each weight for one row, when it is dense."""
        return sum_macs(self._layers)


@functools.lru_cache(maxsize=16)
def _at_batch(text: str, batch: int) -> str:
    module = parse(text)
    module.run(batch_pipeline(batch))
    return str(module)


def compact(network: Any, arrays: Arrays, batch: int) -> tuple[CompactNetwork, Arrays]:
    """The network without dead neurons, and all state in its shapes.

    `arrays` are folded. Biases that the elimination makes start without moments.
    """
    arrays = apply(arrays)
    module = parse(network.text(batch))
    module.bind({name: arrays[name] for name in network.shapes()})
    before = module.kept()
    # On the network is written what is left of the dense one, for who wants to go back there.
    module.run(compress_pipeline(record_kept=True, compose_kept=True))
    kept = {name: since(before.get(name), dims) for name, dims in module.kept().items()}
    result: Arrays = {name: np.array(array) for name, array in module.parameters().items()}
    module.run(lift_pipeline())
    smaller = CompactNetwork(str(module), network.signature.axis)
    for name, shape in smaller.shapes().items():
        if PREFIX + name in arrays:
            # Where the mask cannot be followed, zeros are what it had switched off.
            result[PREFIX + name] = result[name] != 0
        for prefix in (PREFIX, *MOMENTS):
            old = arrays.get(prefix + name)
            if old is None:
                continue
            taken = take(old, kept.get(name))
            if taken.shape == shape:
                result[prefix + name] = taken
    result |= {name: a for name, a in arrays.items() if name == "step"}
    return smaller, result


def take(array: np.ndarray, kept: list[list[int]] | None) -> np.ndarray:
    """A copy of what is left of `array`: the indices `kept` of each dimension, or all."""
    if kept is None or len(kept) != array.ndim:
        return array.copy()
    return np.ascontiguousarray(array[np.ix_(*kept)])


def since(before: list[list[int]] | None, kept: list[list[int]]) -> list[list[int]]:
    """Places of the indices `kept` of each dimension among those that were left `before`."""
    if before is None:
        return kept
    places = [{index: place for place, index in enumerate(dim)} for dim in before]
    return [[place[index] for index in dim] for place, dim in zip(places, kept, strict=True)]
