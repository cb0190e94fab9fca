# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pruning tasks: masks by a rule, and the choice among trials."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import networks
from ..errors import TrainingError
from ..recipe.reference import INITIAL
from ..recipe.schema import Prune
from ..search.protocol import run
from ..search.sensitivity import Cell, Sensitivity, ratios_within
from ..search.trials import Trials
from .evaluate import score
from .judgment import collect_evidence, masks_of_one, selection_options
from .lost import check_lost
from .masks import PREFIX, Arrays, apply, intersect, masks_of, reinitialize, select_masks
from .parametrization import folded
from .program import compiled
from .schedule import scheduled
from .target import targeted
from .tasks import RULES, ChooseTask, PruneTask

if TYPE_CHECKING:
    from .trainer import Trainer


def prune(trainer: Trainer, task: PruneTask) -> Arrays:
    """Parameters and masks after one pruning, from the present or a saved state."""
    run, network = trainer.state, trainer.network
    now = folded(network, run.arrays, run.meta["parametrization"])
    before = run.saved[task.base] if task.base else now
    stage = scheduled(task.stage, task.iteration)
    if stage.sensitivity is not None:
        stage = scanned(trainer, task, before)
    elif stage.target is not None:
        stage = targeted(trainer, task, before)
    after = apply(before | rule_masks(trainer, stage, task.path, before))
    if stage.reinitialize or stage.rewind:
        after = apply(reinitialize(after, _rewound(trainer, task)))
    note = {
        "nonzeros": count_nonzeros(network, after),
        "live_before": count_nonzeros(network, before),
    }
    check_lost(trainer, task.name, {n: int(np.count_nonzero(after[n])) for n in network.weights()})
    run.meta["notes"][task.name] = note
    if task.stage.dropout == "adjust":
        run.meta["remaining"] = {
            name.removeprefix(PREFIX): int(mask.sum()) for name, mask in masks_of(after).items()
        }
    trainer.progress.say(
        f"{task.name}: {sum(note['nonzeros'].values()):,} of "
        f"{sum(after[n].size for n in network.weights()):,} weights left"
    )
    return after


def _rewound(trainer: Trainer, task: PruneTask) -> Arrays:
    """The values that the remaining weights of a stage get back."""
    name = task.stage.rewind
    if task.stage.reinitialize or name == INITIAL:
        return trainer.initial_values()
    if name not in trainer.state.saved:
        raise TrainingError(
            f"{task.path}.rewind: stage '{name}' was not run here, as trained values took its place"
        )
    return {n: a for n, a in trainer.state.saved[name].items() if not n.startswith(PREFIX)}


def scanned(trainer: Trainer, task: PruneTask, before: Arrays) -> Prune:
    """The stage with the sparsities that a scan finds; `before` are the values to prune."""
    stage, network, points = task.stage, trainer.network, task.stage.sensitivity
    assert points is not None
    rows, axis = trainer.data.validation, network.signature.axis
    names = networks.choose(network, stage.targets, stage.ignore, task.path, among=("weight",))
    evidence = collect_evidence(trainer, stage, task.path, before, names)
    program = compiled(network.text(trainer.recipe.batch), "", trainer.recipe.threads)
    dense = score(program, before, rows, axis)

    def evaluate(cell: Cell) -> dict[str, Any]:
        masks = masks_of_one(
            network, before, cell.layer, stage, cell.ratio, evidence, trainer.recipe.seed
        )
        values = apply(before | intersect(masks_of(before), masks))
        found = score(program, values, rows, axis)
        return {
            "accuracy": found.accuracy, "loss": found.loss, "error": 0.0,
            "drop": dense.accuracy - found.accuracy, "left": int(np.count_nonzero(values[cell.layer])),
        }  # fmt: skip

    table = run(Sensitivity(names), evaluate)
    trainer.state.meta["notes"][f"{task.name} scan"] = table
    found = {networks.literal(name): ratio for name, ratio in ratios_within(table, points).items()}
    return replace(stage, sensitivity=None, sparsity=found)


def rule_masks(trainer: Trainer, stage: Prune, path: str, before: Arrays) -> Arrays:
    """The masks of a stage's rule within the masks that are there."""
    network = trainer.network
    names = networks.choose(network, stage.targets, stage.ignore, path, among=("weight",))
    rule: dict[str, object] = {}
    for key in RULES:
        value = getattr(stage, key)
        if value is None:
            continue
        if isinstance(value, dict):
            numbers = networks.match_numbers(value, names, f"{path}.{key}")
            if stage.granularity != networks.COUPLED:  # whose weights have others' rules, too
                names = [name for name in names if name in numbers]
            # Names of one pattern stay together, so that a global sparsity ranks them so.
            value = [f"{pattern}:{number!r}" for pattern, number in value.items()]
        rule[key] = value
    networks.check_granularity(network, names, stage.granularity, f"{path}.granularity")
    rule |= selection_options(stage, trainer.recipe.seed)
    if trainer.recipe.threads > 1 and stage.granularity != networks.COUPLED:
        rule["select_threads"] = trainer.recipe.threads
    if isinstance(stage.cap, dict):
        networks.match_numbers(stage.cap, names, f"{path}.cap")
    evidence = collect_evidence(trainer, stage, path, before, names)
    found = select_masks(network, before, names, stage.granularity, evidence, **rule)
    leaves = stage.granularity == networks.COUPLED and stage.sparsity != 0.0
    if leaves and all(mask.all() for mask in found.values()):
        trainer.progress.warn(
            f"{path}: no channel of these weights leaves: their groups cannot, or the share is less "
            "than one; `prune-print-groups` says what ties them"
        )
    return intersect(masks_of(before), found)


def choose_trial(trainer: Trainer, task: ChooseTask) -> Arrays:
    """Prunes once more by the rule of the best trial (:class:`Trials`)."""
    assert task.stage.trials is not None
    meta = trainer.state.meta
    floor = meta["scores"][trainer.reference]["accuracy"] - task.stage.trials.tolerance
    search = Trials(task.stage, floor)
    for name, trial in task.trials:
        nonzeros = sum(meta["notes"][name.removesuffix("-train")]["nonzeros"].values())
        search.observe(trial, {"nonzeros": nonzeros, "score": meta["scores"][name]})
    outcome = search.finish()
    meta["trials"][task.name], chosen = outcome, outcome["chosen"]
    stage = replace(task.stage, trials=None, **{chosen["rule"]: chosen["number"]})
    return prune(trainer, PruneTask(task.name, stage, task.path, base=task.label))


def count_nonzeros(network: Any, arrays: Arrays) -> dict[str, int]:
    """Weights that masks keep, by name; all where there is no mask."""
    found = {}
    for name in network.weights():
        mask = arrays.get(PREFIX + name)
        found[name] = int(np.count_nonzero(mask)) if mask is not None else arrays[name].size
    return found
