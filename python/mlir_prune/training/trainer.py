# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a recipe: task after task, with a checkpoint after every epoch."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from .. import files, networks
from ..data import Dataset
from ..errors import InputError
from ..progress import Progress
from ..recipe import Recipe, dump_recipe
from ..recipe.reference import INITIAL, reference_stage
from . import tolerance
from .batch_statistics import measure_statistics
from .checkpoint import FILE, Arrays, CheckpointWriter, RunState, fresh_meta, read_checkpoint
from .compact import CompactNetwork, compact
from .evaluate import Score, score
from .fit import fit
from .folder import clear, refuse_used
from .history import History
from .lock import locked
from .parametrization import fold, folded
from .program import compiled
from .prune import choose_trial, prune
from .reuse import reuse_dense
from .stage import StageTraining
from .tasks import (
    ChooseTask,
    CompactTask,
    PruneTask,
    SaveTask,
    SearchTask,
    StartTask,
    StatisticsTask,
    TrainTask,
    expand,
    saved_stages,
)


class Trainer:
    """One run in one folder.

    With `resume` it goes on from the folder's checkpoint, to the same bits as a
    run that was never stopped. `start` are values of the dense network, which
    skip all tasks up to its stage; `reuse` is a run folder whose dense stage is
    taken over.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: Dataset,
        folder: Path,
        progress: Progress | None = None,
        resume: bool = False,
        start: Mapping[str, np.ndarray] | None = None,
        overwrite: bool = False,
        reuse: Path | None = None,
    ) -> None:
        self.recipe, self.folder = recipe, folder
        self.progress = progress or Progress()
        self.dense_network = networks.build_network(recipe.model, recipe.dataset)
        data = fit(self.dense_network.signature, data)
        shapes = self.dense_network.shapes()
        self.dense_weights = sum(
            int(np.prod(shapes[name])) for name in self.dense_network.weights()
        )
        self.data = data.divide(recipe.splits.validation, recipe.splits.gates)
        self.tasks = expand(recipe)
        self.interrupted = False
        self._start, self._reuse = start, reuse
        self._writer = CheckpointWriter(folder)
        self._written = False
        with locked(folder):
            self.state = self._resumed() if resume else self._fresh(overwrite)
            self.tasks = tolerance.extended(self.tasks, self.state.meta)
            self.network = self.current_network()
            self.history = History(folder, self.state.meta["history"])

    def run(self) -> RunState:
        """All units that are left; returns the state at the end."""
        meta = self.state.meta
        with locked(self.folder), self._interrupts():
            while meta["task"] < len(self.tasks):
                self._task(self.tasks[meta["task"]])
                meta["task"] += 1
                meta |= {"epoch": 0, "step": 0, "sums": {}, "best": None}
                self.save(final=meta["task"] == len(self.tasks))
        return self.state

    def initial_values(self) -> Arrays:
        """The first values of the run: given, or drawn from the seed."""
        if self._start is not None:
            return {name: np.array(array) for name, array in self._start.items()}
        values: Arrays = self.dense_network.init(np.random.default_rng((self.recipe.seed, 0)))
        return values

    def save(self, final: bool = False) -> None:
        """Writes a checkpoint of the state as it is."""
        self.state.meta["history"] = self.history.length
        self._writer.write(self.state, final)
        self._written = True

    def last_good(self) -> str:
        """Where to go on from, for messages."""
        if not self._written:
            return "there is no checkpoint yet"
        meta = self.state.meta
        name = self.tasks[meta["task"]].name
        return f"the last good checkpoint is {self.folder / FILE} ({name}, epoch {meta['epoch']})"

    def folded_arrays(self) -> Arrays:
        """Parameters and masks of the present network, gates and the like as masks."""
        return folded(self.network, self.state.arrays, self.state.meta["parametrization"])

    @property
    def reference(self) -> str:
        """Name of the stage whose network is called dense, or `initial`."""
        return reference_stage(self.recipe)

    def _task(self, task: Any) -> None:
        meta, run = self.state.meta, self.state
        if isinstance(task, TrainTask):
            meta["scores"][task.name] = asdict(self._train(task))
            if task.name in saved_stages(self.recipe):
                run.saved[task.name] = self.folded_arrays()
        elif isinstance(task, SaveTask):
            run.saved[task.label] = self.folded_arrays()
        elif isinstance(task, PruneTask):
            self._take(prune(self, task))
        elif isinstance(task, ChooseTask):
            self._take(choose_trial(self, task))
            del run.saved[task.label]
        elif isinstance(task, CompactTask):
            self._compact(task)
        elif isinstance(task, StatisticsTask):
            self._take(measure_statistics(self, task))
        elif isinstance(task, SearchTask):
            tolerance.advance(self, task)
        elif isinstance(task, StartTask):
            tolerance.start(self, task)

    def _train(self, task: TrainTask) -> Score:
        return StageTraining(self, task).run()

    def shrink(self, keep_layers: bool = False) -> Arrays:
        """Goes on with the network without its dead neurons; returns its values.

        With `keep_layers` the network stays as it is where a layer would leave altogether.
        """
        meta, run = self.state.meta, self.state
        folded_arrays = fold(self.network, run.arrays, meta["parametrization"])
        smaller, arrays = compact(self.network, folded_arrays, self.recipe.batch)
        if keep_layers and set(smaller.weights()) != set(self.network.weights()):
            return run.arrays
        self.network = smaller
        self._take(arrays)
        meta["network"] = {"text": self.network.text(self.recipe.batch)}
        return arrays

    def _compact(self, task: CompactTask) -> None:
        meta, arrays = self.state.meta, self.shrink()
        left = sum(array.size for name, array in arrays.items() if name in self.network.weights())
        meta["notes"][task.name] = {
            "shapes": {n: list(s) for n, s in self.network.shapes().items()}
        }
        self.progress.say(f"{task.name}: {left:,} weights in what is left, zeros included")

    def _take(self, arrays: Arrays) -> None:
        self.state.arrays, self.state.meta["parametrization"] = arrays, None

    def _fresh(self, overwrite: bool) -> RunState:
        if not overwrite:
            refuse_used(self.folder, resumes=True)
        clear(self.folder)
        files.write_text(self.folder / "recipe.yaml", dump_recipe(self.recipe))
        state = RunState(arrays=self.initial_values(), meta=fresh_meta())
        state.meta["recipe"] = recipe_key(self.recipe)
        if self.reference == INITIAL:
            state.saved[INITIAL] = dict(state.arrays)
        if self.reference == INITIAL or self.recipe.model.file:
            state.meta["scores"][INITIAL] = asdict(self._score(state.arrays))
            if not np.isfinite(state.meta["scores"][INITIAL]["loss"]):
                raise InputError("the network as it came gives values that are not finite")
        if self._start is not None and self.reference != INITIAL:
            self._skip_dense(state)
        if self._reuse is not None:
            reuse_dense(self, state, self._reuse)
        return state

    def _skip_dense(self, state: RunState) -> None:
        """Takes the first values for those that the reference stage would end with."""
        names = [task.name for task in self.tasks]
        state.meta["task"] = names.index(self.reference) + 1
        state.saved[self.reference] = dict(state.arrays)
        state.meta["scores"][self.reference] = asdict(self._score(state.arrays))

    def _score(self, values: Arrays) -> Score:
        """Validation score of values of the dense network."""
        program = compiled(self.dense_network.text(self.recipe.batch), "", self.recipe.threads)
        return score(program, values, self.data.validation, self.dense_network.signature.axis)

    def _resumed(self) -> RunState:
        for stale in self.folder.glob(f".{FILE}.*"):
            stale.unlink()
        state = read_checkpoint(self.folder)
        if state.meta["recipe"] != recipe_key(self.recipe):
            raise InputError(
                f"{self.folder}: the run was started with another recipe, see its recipe.yaml"
            )
        self._written = True
        return state

    def current_network(self) -> Any:
        """The network as it is now: smaller than the dense one after a compact stage."""
        found = self.state.meta["network"]
        if found is None:
            return self.dense_network
        return CompactNetwork(found["text"], self.dense_network.signature.axis)

    @contextmanager
    def _interrupts(self) -> Iterator[None]:
        """Lets the first interrupt finish the step and save; the second one stops at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def handle(number: int, frame: Any) -> None:
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = True

        previous = signal.signal(signal.SIGINT, handle)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, previous)


def recipe_key(recipe: Recipe) -> str:
    """The recipe as text without what does not change the values."""
    from dataclasses import replace

    return dump_recipe(replace(recipe, threads=1, bench=type(recipe.bench)()))
