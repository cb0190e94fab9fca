# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training driver: feeds batches to a compiled training step.

All arithmetic of the step (forward, gradients, regulariser, optimiser, masks)
is in the compiled function; the driver keeps the state arrays, draws batches
from a seed and chooses the epoch on the validation part. The same seed gives
the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .data import Dataset, Split
from .errors import TrainingError
from .models import Mlp
from .native import parse
from .pipelines import train_pipeline
from .progress import Progress
from .recipe import Phase

Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Score:
    """Result on one part: accuracy in per cent, mean cross-entropy, rows."""

    accuracy: float
    loss: float
    rows: int


@dataclass
class History:
    """Per epoch: mean training loss and validation score; `kept` from zero."""

    losses: list[float] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    kept: int = -1


class Evaluator:
    """Scores parameter values of one network with its compiled forward pass."""

    def __init__(self, mlp: Mlp, batch: int, threads: int = 1) -> None:
        self._batch = batch
        self._executable = parse(mlp.text(batch)).compile(threads=threads)

    def logits(self, values: Mapping[str, np.ndarray], inputs: np.ndarray) -> np.ndarray:
        """Logits float32 [rows, classes] of inputs [rows, features]."""
        feed: dict[str, Any] = dict(values)
        parts = []
        for start in range(0, len(inputs), self._batch):
            rows = inputs[start : start + self._batch]
            feed["input"] = _pad(rows, self._batch)
            result = self._executable.call("forward", feed)["logits"]
            parts.append(result[: len(rows)].copy())
        return np.concatenate(parts)

    def score(self, values: Mapping[str, np.ndarray], split: Split) -> Score:
        """Accuracy and cross-entropy over all rows of `split`."""
        return score_logits(self.logits(values, split.inputs), split.labels)


def score_logits(logits: np.ndarray, labels: np.ndarray) -> Score:
    """Score of logits [rows, classes]; ties go to the lower class number."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    norm = np.log(np.exp(wide).sum(axis=1))
    picked = wide[np.arange(len(labels)), labels]
    hits = int((logits.argmax(axis=1) == labels).sum())
    return Score(100.0 * hits / len(labels), float((norm - picked).mean()), len(labels))


class TrainStep:
    """A compiled training step of `mlp` for the settings of a phase.

    With `masked`, the step takes one mask per weight and keeps pruned weights
    at zero. One step may serve several phases that share optimiser settings.
    """

    def __init__(
        self, mlp: Mlp, phase: Phase, batch: int, masked: bool = False, threads: int = 1
    ) -> None:
        self.batch = batch
        self.names = tuple(mlp.shapes())
        self._module = parse(mlp.text(batch))
        self._module.run(train_pipeline(phase, masked))
        self._arguments = next(
            f.arguments for f in self._module.functions() if f.name == "train_step"
        )
        self._executable = self._module.compile(threads=threads)

    def __str__(self) -> str:
        return str(self._module)

    def state(self, values: Mapping[str, np.ndarray], masks: Mapping[str, np.ndarray]) -> Values:
        """Fresh state: copies of `values`, the masks, moments and counters zero."""
        state: Values = {}
        for argument in self._arguments:
            if argument.kind not in ("param", "state"):
                continue
            name = argument.name
            if name in values:
                state[name] = np.array(values[name], np.float32, order="C")
            elif name.startswith("mask:"):
                state[name] = np.array(masks[name.removeprefix("mask:")], np.bool_, order="C")
            else:
                state[name] = np.zeros(tuple(argument.shape), np.dtype(argument.dtype))
        return state

    def inputs(self) -> set[str]:
        """Names of what changes from step to step (batch, labels, rates)."""
        return {a.name for a in self._arguments if a.kind == "input"}

    def __call__(self, feed: dict[str, Any]) -> float:
        """Runs one step, updating the state arrays of `feed`; returns the loss."""
        return float(self._executable.call("train_step", feed)["loss"])


def fit(
    step: TrainStep,
    evaluator: Evaluator,
    values: Mapping[str, np.ndarray],
    data: Dataset,
    phase: Phase,
    seed: tuple[int, ...],
    masks: Mapping[str, np.ndarray] | None = None,
    progress: Progress | None = None,
    title: str = "training",
) -> tuple[Values, History]:
    """Trains for `phase.epochs` from `values`; returns new values and the history.

    Raises :class:`TrainingError` with step and parameter when the loss stops
    being a finite number.
    """
    progress = progress or Progress()
    steps = steps_per_epoch(data.train, step.batch)
    state = step.state(values, masks or {})
    feed = _feed(step, state, phase)
    history, best = History(), Values()
    progress.begin(title, phase.epochs * steps)
    for epoch in range(phase.epochs):
        total = 0.0
        batches = draw_batches(data.train, step.batch, (*seed, epoch))
        for index, (inputs, labels) in enumerate(batches):
            number = epoch * steps + index
            feed["input"], feed["labels"] = inputs, labels
            feed["learning_rate"] = learning_rate(phase, number / (phase.epochs * steps))
            loss = step(feed)
            if not math.isfinite(loss):
                raise TrainingError(_blame(title, loss, epoch, number, step.names, state))
            total += loss
        now = {name: state[name] for name in step.names}
        history.losses.append(total / steps)
        history.scores.append(evaluator.score(now, data.validation))
        if phase.keep == "last" or _better(history, epoch):
            history.kept = epoch
            best = {name: array.copy() for name, array in now.items()}
        progress.advance(steps, f"validation {history.scores[-1].accuracy:.2f} %")
    kept = history.scores[history.kept]
    progress.end(f"validation {kept.accuracy:.2f} % (epoch {history.kept + 1} kept)")
    return best, history


def steps_per_epoch(split: Split, batch: int) -> int:
    """Whole batches in one epoch; raises when there is not even one."""
    steps = len(split) // batch
    if steps == 0:
        raise TrainingError(f"a batch of {batch} needs as many rows, the set has {len(split)}")
    return steps


def draw_batches(
    split: Split, batch: int, seed: tuple[int, ...]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Whole batches in an order drawn from `seed`.

    The rows that do not fill a batch are left out; another epoch has another
    order, so that they differ. The arrays are reused between batches.
    """
    order = np.random.default_rng(seed).permutation(len(split))
    inputs = np.empty((batch, split.inputs.shape[1]), np.float32)
    labels = np.empty((batch,), np.int32)
    for start in range(0, len(order) - batch + 1, batch):
        rows = order[start : start + batch]
        np.take(split.inputs, rows, axis=0, out=inputs)
        np.take(split.labels, rows, out=labels)
        yield inputs, labels


