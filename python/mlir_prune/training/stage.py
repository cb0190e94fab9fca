# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One training stage: epochs of compiled steps, scored, recorded and saved.

All arithmetic of a step is in the compiled function; the loop draws batches,
computes schedules, and stops at the first loss that is not a finite number.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import networks
from ..errors import TrainingError
from . import schedule
from .batches import Batches
from .carry import enter, pending_form
from .evaluate import Score, beats, score
from .masks import PREFIX, live_weights
from .methods import Method, make_methods
from .passes import STEP, stage_pipeline
from .program import Program, compiled
from .units import TrainUnit

if TYPE_CHECKING:
    from .trainer import Trainer


class StageTraining:
    """Trains one unit of `trainer`, from its state and into it."""

    def __init__(self, trainer: Trainer, unit: TrainUnit) -> None:
        self.trainer, self.unit, self.stage = trainer, unit, unit.stage
        self.network, run = trainer.network, trainer.state
        if run.meta.get("entered") != run.meta["unit"]:
            self._enter()
        batch = self.stage.batch or trainer.recipe.batch
        pipeline = self._pipeline()
        self.program: Program = compiled(self.network.text(batch), pipeline, trainer.recipe.threads)
        self.state = self.program.fill(run.arrays)
        self.initialize_new_state()
        data = trainer.data
        rows = data.merged if self.stage.rows == "merged" else data.train
        if self.stage.gates and self.stage.gates.bilevel:
            rows = data.train
        shape = networks.input_shape(self.network)
        self.batches = Batches(rows, batch, shape, unit.seed)
        self.per_epoch = self.batches.steps
        self.total = self.per_epoch * self.stage.epochs
        self.step = self.program.bind(STEP, self.state)
        self.step.set("input", self.batches.inputs)
        self.step.set("labels", self.batches.labels)
        self.methods: list[Method] = make_methods(self)
        self.rate = 0.0
        self.strength = 0.0

    def _enter(self) -> None:
        """Turns what the unit before left into what this one starts from."""
        run, trainer = self.trainer.state, self.trainer
        arrays, pending = run.arrays, run.meta["pending"]
        if self.stage.start == "initial":
            arrays, pending = trainer.initial_values(), None
        elif self.stage.start:
            arrays, pending = run.saved[self.stage.start], None
        run.arrays = enter(self.network, self.stage, self.unit.path, arrays, pending)
        run.best, run.live = {}, {}
        run.meta |= {"entered": run.meta["unit"], "epoch": 0, "step": 0, "sums": {}, "best": None}
        run.meta["pending"] = pending_form(self.network, self.stage, self.unit.path)

    def _pipeline(self) -> str:
        run, stage = self.trainer.state, self.stage
        masked = [n for n in self.network.shapes() if PREFIX + n in run.arrays]
        for key in ("gradual", "rigl"):
            rule = getattr(stage, key)
            if rule is not None:
                masked += networks.choose(
                    self.network, rule.targets, rule.ignore, f"{self.unit.path}.{key}",
                    among=("weight",),
                )  # fmt: skip
        dropout = self.trainer.recipe.model.dropout if stage.dropout else {}
        weights = self.network.weights()
        known = {name: rate for name, rate in dropout.items() if name in weights}
        return stage_pipeline(
            self.network, stage, dict.fromkeys(masked), known, self.unit.path,
            remaining=run.meta["remaining"],
        )  # fmt: skip

    def initialize_new_state(self) -> None:
        """Gates that the program has and the run did not begin open."""
        gates = self.stage.gates
        for name, array in self.state.items():
            if gates and name.endswith(".gate") and name not in self.trainer.state.arrays:
                array.fill(gates.initial)

    def run(self) -> Score:
        """All epochs that are left; returns the score of what is kept."""
        run, trainer, unit = self.trainer.state, self.trainer, self.unit
        progress = trainer.progress
        progress.begin(unit.name, self.total)
        progress.advance(run.meta["epoch"] * self.per_epoch + run.meta["step"], "")
        if not run.live:
            run.live = live_weights(self.state, self.network.weights())
        for method in self.methods:
            method.begin()
        for epoch in range(run.meta["epoch"], self.stage.epochs):
            started = time.monotonic()
            first = run.meta["step"]
            self._epoch(epoch, first)
            result = score(self.program, self.state, trainer.data.validation)
            self._record(epoch, result, time.monotonic() - started)
            progress.advance(self.per_epoch - first, f"validation {result.accuracy:.2f} %")
        kept = run.meta["best"]
        progress.end(f"validation {kept['accuracy']:.2f} % (epoch {kept['epoch']} kept)")
        run.arrays = {**self.state, **run.best} if self.stage.keep == "best" else self.state
        run.best, run.live = {}, {}
        return Score(kept["accuracy"], kept["loss"], kept["rows"])

    def _epoch(self, epoch: int, first: int) -> None:
        """Steps `first` and on of one epoch."""
        run, step, batches = self.trainer.state, self.step, self.batches
        loss_at = step.place("loss")
        penalty_at = step.place("penalty") if step.gives("penalty") else None
        sums = run.meta["sums"]
        loss_sum, penalty_sum = sums.get("loss", 0.0), sums.get("penalty", 0.0)
        for index in range(first, self.per_epoch):
            if self.trainer.interrupted:
                self._save(epoch, index, {**sums, "loss": loss_sum, "penalty": penalty_sum})
                raise KeyboardInterrupt
            number = epoch * self.per_epoch + index
            batches.load(epoch, index)
            self.rate = schedule.learning_rate(
                self.stage.learning_rate, number, self.per_epoch, self.total
            )
            self.strength = self._strength(number)
            step.set("learning_rate", self.rate)
            step.set("strength", self.strength)
            for method in self.methods:
                method.before(number)
            results = step()
            loss = float(results[loss_at])
            if loss - loss != 0.0:
                raise TrainingError(self._blame(loss, epoch, number))
            loss_sum += loss
            if penalty_at is not None:
                penalty_sum += float(results[penalty_at])
            for method in self.methods:
                method.after(number)
        sums["loss"], sums["penalty"] = loss_sum, penalty_sum

    def _strength(self, number: int) -> float:
        """Strength of the penalties at a step; they share one."""
        if not self.stage.regularize:
            return 0.0
        first, epoch = self.stage.regularize[0], number / self.per_epoch
        return schedule.strength(
            first.strength, first.start, first.end, epoch, float(self.stage.epochs)
        )

    def _record(self, epoch: int, result: Score, seconds: float) -> None:
        """One line of history, the best values so far, a checkpoint."""
        run, trainer, meta = self.trainer.state, self.trainer, self.trainer.state.meta
        self._check_finite(epoch)
        live = live_weights(self.state, self.network.weights())
        meta["total_steps"] += self.per_epoch
        meta["total_epochs"] += 1
        meta["seconds"] += seconds
        steps, sums = self.per_epoch, meta["sums"]
        line: dict[str, Any] = {
            "stage": self.unit.name,
            "epoch": epoch + 1,
            "step": meta["total_steps"],
            "loss": sums["loss"] / steps,
            "penalty": sums["penalty"] / steps,
            "validation": {"accuracy": result.accuracy, "loss": result.loss},
            "learning_rate": self.rate,
            "strength": self.strength,
            "nonzeros": {name: int(np.count_nonzero(mask)) for name, mask in live.items()},
            "open_gates": {
                name.removesuffix(".gate"): int(np.count_nonzero(array > 0))
                for name, array in self.state.items()
                if name.endswith(".gate")
            },
            "pruned": sum(int((run.live[n] & ~live[n]).sum()) for n in live),
            "recovered": sum(int((live[n] & ~run.live[n]).sum()) for n in live),
            "seconds": round(seconds, 3),
        }
        for method in self.methods:
            line |= method.line()
        run.live = live
        if self.stage.keep == "last" or beats(result, meta["best"]):
            meta["best"] = {**asdict(result), "epoch": epoch + 1}
            if self.stage.keep == "best":
                run.best = self._values()
        trainer.history.append(line)
        self._save(epoch + 1, 0, {})

    def _values(self) -> dict[str, np.ndarray]:
        """Copies of parameters, masks and gates."""
        wanted = set(self.network.shapes())
        return {
            name: array.copy()
            for name, array in self.state.items()
            if name in wanted or name.startswith(PREFIX) or name.endswith(".gate")
        }

    def _save(self, epoch: int, step: int, sums: dict[str, float]) -> None:
        run = self.trainer.state
        run.arrays = self.state
        run.meta |= {"epoch": epoch, "step": step, "sums": sums}
        self.trainer.save()

    def _check_finite(self, epoch: int) -> None:
        for name, array in self.state.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                number = (epoch + 1) * self.per_epoch - 1
                raise TrainingError(self._blame(float("nan"), epoch, number, name))

    def _blame(self, loss: float, epoch: int, number: int, broken: str = "") -> str:
        """Where training broke: stage, step, the first parameter, the last good checkpoint."""
        broken = broken or next(
            (n for n, a in self.state.items() if a.dtype.kind == "f" and not np.isfinite(a).all()),
            "",
        )
        found = (
            f"'{broken}' holds values that are not finite"
            if broken
            else "all parameters are still finite"
        )
        return (
            f"{self.unit.name}: the loss is {loss} at step {number + 1} (epoch {epoch + 1}); "
            f"{found}; {self.trainer.last_good()}; a smaller learning rate may help"
        )
