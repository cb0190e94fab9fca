# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How many weights of each layer stay, of a number for all of them.

Weights are ranked together by a score that is relative to their own layer, so that layers
whose weights are small as a whole do not vanish.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def relative_scores(weight: np.ndarray, size: int) -> np.ndarray:
    """Magnitudes over the standard deviation of a layer that had `size` weights.

    Weights that left count as zeros in the deviation.
    """
    energy = float(np.sqrt(np.square(weight, dtype=np.float64).sum() / max(size, 1)))
    found: np.ndarray = np.abs(weight) / np.float32(energy or 1.0)
    return found


def count_left(
    weights: Mapping[str, np.ndarray], sizes: Mapping[str, int], left: int
) -> dict[str, int]:
    """Weights of each layer among the `left` with the largest scores; at least one each.

    `sizes` are the numbers of weights of the dense layers. Ties go by layer and index.
    """
    names = list(weights)
    scores = np.concatenate([relative_scores(weights[n], sizes[n]).reshape(-1) for n in names])
    owner = np.repeat(np.arange(len(names)), [weights[n].size for n in names])
    order = np.argsort(-scores, kind="stable")[:left]
    order = order[scores[order] > 0]
    counts = np.bincount(owner[order], minlength=len(names))
    return {name: max(1, int(count)) for name, count in zip(names, counts, strict=True)}
