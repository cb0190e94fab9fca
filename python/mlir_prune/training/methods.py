# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a training stage does beside its steps: masks that move, gates, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .stage import StageTraining


class Method:
    """Something that happens between steps; does nothing by itself."""

    def __init__(self, training: StageTraining) -> None:
        self.training = training

    def begin(self) -> None:
        """Called before the first step of the unit, and again after a resume."""

    def before(self, number: int) -> None:
        """Called before step `number` of the unit, with the batch loaded."""

    def after(self, number: int) -> None:
        """Called after step `number` of the unit."""

    def line(self) -> dict[str, Any]:
        """Entries for the line of history."""
        return {}


def make_methods(training: StageTraining) -> list[Method]:
    """The methods that the recipe asks for, in the order in which they act."""
    return []
