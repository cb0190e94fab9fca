# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How a sparsity is divided among layers that are pruned by themselves.

For each layer there is a curve: its error at some sparsities, relative to the power of its
results. Errors of different layers are compared by what the results of the network change by
for an error of the layer, which is measured with one layer pruned at a time. From the slopes of
the curves follows how many weights each layer keeps, so that the sum of the errors is least.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..rows import Split
from . import layers
from .layerwise import as_matrix
from .loss import Loss
from .support import largest

GRID = (0.0, 0.4, 0.6, 0.7, 0.775, 0.85, 0.9, 0.94, 0.97)
"""Sparsities at which the error of a layer is measured; from the last to all it is a line."""

PROBE = 0.5
"""Sparsity of the layer that is pruned alone."""

ROWS = 256
"""Most rows on which the results of the network are compared."""


class Curves:
    """Errors of layers by sparsity.

    `weights` are the weights by name, `grams` the Gram matrices of their columns, `outputs` the
    dimensions of their output channels.
    """

    def __init__(
        self, weights: Mapping[str, np.ndarray], grams: Mapping[str, np.ndarray],
        outputs: Mapping[str, int],
    ) -> None:  # fmt: skip
        self._weights, self._grams, self._outputs = weights, grams, outputs
        self._inverses: dict[str, np.ndarray] = {}
        self._factors = dict.fromkeys(weights, 1.0)

    def weigh(self, loss: Loss, rows: Split) -> None:
        """Measures what errors of layers do to the results of a network, on some of `rows`."""
        some = rows.take(np.arange(min(ROWS, len(rows))))
        start = loss.start()
        base = _centered(loss.logits(start, some))
        for name, weight in self._weights.items():
            fitted = self._fitted(name, PROBE)
            error = self._error(name, fitted)
            changed = start.copy()
            output = self._outputs[name]
            moved = np.moveaxis(weight, output, 0)
            loss.split(changed)[name][...] = np.moveaxis(fitted.reshape(moved.shape), 0, output)
            other = _centered(loss.logits(changed, some)) - base
            if error > 0.0:
                self._factors[name] = float((other**2).mean()) / error

    def costs(self) -> dict[str, np.ndarray]:
        """For each layer what one weight after the other costs, the cheapest first."""
        return {name: self._slopes(name) * self._factors[name] for name in self._weights}

    def _slopes(self, name: str) -> np.ndarray:
        size = self._weights[name].size
        places = [round(ratio * size) for ratio in GRID] + [size]
        errors = [self._error(name, self._fitted(name, ratio)) for ratio in GRID] + [1.0]
        found, steepest = np.zeros(size), 0.0
        for start, stop, low, high in zip(places, places[1:], errors, errors[1:], strict=False):
            if stop > start:
                # A curve that bends down is taken as the line above it.
                steepest = max(steepest, (high - low) / (stop - start))
                found[start:stop] = steepest
        return found

    def _fitted(self, name: str, ratio: float) -> np.ndarray:
        """The matrix of a layer with the cheapest weights at zero and the others moved."""
        matrix, gram = as_matrix(self._weights[name], self._outputs[name]), self._grams[name]
        if name not in self._inverses:
            self._inverses[name] = np.diagonal(np.linalg.inv(layers.damped(gram)))
        costs = matrix.astype(np.float64) ** 2 / self._inverses[name]
        mask = np.zeros(matrix.size, bool)
        mask[largest(costs.ravel(), max(1, round((1.0 - ratio) * matrix.size)))] = True
        return layers.refit(matrix, mask.reshape(matrix.shape), gram)

    def _error(self, name: str, fitted: np.ndarray) -> float:
        """Relative to the power of the results."""
        matrix = as_matrix(self._weights[name], self._outputs[name])
        power = layers.error(matrix, np.zeros_like(matrix), self._grams[name])
        return layers.error(matrix, fitted, self._grams[name]) / power if power > 0.0 else 0.0


def divide(costs: Mapping[str, np.ndarray], share: float) -> dict[str, float]:
    """The share of its weights that each layer keeps, so that `share` of all is kept and what is
    removed costs least. Every layer keeps a weight."""
    every = np.concatenate([each.ravel() for each in costs.values()])
    kept = np.zeros(every.size, bool)
    kept[largest(every, max(1, round(share * every.size)))] = True
    found, start = {}, 0
    for name, each in costs.items():
        count = int(kept[start : start + each.size].sum())
        found[name] = max(1, count) / each.size
        start += each.size
    return found


def _centered(logits: np.ndarray) -> np.ndarray:
    """A number that all logits of a row have in common says nothing."""
    wide = logits.astype(np.float64)
    return wide - wide.mean(axis=1, keepdims=True)
