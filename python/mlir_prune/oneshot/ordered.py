# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Solvers for one layer, on the layers of a network in their order.

A layer is pruned on what the pruned network before it computes, towards the results of the
dense network: with the inputs X of the pruned and Y = X' W^T of the dense one, ``||X V^T - Y||^2``
is ``||X V^T - X U^T||^2`` and a constant, where U is the weight of least squares without zeros.
So every solver serves, with U in the place of W. The bias of the layer, or the normalization
behind it, takes up the means; what a layer is judged by is without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..imported import ImportedNetwork
from ..rows import Split
from . import layers
from .graph import Graph
from .inputs import LayerInputs, Values
from .layerwise import Solver, as_matrix, no_gram, solve_layer
from .repair import Moments, carried, channel_bias, moments
from .support import Pattern


@dataclass
class Seen:
    """Of the inputs x of a layer in the pruned network and the results y in the dense one: means,
    ``x x^T``, ``y x^T`` and squares of y as means over positions, in double precision."""

    x: np.ndarray
    y: np.ndarray
    xx: np.ndarray
    yx: np.ndarray
    yy: np.ndarray

    def centered(self) -> Seen:
        """The same without the means."""
        xx, yx = self.xx - np.outer(self.x, self.x), self.yx - np.outer(self.y, self.x)
        return Seen(0.0 * self.x, 0.0 * self.y, xx, yx, self.yy - self.y**2)

    def results(self) -> Moments:
        """Of y."""
        return Moments(self.y, np.maximum(self.yy - self.y**2, 0.0))

    def target(self, matrix: np.ndarray, damping: float = layers.DAMPING) -> np.ndarray:
        """The weight of least squares, drawn a little to `matrix` [outputs, columns]."""
        hessian = layers.damped(self.xx, damping)
        drawn = hessian - self.xx
        return np.linalg.solve(hessian, (self.yx + matrix @ drawn).T).T


def solve_in_order(
    network: ImportedNetwork, solver: Solver, outputs: Mapping[str, int],
    shares: Mapping[str, float], pattern: Pattern | None, rows: Split, inputs: LayerInputs,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:  # fmt: skip
    """All parameters, and masks of the weights in `shares`, which says what they keep."""
    graph = Graph(network)
    current = {name: np.array(value) for name, value in network.values.items()}
    masks: dict[str, np.ndarray] = {}
    for entry in network.compiled_layers():
        weight, norm = entry["weight"], graph.norm_of(entry["weight"])
        bias = channel_bias(network, entry)
        if weight not in shares and not masks:
            continue
        if not inputs.readable(weight, rows):
            if weight in shares:
                raise no_gram(weight)
            continue
        output = outputs[weight]
        matrix = as_matrix(network.values[weight], output)
        seen = look(inputs, weight, network.values, current, matrix, rows)
        if weight in shares:
            found = seen.centered() if norm or bias else seen
            moved, masks[weight] = solve_layer(
                solver, found.target(matrix.astype(np.float64)), found.xx, shares[weight], pattern,
                (weight, current[weight].shape, output),
            )
            current[weight] = np.where(masks[weight], moved, 0).astype(np.float32)
        pruned = as_matrix(current[weight], output).astype(np.float64)
        after = moments(pruned, seen.x, seen.xx)
        if norm:
            added = network.values[bias] if bias else 0.0
            before, now = (
                Moments(each.mean + added, each.variance) for each in (seen.results(), after)
            )
            current |= carried(norm, network.values, before, now)
        elif bias:
            current[bias] = (network.values[bias] + seen.y - after.mean).astype(np.float32)
    return current, masks


def look(
    inputs: LayerInputs, weight: str, dense: Values, current: Values, matrix: np.ndarray,
    rows: Split,
) -> Seen:  # fmt: skip
    """What a layer reads with the `current` values and gives with those of `dense`."""
    count, x, y, xx, yx, yy = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    pairs = zip(inputs.of(weight, dense, rows), inputs.of(weight, current, rows), strict=True)
    for before, after in pairs:
        results = before @ matrix.T
        count += len(after)
        x = x + after.sum(axis=0, dtype=np.float64)
        y = y + results.sum(axis=0, dtype=np.float64)
        xx = xx + (after.T @ after).astype(np.float64)
        yx = yx + (results.T @ after).astype(np.float64)
        yy = yy + np.einsum("ij,ij->j", results, results, dtype=np.float64)
    return Seen(*(np.asarray(each) / count for each in (x, y, xx, yx, yy)))

