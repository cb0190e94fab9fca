# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pruning to a tolerance: runs of a stage with `max_drop`, and the command without a recipe."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import make_blobs
from mlir_prune.cli import main
from mlir_prune.data import Dataset, load
from mlir_prune.errors import RecipeError
from mlir_prune.recipe import load_recipe
from mlir_prune.recipe.aims import network_recipe, unscaled
from mlir_prune.recipe.schema import MaxDrop, Prune
from mlir_prune.rows import Split
from mlir_prune.training.checkpoint import read_checkpoint
from mlir_prune.training.evaluate import calibrated_loss, calibrated_losses, score_logits
from mlir_prune.training.history import read_history
from mlir_prune.training.plan import plan_text
from mlir_prune.training.result import finish
from mlir_prune.training.tolerance import compare, pruned_to
from mlir_prune.training.trainer import Trainer
from short_runs import DENSE, SIZES, WEIGHTS, recipe, train

TRAINING = {"learning_rate": 1e-2}


def search(points: float, **more: Any) -> dict[str, Any]:
    rule = {"points": points, "epochs": 60, **more}
    return {"name": "s", "kind": "prune", "max_drop": rule, "retrain": TRAINING}


def told(trainer: Trainer) -> dict[str, Any]:
    found: dict[str, Any] = trainer.state.meta["searches"]["s"]
    return found


def test_the_network_that_is_left_is_the_one_that_was_chosen(tmp_path: Path) -> None:
    trainer = train(tmp_path, DENSE, search(2.0))
    result = finish(trainer, ["prune"])
    chosen = told(trainer)["seen"][told(trainer)["chosen"]]
    assert result["totals"]["pruned_nonzeros"] <= chosen["left"] < WEIGHTS / 2
    assert result["validation"]["pruned"]["accuracy"] == pytest.approx(chosen["accuracy"])
    lost = result["validation"]["dense"]["accuracy"] - chosen["accuracy"]
    assert lost == pytest.approx(chosen["drop"])
    assert chosen["drop"] + chosen["error"] <= 2.0
    assert result["epochs"] <= 3 + 60
    assert not [label for label in trainer.state.saved if ":" in label]


def test_what_was_found_is_left_as_a_recipe_without_a_search(tmp_path: Path) -> None:
    trainer = train(tmp_path / "search", DENSE, search(2.0))
    found = load_recipe(tmp_path / "search" / "found.yaml")
    assert not any(getattr(stage, "max_drop", None) for stage in found.stages)
    again = Trainer(found, make_blobs(), tmp_path / "again")
    again.run()
    chosen = told(trainer)["seen"][told(trainer)["chosen"]]
    left = {n: int(np.count_nonzero(again.state.arrays[n])) for n in chosen["layers"]}
    for name, count in chosen["layers"].items():
        assert abs(left[name] - count) <= 0.05 * count + 1, name
    score = list(again.state.meta["scores"].values())[-1]
    assert score["accuracy"] >= chosen["accuracy"] - 10


