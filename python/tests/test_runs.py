# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs that can be trusted: resuming, threads, numbers that are not finite, plans."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import make_blobs
from mlir_prune.cli import main
from mlir_prune.data import Dataset
from mlir_prune.errors import InputError, TrainingError
from mlir_prune.recipe import from_dict
from mlir_prune.recipe.document import renew
from mlir_prune.recipe.parse import to_tree
from mlir_prune.training.checkpoint import read_checkpoint
from mlir_prune.training.history import read_history
from mlir_prune.training.plan import plan_text
from mlir_prune.training.reuse import check_shared
from mlir_prune.training.trainer import Trainer

RECIPE = """\
dataset: {data}
batch: 20
model: {{widths: [8, 64, 32, 4]}}
stages:
  - {{name: dense, epochs: 20, keep: best}}
  - {{name: sparse, epochs: 30, regularize: {{kind: hoyer_square, strength: 1e-3}}}}
  - {{name: han, kind: prune, std_factor: 0.5, iterations: 2, retrain: {{epochs: 15}}}}
  - {{name: prune, kind: prune, trials: {{sparsity: [0.8, 0.9], epochs: 5}}}}
  - {{name: finetune, epochs: 20, keep: best, reset_optimizer: false}}
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    blobs = make_blobs()
    np.savez(folder / "blobs.npz", x=blobs.train.inputs[0], y=blobs.train.labels)
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.format(data=folder / "blobs.npz"))
    return path


@pytest.fixture(scope="module")
def whole(recipe: Path) -> Path:
    """Folder of a run that was never stopped."""
    out = recipe.parent / "whole"
    assert main(["train", str(recipe), "--out", str(out), "--quiet"]) == 0
    return out


def command(recipe: Path, out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "mlir_prune", "train", str(recipe), "--out", str(out),
            "--quiet", *more]  # fmt: skip


def lines_without_times(folder: Path) -> list[dict[str, Any]]:
    lines = read_history(folder)
    for line in lines:
        del line["seconds"]
    return lines


def assert_same_run(one: Path, two: Path) -> None:
    """The same bits in every array of the end, the same history line by line."""
    first, second = read_checkpoint(one), read_checkpoint(two)
    assert first.arrays.keys() == second.arrays.keys()
    for name, array in first.arrays.items():
        assert array.tobytes() == second.arrays[name].tobytes(), name
    assert lines_without_times(one) == lines_without_times(two)
    for name in ("values.npz", "masks.npz"):
        a, b = np.load(one / name), np.load(two / name)
        assert all(a[key].tobytes() == b[key].tobytes() for key in a.files)


@pytest.mark.parametrize("iteration", range(2))
def test_resumes_to_the_same_bits_after_kill(
    recipe: Path, whole: Path, tmp_path: Path, iteration: int
) -> None:
    """Killed again and again at random moments; whatever moment it is must do."""
    out, moments = tmp_path / "run", random.Random()
    stops = 0
    for _ in range(40):
        more = ["--resume"] if (out / "checkpoint.npz").exists() else ["--overwrite"]
        process = subprocess.Popen(command(recipe, out, *more), stderr=subprocess.PIPE)
        before = (out / "history.jsonl").stat().st_size if (out / "history.jsonl").exists() else 0
        # Waits until the run has got on, so that every attempt stops in the middle of it.
        while process.poll() is None and stops < 3:
            path = out / "history.jsonl"
            if path.exists() and path.stat().st_size > before:
                time.sleep(moments.uniform(0.0, 0.3))
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.005)
        _, errors = process.communicate()
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, errors.decode()
        stops += 1
    assert (out / "result.json").exists()
    assert stops > 0, "the run ended before it could be stopped"
    assert_same_run(whole, out)
    assert not list(out.glob(".*")), "a part of a checkpoint was left behind"


def test_a_dense_stage_of_another_run_is_taken_over(
    recipe: Path, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To the same bits, history and times; what differs is refused before anything is trained."""
    first, second = tmp_path / "first", tmp_path / "second"
    short = tmp_path / "short.yaml"
    text = recipe.read_text().splitlines(keepends=True)
    short.write_text("".join(text[:5]))
    assert main(["train", str(short), "--out", str(first), "--quiet"]) == 0
    again = command(recipe, second, "--reuse", str(first))[3:]
    assert main(again) == 0
    assert_same_run(whole, second)
    results = [json.loads((folder / "result.json").read_text()) for folder in (whole, second)]
    for key in ("test", "validation", "totals", "layers", "epochs", "steps"):
        assert results[0][key] == results[1][key], key
    capsys.readouterr()
    refused = {
        "seed": (["--seed", "7"], "its seed is 1, this recipe's is 7"),
        "rows": (["--set", "splits.validation=0.4"], "its splits are "),
        "stage": (["--set", "stages.dense.epochs=21"], "its network or first stage differs"),
        "moments": (["--set", "stages.sparse.reset_optimizer=false"], "takes its moments over"),
        "reference": (["--set", "reference=sparse"], "only a first stage can be reused"),
    }
    for name, (more, message) in refused.items():
        out = tmp_path / name
        assert main(command(recipe, out, "--reuse", str(first), *more)[3:]) == 1
        assert message in capsys.readouterr().err
        assert not (out / "history.jsonl").exists()


