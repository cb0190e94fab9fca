# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whether the groups of structured pruning and of group penalties lie in their weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import networks
from ..recipe.schema import Prune, Train


def check_groups(network: Any, stage: Train | Prune, path: str) -> Iterator[str]:
    """Warnings of groups that are smaller at the border of a weight.

    Raises :class:`RecipeError` for weights that have no such groups at all.
    """
    for key, granularity, names in _groups(network, stage, path):
        partial = networks.check_granularity(network, names, granularity, key)
        if partial:
            yield (
                f"{key}: {granularity} does not divide {', '.join(partial)}; groups at the "
                "border are smaller"
            )


def _groups(network: Any, stage: Train | Prune, path: str) -> Iterator[tuple[str, str, list[str]]]:
    """Key, granularity and parameters of each choice of groups."""
    weights = ("weight",)
    if isinstance(stage, Prune):
        names = networks.choose(network, stage.targets, stage.ignore, path, among=weights)
        yield f"{path}.granularity", stage.granularity, names
        return
    for index, penalty in enumerate(stage.regularize):
        where = f"{path}.regularize[{index}]"
        names = networks.choose(network, penalty.targets, penalty.ignore, where)
        for granularity in penalty.granularity:
            yield f"{where}.granularity", granularity, names
    rule = stage.straight_through
    if rule is not None and rule.pattern:
        where = f"{path}.straight_through"
        names = networks.choose(network, rule.targets, rule.ignore, where, among=weights)
        yield f"{where}.pattern", f"n_of_m:{rule.pattern}:1", names
