# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Batches in an order drawn from a seed."""

from __future__ import annotations

import numpy as np

from ..data import Split
from ..errors import TrainingError
from .program import Call


def steps_per_epoch(split: Split, batch: int) -> int:
    """Whole batches in one epoch; raises when there is not even one."""
    steps = len(split) // batch
    if steps == 0:
        raise TrainingError(f"a batch of {batch} needs as many rows, the set has {len(split)}")
    return steps


class Batches:
    """Gathers the rows of batches into arrays that are used again and again.

    Batch number `index` of an epoch is rows [index * batch, (index + 1) * batch)
    of the permutation drawn from (seed..., epoch), so any batch can be had
    without those before it. Rows that do not fill a batch are left out; another
    epoch has another order. With `shares`, float32 [rows, ..., classes, ...], labels are
    these in place of the class numbers of `split`.
    """

    def __init__(
        self,
        split: Split,
        batch: int,
        seed: tuple[int, ...],
        shares: np.ndarray | None = None,
    ) -> None:
        self.steps = steps_per_epoch(split, batch)
        self._split, self._batch, self._seed = split, batch, seed
        self.inputs = {
            name: np.empty((batch, *array.shape[1:]), array.dtype)
            for name, array in split.arrays.items()
        }
        self._targets = split.labels if shares is None else shares
        self.labels = np.empty((batch, *self._targets.shape[1:]), self._targets.dtype)
        self._order = np.empty(0, np.int64)
        self._epoch = -1

    def feed(self, step: Call) -> None:
        """Makes the arrays the inputs of a function of the network, and its labels if any."""
        for name, array in self.inputs.items():
            step.set(name, array)
        step.set("labels", self.labels)

    def rows(self, epoch: int, count: int) -> Split:
        """The rows of the first `count` batches of an epoch, with the labels of the split."""
        self._draw(epoch)
        return self._split.take(self._order[: count * self._batch])

    def load(self, epoch: int, index: int) -> None:
        """Fills `inputs` and `labels` with a batch."""
        self._draw(epoch)
        rows = self._order[index * self._batch : (index + 1) * self._batch]
        # Without bounds checks numpy writes to `out` directly.
        for name, array in self._split.arrays.items():
            np.take(array, rows, axis=0, out=self.inputs[name], mode="clip")
        np.take(self._targets, rows, axis=0, out=self.labels, mode="clip")

    def _draw(self, epoch: int) -> None:
        """Makes the order that of an epoch."""
        if epoch != self._epoch:
            generator = np.random.default_rng((*self._seed, epoch))
            self._order, self._epoch = generator.permutation(len(self._split)), epoch
