# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tables of finished runs in Markdown: one row per network and method, over its seeds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import files
from ..errors import InputError
from ..render import rows_text
from ..run_report import LAYER, SCORES, TOTALS
from ..structure import NATURAL, POSITIVE, Least, check_tree
from .result import FILE, error

Result = dict[str, Any]

_COLUMNS = (
    "network", "method", "dense is", "dense error (%)", "pruned error (%)", "change (points)",
    "weights left", "compression", "per layer (%)", "neurons left", "MACs (%)",
    "non-zero MACs (%)", "epochs", "seeds", "time (s)", "command",
)  # fmt: skip


_RESULT = {
    "method": str,
    "network": str,
    "dataset": str,
    "seed": int,
    "dense": {"text": str},
    "test": SCORES,
    "layers": [LAYER, LAYER],
    "totals": TOTALS,
    "epochs": NATURAL,
    "seconds": Least(float, 0),
    "command": str,
}


def read_results(folders: Iterable[str | os.PathLike[str]]) -> list[Result]:
    """Results of finished runs; folders without one are an error."""
    results = []
    for folder in folders:
        path = Path(folder)
        if not path.is_dir():
            continue  # a pattern over runs/ meets figures and tables too
        if not (path / FILE).is_file() and (path / "report.json").is_file():
            raise InputError(
                f"{path}: is of prune compress or demo, whose report is a table: prune report {path}"
            )
        if not (path / FILE).is_file():
            raise InputError(f"{path}: the run is not finished, {FILE} is missing")
        result = files.read_json(path / FILE)
        check_tree(result, _RESULT, str(path / FILE))
        check_tree(result.get("positions", 1), POSITIVE, f"{path / FILE}: positions")
        results.append(result)
    if not results:
        raise InputError("no run folder was given")
    return results


def grouped(results: Iterable[Result]) -> dict[tuple[str, str, str], list[Result]]:
    """Runs by data set, network and method, in the order in which they come."""
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        key = (result["dataset"], result["network"], result["method"] or "-")
        groups.setdefault(key, []).append(result)
    return groups


def table_text(results: Sequence[Result]) -> str:
    """A Markdown table; means over seeds, ± is the sample standard deviation."""
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|" + "---|" * len(_COLUMNS)]
    for (_, network, method), runs in grouped(results).items():
        lines.append("| " + " | ".join([network, method, *_row(runs)]) + " |")
    return "\n".join(lines) + "\n"


def _row(runs: list[Result]) -> list[str]:
    dense = [error(run["test"]["dense"]) for run in runs]
    pruned = [error(run["test"]["pruned"]) for run in runs]
    totals = [run["totals"] for run in runs]
    return [
        runs[0]["dense"]["text"],
        spread(dense, 2),
        spread(pruned, 2),
        spread([p - d for p, d in zip(pruned, dense, strict=True)], 2, sign=True),
        spread([t["nonzeros"] for t in totals], 0),
        spread([t["compression"] for t in totals], 1) + "x",
        " / ".join(_shares(runs)),
        " - ".join(_neurons(runs)),
        spread([100.0 * t["macs_compact"] / t["macs_dense"] for t in totals], 2),
        spread([100.0 * t["macs_sparse"] / t["macs_dense"] for t in totals], 2),
        spread([run["epochs"] for run in runs], 0),
        ", ".join(str(run["seed"]) for run in sorted(runs, key=lambda r: r["seed"])),
        spread([run["seconds"] for run in runs], 0),
        f"`{command(runs[0])}`",
    ]


def spread(values: Sequence[float], digits: int, sign: bool = False) -> str:
    """Mean, and ± sample standard deviation where there are several values."""
    mean = float(np.mean(values))
    text = f"{mean:{'+' if sign else ''},.{digits}f}"
    if len(values) > 1:
        text += f" ± {float(np.std(values, ddof=1)):,.{digits}f}"
    return text


def _shares(runs: list[Result]) -> list[str]:
    """Per cent of the weights left of each layer."""
    if len({len(run["layers"]) for run in runs}) > 1:
        raise InputError("runs of one network and method have different numbers of layers")
    layers = range(len(runs[0]["layers"]))
    shares = [
        [100.0 * run["layers"][i]["nonzeros"] / run["layers"][i]["weights"] for run in runs]
        for i in layers
    ]
    return [f"{float(np.mean(share)):.3g}" for share in shares]


def _neurons(runs: list[Result]) -> list[str]:
    """Neurons or filters left of each layer, the first seed's when there are several."""
    layers = runs[0]["layers"]
    inputs = layers[0]["compact_shape"][1:2]
    return [str(extent) for extent in [*inputs, *(row["compact_shape"][0] for row in layers)]]


def command(run: Result) -> str:
    """The command without what is of one run only: folder, resuming, progress."""
    return re.sub(r" --(out|seed|data|reuse) \S+| --(resume|overwrite|quiet)\b", "", run["command"])


def summary(result: Result) -> str:
    """A run in two lines."""
    t, test = result["totals"], result["test"]
    dense, pruned = error(test["dense"]), error(test["pruned"])
    came = f"{error(test['initial']):.2f} % as it came, " if "initial" in test else ""
    return (
        f"test error {came}{dense:.2f} % dense ({result['dense']['text']}), {pruned:.2f} % pruned "
        f"({pruned - dense:+.2f} points) on "
        f"{rows_text(result, test['dense'])}\n"
        f"after elimination {t['nonzeros']:,} of {t['weights']:,} weights left "
        f"({t['compression']:.1f}x), {100.0 * t['macs_compact'] / t['macs_dense']:.2f} % of the MACs, "
        f"{100.0 * t['macs_sparse'] / t['macs_dense']:.2f} % of them non-zero; "
        f"{result['epochs']} epochs in {result['seconds']:.0f} s"
    )
