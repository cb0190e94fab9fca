# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Shared fixtures: a small data set and a report made by hand."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import drawn
from mlir_prune.cli import main
from mlir_prune.data import Dataset, Split
from mlir_prune.errors import InputError
from mlir_prune.native import native

# Kernels are chosen alike on every computer, whatever somebody's home folder has.
os.environ["PRUNE_COST_MODEL"] = "builtin"
drawn.load_profile()
# A suite without the compiler would pass by skipping nearly everything.
try:
    native()
except InputError as error:
    raise pytest.UsageError(str(error)) from None


@pytest.fixture
def blobs() -> Dataset:
    """Four well separated clusters in eight dimensions."""
    return make_blobs()


def make_blobs(rows: int = 200) -> Dataset:
    rng = np.random.default_rng(3)
    centers = rng.standard_normal((4, 8)) * 3.0
    labels = np.arange(3 * rows) % 4
    inputs = (centers[labels] + rng.standard_normal((3 * rows, 8))).astype(np.float32)
    parts = [
        Split(inputs[start : start + rows], labels[start : start + rows].astype(np.int32))
        for start in range(0, 3 * rows, rows)
    ]
    return Dataset("blobs", parts[0], parts[1], 4, lambda: parts[2])


def train_blobs(folder: Path, widths: Sequence[int], stage: str) -> Path:
    """A folder with the blobs, a recipe, and the run that it trained."""
    blobs = make_blobs()
    np.savez(folder / "blobs.npz", x=blobs.train.inputs[0], y=blobs.train.labels)
    (folder / "r.yaml").write_text(
        f"dataset: {folder / 'blobs.npz'}\nbatch: 20\nmodel: {{widths: {list(widths)}}}\n"
        f"stages:\n  - {stage}\n"
    )
    assert main(["train", str(folder / "r.yaml"), "--out", str(folder / "run"), "--quiet"]) == 0
    return folder


@pytest.fixture
def report() -> dict[str, Any]:
    """A report with round numbers in which sparse wins at 1 and loses at 64."""
    layers = [
        {
            "name": f"fc{index}", "shape": shape, "weights": shape[0] * shape[1],
            "biases": shape[0], "macs": shape[0] * shape[1], "pruned_nonzeros": left + 1,
            "compact_shape": small,
            "compact_weights": small[0] * small[1], "nonzeros": left, "compact_biases": small[0],
            "macs_compact": small[0] * small[1], "macs_sparse": left,
        }
        for index, shape, small, left in [(1, [20, 16], [5, 16], 32), (2, [4, 20], [4, 5], 8)]
    ]  # fmt: skip
    from mlir_prune.run_report import totals

    score = {"accuracy": 97.5, "loss": 0.1, "rows": 40}
    timings = [
        {"network": name, "batch": batch, "threads": 1, "median": median, "low": median * 0.9,
         "high": median * 1.1, "calls": 9}
        for batch, medians in {1: (4e-6, 3e-6, 1e-6), 64: (8e-6, 9e-6, 16e-6)}.items()
        for name, median in zip(("dense", "compact", "sparse"), medians, strict=True)
    ]  # fmt: skip
    return {
        "dataset": "blobs",
        "title": "16-20-4",
        "dense": {"stage": "dense", "text": "after stage 'dense'"},
        "recipe": {"stages": []},
        "rows": {"train": 100, "validation": 40},
        "test": {"dense": score, "pruned": {**score, "accuracy": 95.0}},
        "validation": {"dense": score, "pruned": score},
        "choice": {
            "tried": [
                {
                    "rule": "std_factor",
                    "number": 0.5,
                    "nonzeros": 42,
                    "score": score,
                    "accepted": True,
                }
            ],
            "chosen": {"rule": "std_factor", "number": 0.5},
            "tolerance": 0.3,
        },
        "layers": layers,
        "totals": totals(layers),
        "pattern": {"shape": [16], "counts": [2] * 16},
        "remarks": [],
        "kernels": {
            "1": [{"layer": "fc1", "kernel": "csr", "reason": "10 % non-zero"}],
            "64": [{"layer": "fc1", "kernel": "dense", "reason": "predicted 2 us against 3 us"}],
        },
        "timings": timings,
        "bytes": {"dense": 2000, "compact": 700},
        "reference": {"relative_error": 2e-7, "tolerance": 1e-5},
        "history": {"dense": {"loss": [1.0], "validation": [97.5]}},
    }


def refuse(
    command: list[str], out: Path, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command ends with one line that holds `message`, and makes no folder `out`."""
    assert main([*command, "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not out.exists()
