# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""AutoPrune's gates: a step function of their own, until they freeze."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import networks
from ...errors import TrainingError
from ...pipelines import options
from ...recipe.modifiers import Gates
from ...recipe.schema import Optimizer, Train
from .. import schedule
from ..batches import Batches
from ..masks import gate_of
from ..setting import Setting, update
from .base import Method, chosen

if TYPE_CHECKING:
    from ..stage import StageTraining

GATE_STEP = "gate_step"
"""The step function of the auxiliary parameters."""

GATE_RATE, GATE_STRENGTH = "auxiliary_learning_rate", "gate_strength"
"""Inputs of a step of the weights that trains joint gates too."""


class GatesMethod(Method):
    """Trains the gates before the weights, on rows of their own when bi-level."""

    @classmethod
    def network_options(cls, network: Any, rule: Gates, path: str) -> dict[str, object]:
        """Gates on the weights."""
        return {
            "gates": rule.granularity,
            "ste": rule.ste,
            "ste_slope": rule.slope if rule.ste == "leaky_relu" else None,
            "gate_rule": rule.rule,
            "gate_parameters": chosen(network, rule, path, "gates"),
        }

    @classmethod
    def gradient_options(cls, rule: Gates) -> dict[str, object]:
        """Gates that have a step of their own stand still in that of the weights."""
        return {"freeze_auxiliary": None if rule.joint else True}

    @classmethod
    def step_options(
        cls, network: Any, rule: Gates, path: str, setting: Setting
    ) -> dict[str, object]:
        """What gates change in the update of the weights, and that of joint gates."""
        settings: dict[str, object] = {
            "freeze_gated": rule.freeze_closed or None,
            "decay_frozen": (rule.freeze_closed and rule.decay_frozen) or None,
        }
        if rule.joint:
            settings["separate_auxiliary"] = True
            settings["auxiliary_optimizer"] = rule.optimizer.name
            if rule.optimizer.name == "sgd":
                settings["auxiliary_momentum"] = rule.optimizer.momentum
            settings["clamp_auxiliary"] = rule.clamp or None
            settings |= _strength(network, rule, path, setting)
        return settings

    @classmethod
    def functions(
        cls, network: Any, stage: Train, rule: Gates, path: str, setting: Setting
    ) -> list[str]:
        """The step function of the auxiliary parameters; weights are frozen in it."""
        if rule.joint:
            return []
        optimizer = Optimizer(name=rule.optimizer.name, momentum=rule.optimizer.momentum)
        return [options(
            "prune-train-pipeline", function=f"{GATE_STEP}_loss", name=GATE_STEP,
            soft_labels=(stage.distill is not None) or None,
            class_dimension=network.signature.unusual_axis,
            freeze_roles=["auxiliary"], freeze_invert=True,
            **_strength(network, rule, path, setting), **update(optimizer),
            clamp_auxiliary=rule.clamp or None,
        )]  # fmt: skip

    @classmethod
    def parametrization(cls, network: Any, rule: Gates, path: str) -> dict[str, Any] | None:
        """Weights behind gates."""
        names = chosen(network, rule, path, "gates")
        return {"kind": "gates", "granularity": rule.granularity, "names": names}

    def __init__(self, training: StageTraining) -> None:
        super().__init__(training)
        assert training.stage.gates is not None
        self._rule = training.stage.gates
        self._batches = training.batches
        if not self._rule.joint:
            self._bind_step(training)
        self._names = self.weights(self._rule, "gates")

    def _bind_step(self, training: StageTraining) -> None:
        """The step function of the gates, on rows of their own when bi-level."""
        gate_rows = training.trainer.data.gates
        if self._rule.bilevel and gate_rows is not None:
            batch = len(training.batches.labels)
            self._batches = Batches(gate_rows, batch, (*training.task.seed, 1))
        self._step = training.program.bind(GATE_STEP, training.state)
        self._batches.feed(self._step)
        self._loss = self._step.place("loss")

    def begin(self, fresh: bool) -> None:
        """A fresh task begins with gates that move."""
        if fresh:
            self._meta["gates_frozen"] = False

    def before(self, number: int) -> None:
        """One step of the gates, where one is due; what the next step does to joint ones."""
        training, rule = self.training, self._rule
        epoch = number / training.per_epoch
        if not self._meta["gates_frozen"]:
            self._freeze_at_targets(epoch)
        rate, strength = self._schedules(number)
        if rule.joint:
            # At rate zero a gate keeps its value to the bit, whatever its velocity.
            training.step.set(GATE_RATE, 0.0 if self._meta["gates_frozen"] else rate)
            training.step.set(GATE_STRENGTH, strength)
            return
        if self._meta["gates_frozen"] or epoch < rule.start or number % rule.every:
            return
        if self._batches is not training.batches:
            self._batches.load(*divmod(number // rule.every, self._batches.steps))
        self._step.set("learning_rate", rate)
        self._step.set(GATE_STRENGTH, strength)
        loss = float(self._step()[self._loss])
        if not math.isfinite(loss):
            raise TrainingError(training.blame(loss, int(epoch), number))
        sums = self._meta["sums"]
        sums["gate_loss"] = sums.get("gate_loss", 0.0) + loss
        sums["gate_steps"] = sums.get("gate_steps", 0) + 1

    def _schedules(self, number: int) -> tuple[float, float]:
        """Rate of the gates and penalty of an open one at a step."""
        training, rule = self.training, self._rule
        rate = schedule.learning_rate(
            rule.optimizer.learning_rate, number, training.per_epoch, training.total
        )
        strength = schedule.strength(
            rule.strength, rule.start, None, number / training.per_epoch,
            float(training.stage.epochs),
        )  # fmt: skip
        return rate, strength

    def line(self) -> dict[str, Any]:
        """Loss of a step of the gates with their strength, and whether they are frozen."""
        sums = self._meta["sums"]
        line: dict[str, Any] = {}
        if not self._rule.joint:
            line["gate_loss"] = sums.get("gate_loss", 0.0) / max(1, sums.get("gate_steps", 0))
        if self._rule.macs is not None:
            line["macs"] = self.training.macs_left()
            if line["macs"] <= self._rule.macs:
                self._meta["gates_frozen"] = True
        line["gates_frozen"] = self._meta["gates_frozen"]
        return line

    def finished(self) -> bool:
        """Whether the stage is to end with frozen gates and they are."""
        return self._rule.stop and bool(self._meta["gates_frozen"])

    def open_weights(self) -> int:
        """Weights that no closed gate switches off."""
        state, count = self.training.state, 0
        for name in self.training.network.weights():
            size = state[name].size
            gate = state.get(gate_of(name)) if name in self._names else None
            if gate is None:
                count += size
            else:
                count += int(np.count_nonzero(gate > 0)) * (size // gate.size)
        return count

    def _freeze_at_targets(self, epoch: float) -> None:
        rule = self._rule
        late = rule.end is not None and epoch >= rule.end
        small = rule.compression is not None and (
            self.open_weights() * rule.compression <= self.training.trainer.dense_weights
        )
        if late or small:
            self._meta["gates_frozen"] = True

    @property
    def _meta(self) -> dict[str, Any]:
        return self.training.trainer.state.meta


def _strength(network: Any, rule: Gates, path: str, setting: Setting) -> dict[str, object]:
    """What an open gate costs, with its strength as the input `gate_strength`."""
    names = chosen(network, rule, path, "gates")
    found = networks.match_numbers(rule.strengths, names, f"{path}.gates.strengths")
    factors = [
        f"{gate_of(name)}:{found.get(name, 1.0) * setting.gate_scales.get(name, 1.0)!r}"
        for name in names
    ]
    return {"runtime_gate_strength": True, "gate_strengths": factors}
