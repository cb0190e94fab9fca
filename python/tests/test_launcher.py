# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command `prune` that scripts/setup leaves in the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import mlir_prune

ROOT = Path(__file__).parents[2]


def test_the_launcher_runs_the_build_tree(tmp_path: Path) -> None:
    venv, build = tmp_path / "env with space", tmp_path / "build"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (venv / "bin" / "python").chmod(0o755)
    build.mkdir()
    (build / "python").symlink_to(Path(mlir_prune.__file__).parents[1])
    subprocess.run([ROOT / "scripts/lib/make-launcher", venv, build], check=True)
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [venv / "bin" / "prune", "train", "no such.yaml"],
        capture_output=True, text=True, env=clean, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("prune: error: no such.yaml: cannot be read")

    # A build of a part, such as the runtime alone, has no module to run.
    before = (venv / "bin" / "prune").read_text()
    (tmp_path / "part" / "python").mkdir(parents=True)
    subprocess.run([ROOT / "scripts/lib/make-launcher", venv, tmp_path / "part"], check=True)
    assert (venv / "bin" / "prune").read_text() == before
