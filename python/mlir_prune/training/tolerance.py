# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A pruning stage with `max_drop`: the candidates of a :class:`Tolerance` as tasks of a run.

Each candidate is a start (a saved network, pruned further), a training, and a look at the
validation rows, after which the search says what comes next. What it was told is in the
meta data of the run, so a run goes on within any candidate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import files, networks
from ..evidence import Evidence
from ..recipe import dump_recipe
from ..recipe.modifiers import Rate, Regularize, Strength
from ..recipe.schema import Compact, Optimizer, Prune, Recipe, Stage, Train
from ..search.ratios import count_left
from ..search.tolerance import Limits, Step, Tolerance
from .batches import steps_per_epoch
from .channel_target import ChannelPlan
from .evaluate import (
    calibrated_loss,
    calibrated_losses,
    compare,
    logits,
    mean_error,
    rows_right,
    score_logits,
)
from .judgment import collect_evidence, masks_of_one
from .masks import PREFIX, Arrays, apply, intersect, masks_of
from .parametrization import folded
from .program import compiled
from .prune import count_nonzeros
from .tasks import PruneTask, SearchTask, StartTask, Task, TrainTask

if TYPE_CHECKING:
    from .trainer import Trainer

FOUND = "found.yaml"
"""The recipe that repeats what was found without a search."""

_SHARES = (0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01)
"""Shares of the weights that are tried without training, for the first round."""

_ONE_SHOT = 1.0
"""Points besides the tolerance that the first round may lose before it trains."""

_STEPS, _EPOCHS = 160_000, (300, 1000)
"""Length of a search without a budget: steps, but at least and at most so many epochs."""

_OVERFIT = 0.7
"""Loss on training rows by that on validation rows, below which dropout helps."""

_TRAINING = Train(
    optimizer=Optimizer(weight_decay=2e-4), learning_rate=Rate(1e-3), keep="last"
)  # fmt: skip


def extended(tasks: list[Task], meta: Mapping[str, Any]) -> list[Task]:
    """All tasks with the candidates that searches have proposed so far."""
    found: list[Task] = []
    for task in tasks:
        found.append(task)
        if isinstance(task, SearchTask):
            told = meta.get("searches", {}).get(task.name, {"proposed": []})
            for entry in told["proposed"]:
                found += candidate_tasks(task, Step(**entry), told["facts"])
    return found


def candidate_tasks(task: SearchTask, step: Step, facts: Mapping[str, Any]) -> list[Task]:
    """What evaluates one candidate: its start, its training, the look at the result."""
    title = f"{task.name}-{step.key}"
    training = TrainTask(
        title, training_of(task.stage, step, facts), f"{task.path}.retrain",
        (*task.seed, step.number, ("round", "tune", "fill").index(step.kind)),
    )  # fmt: skip
    start = StartTask(f"{title}-start", task.stage, task.path, task.name, step)
    return [start, training, replace(task, step=step)]


def training_of(stage: Prune, step: Step, facts: Mapping[str, Any]) -> Train:
    """How a candidate is trained: like `retrain`, with its own length, rate and penalty."""
    training = stage.retrain or _TRAINING
    rate = replace(training.learning_rate, schedule="cosine", final=0.0)
    if step.kind == "round":
        rate = replace(rate, schedule="linear", final=training.learning_rate.value / 10)
    penalty = Regularize(
        kind="hoyer_square", strength=Strength(step.price), targets=stage.targets,
        ignore=stage.ignore,
    )  # fmt: skip
    return replace(
        training, name="", start="", epochs=step.epochs, learning_rate=rate, keep="last",
        regularize=(penalty,) if step.price else (), dropout=training.dropout and facts["overfits"],
    )  # fmt: skip


