# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Straight-through masks: the step chooses them, the driver only gives the ratio."""

from __future__ import annotations

from typing import Any

from .base import Method


class StraightThroughMethod(Method):
    """Sets the ratio of each step, which may rise as a cubic."""

    def before(self, number: int) -> None:
        """Sets the ratio of the step and of the scoring after it."""
        rule, training = self.training.stage.straight_through, self.training
        assert rule is not None
        if rule.ratio is None:
            return
        ratio = rule.ratio
        if rule.ramp > 0:
            done = min(1.0, number / (rule.ramp * training.per_epoch))
            ratio *= 1.0 - (1.0 - done) ** 3
        training.step.set("ratio", ratio)
        training.extra["ratio"] = ratio

    def line(self) -> dict[str, Any]:
        """The ratio at the end of the epoch."""
        ratio = self.training.extra.get("ratio")
        return {} if ratio is None else {"ratio": ratio}
