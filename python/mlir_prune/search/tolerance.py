# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The sparsest network within a tolerance: rounds down until it breaks, then back up.

First come rounds of pruning and training, each from the one before, until the accuracy is
lost beyond hope. Then the network of a round is fine-tuned for longer: where it holds the
tolerance a sparser round is next, where it does not a denser one, until the two meet. A
network is accepted when its drop, raised by some standard errors of the paired comparison,
is within the tolerance: the validation rows choose among several networks, and the luckiest
of them is not the best. The loss, which says more on few rows than the count of errors, must
not have grown by more than the errors may. Where rows are so few that not even a drop of
nothing would count as within the tolerance, the loss is what has to be certain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .protocol import Result, Search


@dataclass(frozen=True)
class Step:
    """One candidate: a round of pruning and training, the fine-tuning of a round, or a network
    between the sparsest that held and the next.

    `base` is the key of the candidate to start from, empty for the dense network; `left`
    the weights that stay, `price` the penalty of each in units of the loss.
    """

    kind: str
    number: int
    base: str
    left: int
    epochs: int
    price: float

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.number}"


@dataclass(frozen=True)
class Limits:
    """What bounds the search.

    `points` may be lost; `epochs` train in all, and `minutes` where given; a drop counts
    with `confidence` standard errors more; `keep` is the share of a round that stays.
    """

    points: float
    epochs: int
    minutes: float | None = None
    confidence: float = 1.0
    keep: float = 0.7


_HOPELESS = 3.0
"""Standard errors beyond the tolerance from which no fine-tuning brings a round back."""

_PRICE = 1.5
"""Penalty of all weights together in units of the dense network's validation loss."""

_PRESSURE = (2.0, 4.0)
"""How many times the penalty is raised in the first round, and at most: it doubles after a
round within the tolerance, and is halved after one beyond, down to one."""

_DESCENT = 0.6
"""Share of the budget that rounds may take; the rest fine-tunes."""


_FINE = 0.95
"""Share of the weights above which a further step between two networks is not worth a try."""


