# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The report of a compression as plain data, ready for JSON.

Conventions: compression counts weights only, and with biases beside it. One
MAC is one multiplication with its addition, per row of the batch; FLOPs are
two per MAC. Activations and bias additions are not counted. Accuracies are in
per cent, on the test part, which no choice used; of positions, where each of a row has a
result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import asked, files, networks
from .bench import Timing
from .data import Dataset
from .errors import InputError
from .forms import TOLERANCE, Forms, Remark
from .recipe import Recipe, stage_names
from .recipe.parse import to_tree
from .recipe.reference import reference_text
from .recipe.schema import Prune
from .structure import NATURAL, POSITIVE, SECONDS, Least, check_tree

if TYPE_CHECKING:
    from .training.result import Outcome


_SCORE = {"accuracy": float, "loss": float | None, "rows": POSITIVE}

LAYER = {
    "name": str, "shape": [NATURAL, NATURAL], "weights": POSITIVE, "nonzeros": NATURAL,
    "compact_shape": [NATURAL, NATURAL],
}  # fmt: skip

SCORES = {"dense": _SCORE, "pruned": _SCORE}

TOTALS = {
    "weights": POSITIVE, "nonzeros": NATURAL, "compression": Least(float, 1e-9),
    "macs_dense": POSITIVE, "macs_compact": NATURAL, "macs_sparse": NATURAL,
}  # fmt: skip

_TIMING = {
    "network": str, "batch": POSITIVE, "threads": POSITIVE, "median": SECONDS, "low": SECONDS,
    "high": SECONDS, "calls": POSITIVE,
}  # fmt: skip

_REPORT = {
    "dataset": str,
    "title": str,
    "recipe": {"stages": [{}]},
    "dense": {"text": str},
    "test": SCORES,
    "validation": SCORES,
    "layers": [LAYER, LAYER],
    "totals": {
        **TOTALS, "parameters": POSITIVE, "parameters_left": NATURAL,
        "compression_with_biases": float, "flops_dense": NATURAL, "flops_sparse": NATURAL,
        "hidden": NATURAL, "hidden_left": NATURAL, "neurons_removed": int,
    },
    "pattern": {"shape": [POSITIVE, POSITIVE], "counts": [NATURAL, NATURAL]},
    "kernels": {str: [{"layer": str, "kernel": str, "reason": str}]},
    "timings": [_TIMING],
    "bytes": {"dense": NATURAL, "compact": NATURAL},
    "reference": {"relative_error": float, "tolerance": float},
    "history": {str: {"loss": [float | None], "validation": [float | None]}},
}  # fmt: skip

_OPTIONAL = {"targets": asked.TARGETS, "searches": asked.SEARCHES, "scans": asked.SCANS}
"""Keys that older reports have not."""

_CHOICE = {
    "tried": [{"rule": str, "number": float, "nonzeros": NATURAL, "score": _SCORE,
               "accepted": bool}],
    "chosen": {"rule": str, "number": float},
    "tolerance": float,
}  # fmt: skip


def read_report(folder: Path) -> dict[str, Any]:
    """The report of an output folder; raises :class:`InputError` for anything else."""
    path = folder / "report.json"
    report = files.read_json(path)
    check_tree(report, _REPORT, str(path))
    if "choice" not in report:
        raise InputError(f"{path}: 'choice' is missing")
    if report["choice"] is not None:
        check_tree(report["choice"], _CHOICE, f"{path}: choice")
    for index, stage in enumerate(report["recipe"]["stages"]):
        if stage.get("retrain") is not None:
            check_tree(stage["retrain"], {}, f"{path}: recipe: stages[{index}]: retrain")
    check_tree(report.get("positions", 1), POSITIVE, f"{path}: positions")
    for key, form in _OPTIONAL.items():
        check_tree(report.setdefault(key, type(form)()), form, f"{path}: {key}")
    if "initial" in report["test"]:
        check_tree(report["test"]["initial"], _SCORE, f"{path}: test: initial")
    for batch in {timing["batch"] for timing in report["timings"]}:
        names = {t["network"] for t in report["timings"] if t["batch"] == batch}
        if names != {"dense", "compact", "sparse"}:
            raise InputError(f"{path}: timings of batch {batch} are of {', '.join(sorted(names))}")
    pattern = report["pattern"]
    if math.prod(pattern["shape"]) != len(pattern["counts"]):
        raise InputError(f"{path}: pattern: the counts do not fit the shape")
    return dict(report)


def build_report(
    recipe: Recipe,
    data: Dataset,
    found: Outcome,
    history: Sequence[dict[str, Any]],
    forms: Forms,
    scores: dict[str, dict[str, Any]],
    timings: Sequence[Timing],
    remarks: dict[int, list[Remark]],
    error: float,
) -> dict[str, Any]:
    """Everything that the table, the text and the picture show."""
    compact = {name: np.asarray(array) for name, array in forms.compact.parameters().items()}
    layers = layer_rows(found.dense_network, found.pruned, compact)
    first = found.network.weights()[0]
    return {
        "dataset": data.name,
        "positions": math.prod(found.dense_network.signature.positions),
        "title": networks.model_title(recipe.model, recipe.dataset),
        "recipe": to_tree(recipe),
        "rows": {"train": len(data.train), "validation": len(data.validation)},
        "dense": {"stage": found.reference, "text": reference_text(recipe)},
        "test": scores["test"],
        "validation": scores["validation"],
        "choice": choice(recipe, found),
        "targets": asked.targets(found.meta),
        "searches": asked.searches(found.dense_network, found.meta, _tolerances(recipe)),
        "scans": asked.scans(found.meta),
        "layers": layers,
        "totals": totals(layers),
        "pattern": input_pattern(found.pruned.get(first), found.dense_network.shapes()[first]),
        "remarks": forms.remarks,
        "kernels": {str(batch): kernel_rows(lines) for batch, lines in remarks.items()},
        "timings": [timing.to_dict() for timing in timings],
        "bytes": {
            "dense": len(forms.dense.to_bytecode()),
            "compact": len(forms.compact.to_bytecode()),
        },
        "reference": {"relative_error": error, "tolerance": TOLERANCE},
        "history": curves(history, found),
    }


