# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pruning a whole network in stages, by second-order models of its loss.

In the manner of CHITA++ (Benbaki 2023): a model of the loss is made at the current weights,
weights are removed by it, the others move to its minimum under these zeros, and the model is
made anew there with fresh rows. A stage takes the gradient of each of some rows and removes
the weights that the diagonal of their Fisher matrix says cost least. The kept weights move
by a model on more rows, first-order term included: by conjugate gradients with products of
the Gauss-Newton matrix (Martens 2010), and as far as the true loss goes down. Stages follow
a geometric schedule to the sparsity asked for; further stages stay there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ..rows import Split
from .layerwise import refit
from .loss import Curvature, Loss
from .support import Support

STEPS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.12, 0.06, 0.03)
"""Shares of a step that the line search tries, largest first."""

_FLOOR, _POWER = 1e-4, 0.75
"""The preconditioner is (squared gradients + floor)^power + damping (Martens 2010)."""


@dataclass(frozen=True)
class Settings:
    """Of a run in stages.

    `rows` have a gradient each, `slope_rows` a common one; by `fit_rows` layers make up for
    what was removed from them, not at all with none; `curvature_rows` serve products with the Gauss-Newton matrix, of which a stage takes `products`; `stages` go to the
    sparsity, `last_stages` stay there. `score_damping` is a share of the mean of the Fisher
    diagonal that is added to it to choose, `damping` the first one of the steps, which adapts.
    """

    rows: int = 500
    slope_rows: int = 20000
    fit_rows: int = 0
    curvature_rows: int = 4000
    stages: int = 15
    last_stages: int = 10
    products: int = 10
    score_damping: float = 2.0
    damping: float = 0.01


def prune_in_stages(
    loss: Loss, support: Support, data: Split, shares: Iterable[float], settings: Settings, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Weights and which of them are kept (bool), for one share of all after the other.

    The shares fall; each goes on from the one before.
    """
    run = Stages(loss, support, data, settings, seed)
    reached = 1.0
    for share in shares:
        for part in schedule(share / reached, settings.stages, settings.last_stages):
            run.step(reached * part)
        reached = share
        yield run.weights, run.kept


class Stages:
    """The state of a run: weights, which are kept, the damping, the order of rows."""

    def __init__(
        self, loss: Loss, support: Support, data: Split, settings: Settings, seed: int
    ) -> None:
        self._loss, self._support, self._data, self._settings = loss, support, data, settings
        self._outputs = {entry["weight"]: entry["output_dims"][0] for entry in loss.network.compiled_layers()}
        self._rng = np.random.default_rng(seed)
        self._damping = settings.damping
        self.weights = loss.start()
        self.kept = np.ones(loss.size, bool)

    def step(self, share: float) -> None:
        """A stage that keeps a `share` of the weights."""
        settings, loss = self._settings, self._loss
        gradients = loss.row_gradients(self.weights, self._draw(settings.rows))
        squares = np.einsum("ij,ij->j", gradients, gradients, dtype=np.float64) / len(gradients)
        floor = settings.score_damping * squares[self.kept].mean()
        judged = self.weights.astype(np.float64) ** 2 * (squares + floor)
        self.kept = self._support.choose(judged, self.kept, share)
        base = np.where(self.kept, self.weights, np.float32(0))
        if settings.fit_rows:
            fitted = self._draw(settings.fit_rows)
            base = refit(loss, self._outputs, self.weights, self.kept, fitted)
        rows = self._draw(settings.slope_rows)
        direction = self._direction(base, rows, squares)
        found = self._search(base, direction, rows)
        self.weights = base + np.float32(found) * direction
        if found < 0.3:
            self._damping *= 1.5
        elif found > 0.8:
            self._damping /= 1.3

    def _direction(self, base: np.ndarray, rows: Split, squares: np.ndarray) -> np.ndarray:
        """The step to the minimum of the model of the loss, zero where nothing is kept."""
        product = Curvature(self._loss, base, self._draw(self._settings.curvature_rows))
        slope = self._loss.gradient(base, rows).astype(np.float64)
        found = conjugate_gradients(
            lambda v: np.where(self.kept, product(v) + self._damping * v, 0.0),
            np.where(self.kept, -slope, 0.0),
            (squares + _FLOOR) ** _POWER + self._damping,
            self._settings.products,
        )
        return found.astype(np.float32)

    def _search(self, base: np.ndarray, direction: np.ndarray, rows: Split) -> float:
        """The share of a step with the smallest loss, or none where all are larger."""
        best, found = self._loss.score(base, rows).loss, 0.0
        for share in STEPS:
            loss = self._loss.score(base + np.float32(share) * direction, rows).loss
            if loss < best:
                best, found = loss, share
            elif found:
                break
        return found

    def _draw(self, count: int) -> Split:
        """Rows without repetition, all of them where there are no more."""
        order = self._rng.permutation(len(self._data))
        return self._data.take(np.sort(order[:count]))


def conjugate_gradients(
    product: Callable[[np.ndarray], np.ndarray],
    right: np.ndarray,
    diagonal: np.ndarray,
    steps: int,
) -> np.ndarray:
    """An approximate solution of ``product(x) = right``, preconditioned by `diagonal`."""
    found = np.zeros_like(right)
    residual = right.copy()
    scaled = residual / diagonal
    search, size = scaled.copy(), float(residual @ scaled)
    for _ in range(steps):
        if size == 0.0:
            break
        image = product(search)
        curvature = float(search @ image)
        if curvature <= 0.0:
            break
        length = size / curvature
        found += length * search
        residual -= length * image
        scaled = residual / diagonal
        old, size = size, float(residual @ scaled)
        search = scaled + (size / old) * search
    return found


def schedule(share: float, stages: int, last_stages: int) -> list[float]:
    """Shares to keep at each stage: a geometric series from one to `share`, then that."""
    falling = [share ** (stage / stages) for stage in range(1, stages)]
    return [*falling, *[share] * (1 + last_stages)]
