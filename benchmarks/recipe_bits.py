# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whether two builds train to the same bits: a hash of what each recipe ends with.

Every recipe runs in a short form: at most two epochs of each stage, two iterations, and
1,000 rows. The result is the SHA-256 of all arrays of the run, parameters, masks and
moments included. Two minutes on two cores.

    PYTHONPATH=build/dev/python python benchmarks/recipe_bits.py before.json
    (in another tree)           python benchmarks/recipe_bits.py after.json --against before.json

Exits with 1 when a recipe that both know gives other bits. Bits are those of one kind of
processor: oneDNN chooses its kernels by it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from mlir_prune import files
from mlir_prune.data import Dataset, Split, load
from mlir_prune.errors import RecipeError
from mlir_prune.recipe.load import from_dict, read_yaml
from mlir_prune.training.trainer import Trainer

RECIPES = Path(__file__).resolve().parents[1] / "recipes"
ROWS, HELD, EPOCHS = 1000, 500, 2


def shorten(node: Any) -> None:
    """Cuts the lengths in a parsed recipe."""
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, (dict, list)):
            shorten(child)
    if isinstance(node, dict):
        for key in ("epochs", "iterations", "ramp"):
            if isinstance(node.get(key), (int, float)):
                node[key] = min(node[key], EPOCHS)


def few_rows(name: str) -> Dataset:
    """The first rows of a data set; the test part stays closed."""
    whole = load(name)

    def cut(rows: Split, count: int) -> Split:
        return rows.take(np.arange(min(count, len(rows))))

    held = cut(whole.validation, HELD)
    return Dataset(whole.name, cut(whole.train, ROWS), held, whole.classes, lambda: held)


def bits(path: Path, data: dict[str, Dataset]) -> str:
    """Hash of the arrays that a recipe ends with, or why it does not run."""
    tree = read_yaml(path)
    shorten(tree)
    try:
        recipe = from_dict(tree)
    except RecipeError as error:
        return f"refused: {error}"
    if recipe.dataset not in data:
        data[recipe.dataset] = few_rows(recipe.dataset)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(recipe, data[recipe.dataset], Path(folder))
        trainer.run()
    found = hashlib.sha256()
    for name in sorted(trainer.state.arrays):
        array = np.ascontiguousarray(trainer.state.arrays[name])
        found.update(f"{name} {array.dtype} {array.shape}".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", help="JSON file for the hashes")
    parser.add_argument("--against", help="hashes of another build")
    parser.add_argument("--recipes", default="*", help="pattern of the recipes (default: all)")
    arguments = parser.parse_args()
    data: dict[str, Dataset] = {}
    found = {}
    for path in sorted(RECIPES.glob(f"{arguments.recipes}.yaml")):
        found[path.stem] = bits(path, data)
        print(f"{path.stem}: {found[path.stem][:16]}", flush=True)
    files.write_json(arguments.out, found)
    if not arguments.against:
        return 0
    before = json.loads(Path(arguments.against).read_text(encoding="utf-8"))
    differing = [name for name in found if name in before and before[name] != found[name]]
    print(f"{len(found)} recipes, {len(differing)} differ: {', '.join(differing) or '-'}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
