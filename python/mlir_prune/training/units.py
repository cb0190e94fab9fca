# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The flat list of work that a recipe's stages expand to.

Iterations and trials become units of their own, so that a checkpoint between
any two epochs of any of them is enough to go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..recipe.reference import reference_stage, stage_names
from ..recipe.schema import Compact, Prune, Recipe, Statistics, Train

RULES = ("quality", "threshold", "ratio")


@dataclass(frozen=True)
class TrainUnit:
    """Training of one stage, iteration or trial.

    `seed` starts the generator of the batches, followed by the epoch; `turn` counts
    iterations of a pruning stage from 1.
    """

    name: str
    stage: Train
    path: str
    seed: tuple[int, ...]
    turn: int = 1


@dataclass(frozen=True)
class PruneUnit:
    """One selection of masks; `base` is a saved state to start from instead.

    `turn` counts iterations of a stage from 1.
    """

    name: str
    stage: Prune
    path: str
    base: str = ""
    turn: int = 1


@dataclass(frozen=True)
class SaveUnit:
    """Saves values and masks under a label, before trials change them."""

    name: str
    label: str


@dataclass(frozen=True)
class ChooseUnit:
    """Takes up the best of the trials: its masks on the values before them."""

    name: str
    label: str
    stage: Prune
    path: str
    trials: tuple[tuple[str, str, float], ...] = field(default=())
    """Name of the trial's training, its rule, the number of the rule."""


@dataclass(frozen=True)
class CompactUnit:
    """Removal of dead neurons."""

    name: str
    stage: Compact
    path: str


@dataclass(frozen=True)
class StatisticsUnit:
    """Running statistics of batch normalisations, measured again."""

    name: str
    stage: Statistics
    seed: tuple[int, ...]


Unit = TrainUnit | PruneUnit | SaveUnit | ChooseUnit | CompactUnit | StatisticsUnit


def expand(recipe: Recipe) -> list[Unit]:
    """All units of a recipe in order."""
    units: list[Unit] = []
    for index, (stage, name) in enumerate(zip(recipe.stages, stage_names(recipe), strict=True)):
        path, seed = f"stages[{index}]", (recipe.seed, index + 1)
        if isinstance(stage, Train):
            units.append(TrainUnit(name, stage, path, seed))
        elif isinstance(stage, Compact):
            units.append(CompactUnit(name, stage, path))
        elif isinstance(stage, Statistics):
            units.append(StatisticsUnit(name, stage, seed))
        elif stage.trials:
            units += _trials(recipe, index, name, stage)
        elif stage.retrain is None:
            units.append(PruneUnit(name, stage, path))
        else:
            for turn in range(1, stage.iterations + 1):
                units.append(PruneUnit(f"{name}-{turn}", stage, path, turn=turn))
                units.append(
                    TrainUnit(f"{name}-{turn}-retrain", stage.retrain, f"{path}.retrain",
                              (*seed, turn), turn)
                )  # fmt: skip
    return units


def _trials(recipe: Recipe, index: int, name: str, stage: Prune) -> list[Unit]:
    """Saves, then prunes and trains for each candidate, then chooses."""
    assert stage.trials is not None
    rule = "quality" if stage.trials.quality else "ratio"
    following = next(s for s in recipe.stages[index + 1 :] if isinstance(s, Train))
    training = replace(following, epochs=stage.trials.epochs, keep="best", start="", name="")
    path, label = f"stages[{index}]", f"before {name}"
    units: list[Unit] = [SaveUnit(name, label)]
    trials = []
    for number in getattr(stage.trials, rule):
        tried = replace(stage, trials=None, **{rule: number})
        title = f"{name}-{rule}-{number:g}"
        units.append(PruneUnit(title, tried, path, base=label))
        units.append(TrainUnit(f"{title}-train", training, path, (recipe.seed, index + 1)))
        trials.append((f"{title}-train", rule, number))
    units.append(ChooseUnit(name, label, stage, path, tuple(trials)))
    return units


def saved_stages(recipe: Recipe) -> set[str]:
    """Names of the stages whose values later work needs."""
    wanted = {reference_stage(recipe)}
    return wanted | {s.start for s in recipe.stages if isinstance(s, Train) and s.start}
