# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Masks by name (``mask:fc1.weight``, bool, true where a weight stays).

The compiler chooses them: values are bound, scored and masked by its passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..channel_groups import by_output
from ..evidence import Evidence
from ..native import parse
from ..networks import COUPLED
from ..pipelines import (
    channel_pipeline,
    fold_gates_pipeline,
    gate_pipeline,
    mask_pipeline,
    select_pipeline,
)

Arrays = dict[str, np.ndarray]

PREFIX = "mask:"
MOMENTS = ("velocity:", "moment1:", "moment2:")
"""What names of masks and of moments of an optimizer begin with; a parameter's name follows."""


def select_masks(
    network: Any,
    values: Mapping[str, np.ndarray],
    names: Iterable[str],
    granularity: str,
    evidence: Evidence | None = None,
    **rule: object,
) -> Arrays:
    """Masks of the weights `names` by one rule of ``prune-mask-pipeline``.

    `evidence` is what the criterion of the rule judges weights by, if any.

    Elements that `values` has at zero through an earlier mask count as zeros,
    so they are pruned first. With groups that are whole filters there are also
    masks of the vectors that belong to them (bias, scale and shift). With the granularity
    :data:`networks.COUPLED` a sparsity is a share of channels, and channels that cannot leave stay.
    """
    names = list(names)
    module = parse(network.text(1))
    shapes = network.shapes()
    module.bind({name: values[name] for name in shapes})
    if evidence:
        module.set_evidence(evidence)
    pruned = [name for name in names if PREFIX + name in values]
    if pruned and rule.get("criterion", "magnitude") != "magnitude":
        # Only magnitudes put what is zero already before all else.
        module.run(mask_pipeline(pruned))
    if granularity == COUPLED:
        module.run(channel_pipeline(by_output(network, names), **rule))
    else:
        module.run(select_pipeline(granularity, names, **rule))
    found = module.masks()
    extended = [name for name in shapes if name in found and name not in names]
    return {
        PREFIX + name: np.array(found[name]) if name in found else np.ones(shapes[name], bool)
        for name in [*names, *(name for name in extended if not found[name].all())]
    }


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


def gate_of(weight: str) -> str:
    """Name of the auxiliary parameter that the compiler gives a gated weight."""
    return f"{weight}.gate"


def gates_of(network: Any) -> set[str]:
    """Names that gates of the network have, where there are some; no parameter is one."""
    return {gate_of(weight) for weight in network.weights()} - set(network.shapes())


def gate_masks(network: Any, arrays: Mapping[str, np.ndarray], rule: Mapping[str, Any]) -> Arrays:
    """What closed gates switch off, as masks: the compiler puts the gates in and folds them.

    `rule` has the granularity of the gates and the names of the gated weights. Besides
    these there are masks of what else belongs to a closed filter: biases, scales, shifts.
    """
    names = [name for name in rule["names"] if gate_of(name) in arrays]
    if not names:
        return {}
    shapes = network.shapes()
    module = parse(network.text(1))
    module.run(gate_pipeline(rule["granularity"], names))
    ones = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    module.bind(ones | {gate_of(name): arrays[gate_of(name)] for name in names})
    module.run(fold_gates_pipeline())
    folded = {name: np.asarray(array) != 0 for name, array in module.parameters().items()}
    return {
        PREFIX + name: np.ascontiguousarray(mask)
        for name, mask in folded.items()
        if name in names or not mask.all()
    }


def live_weights(network: Any, arrays: Mapping[str, np.ndarray], gates: Any = None) -> Arrays:
    """Per weight where it acts: not zero, not masked, its gate (by the rule `gates`) open."""
    closed = gate_masks(network, arrays, gates) if gates is not None else {}
    live: Arrays = {}
    for name in network.weights():
        live[name] = arrays[name] != 0
        for masks in (arrays, closed):
            if PREFIX + name in masks:
                live[name] &= masks[PREFIX + name]
    return live


def reinitialize(arrays: Mapping[str, np.ndarray], initial: Mapping[str, np.ndarray]) -> Arrays:
    """Parameters at their first values, masks as they are."""
    return {name: initial.get(name, array) for name, array in arrays.items()}