def test_nothing_to_lose_leaves_the_network_dense(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rounds that train with rate zero from a tenth of the weights cannot hold the tolerance."""
    stage = search(0.0, epochs=4)
    stage["max_drop"]["confidence"] = 10.0
    stage["retrain"] = {"learning_rate": 0.0}
    stage["max_drop"]["keep"] = 0.05
    trainer = train(tmp_path, DENSE, stage)
    if told(trainer)["chosen"] == "":
        assert "stays dense" in capsys.readouterr().err
        dense = trainer.state.saved["dense"]
        for name, array in trainer.state.arrays.items():
            np.testing.assert_array_equal(array, dense[name])
    else:
        found = told(trainer)["seen"][told(trainer)["chosen"]]
        assert found["drop"] + 10 * found["error"] <= 0.0


def test_a_search_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole", DENSE, search(2.0))
    epochs = whole.state.meta["total_epochs"]
    for epoch in (DENSE["epochs"] + 1, epochs // 2, epochs - 2):
        folder = tmp_path / f"stopped-{epoch}"
        trainer = Trainer(recipe(DENSE, search(2.0)), make_blobs(), folder)
        write = trainer._writer.write

        def stop(state: Any, final: bool = False, write: Any = write, t: Any = trainer) -> None:
            write(state, final)
            t.interrupted = state.meta["total_epochs"] >= epoch  # noqa: B023

        trainer._writer.write = stop  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            trainer.run()
        again = Trainer(recipe(DENSE, search(2.0)), make_blobs(), folder, resume=True)
        again.run()
        one, two = read_checkpoint(tmp_path / "whole"), read_checkpoint(folder)
        assert one.arrays.keys() == two.arrays.keys()
        for name, array in one.arrays.items():
            assert array.tobytes() == two.arrays[name].tobytes(), name
        stages = [[line["stage"] for line in read_history(f)] for f in (tmp_path / "whole", folder)]
        assert stages[0] == stages[1]
    assert told(whole)["chosen"]


def test_a_network_that_is_a_constant_does_not_hold(tmp_path: Path) -> None:
    """Where nearly all rows are of one class it loses no accuracy, and nothing of it is left."""
    blobs = make_blobs()
    one = {part: replace(getattr(blobs, part), labels=np.zeros_like(getattr(blobs, part).labels))
           for part in ("train", "validation")}  # fmt: skip
    trainer = Trainer(recipe(DENSE, search(1.0, epochs=15)), replace(blobs, **one), tmp_path)
    trainer.run()
    seen = told(trainer)["seen"]
    assert seen and all(isinstance(found["constant"], bool) for found in seen.values())
    if told(trainer)["chosen"]:
        assert seen[told(trainer)["chosen"]]["constant"] is False
    assert finish(trainer, ["prune"])["totals"]["nonzeros"] > 0


def test_whole_filters_to_a_tolerance(tmp_path: Path) -> None:
    stage = {**search(3.0), "granularity": "channel:0", "ignore": ["fc3.weight"]}
    trainer = train(tmp_path, DENSE, stage)
    for name, mask in trainer.state.arrays.items():
        if name.startswith("mask:fc") and name.endswith("weight") and "fc3" not in name:
            rows = mask.reshape(len(mask), -1)
            assert np.all(rows.any(axis=1) == rows.all(axis=1)), name


@pytest.mark.parametrize("criterion", ["taylor", "random"])
def test_the_criterion_says_which_weights_of_a_layer_stay(criterion: str, tmp_path: Path) -> None:
    stage = {**search(5.0, epochs=15), "criterion": criterion, "evidence_rows": 60}
    trainer = train(tmp_path / "search", DENSE, stage)
    chosen = told(trainer)["seen"][told(trainer)["chosen"]]
    assert chosen["left"] < WEIGHTS and chosen["drop"] + chosen["error"] <= 5.0
    found = load_recipe(tmp_path / "search" / "found.yaml")
    prunings = [each for each in found.stages if isinstance(each, Prune)]
    assert prunings and all(each.criterion == criterion for each in prunings)
    assert all(each.evidence_rows == 60 for each in prunings)


def test_counts_go_by_magnitudes_and_weights_by_the_criterion(tmp_path: Path) -> None:
    trainer = train(tmp_path, DENSE)
    masks, counts = {}, {}
    for criterion in ("magnitude", "wanda"):
        stage = Prune(max_drop=MaxDrop(1.0), criterion=criterion)
        arrays, _ = pruned_to(trainer, stage, "stages[1]", WEIGHTS // 4)
        masks[criterion] = {name: arrays[f"mask:{name}"] for name in SIZES}
        counts[criterion] = {name: int(mask.sum()) for name, mask in masks[criterion].items()}
    assert counts["wanda"] == counts["magnitude"]
    assert sum(counts["wanda"].values()) == WEIGHTS // 4
    # Wanda of the first layer is the magnitude times the norm of the input over the rows.
    norm = np.sqrt(np.square(trainer.data.merged.inputs[0]).sum(axis=0))
    score = np.abs(trainer.state.arrays["fc1.weight"]) * norm
    least = np.sort(score, axis=None)[-counts["wanda"]["fc1.weight"]]
    same = (score >= least) == masks["wanda"]["fc1.weight"]
    assert same.mean() > 0.98, "rows of whole batches leave out a few"
    assert (masks["magnitude"]["fc1.weight"] != masks["wanda"]["fc1.weight"]).any()


def test_the_plan_names_the_bounds() -> None:
    text = plan_text(recipe(DENSE, search(0.5, minutes=3)), make_blobs())
    assert "s: search for the sparsest network within 0.5 points, in 60 epochs or 3 minutes" in text


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ({"max_drop": -1}, "max_drop.points"),
        ({"max_drop": 1, "sparsity": 0.5}, "does not go with sparsity"),
        ({"max_drop": 1, "granularity": "n_of_m:2:4:1"}, "fixed sparsity"),
        ({"max_drop": 1, "iterations": 2, "retrain": {}}, "does not go with iterations"),
        ({"max_drop": 1, "reinitialize": True}, "does not go with reinitialize"),
        ({"max_drop": {"points": 1, "keep": 1.0}}, "max_drop.keep"),
        ({"max_drop": {"epochs": 5}}, "points is missing"),
        ({"max_drop": 1, "criterion": "apoz"}, "apoz judges whole channels"),
        ({"max_drop": 1, "cap": 0.5}, "judges weight by weight; it does not go with cap"),
        ({"max_drop": 1, "retrain": {"regularize": {"kind": "l1"}}}, "retrain.regularize"),
    ],
)
def test_what_does_not_go_together_is_refused(stage: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        recipe(DENSE, {"kind": "prune", **stage})


def test_a_search_needs_a_dense_network() -> None:
    with pytest.raises(RecipeError, match="needs a dense network"):
        recipe({"kind": "prune", "max_drop": 1}, DENSE)


def test_a_network_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that is built and trained, and one of a file that comes trained; no recipe."""
    blobs = make_blobs()
    data = tmp_path / "blobs.npz"
    np.savez(data, x=blobs.train.inputs[0], y=blobs.train.labels)
    common = ["--dataset", str(data), "--max-drop", "3", "--epochs", "30", "--quiet"]
    first = tmp_path / "built"
    assert main(["compress", "mlp", *common, "--out", str(first)]) == 0
    report = json.loads((first / "report.json").read_text())
    assert report["totals"]["compression"] > 1.5
    (told,) = report["searches"]
    kept = next(tried for tried in told["tried"] if tried["key"] == told["chosen"])
    assert told["points"] == 3 and kept["drop"] <= 3
    assert kept["nonzeros"] == kept["macs"] >= report["totals"]["nonzeros"]
    pruned = report["validation"]["pruned"]
    assert kept["drop"] == pytest.approx(pruned["drop"])
    assert kept["error"] == pytest.approx(pruned["drop_error"])
    model = str(first / "dense.mlir")
    second = tmp_path / "file"
    assert main(["compress", model, *common, "--out", str(second)]) == 0
    assert json.loads((second / "report.json").read_text())["totals"]["compression"] > 1.5
    capsys.readouterr()
    for options, message in (
        (["compress", "mlp", "--epochs", "3"], "name --max-drop"),
        (["compress", "mlp", "--max-drop", "-1"], "--max-drop is a positive number"),
        (["compress", "mlp", "--max-drop", "nan"], "--max-drop is a positive number"),
        (["compress", "nlp.onnx", "--max-drop", "1", "--dataset", str(data)], "nlp.onnx"),
    ):
        assert main([*options, "--out", str(tmp_path / "no")]) == 1
        assert message in capsys.readouterr().err
        assert not (tmp_path / "no" / "report.json").exists()


def test_a_paired_comparison() -> None:
    dense = np.array([1.0, 1, 1, 1, 0, 0, 1, 1])
    pruned = np.array([1.0, 1, 0, 1, 1, 0, 0, 1])
    found = compare(pruned, dense)
    assert found["drop"] == pytest.approx(100 / 8)
    differences = 100 * (dense - pruned)
    assert found["error"] == pytest.approx(differences.std() / math.sqrt(8))


def test_the_calibrated_loss_is_that_of_the_best_temperature() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 5, 400)
    values = rng.standard_normal((400, 5)).astype(np.float32)
    values[np.arange(400), labels] += 1.5
    losses = [score_logits(values / np.float32(t), labels).loss for t in np.geomspace(0.2, 5, 200)]
    assert calibrated_loss(values, labels) == pytest.approx(min(losses), rel=1e-4)
    assert calibrated_loss(values * np.float32(3), labels) == pytest.approx(min(losses), rel=1e-4)
    rows = calibrated_losses(values, labels)
    assert rows.shape == (400,) and rows.mean() == pytest.approx(min(losses), rel=1e-4)
    # Of positions [rows, classes, positions] a row has the mean.
    both = np.stack([values[:200], values[200:]], axis=2)
    pairs = calibrated_losses(both, np.stack([labels[:200], labels[200:]], axis=1))
    np.testing.assert_allclose(pairs, (rows[:200] + rows[200:]) / 2, rtol=1e-6)


