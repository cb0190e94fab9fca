# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Masks of weights as small pictures: where a weight is kept, large ones averaged into blocks."""

from __future__ import annotations

import io

import numpy as np

LIMIT = 256
"""Most rows and columns of a picture."""


def matrix(mask: np.ndarray) -> np.ndarray:
    """A mask as a matrix: outputs down, inputs across, the taps of a filter as tiles of these.

    ``[out, in, height, width]`` becomes ``[out * height, in * width]``; ``[out, in, taps]``
    ``[out, in * taps]``; a vector is one row.
    """
    if mask.ndim == 4:
        out, inner, height, width = mask.shape
        return mask.transpose(0, 2, 1, 3).reshape(out * height, inner * width)
    if mask.ndim < 2:
        return mask.reshape(1, -1)
    return mask.reshape(len(mask), -1)


def blocks(mask: np.ndarray, limit: int = LIMIT) -> np.ndarray:
    """The share that is kept in each block of a matrix, at most `limit` x `limit`, float64.

    Blocks are as equal as they can be, and each element is in one of them.
    """
    found = mask.astype(np.float64)
    for axis in (0, 1):
        extent = found.shape[axis]
        starts = np.linspace(0, extent, min(extent, limit), endpoint=False).astype(np.int64)
        sizes = np.diff([*starts, extent])
        found = np.add.reduceat(found, starts, axis=axis)
        found /= sizes.reshape((-1, 1) if axis == 0 else (1, -1))
    return found


def picture(shares: np.ndarray) -> bytes:
    """Shares of :func:`blocks` as a PNG with a pixel for each, which needs matplotlib.

    White is pruned; the darkest is the largest share that there is.
    """
    from matplotlib.image import imsave

    buffer = io.BytesIO()
    imsave(buffer, shares, cmap="Blues", vmin=0.0, vmax=darkest(shares), format="png")
    return buffer.getvalue()


def darkest(shares: np.ndarray) -> float:
    """The largest share, one where nothing is kept."""
    return float(shares.max(initial=0.0)) or 1.0
