# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What can be known before a run trains fails before it trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import make_blobs
from mlir_prune import compress as compress_module
from mlir_prune.cli import main
from mlir_prune.compress import compress, rehearse_compression
from mlir_prune.data import Dataset, Split
from mlir_prune.errors import DataError, InputError, RecipeError
from mlir_prune.progress import Progress
from mlir_prune.recipe import from_dict, load_recipe
from mlir_prune.training.rehearsal import rehearse
from mlir_prune.training.stage import StageTraining
from short_runs import recipe

BENCH = {"batches": [1, 3], "rounds": 1, "min_seconds": 1e-4}


def noise(shape: tuple[int, ...], classes: int = 10, rows: int = 40) -> Dataset:
    """Rows of noise, enough for a few batches."""
    rng = np.random.default_rng(0)

    def part(count: int) -> Split:
        inputs = rng.standard_normal((count, *shape), np.float32)
        return Split(inputs, np.arange(count, dtype=np.int32) % classes)

    held, test = part(8), part(8)
    return Dataset("noise", part(rows), held, classes, lambda: test)


@pytest.fixture
def no_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a step is trained."""

    def step(*_: Any) -> None:
        raise AssertionError("a step was trained")

    monkeypatch.setattr(StageTraining, "_epoch", step)


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        ({"name": "mlp", "widths": [6, 5, 10]}, (6,)),
        ("lenet5_caffe", (1, 28, 28)),
    ],
)
def test_compress_reports_every_kind_of_network(
    model: Any, shape: tuple[int, ...], tmp_path: Path
) -> None:
    """A first layer that is a convolution has no image of its inputs."""
    stages = [{"epochs": 1}, {"kind": "prune", "sparsity": 0.5}]
    run = from_dict({"batch": 8, "model": model, "stages": stages, "bench": BENCH})
    report = compress(run, noise(shape, rows=8), tmp_path, Progress())
    first = run_shapes(run)
    assert report["pattern"]["shape"] == list(first[1:])
    assert len(report["pattern"]["counts"]) == int(np.prod(first[1:]))
    assert 0 < max(report["pattern"]["counts"]) <= first[0]
    assert (tmp_path / "report.txt").is_file()


def test_a_residual_network_is_reported(no_steps: None) -> None:
    stages = [{"epochs": 1}, {"kind": "prune", "sparsity": 0.5}]
    run = from_dict({"batch": 2, "model": "resnet20", "stages": stages, "bench": {"batches": [1]}})
    rehearse_compression(run, noise((3, 32, 32), rows=8))


def run_shapes(run: Any) -> tuple[int, ...]:
    from mlir_prune.networks import build_network

    network = build_network(run.model, run.dataset)
    return tuple(network.shapes()[network.weights()[0]])


@pytest.mark.parametrize("name", ["lenet5-l1", "lenet5-han", "lenet5-autoprune-both",
                                  "lenet5-rigl", "lenet300-best"])  # fmt: skip
def test_recipes_are_rehearsed_without_a_step(name: str, no_steps: None) -> None:
    rehearse_compression(load_recipe(name, ["bench.batches=[2]"]), noise((1, 28, 28), rows=4000))


def test_a_report_that_fails_does_so_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_steps: None
) -> None:
    def broken(_: Any) -> str:
        raise InputError("the report is broken")

    monkeypatch.setattr(compress_module, "render_text", broken)
    with pytest.raises(InputError, match="the report is broken"):
        compress(recipe({"epochs": 1}), make_blobs(), tmp_path, Progress())


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ([{"epochs": 1}, {"kind": "statistics"}], "has no batch normalization"),
        ([{"epochs": 1, "batch": 500}], "a batch of 500 needs as many rows"),
        ([{"epochs": 1}, {"kind": "prune", "std_factor": {"fc9": 1}}], "'fc9' matches no"),
        ([{"epochs": 1}, {"gradual": {"final": 0.9999}}], "leaves none of the network"),
        ([{"epochs": 1}, {"straight_through": {"sparsity": 0.9999}}], "leaves none of the network"),
        ([{"epochs": 1}, {"epochs": 1, "optimizer": {"weight_decay": 0.1, "decay_roles": ["wait"]}}], "role"),
    ],
)
def test_faults_of_later_stages_come_first(
    stages: list[dict[str, Any]], message: str, no_steps: None
) -> None:
    with pytest.raises(Exception, match=message) as caught:
        rehearse(recipe(*stages), make_blobs())
    assert not isinstance(caught.value, (AssertionError, KeyError))


def test_a_data_set_of_another_shape_or_class_count(no_steps: None) -> None:
    with pytest.raises(InputError, match="reads 8 features, but rows of 'noise' have 9"):
        rehearse(recipe({"epochs": 1}), noise((9,), 4))
    with pytest.raises(InputError, match="4 outputs, but 'noise' has 5 classes"):
        rehearse(recipe({"epochs": 1}), noise((8,), 5))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: (x, np.full_like(y, 4)), "test rows: label 4, expected .* 0 to 3"),
        (lambda x, y: (x, np.full_like(y, -1)), "test rows: label -1"),
        (lambda x, y: (np.full_like(x, np.nan), y), "test rows: inputs hold values that are not"),
        (lambda x, y: (x[:, :7], y), r"test rows: rows have shape \[7\], those to train \[8\]"),
        (lambda x, y: (x[:0], y[:0]), "test rows: there are none"),
    ],
)
def test_faults_of_the_test_rows_come_first(change: Any, message: str, no_steps: None) -> None:
    blobs = make_blobs()
    rows = blobs.open_test()
    test = Split(*change(rows.inputs[0], rows.labels))
    data = Dataset("blobs", blobs.train, blobs.validation, 4, lambda: test)
    with pytest.raises(DataError, match=message):
        rehearse(recipe({"epochs": 1}), data)


def test_a_dry_run_finds_what_the_run_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blobs = make_blobs()
    np.savez(tmp_path / "d.npz", x=blobs.train.inputs[0], y=blobs.train.labels)
    path = tmp_path / "r.yaml"
    path.write_text(
        f"dataset: {tmp_path}/d.npz\nbatch: 20\nmodel: {{widths: [8, 6, 4]}}\n"
        "stages: [{epochs: 1}, {kind: statistics}]\n"
    )
    assert main(["train", str(path), "--dry-run"]) == 1
    assert "no batch normalization" in capsys.readouterr().err
    assert main(["train", str(path), "--dry-run", "--set", "model.widths=[7, 4]"]) == 1
    assert "reads 7 features" in capsys.readouterr().err


def test_stages_of_no_epochs_and_rates_of_zero(tmp_path: Path) -> None:
    from short_runs import train

    still = train(tmp_path / "a", {"name": "still", "epochs": 0}, {"epochs": 1})
    assert still.state.meta["scores"]["still"]["rows"] == 200
    fixed = train(tmp_path / "b", {"epochs": 1, "learning_rate": 0, "optimizer": "sgd"})
    first = fixed.initial_values()
    assert all((fixed.state.arrays[name] == array).all() for name, array in first.items())


def test_a_known_word_is_no_hint() -> None:
    with pytest.raises(RecipeError, match="'bias' matches no parameter") as caught:
        rehearse(recipe({"kind": "prune", "sparsity": 0.5, "targets": ["bias"]}), make_blobs())
    assert "did you mean" not in str(caught.value)
