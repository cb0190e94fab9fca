# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Iterative pruning in one form: schedules of the sparsity, weights kept or rewound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import make_blobs
from mlir_prune.errors import RecipeError, TrainingError
from mlir_prune.recipe import from_dict
from mlir_prune.training.plan import plan_text
from mlir_prune.training.trainer import Trainer
from short_runs import DENSE, WEIGHTS, left, recipe, train

RETRAIN = {"epochs": 1, "learning_rate": 1e-2}


def iterative(schedule: str, **more: Any) -> dict[str, Any]:
    return {"kind": "prune", "name": "p", "sparsity": 0.875, "iterations": 3, "schedule": schedule,
            "retrain": RETRAIN, **more}  # fmt: skip


@pytest.mark.parametrize(
    ("schedule", "shares"),
    [
        ("once", (0.875, 0.875, 0.875)),
        ("geometric", (0.5, 0.75, 0.875)),
        ("linear", (0.875 / 3, 1.75 / 3, 0.875)),
        ("cubic", (0.875 * 19 / 27, 0.875 * 26 / 27, 0.875)),
    ],
)
@pytest.mark.parametrize("criterion", ["magnitude", "snip"])
def test_a_sparsity_is_reached_step_by_step(
    schedule: str, shares: tuple[float, ...], criterion: str, tmp_path: Path
) -> None:
    train(tmp_path, DENSE, iterative(schedule, scope="global", criterion=criterion))
    expected = [round(WEIGHTS * (1 - share)) for share in shares]
    assert left(tmp_path)[-3:] == pytest.approx(expected, abs=1)


def test_by_pattern(tmp_path: Path) -> None:
    trainer = train(tmp_path, DENSE, iterative("geometric", sparsity={"fc1.weight": 0.75, "*": 0.5}))
    notes = trainer.state.meta["notes"]
    assert [notes[f"p-{i}"]["nonzeros"]["fc1.weight"] for i in (1, 2, 3)] == pytest.approx(
        [192 * 0.25 ** (i / 3) for i in (1, 2, 3)], abs=1
    )


def test_survivors_are_rewound(tmp_path: Path) -> None:
    early = {"name": "early", "epochs": 1, "learning_rate": 1e-2}
    stages = [early, DENSE, {**iterative("geometric", rewind="early"), "retrain": {**RETRAIN, "epochs": 0}}]
    trainer = Trainer(recipe(*stages, reference="dense"), make_blobs(), tmp_path)
    trainer.run()
    saved, arrays = trainer.state.saved["early"], trainer.state.arrays
    for name in ("fc1.weight", "fc2.weight", "fc3.weight"):
        kept = arrays[f"mask:{name}"]
        assert 0 < kept.sum() < kept.size
        np.testing.assert_array_equal(arrays[name], np.where(kept, saved[name], 0))
    for name in ("fc1.bias", "fc3.bias"):
        np.testing.assert_array_equal(arrays[name], saved[name])


def test_rewinding_to_the_first_values(tmp_path: Path) -> None:
    stage = {**iterative("linear", rewind="initial"), "retrain": {**RETRAIN, "epochs": 0}}
    trainer = train(tmp_path, DENSE, stage)
    first, arrays = trainer.initial_values(), trainer.state.arrays
    kept = arrays["mask:fc1.weight"]
    np.testing.assert_array_equal(arrays["fc1.weight"], np.where(kept, first["fc1.weight"], 0))


def test_a_stage_that_was_not_run_cannot_be_rewound_to(tmp_path: Path) -> None:
    early = {"name": "early", "epochs": 1}
    run = recipe(early, DENSE, iterative("linear", rewind="early"), reference="dense")
    values = Trainer(run, make_blobs(), tmp_path / "a").initial_values()
    trainer = Trainer(run, make_blobs(), tmp_path / "b", start=values)
    with pytest.raises(TrainingError, match="stage 'early' was not run here"):
        trainer.run()


def test_the_plan_has_the_steps() -> None:
    text = plan_text(recipe(DENSE, iterative("geometric", rewind="dense")), make_blobs())
    assert "schedule geometric: 0.5, 0.75, 0.875" in text and "rewind to dense" in text


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (iterative("linear", iterations=1), "schedule is for a sparsity in several iterations"),
        (iterative("linear", rewind="deep"), "no earlier training stage is called 'deep'"),
        (iterative("linear", rewind="dense", reinitialize=True), "does not go with reinitialize"),
        (iterative("square"), "schedule"),
    ],
)
def test_what_does_not_go_together_is_refused(stage: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        from_dict({"stages": [DENSE, stage]})


def test_a_smaller_network_cannot_be_rewound() -> None:
    with pytest.raises(RecipeError, match="the network is smaller than at 'dense'"):
        from_dict({"stages": [DENSE, {"kind": "compact"}, iterative("linear", rewind="dense")]})
