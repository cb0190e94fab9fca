# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One training stage: epochs of compiled steps, scored, recorded and saved.

All arithmetic of a step is in the compiled function; the loop draws batches,
computes schedules, and stops at the first loss that is not a finite number.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import networks
from ..errors import TrainingError
from . import schedule
from .batches import Batches
from .compact import compact
from .compressed_weights import CompressedWeights, fixed_masks
from .distill import soft_labels
from .evaluate import Score, beats, score
from .gradients import gradient_rms
from .lost import check_lost, counts
from .masks import PREFIX, gate_of, gates_of, live_weights
from .methods import Method, make_methods
from .parametrization import (
    enter,
    fold,
    parametrization_of,
    straight_through_masks,
)
from .passes import stage_pipeline, strength_input
from .program import STEP, Program, compiled
from .setting import Setting
from .tasks import TrainTask

if TYPE_CHECKING:
    from .trainer import Trainer


class StageTraining:
    """Trains one unit of `trainer`, from its state and into it."""

    def __init__(self, trainer: Trainer, task: TrainTask) -> None:
        self.trainer, self.task, self.stage = trainer, task, task.stage
        self.network, run = trainer.network, trainer.state
        self.gates = gates_of(self.network)
        if run.meta.get("entered") != run.meta["task"]:
            self._enter()
        batch = self.stage.batch or trainer.recipe.batch
        fixed = fixed_masks(self.network, self.stage, task.path, run.arrays)
        self.program: Program = compiled(
            self.network.text(batch), self._pipeline(bool(fixed)), trainer.recipe.threads, fixed
        )
        self.compressed = CompressedWeights(self.network.shapes(), fixed, self.program.state())
        self.state = self.program.fill(self.compressed.compress(run.arrays))
        # Masks of what is frozen or compressed are no state of the program, but go on.
        self._aside = {n: a for n, a in run.arrays.items()
                       if n.startswith(PREFIX) and n not in self.state}  # fmt: skip
        self.extra: dict[str, float] = {}
        self._open_new_gates()
        data = trainer.data
        rows = data.merged if self.stage.rows == "merged" else data.train
        if self.stage.gates and self.stage.gates.bilevel:
            rows = data.train
        shares = soft_labels(trainer, self.stage.distill, rows) if self.stage.distill else None
        self.batches = Batches(rows, batch, task.seed, shares)
        self.per_epoch = self.batches.steps
        self.total = self.per_epoch * self.stage.epochs
        self.step = self.program.bind(STEP, self.state)
        self.batches.feed(self.step)
        self.methods: list[Method] = make_methods(self)
        self.rate = 0.0
        self.strengths = [0.0] * len(self.stage.regularize)

    def _enter(self) -> None:
        """Turns what the task before left into what this one starts from."""
        run, trainer = self.trainer.state, self.trainer
        arrays, parametrization = run.arrays, run.meta["parametrization"]
        if self.stage.start == "initial":
            arrays, parametrization = trainer.initial_values(), None
        elif self.stage.start:
            arrays, parametrization = run.saved[self.stage.start], None
        run.arrays = enter(self.network, self.stage, self.task.path, arrays, parametrization)
        run.best, run.live = {}, {}
        run.meta |= {"entered": run.meta["task"], "epoch": 0, "step": 0, "sums": {}, "best": None}
        run.meta["parametrization"] = parametrization_of(self.network, self.stage, self.task.path)

    def _pipeline(self, compresses: bool) -> str:
        run, stage = self.trainer.state, self.stage
        masked = [n for n in self.network.shapes() if PREFIX + n in run.arrays]
        for key in ("gradual", "rigl"):
            rule = getattr(stage, key)
            if rule is not None:
                masked += networks.choose(
                    self.network, rule.targets, rule.ignore, f"{self.task.path}.{key}",
                    among=("weight",),
                )  # fmt: skip
        dropout = self.trainer.recipe.model.dropout if stage.dropout else {}
        setting = Setting(
            masked=tuple(name for name in self.network.shapes() if name in masked),
            compresses=compresses,
            dropout=networks.match_numbers(dropout, self.network.weights(), "model.dropout"),
            remaining=run.meta["remaining"],
            gate_scales=self._gate_scales(),
            seed=self.trainer.recipe.seed,
            soft_labels=stage.distill is not None,
        )
        return stage_pipeline(self.network, stage, self.task.path, setting)

    def _gate_scales(self) -> dict[str, float]:
        """Units of the gates' strength by weight, where it is relative."""
        trainer, gates = self.trainer, self.stage.gates
        if gates is None or not gates.relative:
            return {}
        notes = trainer.state.meta["notes"]
        if "gradient_rms" not in notes:
            notes["gradient_rms"] = gradient_rms(
                trainer.dense_network, trainer.initial_values(), trainer.data.train,
                trainer.recipe.batch, trainer.recipe.seed, trainer.recipe.threads,
            )  # fmt: skip
        scales: dict[str, float] = notes["gradient_rms"]
        return scales

    def _open_new_gates(self) -> None:
        """Gates that the program has and the run did not begin open."""
        gates = self.stage.gates
        for name, array in self.state.items():
            if gates and name in self.gates and name not in self.trainer.state.arrays:
                array.fill(gates.initial)

    def run(self) -> Score:
        """All epochs that are left; returns the score of what is kept."""
        run, trainer, task = self.trainer.state, self.trainer, self.task
        progress = trainer.progress
        progress.begin(task.name, self.total)
        progress.advance(run.meta["epoch"] * self.per_epoch + run.meta["step"], "")
        if not run.live:
            run.live = self.live()
        for method in self.methods:
            method.begin(fresh=run.meta["epoch"] == 0 and run.meta["step"] == 0)
        for epoch in range(run.meta["epoch"], self.stage.epochs):
            started, first = time.monotonic(), run.meta["step"]
            if first == 0 and epoch > 0 and any(method.finished() for method in self.methods):
                break
            self._epoch(epoch, first)
            result = self._score(self.state)
            self._record(epoch, result, time.monotonic() - started)
            progress.advance(self.per_epoch - first, f"validation {result.accuracy:.2f} %")
        if run.meta["best"] is None:
            # A stage of no epochs only scores what it starts from.
            result = self._score(self.state)
            run.meta["best"] = {**asdict(result), "epoch": 0}
        kept = run.meta["best"]
        progress.end(f"validation {kept['accuracy']:.2f} % (epoch {kept['epoch']} kept)")
        self.leave()
        return Score(kept["accuracy"], kept["loss"], kept["rows"])

    def _score(self, values: Mapping[str, np.ndarray]) -> Score:
        """Validation score of state of the program."""
        rows, axis = self.trainer.data.validation, self.network.signature.axis
        return score(self.program, values, rows, axis, self.extra)

    def leave(self) -> None:
        """Hands the best or last values to the run."""
        run = self.trainer.state
        run.arrays = {**self.dense(), **run.best}
        run.best, run.live = {}, {}

    def _epoch(self, epoch: int, first: int) -> None:
        """Steps `first` and on of one epoch."""
        run, step = self.trainer.state, self.step
        loss_at = step.place("loss")
        penalty_at = step.place("penalty") if step.gives("penalty") else None
        sums = run.meta["sums"]
        loss_sum, penalty_sum = sums.get("loss", 0.0), sums.get("penalty", 0.0)
        for index in range(first, self.per_epoch):
            if self.trainer.interrupted:
                self._save(epoch, index, {**sums, "loss": loss_sum, "penalty": penalty_sum})
                raise KeyboardInterrupt
            number = epoch * self.per_epoch + index
            self.prepare(epoch, index)
            results = step()
            loss = float(results[loss_at])
            if loss - loss != 0.0:
                raise TrainingError(self.blame(loss, epoch, number))
            loss_sum += loss
            if penalty_at is not None:
                penalty_sum += float(results[penalty_at])
            for method in self.methods:
                method.after(number)
        sums["loss"], sums["penalty"] = loss_sum, penalty_sum

    def prepare(self, epoch: int, index: int) -> None:
        """What comes before a step: its batch, its schedules, what methods do."""
        number = epoch * self.per_epoch + index
        self.batches.load(epoch, index)
        self.rate = schedule.learning_rate(
            self.stage.learning_rate, number, self.per_epoch, self.total
        )
        self.step.set("learning_rate", self.rate)
        self._set_strengths(number)
        for method in self.methods:
            method.before(number)

    def _set_strengths(self, number: int) -> None:
        """Strengths of the penalties at a step."""
        epoch, epochs = number / self.per_epoch, float(self.stage.epochs)
        for index, penalty in enumerate(self.stage.regularize):
            value = schedule.strength(penalty.strength, penalty.start, penalty.end, epoch, epochs)
            self.strengths[index] = value
            self.step.set(strength_input(index), value)

    def dense(self) -> dict[str, np.ndarray]:
        """Parameters, masks, moments and counters in the form between stages."""
        return {**self._aside, **self.compressed.decompress(self.state)}

    def live(self) -> dict[str, np.ndarray]:
        """Per weight where it acts."""
        arrays = self.dense()
        parametrization = self.trainer.state.meta["parametrization"]
        if parametrization is not None and parametrization["kind"] == "straight_through":
            parametrization = {
                **parametrization,
                "sparsity": self.extra.get("sparsity", parametrization["sparsity"]),
            }
            arrays |= straight_through_masks(self.network, arrays, parametrization)
        gates = (
            parametrization
            if parametrization is not None and parametrization["kind"] == "gates"
            else None
        )
        return live_weights(self.network, arrays, gates)

    def macs_left(self) -> float:
        """MACs after elimination of what the gates switch off, as a share of the dense ones.

        Those of the non-zero weights where single weights are gated.
        """
        trainer = self.trainer
        folded_arrays = fold(self.network, self.dense(), trainer.state.meta["parametrization"])
        smaller, values = compact(self.network, folded_arrays, trainer.recipe.batch)
        left = smaller.macs()
        if self.stage.gates and self.stage.gates.granularity == "element":
            left = {
                n: macs // max(1, values[n].size) * int(np.count_nonzero(values[n]))
                for n, macs in left.items()
            }
        return sum(left.values()) / sum(trainer.dense_network.macs().values())

    def _record(self, epoch: int, result: Score, seconds: float) -> None:
        """One line of history, the best values so far, a checkpoint."""
        run, trainer, meta = self.trainer.state, self.trainer, self.trainer.state.meta
        self._check_finite(epoch)
        live = self.live()
        # Closed gates can open again until the stage ends.
        final = self.stage.gates is None or epoch + 1 == self.stage.epochs
        if final or any(mask.any() for mask in live.values()):
            check_lost(trainer, self.task.name, counts(live))
        meta["total_steps"] += self.per_epoch
        meta["total_epochs"] += 1
        meta["seconds"] += seconds
        steps, sums = self.per_epoch, meta["sums"]
        line: dict[str, Any] = {
            "stage": self.task.name,
            "epoch": epoch + 1,
            "step": meta["total_steps"],
            "loss": sums["loss"] / steps,
            "penalty": sums["penalty"] / steps,
            "validation": {"accuracy": result.accuracy, "loss": result.loss},
            "learning_rate": self.rate,
            "strength": self.strengths[0] if self.strengths else 0.0,
            "nonzeros": counts(live),
            "open_gates": {
                name: int(np.count_nonzero(self.state[gate_of(name)] > 0))
                for name in self.network.weights()
                if gate_of(name) in self.gates & self.state.keys()
            },
            "pruned": sum(int((run.live[n] & ~live[n]).sum()) for n in live),
            "recovered": sum(int((live[n] & ~run.live[n]).sum()) for n in live),
            "seconds": round(seconds, 3),
        }
        for method in self.methods:
            line |= method.line()
        run.live = live
        line |= self._keep(epoch, result)
        trainer.history.append(line)
        self._save(epoch + 1, 0, {})

    def _keep(self, epoch: int, result: Score) -> dict[str, Any]:
        """Notes what leaves the stage if this epoch is its last; more for the history."""
        run, meta, keep = self.trainer.state, self.trainer.state.meta, self.stage.keep
        if keep == "mean" and epoch >= self.stage.epochs // 2:
            count = 1 if not run.best else meta["best"]["count"] + 1
            run.best = mean_of(run.best, self._values(), count, self.gates)
            values = {**self.state, **self.compressed.compress(run.best)}
            result = self._score(values)
            meta["best"] = {**asdict(result), "epoch": epoch + 1, "count": count}
            return {"mean": {"accuracy": result.accuracy, "loss": result.loss}}
        if keep != "best" or beats(result, meta["best"]):
            meta["best"] = {**asdict(result), "epoch": epoch + 1}
            if keep == "best":
                run.best = self._values()
        return {}

    def _values(self) -> dict[str, np.ndarray]:
        """Copies of parameters, masks and gates."""
        wanted = set(self.network.shapes())
        return {
            name: array.copy()
            for name, array in self.dense().items()
            if name in wanted or name.startswith(PREFIX) or name in self.gates
        }

    def _save(self, epoch: int, step: int, sums: dict[str, float]) -> None:
        run = self.trainer.state
        run.arrays = self.dense()
        run.meta |= {"epoch": epoch, "step": step, "sums": sums}
        self.trainer.save()

    def _check_finite(self, epoch: int) -> None:
        for name, array in self.state.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                number = (epoch + 1) * self.per_epoch - 1
                raise TrainingError(self.blame(float("nan"), epoch, number, name))

    def blame(self, loss: float, epoch: int, number: int, broken: str = "") -> str:
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
            f"{self.task.name}: the loss is {loss} at step {number + 1} (epoch {epoch + 1}); "
            f"{found}; {self.trainer.last_good()}; a smaller learning rate may help"
        )


def mean_of(
    mean: dict[str, np.ndarray], values: dict[str, np.ndarray], count: int, gates: set[str]
) -> dict[str, np.ndarray]:
    """Mean of `count` sets of values: `mean` is that of the ones before, `values` the last.

    Masks and gates are those of the last set.
    """
    return {
        name: mean[name] + (array - mean[name]) / np.float32(count)
        if count > 1 and array.dtype.kind == "f" and name not in gates
        else array
        for name, array in values.items()
    }
