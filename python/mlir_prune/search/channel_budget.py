# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Multiplications by the channels that stay, and numbers of channels within a budget.

The compiler counts the multiplications of a removed network. A search asks for thousands of
them, so the count of each layer is found as a function of the channels from few networks: it
is a product of what the layer reads and what it makes, each of which is linear in the
channels of the groups.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np

from ..channel_groups import Group
from ..errors import InputError
from .channels import Channels, Kept

Count = Callable[[Kept], dict[str, int]]
"""Multiplications of each layer by the channels that stay, from the compiler."""


class Multiplications:
    """Multiplications of one row as a function of the channels of each group that stay.

    It is exact: a network that was not asked for is counted, too, and one with another count
    raises :class:`InputError`.
    """

    def __init__(self, groups: Sequence[Group], count: Count) -> None:
        self.totals = np.array([group.total for group in groups])
        self._asked: dict[Kept, dict[str, int]] = {}
        self._count = count
        dense = self._at({})
        few = {g: self._at({g: 1}) for g in range(len(groups))}
        touched = {
            name: [g for g in few if few[g].get(name, 0) != count] for name, count in dense.items()
        }
        # dense - slopes . d + d . products . d with the share d of each group that leaves.
        self._dense = float(sum(dense.values()))
        self._slopes = np.zeros(len(groups))
        self._products = np.zeros((len(groups), len(groups)))
        for name in dense:
            self._add(name, touched[name])
        self._check()

    def total(self, kept: Sequence[float]) -> float:
        """Multiplications of the network; groups may have none, as if they were not there."""
        gone = 1.0 - np.asarray(kept, np.float64) / self.totals
        return float(self._dense - self._slopes @ gone + gone @ self._products @ gone)

    @property
    def dense(self) -> float:
        """Multiplications of the dense network."""
        return self._dense

    def _at(self, changed: dict[int, int]) -> dict[str, int]:
        """What the compiler counts where some groups keep other numbers of channels than all."""
        kept = tuple(int(changed.get(g, total)) for g, total in enumerate(self.totals))
        if kept not in self._asked:
            self._asked[kept] = self._count(kept)
        return self._asked[kept]

    def _gone(self, group: int, kept: int) -> float:
        return 1.0 - kept / float(self.totals[group])

    def _add(self, name: str, groups: Sequence[int]) -> None:
        """Adds a layer that depends on the channels of some groups."""
        dense = self._at({}).get(name, 0)
        lost = {g: dense - self._at({g: 1}).get(name, 0) for g in groups}
        for g in groups:
            half = int(self.totals[g]) // 2
            far, near = self._gone(g, 1), self._gone(g, half)
            square = 0.0
            if half > 1:
                other = dense - self._at({g: half}).get(name, 0)
                # lost = slope * d - square * d^2 at both places.
                square = (other / near - lost[g] / far) / (far - near)
            self._slopes[g] += lost[g] / far + square * far
            self._products[g, g] += square
        for g, h in combinations(groups, 2):
            both = dense - self._at({g: 1, h: 1}).get(name, 0)
            self._products[g, h] += (lost[g] + lost[h] - both) / (
                self._gone(g, 1) * self._gone(h, 1)
            )

    def _check(self) -> None:
        random = np.random.default_rng(0)
        for _ in range(2):
            kept = {g: int(random.integers(1, total + 1)) for g, total in enumerate(self.totals)}
            counted = sum(self._at(kept).values())
            found = self.total([kept[g] for g in range(len(self.totals))])
            if not math.isclose(counted, found, rel_tol=1e-9, abs_tol=0.5):
                raise InputError(
                    f"multiplications are no products of channels in this network: {counted:,} "
                    f"were counted where {found:,.0f} were expected"
                )


