# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What comes after a method: moving the weights that are left, and repairs."""

from __future__ import annotations

import numpy as np

from ..rows import Split
from . import choice, datafree, refining, repair
from .choice import Choice
from .loss import Loss


class Finish:
    """Finishes pruned networks, one after the other; what is compiled serves all of them.

    Repairs measure on some of `drawn`, the rows of the method, and are chosen by the rows `held`,
    if any; weights move by all of `data`.
    """

    def __init__(
        self, loss: Loss, repairs: tuple[str, ...], drawn: Split | None, data: Split | None,
        refine: refining.Settings | None, seed: int, held: Split | None = None,
    ) -> None:  # fmt: skip
        self._loss, self._repairs, self._data = loss, repairs, data
        self._refine, self._seed = refine, seed
        self._repairer: repair.Repairer | None = None
        self._chooser: choice.Chooser | None = None
        if drawn is not None and (refine or set(repairs) & {*repair.WITH_ROWS, repair.AUTO}):
            order = np.random.default_rng((seed, 1)).permutation(len(drawn))
            rows = drawn.take(np.sort(order[: choice.MOST]))
            self._repairer = repair.Repairer(loss.network, rows, loss.threads, loss.batch)
        if self._repairer and held is not None and repairs == (repair.AUTO,):
            self._chooser = choice.Chooser(loss, self._repairer, held)

    def __call__(
        self, values: dict[str, np.ndarray], kept: np.ndarray
    ) -> tuple[dict[str, np.ndarray], list[str], Choice]:
        """All parameters of a pruned network of which `kept` (bool) is left, remarks, and which
        repairs were made."""
        if self._refine:
            values = self._refined(values, kept)
        found, chosen = repair.Repaired(), Choice(",".join(self._repairs) or repair.NONE)
        if self._repairs == (repair.DATA_FREE,):
            found = datafree.repaired(self._loss.network, values)
        elif self._repairs == (repair.AUTO,):
            if self._chooser:
                found, chosen = self._chooser(values)
            else:
                chosen = Choice(repair.NONE)
                found.remarks.append("not repaired: there is no second row to choose repairs by")
        elif self._repairs and self._repairer:
            found = self._repairer.repair(values, self._repairs)
        return {**values, **found.values}, found.remarks, chosen

    def _refined(self, values: dict[str, np.ndarray], kept: np.ndarray) -> dict[str, np.ndarray]:
        loss, repairer, data, settings = self._loss, self._repairer, self._data, self._refine
        assert repairer and data is not None and settings
        loss.update(loss.network.values)  # of a pruned network before
        dense = loss.logits(loss.start(), data)
        found = dict(values)

        def measure(weights: np.ndarray) -> None:
            found.update({name: part.copy() for name, part in loss.split(weights).items()})
            found.update(repairer.statistics(found))
            loss.update({name: found[name] for name in found if name not in loss.names})

        start = np.concatenate([values[name].ravel() for name in loss.names])
        measure(start)
        refining.refine(loss, dense, start, kept, data, settings, self._seed, measure)
        loss.update(loss.network.values)  # a method may go on
        return found
