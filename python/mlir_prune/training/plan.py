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
from .units import (
    ChooseUnit,
    PruneUnit,
    SaveUnit,
    StatisticsUnit,
    TrainUnit,
    Unit,
    expand,
)

_KEPT = {
    "last": "last epoch",
    "best": "best epoch",
    "mean": "mean of the second half of its epochs",
}
_MODIFIERS = ("freeze", "gradual", "rigl", "straight_through", "admm", "gates")


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
    for unit in expand(recipe):
        per_epoch = 0
        if isinstance(unit, TrainUnit):
            rows = data.merged if unit.stage.rows == "merged" else data.train
            per_epoch = steps_per_epoch(rows, unit.stage.batch or recipe.batch)
            total += per_epoch * unit.stage.epochs
        if isinstance(unit, PruneUnit | TrainUnit) and unit.turn > 1:
            yield from _again(unit)
        else:
            yield from _unit(network, unit, per_epoch)
    yield f"{total:,} steps in all"


def _again(unit: PruneUnit | TrainUnit) -> Iterator[str]:
    """One line for all iterations like the first, where the second begins."""
    if isinstance(unit, PruneUnit) and unit.turn == 2:
        last = unit.stage.iterations
        to = f" to {unit.name.removesuffix('2')}{last}" if last > 2 else ""
        yield f"{unit.name}{to}: the same again"


def _unit(network: Any, unit: Unit, per_epoch: int) -> Iterator[str]:
    if isinstance(unit, TrainUnit):
        yield f"{unit.name}: train {unit.stage.epochs} epochs of {per_epoch} steps"
        yield from _train(network, unit, per_epoch)
    elif isinstance(unit, PruneUnit):
        yield f"{unit.name}: prune{f' from {unit.base!r}' if unit.base else ''}"
        yield from _prune(network, unit.stage, unit.path)
    elif isinstance(unit, ChooseUnit):
        yield f"{unit.name}: take the best of {len(unit.trials)} trials"
    elif isinstance(unit, StatisticsUnit):
        yield f"{unit.name}: measure batch normalisations on {unit.stage.batches} batches"
    elif not isinstance(unit, SaveUnit):
        yield f"{unit.name}: remove dead neurons"


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


def _train(network: Any, unit: TrainUnit, per_epoch: int) -> Iterator[str]:
    stage, total = unit.stage, per_epoch * unit.stage.epochs
    yield f"  optimizer {_short(stage.optimizer)}"
    yield f"  learning rate {_rates(stage.learning_rate, per_epoch, total)}"
    yield f"  keeps the {_KEPT[stage.keep]}"
    for index, penalty in enumerate(stage.regularize):
        path = f"{unit.path}.regularize[{index}]"
        strength = _strengths(penalty.strength, penalty.start, penalty.end, stage.epochs)
        yield f"  {penalty.kind}{' (proximal)' if penalty.proximal else ''} strength {strength}"
        names = networks.choose(network, penalty.targets, penalty.ignore, path)
        networks.match_numbers(penalty.strengths, names, f"{path}.strengths")
        yield from _matched(network, names)
    if stage.distill:
        rule = stage.distill
        yield f"  soft labels: {rule.weight:g} of the reference network at {rule.temperature:g}"
    for key in _MODIFIERS:
        rule = getattr(stage, key)
        if rule is None:
            continue
        yield f"  {key} {_short(rule)}".rstrip()
        among = ("weight", "bias", "scale") if key == "freeze" else ("weight",)
        names = networks.choose(network, rule.targets, rule.ignore, f"{unit.path}.{key}", among)
        for numbers in ("ratios", "strengths"):
            if hasattr(rule, numbers):
                networks.match_numbers(
                    getattr(rule, numbers), names, f"{unit.path}.{key}.{numbers}"
                )
        yield from _matched(network, names)


def _prune(network: Any, stage: Prune, path: str) -> Iterator[str]:
    names = networks.choose(network, stage.targets, stage.ignore, path, among=("weight",))
    for key in ("quality", "threshold", "ratio"):
        value = getattr(stage, key)
        if value is None:
            continue
        scope = f" ({stage.scope})" if key == "ratio" else ""
        if isinstance(value, dict):
            found = networks.match_numbers(value, names, f"{path}.{key}")
            names = [name for name in names if name in found]
            yield f"  {key} {', '.join(f'{n} {x:g}' for n, x in found.items())}{scope}"
        else:
            yield f"  {key} {value:g}{scope}"
    if stage.granularity != "unstructured":
        yield f"  granularity {stage.granularity}"
    for key in ("reinitialize", "dropout"):
        if getattr(stage, key) not in (False, "keep"):
            yield f"  {key}: {getattr(stage, key)}"
    yield from _matched(network, names)


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
