# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scores of a network on rows, by its compiled forward pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data import Split
from .program import Program


@dataclass(frozen=True)
class Score:
    """Result on one part: accuracy in per cent, mean cross-entropy, rows."""

    accuracy: float
    loss: float
    rows: int

    @property
    def error(self) -> float:
        """Wrong rows in per cent."""
        return 100.0 - self.accuracy


def logits(
    program: Program,
    state: Mapping[str, np.ndarray],
    inputs: np.ndarray,
    extra: Mapping[str, float] | None = None,
) -> np.ndarray:
    """Logits float32 [rows, classes] of inputs [rows, features].

    The last batch is filled with zeros; `extra` are further inputs of the pass.
    """
    call = program.bind("forward", state)
    for name, value in (extra or {}).items():
        call.set(name, value)
    shape = call.shapes["input"]
    buffer = np.zeros(shape, np.float32)
    call.set("input", buffer)
    flat, batch = buffer.reshape(shape[0], -1), shape[0]
    place = call.place("logits")
    parts = []
    for start in range(0, len(inputs), batch):
        rows = inputs[start : start + batch]
        flat[: len(rows)] = rows
        flat[len(rows) :] = 0
        parts.append(np.array(call()[place][: len(rows)]))
    return np.concatenate(parts)


def score(
    program: Program,
    state: Mapping[str, np.ndarray],
    split: Split,
    extra: Mapping[str, float] | None = None,
) -> Score:
    """Accuracy and cross-entropy over all rows of `split`."""
    return score_logits(logits(program, state, split.inputs, extra), split.labels)


def score_logits(values: np.ndarray, labels: np.ndarray) -> Score:
    """Score of logits [rows, classes]; ties go to the lower class number."""
    wide = values.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    norm = np.log(np.exp(wide).sum(axis=1))
    picked = wide[np.arange(len(labels)), labels]
    hits = int((values.argmax(axis=1) == labels).sum())
    return Score(100.0 * hits / len(labels), float((norm - picked).mean()), len(labels))


def beats(new: Score, old: dict[str, Any] | None) -> bool:
    """Whether `new` is better than the kept score: accuracy, then loss."""
    if old is None:
        return True
    return (new.accuracy, -new.loss) > (old["accuracy"], -old["loss"])
