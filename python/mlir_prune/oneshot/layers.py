# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pruning one layer so that its results change least: ``||X W^T - X V^T||^2``.

All that is needed of the inputs X [rows, columns] is their Gram matrix ``X^T X``. Weights
are matrices [outputs, columns]; a pattern counts along the columns (its axis is 1).

A damping is relative to the mean of the diagonal of the Gram matrix. A column that is
always zero gets only that.
"""

from __future__ import annotations

import hashlib

import numpy as np

from ..grams import DAMPING, damped
from .support import Pattern, best_of_groups, largest

_BLOCK = 128
_STACK = 1 << 18
"""Most elements of inverses that a chunk of rows keeps at once: what a core's cache holds."""

_KEPT = 64
"""Layers whose costs are kept."""

_COSTS: dict[bytes, np.ndarray] = {}


def error(weight: np.ndarray, other: np.ndarray, gram: np.ndarray) -> float:
    """What the results of two weights differ by, squared and summed."""
    difference = weight.astype(np.float64) - other
    return float(np.einsum("ij,ij->", difference @ gram.astype(np.float64), difference))


def magnitude(weight: np.ndarray, share: float, pattern: Pattern | None) -> np.ndarray:
    """Mask of the largest weights of the whole layer."""
    return _mask(np.abs(weight.astype(np.float64)), share, pattern)


def wanda(
    weight: np.ndarray, gram: np.ndarray, share: float, pattern: Pattern | None
) -> np.ndarray:
    """Mask by magnitude times norm of the input, the same share of each row (Sun 2024)."""
    scores = np.abs(weight.astype(np.float64)) * np.sqrt(np.diagonal(gram).astype(np.float64))
    if pattern:
        return best_of_groups(scores, pattern)
    return np.stack([_mask(row, share, None) for row in scores])


def refit(weight: np.ndarray, mask: np.ndarray, gram: np.ndarray, damping: float = DAMPING) -> np.ndarray:
    """The weight with zeros outside of `mask` whose results are nearest: least squares."""
    hessian = damped(gram, damping)
    right = weight.astype(np.float64) @ hessian
    found = np.zeros(weight.shape)
    for row, kept in enumerate(mask):
        places = np.flatnonzero(kept)
        if len(places):
            found[row, places] = np.linalg.solve(hessian[np.ix_(places, places)], right[row, places])
    return found.astype(np.float32)


