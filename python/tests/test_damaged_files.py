# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Damaged files are read or refused with one line; nothing else, and nothing is written."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mlir_prune import files
from mlir_prune.cli import main
from mlir_prune.data import load
from mlir_prune.errors import DataError, InputError, RecipeError
from mlir_prune.fuzz.mutate import bomb, mutate
from mlir_prune.fuzz.samples import make_samples
from mlir_prune.recipe import load_recipe
from mlir_prune.recipe.load import recipe_folders
from mlir_prune.training.checkpoint import read_checkpoint
from mlir_prune.training.history import History
from mlir_prune.training.lock import locked


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of good files: recipe, data, a stopped run, a finished one."""
    folder = tmp_path_factory.mktemp("corpus")
    make_samples(folder)
    return folder


def write_idx(folder: Path) -> None:
    folder.mkdir()
    for part, rows in (("train", 40), ("t10k", 9)):
        for what, array in (("images-idx3", np.zeros((rows, 2, 3), np.uint8)),
                            ("labels-idx1", np.arange(rows, dtype=np.uint8) % 3)):  # fmt: skip
            head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
            (folder / f"{part}-{what}-ubyte").write_bytes(head + array.tobytes())


def test_a_damaged_checkpoint_never_goes_on_to_other_values(corpus: Path, tmp_path: Path) -> None:
    source = corpus / "stopped" / "checkpoint.npz"
    good, rng = read_checkpoint(source.parent), np.random.default_rng(1)
    refused = 0
    for _ in range(150):
        (tmp_path / "checkpoint.npz").write_bytes(mutate(rng, source.read_bytes()))
        try:
            found = read_checkpoint(tmp_path)
        except InputError:
            refused += 1
            continue
        assert found.meta == good.meta
        for group in ("arrays", "best", "live"):
            ours, theirs = getattr(found, group), getattr(good, group)
            assert ours.keys() == theirs.keys()
            assert all(ours[key].tobytes() == theirs[key].tobytes() for key in ours)
    assert refused > 75


@pytest.mark.parametrize("harm", [b"{not a line}\n", b"\xff\n", b"[]\n"])
def test_a_damaged_history_is_refused_and_left_as_it_is(
    harm: bytes, corpus: Path, tmp_path: Path
) -> None:
    """Lines after those of the checkpoint are only cut from a history that is whole."""
    good = (corpus / "stopped" / "history.jsonl").read_bytes()
    path = tmp_path / "history.jsonl"
    path.write_bytes(good + b"more\n")
    assert History(tmp_path, len(good)).length == len(good)
    assert path.read_bytes() == good
    damaged = harm + good
    path.write_bytes(damaged)
    with pytest.raises(InputError, match="history.jsonl"):
        History(tmp_path, len(good))
    assert path.read_bytes() == damaged


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stages: [{gates: true}]", r"stages\[0\].gates is a mapping of keys, got True"),
        ("stages: [{gradual: 0.9}]", r"stages\[0\].gradual is a mapping of keys, got 0.9"),
        ("stages: [{kind: [1]}]", r"stages\[0\].kind is one of .*, got \[1\]"),
        ("seed: " + "9" * 400, r"seed is at most \S+, got a whole number of 1329 bits"),
        ("stages: [{epochs: " + "9" * 400 + "}]", "epochs is at most"),
        ("seed: " + "9" * 5000, "not valid YAML"),
        ("stages: " + "[" * 5000, "nested too deep"),
        ("stages: " + "{a: " * 2000, "nested too deep"),
        (bomb().decode(), "more than 100,000 entries"),
        ("a: &a [*a]", "alias of itself"),
        ("stages: [{kind: prune, sparsity: 0.5, iterations: 99999999999, retrain: {}}]",
         "iterations is positive, at most 1,000, got"),
        ("seed: 1\nseed: 2", r"the key 'seed' is there twice at line 2, column 1"),
        ("stages: [{epochs: 1, epochs: 2}]", "'epochs' is there twice"),
        ("threads: 1000000", "threads is positive, at most 1,024"),
        ("model: {widths: [8, 1000000000, 4]}", "widths is positive, at most"),
        ("dataset: 2001-99-99", "not valid YAML"),
        ('dataset: "a\\0b"', "without control characters"),
        ("stages: [{learning_rate: 1e400}]", "expects a number"),
        ("stages: [{gradual: {final: 0.5, start: 1e300}}]", "start is at most"),
        ("bench: {batches: [100000000000]}", "batches is at most"),
        ("? [a]\n: 1", "not valid YAML"),
        ("stages: [{kind: prune, sparsity: {1: 0.5}}]", "a name is a text, got 1"),
    ],
)  # fmt: skip
def test_recipes_that_are_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=message) as caught:
        load_recipe(path)
    assert len(str(caught.value)) < 600


def test_aliases_that_say_a_thing_twice_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("stages: [{learning_rate: &r {value: 0.1}}, {learning_rate: *r}]")
    first, second = load_recipe(path).stages
    assert first.learning_rate == second.learning_rate  # type: ignore[union-attr]


def test_recipes_that_come_along_pass_the_strict_reader() -> None:
    for folder in recipe_folders():
        for path in folder.glob("*.yaml"):
            load_recipe(path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"y": np.full(20, 2**32 + 1)}, "class numbers below 1,000,000, got 4294967297"),
        ({"y": np.zeros(20, np.uint64) + 2**63}, "class numbers below"),
        ({"x": np.zeros((20, 0), np.float32)}, "rows with values"),
        ({"x": np.full((20, 2), 1e300)}, "not finite"),
        ({"x": np.zeros((20, 2), "S3")}, "expected numbers"),
        ({"y": np.zeros((), int)}, r"y is \[\], expected \[20\]"),
    ],
)
def test_data_that_is_refused(
    arrays: dict[str, np.ndarray], message: str, tmp_path: Path
) -> None:
    good = {"x": np.zeros((20, 2), np.float32), "y": np.zeros(20, int)}
    np.savez(tmp_path / "d.npz", **{**good, **arrays})
    with pytest.raises(DataError, match=message):
        load(str(tmp_path / "d.npz"))


def test_test_rows_are_checked_when_the_set_is_read(tmp_path: Path) -> None:
    x, y = np.zeros((20, 2), np.float32), np.zeros(20, int)
    bad = {"x_test": np.full((20, 2), np.nan), "y_test": y}
    np.savez(tmp_path / "d.npz", x_train=x, y_train=y, **bad)
    with pytest.raises(DataError, match="x_test holds values that are not finite"):
        load(str(tmp_path / "d.npz"))
    np.savez(tmp_path / "d.npz", x_train=x, y_train=y, x_test=x.astype(np.uint8), y_test=y)
    with pytest.raises(DataError, match="whole numbers are divided by 255"):
        load(str(tmp_path / "d.npz"))
    write_idx(tmp_path / "idx")
    (tmp_path / "idx" / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="neither t10k-labels"):
        load(f"idx:{tmp_path / 'idx'}")


def test_members_that_are_no_arrays(tmp_path: Path) -> None:
    import zipfile

    np.savez(tmp_path / "d.npz", x=np.zeros(3))
    with zipfile.ZipFile(tmp_path / "d.npz", "a") as archive:
        archive.writestr("readme.txt", "text")
    with pytest.raises(InputError, match=r"the member 'readme.txt' is no array"):
        files.read_arrays(tmp_path / "d.npz")


def test_an_idx_file_of_many_dimensions(tmp_path: Path) -> None:
    write_idx(tmp_path / "idx")
    raw = bytes([0, 0, 8, 200]) + struct.pack(">200I", *[1] * 200) + b"a"
    (tmp_path / "idx" / "train-images-idx3-ubyte").write_bytes(raw)
    with pytest.raises(DataError, match="200 dimensions"):
        load(f"idx:{tmp_path / 'idx'}")


def test_a_folder_takes_one_run_at_a_time(corpus: Path, tmp_path: Path) -> None:
    """The lock goes with its process and leaves no file."""
    recipe, out = str(corpus / "recipe.yaml"), str(tmp_path / "out")
    command = [sys.executable, "-m", "mlir_prune", "train", recipe, "--quiet", "--out", out]
    with locked(tmp_path / "out"), locked(tmp_path / "out"):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 1 and done.stderr.count("\n") == 1
        assert "another run is writing into this folder" in done.stderr
        assert not os.listdir(tmp_path / "out")
    assert subprocess.run(command, check=False).returncode == 0
    assert not [name for name in os.listdir(out) if name.startswith(".")]


def test_a_full_disk_is_one_line(corpus: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: writing fails in the middle."""
    recipe, out = str(corpus / "recipe.yaml"), str(tmp_path / "out")
    limited = (
        "import resource, signal, sys; from mlir_prune.cli import main; "
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500)); "
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", limited, "train", recipe, "--quiet", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "cannot be written" in done.stderr, done.stderr
    assert not [name for name in os.listdir(out) if name.startswith(".")]


def test_a_folder_that_cannot_be_written(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    recipe = str(corpus / "recipe.yaml")
    for command in ("train", "compress"):
        out = str(tmp_path / "file" / "out")
        assert main([command, recipe, "--quiet", "--out", out]) == 1
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and "Not a directory" in error


def test_the_output_of_a_command_goes_to_a_full_disk(corpus: Path) -> None:
    command = [sys.executable, "-m", "mlir_prune", "table", str(corpus / "run")]
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr


