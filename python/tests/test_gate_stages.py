# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""AutoPrune's gates, driven by recipes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conftest import make_blobs
from mlir_prune.models import make
from mlir_prune.training.gradients import gradient_rms
from mlir_prune.training.history import read_history
from mlir_prune.training.masks import gate_masks, gate_of, gates_of
from mlir_prune.training.result import finish
from mlir_prune.training.trainer import Trainer
from short_runs import DENSE, SIZES, WEIGHTS, left, recipe, train

GATES = {
    "name": "gates", "epochs": 8, "learning_rate": 5e-3,
    "gates": {"strength": 2e-3, "optimizer": {"learning_rate": 1.0}},
}  # fmt: skip


@pytest.mark.parametrize("level", ["bilevel", "alternating", "joint"])
def test_gates_close_and_become_masks(tmp_path: Path, level: str) -> None:
    keys = {"bilevel": level == "bilevel", "joint": level == "joint"}
    stage = {**GATES, "gates": {**GATES["gates"], **keys}}
    finetune = {"name": "finetune", "epochs": 2}
    trainer = train(tmp_path, DENSE, stage, finetune, splits={"gates": 0.25})
    lines = read_history(tmp_path)
    opened = [sum(line["open_gates"].values()) for line in lines[3:11]]
    assert opened[-1] < 0.6 * WEIGHTS and opened == [
        sum(line["nonzeros"].values()) for line in lines[3:11]
    ]
    assert any(line["recovered"] for line in lines[3:11])
    assert left(tmp_path)[-1] == opened[-1]
    assert lines[-1]["validation"]["accuracy"] > 90.0
    masks = [trainer.state.arrays[f"mask:{name}"] for name in SIZES]
    assert sum(int(mask.sum()) for mask in masks) == opened[-1]
    assert not any(name.endswith(".gate") for name in trainer.state.arrays)
    result = finish(trainer, ["prune"])
    assert result["difference_after_removal"] <= 1e-5


@pytest.mark.parametrize("joint", [False, True])
def test_gates_freeze_at_the_compression(tmp_path: Path, joint: bool) -> None:
    gates = {"strength": 5e-4, "optimizer": {"learning_rate": 0.5}, "compression": 2.0,
             "joint": joint}  # fmt: skip
    trainer = train(tmp_path, DENSE, {**GATES, "epochs": 12, "gates": gates})
    lines = read_history(tmp_path)[3:]
    frozen = [line["gates_frozen"] for line in lines]
    assert frozen[-1] and frozen == sorted(frozen)
    first = frozen.index(True)
    last = [sum(line["open_gates"].values()) for line in lines]
    assert 0.1 * WEIGHTS < last[first] <= 0.5 * WEIGHTS
    assert set(last[first:]) == {last[first]}
    gates = {**gates, "stop": True}
    train(tmp_path / "s", DENSE, {**GATES, "epochs": 12, "gates": gates})
    assert len(read_history(tmp_path / "s")[3:]) == first + 1
    assert trainer.state.meta["parametrization"]["kind"] == "gates"


def test_closed_weights_keep_their_values(tmp_path: Path) -> None:
    """Held weights come back as they went, whatever the optimizer did meanwhile."""
    gates = {**GATES["gates"], "freeze_closed": True, "start": 0}
    trainer = train(tmp_path, DENSE, {**GATES, "gates": gates})
    state = trainer.state.arrays
    for name in SIZES:
        closed = state[f"{name}.gate"] <= 0
        assert closed.any() and (state[name][closed] != 0).mean() > 0.9


def test_neuron_gates_reach_a_budget_of_macs(tmp_path: Path) -> None:
    gates = {
        "granularity": "channel", "strength": 2e-2, "optimizer": {"learning_rate": 0.3},
        "macs": 0.6, "stop": True, "ignore": ["fc3.weight"],
    }  # fmt: skip
    stage = {**GATES, "epochs": 30, "gates": gates}
    trainer = train(tmp_path, DENSE, stage, {"name": "finetune", "epochs": 2})
    line = [line for line in read_history(tmp_path) if line["stage"] == "gates"][-1]
    assert line["gates_frozen"] and line["macs"] <= 0.6
    result = finish(trainer, ["prune"])
    assert result["totals"]["macs_compact"] <= 0.61 * WEIGHTS
    assert result["totals"]["neurons_removed"] > 0


