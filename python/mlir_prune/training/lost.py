# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Layers that lose every weight, and networks that do.

A layer without weights is a constant: worth a warning that names it. A network without
weights is no result, however large its compression.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import networks
from ..errors import InputError, TrainingError
from ..recipe.schema import Train

if TYPE_CHECKING:
    from .trainer import Trainer


def check_counts(network: Any, stage: Train, path: str) -> None:
    """Raises :class:`InputError` where a share of a stage leaves no weight of the network."""
    shares = [
        (f"{kind}.{key}", share, f"{path}.{kind}", getattr(stage, kind))
        for kind, modifier in stage.modifiers()
        for key, share in modifier.pruned().items()
    ]
    shapes = network.shapes()
    for key, share, place, rule in shares:
        names = networks.choose(network, rule.targets, rule.ignore, place, among=("weight",))
        sizes = [math.prod(shapes[name]) for name in names]
        groups = [sum(sizes)] if getattr(rule, "scope", "tensor") == "global" else sizes
        # The same rounding as the selection of masks: half away from zero.
        left = sum(size - math.floor(share * size + 0.5) for size in groups)
        if left == 0 and set(names) == set(network.weights()):
            raise InputError(
                f"{path}.{key}: {share:g} of {sum(sizes):,} weights leaves none of the network"
            )


def check_lost(trainer: Trainer, name: str, nonzeros: Mapping[str, int]) -> None:
    """Warns once of each layer without weights; raises when no layer has any.

    `nonzeros` are the weights that act, by name, after `name`.
    """
    if not any(nonzeros.values()):
        raise TrainingError(
            f"{name}: no weight of the network is left; a milder rule may help; "
            f"{trainer.last_good()}"
        )
    told = trainer.state.meta["notes"].setdefault("lost", [])
    for weight, count in nonzeros.items():
        if count == 0 and weight not in told:
            told.append(weight)
            trainer.progress.warn(f"{name}: '{weight}' has no weight left")


def check_result(layers: list[dict[str, Any]]) -> None:
    """Raises when nothing is left of a network after elimination."""
    if sum(row["nonzeros"] for row in layers) == 0:
        raise TrainingError(
            "no weight is left after elimination: what the rules keep reaches no output, and the "
            "network is a constant; a milder rule may help"
        )


def counts(live: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Weights that act, by name."""
    return {name: int(np.count_nonzero(mask)) for name, mask in live.items()}
