# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Distillation: labels of a stage that another network of the run makes softer.

Hinton, Vinyals and Dean (2015), section 2. The reference network says how likely each
class is for a training row; a pruned network that learns these shares learns which
classes look alike, too, and over-fits less than on class numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..recipe.modifiers import Distill
from ..rows import Split
from .evaluate import logits
from .program import compiled

if TYPE_CHECKING:
    from .trainer import Trainer


def soft_labels(trainer: Trainer, rule: Distill, rows: Split) -> np.ndarray:
    """Shares of the classes in the shape of the logits, float32, from the reference network.

    One forward pass over all `rows`, so the shares are the same to the bit whenever a
    stopped run goes on.
    """
    network, recipe = trainer.dense_network, trainer.recipe
    program = compiled(network.text(recipe.batch), "", recipe.threads)
    values = logits(program, trainer.state.saved[trainer.reference], rows.arrays)
    axis = network.signature.axis
    return mixed_labels(rows.labels, values, rule.weight, rule.temperature, axis)


def mixed_labels(
    labels: np.ndarray, values: np.ndarray, weight: float, temperature: float, axis: int = 1
) -> np.ndarray:
    """(1 - weight) one_hot(labels) + weight softmax(values / temperature), float32.

    `labels` int32 [rows], or [rows, ...] by position; `values` the logits of the teacher,
    float32 with the classes as one dimension more, `axis`.
    """
    scaled = values.astype(np.float64) / temperature
    scaled -= scaled.max(axis=axis, keepdims=True)
    shares = np.exp(scaled)
    shares *= weight / shares.sum(axis=axis, keepdims=True)
    places = np.expand_dims(labels, axis)
    hard = np.take_along_axis(shares, places, axis) + (1.0 - weight)
    np.put_along_axis(shares, places, hard, axis)
    return shares.astype(np.float32)
