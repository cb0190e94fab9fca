# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Distillation: the labels, the loss that a stage trains with, and runs that go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import make_blobs
from mlir_prune.errors import RecipeError
from mlir_prune.training.batches import Batches
from mlir_prune.training.checkpoint import read_checkpoint
from mlir_prune.training.distill import mixed_labels, soft_labels
from mlir_prune.training.evaluate import logits
from mlir_prune.training.history import read_history
from mlir_prune.training.plan import plan_text
from mlir_prune.training.program import compiled
from mlir_prune.training.trainer import Trainer
from short_runs import DENSE, WEIGHTS, left, recipe, train

STILL = {"optimizer": {"learning_rate": 1e-12}}
SOFT = {"name": "soft", "epochs": 2, "learning_rate": 1e-3, "distill": {"weight": 0.7}}


def test_labels_mix_the_class_and_the_softmax() -> None:
    labels = np.array([2, 0], np.int32)
    values = np.array([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0]], np.float32)
    found = mixed_labels(labels, values, 0.25, 2.0)
    exponentials = np.exp(values[0] / 2)
    wanted = 0.25 * exponentials / exponentials.sum() + [0, 0, 0.75]
    np.testing.assert_allclose(found[0], wanted, rtol=1e-6)
    np.testing.assert_array_equal(found[1], [1, 0, 0])
    assert found.dtype == np.float32


def test_batches_carry_shares() -> None:
    rows = make_blobs().train
    shares = np.random.default_rng(0).random((len(rows), 4)).astype(np.float32)
    hard, soft = Batches(rows, 20, (1,)), Batches(rows, 20, (1,), shares)
    for batches in (hard, soft):
        batches.load(3, 1)
    np.testing.assert_array_equal(hard.inputs["input"], soft.inputs["input"])
    order = np.random.default_rng((1, 3)).permutation(len(rows))[20:40]
    np.testing.assert_array_equal(soft.labels, shares[order])
    np.testing.assert_array_equal(hard.labels, rows.labels[order])


@pytest.mark.parametrize("modifier", [
    {}, {"gates": {"joint": True, **STILL}}, {"gates": STILL},
    {"regularize": {"kind": "hoyer_square", "strength": 1e-12}},
], ids=["plain", "joint gates", "gates", "hoyer_square"])  # fmt: skip
def test_the_loss_is_the_cross_entropy_against_the_labels(
    tmp_path: Path, modifier: dict[str, Any]
) -> None:
    """At a rate of next to nothing the network of the stage is the dense one."""
    still = {**SOFT, **modifier, "epochs": 1, "learning_rate": 1e-12}
    trainer = train(tmp_path, DENSE, still)
    line = read_history(tmp_path)[-1]
    rule = trainer.recipe.stages[1].distill
    rows = trainer.data.merged
    shares = soft_labels(trainer, rule, rows)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-6)
    program = compiled(trainer.dense_network.text(20), "", 1)
    values = logits(program, trainer.state.saved["dense"], rows.arrays).astype(np.float64)
    norm = np.log(np.exp(values).sum(axis=1))
    wanted = float((norm - (shares * values).sum(axis=1)).mean())
    assert line["loss"] - line["penalty"] == pytest.approx(wanted, rel=1e-4)


def test_masks_that_move_see_the_labels_too(tmp_path: Path) -> None:
    """The loss of RigL's own function takes them; half of the weights are left."""
    train(tmp_path, DENSE, {**SOFT, "epochs": 1, "rigl": {"sparsity": 0.5, "frequency": 4}})
    assert np.isfinite(read_history(tmp_path)[-1]["loss"])
    assert left(tmp_path)[-1] == pytest.approx(0.5 * WEIGHTS, rel=0.02)


def test_the_plan_names_the_labels() -> None:
    text = plan_text(recipe(DENSE, SOFT), make_blobs())
    assert text.count("soft labels: 0.7 of the reference network at 4") == 1


def test_a_stage_learns_the_labels(tmp_path: Path) -> None:
    """A stage that begins with fresh values comes to the shares of its teacher."""
    soft = {**SOFT, "start": "initial", "epochs": 30, "learning_rate": 1e-2,
            "distill": {"weight": 1.0, "temperature": 3.0}}  # fmt: skip
    trainer = train(tmp_path, DENSE, soft)
    rows = trainer.data.validation
    shares = soft_labels(trainer, trainer.recipe.stages[1].distill, rows)
    program = compiled(trainer.dense_network.text(20), "", 1)
    values = logits(program, trainer.state.arrays, rows.arrays).astype(np.float64)
    found = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
    assert np.abs(found - shares).mean() < 0.03
    assert np.abs(shares - shares.mean(axis=0)).mean() > 0.1


def test_a_pruned_stage_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    stages = [DENSE, {"kind": "prune", "name": "cut", "sparsity": 0.8}, {**SOFT, "epochs": 4}]
    whole = train(tmp_path / "whole", *stages)
    trainer = Trainer(recipe(*stages), make_blobs(), tmp_path / "halves")
    stop = trainer.save

    def interrupt(final: bool = False) -> None:
        stop(final)
        if trainer.state.meta["task"] == 2 and trainer.state.meta["epoch"] == 2:
            raise KeyboardInterrupt

    trainer.save = interrupt  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    again = Trainer(recipe(*stages), make_blobs(), tmp_path / "halves", resume=True)
    assert again.state.meta["epoch"] == 2
    again.run()
    for name, array in whole.state.arrays.items():
        assert array.tobytes() == again.state.arrays[name].tobytes(), name
    assert read_checkpoint(tmp_path / "halves").meta["scores"] == whole.state.meta["scores"]


@pytest.mark.parametrize(("stages", "keys", "message"), [
    ([SOFT], {}, r"stages\[0\].distill: the reference stage"),
    ([DENSE, {"kind": "prune", "sparsity": 0.5}, {**DENSE, "name": "late"}, SOFT],
     {"reference": "late"}, "before anything is pruned"),
    ([{**DENSE, "gates": {}}, SOFT], {}, "before anything is pruned"),
    ([DENSE, {**SOFT, "gates": {"bilevel": True}}], {"splits": {"gates": 0.2}}, "class numbers"),
    ([DENSE, {**SOFT, "distill": {"weight": 0.0}}], {}, "weight"),
    ([DENSE, {**SOFT, "distill": {"temprature": 2.0}}], {}, "temperature"),
])  # fmt: skip
def test_recipes_that_cannot_be(
    stages: list[dict[str, Any]], keys: dict[str, Any], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        recipe(*stages, **keys)
