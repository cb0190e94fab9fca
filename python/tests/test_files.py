# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Atomic output: whole files or none."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mlir_prune import files
from mlir_prune.errors import InputError


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    files.write_text(path, "old")
    with pytest.raises(RuntimeError), files.atomic(path) as file:
        file.write(b"half of the n")
        raise RuntimeError("stopped")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_new_file_obeys_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        files.write_text(tmp_path / "sub" / "a.txt", "x")
    finally:
        os.umask(old)
    assert (tmp_path / "sub" / "a.txt").stat().st_mode & 0o777 == 0o640


def test_arrays_keep_names_with_dots_and_bits(tmp_path: Path) -> None:
    arrays = {"fc1.weight": np.array([1.5, -0.0], np.float32), "m/a": np.array([True, False])}
    files.write_arrays(tmp_path / "a.npz", arrays)
    found = files.read_arrays(tmp_path / "a.npz")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert found[name].tobytes() == array.tobytes()


def test_json_refuses_what_json_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        files.write_json(tmp_path / "a.json", {"x": float("nan")})
    assert not (tmp_path / "a.json").exists()
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(InputError, match="not readable as JSON"):
        files.read_json(tmp_path / "a.json")
