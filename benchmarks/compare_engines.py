# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks in ONNX files, here and in ONNX Runtime, alternating in one process.

Prints the median time of a run of each engine and their ratio, after comparing their
results. ONNX Runtime does not use zeros, so a pruned file takes it as long as the dense
one. --json keeps the numbers.

usage: compare_engines.py [--threads N] [--seconds S] [--json FILE] NET.onnx ...
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from markdown_table import head, row
from network_engines import (
    TOLERANCE,
    Run,
    difference,
    load_prune,
    onnxruntime_session,
    processor_name,
)


def make_input(session: Any) -> tuple[str, np.ndarray]:
    """A random value for the only input of a network."""
    (value,) = session.get_inputs()
    return value.name, np.random.default_rng(0).standard_normal(value.shape).astype(np.float32)


def load_theirs(path: Path, threads: int) -> tuple[Run, np.ndarray]:
    """ONNX Runtime on a file, and the input that both engines get."""
    session = onnxruntime_session(path, threads)
    name, x = make_input(session)
    return lambda: session.run(None, {name: x})[0], x


def measure(runs: list[Run], seconds: float) -> list[float]:
    """Median milliseconds of each, taken in turns."""
    times: list[list[float]] = [[] for _ in runs]
    end = time.perf_counter() + seconds
    while len(times[0]) < 5 or time.perf_counter() < end:
        for run, taken in zip(runs, times, strict=True):
            start = time.perf_counter()
            run()
            taken.append(1e3 * (time.perf_counter() - start))
    return [statistics.median(taken) for taken in times]


def compare(path: Path, threads: int, seconds: float) -> dict[str, Any]:
    """One network on both engines."""
    theirs, x = load_theirs(path, threads)
    ours = load_prune(path, threads, x)
    error = difference(ours(), theirs())
    if not error < TOLERANCE:
        raise SystemExit(f"{path}: the engines differ by {error:g} of the largest result")
    ours_ms, theirs_ms = measure([ours, theirs], seconds)
    return {"network": path.stem, "threads": threads, "ours_ms": ours_ms,
            "onnxruntime_ms": theirs_ms, "ratio": theirs_ms / ours_ms, "error": error}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("networks", nargs="+", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3.0, help="time for each network")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    print(f"{processor_name()}, {arguments.threads} threads")
    print(head(["network", "here, ms", "ONNX Runtime, ms", "ratio"]))
    lines = []
    for path in arguments.networks:
        line = compare(path, arguments.threads, arguments.seconds)
        lines.append(line)
        milliseconds = [f"{line[engine]:.3g}" for engine in ("ours_ms", "onnxruntime_ms")]
        print(row([line["network"], *milliseconds, f"{line['ratio']:.2f}"]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(lines, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