def test_rows_of_gates_do_not_change_a_stage_on_all_rows(blobs: Dataset, tmp_path: Path) -> None:
    """So that bi-level runs may share the dense stage of the others."""
    trees = [to_tree(tiny(epochs=2)) for _ in range(3)]
    trees[1]["splits"] = {"gates": 0.25}
    trees[2] = {**trees[1], "stages": [{**trees[1]["stages"][0], "rows": "train"}]}
    recipes = [from_dict(tree) for tree in trees]
    plain, parted, _ = (
        Trainer(recipe, blobs, tmp_path / str(index)).run().arrays
        for index, recipe in enumerate(recipes)
    )
    assert all(plain[name].tobytes() == parted[name].tobytes() for name in plain)
    check_shared(recipes[1], recipes[0], "train0", tmp_path)
    with pytest.raises(InputError, match="its splits are"):
        check_shared(recipes[2], recipes[0], "train0", tmp_path)


def test_the_mean_over_the_second_half_is_kept(blobs: Dataset, tmp_path: Path) -> None:
    """An epoch does not depend on how many follow, so shorter runs give the terms."""
    ends = {
        epochs: Trainer(tiny(epochs=epochs), blobs, tmp_path / str(epochs)).run().arrays
        for epochs in (3, 4, 5)
    }
    state = Trainer(tiny(epochs=5, keep="mean"), blobs, tmp_path / "mean").run()
    for name in ("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"):
        wanted = np.mean([ends[epochs][name] for epochs in (3, 4, 5)], axis=0)
        np.testing.assert_allclose(state.arrays[name], wanted, rtol=1e-5, atol=1e-7)
        assert not np.array_equal(state.arrays[name], ends[5][name])
    lines = read_history(tmp_path / "mean")
    assert [("mean" in line) for line in lines] == [False, False, True, True, True]
    assert state.meta["scores"]["train0"]["loss"] == lines[-1]["mean"]["loss"]


