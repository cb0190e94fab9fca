# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The plan of a run, without running it: what ``prune train --dry-run`` prints."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from .. import networks
from ..data import Dataset
from ..recipe import Recipe
from ..recipe.modifiers import Rate, Strength
from ..recipe.parse import to_tree
from ..recipe.schema import Prune
from . import schedule
from .batches import steps_per_epoch
from .tasks import (
    ChooseTask,
    PruneTask,
    SaveTask,
    SearchTask,
    StatisticsTask,
    Task,
    TrainTask,
    expand,
)

_KEPT = {
    "last": "last epoch",
    "best": "best epoch",
    "mean": "mean of the second half of its epochs",
}


def plan_text(recipe: Recipe, data: Dataset) -> str:
    """Stages, steps, schedules, and what each pattern matched.

    Raises the errors that the run itself would raise for a pattern that
    matches nothing.
    """
    return "\n".join(_lines(recipe, data)) + "\n"


def _lines(recipe: Recipe, data: Dataset) -> Iterator[str]:
    network = networks.build_network(recipe.model, recipe.dataset)
    data = data.divide(recipe.splits.validation, recipe.splits.gates)
    yield from _head(recipe, data, network)
    total = 0
    for task in expand(recipe):
        per_epoch = 0
        if isinstance(task, TrainTask):
            rows = data.merged if task.stage.rows == "merged" else data.train
            per_epoch = steps_per_epoch(rows, task.stage.batch or recipe.batch)
            total += per_epoch * task.stage.epochs
        elif isinstance(task, StatisticsTask):
            per_epoch = steps_per_epoch(data.merged, recipe.batch)
        if isinstance(task, PruneTask | TrainTask) and task.iteration > 1:
            yield from _again(task)
        else:
            yield from _task(network, task, per_epoch)
    yield f"{total:,} steps in all"


def _again(task: PruneTask | TrainTask) -> Iterator[str]:
    """One line for all iterations like the first, where the second begins."""
    if isinstance(task, PruneTask) and task.iteration == 2:
        last = task.stage.iterations
        to = f" to {task.name.removesuffix('2')}{last}" if last > 2 else ""
        yield f"{task.name}{to}: the same again"


def _task(network: Any, task: Task, per_epoch: int) -> Iterator[str]:
    if isinstance(task, TrainTask):
        yield f"{task.name}: train {task.stage.epochs} epochs of {per_epoch} steps"
        yield from _train(network, task, per_epoch)
    elif isinstance(task, PruneTask):
        yield f"{task.name}: prune{f' from {task.base!r}' if task.base else ''}"
        yield from _prune(network, task.stage, task.path)
    elif isinstance(task, ChooseTask):
        yield f"{task.name}: take the best of {len(task.trials)} trials"
    elif isinstance(task, StatisticsTask):
        count = min(task.stage.batches, per_epoch)
        yield f"{task.name}: measure batch normalizations on {count} batches"
    elif isinstance(task, SearchTask):
        yield from _search(task)
    elif not isinstance(task, SaveTask):
        yield f"{task.name}: remove dead neurons"


def _search(task: SearchTask) -> Iterator[str]:
    rule = task.stage.max_drop
    assert rule is not None
    bounds = [f"{rule.epochs} epochs"] if rule.epochs else []
    bounds += [f"{rule.minutes:g} minutes"] if rule.minutes else []
    within = f", in {' or '.join(bounds)}" if bounds else ""
    yield f"{task.name}: search for the sparsest network within {rule.points:g} points{within}"
    yield f"  rounds keep {rule.keep:g} of the weights"


def _head(recipe: Recipe, data: Dataset, network: Any) -> Iterator[str]:
    gates = f", {len(data.gates):,} for gates" if data.gates else ""
    yield (
        f"{data.name}: {len(data.train):,} rows to train{gates}, "
        f"{len(data.validation):,} to validate"
    )
    shapes = network.shapes()
    yield (
        f"{networks.model_title(recipe.model, recipe.dataset)}: "
        f"{sum(math.prod(shapes[n]) for n in network.weights()):,} weights, "
        f"{sum(math.prod(s) for s in shapes.values()):,} parameters, "
        f"{sum(network.macs().values()):,} MACs"
    )
    yield f"seed {recipe.seed}, batch {recipe.batch}, threads {recipe.threads}"


