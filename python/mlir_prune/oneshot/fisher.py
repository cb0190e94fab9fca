# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The empirical Fisher matrix of gradients of rows, and pruning by its quadratic model.

WoodFisher (Singh and Alistarh 2020) and M-FAC (Frantar 2021): the Hessian of the loss is
approximated by ``F = X^T X / n + damping`` with the gradient of a row in each row of X, as
a whole or in blocks along the diagonal. A block with more weights than rows is inverted by
the identity of Woodbury, which needs a matrix of the rows only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ..rows import Split
from .loss import Loss
from .support import Support

DAMPING = 1e-5
"""Of the Fisher matrix where nothing else is said."""

BLOCK = 2000
"""Weights of a block where nothing else is said."""


class Fisher:
    """``X^T X / n + damping`` of gradients [rows, weights], in blocks of `block` weights."""

    def __init__(self, gradients: np.ndarray, damping: float, block: int | None = None) -> None:
        self.gradients, self.damping = gradients, damping
        self.block = block or max(gradients.shape[1], 1)

    def blocks(self) -> Iterator[slice]:
        """The weights of each block."""
        size = self.gradients.shape[1]
        for start in range(0, size, self.block):
            yield slice(start, min(start + self.block, size))

    def product(self, vector: np.ndarray) -> np.ndarray:
        """F times `vector`."""
        found = self.damping * np.asarray(vector, np.float64)
        for part in self.blocks():
            x = self.gradients[:, part]
            found[part] += (x.T @ (x @ vector[part].astype(np.float32))) / len(x)
        return found

    def diagonal(self) -> np.ndarray:
        """The diagonal of F."""
        squares = np.einsum("ij,ij->j", self.gradients, self.gradients, dtype=np.float64)
        return squares / len(self.gradients) + self.damping

    def inverse_diagonal(self) -> np.ndarray:
        """The diagonal of the inverse of F, above zero."""
        found = np.empty(self.gradients.shape[1])
        for part in self.blocks():
            x = self.gradients[:, part]
            if x.shape[1] <= len(x):
                found[part] = np.diagonal(np.linalg.inv(_gram(x.T, self.damping)))
            else:
                inner = np.linalg.solve(_kernel(x, self.damping).astype(np.float32), x)
                taken = np.einsum("ij,ij->j", x, inner, dtype=np.float64)
                found[part] = (1.0 - np.minimum(taken, 1.0 - 1e-6)) / self.damping
        return found

    def solve(self, vector: np.ndarray, kept: np.ndarray | None = None) -> np.ndarray:
        """The inverse of F, cut down to the weights `kept` (bool), times `vector`; zero elsewhere."""
        found = np.zeros(len(vector))
        for part in self.blocks():
            here = np.arange(part.start, part.stop)
            if kept is not None:
                here = here[kept[part]]
            x = self.gradients[:, here]
            if x.shape[1] <= len(x):
                found[here] = np.linalg.solve(_gram(x.T, self.damping), vector[here])
            else:
                inner = np.linalg.solve(_kernel(x, self.damping), x @ vector[here])
                found[here] = (vector[here] - x.T @ inner) / self.damping
        return found


def prune_once(
    loss: Loss, support: Support, data: Split, shares: Iterable[float], damping: float,
    block: int | None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """Weights and which are kept (bool) by the model of the gradients of all rows of `data`.

    There is no first-order term: at a minimum of the loss it is zero.
    """
    weights = loss.start()
    fisher = Fisher(loss.row_gradients(weights, data), damping, block)
    judged = scores(weights, fisher.inverse_diagonal())
    for share in shares:
        kept = support.choose(judged, np.ones(loss.size, bool), share)
        yield surgeon(fisher, weights, kept), kept


def _kernel(x: np.ndarray, damping: float) -> np.ndarray:
    """``X X^T + n damping``."""
    found = (x @ x.T).astype(np.float64)
    found[np.diag_indices(len(x))] += len(x) * damping
    return found


def _gram(x: np.ndarray, damping: float) -> np.ndarray:
    """``X X^T / n + damping`` where X is [weights, n]."""
    found = (x @ x.T).astype(np.float64) / x.shape[1]
    found[np.diag_indices(len(x))] += damping
    return found


def scores(weights: np.ndarray, inverse_diagonal: np.ndarray) -> np.ndarray:
    """What the loss grows by when a weight is removed and the others are moved for it:
    ``w^2 / (2 [F^-1]_ii)`` (Hassibi and Stork 1993)."""
    return weights.astype(np.float64) ** 2 / (2.0 * inverse_diagonal)


def surgeon(fisher: Fisher, weights: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The weights `kept` (bool) that minimize the model when all others become zero.

    With R removed, the others move by ``F_SS^-1 F_SR w_R``, all at once.
    """
    removed = np.where(kept, 0, weights)
    moved = weights + fisher.solve(fisher.product(removed), kept)
    return np.where(kept, moved, 0).astype(np.float32)
