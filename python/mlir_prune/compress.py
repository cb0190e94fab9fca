# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dense to pruned to compiled, with everything on disk and in one report."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from . import files
from .bench import Timing, measure
from .data import Dataset
from .errors import InputError, TrainingError
from .forms import (
    TOLERANCE,
    Forms,
    Remark,
    at_batch,
    compact_at,
    reference_logits,
    relative_error,
    run_forward,
    with_dense_kernels,
    with_kernels,
)
from .networks import build_network
from .picture import draw
from .progress import Progress
from .recipe import Bench, Recipe
from .render import render_text
from .run_report import build_report
from .rows import Inputs, named
from .training.checkpoint import Arrays
from .training.evaluate import Score
from .training.fit import fit
from .training.folder import refuse_used
from .training.history import read_history
from .training.lock import locked
from .training.lost import check_result
from .training.rehearsal import rehearse
from .training.result import Outcome, evaluated, forms_of, outcome, part_scores
from .training.trainer import Trainer

NETWORKS = ("dense", "compact", "sparse")
"""Dense; pruned with dense kernels; pruned with the chosen kernels."""


# Rows at a time; activations of convolutions are many times larger than a row.
_TEST_BATCH = 500


class CompressionError(TrainingError):
    """The compiled network does not compute what the pruned one does."""


def compress(
    recipe: Recipe,
    data: Dataset,
    out: str | os.PathLike[str],
    progress: Progress,
    dense: Arrays | None = None,
    overwrite: bool = False,
) -> dict[str, Any]:
    """The whole flow; writes all artefacts into `out` and returns the report.

    `dense` are trained values of the dense network, which skip its training.
    A folder that holds a run is refused unless `overwrite`. Raises
    :class:`CompressionError` when the compiled network differs from the plain
    reference by more than :data:`TOLERANCE`.
    """
    if not os.fspath(out):
        raise InputError("the name of an output folder is empty")
    folder = Path(out)
    if not overwrite:
        refuse_used(folder, resumes=False)
    rehearse_compression(recipe, data)
    data = fit(build_network(recipe.model, recipe.dataset).signature, data)
    with locked(folder):
        trainer = Trainer(recipe, data, folder, progress, start=dense, overwrite=overwrite)
        trainer.run()
        found = outcome(trainer)
        forms = forms_of(found, recipe.batch, recipe.fold_borders)
        progress.say("compiling, comparing with the reference and timing")
        executables, remarks = compile_networks(
            forms.dense, forms.masked, recipe.bench, recipe.fold_borders
        )
        error = verify(forms, executables, data.validation.arrays)
        timings = time_networks(executables, data.validation.arrays, recipe.bench)
        scores = network_scores(recipe, found, forms, data)
        history = read_history(folder)
        report = build_report(recipe, data, found, history, forms, scores, timings, remarks, error)
        check_result(report["layers"])
        write_artifacts(folder, found, forms)
        write_report(folder, report)
    return report


def rehearse_compression(recipe: Recipe, data: Dataset) -> None:
    """Raises what the run and its report would raise, before anything is trained."""
    found, forms = rehearse(recipe, data)
    data = fit(found.dense_network.signature, data)
    executables, remarks = compile_networks(
        forms.dense, forms.masked, recipe.bench, recipe.fold_borders
    )
    # The plain reference is slow, and the trained network is compared anyway.
    smallest = min(executables)
    error = verify(forms, {smallest: executables[smallest]}, data.validation.arrays)
    timings = [
        Timing(name, batch, recipe.bench.threads, 1.0, 1.0, 1.0, 1)
        for batch, networks in executables.items()
        for name in networks
    ]
    told = evaluated(recipe, found, forms, min(data.test_rows, _TEST_BATCH))
    score = asdict(Score(0.0, 0.0, 1))
    scores = {part: dict.fromkeys(told, score) for part in ("validation", "test")}
    report = build_report(recipe, data, found, [], forms, scores, timings, remarks, error)
    render_text(report)
    draw(report)


