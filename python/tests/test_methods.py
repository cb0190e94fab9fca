# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Masks that move, projections and proximal steps, driven by recipes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conftest import make_blobs
from mlir_prune.training.history import read_history
from mlir_prune.training.methods.moving import densities, random_mask
from mlir_prune.training.parametrization import straight_through_masks
from mlir_prune.training.result import finish
from mlir_prune.training.trainer import Trainer
from short_runs import DENSE, SIZES, WEIGHTS, left, recipe, train


def test_erdos_renyi_densities_by_hand() -> None:
    shapes = {"a": (100, 100), "b": (10, 10), "c": (4, 2)}
    found = densities(shapes, 0.9, "erk")
    kept = sum(found[name] * np.prod(shape) for name, shape in shapes.items())
    assert kept == pytest.approx(0.1 * (10000 + 100 + 8))
    factor = (0.1 * 10108 - 8) / (200 + 20)
    assert found["c"] == 1.0  # it would get more than it has
    assert found["b"] == pytest.approx(factor * 20 / 100)
    assert densities({"a": (100, 100), "b": (50, 50)}, 0.9, "erk")["b"] == pytest.approx(
        2 * densities({"a": (100, 100), "b": (50, 50)}, 0.9, "erk")["a"]
    )
    assert densities(shapes, 0.9, "uniform") == pytest.approx(dict.fromkeys(shapes, 0.1))
    mask = random_mask(np.random.default_rng(0), (10, 10), 0.25)
    assert mask.sum() == 25


@pytest.mark.parametrize("scope", ["tensor", "global"])
def test_gradual_pruning_follows_the_cubic(tmp_path: Path, scope: str) -> None:
    rule = {"initial": 0.2, "final": 0.9, "start": 1, "end": 5, "frequency": 5, "scope": scope}
    stage = {"name": "gradual", "epochs": 6, "learning_rate": 1e-2, "gradual": rule}
    trainer = train(tmp_path, DENSE, stage)
    counts = left(tmp_path)[3:]
    assert counts[0] == WEIGHTS and counts == sorted(counts, reverse=True)
    assert counts[-1] == pytest.approx(0.1 * WEIGHTS, abs=2)
    state = trainer.state.arrays
    for name, size in SIZES.items():
        share = 1.0 - state[f"mask:{name}"].sum() / size
        assert not state[name][~state[f"mask:{name}"]].any()
        if scope == "tensor":
            assert share == pytest.approx(0.9, abs=1.0 / size)
    result = finish(trainer, ["prune"])
    assert result["totals"]["pruned_nonzeros"] == counts[-1]
    assert result["difference_after_removal"] <= 1e-5


def test_rigl_moves_masks_at_the_same_number_of_weights(tmp_path: Path) -> None:
    rule = {"sparsity": 0.8, "frequency": 5, "end": 4, "density": "erk"}
    stage = {"name": "rigl", "epochs": 6, "learning_rate": 1e-2, "start": "initial", "rigl": rule}
    trainer = train(tmp_path, DENSE, stage)
    lines = read_history(tmp_path)[3:]
    masks = [sum(int(trainer.state.arrays[f"mask:{n}"].sum()) for n in SIZES)]
    assert masks[0] == pytest.approx(0.2 * WEIGHTS, abs=3)
    assert any(line["recovered"] for line in lines[:4])
    assert not any(line["recovered"] or line["pruned"] for line in lines[5:])
    assert lines[-1]["validation"]["accuracy"] > 90.0


def test_n_of_m_masks_come_anew_in_every_step(tmp_path: Path) -> None:
    rule = {"pattern": "2:4", "decay": 1e-3}
    stage = {"name": "nm", "epochs": 3, "learning_rate": 1e-2, "straight_through": rule}
    trainer = train(tmp_path, DENSE, stage, {"name": "finetune", "epochs": 1})
    assert left(tmp_path)[3:] == [WEIGHTS // 2] * 4
    for name in SIZES:
        groups = trainer.state.arrays[f"mask:{name}"].reshape(-1, 4)
        assert (groups.sum(axis=1) == 2).all()
    only = train(tmp_path / "x", DENSE, stage)
    assert all(only.state.arrays[name].all() for name in SIZES), "masked weights learn too"
    np.testing.assert_array_equal(
        only.folded_arrays()["mask:fc2.weight"], trainer.state.arrays["mask:fc2.weight"]
    )


def test_straight_through_sparsity_rises(tmp_path: Path) -> None:
    rule = {"sparsity": 0.8, "ramp": 4}
    stage = {"name": "masks", "epochs": 4, "learning_rate": 1e-2, "straight_through": rule}
    trainer = train(tmp_path, DENSE, stage)
    counts = left(tmp_path)[3:]
    assert counts[0] > counts[1] > counts[-1] == pytest.approx(0.2 * WEIGHTS, abs=2)
    parametrization = trainer.state.meta["parametrization"]
    masks = straight_through_masks(trainer.network, trainer.state.arrays, parametrization)
    assert sum(int(mask.sum()) for mask in masks.values()) == counts[-1]


def test_admm_draws_weights_to_their_projection(tmp_path: Path) -> None:
    def distance(rho: float, folder: str) -> float:
        rule = {"rho": rho, "sparsity": 0.7, "frequency": 5}
        stage = {"name": "admm", "epochs": 6, "learning_rate": 3e-3, "admm": rule}
        state = train(tmp_path / folder, DENSE, stage).state.arrays
        for name, size in SIZES.items():
            assert np.count_nonzero(state[f"admm_z:{name}"]) == size - round(0.7 * size)
        gaps = [np.abs(state[n] - state[f"admm_z:{n}"]).sum() for n in SIZES]
        return float(sum(gaps))

    assert distance(1e-1, "strong") < 0.7 * distance(1e-6, "weak")


def test_proximal_steps_reach_exact_zeros(tmp_path: Path) -> None:
    penalty = {"kind": "l1", "strength": 0.3, "proximal": True}
    stage = {"name": "sparse", "epochs": 5, "learning_rate": 1e-2, "regularize": penalty}
    train(tmp_path / "a", DENSE, stage)
    assert left(tmp_path / "a")[-1] < 0.85 * WEIGHTS
    plain = {**stage, "regularize": {**penalty, "proximal": False}}
    train(tmp_path / "b", DENSE, plain)
    assert left(tmp_path / "b")[-1] == WEIGHTS


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
    """Stopped within epochs of stages whose masks move, then resumed."""
    stages = (
        DENSE,
        {"name": "admm", "epochs": 4, "admm": {"sparsity": 0.5, "frequency": 7}},
        {"name": "gradual", "epochs": 4, "gradual": {"final": 0.8, "frequency": 7}},
        {"name": "masks", "epochs": 3, "straight_through": {"sparsity": 0.9, "ramp": 2}},
    )
    whole = train(tmp_path / "a", *stages)
    found = recipe(*stages)
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
