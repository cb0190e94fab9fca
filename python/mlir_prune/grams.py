# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gram matrices of the inputs of layers, as least squares take them."""

from __future__ import annotations

import numpy as np

DAMPING = 0.01
"""Share of the mean of the diagonal that is added to it."""


def damped(gram: np.ndarray, damping: float = DAMPING) -> np.ndarray:
    """The Gram matrix in double precision with a share of its mean diagonal added."""
    found = np.array(gram, np.float64)
    mean = float(np.diagonal(found).mean())
    found[np.diag_indices(len(found))] += damping * (mean if mean > 0.0 else 1.0)
    return found