def _train(network: Any, task: TrainTask, per_epoch: int) -> Iterator[str]:
    stage, total = task.stage, per_epoch * task.stage.epochs
    yield f"  optimizer {_short(stage.optimizer)}"
    yield f"  learning rate {_rates(stage.learning_rate, per_epoch, total)}"
    yield f"  keeps the {_KEPT[stage.keep]}"
    for index, penalty in enumerate(stage.regularize):
        path = f"{task.path}.regularize[{index}]"
        strength = _strengths(penalty.strength, penalty.start, penalty.end, stage.epochs)
        yield f"  {penalty.kind}{' (proximal)' if penalty.proximal else ''} strength {strength}"
        names = networks.choose(network, penalty.targets, penalty.ignore, path)
        networks.match_numbers(penalty.strengths, names, f"{path}.strengths")
        yield from _matched(network, names)
    if stage.distill:
        rule = stage.distill
        yield f"  soft labels: {rule.weight:g} of the reference network at {rule.temperature:g}"
    frozen = [("freeze", stage.freeze)] if stage.freeze else []
    chosen: list[tuple[str, Any]] = [*frozen, *stage.modifiers()]
    for key, rule in chosen:
        yield f"  {key} {_short(rule)}".rstrip()
        among = ("weight", "bias", "scale") if key == "freeze" else ("weight",)
        names = networks.choose(network, rule.targets, rule.ignore, f"{task.path}.{key}", among)
        for numbers in ("sparsities", "strengths"):
            if hasattr(rule, numbers):
                networks.match_numbers(
                    getattr(rule, numbers), names, f"{task.path}.{key}.{numbers}"
                )
        yield from _matched(network, names)


def _prune(network: Any, stage: Prune, path: str) -> Iterator[str]:
    names = networks.choose(network, stage.targets, stage.ignore, path, among=("weight",))
    for key in ("std_factor", "threshold", "sparsity"):
        value = getattr(stage, key)
        if value is None:
            continue
        scope = f" ({stage.scope})" if key == "sparsity" else ""
        if isinstance(value, dict):
            found = networks.match_numbers(value, names, f"{path}.{key}")
            names = [name for name in names if name in found]
            yield f"  {key} {', '.join(f'{n} {x:g}' for n, x in found.items())}{scope}"
        else:
            yield f"  {key} {value:g}{scope}"
    if stage.sensitivity is not None:
        yield f"  sparsities that cost {stage.sensitivity:g} points each"
    if stage.target is not None:
        name, amount = stage.target.chosen()
        yield f"  target {name} {amount:g} ({stage.target.allocation})"
    if stage.granularity != "unstructured":
        yield f"  granularity {stage.granularity}"
    if stage.criterion != "magnitude":
        yield f"  criterion {stage.criterion}"
    if isinstance(stage.cap, dict):
        caps = networks.match_numbers(stage.cap, names, f"{path}.cap")
        yield f"  cap {', '.join(f'{n} {x:g}' for n, x in caps.items())}"
    elif stage.cap is not None:
        yield f"  cap {stage.cap:g}"
    if stage.round_to > 1:
        yield f"  round_to {stage.round_to}"
    if stage.exclude_ends:
        yield "  exclude_ends"
    if stage.schedule != "once":
        found = [_scheduled_text(stage, i) for i in range(1, stage.iterations + 1)]
        yield f"  schedule {stage.schedule}: {', '.join(found)}"
    if stage.rewind:
        yield f"  rewind to {stage.rewind}"
    for key in ("reinitialize", "dropout"):
        if getattr(stage, key) not in (False, "keep"):
            yield f"  {key}: {getattr(stage, key)}"
    yield from _matched(network, names)


def _scheduled_text(stage: Prune, iteration: int) -> str:
    """The sparsity of an iteration; of several numbers the first."""
    now = schedule.scheduled(stage, iteration).sparsity
    return f"{next(iter(now.values())) if isinstance(now, dict) else now or 0.0:.3g}"


def _matched(network: Any, names: Iterable[str]) -> Iterator[str]:
    shapes = network.shapes()
    for name in names:
        shape = shapes[name]
        yield f"    {name:<16} {'x'.join(map(str, shape)):>12} {math.prod(shape):>10,}"


def _rates(rate: Rate, per_epoch: int, total: int) -> str:
    """The schedule and its values at the start, the middle and the end."""
    if total == 0 or (rate.schedule == "constant" and not rate.warmup):
        return f"{rate.value:g}"
    places = (0, total // 2, total - 1)
    values = [schedule.learning_rate(rate, step, per_epoch, total) for step in places]
    text = ", ".join(f"{v:.3g} at step {s + 1}" for s, v in zip(places, values, strict=True))
    return f"{rate.schedule}: {text}"


def _strengths(strength: Strength, start: float, end: float | None, epochs: int) -> str:
    if strength.schedule == "constant" and start == 0 and end is None:
        return f"{strength.value:g}"
    places = (0.0, epochs / 2, epochs - 1.0)
    values = [schedule.strength(strength, start, end, place, float(epochs)) for place in places]
    text = ", ".join(f"{v:.3g} at epoch {p:g}" for p, v in zip(places, values, strict=True))
    return f"{strength.schedule}: {text}"


def _short(value: Any) -> str:
    """A record in one line, without its targets and defaults."""
    tree = to_tree(value)
    if not isinstance(tree, dict):
        return str(tree)
    return ", ".join(f"{k} {v}" for k, v in tree.items() if k not in ("targets", "ignore"))
