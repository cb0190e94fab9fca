# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which network of a run is called dense: what all others are compared with.

It is that of the stage ``reference``, or of the first training stage that leaves a dense
network; a run that only prunes is compared with the network as it came.
"""

from __future__ import annotations

from .schema import Recipe, Statistics, Train

INITIAL = "initial"
"""The network as it comes: the values of a file, or the first ones of a built network."""


def stage_names(recipe: Recipe) -> list[str]:
    """Name of each stage: its own, or its kind and number."""
    return [stage.name or f"{stage.kind}{index}" for index, stage in enumerate(recipe.stages)]


def leaves_dense(stage: Train) -> bool:
    """Whether nothing in the stage makes or holds zeros."""
    return all(rule.leaves_dense for _, rule in stage.modifiers()) and not any(
        penalty.proximal for penalty in stage.regularize
    )


def dense_stages(recipe: Recipe) -> list[str]:
    """Names of the training stages before anything is pruned or removed."""
    found = []
    for name, stage in zip(stage_names(recipe), recipe.stages, strict=True):
        if isinstance(stage, Train) and leaves_dense(stage):
            found.append(name)
        elif not isinstance(stage, Statistics):
            break
    return found


def reference_stage(recipe: Recipe) -> str:
    """Name of the stage whose network is called dense, or :data:`INITIAL`."""
    return recipe.reference or next(iter(dense_stages(recipe)), INITIAL)


def reference_text(recipe: Recipe) -> str:
    """What the dense network is, for tables."""
    name = reference_stage(recipe)
    if name != INITIAL:
        return f"after stage '{name}'"
    return "as it came" if recipe.model.file else "first values"