class Plan:
    """Numbers of channels of each group that a search may choose, within a budget.

    At most `target` multiplications stay in the end; of each group at least the share `lower`
    does, rounded up. All numbers are multiples of `multiple`, or all channels of a group.
    """

    def __init__(
        self, groups: Sequence[Group], macs: Multiplications, target: float, lower: float = 0.2,
        multiple: int = 1,
    ) -> None:  # fmt: skip
        self.groups, self.macs = tuple(groups), macs
        self.target, self.lower, self.multiple = target, lower, multiple
        self.choices = [self._choices(group.total) for group in self.groups]
        self.least = tuple(choices[0] for choices in self.choices)
        if macs.total(self.least) > target:
            raise InputError(
                f"macs of {target:,.0f} cannot be reached: with {lower:g} of the channels of each "
                f"group {macs.total(self.least):,.0f} stay of {macs.dense:,.0f}"
            )

    def _choices(self, total: int) -> list[int]:
        least = self._up(self.lower, total)
        found = [count for count in range(least, total) if count % self.multiple == 0]
        return [*found, total]

    def _up(self, share: float, total: int) -> int:
        """The least number of channels that is at least a share of all."""
        wanted = max(1, math.ceil(share * total - 1e-9))
        return min(total, -(-wanted // self.multiple) * self.multiple)

    def choose(self, before: Sequence[int], share: float) -> int:
        """Channels of the next group for a share of them, after those of the groups `before`.

        As many less as are needed for the budget to be met with the least of all later groups
        (He et al. 2018, algorithm 1).
        """
        place = len(before)
        wanted = max(self.least[place], self._up(share, self.groups[place].total))
        rest = self.least[place + 1 :]
        for count in reversed(self.choices[place]):
            if count <= wanted and self.fits((*before, count, *rest)):
                return count
        return self.least[place]

    def fits(self, kept: Sequence[int]) -> bool:
        """Whether a network is within the budget."""
        return self.macs.total(kept) <= self.target * (1 + 1e-12)

    def uniform(self) -> Kept:
        """The largest share that is the same in all groups and within the budget.

        Where a further channel of a group still fits, from the first group to the last, it
        stays as well, so that the budget is used as far as that of a search.
        """
        shares = sorted({c / g.total for g, n in zip(self.groups, self.choices, strict=True)
                         for c in n})  # fmt: skip
        found = self.least
        for share in shares:
            kept = tuple(
                max(c for c in choices if c <= share * group.total + 1e-9 or c == choices[0])
                for group, choices in zip(self.groups, self.choices, strict=True)
            )
            if not self.fits(kept):
                break
            found = kept
        for place, choices in enumerate(self.choices):
            larger = [count for count in choices if count > found[place]][:1]
            for count in larger:
                kept = (*found[:place], count, *found[place + 1 :])
                found = kept if self.fits(kept) else found
        return found


def plan_of(channels: Channels, share: float, lower: float = 0.2, multiple: int = 1) -> Plan:
    """The plan of a network for a share of its multiplications, or an amount above 1."""
    macs = Multiplications(channels.groups, channels.multiplications)
    target = share * macs.dense if share < 1 else share
    return Plan(channels.groups, macs, target, lower, multiple)


class ChannelResource:
    """Multiplications by the share of each group that leaves, as searches ask for costs."""

    name = "macs"

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._macs = Multiplications(channels.groups, channels.multiplications)

    def total(self, ratios: Mapping[str, float]) -> float:
        """Those of the network; shares are by the name of the group.

        They are rounded to whole channels as the compiler does, and one channel stays.
        """
        return self._macs.total(self._kept(ratios))

    def counts(self, ratios: Mapping[str, float]) -> dict[str, float]:
        """Weights and multiplications of the network, counted by the compiler."""
        network = self._channels.network
        shapes, dense = network.shapes(), network.macs()
        macs = self._channels.multiplications(self._kept(ratios))
        # A weight takes part in as many multiplications as before.
        weights = sum(count * math.prod(shapes[n]) / dense[n] for n, count in macs.items())
        return {"parameters": float(round(weights)), "macs": float(sum(macs.values()))}

    def _kept(self, ratios: Mapping[str, float]) -> Kept:
        return tuple(
            group.total - min(
                math.floor(ratios.get(group.name, 0.0) * group.total + 0.5), group.total - 1
            )
            for group in self._channels.groups
        )  # fmt: skip
