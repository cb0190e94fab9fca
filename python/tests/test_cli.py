# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command line: exit codes, messages, and whole runs on a tiny recipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conftest import make_blobs
from mlir_prune.cli import main
from mlir_prune.models import Mlp
from mlir_prune.native import parse

TINY = """\
dataset: {data}
batch: 20
model: {{widths: [8, 16, 12, 4]}}
stages:
  - {{name: dense, epochs: 8, learning_rate: 5e-3, keep: best}}
  - {{name: sparse, epochs: 12, learning_rate: 5e-3,
      regularize: {{kind: hoyer_square, strength: 1e-3}}}}
  - {{name: prune, kind: prune,
      trials: {{std_factor: [0.1, 0.5, 1.0], epochs: 2, tolerance: 2.0}}}}
  - {{name: finetune, epochs: 4, learning_rate: 5e-3, keep: best}}
bench: {{batches: [1, 8], rounds: 3, min_seconds: 0.001}}
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe file on four clusters, beside its data."""
    folder = tmp_path_factory.mktemp("tiny")
    blobs = make_blobs()
    np.savez(folder / "blobs.npz", x=blobs.train.inputs[0], y=blobs.train.labels)
    recipe = folder / "recipe.yaml"
    recipe.write_text(TINY.format(data=folder / "blobs.npz"))
    return recipe


@pytest.fixture(scope="module")
def compressed(tiny: Path) -> Path:
    """Output folder of ``prune compress`` on the tiny recipe."""
    out = tiny.parent / "out"
    assert main(["compress", str(tiny), "--out", str(out), "--quiet"]) == 0
    return out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["demo", "--dataset", "digit"], "unknown data set 'digit'"),
        (["demo", "--threads", "0"], "threads is positive, got 0"),
        (["train", "no-such.yaml"], "no-such.yaml: cannot be read"),
        (["train", "--recipe", "demo-digit"], "no recipe 'demo-digit'"),
        (["train", "demo-digits", "--resume", "--out", "o"], "there is no run to resume"),
        (["train", "demo-digits", "--set", "stages.dens.epochs=1"], "did you mean 'dense'"),
        (["profile", "demo-digits", "--stage", "dens"], "did you mean 'dense'"),
        (["profile", "demo-digits", "--steps", "0"], "steps is positive, got 0"),
        (["table", "no-such-run"], "no run folder was given"),
        (["compress", "--values", "no-such.npz"], "no-such.npz: no such file"),
        (["bench", "no-such-folder"], "no-such-folder: no such folder"),
        (["report", "no-such-folder"], "no-such-folder: no such folder"),
        (["demo", "--dataset", "mnist", "--data", "/no-such-folder"], "no such folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_1(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(argv) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("prune: error: ") and captured.err.count("\n") == 1
    assert message in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("argv", [[], ["frobnicate"], ["demo", "--seed", "x"]])
def test_wrong_usage_is_exit_code_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2


def test_long_words_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["amc", "net", "--target", "macs=0.5", "--round-to", "9" * 5000])
    error = capsys.readouterr().err
    assert "argument --round-to: invalid int value: '999" in error
    assert len(error.splitlines()[-1]) < 600


