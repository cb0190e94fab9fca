# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Straight-through masks: the step chooses them, the driver only gives the sparsity."""

from __future__ import annotations

from typing import Any

from ...recipe.modifiers import StraightThrough
from .base import Method, chosen


class StraightThroughMethod(Method):
    """Sets the sparsity of each step, which may rise as a cubic."""

    @classmethod
    def network_options(cls, network: Any, rule: StraightThrough, path: str) -> dict[str, object]:
        """Masks in the forward pass."""
        return {
            "straight_through": True,
            "straight_through_granularity": f"n_of_m:{rule.pattern}:1" if rule.pattern else None,
            "straight_through_decay": rule.decay,
            "straight_through_parameters": chosen(network, rule, path, "straight_through"),
        }

    @classmethod
    def parametrization(
        cls, network: Any, rule: StraightThrough, path: str
    ) -> dict[str, Any] | None:
        """Dense weights with masks that every step chooses."""
        return {
            "kind": "straight_through", "pattern": rule.pattern, "sparsity": rule.sparsity,
            "names": chosen(network, rule, path, "straight_through"),
        }  # fmt: skip

    def before(self, number: int) -> None:
        """Sets the sparsity of the step and of the scoring after it."""
        rule, training = self.training.stage.straight_through, self.training
        assert rule is not None
        if rule.sparsity is None:
            return
        sparsity = rule.sparsity
        if rule.ramp > 0:
            done = min(1.0, number / (rule.ramp * training.per_epoch))
            sparsity *= 1.0 - (1.0 - done) ** 3
        training.step.set("sparsity", sparsity)
        training.extra["sparsity"] = sparsity

    def line(self) -> dict[str, Any]:
        """The sparsity at the end of the epoch."""
        sparsity = self.training.extra.get("sparsity")
        return {} if sparsity is None else {"sparsity": sparsity}
