# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What-if: its errors are those of numpy, its times decide what pays, nothing is written."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import train_blobs
from mlir_prune.cli import main
from mlir_prune.insight import what_if as module
from mlir_prune.insight.answers import COLUMNS, table_text
from mlir_prune.insight.timing import Settings, predicted_ms
from mlir_prune.insight.what_if import Answer, what_if
from mlir_prune.models import Mlp
from mlir_prune.search import costs
from mlir_prune.search.subject import Loaded, subject_of
from oracle import forward

WIDTHS = (8, 300, 100, 4)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_blobs(tmp_path_factory.mktemp("what_if"), WIDTHS, "{epochs: 3}") / "run"


@pytest.fixture(scope="module")
def loaded(run: Path) -> Loaded:
    return subject_of(str(run), None, None, None).load()


@pytest.fixture(scope="module")
def answers(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        return list(what_if(loaded, loaded.network.weights(), (0.5, 0.95), Settings(rows=64)))


def inputs_of(loaded: Loaded, layer: str, count: int) -> np.ndarray:
    """What a fully connected layer reads for the training rows that are drawn [rows, inputs]."""
    order = np.random.default_rng((0, 1)).permutation(len(loaded.data.train))
    x = loaded.data.train.inputs[0][np.sort(order[:count])].astype(np.float64)
    for name in loaded.network.weights():
        if name == layer:
            return x
        bias = name.replace("weight", "bias")
        x = np.maximum(x @ loaded.values[name].T + loaded.values[bias], 0)
    raise AssertionError(layer)


def by_magnitude(weight: np.ndarray, ratio: float) -> np.ndarray:
    pruned = weight.copy().reshape(-1)
    pruned[np.argsort(np.abs(pruned), kind="stable")[: math.floor(ratio * pruned.size + 0.5)]] = 0
    return pruned.reshape(weight.shape)


def test_errors_are_those_of_numpy(loaded: Loaded, answers: list[Answer]) -> None:
    for answer in answers:
        weight = loaded.values[answer.layer].astype(np.float64)
        pruned = by_magnitude(loaded.values[answer.layer], answer.sparsity)
        x = inputs_of(loaded, answer.layer, 64)
        lost = np.linalg.norm(x @ (weight - pruned).T) / np.linalg.norm(x @ weight.T)
        assert answer.error == pytest.approx(lost, rel=1e-3), answer.layer
        assert answer.refit_error is not None and answer.refit_error < lost
        assert answer.weights_left == np.count_nonzero(pruned)
        # Least squares, damped as the solver does it, row by row.
        gram = x.T @ x
        gram += 0.01 * np.diagonal(gram).mean() * np.eye(len(gram))
        fitted = np.zeros_like(weight)
        for row, kept in enumerate(pruned != 0):
            places = np.flatnonzero(kept)
            if len(places):
                right = weight[row] @ gram[:, places]
                fitted[row, places] = np.linalg.solve(gram[np.ix_(places, places)], right)
        left = np.linalg.norm(x @ (weight - fitted).T) / np.linalg.norm(x @ weight.T)
        assert answer.refit_error == pytest.approx(left, rel=5e-3)


def test_scores_are_those_of_numpy(loaded: Loaded, answers: list[Answer]) -> None:
    rows = loaded.data.validation
    for answer in answers:
        values = {name: array.copy() for name, array in loaded.values.items()}
        values[answer.layer] = by_magnitude(values[answer.layer], answer.sparsity)
        right = forward(Mlp(WIDTHS), values, rows.inputs[0]).argmax(axis=1) == rows.labels
        assert answer.accuracy == pytest.approx(100 * right.mean())
        lost = 100.0 * (loaded.right - right)
        assert answer.drop == pytest.approx(lost.mean())
        assert answer.drop_error == pytest.approx(lost.std() / math.sqrt(len(lost)))


def test_a_layer_pays_where_it_takes_less_time(answers: list[Answer]) -> None:
    for answer in answers:
        assert answer.dense_ms > 0 and answer.ms > 0
        assert answer.pays == (answer.ms < answer.dense_ms)
        saved = answer.network_dense_ms - answer.network_ms
        assert saved == pytest.approx(answer.dense_ms - answer.ms)
        assert answer.dense_kernel and answer.kernel
        assert answer.predicted_ms is None or f"{answer.predicted_ms * 1e3:.2f} us" in answer.reason
    large = [a for a in answers if a.layer == "fc2.weight" and a.sparsity == 0.95]
    assert large[0].kernel != "dense" and large[0].predicted_ms is not None
    assert large[0].predicted_dense_ms is not None
    assert large[0].predicted_ms < large[0].predicted_dense_ms


def test_a_batch_in_parts_is_predicted_whole() -> None:
    row = {"kernel": "csr", "reason": "64 columns, dense 8.00 us, csr 2.00 us", "columns": "64"}
    assert predicted_ms(row, 64) == 0.002 and predicted_ms(row, 256) == 0.008
    assert predicted_ms({**row, "kernel": "lanes"}, 64) is None and predicted_ms(None, 64) is None


def test_the_measured_table_decides(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of times that are given, equal ones do not pay."""
    names = loaded.network.weights()
    times = {names[0]: [2.0, 1.0, 2.0], names[1]: [1.0, 3.0, 0.5], names[2]: [0.5, 0.5, 0.5]}
    table = costs.LatencyTable([0.0, 0.5, 0.9], times, 0.25)
    monkeypatch.setattr(costs, "measured", lambda *args, **keys: table)
    found = list(what_if(loaded, names, (0.5, 0.9), Settings(rows=32)))
    assert [answer.pays for answer in found] == [True, False, False, True, False, False]
    assert [answer.network_ms for answer in found] == [2.75, 3.75, 5.75, 3.25, 3.75, 3.75]
    assert {answer.network_dense_ms for answer in found} == {3.75}


def test_what_is_saved_is_counted(answers: list[Answer]) -> None:
    for answer in answers:
        pruned = answer.weights - answer.weights_left
        assert answer.macs == answer.weights and answer.macs_saved == pruned
        assert answer.bytes == 4 * answer.weights
        packed = 4 * answer.weights_left + math.ceil(answer.weights / 8)
        assert answer.bytes_saved == 4 * answer.weights - min(packed, 4 * answer.weights)


@pytest.mark.parametrize("granularity", ["channel:0", "coupled_channels"])
def test_channels_that_go_take_parts_of_the_next_layer(loaded: Loaded, granularity: str) -> None:
    settings = Settings(granularity, rows=64)
    (answer,) = what_if(loaded, ["fc1.weight"], (0.5,), settings)
    assert answer.weights_left == 150 * 8
    # Inputs of the next layer go, too.
    assert answer.macs_saved == 150 * 8 + 150 * 100
    assert answer.pays == (answer.network_ms < answer.network_dense_ms)
    assert answer.ms > 0 and answer.structural


def test_patterns_have_their_own_sparsity(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    command = [
        "what-if",
        str(run),
        "--layer",
        "fc2",
        "--granularity",
        "n_of_m:1:4:1",
        "--rows",
        "32",
    ]
    assert main(command) == 0
    (line,) = [row for row in capsys.readouterr().out.splitlines() if row.startswith("| fc2")]
    assert line.split(" | ")[1] == "0.75" and "22,500 of 30,000" in line
    assert main([*command, "--sparsity", "0.5"]) == 1
    assert "has a sparsity of its own" in capsys.readouterr().err


def test_the_command_writes_only_what_is_asked_for(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    command = ["what-if", str(run), "--layer", "fc1", "--sparsity", "0.9", "--rows", "64"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "| fc1.weight | 0.9 |" in printed and "- fc1.weight at 0.9: " in printed
    assert not list((tmp_path / "here").iterdir())
    assert before == {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert main([*command, "--out", "answers"]) == 0
    assert printed in capsys.readouterr().out
    with (tmp_path / "here" / "answers" / "what-if.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert tuple(row) == COLUMNS and row["layer"] == "fc1.weight"
    assert row["pays"] == str(float(row["ms"]) < float(row["dense_ms"]))
    assert (tmp_path / "here" / "answers" / "what-if.md").read_text() == printed


def test_what_is_too_large_is_left_out(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_COLUMNS", 100)
    monkeypatch.setattr(module, "MOST_WORK", 1e4)
    table = costs.LatencyTable(
        [0.0, 0.5], {name: [2.0, 1.0] for name in loaded.network.weights()}, 0.0
    )
    monkeypatch.setattr(costs, "measured", lambda *args, **keys: table)
    first, second, _ = what_if(loaded, loaded.network.weights(), (0.5,), Settings(rows=64))
    assert first.error is not None and first.refit_error is not None
    assert second.error is None and second.refit_drop is None
    assert "| - |" in table_text([second])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layer", "fc9"], "matches no parameter"),
        (["--sparsity", "1"], "a sparsity is in"),
        (["--sparsity", "0"], "a sparsity is above 0"),
        (["--granularity", "channel:7"], "has no groups of channel:7"),
        (["--batch", "0"], "--batch is in"),
        (["--rows", "0"], "--rows is in"),
        (["--dataset", "none.npz"], "none.npz"),
    ],
)
def test_what_is_wrong_is_one_line(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    out: Any = tmp_path / "out"
    assert main(["what-if", str(run), *options, "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not out.exists()