def test_the_name_of_the_program_is_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stage of a target is called prune as well."""
    rows, net = make_blobs().train, Mlp((8, 12, 4))
    np.savez(tmp_path / "blobs.npz", x=rows.inputs[0], y=rows.labels)
    module = parse(net.text(1))
    module.bind(net.init(np.random.default_rng(0)))
    (tmp_path / "net.mlirbc").write_bytes(module.to_bytecode())
    command = ["compress", str(tmp_path / "net.mlirbc"), "--dataset", str(tmp_path / "blobs.npz"),
               "--target", "macs=0.0001", "--granularity", "coupled_channels"]  # fmt: skip
    assert main([*command, "--out", str(tmp_path / "o"), "--quiet"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("prune: error: macs of ") and "cannot be reached" in error


def test_a_network_that_does_not_fit_the_data(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = tmp_path / "wide.yaml"
    wide.write_text(tiny.read_text().replace("[8, 16", "[9, 16"))
    assert main(["train", str(wide), "--out", str(tmp_path / "o")]) == 1
    assert "reads 9 features" in capsys.readouterr().err


def test_divergence_is_exit_code_1(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wild = tmp_path / "wild.yaml"
    wild.write_text(tiny.read_text().replace(
        "name: dense, epochs: 8, learning_rate: 5e-3",
        "name: dense, optimizer: sgd, learning_rate: 1e20",
    ))  # fmt: skip
    assert main(["train", str(wild), "--out", str(tmp_path / "o"), "--quiet"]) == 1
    assert "dense: the loss is" in capsys.readouterr().err


def test_train_writes_values_that_compress_starts_from(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "t"
    assert main(["train", str(tiny), "--out", str(run), "--quiet"]) == 0
    assert "weights left" in capsys.readouterr().out
    expected = {
        "recipe.yaml", "history.jsonl", "checkpoint.npz", "result.json", "values.npz",
        "masks.npz", "compact.mlirbc",
    }  # fmt: skip
    assert expected <= set(os.listdir(run))
    values = str(run / "values.npz")
    out = tmp_path / "c"
    assert main(["compress", str(tiny), "--values", values, "--out", str(out), "--quiet"]) == 0
    before, after = np.load(values), np.load(out / "values.npz")
    assert all(before[name].tobytes() == after[name].tobytes() for name in before.files)
    assert main(["train", str(tiny), "--out", str(run), "--quiet"]) == 1
    assert "holds a run already" in capsys.readouterr().err


def test_table_and_figure_of_runs(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = []
    for seed in ("1", "2"):
        runs.append(str(tmp_path / seed))
        changes = ["--set", "method=Tiny", "--seed", seed]
        assert main(["train", str(tiny), "--out", runs[-1], "--quiet", *changes]) == 0
    capsys.readouterr()
    assert main(["table", *runs]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and lines[2].startswith("| 8-16-12-4 | Tiny | ")
    assert " ± " in lines[2] and "| 1, 2 |" in lines[2]
    assert f"`prune train {tiny} --set method=Tiny`" in lines[2]
    pytest.importorskip("matplotlib", reason="matplotlib draws the picture")
    picture = tmp_path / "f.png"
    assert main(["figure", *runs, "--out", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "1" / "history.png").exists()


def test_compress_leaves_every_artefact(compressed: Path) -> None:
    expected = {
        "recipe.yaml", "report.txt", "report.json", "masks.npz", "values.npz",
        "initial.mlir", "dense.mlir", "masked.mlir", "compact.mlir",
        "dense.mlirbc", "compact.mlirbc",
    }  # fmt: skip
    assert expected <= set(os.listdir(compressed))
    report = json.loads((compressed / "report.json").read_text())
    assert report["totals"]["compression"] > 3.0
    assert report["test"]["pruned"]["accuracy"] >= report["test"]["dense"]["accuracy"] - 5.0
    assert report["reference"]["relative_error"] <= 1e-5
    assert {(t["network"], t["batch"]) for t in report["timings"]} == {
        (n, b) for n in ("dense", "compact", "sparse") for b in (1, 8)
    }
    masks = np.load(compressed / "masks.npz")
    kept = sum(int(masks[name].sum()) for name in masks.files)
    assert report["totals"]["nonzeros"] <= kept


def test_compress_repeats_bit_for_bit(tiny: Path, compressed: Path, tmp_path: Path) -> None:
    assert main(["compress", str(tiny), "--out", str(tmp_path), "--quiet"]) == 0
    for name in ("values.npz", "masks.npz"):
        first, second = np.load(compressed / name), np.load(tmp_path / name)
        assert all(first[key].tobytes() == second[key].tobytes() for key in first.files)
    for name in ("compact.mlir", "recipe.yaml"):
        assert (compressed / name).read_bytes() == (tmp_path / name).read_bytes()


def test_compress_refuses_a_folder_that_holds_a_run(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["compress", str(tiny), "--out", str(tmp_path), "--quiet"]
    for name in ("report.json", "result.json", "checkpoint.npz"):
        (tmp_path / name).write_text("of another run")
        assert main(command) == 1
        refused = capsys.readouterr().err
        assert "holds a run already: start over with --overwrite" in refused, name
        assert os.listdir(tmp_path) == [name]
        (tmp_path / name).unlink()
    (tmp_path / "result.json").write_text("of another run")
    (tmp_path / "notes.txt").write_text("stays")
    assert main([*command, "--overwrite"]) == 0
    assert not (tmp_path / "result.json").exists()
    assert json.loads((tmp_path / "report.json").read_text())["dataset"] == "blobs.npz"
    assert (tmp_path / "notes.txt").read_text() == "stays"
    assert main(["train", *command[1:]]) == 1
    assert "go on with --resume, start over with --overwrite" in capsys.readouterr().err


def test_bench_renews_the_timings(compressed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (compressed / "report.json").read_text()
    try:
        assert main(["bench", str(compressed), "--batch", "2"]) == 0
        report = json.loads((compressed / "report.json").read_text())
        assert {timing["batch"] for timing in report["timings"]} == {2}
        assert "time, batch 2" in capsys.readouterr().out
    finally:
        (compressed / "report.json").write_text(before)


def test_report_prints_the_table_or_json(
    compressed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(compressed)]) == 0
    assert capsys.readouterr().out.count("test accuracy") == 1
    assert main(["report", str(compressed), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dataset"] == "blobs.npz"


def test_tables_are_of_training_runs(
    compressed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("table", "figure"):
        assert main([command, str(compressed)]) == 1
        assert f"prune report {compressed}" in capsys.readouterr().err


def test_module_is_a_command_without_bars_in_a_pipe(tiny: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mlir_prune", "train", str(tiny), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stdout and "\r" not in done.stdout
    assert done.stdout.startswith("dense: validation ")
    assert done.stderr == ""
