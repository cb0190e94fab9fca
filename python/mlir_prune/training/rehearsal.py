# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A run rehearsed before it trains: what can fail without training fails here.

Every unit is entered with the first values, on rows of noise: its patterns are
matched, its passes run, its state is laid out. No step is taken and nothing is
compiled but the reference network of soft labels. Of iterations the first stands for
all, and of trials, too.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ..data import Dataset
from ..recipe import Recipe
from ..recipe.schema import Prune
from ..shrink import Forms
from .batches import steps_per_epoch
from .evaluate import Score
from .groups import check_groups
from .lost import check_counts
from .masks import masks_of
from .prune import prune
from .result import Outcome, forms_of, outcome
from .stage import StageTraining
from .statistics import statistics_program
from .trainer import check_fit
from .units import (
    ChooseUnit,
    CompactUnit,
    PruneUnit,
    StatisticsUnit,
    TrainUnit,
    Unit,
    expand,
)
from .untrained import Untrained, random_data


def rehearse(recipe: Recipe, data: Dataset) -> tuple[Outcome, Forms]:
    """Raises what a run of `recipe` on `data` would raise whatever it learns.

    Returns the networks and values that it ends with: first values, masked.
    """
    data.check()
    _check_rows(recipe, data)
    with TemporaryDirectory() as folder:
        trainer = _Rehearsal(recipe, random_data(recipe), Path(folder))
        check_fit(trainer.dense_network, data)
        found = trainer.run_all()
    return found, forms_of(found, recipe.batch, recipe.fold_borders)


def _check_rows(recipe: Recipe, data: Dataset) -> None:
    """Raises unless every stage has rows for one batch."""
    parts = data.divide(recipe.splits.validation, recipe.splits.gates)
    for unit in expand(recipe):
        if not isinstance(unit, TrainUnit):
            continue
        batch, gates = unit.stage.batch or recipe.batch, unit.stage.gates
        bilevel = gates is not None and gates.bilevel
        merged = unit.stage.rows == "merged" and not bilevel
        steps_per_epoch(parts.merged if merged else parts.train, batch)
        if bilevel and parts.gates is not None:
            steps_per_epoch(parts.gates, batch)


class _Rehearsal(Untrained):
    """Goes through all units once."""

    def run_all(self) -> Outcome:
        """Enters every unit but repetitions; returns what is there at the end."""
        left_out = _repetitions(self.units)
        for index, unit in enumerate(self.units):
            self.state.meta["unit"] = index
            if unit.name not in left_out:
                self._unit(unit)
        return outcome(self)

    def _unit(self, unit: Unit) -> None:
        if isinstance(unit, PruneUnit | TrainUnit | ChooseUnit):
            for warning in check_groups(self.network, unit.stage, unit.path):
                self.progress.warn(warning)
        notes = self.state.meta["notes"]
        # Prices relative to gradients would need steps.
        notes["gradient_rms"] = dict.fromkeys(self.network.weights(), 1.0)
        if isinstance(unit, PruneUnit):
            self._take(prune(self, replace(unit, stage=_by_count(unit.stage))))
        elif isinstance(unit, ChooseUnit):
            _, rule, number = unit.trials[0]
            tried = {"rule": rule, "number": number, "nonzeros": 0, "accepted": True,
                     "score": {"accuracy": 0.0, "loss": 0.0, "rows": 1}}  # fmt: skip
            self.state.meta["trials"][unit.name] = {"tried": [tried], "chosen": tried}
            stage = _by_count(replace(unit.stage, trials=None, **{rule: number}))
            self._take(prune(self, PruneUnit(unit.name, stage, unit.path, base=unit.label)))
            del self.state.saved[unit.label]
        elif isinstance(unit, CompactUnit):
            # With every weight kept no layer dies of masks that training will not choose.
            masks = masks_of(self.state.arrays)
            self.state.arrays |= {name: np.ones_like(mask) for name, mask in masks.items()}
            super()._unit(unit)
        elif isinstance(unit, StatisticsUnit):
            statistics_program(self, unit)
        else:
            super()._unit(unit)

    def _train(self, unit: TrainUnit) -> Score:
        training = StageTraining(self, unit)
        check_counts(self.network, unit.stage, unit.path)
        training.leave()
        return Score(0.0, 0.0, 1)


def _repetitions(units: list[Unit]) -> set[str]:
    """Names of units that are like one before: later iterations, further trials."""
    names = {u.name for u in units if isinstance(u, PruneUnit | TrainUnit) and u.turn > 1}
    for unit in units:
        if isinstance(unit, ChooseUnit):
            for name, _, _ in unit.trials[1:]:
                names |= {name, name.removesuffix("-train")}
    return names


def _by_count(stage: Prune) -> Prune:
    """The stage with a rule that does not depend on the values; ratios are such rules."""
    if stage.quality is None and stage.threshold is None:
        return stage
    numbers = stage.quality if stage.quality is not None else stage.threshold
    ratio = dict.fromkeys(numbers, 0.0) if isinstance(numbers, dict) else 0.0
    return replace(stage, quality=None, threshold=None, ratio=ratio)
