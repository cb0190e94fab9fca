# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Masks by name (``mask:fc1.weight``, bool, true where a weight stays).

The compiler chooses them: values are bound, scored and masked by its passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..native import parse
from ..pipelines import fold_pipeline, select_pipeline

Arrays = dict[str, np.ndarray]

PREFIX = "mask:"


def select_masks(
    network: Any,
    values: Mapping[str, np.ndarray],
    names: Iterable[str],
    granularity: str,
    **rule: object,
) -> Arrays:
    """Masks of the weights `names` by one rule of ``prune-select-masks``.

    Elements that `values` has at zero through an earlier mask count as zeros,
    so they are pruned first.
    """
    names = list(names)
    module = parse(network.text(1))
    shapes = network.shapes()
    module.bind({name: values[name] for name in shapes})
    module.run(select_pipeline(granularity, names, **rule))
    # Ones in the place of the weights turn the masks into what folding leaves.
    module.bind({name: np.ones(shapes[name], np.float32) for name in names})
    module.run(fold_pipeline())
    folded = module.parameters()
    return {PREFIX + name: np.asarray(folded[name]) != 0 for name in names}


def intersect(old: Mapping[str, np.ndarray], new: Mapping[str, np.ndarray]) -> Arrays:
    """Masks of both; what is pruned stays pruned."""
    both = {name: mask.copy() for name, mask in old.items()}
    for name, mask in new.items():
        both[name] = mask & both[name] if name in both else mask.copy()
    return both


def masks_of(arrays: Mapping[str, np.ndarray]) -> Arrays:
    """The masks among other state."""
    return {name: array for name, array in arrays.items() if name.startswith(PREFIX)}


def apply(arrays: Mapping[str, np.ndarray]) -> Arrays:
    """Copies with zeros where the masks are false."""
    result: Arrays = {}
    for name, array in arrays.items():
        mask = arrays.get(PREFIX + name)
        result[name] = np.where(mask, array, array.dtype.type(0)) if mask is not None else array
    return result


def is_gate(name: str) -> bool:
    """Whether state of this name is a gate's, and not a moment of one."""
    return name.endswith(".gate") and ":" not in name


def open_gates(gate: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Mask of a weight from its gates: of its own shape, or one per slice of axis 0."""
    opened = gate > 0
    if gate.shape == shape:
        return opened
    return np.broadcast_to(opened.reshape((-1,) + (1,) * (len(shape) - 1)), shape)


def live_weights(arrays: Mapping[str, np.ndarray], weights: Iterable[str]) -> Arrays:
    """Per weight where it acts: not zero, not masked, its gate open."""
    live: Arrays = {}
    for name in weights:
        live[name] = arrays[name] != 0
        if PREFIX + name in arrays:
            live[name] &= arrays[PREFIX + name]
        if name + ".gate" in arrays:
            live[name] &= open_gates(arrays[name + ".gate"], arrays[name].shape)
    return live


def reinitialize(arrays: Mapping[str, np.ndarray], initial: Mapping[str, np.ndarray]) -> Arrays:
    """Parameters at their first values, masks as they are."""
    return {name: initial.get(name, array) for name, array in arrays.items()}
