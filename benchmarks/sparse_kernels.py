# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sparse kernels against dense ones and other libraries: runs ``prune-bench-kernels``.

Each layer is measured in a process of its own. MLIR's sparsifier takes part where
``mlir-opt``, ``mlir-translate`` and ``clang`` are found. Prints two tables in Markdown: how
many times faster than oneDNN's dense kernel the chosen kernel is, as geometric means, and
each kernel on each layer. --json keeps the numbers, --read prints tables of kept ones.

With --trained the weights of a layer are the first array of a checkpoint (``.npz``) that has
its shape, and the smallest of them, or blocks of the smallest sums, are zero instead of random
ones. Layers without such an array are left out.

usage: sparse_kernels.py [--threads 1 2] [--only REGEX] [--zeros 50 90] [--blocks 1 4]
                         [--trained FILE.npz ...] [--json FILE] [--read FILE ...]
                         [--plot FILE.png]
"""

from __future__ import annotations

import argparse
import json
import math
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy
from markdown_table import head, row

FOLDER = Path(__file__).resolve().parent
PROGRAM = FOLDER.parent / "build/dev/bin/prune-bench-kernels"

MANY_COLUMNS = [
    "256x64x3136",
    "512x128x784",
    "1024x256x196",
    "512x2048x49",
    "3072x768x128",
    "768x3072x128",
]
"""Layers of networks with 49 columns or more."""

GROUPS = {
    "six products, N ≥ 49": MANY_COLUMNS,
    "1024x1024x16": ["1024x1024x16"],
    "4096x4096x1": ["4096x4096x1"],
    "3x3 of ResNet-50": "rn50-.*",
    "3x3 of ResNet-20": "rn20-.*",
    "512x784x64": ["512x784x64"],
}

Line = dict[str, Any]


def find_tool(name: str) -> str | None:
    """Path of a tool of LLVM 22."""
    return shutil.which(f"{name}-22") or shutil.which(name)


def compile_sparsifier(layer: str, folder: Path) -> Path | None:
    """The library of MLIR's loops for a product; None where it cannot be made."""
    product = re.fullmatch(r"(\d+)x(\d+)x\d+", layer)
    tools = [find_tool(name) for name in ("mlir-opt", "mlir-translate", "clang")]
    if not product or None in tools:
        return None
    opt, translate, clang = map(str, tools)
    text = (FOLDER / "spmm.mlir").read_text(encoding="utf-8")
    source = folder / "spmm.mlir"
    source.write_text(text.replace("ROWS", product[1]).replace("INNER", product[2]))
    options = "vl=16 enable-index-optimizations enable-runtime-library=false"
    llvm, library = folder / "spmm.ll", folder / "spmm.so"
    lowered = folder / "lowered.mlir"
    for command in (
        [opt, f"--sparsifier={options}", source, "-o", lowered],
        [translate, "--mlir-to-llvmir", lowered, "-o", llvm],
        [clang, "-w", "-O3", "-march=native", "-shared", "-fPIC", llvm, "-o", library],
    ):
        if subprocess.run(command, check=False).returncode != 0:
            print(f"{layer}: without MLIR's loops", file=sys.stderr)
            return None
    return library


def get_weight_shape(layer: str) -> tuple[int, ...]:
    """[rows, inner] of a product, [f, c, 3, 3] of a convolution."""
    if product := re.fullmatch(r"(\d+)x(\d+)x\d+", layer):
        return int(product[1]), int(product[2])
    channels = int(layer.split("-")[2])
    return channels, channels, 3, 3


def write_trained(layer: str, checkpoints: list[Path], folder: Path) -> Path | None:
    """The floats of the first array that has the shape of a layer's weights."""
    for path in checkpoints:
        with numpy.load(path) as arrays:
            for name in arrays.files:
                if arrays[name].shape == get_weight_shape(layer):
                    arrays[name].astype("<f4").tofile(folder / "trained")
                    return folder / "trained"
    return None


def run(arguments: argparse.Namespace) -> list[Line]:
    """Measures all layers."""
    program = [str(arguments.program)]
    names = subprocess.run(program + ["--list"], check=True, capture_output=True, text=True)
    lines = []
    for layer in names.stdout.split():
        if not re.search(arguments.only, layer):
            continue
        for threads in arguments.threads:
            command = program + [f"--only=^{layer}$", f"--call-threads={threads}"]
            command.append(f"--seconds={arguments.seconds}")
            if arguments.zeros:
                command.append("--zeros=" + ",".join(map(str, arguments.zeros)))
            if arguments.blocks:
                command.append("--blocks=" + ",".join(map(str, arguments.blocks)))
            with tempfile.TemporaryDirectory() as folder:
                if arguments.trained:
                    trained = write_trained(layer, arguments.trained, Path(folder))
                    if not trained:
                        continue
                    command.append(f"--trained={trained}")
                library = compile_sparsifier(layer, Path(folder))
                if library:
                    command.append(f"--sparsifier={library}")
                found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            lines += map(json.loads, found.stdout.splitlines())
    return lines


