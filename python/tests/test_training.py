# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training stages, on their own and against numpy."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import drawn
from conftest import make_blobs
from mlir_prune.data import Dataset, Split
from mlir_prune.errors import InputError, TrainingError
from mlir_prune.models import ACTIVATIONS, Mlp
from mlir_prune.recipe import Recipe, from_dict
from mlir_prune.training.batches import Batches, steps_per_epoch
from mlir_prune.training.evaluate import logits, score_logits
from mlir_prune.training.history import read_history
from mlir_prune.training.passes import stage_pipeline
from mlir_prune.training.setting import Setting
from mlir_prune.training.program import Program
from mlir_prune.training.result import finish, outcome
from mlir_prune.training.stage import StageTraining
from mlir_prune.training.tasks import TrainTask
from mlir_prune.training.trainer import Trainer
from oracle import forward, hoyer_square_gradient, loss_and_gradients

MLP = Mlp((8, 12, 6, 4))


def recipe(*stages: dict[str, Any], **keys: Any) -> Recipe:
    tree = {"batch": 16, "model": {"widths": list(MLP.widths)}, "stages": list(stages)}
    return from_dict({**tree, **keys})


def train(folder: Path, data: Dataset, *stages: dict[str, Any], **keys: Any) -> Trainer:
    trainer = Trainer(recipe(*stages, **keys), data, folder)
    trainer.run()
    return trainer


def split(rows: int) -> Split:
    inputs = np.arange(rows, dtype=np.float32)[:, None] * np.ones(3, np.float32)
    return Split(inputs, np.arange(rows, dtype=np.int32))


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 5))
def test_batches_are_a_permutation(rows: int, batch: int, seed: int) -> None:
    if rows < batch:
        return
    batches = Batches(split(rows), batch, (seed,))
    seen: list[int] = []
    for index in range(batches.steps):
        batches.load(2, index)
        np.testing.assert_array_equal(batches.inputs["input"][:, 0], batches.labels)
        seen += map(int, batches.labels)
    assert batches.steps == rows // batch
    assert len(set(seen)) == len(seen) == batches.steps * batch
    again = Batches(split(rows), batch, (seed,))
    again.load(2, batches.steps - 1)  # any batch without those before it
    np.testing.assert_array_equal(again.labels, batches.labels)


def test_a_batch_larger_than_the_set_is_refused() -> None:
    with pytest.raises(TrainingError, match="a batch of 5 needs as many rows, the set has 4"):
        steps_per_epoch(split(4), 5)


def test_score_by_hand() -> None:
    values = np.array([[0.0, 0.0], [1000.0, 0.0], [0.0, 1000.0]], np.float32)
    score = score_logits(values, np.array([0, 0, 0]))
    assert score.accuracy == pytest.approx(200 / 3)  # the tie goes to class 0
    assert score.loss == pytest.approx((math.log(2) + 0 + 1000) / 3)


@given(st.sampled_from(ACTIVATIONS), st.integers(0, 50), st.sampled_from([0.0, 0.5]))
@drawn.examples(8)
def test_one_sgd_step_matches_numpy(activation: str, seed: int, strength: float) -> None:
    mlp = Mlp((6, 5, 4), activation)
    rng = np.random.default_rng(seed)
    values = mlp.init(rng)
    x = rng.standard_normal((7, 6)).astype(np.float32)
    labels = rng.integers(0, 4, 7).astype(np.int32)
    stage = recipe(
        {"optimizer": {"name": "sgd", "weight_decay": 0.01},
         "regularize": {"kind": "hoyer_square", "strength": strength}}
    ).stages[0]  # fmt: skip
    program = Program(mlp.text(7), stage_pipeline(mlp, stage, "", Setting()))
    state = program.fill(values)
    step = program.bind("train_step", state)
    for name, value in (("input", x), ("labels", labels), ("learning_rate", 0.1)):
        step.set(name, value)
    step.set("strength", strength)
    step()
    _, gradients = loss_and_gradients(mlp, values, x, labels)
    for name, gradient in gradients.items():
        if name.endswith("weight"):
            gradient = gradient + 0.01 * values[name]
            gradient += strength * hoyer_square_gradient(values[name])
        np.testing.assert_allclose(state[name], values[name] - 0.1 * gradient, rtol=2e-4, atol=2e-5)


