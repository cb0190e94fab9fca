# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which network is called dense, and that its accuracy is measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import make_blobs
from mlir_prune.compress import compress
from mlir_prune.errors import RecipeError, TrainingError
from mlir_prune.forms import bound
from mlir_prune.networks import build_network
from mlir_prune.progress import Progress
from mlir_prune.recipe import from_dict
from mlir_prune.recipe.reference import reference_stage
from mlir_prune.training.lost import check_result
from mlir_prune.training.result import finish
from mlir_prune.training.table import summary, table_text
from mlir_prune.training.trainer import Trainer
from oracle import forward
from short_runs import DENSE, WIDTHS, train

HALF = {"name": "half", "kind": "prune", "sparsity": 0.8}
BENCH = {"batches": [1], "rounds": 1, "min_seconds": 1e-4}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A trained network as a file."""
    trainer = train(tmp_path / "made", DENSE)
    path = tmp_path / "net.mlir"
    network = trainer.dense_network
    values = {name: trainer.state.arrays[name] for name in network.shapes()}
    path.write_text(str(bound(network, 20, values)))
    return path


def run(path: Path, folder: Path, *stages: dict[str, Any], **keys: Any) -> dict[str, Any]:
    tree = {"batch": 20, "model": {"file": str(path)}, "stages": list(stages), "bench": BENCH}
    trainer = Trainer(from_dict(tree | keys), make_blobs(), folder)
    trainer.run()
    return finish(trainer, ["prune"])


def accuracy(path: Path) -> float:
    """Of the file's network on the test rows, by numpy."""
    from mlir_prune import Module
    from mlir_prune.models import Mlp

    values = {n: np.array(a) for n, a in Module.from_file(str(path)).parameters().items()}
    test = make_blobs().open_test()
    found = forward(Mlp(tuple(WIDTHS)), values, test.inputs[0]).argmax(axis=1)
    return 100.0 * float((found == test.labels).mean())


def test_a_run_that_only_prunes_is_compared_with_the_network_as_it_came(
    file: Path, tmp_path: Path
) -> None:
    result = run(file, tmp_path / "run", HALF)
    assert result["dense"] == {"stage": "initial", "text": "as it came"}
    assert result["test"]["dense"]["accuracy"] == accuracy(file) > 90.0
    assert result["test"]["pruned"]["accuracy"] < result["test"]["dense"]["accuracy"]
    assert "initial" not in result["test"]
    assert "dense (as it came)" in summary(result)
    assert "| as it came |" in table_text([result])
    np.testing.assert_array_equal(
        np.load(tmp_path / "run" / "values.npz")["dense/fc1.weight"],
        build_network(from_dict({"model": {"file": str(file)}, "stages": [HALF]}).model, "")
        .init(np.random.default_rng(0))["fc1.weight"],
    )


def test_after_dense_training_both_are_measured(file: Path, tmp_path: Path) -> None:
    """The network as it came, and what a dense stage made of it."""
    worse = {"name": "dense", "epochs": 1, "learning_rate": 0.5, "optimizer": "sgd"}
    result = run(file, tmp_path / "run", worse, HALF)
    assert result["dense"] == {"stage": "dense", "text": "after stage 'dense'"}
    assert result["test"]["initial"]["accuracy"] == accuracy(file)
    assert set(result["validation"]) == {"initial", "dense", "pruned"}
    assert "% as it came, " in summary(result)


def test_stages_that_make_zeros_are_not_dense(file: Path, tmp_path: Path) -> None:
    gradual = {"name": "gradual", "epochs": 2, "gradual": {"final": 0.95, "frequency": 5}}
    result = run(file, tmp_path / "run", gradual)
    assert result["dense"]["stage"] == "initial"
    assert result["test"]["dense"]["accuracy"] == accuracy(file)
    with pytest.raises(RecipeError, match="after stage 'gradual' is not dense"):
        run(file, tmp_path / "other", gradual, reference="gradual")


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ([{"name": "a"}, {"name": "b"}], "a"),
        ([{"kind": "prune", "sparsity": 0.5}, {"name": "a"}], "initial"),
        ([{"name": "a", "gates": {}}, {"name": "b"}], "initial"),
        ([{"name": "a", "rigl": {"sparsity": 0.5}}], "initial"),
        ([{"name": "a", "regularize": {"kind": "l1", "proximal": True}}], "initial"),
        ([{"name": "a", "regularize": {"kind": "l1"}}, {"kind": "prune", "sparsity": 0.5}], "a"),
        ([{"kind": "statistics"}, {"name": "a"}], "a"),
    ],
)
def test_the_first_stage_that_leaves_a_dense_network(
    stages: list[dict[str, Any]], expected: str
) -> None:
    assert reference_stage(from_dict({"model": {"widths": WIDTHS}, "stages": stages})) == expected


def test_trials_and_soft_labels_take_the_network_as_it_came(file: Path, tmp_path: Path) -> None:
    trials = {"name": "p", "kind": "prune", "trials": {"sparsity": [0.5, 0.95], "epochs": 1}}
    tune = {"name": "tune", "epochs": 1, "distill": {}}
    result = run(file, tmp_path / "run", trials, tune)
    assert result["dense"]["stage"] == "initial"
    tried = result["trials"]["p"]["tried"]
    floor = result["scores"]["initial"]["accuracy"] - 0.3
    assert [t["accepted"] for t in tried] == [t["score"]["accuracy"] >= floor for t in tried]


def test_the_report_of_compress_measures_the_same(file: Path, tmp_path: Path) -> None:
    tree = {"batch": 20, "model": {"file": str(file)}, "stages": [HALF], "bench": BENCH}
    report = compress(from_dict(tree), make_blobs(), tmp_path / "out", Progress())
    assert report["test"]["dense"]["accuracy"] == accuracy(file)
    assert report["validation"]["pruned"] != report["validation"]["dense"]
    assert "as it came" in (tmp_path / "out" / "report.txt").read_text()


def test_a_layer_that_lost_everything_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = {"final": 0.999, "initial": 0.999, "frequency": 1, "targets": ["fc3.weight"]}
    train(tmp_path, DENSE, {"name": "gradual", "epochs": 2, "gradual": rule})
    warnings = capsys.readouterr().err.splitlines()
    assert warnings == ["prune: warning: gradual: 'fc3.weight' has no weight left"]


def test_a_network_that_lost_everything_is_no_result(tmp_path: Path) -> None:
    rule = {"final": 0.9999, "initial": 0.9999, "frequency": 1}
    with pytest.raises(TrainingError, match="gradual: no weight of the network is left"):
        train(tmp_path / "a", DENSE, {"name": "gradual", "epochs": 2, "gradual": rule})
    with pytest.raises(TrainingError, match="no weight is left after elimination"):
        check_result([{"nonzeros": 0}, {"nonzeros": 0}])
    check_result([{"nonzeros": 0}, {"nonzeros": 1}])
