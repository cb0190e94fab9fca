# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A run rehearsed before it trains: what can fail without training fails here.

Every task is entered with the first values, on rows of noise: its patterns are
matched, its passes run, its state is laid out. No step is taken and nothing is
compiled but the reference network of soft labels. Of iterations the first stands for
all, and of trials, too.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ..data import Dataset
from ..forms import Forms
from ..native import parse
from ..recipe import Recipe
from ..recipe.schema import Prune
from ..search.tolerance import Step
from . import tolerance
from .batch_statistics import statistics_program
from .batches import steps_per_epoch
from .evaluate import Score
from .fit import check_indices, fit
from .groups import check_groups
from .lost import check_counts
from .masks import masks_of
from .prune import prune
from .result import Outcome, forms_of, outcome
from .stage import StageTraining
from .tasks import (
    ChooseTask,
    CompactTask,
    PruneTask,
    SearchTask,
    StatisticsTask,
    Task,
    TrainTask,
    expand,
)
from .untrained import Untrained, random_data

_NOTHING = {"overfits": True}
"""Facts of a search that has measured nothing."""


def rehearse(recipe: Recipe, data: Dataset) -> tuple[Outcome, Forms]:
    """Raises what a run of `recipe` on `data` would raise whatever it learns.

    Returns the networks and values that it ends with: first values, masked.
    """
    data.check()
    _check_rows(recipe, data)
    with TemporaryDirectory() as folder:
        trainer = _Rehearsal(recipe, random_data(recipe), Path(folder))
        network = trainer.dense_network
        check_indices(parse(network.text(1)), fit(network.signature, data))
        found = trainer.run_all()
    return found, forms_of(found, recipe.batch, recipe.fold_borders)


def _check_rows(recipe: Recipe, data: Dataset) -> None:
    """Raises unless every stage has rows for one batch."""
    parts = data.divide(recipe.splits.validation, recipe.splits.gates)
    for task in expand(recipe):
        if isinstance(task, SearchTask):
            task = tolerance.candidate_tasks(task, Step("round", 1, "", 1, 1, 0.0), _NOTHING)[1]
        if not isinstance(task, TrainTask):
            continue
        batch, gates = task.stage.batch or recipe.batch, task.stage.gates
        bilevel = gates is not None and gates.bilevel
        merged = task.stage.rows == "merged" and not bilevel
        steps_per_epoch(parts.merged if merged else parts.train, batch)
        if bilevel and parts.gates is not None:
            steps_per_epoch(parts.gates, batch)


class _Rehearsal(Untrained):
    """Goes through all tasks once."""

    def run_all(self) -> Outcome:
        """Enters every task but repetitions; returns what is there at the end."""
        left_out = _repetitions(self.tasks)
        for index, task in enumerate(self.tasks):
            self.state.meta["task"] = index
            if task.name not in left_out:
                self._task(task)
        return outcome(self)

    def _task(self, task: Task) -> None:
        if isinstance(task, PruneTask | TrainTask | ChooseTask):
            for warning in check_groups(self.network, task.stage, task.path):
                self.progress.warn(warning)
        notes = self.state.meta["notes"]
        # Strengths relative to gradients would need steps.
        notes["gradient_rms"] = dict.fromkeys(self.network.weights(), 1.0)
        if isinstance(task, PruneTask):
            self._take(prune(self, replace(task, stage=_by_count(task.stage))))
        elif isinstance(task, ChooseTask):
            _, trial = task.trials[0]
            rule, number = trial.rule, trial.number
            tried = {"rule": rule, "number": number, "nonzeros": 0, "accepted": True,
                     "score": {"accuracy": 0.0, "loss": 0.0, "rows": 1}}  # fmt: skip
            self.state.meta["trials"][task.name] = {"tried": [tried], "chosen": tried}
            stage = _by_count(replace(task.stage, trials=None, **{rule: number}))
            self._take(prune(self, PruneTask(task.name, stage, task.path, base=task.label)))
            del self.state.saved[task.label]
        elif isinstance(task, SearchTask):
            self._rehearse_search(task)
        elif isinstance(task, CompactTask):
            # With every weight kept no layer dies of masks that training will not choose.
            masks = masks_of(self.state.arrays)
            self.state.arrays |= {name: np.ones_like(mask) for name, mask in masks.items()}
            super()._task(task)
        elif isinstance(task, StatisticsTask):
            statistics_program(self, task)
        else:
            super()._task(task)

    def _rehearse_search(self, task: SearchTask) -> None:
        """Enters the training of one candidate that prunes nothing."""
        self._take(tolerance.pruned_to(self, task.stage, task.path, sys.maxsize)[0])
        step = Step("round", 1, "", 1, 1, 1e-6)
        for entry in tolerance.candidate_tasks(task, step, _NOTHING):
            if isinstance(entry, TrainTask):
                self._train(entry)

    def _train(self, task: TrainTask) -> Score:
        training = StageTraining(self, task)
        check_counts(self.network, task.stage, task.path)
        training.leave()
        return Score(0.0, 0.0, 1)


def _repetitions(tasks: list[Task]) -> set[str]:
    """Names of units that are like one before: later iterations, further trials."""
    names = {u.name for u in tasks if isinstance(u, PruneTask | TrainTask) and u.iteration > 1}
    for task in tasks:
        if isinstance(task, ChooseTask):
            for name, _ in task.trials[1:]:
                names |= {name, name.removesuffix("-train")}
    return names


def _by_count(stage: Prune) -> Prune:
    """The stage with a rule that does not depend on the values; sparsities are such rules."""
    if stage.sensitivity is not None or stage.target is not None:
        return replace(stage, sensitivity=None, target=None, sparsity=0.0)
    if stage.std_factor is None and stage.threshold is None:
        return stage
    numbers = stage.std_factor if stage.std_factor is not None else stage.threshold
    sparsity = dict.fromkeys(numbers, 0.0) if isinstance(numbers, dict) else 0.0
    return replace(stage, std_factor=None, threshold=None, sparsity=sparsity)
