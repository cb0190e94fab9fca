# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Is the chosen kernel the fastest? Sums up what ``prune-bench-choices`` measured.

Prints, for products and convolutions, how often the chosen kernel was slower than the
dense one and how much in the worst case, how often it was the fastest, how its time
compares with that of the fastest, and by how much predictions were off.

usage: kernel_choices.py FILE.jsonl ... [--worst N]
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from pathlib import Path
from typing import Any

MARGIN = 1.05
"""A choice is slower than the dense kernel from here on; less is noise of a timing."""


def read(paths: list[Path]) -> list[dict[str, Any]]:
    """The layers of all files, each once."""
    layers = {}
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            layer = json.loads(line)
            layers[layer["layer"]] = layer
    return list(layers.values())


def slowdown(layer: dict[str, Any]) -> float:
    """Time of the chosen kernel over that of the dense one."""
    return layer["us"][layer["chosen"]] / layer["us"]["dense"]


def loss(layer: dict[str, Any]) -> float:
    """Time of the chosen kernel over that of the fastest."""
    return layer["us"][layer["chosen"]] / min(layer["us"].values())


def mean(values: list[float]) -> float:
    """Geometric mean."""
    return math.exp(statistics.fmean(map(math.log, values)))


def summarize(name: str, layers: list[dict[str, Any]]) -> str:
    """One row of the table."""
    slow = [slowdown(layer) for layer in layers]
    lost = [loss(layer) for layer in layers]
    off = [
        abs(layer["predicted_us"][kind] / time - 1)
        for layer in layers
        for kind, time in layer["us"].items()
    ]
    best = sum(value <= 1.0 for value in lost) / len(layers)
    return (
        f"| {name} | {len(layers)} | {sum(s > MARGIN for s in slow) / len(layers):.1%} "
        f"| {max(slow):.2f}x | {best:.0%} | {mean(lost):.3f} | {max(lost):.2f} "
        f"| {1 / mean(slow):.2f}x | {statistics.median(off):.0%} |"
    )


def describe(layer: dict[str, Any]) -> str:
    """One layer in a line."""
    s = layer["shape"]
    what = "product" if s["product"] else f"{s['kernel']}x{s['kernel']}/{s['stride']} n={s['n']}"
    times = ", ".join(
        f"{kind} {time:.3g} ({layer['predicted_us'][kind]:.3g})"
        for kind, time in layer["us"].items()
    )
    return (
        f"{layer['layer']:5} {what:12} {layer['rows']}x{layer['inner']}x{layer['columns']} "
        f"{layer['zeros']:.0%}: {layer['chosen']}; µs measured (predicted): {times}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--worst", type=int, default=0, help="layers to list, worst first")
    arguments = parser.parse_args()
    layers = read(arguments.files)
    print(
        "| layers | number | slower than dense by 5 % | worst | fastest chosen | over the fastest, "
        "mean | worst | faster than dense, mean | prediction off, median |\n" + "|---" * 9 + "|"
    )
    products = [layer for layer in layers if layer["shape"]["product"]]
    convolutions = [layer for layer in layers if not layer["shape"]["product"]]
    for name, part in (("products", products), ("convolutions", convolutions), ("all", layers)):
        if part:
            print(summarize(name, part))
    for layer in sorted(layers, key=slowdown, reverse=True)[: arguments.worst]:
        print(describe(layer))
    for layer in sorted(layers, key=loss, reverse=True)[: arguments.worst]:
        print(describe(layer))


if __name__ == "__main__":
    main()