def choice(recipe: Recipe, found: Outcome) -> dict[str, Any] | None:
    """The last choice among trials: what was tried, what it had to reach."""
    for name, stage in reversed(list(zip(stage_names(recipe), recipe.stages, strict=True))):
        if isinstance(stage, Prune) and stage.trials:
            return {**found.meta["trials"][name], "tolerance": stage.trials.tolerance}
    return None


def _tolerances(recipe: Recipe) -> dict[str, float]:
    """Points that stages with `max_drop` may lose, by name."""
    named = zip(stage_names(recipe), recipe.stages, strict=True)
    return {
        name: stage.max_drop.points
        for name, stage in named
        if isinstance(stage, Prune) and stage.max_drop
    }


def curves(history: Sequence[dict[str, Any]], found: Outcome) -> dict[str, Any]:
    """Loss and validation accuracy by stage; trials are left out."""
    tried = {f"{name}-{trial['rule']}-{trial['number']:g}-train"
             for name, trials in found.meta["trials"].items()
             for trial in trials["tried"]}  # fmt: skip
    table: dict[str, Any] = {}
    for line in history:
        if line["stage"] in tried:
            continue
        entry = table.setdefault(line["stage"], {"loss": [], "validation": []})
        entry["loss"].append(line["loss"])
        entry["validation"].append(line["validation"]["accuracy"])
    return table


def layer_rows(
    network: Any, pruned: dict[str, np.ndarray], compact: dict[str, np.ndarray]
) -> list[dict[str, Any]]:
    """Per layer: shape [out, in, ...], non-zeros and MACs, before and after elimination.

    `network` is the dense one; `pruned` may have lost neurons already.
    """
    rows, shapes, products = [], network.shapes(), network.macs()
    for weight, bias in layer_parameters(network):
        # A layer whose outputs are all constant leaves no parameter behind.
        kept = compact.get(weight, np.zeros((0,) * len(shapes[weight]), np.float32))
        kept_bias = compact.get(bias or "", np.zeros((0,), np.float32))
        size = math.prod(shapes[weight])
        # How often each element is used for one row of the input.
        uses = products[weight] // size
        values = pruned.get(weight, kept)
        rows.append(
            {
                "name": weight.removesuffix(".weight"),
                "shape": list(shapes[weight]),
                "weights": size,
                "biases": math.prod(shapes[bias]) if bias else 0,
                "macs": products[weight],
                "pruned_nonzeros": int(np.count_nonzero(values)),
                "compact_shape": list(kept.shape),
                "compact_weights": int(kept.size),
                "nonzeros": int(np.count_nonzero(kept)),
                "compact_biases": int(kept_bias.size),
                "macs_compact": uses * int(kept.size),
                "macs_sparse": uses * int(np.count_nonzero(kept)),
            }
        )
    return rows


def layer_parameters(network: Any) -> list[tuple[str, str | None]]:
    """Names of weight and bias, if there is one, of each layer."""
    return list(network.parameters())


def totals(layers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Sums over the layers, compression, MACs and neurons."""

    def total(key: str) -> int:
        return sum(row[key] for row in layers)

    weights, nonzeros = total("weights"), total("nonzeros")
    with_biases = weights + total("biases")
    left = nonzeros + total("compact_biases")
    hidden = sum(row["shape"][0] for row in layers[:-1])
    alive = sum(row["compact_shape"][0] for row in layers[:-1])
    macs, compact, sparse = total("macs"), total("macs_compact"), total("macs_sparse")
    return {
        "weights": weights,
        "pruned_nonzeros": total("pruned_nonzeros"),
        "nonzeros": nonzeros,
        "compression": weights / max(nonzeros, 1),
        "parameters": with_biases,
        "parameters_left": left,
        "compression_with_biases": with_biases / max(left, 1),
        "macs_dense": macs,
        "macs_compact": compact,
        "macs_sparse": sparse,
        "flops_dense": 2 * macs,
        "flops_compact": 2 * compact,
        "flops_sparse": 2 * sparse,
        "hidden": hidden,
        "hidden_left": alive,
        "neurons_removed": hidden - alive,
    }


def input_pattern(weight: np.ndarray | None, shape: tuple[int, ...]) -> dict[str, Any]:
    """Outputs of the first layer that read each place of its input.

    A place is a feature for a fully connected layer, and a channel and a tap of the filter
    for a convolution. `weight` is None when nothing of the layer is left; `shape` is that
    of the dense weight, [out, in, ...].
    """
    counts = np.zeros(shape[1:], np.int64)
    if weight is not None:
        counts = np.count_nonzero(weight, axis=0)
    return {"shape": list(counts.shape), "counts": counts.reshape(-1).tolist()}


def kernel_rows(remarks: Sequence[Remark]) -> list[dict[str, str]]:
    """Layer, kernel and reason of each remark of kernel selection."""
    rows = []
    for remark in remarks:
        arguments = remark["arguments"]
        if "Kernel" not in arguments:
            continue
        kernel = arguments["Kernel"]
        rows.append(
            {
                "layer": arguments["Layer"].removesuffix(".weight"),
                "kernel": kernel,
                "reason": arguments["Remark"].removeprefix(f"{kernel} kernel: "),
            }
        )
    return rows
