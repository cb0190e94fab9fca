# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The report of a compression as plain data, ready for JSON.

Conventions: compression counts weights only, and with biases beside it. One
MAC is one multiplication with its addition, per row of the batch; FLOPs are
two per MAC. Activations and bias additions are not counted. Accuracies are in
per cent, on the test part, which no choice used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import networks
from .bench import Timing
from .data import Dataset
from .recipe import Recipe, stage_names
from .recipe.parse import to_tree
from .recipe.reference import reference_text
from .recipe.schema import Prune
from .shrink import TOLERANCE, Forms, Remark

if TYPE_CHECKING:
    from .training.result import Outcome


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
        "title": networks.model_title(recipe.model, recipe.dataset),
        "recipe": to_tree(recipe),
        "rows": {"train": len(data.train), "validation": len(data.validation)},
        "dense": {"stage": found.reference, "text": reference_text(recipe)},
        "test": scores["test"],
        "validation": scores["validation"],
        "choice": choice(recipe, found),
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
    """Per layer: shape [out, in, ...], non-zeros and MACs, before and after removal.

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
                "macs_shrunk": uses * int(kept.size),
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
    macs, shrunk, sparse = total("macs"), total("macs_shrunk"), total("macs_sparse")
    return {
        "weights": weights,
        "pruned_nonzeros": total("pruned_nonzeros"),
        "nonzeros": nonzeros,
        "compression": weights / max(nonzeros, 1),
        "parameters": with_biases,
        "parameters_left": left,
        "compression_with_biases": with_biases / max(left, 1),
        "macs_dense": macs,
        "macs_shrunk": shrunk,
        "macs_sparse": sparse,
        "flops_dense": 2 * macs,
        "flops_shrunk": 2 * shrunk,
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
