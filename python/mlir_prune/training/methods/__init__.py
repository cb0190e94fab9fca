# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a training stage does beside its steps: masks that move, gates, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .admm import AdmmMethod
from .base import Method
from .gates import GatesMethod
from .moving import GradualMethod, RiglMethod
from .straight import StraightThroughMethod

if TYPE_CHECKING:
    from ..stage import StageTraining

__all__ = ["Method", "make_methods"]

_METHODS: tuple[tuple[str, type[Method]], ...] = (
    ("gradual", GradualMethod),
    ("rigl", RiglMethod),
    ("straight_through", StraightThroughMethod),
    ("admm", AdmmMethod),
    ("gates", GatesMethod),
)


def make_methods(training: StageTraining) -> list[Method]:
    """The methods that the recipe asks for, in the order in which they act."""
    return [kind(training) for key, kind in _METHODS if getattr(training.stage, key) is not None]
