# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A share that meets a budget: of weights, multiplications, bytes or measured milliseconds.

The cost of a pruned network is counted or timed on what was really pruned, so it serves every
method. Shares are tried between two that are known to cost too much and too little.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from ..errors import InputError
from ..forms import removed
from ..imported import ImportedNetwork
from ..search import costs

T = TypeVar("T")

MOST = 0.9999
"""The largest share that is tried."""

_CLOSE = 0.02
"""How far below a budget is near enough."""

_APART = 1e-4
"""Shares that are closer are the same."""


@dataclass(frozen=True)
class Met(Generic[T]):
    """What met a budget; amounts are in the units of the resource."""

    found: T
    share: float
    requested: float
    realised: float
    dense: float


class Cost:
    """What pruned values of a network cost: `resource` is one of the recipe's targets.

    With `coupled`, of the network that is left when the channels that are zero have left.
    Milliseconds are those of a call of `batch` rows, timed by turns with the dense network.
    """

    def __init__(
        self, network: ImportedNetwork, resource: str, coupled: bool = False, batch: int = 1,
        threads: int = 1,
    ) -> None:  # fmt: skip
        self._network, self.resource, self._coupled = network, resource, coupled
        self._batch, self._threads = batch, threads
        self._values = {name: network.values[name] for name in network.shapes()}
        self.dense = self.of(self._values)

    def requested(self, amount: float) -> float:
        """An amount as a recipe gives it, in units: below 1 it is a share of the dense network.

        Of the sparsity it is the share that goes.
        """
        if self.resource == "sparsity":
            return (1 - amount) * self.dense
        return amount * self.dense if amount < 1 else amount

    def of(self, values: dict[str, np.ndarray]) -> float:
        """The cost of the network with these values."""
        if self.resource == "ms":
            return self._milliseconds(values)
        if self._coupled:
            left = ImportedNetwork(removed(self._network, 1, values))
            return costs.resource_of(left, self.resource).total({})
        ratios = {
            name: 1.0 - np.count_nonzero(values[name]) / values[name].size
            for name in self._network.weights()
        }
        return costs.resource_of(self._network, self.resource).total(ratios)

    def _milliseconds(self, values: dict[str, np.ndarray]) -> float:
        """Timed beside the dense network, in units of its first time."""
        if values is self._values:
            (found,) = costs.timed(self._network, [values], self._batch, self._threads)
            return found
        pairs = [(self._network, self._values), (self._network, values)]
        if self._coupled:
            left = ImportedNetwork(removed(self._network, 1, values))
            pairs[1] = (left, left.values)
        dense, now = costs.timed_networks(pairs, self._batch, self._threads)
        # By turns, so that the computer's mood is in both.
        return now / dense * self.dense


def meet(
    at: Callable[[float], T], cost: Callable[[T], float], requested: float, dense: float,
    first: float, tries: int, is_timed: bool = False,
) -> Met[T]:  # fmt: skip
    """The result of a share whose cost is within a budget and near to it, in some `tries`.

    The cost falls with the share; `first` is the share to begin with. Of a counted cost the
    budget is a bound; one that `is_timed` may come out up to a fiftieth above it. Raises
    :class:`InputError` where no share that was tried meets it.
    """
    if requested >= dense:
        raise InputError(
            f"the budget is {requested:,.6g}, and the dense network is at {dense:,.6g} already"
        )
    low, high = (0.0, dense), (MOST, 0.0)
    above = requested * (1 + _CLOSE if is_timed else 1 + 1e-12)
    best: Met[T] | None = None
    least, share = dense, min(max(first, _APART), MOST)
    for left in reversed(range(tries)):
        found = at(share)
        now = cost(found)
        least = min(least, now)
        if now <= above:
            if best is None or abs(now - requested) < abs(best.realised - requested):
                best = Met(found, share, requested, now, dense)
            high = (share, now)
        else:
            low = (share, now)
        if best is not None and abs(best.realised / requested - 1) <= _CLOSE:
            break
        if high[0] - low[0] <= _APART:
            break
        share = MOST if best is None and left == 1 else _between(low, high, requested)
    if best is None:
        raise InputError(
            f"the budget of {requested:,.6g} cannot be reached by pruning these weights; the "
            f"least is {least:,.6g}"
        )
    return best


def _between(low: tuple[float, float], high: tuple[float, float], wanted: float) -> float:
    """The next share to try: along a line, but not next to one that is known."""
    part = (low[1] - wanted) / max(low[1] - high[1], 1e-300)
    part = min(max(part, 0.1), 0.9)
    return low[0] + part * (high[0] - low[0])
