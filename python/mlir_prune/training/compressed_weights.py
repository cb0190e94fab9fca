# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights that a stage trains as the vector of the values that their masks keep.

Which weights can be, is for the compiler to say (``prune-compress-parameters``); here
arrays go from the dense form, which every other part of a run knows, to that of
a program and back. What is not kept is zero in the dense form, moments too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .. import networks
from ..recipe.modifiers import GROUP_KINDS
from ..recipe.schema import Train
from .masks import MOMENTS, PREFIX

Arrays = dict[str, np.ndarray]


class FixedMasks:
    """Masks by parameter that a program is compiled for; equal when all their bits are."""

    def __init__(self, masks: Mapping[str, np.ndarray]) -> None:
        self.masks = {name: np.ascontiguousarray(mask) for name, mask in masks.items()}
        digest = hashlib.sha256()
        for name, mask in self.masks.items():
            digest.update(f"{name} {mask.shape} ".encode())
            digest.update(np.packbits(mask).tobytes())
        self._key = digest.digest()

    def __bool__(self) -> bool:
        return bool(self.masks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FixedMasks) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


def fixed_masks(
    network: Any, stage: Train, path: str, arrays: Mapping[str, np.ndarray]
) -> FixedMasks:
    """Masks of weights that no part of the stage moves or needs the shape of."""
    if stage.compressed == "never" or stage.modifiers():
        return FixedMasks({})
    grouped: set[str] = set()
    for index, penalty in enumerate(stage.regularize):
        if penalty.kind in GROUP_KINDS:
            where = f"{path}.regularize[{index}]"
            grouped |= set(networks.choose(network, penalty.targets, penalty.ignore, where))
    return FixedMasks(
        {
            name: arrays[PREFIX + name]
            for name in network.weights()
            if PREFIX + name in arrays and name not in grouped
        }
    )


class CompressedWeights:
    """How the state of a program differs from dense arrays of the same names."""

    def __init__(
        self, shapes: Mapping[str, tuple[int, ...]], masks: FixedMasks, state: Mapping[str, Any]
    ) -> None:
        self._masks = {
            name: mask
            for name, mask in masks.masks.items()
            if name in state and tuple(state[name].shape) != tuple(shapes[name])
        }

    def names(self) -> Iterable[str]:
        """The weights that are compressed."""
        return self._masks.keys()

    def compress(self, arrays: Mapping[str, np.ndarray]) -> Arrays:
        """The values that are kept, of compressed weights and their moments."""
        result = dict(arrays)
        for name, array in arrays.items():
            mask = self._mask(name)
            if mask is not None and array.shape == mask.shape:
                result[name] = array[mask]
        return result

    def decompress(self, arrays: Mapping[str, np.ndarray]) -> Arrays:
        """The dense form of the same; other arrays are not copied."""
        result = dict(arrays)
        for name, array in arrays.items():
            mask = self._mask(name)
            if mask is not None:
                result[name] = np.zeros(mask.shape, array.dtype)
                result[name][mask] = array
        return result

    def _mask(self, name: str) -> np.ndarray | None:
        """The mask of a compressed weight or of a moment of one."""
        # Names of parameters may hold colons, too, as those of TensorFlow do (kernel:0).
        prefix = next((each for each in MOMENTS if name.startswith(each)), "")
        return self._masks.get(name.removeprefix(prefix))