class Tolerance(Search[Step, str]):
    """Finds the sparsest network within a tolerance; the outcome is its key, empty for dense.

    `facts` are measured before the search: `total`, all weights, `left`, those that the first
    round may go down to, the number of `classes`, and of the dense network on `rows` validation rows
    `accuracy`, `loss` and `calibrated`, the loss at its best temperature.
    """

    def __init__(self, limits: Limits, facts: Mapping[str, Any]) -> None:
        super().__init__()
        self.limits, self._facts = limits, facts
        self.round_epochs = max(1, limits.epochs // 30)
        self.tune_epochs = max(1, limits.epochs // 8)

    def propose(self) -> Sequence[Step]:
        if self._descends():
            return [self._round()]
        if self._spent("epochs") >= self.limits.epochs or self._minutes(1.0):
            return []
        number = self._next_tune()
        if number is not None:
            return [self._tune(number)]
        if self._low() == self.rounds() and self._spent("epochs") + self.round_epochs < (
            self.limits.epochs
        ):
            # Fine-tuning brings back more than the rounds let hope for.
            return [] if self._ended() else [self._round()]
        return self._fill()

    def finish(self) -> str:
        fills = [key for key in self.seen if key.startswith("fill-") and self._held(key)]
        if fills:
            return min(fills, key=lambda key: self.seen[key]["left"])
        # A round held by luck where its longer training, or that of a denser one, did not.
        for number in range(self._high() - 1, 0, -1):
            for key in (f"tune-{number}", f"round-{number}"):
                if self._held(key):
                    return key
        return ""

    def needed(self) -> set[str]:
        """Keys of candidates that may still be started from or chosen."""
        keys = set()
        for number in range(1, self.rounds() + 1):
            if self._low() <= number:
                keys |= {f"round-{number}", f"tune-{number}"}
        keys |= {key for key in self.seen if key.startswith("fill-") and self._held(key)}
        return keys & set(self.seen)

    def rounds(self) -> int:
        """Rounds that were observed."""
        return sum(key.startswith("round-") for key in self.seen)

    def holds(self, result: Result) -> bool:
        """Whether a network is within the tolerance, as far as its rows can say."""
        # One error more than were counted: few rows, none of which is wrong, promise little.
        wrong = 100.0 - self._facts["accuracy"] + 100.0 / self._facts["rows"]
        allowed = self._facts["calibrated"] * (wrong + self.limits.points) / wrong
        # A row more that is guessed, where the dense network is all but certain.
        allowed += self.limits.points / 100 * math.log(self._facts["classes"])
        # Nothing would be left of a network whose result is the same for all rows.
        wrong_result = result.get("constant", False) or result["drop"] > self.limits.points
        if wrong_result or result["calibrated"] > allowed:
            return False
        # Where no row differs one may have: none in 60 does not say that none will.
        error = max(result["error"], 100.0 / self._facts["rows"])
        margin = self.limits.confidence * error
        if margin <= self.limits.points or result["drop"] + margin <= self.limits.points:
            return bool(result["drop"] + margin <= self.limits.points)
        growth = self.limits.confidence * result.get("calibrated_error", math.inf)
        return bool(result["calibrated"] + growth <= allowed)

    def _descends(self) -> bool:
        """Whether there is another round."""
        number = self.rounds()
        if any(key.startswith("tune-") for key in self.seen):
            return False
        if number == 0:
            return True
        last = self.seen[f"round-{number}"]
        lost = last["drop"] > self.limits.points + _HOPELESS * last["error"]
        spent = self._spent("epochs") + self.round_epochs
        return not (
            lost
            or self._ended()
            or spent > _DESCENT * self.limits.epochs
            or self._minutes(_DESCENT)
        )

    def _ended(self) -> bool:
        """Whether another round has nothing to take: each layer keeps a weight."""
        number = self.rounds()
        last = self.seen[f"round-{number}"]["left"]
        before = self.seen[f"round-{number - 1}"]["left"] if number > 1 else math.inf
        return bool(last >= before or int(last * self.limits.keep) in (0, last))

    def _round(self) -> Step:
        number = self.rounds() + 1
        base = f"round-{number - 1}" if number > 1 else ""
        before = self.seen[base]["left"] if base else self._facts["left"] / self.limits.keep
        left = max(1, int(before * self.limits.keep))
        price = self._price(left) * self._pressure()
        return Step("round", number, base, left, self.round_epochs, price)

    def _tune(self, number: int) -> Step:
        base = f"round-{number}"
        left = self.seen[base]["left"]
        epochs = min(self.tune_epochs, self.limits.epochs - self._spent("epochs"))
        return Step("tune", number, base, left, epochs, self._price(left) / 3)

    def _fill(self) -> list[Step]:
        """A network half-way between the sparsest that held and the densest that did not."""
        low, high = self._low(), self._high()
        if low == 0:
            return self._denser()
        if high > self.rounds():
            return []
        # From the round: what was fine-tuned has weights that the penalty had all but removed.
        base, held, bottom = f"round-{low}", f"tune-{low}", self.seen[f"tune-{high}"]["left"]
        fills, failed, fell = [key for key in self.seen if key.startswith("fill-")], bottom, False
        for key in fills:
            if self._held(key):
                held = key
            else:
                failed = max(failed, self.seen[key]["left"])
                fell |= self.seen[key]["left"] <= bottom
        left = round(math.sqrt(self.seen[held]["left"] * failed))
        if left > _FINE * self.seen[held]["left"]:
            return []
        epochs = min(self.tune_epochs, self.limits.epochs - self._spent("epochs"))
        # Where the penalty took it below what had failed, weights stay only without one.
        price = 0.0 if fell else self._price(left) / 3
        return [Step("fill", len(fills) + 1, base, left, epochs, price)]

    def _denser(self) -> list[Step]:
        """A network between the dense one and the first round, where that did not hold."""
        fills = [key for key in self.seen if key.startswith("fill-")]
        if "tune-1" not in self.seen:
            return []
        sizes = {key: self.seen[key]["left"] for key in ("tune-1", *fills)}
        held = min((n for key, n in sizes.items() if self._held(key)),
                   default=self._facts.get("total", 0))  # fmt: skip
        failed = max(n for key, n in sizes.items() if not self._held(key))
        left = round(math.sqrt(held * failed))
        if not failed < left <= _FINE * held:
            return []
        epochs = min(self.tune_epochs, self.limits.epochs - self._spent("epochs"))
        return [Step("fill", len(fills) + 1, "", left, epochs, self._price(left) / 3)]

    def _price(self, left: int) -> float:
        return float(_PRICE * self._facts["loss"] / left)

    def _pressure(self) -> float:
        """How strong the next round's penalty is, by how the rounds before went."""
        pressure, most = _PRESSURE
        for number in range(1, self.rounds() + 1):
            held = self._held(f"round-{number}")
            pressure = min(most, 2 * pressure) if held else max(1.0, pressure / 2)
        return pressure

    def _next_tune(self) -> int | None:
        """The round to fine-tune next, None at the end."""
        low, high = self._low(), self._high()
        if high - low <= 1:
            return None
        if low == 0 and high == self.rounds() + 1:
            return self._guess()
        if low == 0:
            tried = [n for n in range(1, self.rounds() + 1) if f"tune-{n}" in self.seen]
            return max(1, high - 2 ** (len(tried) - 1))
        return (low + high) // 2 if high <= self.rounds() else min(low + 1, high - 1)

    def _guess(self) -> int:
        """The last round that fine-tuning may well bring back."""
        within = [
            n for n in range(1, self.rounds() + 1)
            if self.seen[f"round-{n}"]["drop"]
            <= self.limits.points + self.seen[f"round-{n}"]["error"]
        ]  # fmt: skip
        return max(within, default=1)

    def _low(self) -> int:
        """The sparsest round whose fine-tuning held; 0 for none."""
        numbers = range(1, self.rounds() + 1)
        return max((n for n in numbers if self._held(f"tune-{n}")), default=0)

    def _high(self) -> int:
        """The densest round above it whose fine-tuning did not hold."""
        numbers = range(self._low() + 1, self.rounds() + 1)
        failed = [n for n in numbers if f"tune-{n}" in self.seen]
        return min(failed, default=self.rounds() + 1)

    def _held(self, key: str) -> bool:
        return key in self.seen and self.holds(self.seen[key])

    def _spent(self, key: str) -> Any:
        return sum(result[key] for result in self.seen.values())

    def _minutes(self, share: float) -> bool:
        """Whether a share of the minutes is over."""
        limit = self.limits.minutes
        return limit is not None and self._spent("seconds") > 60 * limit * share
