# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A network without the channels that are zero, compared with the masked one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import TrainingError
from .forms import TOLERANCE, at_batch, bound, relative_error, run_forward
from .pipelines import compress_pipeline
from .rows import Split

_ROWS = 100
"""Most rows that are compared."""


@dataclass(frozen=True)
class Removed:
    """The compact module of one row, its multiplications and those of the dense network, and what
    its results differ by from those of the masked network, relative to the largest."""

    module: Any
    macs: int
    dense_macs: int
    error: float


def remove(network: Any, values: Mapping[str, np.ndarray], rows: Split) -> Removed:
    """The network without the channels that are zero in `values`, compared on some rows.

    Raises :class:`TrainingError` where the results differ by more than :data:`TOLERANCE`.
    """
    masked = bound(network, 1, values)
    compact = masked.clone()
    compact.run(compress_pipeline())
    taken = rows.take(np.arange(min(len(rows), _ROWS))).arrays
    found, expected = (
        run_forward(at_batch(each, min(len(rows), _ROWS)).compile(), taken)
        for each in (compact, masked)
    )
    error = relative_error(found, expected)
    if not error <= TOLERANCE:
        raise TrainingError(
            f"the removed network differs from the masked one by {error:.2e} relative, more than "
            f"{TOLERANCE:.0e}"
        )
    macs = sum(layer["macs"] for layer in compact.layers())
    return Removed(compact, macs, sum(network.macs().values()), error)