def test_inputs_that_are_not_scaled_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(1)
    for scale, kind, said in ((1, "f4", False), (200, "f4", True), (200, "u1", False)):
        x = (scale * random.random((200, 8))).astype(kind)
        np.savez(tmp_path / "d.npz", x=x, y=random.integers(0, 3, 200))
        found = unscaled(load(str(tmp_path / "d.npz")))
        assert (found is not None) == said, (scale, kind)
    # The command says it before it looks at what is asked of it.
    np.savez(tmp_path / "d.npz", x=200 * random.random((200, 8), np.float32), y=np.arange(200) % 3)
    options = ["--target", "macs=2", "--granularity", "none", "--out", str(tmp_path / "out")]
    assert main(["compress", "mlp", "--dataset", str(tmp_path / "d.npz"), *options]) == 1
    assert "d.npz: the inputs are about 118 (root mean square)" in capsys.readouterr().err


@pytest.mark.parametrize(("rows", "batch"), [(30, 7), (600, 15), (3000, 75), (50_000, 100)])
def test_few_rows_are_trained_in_smaller_batches(rows: int, batch: int) -> None:
    """So that the dense network has taken some thousand steps after its 100 epochs."""
    random = np.random.default_rng(1)
    split = Split(random.random((rows, 8), np.float32), random.integers(0, 3, rows, np.int32))
    recipe = network_recipe("mlp", Dataset("d", split, split, 3, lambda: split), "d.npz")
    assert recipe.batch == batch
    steps = sum(stage.epochs for stage in recipe.stages) * (rows // batch)
    assert steps >= min(4000, 100 * rows // 10)


def test_a_search_judges_on_a_fifth_of_the_rows(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    x, y = random.random((200, 8), np.float32), np.arange(200) % 3
    np.savez(tmp_path / "d.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    data = load(str(tmp_path / "d.npz"))
    assert network_recipe("mlp", data, "d.npz").splits.validation is None
    assert network_recipe("mlp", data, "d.npz", judged=True).splits.validation == 0.2
    # A fifth of all rows, of which a fifth is for the test, is more than that.
    assert network_recipe("mlp", load("digits"), "digits", judged=True).splits.validation is None