def compile_networks(
    dense: Any, masked: Any, settings: Bench, fold_borders: bool = False
) -> tuple[dict[int, dict[str, Any]], dict[int, list[Remark]]]:
    """Executables by batch and network, and the kernel remarks by batch."""
    executables: dict[int, dict[str, Any]] = {}
    remarks: dict[int, list[Remark]] = {}
    for batch in settings.batches:
        compact, _ = compact_at(masked, batch, fold_borders)
        sparse, remarks[batch] = with_kernels(compact, settings.threads)
        # Batch normalizations are folded in all three, so that pruning alone differs.
        modules = (with_dense_kernels(at_batch(dense, batch)), with_dense_kernels(compact), sparse)
        executables[batch] = {
            name: module.compile(threads=settings.threads)
            for name, module in zip(NETWORKS, modules, strict=True)
        }
    return executables, remarks


def verify(forms: Forms, executables: Mapping[int, Mapping[str, Any]], inputs: Inputs) -> float:
    """Largest relative difference of the compiled pruned networks from the reference."""
    worst = 0.0
    for batch, networks in executables.items():
        rows = take_rows(inputs, batch)
        reference = reference_logits(forms, rows)
        for name in ("compact", "sparse"):
            error = relative_error(run_forward(networks[name], rows), reference)
            if not error <= TOLERANCE:
                raise CompressionError(
                    f"the compiled network ({name}, batch {batch}) differs from the reference "
                    f"by {error:.2e} relative, more than {TOLERANCE:.0e}"
                )
            worst = max(worst, error)
    return worst


def time_networks(
    executables: Mapping[int, Mapping[str, Any]], inputs: Inputs, settings: Bench
) -> list[Timing]:
    """Timings of all networks at all batches."""
    timings: list[Timing] = []
    for batch, networks in executables.items():
        timings += measure(networks, take_rows(inputs, batch), settings, settings.threads)
    return timings


def take_rows(inputs: Inputs, batch: int) -> dict[str, np.ndarray]:
    """The first `batch` rows of each input, starting over when there are fewer."""
    return {name: array[np.arange(batch) % len(array)] for name, array in named(inputs).items()}


def network_scores(
    recipe: Recipe, found: Outcome, forms: Forms, data: Dataset
) -> dict[str, dict[str, Any]]:
    """Scores by part and network; the test part is opened here."""
    batch = min(data.test_rows, _TEST_BATCH)
    executables = evaluated(recipe, found, forms, batch)
    return part_scores(executables, data, found.dense_network.signature.axis)


def write_artifacts(folder: Path, found: Outcome, forms: Forms) -> None:
    """IR of all forms as text, of three as bytecode; values and masks."""
    for name in ("initial", "dense", "masked", "compact"):
        files.write_text(folder / f"{name}.mlir", str(getattr(forms, name)))
    for name in ("dense", "masked", "compact"):
        files.write_bytes(folder / f"{name}.mlirbc", getattr(forms, name).to_bytecode())
    files.write_arrays(folder / "masks.npz", found.masks)
    values = {f"dense/{name}": array for name, array in found.dense.items()}
    values |= {f"pruned/{name}": array for name, array in found.pruned.items()}
    files.write_arrays(folder / "values.npz", values)


def write_report(folder: Path, report: dict[str, Any]) -> None:
    """The report as text, JSON and, where matplotlib is there, a picture."""
    files.write_json(folder / "report.json", report)
    files.write_text(folder / "report.txt", render_text(report))
    picture = draw(report)
    if picture is not None:
        files.write_bytes(folder / "report.png", picture)


def read_values(
    path: str | os.PathLike[str], prefix: str, names: Collection[str] = ()
) -> Arrays:
    """Parameters from ``values.npz``: those below `prefix`, or all if none has one.

    A file that holds all `names`, those of the parameters, has no prefixes; the names themselves
    may hold slashes.
    """
    arrays = files.read_arrays(path)
    plain = bool(names) and set(names) <= arrays.keys()
    chosen = {
        name if plain else name.removeprefix(f"{prefix}/"): array
        for name, array in arrays.items()
        if plain or name.startswith(f"{prefix}/") or "/" not in name
    }
    if not chosen:
        raise InputError(f"{path}: holds no parameters under '{prefix}/'")
    for name, array in chosen.items():
        if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            raise InputError(f"{path}: parameter '{name}' is {array.dtype}, or not finite")
    return {name: np.asarray(array, np.float32) for name, array in chosen.items()}