def test_training_learns_and_repeats(blobs: Dataset, tmp_path: Path) -> None:
    stage = {"epochs": 5, "learning_rate": 1e-2}
    first = train(tmp_path / "a", blobs, stage)
    second = train(tmp_path / "b", blobs, stage)
    other = train(tmp_path / "c", blobs, stage, seed=2)
    lines = read_history(tmp_path / "a")
    assert lines[-1]["validation"]["accuracy"] > 95.0
    assert lines[-1]["loss"] < 0.5 * lines[0]["loss"]
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4, 5]
    assert lines[-1]["step"] == 5 * (200 // 16)
    one, two = first.state.arrays, second.state.arrays
    assert all(one[name].tobytes() == two[name].tobytes() for name in one)
    assert any(not np.array_equal(one[n], other.state.arrays[n]) for n in MLP.shapes())


def test_the_best_epoch_is_kept(blobs: Dataset, tmp_path: Path) -> None:
    stage = {"epochs": 6, "learning_rate": 0.05, "keep": "best"}
    trainer = train(tmp_path / "a", blobs, stage)
    scores = [line["validation"] for line in read_history(tmp_path / "a")]
    order = [(score["accuracy"], -score["loss"]) for score in scores]
    kept = trainer.state.meta["scores"]["train0"]
    assert (kept["accuracy"], -kept["loss"]) == max(order)
    program = Program(MLP.text(16), "")
    found = logits(program, trainer.state.arrays, blobs.validation.arrays)
    assert score_logits(found, blobs.validation.labels).loss == kept["loss"]
    last = train(tmp_path / "b", blobs, {**stage, "keep": "last"})
    assert last.state.meta["scores"]["train0"]["loss"] == scores[-1]["loss"]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_pruned_weights_stay_zero(blobs: Dataset, tmp_path: Path, optimizer: str) -> None:
    adam = {"optimizer": {"name": optimizer, "weight_decay": 1e-3}, "learning_rate": 1e-2}
    rule = {"kind": "prune", "sparsity": {"fc1.*": 0.5, "fc2.*": 0.25}}
    trainer = train(tmp_path, blobs, {**adam, "epochs": 1}, rule, {**adam, "epochs": 2})
    state = trainer.state.arrays
    for name, share in (("fc1.weight", 0.5), ("fc2.weight", 0.25)):
        mask = state[f"mask:{name}"]
        assert (~mask).sum() == round(share * mask.size)
        assert not state[name][~mask].any() and state[name][mask].all()
    assert "mask:fc3.weight" not in state
    lines = read_history(tmp_path)
    assert lines[-1]["nonzeros"] == {"fc1.weight": 48, "fc2.weight": 54, "fc3.weight": 24}
    free = train(tmp_path / "f", blobs, adam, rule, {**adam, "epochs": 1, "mask": False})
    assert free.state.arrays["fc1.weight"].all()
    assert read_history(tmp_path / "f")[-1]["recovered"] > 50


def test_iterations_prune_what_is_left(blobs: Dataset, tmp_path: Path) -> None:
    stage = {"epochs": 2, "learning_rate": 1e-2}
    rule = {"kind": "prune", "name": "han", "std_factor": 0.6, "iterations": 3, "retrain": stage}
    trainer = train(tmp_path, blobs, stage, rule)
    notes = trainer.state.meta["notes"]
    left = [sum(notes[f"han-{iteration}"]["nonzeros"].values()) for iteration in (1, 2, 3)]
    assert left[0] > left[1] > left[2] > 0
    assert [task.name for task in trainer.tasks] == [
        "train0", "han-1", "han-1-retrain", "han-2", "han-2-retrain", "han-3", "han-3-retrain",
    ]  # fmt: skip


def test_reinitialized_survivors_have_their_first_values(blobs: Dataset, tmp_path: Path) -> None:
    rule = {"kind": "prune", "sparsity": 0.5, "reinitialize": True}
    trainer = train(tmp_path, blobs, {"epochs": 1}, rule)
    first, state = trainer.initial_values(), trainer.state.arrays
    for name in MLP.weights():
        mask = state[f"mask:{name}"]
        np.testing.assert_array_equal(state[name], np.where(mask, first[name], 0))


def test_the_sparsest_accurate_trial_wins(blobs: Dataset, tmp_path: Path) -> None:
    stage = {"epochs": 3, "learning_rate": 1e-2}
    rule = {"kind": "prune", "trials": {"sparsity": [0.2, 0.5, 0.98], "epochs": 1, "tolerance": 1}}
    trainer = train(tmp_path, blobs, stage, rule, stage)
    trials = trainer.state.meta["trials"]["prune1"]
    assert [trial["number"] for trial in trials["tried"]] == [0.2, 0.5, 0.98]
    floor = trainer.state.meta["scores"]["train0"]["accuracy"] - 1
    accepted = [t for t in trials["tried"] if t["score"]["accuracy"] >= floor]
    assert trials["chosen"]["number"] == min(accepted, key=lambda t: t["nonzeros"])["number"]
    assert not any(label.startswith("before") for label in trainer.state.saved)


def test_a_stage_may_start_from_an_earlier_one(blobs: Dataset, tmp_path: Path) -> None:
    stage = {"epochs": 2, "learning_rate": 1e-2}
    trainer = train(tmp_path, blobs, {**stage, "name": "a"}, {**stage, "name": "b"})
    both = train(
        tmp_path / "x", blobs, {**stage, "name": "a"}, stage, {**stage, "name": "c", "start": "a"}
    )
    np.testing.assert_array_equal(both.state.saved["a"]["fc1.weight"],
                                  trainer.state.saved["a"]["fc1.weight"])  # fmt: skip
    again = train(tmp_path / "y", blobs, stage, {**stage, "start": "initial"})
    assert again.state.meta["scores"]["train1"] != again.state.meta["scores"]["train0"]


def test_moments_go_on_when_asked(blobs: Dataset, tmp_path: Path) -> None:
    stage = {"epochs": 1, "learning_rate": 1e-2}
    fresh = train(tmp_path / "a", blobs, stage, stage)
    kept = train(tmp_path / "b", blobs, stage, {**stage, "reset_optimizer": False})
    assert int(fresh.state.arrays["step"]) == 200 // 16
    assert int(kept.state.arrays["step"]) == 2 * (200 // 16)


def test_neurons_leave_during_training(blobs: Dataset, tmp_path: Path) -> None:
    """The smaller network computes the same, and its moments are the old ones' rows."""
    stage = {"epochs": 2, "learning_rate": 1e-2}
    rule = {"kind": "prune", "sparsity": 0.7}
    go_on = {**stage, "reset_optimizer": False}
    trainer = train(tmp_path / "a", blobs, stage, rule, go_on, {"kind": "compact"})
    whole = train(tmp_path / "b", blobs, stage, rule, go_on)
    small, large = trainer.state.arrays, whole.state.arrays
    assert trainer.network.shapes()["fc2.weight"] < whole.network.shapes()["fc2.weight"]
    inputs = blobs.validation.inputs[0]
    found = logits(Program(trainer.network.text(16), ""), small, inputs)
    expected = logits(Program(MLP.text(16), ""), large, inputs)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    for name in MLP.weights():
        for prefix in ("moment1:", "moment2:", "mask:"):
            kept, all_of_it = small[prefix + name], large[prefix + name]
            assert kept.shape == small[name].shape
            # Rows and columns that left held masked weights only, whose moments are zero.
            left = kept[small["mask:" + name]]
            assert set(left.tolist()) <= set(all_of_it[large["mask:" + name]].tolist())
        values = small[name][small["mask:" + name]]
        assert set(values.tolist()) <= set(large[name].ravel().tolist())
    assert int(small["step"]) == int(large["step"])
    further = train(tmp_path / "c", blobs, stage, rule, go_on, {"kind": "compact"}, go_on)
    result = finish(further, ["prune"])
    assert result["layers"][0]["shape"] == [12, 8]
    assert result["totals"]["nonzeros"] <= 0.3 * 192 + 3
    again = Trainer(further.recipe, make_blobs(), tmp_path / "c", resume=True)
    assert again.network.shapes() == further.network.shapes()


def test_frozen_parameters_stay_and_keep_their_masks(blobs: Dataset, tmp_path: Path) -> None:
    rule = {"kind": "prune", "sparsity": 0.5}
    frozen = {"epochs": 2, "freeze": {"targets": ["fc1.weight", "bias"]}}
    trainer = train(tmp_path, blobs, {"epochs": 1}, rule, frozen, {"epochs": 1})
    first = Trainer(recipe({"epochs": 1}, rule), make_blobs(), tmp_path / "x")
    first.run()
    assert "mask:fc1.weight" in trainer.state.arrays
    only = Trainer(recipe({"epochs": 1}, rule, frozen), make_blobs(), tmp_path / "y").run().arrays
    for name in ("fc1.weight", "fc1.bias", "fc2.bias"):
        np.testing.assert_array_equal(only[name], first.state.arrays[name])
    assert (only["fc2.weight"] != first.state.arrays["fc2.weight"]).any()
    assert not any(name.startswith("moment1:fc1") for name in only)
    assert read_history(tmp_path)[-1]["nonzeros"]["fc1.weight"] == 48


def test_dropout_falls_with_the_connections(blobs: Dataset, tmp_path: Path) -> None:
    """Rates of the compiled stages: 0.5 at first, 0.5 sqrt(left / all) after pruning."""
    model = {"widths": list(MLP.widths), "dropout": {"fc2.weight": 0.5}}
    rule = {"kind": "prune", "sparsity": 0.75, "dropout": "adjust"}
    stage = {"epochs": 1}
    trainer = Trainer(recipe(stage, rule, stage, model=model), blobs, tmp_path)
    found = []
    for task in trainer.tasks:
        if isinstance(task, TrainTask):
            text = str(StageTraining(trainer, task).program)
            found += [float(rate) for rate in re.findall(r"prune.dropout .* rate (\S+) seed", text)]
        trainer._task(task)
        trainer.state.meta["task"] += 1
    assert sorted(set(found)) == pytest.approx([0.25, 0.5])


def test_result_counts_and_reads_the_test_part_once(blobs: Dataset, tmp_path: Path) -> None:
    stage = {"epochs": 3, "learning_rate": 1e-2}
    trainer = train(tmp_path, blobs, stage, {"kind": "prune", "sparsity": 0.8}, stage, method="M")
    result = finish(trainer, ["prune", "train"])
    weights = 8 * 12 + 12 * 6 + 6 * 4
    assert result["totals"]["weights"] == result["totals"]["macs_dense"] == weights
    pruned = outcome(trainer).pruned
    assert result["totals"]["pruned_nonzeros"] == sum(np.count_nonzero(pruned[n])
                                                      for n in MLP.weights())  # fmt: skip
    assert result["totals"]["nonzeros"] <= result["totals"]["pruned_nonzeros"]
    assert result["difference_after_removal"] <= 1e-5
    assert result["test"]["dense"]["rows"] == 200 and result["epochs"] == 6
    expected = forward(MLP, pruned, make_blobs().validation.inputs[0])
    found = score_logits(expected, make_blobs().validation.labels)
    assert result["validation"]["pruned"]["accuracy"] == pytest.approx(found.accuracy)
    with pytest.raises(RuntimeError, match="may be read only once"):
        blobs.open_test()


def test_parts_do_not_overlap_and_stay_the_same(blobs: Dataset) -> None:
    parts = blobs.divide(0.3, 0.25)
    assert parts.gates is not None
    sizes = len(parts.train), len(parts.gates), len(parts.validation)
    assert sizes == (210, 70, 120)
    rows = np.concatenate([p.inputs[0] for p in (parts.train, parts.gates, parts.validation)])
    assert len(np.unique(rows, axis=0)) == len(rows) == 400
    again = blobs.divide(0.3, 0.25)
    np.testing.assert_array_equal(again.validation.inputs, parts.validation.inputs)
    assert len(parts.merged) == 280
    whole = blobs.divide(0.3, 0.0)
    np.testing.assert_array_equal(parts.merged.inputs, whole.train.inputs)
    np.testing.assert_array_equal(parts.merged.labels, whole.merged.labels)


def test_the_last_batch_is_filled_up(blobs: Dataset) -> None:
    values = MLP.init(np.random.default_rng(0))
    inputs = blobs.validation.inputs[0][:37]
    found = logits(Program(MLP.text(16), ""), values, inputs)
    assert found.shape == (37, 4)
    np.testing.assert_allclose(found, forward(MLP, values, inputs), rtol=1e-4, atol=1e-4)


def test_network_and_data_must_fit(blobs: Dataset, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="reads 9 features, but rows of 'blobs' have 8"):
        Trainer(recipe({}, model={"widths": [9, 4]}), blobs, tmp_path)
    with pytest.raises(InputError, match="3 outputs, but 'blobs' has 4 classes"):
        Trainer(recipe({}, model={"widths": [8, 3]}), blobs, tmp_path)
