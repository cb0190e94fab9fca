# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The interface of what happens between steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import networks

if TYPE_CHECKING:
    from ..stage import StageTraining


class Method:
    """Something that happens between steps; does nothing by itself.

    Whatever it needs to remember is in the state arrays or in the meta data of
    the run, so that a run can go on from a checkpoint.
    """

    def __init__(self, training: StageTraining) -> None:
        self.training = training

    def begin(self, fresh: bool) -> None:
        """Called before the first step; `fresh` unless the task goes on after a stop."""

    def before(self, number: int) -> None:
        """Called before step `number` of the task, with the batch loaded."""

    def after(self, number: int) -> None:
        """Called after step `number` of the task."""

    def line(self) -> dict[str, Any]:
        """Entries for the line of history; called once after each epoch."""
        return {}

    def finished(self) -> bool:
        """Whether the stage ends with this epoch."""
        return False

    def weights(self, rule: Any, key: str) -> list[str]:
        """The weights that a modifier chooses."""
        return networks.choose(
            self.training.network,
            rule.targets,
            rule.ignore,
            f"{self.training.task.path}.{key}",
            among=("weight",),
        )
