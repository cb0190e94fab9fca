# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ADMM: the projection and its dual move every so many steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import networks
from ...pipelines import options
from ...recipe.modifiers import Admm
from ...recipe.schema import Train
from ..program import STEP
from ..setting import Setting
from .base import Method, chosen

if TYPE_CHECKING:
    from ..stage import StageTraining

ADMM_STEP = "admm_step"
"""The function that projects the weights of ADMM."""


class AdmmMethod(Method):
    """Starts at Z = project(W) and U = 0, then updates both at a fixed distance."""

    @classmethod
    def step_options(
        cls, network: Any, rule: Admm, path: str, setting: Setting
    ) -> dict[str, object]:
        """The pull to the projection."""
        return {"admm_rho": rule.rho, "admm_parameters": chosen(network, rule, path, "admm")}

    @classmethod
    def functions(
        cls, network: Any, stage: Train, rule: Admm, path: str, setting: Setting
    ) -> list[str]:
        """The projection."""
        names = chosen(network, rule, path, "admm")
        found = networks.match_numbers(rule.sparsities, names, f"{path}.admm.sparsities")
        sparsities = [f"{name}:{found.get(name, rule.sparsity or 0.0)!r}" for name in names]
        return [options("prune-build-admm-step", step=STEP, name=ADMM_STEP, sparsities=sparsities)]

    def __init__(self, training: StageTraining) -> None:
        super().__init__(training)
        assert training.stage.admm is not None
        self._project = training.program.bind(ADMM_STEP, training.state)
        self._frequency = training.stage.admm.frequency or training.per_epoch

    def begin(self, fresh: bool) -> None:
        """Projects the weights as they are."""
        if fresh:
            self._project()
            for name, array in self.training.state.items():
                if name.startswith("admm_u:"):
                    array.fill(0)

    def after(self, number: int) -> None:
        """Updates Z and U."""
        if (number + 1) % self._frequency == 0:
            self._project()