def test_an_interrupt_saves_within_the_epoch(recipe: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen(command(recipe, out), stderr=subprocess.PIPE)
    while process.poll() is None and not (out / "history.jsonl").exists():
        time.sleep(0.005)
    while process.poll() is None and (out / "history.jsonl").stat().st_size == 0:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130, errors.decode()
    meta = read_checkpoint(out).meta
    assert meta["task"] < 8
    assert len(read_history(out)) == meta["total_epochs"]
    subprocess.run(command(recipe, out, "--resume"), check=True)
    assert_same_run(whole, out)


def test_same_bits_at_one_and_two_threads(recipe: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "two"
    assert main(command(recipe, out, "--threads", "2")[3:]) == 0
    assert_same_run(whole, out)


def test_a_large_layer_has_the_same_bits_at_two_threads(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 256)).astype(np.float32)
    np.savez(tmp_path / "d.npz", x=x, y=np.arange(300) % 10)
    states = []
    for threads in (1, 2):
        from mlir_prune.data import load

        recipe = from_dict(
            {
                "dataset": str(tmp_path / "d.npz"), "threads": threads, "batch": 60,
                "model": {"widths": [256, 512, 10]},
                "stages": [{"epochs": 2, "regularize": {"kind": "hoyer_square", "strength": 1e-4}}],
            }
        )  # fmt: skip
        trainer = Trainer(recipe, load(recipe.dataset), tmp_path / str(threads))
        states.append(trainer.run().arrays)
    assert all(states[0][name].tobytes() == states[1][name].tobytes() for name in states[0])


def tiny(**stage: Any) -> Any:
    return from_dict({"batch": 16, "model": {"widths": [8, 12, 4]}, "stages": [stage]})


def test_divergence_names_step_parameter_and_checkpoint(blobs: Dataset, tmp_path: Path) -> None:
    wild = {"name": "wild", "optimizer": {"name": "sgd", "momentum": 0}, "learning_rate": 1e20}
    message = r"wild: the loss is \S+ at step \d+ \(epoch 1\); 'fc\d\.\w+' holds.*no checkpoint yet"
    with pytest.raises(TrainingError, match=message):
        Trainer(tiny(**wild), blobs, tmp_path).run()
    recipe = from_dict(
        {"batch": 16, "model": {"widths": [8, 12, 4]}, "stages": [{"epochs": 2}, wild]}
    )
    folder = tmp_path / "b"
    with pytest.raises(TrainingError, match=r"last good checkpoint is \S+checkpoint.npz \(wild, "):
        Trainer(recipe, blobs, folder).run()
    state = read_checkpoint(folder)
    assert state.meta["task"] == 1 and len(read_history(folder)) == 2
    assert all(np.isfinite(a).all() for a in state.arrays.values() if a.dtype.kind == "f")


def test_a_parameter_that_is_not_finite_stops_without_a_loss(
    blobs: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The output layer's last class never occurs here, but its bias is broken."""
    from mlir_prune.training import stage

    original = stage.StageTraining._epoch

    def broken(self: Any, epoch: int, first: int) -> None:
        original(self, epoch, first)
        if epoch == 1:
            self.state["moment2:fc1.bias"][3] = np.inf

    monkeypatch.setattr(stage.StageTraining, "_epoch", broken)
    with pytest.raises(TrainingError, match=r"'moment2:fc1.bias' holds.*\(train0, epoch 1\)"):
        Trainer(tiny(epochs=3), blobs, tmp_path).run()


def test_a_folder_holds_one_run(blobs: Dataset, tmp_path: Path) -> None:
    Trainer(tiny(epochs=1), blobs, tmp_path).run()
    with pytest.raises(InputError, match="holds a run already"):
        Trainer(tiny(epochs=1), blobs, tmp_path)
    with pytest.raises(InputError, match="started with another recipe"):
        Trainer(tiny(epochs=2), blobs, tmp_path, resume=True)
    with pytest.raises(InputError, match="no run to resume"):
        Trainer(tiny(epochs=1), blobs, tmp_path / "other", resume=True)
    (tmp_path / "history.jsonl").write_text("")
    with pytest.raises(InputError, match="shorter than the checkpoint says"):
        Trainer(tiny(epochs=1), blobs, tmp_path, resume=True)


PLAN = """\
blobs: 150 rows to train, 50 for gates, 200 to validate
8-12-4: 144 weights, 160 parameters, 144 MACs
seed 3, batch 16, threads 1
dense: train 4 epochs of 12 steps
  optimizer name sgd, momentum 0.5
  learning rate cosine: 0.1 at step 1, 0.05 at step 25, 0.000107 at step 48
  keeps the best epoch
  l1 strength linear: 0 at epoch 0, 0.005 at epoch 2, 0.0075 at epoch 3
    fc1.weight               12x8         96
    fc2.weight               4x12         48
  freeze
    fc2.bias                    4          4
prune-1: prune
  std_factor fc1.weight 0.5, fc2.weight 1
    fc1.weight               12x8         96
    fc2.weight               4x12         48
prune-1-retrain: train 2 epochs of 9 steps
  optimizer adam
  learning rate 0.001
  keeps the last epoch
prune-2 to prune-3: the same again
102 steps in all
"""


def test_the_plan_of_a_dry_run(blobs: Dataset) -> None:
    recipe = from_dict(
        {
            "seed": 3, "batch": 16, "model": {"widths": [8, 12, 4]}, "splits": {"gates": 0.25},
            "stages": [
                {
                    "name": "dense", "epochs": 4, "keep": "best",
                    "optimizer": {"name": "sgd", "momentum": 0.5},
                    "learning_rate": {"value": 0.1, "schedule": "cosine"},
                    "regularize": {"kind": "l1",
                                   "strength": {"value": 0.01, "schedule": "linear"}},
                    "freeze": {"targets": ["bias"], "ignore": ["fc1.*"]},
                },
                {
                    "name": "prune", "kind": "prune", "std_factor": {"fc1*": 0.5, "*": 1},
                    "iterations": 3, "retrain": {"epochs": 2, "rows": "train"},
                },
            ],
        }
    )  # fmt: skip
    assert plan_text(recipe, blobs) == PLAN


def test_a_dry_run_trains_nothing(recipe: Path, tmp_path: Path,
                                  capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    out = tmp_path / "none"
    assert main(["train", str(recipe), "--out", str(out), "--dry-run"]) == 0
    assert "finetune: train 20 epochs" in capsys.readouterr().out
    assert not out.exists()
    wrong = "stages.han.std_factor={fc9.weight: 1}"
    assert main(["train", str(recipe), "--dry-run", "--set", wrong]) == 1
    assert "stages[2].std_factor: pattern 'fc9.weight' matches none" in capsys.readouterr().err


def test_result_has_what_the_tables_need(whole: Path, recipe: Path) -> None:
    result = json.loads((whole / "result.json").read_text())
    assert result["environment"]["threads"] == 1
    assert result["command"] == f"prune train {recipe} --out {whole} --quiet"
    assert result["epochs"] == len(read_history(whole)) == 20 + 30 + 30 + 10 + 20
    assert result["recipe"]["stages"][0]["name"] == "dense"
    assert set(result["validation"]) == set(result["test"]) == {"dense", "pruned"}


def test_the_documentation_lists_the_keys_as_they_are() -> None:
    path = Path(__file__).parents[2] / "docs" / "RecipeKeys.md"
    text = path.read_text()
    assert renew(text) == text, "run python -m mlir_prune.recipe.document docs/RecipeKeys.md"
