# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A network without some of its channels that is repaired, not trained.

What the layers behind pruned channels read has changed. Their weights are fitted to the
channels that stay by least squares, or the statistics of batch normalizations are measured
again, or both, on calibration rows without labels; so the accuracy of a network that was
never trained says how good the choice of its channels is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import evidence
from ..errors import InputError, TrainingError
from ..forms import TOLERANCE, at_batch, bound, relative_error, run_forward
from ..networks import has_statistics
from ..pipelines import compress_pipeline, module, options
from ..rows import Split, Windows
from ..training.program import compiled
from .channels import Arrays, Channels, Kept, Pruned

REPAIRS = ("weights", "statistics", "both", "none")
"""What is repaired: see above."""

_STEP = "statistics_step"

_BATCH = 100
"""Rows of one call."""


class ChannelSubject:
    """A trained network whose channels can leave.

    `calibration` are rows that it is repaired on, in whole batches; `repair` is one of
    :data:`REPAIRS`.
    """

    def __init__(
        self, network: Any, values: Mapping[str, np.ndarray], calibration: Split,
        repair: str = "weights", threads: int = 1, names: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        if repair not in REPAIRS:
            raise InputError(f"a repair is one of {', '.join(REPAIRS)}, got '{repair}'")
        self.channels = Channels(network, values, names)
        self._network, self._rows, self._threads = network, calibration, threads
        self._repair = repair
        self._batch = min(_BATCH, len(calibration))
        self._grams = self._collect() if repair in ("weights", "both") else {}

    def pruned(self, kept: Kept) -> Pruned:
        """The repaired network with so many channels of each group."""
        found = self.channels.pruned(kept, self._grams)
        if self._repair in ("statistics", "both") and has_statistics(self._network):
            return replace(found, values=self._measured(found.values))
        return found

    def _collect(self) -> Arrays:
        """Gram matrices of the inputs of the layers that have one."""
        module = bound(self._network, self._batch, self.channels.values)
        found = evidence.collect(module, self._batches(), evidence.GRAM, self._threads)
        return {name: gram for (name, _), gram in found.items()}

    def _measured(self, values: Arrays) -> Arrays:
        """Values with statistics that are means over the batches."""
        pipeline = module(options("prune-build-statistics-step", name=_STEP))
        program = compiled(self._network.text(self._batch), pipeline, self._threads)
        state = program.fill(values)
        step = program.bind(_STEP, state)
        for index, rows in enumerate(self._batches()):
            for name, array in rows.items():
                step.set(name, array)
            # The k-th batch gets the share 1 / k: a mean whatever was there before.
            step.set("momentum", 1.0 / (index + 1))
            step()
        return {name: state[name] for name in values}

    def _batches(self) -> Any:
        """The calibration rows by the name of the input, batch by batch."""
        shapes = {each.name: (self._batch, *each.shape) for each in self._network.signature.inputs}
        windows = Windows(self._rows.arrays, shapes)
        for size in windows:
            if size == self._batch:
                yield windows.arrays


@dataclass(frozen=True)
class Removed:
    """The compact module of one row, its multiplications, and what its results differ by from
    those of the masked network, relative to the largest."""

    module: Any
    macs: int
    error: float


def remove(network: Any, values: Mapping[str, np.ndarray], rows: Split) -> Removed:
    """The network without the channels that are zero in `values`, compared on some rows.

    Raises :class:`TrainingError` where the results differ by more than :data:`TOLERANCE`.
    """
    masked = bound(network, 1, values)
    compact = masked.clone()
    compact.run(compress_pipeline())
    taken = rows.take(np.arange(min(len(rows), _BATCH))).arrays
    found, expected = (
        run_forward(at_batch(each, min(len(rows), _BATCH)).compile(), taken)
        for each in (compact, masked)
    )
    error = relative_error(found, expected)
    if error > TOLERANCE:
        raise TrainingError(
            f"the removed network differs from the masked one by {error:.2e} relative, more than "
            f"{TOLERANCE:.0e}"
        )
    return Removed(compact, sum(layer["macs"] for layer in compact.layers()), error)
