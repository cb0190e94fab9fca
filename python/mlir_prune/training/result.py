# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a finished run amounts to, as plain data (``result.json``).

Conventions: compression is dense weights by non-zero ones, without biases and
with them. One MAC is one multiplication with its addition, for one row; FLOPs
are two per MAC. Errors are in per cent; the test part is read once, here.
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .. import files, networks
from ..data import Dataset
from ..forms import (
    Forms,
    at_batch,
    bound,
    build_forms,
    compact_at,
    input_shapes,
    relative_error,
    run_forward,
)
from ..recipe import Recipe
from ..recipe.parse import to_tree
from ..recipe.reference import INITIAL, reference_text
from ..run_report import layer_rows, totals
from ..rows import Inputs, Split, Windows
from .checkpoint import Arrays
from .evaluate import compare, mean_error, rows_right, score_logits
from .lost import check_result
from .masks import apply
from .trainer import Trainer

FILE = "result.json"


@dataclass
class Outcome:
    """Networks and values at the end of a run.

    `network` and `pruned` are smaller than `dense_network` and `dense` when the
    run removed neurons on the way.
    """

    dense_network: Any
    network: Any
    initial: Arrays
    dense: Arrays
    pruned: Arrays
    masks: Arrays
    meta: dict[str, Any]
    reference: str


def outcome(trainer: Trainer) -> Outcome:
    """The networks of a trainer whose tasks are all done."""
    folded_arrays = trainer.folded_arrays()
    shapes = trainer.network.shapes()
    values = {name: apply(folded_arrays)[name] for name in shapes}
    masks = {n.removeprefix("mask:"): a for n, a in folded_arrays.items() if n.startswith("mask:")}
    saved = trainer.state.saved[trainer.reference]
    dense = {name: saved[name] for name in trainer.dense_network.shapes()}
    return Outcome(
        trainer.dense_network, trainer.network, trainer.initial_values(), dense, values, masks,
        trainer.state.meta, trainer.reference,
    )  # fmt: skip


def forms_of(found: Outcome, batch: int, fold_borders: bool = False) -> Forms:
    """The networks in the forms of docs/Pipelines.md, with values."""
    forms = build_forms(
        found.network, batch, found.pruned, found.pruned, found.pruned, fold_borders
    )
    forms.initial = bound(found.dense_network, batch, found.initial)
    forms.dense = bound(found.dense_network, batch, found.dense)
    return forms


def finish(trainer: Trainer, command: Sequence[str]) -> dict[str, Any]:
    """Reads the test part, writes result.json, values and the compact network."""
    found = outcome(trainer)
    forms = forms_of(found, trainer.recipe.batch, trainer.recipe.fold_borders)
    result = build_result(trainer, found, forms, command)
    folder = trainer.folder
    values = {f"dense/{name}": array for name, array in found.dense.items()}
    values |= {f"pruned/{name}": array for name, array in found.pruned.items()}
    files.write_arrays(folder / "values.npz", values)
    files.write_arrays(folder / "masks.npz", found.masks)
    files.write_bytes(folder / "compact.mlirbc", forms.compact.to_bytecode())
    files.write_json(folder / FILE, result)
    return result


def build_result(
    trainer: Trainer, found: Outcome, forms: Forms, command: Sequence[str]
) -> dict[str, Any]:
    """Everything about a run that tables and figures show."""
    recipe, meta, batch = trainer.recipe, found.meta, trainer.recipe.batch
    threads = recipe.threads
    rows = {name: array[:batch] for name, array in trainer.data.validation.arrays.items()}
    executables = evaluated(recipe, found, forms, batch)
    masked = bound(found.network, batch, found.pruned).compile(threads=threads)
    difference = relative_error(
        batched(executables["pruned"], rows), batched(masked, rows)
    )
    scores = part_scores(executables, trainer.data, found.dense_network.signature.axis)
    left = {name: np.asarray(array) for name, array in forms.compact.parameters().items()}
    layers = layer_rows(found.dense_network, found.pruned, left)
    check_result(layers)
    return {
        "method": recipe.method,
        "network": networks.model_title(recipe.model, recipe.dataset),
        "dataset": trainer.data.name,
        "positions": math.prod(found.dense_network.signature.positions),
        "seed": recipe.seed,
        "dense": {"stage": found.reference, "text": reference_text(recipe)},
        "validation": scores["validation"],
        "test": scores["test"],
        "layers": layers,
        "totals": totals(layers),
        "difference_after_removal": difference,
        "epochs": meta["total_epochs"],
        "steps": meta["total_steps"],
        "seconds": round(meta["seconds"], 1),
        "scores": meta["scores"],
        "trials": meta["trials"],
        "recipe": to_tree(recipe),
        "command": " ".join(command),
        "environment": environment(threads),
    }


def evaluated(recipe: Recipe, found: Outcome, forms: Forms, batch: int) -> dict[str, Any]:
    """Executables of the networks whose accuracy is told.

    `dense` and `pruned`, and `initial` where a file's network was trained before it was
    called dense.
    """
    compact, _ = compact_at(forms.masked, batch, forms.fold_borders)
    modules = {"dense": at_batch(forms.dense, batch), "pruned": compact}
    if recipe.model.file and found.reference != INITIAL:
        modules["initial"] = at_batch(forms.initial, batch)
    return {name: module.compile(threads=recipe.threads) for name, module in modules.items()}


def part_scores(
    executables: Mapping[str, Any], data: Dataset, axis: int
) -> dict[str, dict[str, Any]]:
    """Scores by part and network; the test part is opened here.

    `axis` is the dimension of the result that the classes are.
    """
    parts = {"validation": data.validation, "test": data.open_test()}
    return {part: _scores(executables, split, axis) for part, split in parts.items()}


def _scores(executables: Mapping[str, Any], split: Split, axis: int) -> dict[str, Any]:
    """Scores by network, with the standard error of each accuracy in points.

    That of the pruned network has what it loses against the dense one, too, by the rows that
    both see, with the error of this paired comparison.
    """
    found: dict[str, Any] = {}
    right = {}
    for name, executable in executables.items():
        values = batched(executable, split.arrays)
        right[name] = rows_right(values, split.labels, axis)
        score = asdict(score_logits(values, split.labels, axis))
        found[name] = {**score, "standard_error": mean_error(100.0 * right[name])}
    lost = compare(right["pruned"], right["dense"])
    found["pruned"] |= {"drop": lost["drop"], "drop_error": lost["error"]}
    return found


def batched(executable: Any, inputs: Inputs) -> np.ndarray:
    """Logits of all rows through a compiled network of a fixed batch."""
    windows = Windows(inputs, input_shapes(executable))
    return np.concatenate(
        [run_forward(executable, windows.arrays)[:size].copy() for size in windows]
    )


def environment(threads: int) -> dict[str, Any]:
    """Facts about the machine that times depend on."""
    return {
        "threads": threads,
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def error(scores: Mapping[str, Any]) -> float:
    """Wrong results in per cent of a stored score."""
    return 100.0 - float(scores["accuracy"])
