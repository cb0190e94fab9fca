# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Short runs of recipes on four clusters, for the tests of the methods."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conftest import make_blobs
from mlir_prune.recipe import Recipe, from_dict
from mlir_prune.training.history import read_history
from mlir_prune.training.trainer import Trainer

WIDTHS = [8, 24, 16, 4]
WEIGHTS = 8 * 24 + 24 * 16 + 16 * 4
SIZES = {"fc1.weight": 192, "fc2.weight": 384, "fc3.weight": 64}
DENSE = {"name": "dense", "epochs": 3, "learning_rate": 1e-2}


def recipe(*stages: dict[str, Any], **keys: Any) -> Recipe:
    tree = {"batch": 20, "model": {"widths": WIDTHS}, "stages": list(stages)}
    return from_dict({**tree, **keys})


def train(folder: Path, *stages: dict[str, Any], **keys: Any) -> Trainer:
    trainer = Trainer(recipe(*stages, **keys), make_blobs(), folder)
    trainer.run()
    return trainer


def left(folder: Path) -> list[int]:
    """Weights that act after each epoch."""
    return [sum(line["nonzeros"].values()) for line in read_history(folder)]
