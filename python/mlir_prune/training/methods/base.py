# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The interface of a method: what it adds to the passes of a stage, and does between steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import networks
from ...recipe.schema import Train
from ..setting import Setting

if TYPE_CHECKING:
    from ..stage import StageTraining


def chosen(network: Any, rule: Any, path: str, key: str) -> list[str]:
    """The weights that a modifier of the stage at `path` chooses."""
    return networks.choose(network, rule.targets, rule.ignore, f"{path}.{key}", among=("weight",))


class Method:
    """A method; adds nothing and does nothing by itself.

    The class says what it adds to the passes of a stage at `path` whose modifier is `rule`
    (its keys and checks are there: `recipe.modifiers`). An object acts between the steps.
    Whatever it needs to remember is in the state arrays or in the meta data of
    the run, so that a run can go on from a checkpoint.
    """

    @classmethod
    def network_options(cls, network: Any, rule: Any, path: str) -> dict[str, object]:
        """Rewrites of the network, as options of ``prune-network-pipeline``."""
        return {}

    @classmethod
    def gradient_options(cls, rule: Any) -> dict[str, object]:
        """Options of ``prune-gradient-pipeline`` for the step of the weights."""
        return {}

    @classmethod
    def step_options(
        cls, network: Any, rule: Any, path: str, setting: Setting
    ) -> dict[str, object]:
        """Options of ``prune-step-pipeline`` for the step of the weights."""
        return {}

    @classmethod
    def functions(
        cls, network: Any, stage: Train, rule: Any, path: str, setting: Setting
    ) -> list[str]:
        """Passes that make functions of its own."""
        return []

    @classmethod
    def parametrization(cls, network: Any, rule: Any, path: str) -> dict[str, Any] | None:
        """The form that it leaves weights in, None where that is plain."""
        return None

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
        return chosen(self.training.network, rule, self.training.task.path, key)
