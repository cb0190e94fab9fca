# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A short part of the table of networks that `benchmarks/import_networks.py` makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

needs = "pip install torch-mlir onnx onnxruntime to run the tests of the front end"
pytest.importorskip("mlir_prune._native", reason="the native module is not built")
pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)
pytest.importorskip("onnxruntime", reason=needs)


def test_short_table(tmp_path: Path) -> None:
    script = Path(__file__).resolve().parents[2] / "benchmarks/import_networks.py"
    lines = tmp_path / "lines.json"
    done = subprocess.run(
        [sys.executable, str(script), "conv1d", "group_norm", "--json", str(lines)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for line in map(json.loads, lines.read_text().splitlines()):
        assert line["shrink"]["left"] == line["shrink"]["dead"] > 0, line
        assert line["torch"]["parameters"] < line["torch"]["of"], line
        assert line["onnx"]["smaller"] > 0, line