def limits_of(trainer: Trainer, stage: Prune) -> Limits:
    """The bounds of a stage's search, with a budget that fits the rows where it has none."""
    rule = stage.max_drop
    assert rule is not None
    training = stage.retrain or _TRAINING
    rows = trainer.data.merged if training.rows == "merged" else trainer.data.train
    per_epoch = steps_per_epoch(rows, training.batch or trainer.recipe.batch)
    low, high = _EPOCHS
    epochs = rule.epochs or min(high, max(low, _STEPS // per_epoch))
    confidence = rule.confidence
    if confidence is None:
        confidence = confidence_for(len(trainer.data.validation))
    return Limits(rule.points, epochs, rule.minutes, confidence, rule.keep)


def confidence_for(rows: int) -> float:
    """Standard errors that a drop counts more, by the number of validation rows.

    The search tries many networks, and on few rows the luckiest is further from the truth.
    """
    return 0.75 * (1.0 + min(1.0, max(0.0, math.log10(5000 / max(rows, 1)))))


def make_search(trainer: Trainer, task: SearchTask) -> Tolerance:
    """The search of a task, with what it was told so far."""
    told = trainer.state.meta["searches"][task.name]
    search = Tolerance(limits_of(trainer, task.stage), told["facts"])
    search.resume(told)
    return search


def advance(trainer: Trainer, task: SearchTask) -> None:
    """Tells the search what its last candidate was worth, and does what it wants next."""
    run, searches = trainer.state, trainer.state.meta.setdefault("searches", {})
    if task.step is None:
        run.saved[label(task.name, "")] = trainer.folded_arrays()
        facts = _facts(trainer, task)
        searches[task.name] = {"facts": facts, "proposed": [], "networks": {}, "seen": {}}
        searches[task.name]["networks"][""] = run.meta["network"]
    told = searches[task.name]
    search = make_search(trainer, task)
    if task.step is not None:
        search.observe(task.step, _observe(trainer, task, task.step, search))
        told["seen"] = search.state()["seen"]
        told["networks"][task.step.key] = run.meta["network"]
    proposed = list(search.propose())
    for step in proposed:
        told["proposed"].append(asdict(step))
        place = run.meta["task"] + 1
        trainer.tasks[place:place] = candidate_tasks(
            replace(task, step=None), step, told["facts"]
        )  # fmt: skip
    if not proposed:
        _finish(trainer, task, search.finish())
        return
    wanted = {label(task.name, key) for key in ("", *search.needed())}
    for name in [n for n in run.saved if n.startswith(f"{task.name}:")]:
        if name not in wanted:
            del run.saved[name]


def start(trainer: Trainer, task: StartTask) -> None:
    """Takes up what a candidate starts from; a round prunes it further."""
    _take_up(trainer, task.search, task.step.base)
    if task.step.kind == "tune":
        return
    arrays, share = pruned_to(trainer, task.stage, task.path, task.step.left)
    trainer.state.arrays = arrays
    left = sum(count_nonzeros(trainer.network, arrays).values())
    trainer.state.meta["notes"][task.name] = {"nonzeros": left}
    if share is not None:
        trainer.state.meta["searches"][task.search].setdefault("shares", {})[task.step.key] = share
    # What a network without a layer computes is a constant, which training cannot mend; as it
    # is it will be found beyond the tolerance.
    trainer.shrink(keep_layers=True)


def pruned_to(
    trainer: Trainer, stage: Prune, path: str, left: int, evidence: Evidence | None = None
) -> tuple[Arrays, float | None]:
    """Values and masks with `left` of the weights that the stage prunes.

    How many of each layer stay is a matter of magnitudes, which of them of the criterion. Its
    `evidence` is collected from training rows where none is given. Of channels that leave
    together, also their share.
    """
    network, run = trainer.network, trainer.state
    arrays = folded(network, run.arrays, run.meta["parametrization"])
    targets = set(_targets(trainer, stage, path))
    names = [name for name in network.weights() if name in targets]
    if stage.granularity == networks.COUPLED:
        plan = ChannelPlan(trainer, PruneTask("", stage, path), arrays, names)
        share, found = plan.share_for(left)
        return found, share
    kept = count_left({name: arrays[name] for name in names}, left)
    if evidence is None:
        evidence = collect_evidence(trainer, stage, path, arrays, names)
    masks: Arrays = {}
    for name in names:
        share = 1 - kept[name] / arrays[name].size
        masks |= masks_of_one(network, arrays, name, stage, share, evidence, trainer.recipe.seed)
    return apply(arrays | intersect(masks_of(arrays), masks)), None


def label(search: str, key: str) -> str:
    """Under which name the values of a candidate are saved."""
    return f"{search}:{key}"


def _targets(trainer: Trainer, stage: Prune, path: str) -> list[str]:
    """Weights of the dense network that the stage prunes."""
    return networks.choose(
        trainer.dense_network, stage.targets, stage.ignore, path, among=("weight",)
    )


def _take_up(trainer: Trainer, search: str, key: str) -> None:
    run = trainer.state
    run.meta["network"] = run.meta["searches"][search]["networks"][key]
    trainer.network = trainer.current_network()
    run.arrays = {n: a.copy() for n, a in run.saved[label(search, key)].items()}
    run.meta["parametrization"] = None


def _finish(trainer: Trainer, task: SearchTask, key: str) -> None:
    """Goes on with the best network; the others are let go."""
    run, told = trainer.state, trainer.state.meta["searches"][task.name]
    _take_up(trainer, task.name, key)
    for name in [n for n in run.saved if n.startswith(f"{task.name}:")]:
        del run.saved[name]
    told["chosen"] = key
    told["networks"] = {}
    found = told["seen"].get(key)
    if found is None:
        one = 100.0 / len(trainer.data.validation)
        error = max((result["error"] for result in told["seen"].values()), default=one)
        trainer.progress.warn(
            f"{task.name}: no pruned network is within {task.stage.max_drop.points:g} points of "
            "the dense one on the validation rows; it stays dense. On "
            f"{len(trainer.data.validation):,} rows a comparison has a standard error of up to "
            f"{max(error, one):.2g} points"
        )
        return
    files.write_text(trainer.folder / FOUND, dump_recipe(found_recipe(trainer, task, key)))
    trainer.progress.say(
        f"{task.name}: {key} is kept, {found['left']:,} weights, "
        f"{found['drop']:+.2f} ± {found['error']:.2f} points lost on validation rows"
    )


def found_recipe(trainer: Trainer, task: SearchTask, key: str) -> Recipe:
    """The recipe of the run with the steps that led to the network `key` in place of the search."""
    told, recipe = trainer.state.meta["searches"][task.name], trainer.recipe
    steps = {step.key: step for step in (Step(**entry) for entry in told["proposed"])}
    chain: list[Step] = []
    while key:
        chain.insert(0, steps[key])
        key = steps[key].base
    shapes = trainer.dense_network.shapes()
    judged: dict[str, Any] = {
        key: getattr(task.stage, key) for key in ("criterion", "evidence_rows", "seed")
    }
    stages: list[Stage] = []
    for step in chain:
        if step.kind != "tune" and task.stage.granularity == networks.COUPLED:
            stages.append(Prune(
                name=f"{step.key}-prune", sparsity=told["shares"][step.key], scope="global",
                granularity=networks.COUPLED, **judged,
            ))  # fmt: skip
            stages.append(Compact(name=f"{step.key}-compact"))
        elif step.kind != "tune":
            left = told["seen"][step.key]["layers"]
            shares = {
                networks.literal(name): 1 - count / math.prod(shapes[name])
                for name, count in left.items()
            }
            stages.append(Prune(
                name=f"{step.key}-prune", sparsity=shares, granularity=task.stage.granularity,
                **judged,
            ))  # fmt: skip
        stages.append(replace(training_of(task.stage, step, told["facts"]), name=step.key))
    place = recipe.stages.index(task.stage)
    around = (recipe.stages[:place], tuple(stages), recipe.stages[place + 1 :])
    return replace(recipe, stages=sum(around, ()))


def _observe(trainer: Trainer, task: SearchTask, step: Step, search: Tolerance) -> dict[str, Any]:
    """What a candidate is worth: its score and how it differs from the dense network's."""
    run, network = trainer.state, trainer.network
    arrays = trainer.folded_arrays()
    run.saved[label(task.name, step.key)] = arrays
    values = _logits(trainer, network, arrays)
    dense = _dense_logits(trainer)
    result = compare(_right(trainer, values), _right(trainer, dense))
    labels, axis = trainer.data.validation.labels, network.signature.axis
    score = score_logits(values, labels, axis)
    losses = calibrated_losses(values, labels, axis)
    targets = set(_targets(trainer, task.stage, task.path))
    left = {n: c for n, c in count_nonzeros(network, arrays).items() if n in targets}
    seconds = run.meta["seconds"] - run.meta["searches"][task.name]["facts"]["seconds"]
    result |= {
        "accuracy": score.accuracy, "loss": score.loss,
        "calibrated": float(losses.mean()),
        "calibrated_error": mean_error(losses - calibrated_losses(dense, labels, axis)),
        "constant": len(values) > 1 and bool((values == values[:1]).all()),
        "left": sum(left.values()), "layers": left, "epochs": step.epochs,
        "seconds": seconds - sum(r["seconds"] for r in search.seen.values()),
    }  # fmt: skip
    held = "within" if search.holds(result) else "beyond"
    trainer.progress.say(
        f"{task.name}: {step.key} leaves {result['left']:,} weights and loses "
        f"{result['drop']:+.2f} ± {result['error']:.2f} points, {held} the tolerance"
    )
    return result


def _facts(trainer: Trainer, task: SearchTask) -> dict[str, Any]:
    """What the search needs to know of the dense network."""
    data, axis = trainer.data, trainer.network.signature.axis
    values, labels = _dense_logits(trainer), data.validation.labels
    dense = score_logits(values, labels, axis)
    count = min(len(data.merged), 10_000)
    seen = data.merged.take(np.arange(count))
    arrays = trainer.folded_arrays()
    learned = score_logits(
        _logits(trainer, trainer.network, arrays, seen.arrays), seen.labels, axis
    )
    rule = task.stage.max_drop
    assert rule is not None
    right = _right(trainer, values)
    targets = _targets(trainer, task.stage, task.path)
    total = sum(arrays[name].size for name in trainer.network.weights() if name in targets)
    left = int(total * _SHARES[0])
    evidence = None
    if task.stage.granularity != networks.COUPLED:
        names = [name for name in trainer.network.weights() if name in targets]
        evidence = collect_evidence(trainer, task.stage, task.path, arrays, names)
    for share in _SHARES:
        tried, _ = pruned_to(trainer, task.stage, task.path, int(total * share), evidence)
        now = _right(trainer, _logits(trainer, trainer.network, tried))
        if compare(now, right)["drop"] > rule.points + _ONE_SHOT:
            break
        left = int(total * share)
    return {
        "loss": dense.loss, "accuracy": dense.accuracy, "left": left, "total": total,
        "calibrated": calibrated_loss(values, labels, axis), "rows": dense.rows,
        "classes": max(2, trainer.network.classes),
        "overfits": learned.loss < _OVERFIT * dense.loss,
        "seconds": trainer.state.meta["seconds"],
    }  # fmt: skip


def _dense_logits(trainer: Trainer) -> np.ndarray:
    return _logits(trainer, trainer.dense_network, trainer.state.saved[trainer.reference])


def _logits(trainer: Trainer, network: Any, arrays: Arrays, inputs: Any = None) -> np.ndarray:
    program = compiled(network.text(trainer.recipe.batch), "", trainer.recipe.threads)
    inputs = trainer.data.validation.arrays if inputs is None else inputs
    plain = {name: array for name, array in arrays.items() if not name.startswith(PREFIX)}
    return logits(program, plain, inputs)


def _right(trainer: Trainer, values: np.ndarray) -> np.ndarray:
    """Share of each validation row that is right."""
    axis, labels = trainer.network.signature.axis, trainer.data.validation.labels
    return rows_right(values, labels, axis)
