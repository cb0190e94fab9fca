# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Moving the weights that are left so that the network gives what the dense one did.

No labels are needed: the loss is the cross-entropy to the probabilities of the dense network.
Each step is that of a model of second order, whose products with the Gauss-Newton matrix come
from forward and backward passes (Martens 2010), as far as the loss goes down; as the refits of
SNOWS (Lucas 2024), but to the end of the network. Statistics of batch normalizations are
measured again after each step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..rows import Split
from .chita import STEPS, conjugate_gradients
from .loss import Curvature, Loss, softmax

_FLOOR, _POWER = 1e-5, 0.75
"""The preconditioner is (squared gradients + floor)^power + damping (Martens 2010)."""


@dataclass(frozen=True)
class Settings:
    """Of a refinement: its steps, rows of the slope and of products with the Gauss-Newton
    matrix, products of a step, and the first damping, which adapts."""

    steps: int = 6
    slope_rows: int = 2000
    curvature_rows: int = 512
    products: int = 8
    damping: float = 0.01


def refine(
    loss: Loss, dense: np.ndarray, weights: np.ndarray, kept: np.ndarray, rows: Split,
    settings: Settings, seed: int, measure: Callable[[np.ndarray], None],
) -> np.ndarray:  # fmt: skip
    """Weights with zeros outside of `kept` whose probabilities are nearer to those of `dense`.

    `dense` are logits of the dense network on `rows`. `measure` gets weights and lets `loss`
    know the statistics that go with them.
    """
    rng = np.random.default_rng((seed, 2))
    targets = softmax(dense)
    damping = settings.damping
    weights = np.where(kept, weights, np.float32(0))
    for _ in range(settings.steps):
        places = _draw(rng, len(rows), settings.slope_rows)
        some, wanted = rows.take(places), targets[places]
        slope, squares = loss.slope(weights, some, wanted)
        curved = rows.take(_draw(rng, len(rows), settings.curvature_rows))
        product = Curvature(loss, weights, curved)
        direction = conjugate_gradients(
            lambda v: np.where(kept, product(v) + damping * v, 0.0),  # noqa: B023
            np.where(kept, -slope, 0.0),
            (squares + _FLOOR) ** _POWER + damping,
            settings.products,
        ).astype(np.float32)
        found = _search(loss, weights, direction, some, wanted)
        weights = weights + np.float32(found) * direction
        measure(weights)
        if found < 0.3:
            damping *= 2.0
        elif found > 0.8:
            damping /= 1.5
    return weights


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    """Mean of ``-sum(targets * log p)`` over rows."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    logs = wide - np.log(np.exp(wide).sum(axis=1, keepdims=True))
    return float(-(targets * logs).sum(axis=1).mean())


def _search(
    loss: Loss, weights: np.ndarray, direction: np.ndarray, rows: Split, targets: np.ndarray
) -> float:
    """The share of a step with the smallest loss, or none where all are larger."""
    best, found = cross_entropy(loss.logits(weights, rows), targets), 0.0
    for share in STEPS:
        value = cross_entropy(loss.logits(weights + np.float32(share) * direction, rows), targets)
        if value < best:
            best, found = value, share
        elif found:
            break
    return found


def _draw(rng: np.random.Generator, count: int, wanted: int) -> np.ndarray:
    """Numbers of some rows without repetition, in order; of all where there are no more."""
    return np.sort(rng.permutation(count)[:wanted])
