# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The flat list of work that a recipe's stages expand to.

Iterations and trials become tasks of their own, so that a checkpoint between
any two epochs of any of them is enough to go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..recipe.reference import reference_stage, stage_names
from ..recipe.schema import Compact, Prune, Recipe, Statistics, Train
from ..search.tolerance import Step
from ..search.trials import Trial, Trials

RULES = ("std_factor", "threshold", "sparsity")


@dataclass(frozen=True)
class TrainTask:
    """Training of one stage, iteration or trial.

    `seed` starts the generator of the batches, followed by the epoch; `iteration` counts
    iterations of a pruning stage from 1.
    """

    name: str
    stage: Train
    path: str
    seed: tuple[int, ...]
    iteration: int = 1


@dataclass(frozen=True)
class PruneTask:
    """One selection of masks; `base` is a saved state to start from instead.

    `iteration` counts iterations of a stage from 1.
    """

    name: str
    stage: Prune
    path: str
    base: str = ""
    iteration: int = 1


@dataclass(frozen=True)
class SaveTask:
    """Saves values and masks under a label, before trials change them."""

    name: str
    label: str


@dataclass(frozen=True)
class ChooseTask:
    """Takes up the best of the trials: its masks on the values before them."""

    name: str
    label: str
    stage: Prune
    path: str
    trials: tuple[tuple[str, Trial], ...] = field(default=())
    """Name of each trial's training, and the trial."""


@dataclass(frozen=True)
class CompactTask:
    """Elimination of dead neurons."""

    name: str
    stage: Compact
    path: str


@dataclass(frozen=True)
class StatisticsTask:
    """Running statistics of batch normalizations, measured again."""

    name: str
    stage: Statistics
    seed: tuple[int, ...]


@dataclass(frozen=True)
class SearchTask:
    """Asks the search of a stage with `max_drop` for its next candidate.

    `step` is the candidate before, which the search is told of; None at the beginning.
    Candidates become tasks when they are proposed.
    """

    name: str
    stage: Prune
    path: str
    seed: tuple[int, ...]
    step: Step | None = None


@dataclass(frozen=True)
class StartTask:
    """Takes up what the candidate `step` of a search starts from, and prunes it."""

    name: str
    stage: Prune
    path: str
    search: str
    step: Step


Task = (
    TrainTask | PruneTask | SaveTask | ChooseTask | CompactTask | StatisticsTask | SearchTask
    | StartTask
)  # fmt: skip


def expand(recipe: Recipe) -> list[Task]:
    """All tasks of a recipe in order."""
    tasks: list[Task] = []
    for index, (stage, name) in enumerate(zip(recipe.stages, stage_names(recipe), strict=True)):
        path, seed = f"stages[{index}]", (recipe.seed, index + 1)
        if isinstance(stage, Train):
            tasks.append(TrainTask(name, stage, path, seed))
        elif isinstance(stage, Compact):
            tasks.append(CompactTask(name, stage, path))
        elif isinstance(stage, Statistics):
            tasks.append(StatisticsTask(name, stage, seed))
        elif stage.max_drop:
            tasks.append(SearchTask(name, stage, path, seed))
        elif stage.trials:
            tasks += _trials(recipe, index, name, stage)
        elif stage.retrain is None:
            tasks.append(PruneTask(name, stage, path))
        else:
            for iteration in range(1, stage.iterations + 1):
                tasks.append(PruneTask(f"{name}-{iteration}", stage, path, iteration=iteration))
                tasks.append(
                    TrainTask(f"{name}-{iteration}-retrain", stage.retrain, f"{path}.retrain",
                              (*seed, iteration), iteration)
                )  # fmt: skip
    return tasks


def _trials(recipe: Recipe, index: int, name: str, stage: Prune) -> list[Task]:
    """Saves, then prunes and trains for each candidate, then chooses."""
    assert stage.trials is not None
    following = next(s for s in recipe.stages[index + 1 :] if isinstance(s, Train))
    training = replace(following, epochs=stage.trials.epochs, keep="best", start="", name="")
    path, label = f"stages[{index}]", f"before {name}"
    tasks: list[Task] = [SaveTask(name, label)]
    trials = []
    for trial in Trials(stage).propose():
        tried = replace(stage, trials=None, **{trial.rule: trial.number})
        title = f"{name}-{trial.title}"
        tasks.append(PruneTask(title, tried, path, base=label))
        tasks.append(TrainTask(f"{title}-train", training, path, (recipe.seed, index + 1)))
        trials.append((f"{title}-train", trial))
    tasks.append(ChooseTask(name, label, stage, path, tuple(trials)))
    return tasks


def saved_stages(recipe: Recipe) -> set[str]:
    """Names of the stages whose values later work needs."""
    wanted = {reference_stage(recipe)}
    wanted |= {s.start for s in recipe.stages if isinstance(s, Train) and s.start}
    return wanted | {s.rewind for s in recipe.stages if isinstance(s, Prune) and s.rewind}
