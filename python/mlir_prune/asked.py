# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a run was asked for and what it tried on the way, from its notes, for the report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .structure import NATURAL, Least

_SHARE = Least(float, 0.0)

TARGETS = [{
    "stage": str, "resource": str, "requested": Least(float, 1e-12),
    "realised": _SHARE, "dense": Least(float, 1e-12), "ratios": {str: _SHARE},
}]  # fmt: skip

SEARCHES = [{
    "stage": str, "points": float, "chosen": str,
    "tried": [{"key": str, "nonzeros": NATURAL, "macs": NATURAL, "accuracy": float,
               "drop": float, "error": float, "epochs": NATURAL}],
}]  # fmt: skip

SCANS = {str: [{
    "layer": str, "sparsity": _SHARE, "weights_left": NATURAL, "accuracy": float, "drop": float,
    "error": float, "loss": float | None,
}]}  # fmt: skip


def targets(meta: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Budgets of pruning stages: requested, realised right after pruning, of the dense network.

    `ratios` are the sparsities of the weights by name, none where channels left together.
    `resource` is ``weights`` where a sparsity was asked for, whose numbers are weights that
    are left.
    """
    found = []
    for name, note in meta["notes"].items():
        if name.endswith(" target") and isinstance(note, dict) and "requested" in note:
            ratios = note["ratios"] if note["ratios_of"] == "weights" else {}
            numbers = {key: note[key] for key in ("resource", "requested", "realised", "dense")}
            found.append({"stage": name.removesuffix(" target"), **numbers, "ratios": ratios})
    return found


def searches(network: Any, meta: Mapping[str, Any], points: Mapping[str, float]) -> list[Any]:
    """Networks that searches to a tolerance tried, and the one that they kept.

    `network` is the dense one; weights that a search leaves alone count as dense. `points`
    are the tolerances by stage. `chosen` is empty where the dense network stayed.
    """
    sizes = {name: math.prod(network.shapes()[name]) for name in network.weights()}
    uses = {name: macs // sizes[name] for name, macs in network.macs().items()}
    found = []
    for stage, told in meta.get("searches", {}).items():
        tried = []
        for key, result in told["seen"].items():
            left = {**sizes, **result["layers"]}
            tried.append({
                "key": key, "nonzeros": sum(left.values()),
                "macs": sum(uses[name] * count for name, count in left.items() if name in uses),
                **{part: result[part] for part in ("accuracy", "drop", "error", "epochs")},
            })  # fmt: skip
        found.append({"stage": stage, "points": points[stage], "chosen": told.get("chosen", ""),
                      "tried": tried})  # fmt: skip
    return found


def scans(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Sensitivity scans of pruning stages: rows by stage, as those of `prune sensitivity`."""
    return {
        name.removesuffix(" scan"): [
            {**row, "loss": row["loss"] if math.isfinite(row["loss"]) else None} for row in rows
        ]
        for name, rows in meta["notes"].items()
        if name.endswith(" scan") and isinstance(rows, list)
    }
