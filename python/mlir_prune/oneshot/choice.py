# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which repairs of a pruned network are kept, without labels.

A part of the calibration rows is held out: neither the method nor the repairs see it. On it the
logits of each candidate are compared with those of the dense network, and the nearest one is
kept. Candidates are the network as it is, and the repairs one after the other in their order,
each on top of those before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ..rows import Split
from .loss import Loss
from .repair import NONE, WITH_ROWS, Repaired, Repairer

MOST = 1000
"""Most rows that repairs measure on."""


@dataclass(frozen=True)
class Choice:
    """What was kept, and for every candidate by name the squared difference of its logits from
    the dense ones on `rows` held-out rows, as a share of the square of the dense ones."""

    kept: str
    errors: dict[str, float] = field(default_factory=dict)
    rows: int = 0

    def __str__(self) -> str:
        if not self.errors:
            return f"repair: {self.kept}"
        errors = "; ".join(f"{name} {error:.4f}" for name, error in self.errors.items())
        return f"repair: {self.kept} kept; errors on {self.rows} held-out rows: {errors}"


def hold_out(rows: Split, seed: int) -> tuple[Split, Split | None]:
    """The rows without the held-out ones, and those: a tenth of as many as repairs measure on.

    A row alone is not held out.
    """
    if len(rows) < 2:
        return rows, None
    count = max(1, min(len(rows), MOST) // 10)
    order = np.random.default_rng((seed, 3)).permutation(len(rows))
    return rows.take(np.sort(order[count:])), rows.take(np.sort(order[:count]))


class Chooser:
    """Chooses among the repairs of one network by `held` rows."""

    def __init__(self, loss: Loss, repairer: Repairer, held: Split) -> None:
        self._loss, self._repairer, self._held = loss, repairer, held
        self._dense = self._logits(dict(loss.network.values))

    def __call__(self, pruned: dict[str, np.ndarray]) -> tuple[Repaired, Choice]:
        """The repairs to keep, and what was found out. The first of equal ones is kept."""
        best, kept = Repaired(), NONE
        errors: dict[str, float] = {}
        for name, found in self._candidates(pruned):
            errors[name] = self._error({**pruned, **found.values})
            if errors[name] < errors[kept]:
                best, kept = found, name
        return best, Choice(kept, errors, len(self._held))

    def _candidates(self, pruned: dict[str, np.ndarray]) -> Iterator[tuple[str, Repaired]]:
        yield NONE, Repaired()
        steps = WITH_ROWS if self._repairer.graph.norms else WITH_ROWS[1:]
        measured: Repaired | None = None
        for count in range(1, len(steps) + 1):
            repairs = steps[:count]
            found = self._repairer.repair(pruned, repairs, measured)
            measured = found if repairs == ("batch_norm",) else measured
            yield ",".join(repairs), found

    def _error(self, values: dict[str, np.ndarray]) -> float:
        difference = self._logits(values) - self._dense
        found = float((difference**2).sum() / max(float((self._dense**2).sum()), 1e-30))
        return found if np.isfinite(found) else float("inf")

    def _logits(self, values: dict[str, np.ndarray]) -> np.ndarray:
        """Logits on the held-out rows, double [rows, classes]; the loss keeps its values."""
        loss, dense = self._loss, self._loss.network.values
        loss.update({name: each for name, each in values.items() if name not in loss.names})
        weights = np.concatenate([np.ravel(values[name]) for name in loss.names])
        found = loss.logits(weights, self._held).astype(np.float64)
        loss.update({name: each for name, each in dense.items() if name not in loss.names})
        return found
