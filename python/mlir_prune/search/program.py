# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sparsities of all layers by a dynamic programme: least loss at a cost.

Every layer has a list of options, each with a cost and an estimated loss; losses of layers
add up. Costs are rounded up to steps of the target, so that the target is never passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

STEPS = 4000
"""Steps of the cost that the target is divided into."""


@dataclass(frozen=True)
class Option:
    """One way to prune a layer."""

    ratio: float
    cost: float
    loss: float


def allocate(
    layers: Mapping[str, Sequence[Option]], target: float, steps: int = STEPS
) -> dict[str, float] | None:
    """The sparsity of each layer; None where even the cheapest options cost more.

    Ties go to the smaller sparsity.
    """
    if target < 0:
        return None
    # Of nothing only what costs nothing can be had, which any unit says.
    unit, steps = (target / steps, steps) if target > 0 else (1.0, 0)
    best = np.full(steps + 1, np.inf)
    best[0] = 0.0
    choices: list[np.ndarray] = []
    for options in layers.values():
        ordered = sorted(options, key=lambda option: option.ratio)
        after = np.full(steps + 1, np.inf)
        chosen = np.full(steps + 1, -1)
        for index, option in enumerate(ordered):
            need = _steps(option.cost, unit)
            if need > steps:
                continue
            loss = best[: steps + 1 - need] + option.loss
            better = loss < after[need:]
            after[need:][better] = loss[better]
            chosen[need:][better] = index
        best = after
        choices.append(chosen)
    if not np.isfinite(best).any():
        return None
    at = int(np.argmin(best))
    found: dict[str, float] = {}
    for name, chosen in reversed(list(zip(layers, choices, strict=True))):
        ordered = sorted(layers[name], key=lambda option: option.ratio)
        option = ordered[chosen[at]]
        found[name] = option.ratio
        at -= _steps(option.cost, unit)
    return {name: found[name] for name in layers}


def _steps(cost: float, unit: float) -> int:
    """Steps that a cost takes, rounded up but for errors of the division."""
    return int(np.ceil(cost / unit - 1e-9))