def brain_surgeon(
    weight: np.ndarray, gram: np.ndarray, share: float, pattern: Pattern | None = None,
    damping: float = DAMPING,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Weight and mask by optimal brain compression (Frantar and Alistarh 2022).

    In each row the weight that costs least goes, the others move for it, and so on; the
    removals that cost least over all rows are made. Time is outputs times columns cubed.
    """
    costs = removal_costs(weight, gram, pattern, damping)
    if pattern:
        mask = np.isinf(costs)
    else:
        # In a row costs must not fall, or a later removal would be made before an earlier.
        mask = np.zeros(weight.size, bool)
        mask[largest(costs.ravel(), max(1, round(share * weight.size)))] = True
        mask = mask.reshape(weight.shape)
    return refit(weight, mask, gram, damping), mask


def removal_costs(
    weight: np.ndarray, gram: np.ndarray, pattern: Pattern | None = None,
    damping: float = DAMPING,
) -> np.ndarray:  # fmt: skip
    """What the removal of each weight costs its row, in the order of :func:`brain_surgeon`.

    The last layers asked for are kept: other sparsities need the same.
    """
    digest = hashlib.sha256(repr((weight.shape, str(weight.dtype), pattern, damping)).encode())
    digest.update(np.ascontiguousarray(weight).tobytes())
    digest.update(np.ascontiguousarray(gram).tobytes())
    key = digest.digest()
    if key not in _COSTS:
        hessian = damped(gram, damping)
        inverse = np.linalg.inv(hessian)
        steps = max(1, _STACK // hessian.size)
        parts = [
            _removals(weight[start : start + steps].astype(np.float64), inverse, pattern)
            for start in range(0, len(weight), steps)
        ]
        while len(_COSTS) >= _KEPT:
            _COSTS.pop(next(iter(_COSTS)))
        _COSTS[key] = np.concatenate(parts)
    return _COSTS[key]


def _removals(weight: np.ndarray, inverse: np.ndarray, pattern: Pattern | None) -> np.ndarray:
    """What each removal costs its row, never less than the one before; infinite if not made.

    When half of the columns are gone, the inverses of what is left move together.
    """
    rows, columns = weight.shape
    inverses = np.repeat(inverse[None], rows, axis=0)
    weight = weight.copy()
    alive = np.ones(weight.shape, bool)
    places = np.tile(np.arange(columns), (rows, 1))  # the column of what is left
    costs = np.full(weight.shape, np.inf)
    last = np.zeros(rows)
    every = np.arange(rows)
    update = np.empty_like(inverses)
    removed = columns - columns // pattern.group * pattern.kept if pattern else columns
    for step in range(removed):
        is_left = np.take_along_axis(alive, places, axis=1)
        diagonal = np.where(is_left, np.einsum("rcc->rc", inverses), 1.0)
        open_ = alive & _open(alive, pattern) if pattern else alive
        cost = np.where(np.take_along_axis(open_, places, axis=1), weight**2 / diagonal, np.inf)
        at = cost.argmin(axis=1)
        last = np.maximum(last, cost[every, at])
        costs[every, places[every, at]] = last
        column = inverses[every, :, at]
        pivot = column[every, at]
        weight -= column * (weight[every, at] / pivot)[:, None]
        np.multiply(column[:, :, None], (column / pivot[:, None])[:, None, :], out=update)
        inverses -= update
        alive[every, places[every, at]] = is_left[every, at] = False
        weight[~is_left] = 0.0
        if 2 * (columns - step - 1) <= places.shape[1]:
            kept = np.nonzero(is_left)[1].reshape(rows, -1)
            inverses = inverses[every[:, None, None], kept[:, :, None], kept[:, None, :]]
            update = np.empty_like(inverses)
            weight, places = (np.take_along_axis(x, kept, axis=1) for x in (weight, places))
    return costs


def _open(alive: np.ndarray, pattern: Pattern) -> np.ndarray:
    """Weights of groups that still have more than a pattern keeps."""
    counts = alive.reshape(len(alive), -1, pattern.group).sum(axis=2)
    return np.repeat(counts > pattern.kept, pattern.group, axis=1)


def sparse_gpt(
    weight: np.ndarray, gram: np.ndarray, share: float, pattern: Pattern | None = None,
    damping: float = DAMPING,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Weight and mask by SparseGPT (Frantar and Alistarh 2023): columns from left to right.

    Blocks of 128 columns choose their zeros; the error of a column moves those behind it, by
    the Cholesky factor of the inverse Gram matrix. Time is columns cubed.
    """
    upper = np.linalg.cholesky(np.linalg.inv(damped(gram, damping))).T
    weight = weight.astype(np.float64).copy()
    mask = np.ones(weight.shape, bool)
    columns = weight.shape[1]
    size = _BLOCK // pattern.group * pattern.group or pattern.group if pattern else _BLOCK
    zeros = 0
    for start in range(0, columns, size):
        stop = min(start + size, columns)
        if not pattern:
            # Counts of blocks add up to that of the layer.
            due = round((1.0 - share) * len(weight) * stop) - zeros
            scores = weight[:, start:stop] ** 2 / np.diagonal(upper)[start:stop] ** 2
            mask[:, start:stop] = _keep(scores, scores.size - due)
            zeros += due
        errors = np.zeros((len(weight), stop - start))
        for j in range(start, stop):
            if pattern and j % pattern.group == 0:
                group = slice(j, j + pattern.group)
                scores = weight[:, group] ** 2 / np.diagonal(upper)[group] ** 2
                mask[:, group] = best_of_groups(scores, pattern)
            errors[:, j - start] = np.where(mask[:, j], 0.0, weight[:, j]) / upper[j, j]
            weight[:, j:stop] -= np.outer(errors[:, j - start], upper[j, j:stop])
        weight[:, stop:] -= errors @ upper[start:stop, stop:]
    return np.where(mask, weight, 0.0).astype(np.float32), mask


def _mask(scores: np.ndarray, share: float, pattern: Pattern | None) -> np.ndarray:
    if pattern:
        return best_of_groups(scores, pattern)
    return _keep(scores, max(1, round(share * scores.size)))


def _keep(scores: np.ndarray, count: int) -> np.ndarray:
    found = np.zeros(scores.size, bool)
    found[largest(scores.ravel(), count)] = True
    return found.reshape(scores.shape)
