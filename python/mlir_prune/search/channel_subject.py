# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A network without some of its channels that is repaired, not trained.

What the layers behind pruned channels read has changed. Their weights are fitted to the
channels that stay by least squares, or batch normalizations get statistics that keep what they
gave, or both, on calibration rows without labels; so the accuracy of a network that was never
trained says how good the choice of its channels is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .. import evidence
from ..errors import InputError, nearest, shorten
from ..forms import bound
from ..imported import ImportedNetwork
from ..networks import has_statistics
from ..oneshot.repair import NONE, Repairer
from ..recipe.schema import THINET
from ..reconstruction import thinet_evidence
from ..rows import Split
from ..training.judgment import whole_batches
from .channels import Arrays, Channels, Kept, Pruned

REPAIRS = ("weights", "batch_norm")
"""What can be repaired, in this order: see above; ``batch_norm`` is that of
:mod:`mlir_prune.oneshot.repair`."""

CRITERIA = ("magnitude", THINET)
"""What the channels of a group go by."""

_BATCH = 100
"""Rows of one call."""


def read_repairs(text: str) -> tuple[str, ...]:
    """Repairs of a list with commas, or ``none``; :class:`InputError` for others."""
    parts = tuple(part.strip() for part in text.split(","))
    if parts == (NONE,):
        return ()
    for part in parts:
        if part not in REPAIRS:
            raise InputError(
                f"repair: expected {NONE}, or some of {', '.join(REPAIRS)}, got {shorten(text)}"
                f"{nearest(part, (*REPAIRS, NONE))}"
            )
    return parts


class ChannelSubject:
    """A trained network whose channels can leave.

    `calibration` are rows that it is repaired on, in whole batches; `repair` is what
    :func:`read_repairs` reads. Of a group the smallest channels go, or with the `criterion`
    ``thinet`` those that the layers behind lack least on the calibration rows; with the repair
    of weights this is a choice of channels and a least squares, as in He et al. 2017.
    """

    def __init__(
        self, network: Any, values: Mapping[str, np.ndarray], calibration: Split,
        repair: str = "weights", threads: int = 1, names: Sequence[str] | None = None,
        criterion: str = "magnitude",
    ) -> None:  # fmt: skip
        repairs = read_repairs(repair)
        if criterion not in CRITERIA:
            raise InputError(f"a criterion is one of {', '.join(CRITERIA)}, got '{criterion}'")
        self._network, self._rows, self._threads = network, calibration, threads
        self._values = {name: values[name] for name in network.shapes()}
        self._batch = min(_BATCH, len(calibration))
        grams = self._collect() if "weights" in repairs or criterion == THINET else {}
        scores = None
        if criterion == THINET:
            chosen = [name for name in network.weights() if names is None or name in names]
            scores = thinet_evidence(network, self._values, chosen, grams)
        self.channels = Channels(network, values, names, scores)
        self._grams = grams if "weights" in repairs else {}
        self._repairer: Repairer | None = None
        if "batch_norm" in repairs and has_statistics(network):
            dense = ImportedNetwork(bound(network, 1, self.channels.values))
            self._repairer = Repairer(dense, calibration, threads, self._batch)

    def pruned(self, kept: Kept) -> Pruned:
        """The repaired network with so many channels of each group."""
        found = self.channels.pruned(kept, self._grams)
        if self._repairer is None:
            return found
        return replace(found, values={**found.values, **self._repairer.statistics(found.values)})

    def _collect(self) -> Arrays:
        """Gram matrices of the inputs of the layers that have one."""
        module = bound(self._network, self._batch, self._values)
        rows = whole_batches(self._network, self._rows, self._batch)
        found = evidence.collect(module, rows, evidence.GRAM, self._threads)
        return {name: gram for (name, _), gram in found.items()}
