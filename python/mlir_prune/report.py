# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The report of a compression as plain data, ready for JSON.

Conventions: compression counts weights only, and with biases beside it. One
MAC is one multiplication with its addition, per row of the batch; FLOPs are
two per MAC. Activations and bias additions are not counted. Accuracies are in
per cent, on the test part, which no choice used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from .bench import Timing
from .data import Dataset
from .models import Mlp
from .recipe import Recipe
from .shrink import TOLERANCE, Forms, Remark
from .stages import Trained
from .train import Score, Values


def build_report(
    recipe: Recipe,
    data: Dataset,
    trained: Trained,
    forms: Forms,
    scores: dict[str, Score],
    timings: Sequence[Timing],
    remarks: dict[int, list[Remark]],
    error: float,
) -> dict[str, Any]:
    """Everything that the table, the text and the picture show."""
    compact = {name: np.asarray(array) for name, array in forms.compact.parameters().items()}
    layers = layer_rows(recipe.mlp(), trained.pruned, compact)
    settings = recipe.to_dict()
    # Those of the file when the network is imported.
    settings["model"]["widths"] = list(recipe.mlp().widths)
    return {
        "dataset": data.name,
        "recipe": settings,
        "rows": {"train": len(data.train), "validation": len(data.validation)},
        "test": {name: asdict(score) for name, score in scores.items()},
        "validation": {
            "dense": asdict(trained.dense_score),
            "pruned": asdict(trained.pruned_score),
        },
        "quality": trained.quality,
        "trials": [asdict(trial) for trial in trained.trials],
        "layers": layers,
        "totals": totals(layers),
        "pattern": input_pattern(trained.masks[recipe.mlp().weights()[0]]),
        "remarks": forms.remarks,
        "kernels": {str(batch): kernel_rows(lines) for batch, lines in remarks.items()},
        "timings": [timing.to_dict() for timing in timings],
        "bytes": {
            "dense": len(forms.dense.to_bytecode()),
            "compact": len(forms.compact.to_bytecode()),
        },
        "reference": {"relative_error": error, "tolerance": TOLERANCE},
        "history": {
            name: {
                "loss": history.losses,
                "validation": [score.accuracy for score in history.scores],
                "kept": history.kept,
            }
            for name, history in trained.histories.items()
        },
    }


def layer_rows(mlp: Mlp, pruned: Values, compact: Values) -> list[dict[str, Any]]:
    """Per layer: shape [out, in] and non-zeros, before and after removal."""
    rows = []
    for weight, bias in mlp.parameters():
        # A layer whose outputs are all constant leaves no parameter behind.
        kept = compact.get(weight, np.zeros((0, 0), np.float32))
        kept_bias = compact.get(bias or "", np.zeros((0,), np.float32))
        rows.append(
            {
                "name": weight.removesuffix(".weight"),
                "shape": list(pruned[weight].shape),
                "weights": int(pruned[weight].size),
                "biases": int(pruned[bias].size) if bias else 0,
                "pruned_nonzeros": int(np.count_nonzero(pruned[weight])),
                "compact_shape": list(kept.shape),
                "compact_weights": int(kept.size),
                "nonzeros": int(np.count_nonzero(kept)),
                "compact_biases": int(kept_bias.size),
            }
        )
    return rows


def totals(layers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Sums over the layers, compression, MACs and neurons."""

    def total(key: str) -> int:
        return sum(row[key] for row in layers)

    weights, nonzeros = total("weights"), total("nonzeros")
    with_biases = weights + total("biases")
    left = nonzeros + total("compact_biases")
    hidden = sum(row["shape"][0] for row in layers[:-1])
    alive = sum(row["compact_shape"][0] for row in layers[:-1])
    return {
        "weights": weights,
        "pruned_nonzeros": total("pruned_nonzeros"),
        "nonzeros": nonzeros,
        "compression": weights / max(nonzeros, 1),
        "parameters": with_biases,
        "parameters_left": left,
        "compression_with_biases": with_biases / max(left, 1),
        "macs_dense": weights,
        "macs_shrunk": total("compact_weights"),
        "macs_sparse": nonzeros,
        "flops_dense": 2 * weights,
        "flops_shrunk": 2 * total("compact_weights"),
        "flops_sparse": 2 * nonzeros,
        "hidden": hidden,
        "hidden_left": alive,
        "neurons_removed": hidden - alive,
    }


def input_pattern(mask: np.ndarray) -> list[int]:
    """Weights that read each input feature, from the mask of the first layer."""
    return [int(n) for n in np.count_nonzero(mask, axis=0)]


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
