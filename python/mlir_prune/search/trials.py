# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trials of a pruning stage: each of a list of rules, pruned and trained for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..recipe.schema import Prune
from .protocol import Search


@dataclass(frozen=True)
class Trial:
    """One number of the rule."""

    rule: str
    number: float

    @property
    def key(self) -> str:
        return f"{self.rule}-{self.number!r}"

    @property
    def title(self) -> str:
        """The key as part of the name of a task."""
        return f"{self.rule}-{self.number:g}"


class Trials(Search[Trial, dict[str, Any]]):
    """Takes the sparsest that is accurate enough.

    A result has `nonzeros` and `score`. The sparsest trial that is at least as accurate as
    `floor` wins, else the most accurate; ties go to the more accurate one.
    """

    def __init__(self, stage: Prune, floor: float = 0.0) -> None:
        super().__init__()
        assert stage.trials is not None
        rule = "std_factor" if stage.trials.std_factor else "sparsity"
        self._trials = [Trial(rule, number) for number in getattr(stage.trials, rule)]
        self._floor = floor

    def propose(self) -> Sequence[Trial]:
        return [trial for trial in self._trials if trial.key not in self.seen]

    def finish(self) -> dict[str, Any]:
        """What was tried, and the rule that is chosen."""
        tried = []
        for trial in self._trials:
            result = self.seen[trial.key]
            accepted = result["score"]["accuracy"] >= self._floor
            tried.append(
                {"rule": trial.rule, "number": trial.number, **result, "accepted": accepted}
            )
        enough = [trial for trial in tried if trial["accepted"]]
        if enough:
            chosen = min(enough, key=lambda t: (t["nonzeros"], -t["score"]["accuracy"]))
        else:
            chosen = max(tried, key=lambda t: (t["score"]["accuracy"], -t["score"]["loss"]))
        return {
            "tried": tried,
            "chosen": {"rule": chosen["rule"], "number": chosen["number"]},
        }
