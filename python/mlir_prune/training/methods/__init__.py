# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a training stage does beside its steps: masks that move, gates, and so on.

A method is a modifier of a stage (`recipe.modifiers`: its keys and checks) and a class here:
its passes, its state, what it does between steps and its entries in the history.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...recipe.schema import Train
from .admm import AdmmMethod
from .base import Method
from .gates import GatesMethod
from .moving import GradualMethod, RiglMethod
from .straight import StraightThroughMethod

if TYPE_CHECKING:
    from ..stage import StageTraining

__all__ = ["Method", "asked", "make_methods"]

_METHODS: dict[str, type[Method]] = {
    "gradual": GradualMethod,
    "rigl": RiglMethod,
    "straight_through": StraightThroughMethod,
    "admm": AdmmMethod,
    "gates": GatesMethod,
}


def asked(stage: Train) -> Iterator[tuple[type[Method], Any]]:
    """The methods of a stage with their modifiers, in the order in which they act."""
    yield from ((_METHODS[name], rule) for name, rule in stage.modifiers())


def make_methods(training: StageTraining) -> list[Method]:
    """The methods that the recipe asks for, in the order in which they act."""
    return [kind(training) for kind, _ in asked(training.stage)]
