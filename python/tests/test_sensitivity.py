# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The sensitivity scan: what it measures, its files, going on, what is wrong."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import short_runs
from conftest import train_blobs
from mlir_prune.cli import main
from mlir_prune.errors import RecipeError
from mlir_prune.models import Mlp
from mlir_prune.search import subject as subject_module
from mlir_prune.search.sensitivity import Cell, Evaluation, ratios_within
from mlir_prune.search.subject import subject_of
from oracle import forward

WIDTHS = (8, 300, 100, 4)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a data set and a trained network as values and as a run."""
    return train_blobs(tmp_path_factory.mktemp("sensitivity"), WIDTHS, "{epochs: 3}")


def scan(trained: Path, out: Path, *more: str) -> int:
    return main(["sensitivity", str(trained / "run"), "--out", str(out), *more])


def test_a_cell_is_what_numpy_says(trained: Path) -> None:
    subject = subject_of(str(trained / "run"), None, None, None)
    loaded = subject.load()
    rows = loaded.data.validation
    evaluate = Evaluation(subject, "unstructured")
    for layer in loaded.network.weights():
        for ratio in (0.0, 0.3, 0.9):
            values = {name: array.copy() for name, array in loaded.values.items()}
            flat = values[layer].reshape(-1)
            pruned = np.floor(ratio * flat.size + 0.5).astype(int)
            flat[np.argsort(np.abs(flat), kind="stable")[:pruned]] = 0.0
            logits = forward(Mlp(WIDTHS), values, rows.inputs[0])
            accuracy = 100 * float((logits.argmax(axis=1) == rows.labels).mean())
            found = evaluate(Cell(layer, ratio))
            assert found["accuracy"] == pytest.approx(accuracy)
            assert found["drop"] == pytest.approx(loaded.dense.accuracy - accuracy)
            assert found["left"] == np.count_nonzero(flat)


def test_processes_and_interruptions_do_not_change_the_scan(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scan(trained, tmp_path / "one") == 0
    table = capsys.readouterr().out
    assert "| fc1.weight |" in table
    assert scan(trained, tmp_path / "two", "--workers", "2") == 0
    for name in ("sensitivity.md", "sensitivity.csv", "search.json"):
        one, two = (tmp_path / f / name for f in ("one", "two"))
        assert one.read_text() == two.read_text(), name
    with (tmp_path / "one" / "sensitivity.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 9
    # Half of the cells are forgotten and come back.
    store = tmp_path / "two" / "search.json"
    tree = json.loads(store.read_text())
    tree["state"]["seen"] = dict(list(tree["state"]["seen"].items())[::2])
    store.write_text(json.dumps(tree))
    assert scan(trained, tmp_path / "two") == 0
    one, two = (tmp_path / f / "sensitivity.csv" for f in ("one", "two"))
    assert one.read_text() == two.read_text()
    assert (tmp_path / "one" / "sensitivity.png").read_bytes()[:4] == b"\x89PNG"


def test_the_largest_ratio_within_the_tolerance() -> None:
    rows = [{"layer": "a", "sparsity": r, "drop": d} for r, d in ((0.1, 0.5), (0.5, 0.9), (0.9, 3))]
    rows += [{"layer": "b", "sparsity": 0.1, "drop": 2.0}]
    assert ratios_within(rows, 1.0) == {"a": 0.5, "b": 0.0}
    assert ratios_within(rows, 5.0) == {"a": 0.9, "b": 0.1}


def test_values_and_files_name_a_network_too(trained: Path, tmp_path: Path) -> None:
    data, values = str(trained / "blobs.npz"), str(trained / "run" / "values.npz")
    more = ["--sparsity", "0.5", "--target-weight", "fc2.weight"]
    for index, arguments in enumerate(
        (["mlp", "--values", values, "--dataset", data], ["mlp", "--values", values, "--data", data])
    ):
        out = tmp_path / str(index)
        assert main(["sensitivity", *arguments, *more, "--out", str(out)]) == 0
        assert len((out / "sensitivity.csv").read_text().splitlines()) == 2


def test_a_stage_prunes_by_its_own_scan(tmp_path: Path) -> None:
    """A layer more loses more than the tolerance, or is pruned as far as is tried."""
    rule = {"name": "p", "kind": "prune", "sensitivity": 2.0, "ignore": ["fc3.weight"]}
    trainer = short_runs.train(tmp_path, short_runs.DENSE, rule)
    table = trainer.state.meta["notes"]["p scan"]
    within = ratios_within(table, 2.0)
    assert set(within) == {"fc1.weight", "fc2.weight"} and max(within.values()) > 0
    for name, ratio in within.items():
        pruned = np.floor(ratio * short_runs.SIZES[name] + 0.5)
        mask = trainer.state.arrays[f"mask:{name}"]
        assert mask.size - np.count_nonzero(mask) == pruned
    with pytest.raises(RecipeError, match="sparsity of its own"):
        short_runs.recipe(short_runs.DENSE, {**rule, "scope": "global"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mlp", "--dataset", "digits"], "has no trained values"),
        (["nowhere"], "neither a run folder"),
        (["RUN", "--sparsity", "1"], r"sparsity is in \[0, 1\)"),
        (["RUN", "--max-drop", "nan"], "max-drop is in"),
        (["RUN", "--workers", "0"], "workers are 1 to 1024"),
        (["RUN", "--target-weight", "fc9.weight"], "matches no parameter"),
        (["RUN", "--granularity", "channel:7"], "has no groups of channel:7"),
        (["RUN", "--values", "none.npz"], "none.npz"),
    ],
)
def test_what_is_wrong_is_one_line(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    arguments: list[str], message: str,
) -> None:  # fmt: skip
    import re

    arguments = [str(trained / "run") if a == "RUN" else a for a in arguments]
    assert main(["sensitivity", *arguments, "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert re.search(message, error) and error.count("\n") == 1
    assert not (tmp_path / "out" / "sensitivity.csv").exists()


def test_a_folder_of_another_scan_is_refused(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scan(trained, tmp_path, "--sparsity", "0.5") == 0
    assert scan(trained, tmp_path, "--sparsity", "0.6") == 1
    assert "another folder" in capsys.readouterr().err


@pytest.mark.parametrize("change", ["labels", "rows", "values"])
def test_files_that_changed_under_their_names_are_another_scan(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    data, values = tmp_path / "rows.npz", tmp_path / "values.npz"
    arrays = dict(np.load(trained / "blobs.npz"))
    np.savez(data, **arrays)
    dense = dict(np.load(trained / "run" / "values.npz"))
    np.savez(values, **dense)
    command = ["sensitivity", str(trained / "run"), "--dataset", str(data), "--values", str(values),
               "--sparsity", "0.5", "--out", str(tmp_path / "out")]  # fmt: skip
    assert main(command) == 0
    assert main(command) == 0
    if change == "values":
        np.savez(values, **{name: 2 * array for name, array in dense.items()})
    elif change == "labels":
        np.savez(data, x=arrays["x"], y=arrays["y"][::-1])
    else:
        np.savez(data, x=2 * arrays["x"], y=arrays["y"])
    subject_module._load.cache_clear()
    capsys.readouterr()
    assert main(command) == 1
    assert "another folder" in capsys.readouterr().err


def test_a_network_that_computes_no_numbers_is_refused(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dense = dict(np.load(trained / "run" / "values.npz"))
    values = tmp_path / "values.npz"
    np.savez(values, **{name: 1e30 * array for name, array in dense.items()})
    assert scan(trained, tmp_path / "out", "--values", str(values)) == 1
    error = capsys.readouterr().err
    assert "not finite on validation rows" in error and error.count("\n") == 1
