# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How many weights of each layer stay, of a number for all of them.

Weights are ranked together by scores that are relative to their own layer (LAMP, Lee et al.
2021): the square of a weight over the sum of the squares of all that are at least as large. What
a layer has left counts, not how small its weights are, so a layer of few weights keeps a larger
share of them, and the largest weight of each layer goes before all others.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def lamp_scores(weight: np.ndarray) -> np.ndarray:
    """Scores of the weights of a layer, float64 [weights]; of equal ones the first is larger."""
    squares = np.square(weight.reshape(-1), dtype=np.float64)
    order = np.argsort(-squares, kind="stable")
    scores = np.zeros(squares.size)
    descending = squares[order]
    scores[order] = descending / np.maximum(np.cumsum(descending), np.finfo(np.float64).tiny)
    return scores


def count_left(weights: Mapping[str, np.ndarray], left: int) -> dict[str, int]:
    """Weights of each layer among the `left` with the largest scores; at least one each.

    Ties go by layer and index; weights that are zero are never among them.
    """
    names = list(weights)
    scores = np.concatenate([lamp_scores(weights[name]) for name in names])
    owner = np.repeat(np.arange(len(names)), [weights[name].size for name in names])
    order = np.argsort(-scores, kind="stable")[:left]
    order = order[scores[order] > 0]
    counts = np.bincount(owner[order], minlength=len(names))
    return {name: max(1, int(count)) for name, count in zip(names, counts, strict=True)}