def mean(values: Iterable[float]) -> float:
    """Geometric mean."""
    return math.exp(statistics.fmean(map(math.log, values)))


def dense(line: Line) -> float:
    """Time of the faster one of oneDNN's dense kernels."""
    return min(time for name, time in line["us"].items() if name.startswith("dense"))


def gain(line: Line, kernel: str = "") -> float | None:
    """Times that a kernel, else the chosen one, is faster than the dense one."""
    kernel = kernel or line["chosen"]
    time = dense(line) if kernel == "dense" else line["us"].get(kernel)
    return dense(line) / time if time else None


def is_in(layer: str, group: list[str] | str) -> bool:
    """Whether a layer belongs to a group: a list of names or a pattern."""
    return layer in group if isinstance(group, list) else bool(re.fullmatch(group, layer))


def name_mask(line: Line) -> str:
    """How weights are zero together."""
    mask = "fine" if line["block"] == 1 else f"{line['block']}x1"
    return f"{mask}, trained" if line.get("weights") == "trained" else mask


def print_means(lines: list[Line]) -> None:
    """The gains of the chosen kernel, by group, mask, threads and caches."""
    zeros = sorted({line["zeros"] for line in lines})
    print(head(["layers", "mask", "threads", "caches"] + [f"{share} %" for share in zeros]))
    keys = sorted({(name_mask(line), line["threads"], line["cache"]) for line in lines})
    for name, group in GROUPS.items():
        for mask, threads, cache in keys:
            cells = []
            for share in zeros:
                gains = [
                    value
                    for line in lines
                    if (name_mask(line), line["threads"], line["cache"]) == (mask, threads, cache)
                    and line["zeros"] == share
                    and is_in(line["layer"], group)
                    and (value := gain(line))
                ]
                cells.append(f"{mean(gains):.2f}" if gains else "")
            if any(cells):
                print(row([name, mask, threads, cache, *cells]))


def print_layers(lines: list[Line]) -> None:
    """Every kernel on every layer."""
    kernels = sorted({name for line in lines for name in line["us"]} - {"dense_rows"})
    kernels = [name for name in kernels if name != "dense_columns"]
    columns = ["layer", "mask", "zeros", "threads", "caches", "dense, µs", *kernels, "chosen"]
    print(head(columns))
    for line in lines:
        gains = [gain(line, kernel) for kernel in kernels]
        cells = (
            [line["layer"], name_mask(line), f"{line['zeros']} %", line["threads"]]
            + [line["cache"], f"{dense(line):.4g}"]
            + [f"{value:.2f}" if value else "" for value in gains]
            + [line["chosen"]]
        )
        print(row(cells))


def plot(lines: list[Line], path: Path) -> None:
    """The cold gains of the six products over the share of zeros, one line for each kernel."""
    import matplotlib  # noqa: PLC0415 (optional)

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    chosen = [line for line in lines if line["cache"] == "cold" and line["layer"] in MANY_COLUMNS]
    chosen = [line for line in chosen if line["threads"] == chosen[0]["threads"]]
    figure, axes = pyplot.subplots()
    for mask in sorted({name_mask(line) for line in chosen}):
        for kernel in sorted({name for line in chosen for name in line["us"]}):
            points: dict[int, list[float]] = {}
            for line in chosen:
                if name_mask(line) == mask and (value := gain(line, kernel)):
                    points.setdefault(line["zeros"], []).append(value)
            shares = sorted(points)
            label = f"{kernel}, {mask}"
            axes.plot(shares, [mean(points[share]) for share in shares], label=label)
    axes.set(xlabel="zeros, %", ylabel="times faster than dense", yscale="log")
    axes.legend(fontsize="x-small")
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--program", type=Path, default=PROGRAM)
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--only", default="", help="layers whose names match")
    parser.add_argument("--zeros", type=int, nargs="+", help="in percent")
    parser.add_argument("--blocks", type=int, nargs="+", help="rows that are zero together")
    parser.add_argument("--trained", type=Path, nargs="+", help="checkpoints of weights")
    parser.add_argument("--seconds", type=float, default=0.1, help="for each measurement")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--read", type=Path, nargs="+")
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    if arguments.read:
        texts = [path.read_text(encoding="utf-8") for path in arguments.read]
        lines = [json.loads(line) for text in texts for line in text.splitlines()]
    else:
        lines = run(arguments)
    if arguments.json:
        text = "".join(json.dumps(line) + "\n" for line in lines)
        arguments.json.write_text(text, encoding="utf-8")
    print_means(lines)
    print()
    print_layers(lines)
    if arguments.plot:
        plot(lines, arguments.plot)


if __name__ == "__main__":
    main()