def test_gates_go_on_from_one_stage_to_the_next(tmp_path: Path) -> None:
    more = {**GATES, "name": "more", "epochs": 1,
            "gates": {**GATES["gates"], "strength": 0.0}}  # fmt: skip
    one = train(tmp_path / "a", DENSE, GATES)
    two = train(tmp_path / "b", DENSE, GATES, more)
    first, second = one.state.arrays["fc2.weight.gate"], two.state.arrays["fc2.weight.gate"]
    assert (first <= 0).mean() > 0.2 and ((first <= 0) == (second <= 0)).mean() > 0.7


def test_relative_strengths_follow_the_fresh_gradients(tmp_path: Path) -> None:
    trainer = Trainer(recipe(DENSE), make_blobs(), tmp_path)
    values, data = trainer.initial_values(), trainer.data
    rms = gradient_rms(trainer.network, values, data.train, 20, 1, 1)
    assert set(rms) == set(SIZES) and all(value > 0 for value in rms.values())
    gates = {**GATES["gates"], "relative": True, "strength": 0.03}
    found = train(tmp_path / "g", DENSE, {**GATES, "epochs": 1, "gates": gates})
    assert found.state.meta["notes"]["gradient_rms"].keys() == rms.keys()


class Stopping(Trainer):
    """A run that is interrupted after so many steps, within an epoch."""

    steps = 0

    @property
    def interrupted(self) -> bool:
        self.steps -= 1
        return self.steps < 0

    @interrupted.setter
    def interrupted(self, value: bool) -> None:
        """The base class begins without an interrupt."""


def test_methods_resume_to_the_same_bits(tmp_path: Path) -> None:
    """Stopped within epochs of stages with gates and after them, then resumed."""
    more = {**GATES, "epochs": 1, "name": "more"}
    stages = (DENSE, GATES, more, {"name": "finetune", "epochs": 3})
    whole = train(tmp_path / "a", *stages, splits={"gates": 0.25})
    found = recipe(*stages, splits={"gates": 0.25})
    for resume, steps in ((False, 42), (True, 43), (True, 27)):
        trainer = Stopping(found, make_blobs(), tmp_path / "b", resume=resume)
        trainer.steps = steps
        with pytest.raises(KeyboardInterrupt):
            trainer.run()
    last = Trainer(found, make_blobs(), tmp_path / "b", resume=True)
    last.run()
    one, two = whole.state.arrays, last.state.arrays
    assert one.keys() == two.keys()
    assert all(one[name].tobytes() == two[name].tobytes() for name in one)


def test_a_closed_filter_takes_its_normalization_along() -> None:
    """The compiler knows what belongs to a filter; no name says so."""
    network = make("resnet20")
    values = network.init(np.random.default_rng(0))
    name = network.weights()[0]
    filters = network.shapes()[name][0]
    gate = np.ones(filters, np.float32)
    gate[3] = -1.0
    rule = {"kind": "gates", "granularity": "channel", "names": [name]}
    masks = gate_masks(network, values | {gate_of(name): gate}, rule)
    roles = network.roles()
    assert sorted(roles[n.removeprefix("mask:")] for n in masks) == ["bias", "scale", "weight"]
    for mask in masks.values():
        assert not mask[3].any() and np.delete(mask, 3, axis=0).all()


def test_a_parameter_that_is_called_gate_is_none(tmp_path: Path) -> None:
    """Only what belongs to a weight of the network is a gate."""

    class Named:
        def weights(self) -> list[str]:
            return ["mlp", "mlp.gate", "fc.weight"]

        def shapes(self) -> dict[str, tuple[int, ...]]:
            return dict.fromkeys(self.weights(), (2, 2))

    assert gates_of(Named()) == {"mlp.gate.gate", "fc.weight.gate"}
