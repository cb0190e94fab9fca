# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training stages as they begin, with the stages before them not trained.

For looking at what a recipe compiles: its pipeline, its step's time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from .. import networks
from ..data import Dataset, Split
from ..errors import InputError, nearest
from ..models.network import Input
from ..recipe import Recipe
from ..recipe.schema import Train
from .checkpoint import Arrays
from .evaluate import Score
from .stage import StageTraining
from .tasks import TrainTask
from .trainer import Trainer


@contextmanager
def untrained_stage(recipe: Recipe, name: str = "") -> Iterator[StageTraining]:
    """The training stage `name` of a recipe as it begins, the first one if empty.

    Stages before it run without their training, so the masks that it starts from
    are those of the first values. Rows are noise. Raises :class:`InputError` when
    there is no such stage.
    """
    with TemporaryDirectory() as folder:
        yield Untrained(recipe, random_data(recipe), Path(folder)).reach(name)


class Untrained(Trainer):
    """Comes to a stage without training the ones before."""

    def reach(self, name: str) -> StageTraining:
        """The training stage `name` as it begins, the first one if empty."""
        known = [task.name for task in self.tasks if isinstance(task, TrainTask)]
        if not known or name and name not in known:
            raise InputError(
                f"there is no training stage '{name}', "
                f"the recipe has {', '.join(known) or 'none'}{nearest(name, known)}"
            )
        for index, task in enumerate(self.tasks):
            self.state.meta["task"] = index
            if isinstance(task, TrainTask) and task.name == (name or known[0]):
                return StageTraining(self, task)
            self._task(task)
        raise AssertionError("the stage is among the tasks")

    def _train(self, task: TrainTask) -> Score:
        StageTraining(self, task).leave()
        return Score(0.0, 0.0, 1)

    def _score(self, values: Arrays) -> Score:
        return Score(0.0, 0.0, 1)


def random_data(recipe: Recipe) -> Dataset:
    """Rows of noise, enough for a batch of each part."""
    network = networks.build_network(recipe.model, recipe.dataset)
    batches = [stage.batch or recipe.batch for stage in recipe.stages if isinstance(stage, Train)]
    share = (1 - (recipe.splits.validation or 0)) * min(1, recipe.splits.gates or 1)
    share *= 1 - recipe.splits.gates
    rows = int(2 * max([recipe.batch, *batches]) / share) + 1
    rng = np.random.default_rng((recipe.seed, 1))
    reads = network.signature

    def values(entry: Input, count: int) -> np.ndarray:
        """Noise; zeros where numbers are counted, as there is a token or an index of zero."""
        shape = (count, *entry.shape)
        if entry.dtype.kind != "f":
            return np.zeros(shape, entry.dtype)
        return rng.standard_normal(shape, np.float32).astype(entry.dtype)

    def split(count: int) -> Split:
        inputs = tuple(values(entry, count) for entry in reads.inputs)
        labels = rng.integers(0, reads.classes, (count, *reads.positions)).astype(np.int32)
        return Split(inputs, labels, tuple(entry.name for entry in reads.inputs))

    held = split(recipe.batch)
    return Dataset("noise", split(rows), held, network.classes, lambda: held)
