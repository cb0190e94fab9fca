# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ADMM: the projection and its dual move every so many steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..passes import ADMM_STEP
from .base import Method

if TYPE_CHECKING:
    from ..stage import StageTraining


class AdmmMethod(Method):
    """Starts at Z = project(W) and U = 0, then updates both at a fixed distance."""

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
