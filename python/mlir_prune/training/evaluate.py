# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scores of a network on rows, by its compiled forward pass."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..rows import Inputs, Split, Windows
from .program import Program


@dataclass(frozen=True)
class Score:
    """Result on one part: accuracy in per cent, mean cross-entropy, rows.

    Where each position of a row has a result, accuracy is the share of positions.
    """

    accuracy: float
    loss: float
    rows: int

    @property
    def error(self) -> float:
        """Wrong results in per cent."""
        return 100.0 - self.accuracy


def logits(
    program: Program,
    state: Mapping[str, np.ndarray],
    inputs: Inputs,
    extra: Mapping[str, float] | None = None,
) -> np.ndarray:
    """Results of the forward pass for all rows, float32: logits [rows, classes], or for each
    position of a row.

    The last batch is filled with zeros; `extra` are further inputs of the pass.
    """
    call = program.bind("forward", state)
    for name, value in (extra or {}).items():
        call.set(name, value)
    windows = Windows(inputs, call.shapes)
    for name, array in windows.arrays.items():
        call.set(name, array)
    place = call.place("logits")
    return np.concatenate([np.array(call()[place][:size]) for size in windows])


def score(
    program: Program,
    state: Mapping[str, np.ndarray],
    split: Split,
    axis: int,
    extra: Mapping[str, float] | None = None,
) -> Score:
    """Accuracy and cross-entropy over all rows of `split`; `axis` as in `score_logits`."""
    return score_logits(logits(program, state, split.arrays, extra), split.labels, axis)


def score_logits(values: np.ndarray, labels: np.ndarray, axis: int = 1) -> Score:
    """Score of logits against class numbers; ties go to the lower class number.

    Logits are [rows, classes], or have further dimensions of positions; the classes are the
    dimension `axis`. Accuracy and loss are means over all positions of all rows.
    """
    rows = len(values)
    values = np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])
    labels = labels.reshape(-1)
    wide = values.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    norm = np.log(np.exp(wide).sum(axis=1))
    picked = wide[np.arange(len(labels)), labels]
    hits = int((values.argmax(axis=1) == labels).sum())
    return Score(100.0 * hits / len(labels), float((norm - picked).mean()), rows)


def rows_right(values: np.ndarray, labels: np.ndarray, axis: int = 1) -> np.ndarray:
    """Share of each row that logits have right [rows]; arguments as in :func:`score_logits`."""
    found = values.argmax(axis=axis)
    hits = found == labels.reshape(found.shape)
    share: np.ndarray = hits.reshape(len(hits), -1).mean(axis=1)
    return share


def mean_error(points: np.ndarray) -> float:
    """Standard error of the mean of a number for each row.

    Positions of one row are not independent, so rows are what is counted.
    """
    return float(points.std() / math.sqrt(len(points)))


def compare(pruned: np.ndarray, dense: np.ndarray) -> dict[str, float]:
    """Points that are lost from one network to another on the same rows, and their error.

    Arguments are the shares of each row that are right.
    """
    lost = 100.0 * (dense.astype(np.float64) - pruned)
    return {"drop": float(lost.mean()), "error": mean_error(lost)}


def calibrated_loss(values: np.ndarray, labels: np.ndarray, axis: int = 1) -> float:
    """Mean cross-entropy of logits over their best temperature (Guo et al. 2017).

    So networks that are surer or less sure of the same ranking have the same loss.
    """
    return float(calibrated_losses(values, labels, axis).mean())


def calibrated_losses(values: np.ndarray, labels: np.ndarray, axis: int = 1) -> np.ndarray:
    """Cross-entropy of each row [rows] over the temperature that is best for all of them.

    Of the positions of a row it is the mean.
    """
    low, high = -3.0, 3.0
    for _ in range(24):
        third = (high - low) / 3
        left, right = (
            score_logits(values / np.float32(2.0**power), labels, axis).loss
            for power in (low + third, high - third)
        )
        low, high = (low, high - third) if left <= right else (low + third, high)
    return _row_losses(values / np.float32(2.0 ** ((low + high) / 2)), labels, axis)


def _row_losses(values: np.ndarray, labels: np.ndarray, axis: int) -> np.ndarray:
    wide = np.moveaxis(values, axis, -1).astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    chosen = labels.reshape(wide.shape[:-1])[..., None]
    losses = np.log(np.exp(wide).sum(axis=-1)) - np.take_along_axis(wide, chosen, -1)[..., 0]
    means: np.ndarray = losses.reshape(len(losses), -1).mean(axis=1)
    return means


def beats(new: Score, old: dict[str, Any] | None) -> bool:
    """Whether `new` is better than the kept score: accuracy, then loss."""
    if old is None:
        return True
    return (new.accuracy, -new.loss) > (old["accuracy"], -old["loss"])