def learning_rate(phase: Phase, done: float) -> float:
    """Rate when the share `done` in [0, 1) of all steps is behind."""
    if phase.schedule == "cosine":
        return phase.learning_rate * 0.5 * (1.0 + math.cos(math.pi * done))
    if phase.schedule == "step":
        return phase.learning_rate * (0.1 if done >= 0.5 else 1.0) * (0.1 if done >= 0.75 else 1.0)
    return phase.learning_rate


def _feed(step: TrainStep, state: Values, phase: Phase) -> dict[str, Any]:
    feed: dict[str, Any] = dict(state)
    if "strength" in step.inputs():
        feed["strength"] = phase.strength
    return feed


def _better(history: History, epoch: int) -> bool:
    """Whether `epoch` beats the kept one: accuracy, then loss."""
    if history.kept < 0:
        return True
    new, old = history.scores[epoch], history.scores[history.kept]
    return (new.accuracy, -new.loss) > (old.accuracy, -old.loss)


def _blame(
    title: str, loss: float, epoch: int, step: int, names: tuple[str, ...], state: Values
) -> str:
    """Where training broke: phase, step, and the first parameter that is not finite."""
    broken = next((n for n in names if not np.isfinite(state[n]).all()), None)
    found = (
        f"parameter '{broken}' holds values that are not finite"
        if broken
        else ("all parameters are still finite")
    )
    return (
        f"{title}: the loss is {loss} at step {step + 1} (epoch {epoch + 1}); {found}; "
        "a smaller learning rate may help"
    )


def _pad(rows: np.ndarray, batch: int) -> np.ndarray:
    """`rows` followed by zeros up to `batch` rows, C-contiguous."""
    if len(rows) == batch:
        return np.ascontiguousarray(rows)
    padded = np.zeros((batch, rows.shape[1]), np.float32)
    padded[: len(rows)] = rows
    return padded
