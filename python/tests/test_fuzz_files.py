# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The fuzzer of files: sound samples are read, the same seed is the same file, and a
traceback, a wrong exit code, many words or a file left behind are found."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mlir_prune._native", reason="needs the native module")
from mlir_prune import cli
from mlir_prune.fuzz import files
from mlir_prune.fuzz.mutate import mutate, mutate_arrays, mutate_bytes, mutate_text, mutate_tree
from mlir_prune.fuzz.runner import Settings, fuzz


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    files.prepare(folder)
    return folder


@pytest.mark.parametrize("kind", [kind for kind in files.KINDS if kind != "onnx"])
def test_sound_samples_are_read(kind: str, samples: Path, tmp_path: Path) -> None:
    data = (samples / files.KINDS[kind].sample).read_bytes()
    assert files.read_broken(samples, kind, data, tmp_path) is None


def test_a_seed_is_one_file(samples: Path) -> None:
    for kind in ("text", "bytecode", "recipe", "data"):
        found = [files.broken(samples, kind, seed) for seed in range(30)]
        assert found == [files.broken(samples, kind, seed) for seed in range(30)]
        assert len(set(found)) > 20


def test_files_are_broken_in_many_ways(samples: Path) -> None:
    rng = np.random.default_rng(1)
    data = bytes(range(256))
    assert {len(mutate_bytes(rng, data)) for _ in range(60)} > {256}
    assert mutate_text(rng, b"a 1\nb 2\n") != b""
    trees = [mutate_tree(rng, {"a": 1, "b": {"c": [2]}}) for _ in range(60)]
    assert len({str(tree) for tree in trees}) > 20
    arrays = {mutate_arrays(rng, (samples / "data.npz").read_bytes()) for _ in range(30)}
    assert len(arrays) > 10


@pytest.mark.parametrize(
    "main, found",
    [
        (lambda _: 0, None),
        (lambda _: print("prune: error: no", file=sys.stderr) or 1, None),
        (lambda _: {}["key"], ("exception", "KeyError: 'key'")),
        (lambda _: 3, ("exit", "exit code 3")),
        (lambda _: 1, ("words", "0 lines: ")),
        (lambda _: print("prune: error: a\nb", file=sys.stderr) or 1,
         ("words", "2 lines: prune: error: a\nb\n")),
        (lambda a: print("prune: error: a", file=sys.stderr) or Path(a[-1]).write_text("x"),
         ("written", "['out.mlir 1'] after: prune: error: a")),
    ],
)  # fmt: skip
def test_planted_faults_of_a_command_are_found(
    main: Callable[[list[str]], int], found: object, samples: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(cli, "main", main)
    assert files.read_broken(samples, "text", b"module {}", tmp_path) == found


def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    """Six of each kind; `scripts/test fuzz` breaks many more."""
    kinds = [kind for kind, is_read in files.KINDS.items() if not is_read.needs]
    settings = Settings(modules=6 * len(kinds), checks=tuple(kinds), jobs=1, files=True)
    log = fuzz(settings, tmp_path / "run", resume=False, quiet=True)
    assert (log.modules, log.failed) == (settings.modules, 0), log.signatures


@pytest.mark.parametrize("sample", ["recipe.yaml", "data.npz", "net.mlirbc"])
def test_any_file_is_broken_in_the_ways_of_its_kind(sample: str, samples: Path) -> None:
    data = (samples / sample).read_bytes()
    found = [mutate(np.random.default_rng(seed), data) for seed in range(40)]
    assert found == [mutate(np.random.default_rng(seed), data) for seed in range(40)]
    assert len(set(found)) > 25
    # What comes out is often still a text or an archive.
    if sample == "recipe.yaml":
        assert sum(text.count(b"stages:") for text in found) > 20
    if sample == "data.npz":
        assert sum(zipfile.is_zipfile(io.BytesIO(text)) for text in found) > 20


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "run")
    assert cli.main(["fuzz", "--files", "--checks", "spreadsheet", "--out", out]) == 1
    assert "there is no kind of file 'spreadsheet', expected text, " in capsys.readouterr().err
