#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What benchmarks/check measures, in a process of one build.

Prints the names of the cases, then reads one name a line and answers with the
seconds that it took. A case is prepared when it is asked for first.

    PYTHONPATH=build/dev/python python3 benchmarks/check_work.py
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from compare_torch import SHAPES, build_step

# The demo's network on the digits: most weights are zero, some units are dead.
WIDTHS = (64, 300, 100, 10)
ZEROS = 0.95
SECONDS = 0.15

# Commits are compared on the same kernels as on any computer.
os.environ["PRUNE_COST_MODEL"] = "builtin"

Measure = Callable[[], float]


def build_inference(batch: int, sparse: bool) -> tuple[Any, list[Any]]:
    """A module with ``@forward`` of the demo's network, and its arguments."""
    from mlir_prune.models import Mlp
    from mlir_prune.native import parse

    rng = np.random.default_rng(0)
    network = Mlp(WIDTHS)
    values = dict(network.init(rng))
    module = parse(network.text(batch))
    if sparse:
        for name in network.weights():
            values[name] = np.where(rng.random(values[name].shape) < ZEROS, 0, values[name])
            values[name] = values[name].astype(np.float32)
    module.bind(values)
    if sparse:
        module.run("builtin.module(prune-eliminate-dead-neurons,prune-select-kernels)")
    return module, [rng.standard_normal((batch, WIDTHS[0])).astype(np.float32)]


def calls(function: str, build: Callable[[], tuple[Any, list[Any]]]) -> Measure:
    """Measures calls of a compiled function, each taken in C++."""
    module, arguments = build()
    executable = module.compile(threads=1)
    executable.time(function, arguments, 3, SECONDS)
    return lambda: statistics.median(executable.time(function, arguments, 3, SECONDS))


def compilation(build: Callable[[], tuple[Any, list[Any]]]) -> Measure:
    """Measures the way from text to machine code, all passes included."""

    def measure() -> float:
        start = time.perf_counter()
        build()[0].compile(threads=1)
        return time.perf_counter() - start

    measure()
    return measure


def make_cases() -> dict[str, Callable[[], Measure]]:
    """All cases by name."""
    cases: dict[str, Callable[[], Measure]] = {}
    for form in ("dense", "sparse"):
        for batch in (1, 64):
            build = partial(build_inference, batch, form == "sparse")
            cases[f"inference {form} batch {batch}"] = partial(calls, "forward", build)
    for name in SHAPES:
        cases[f"step {name}"] = partial(calls, "train_step", partial(build_step, name))
    cases["compile inference"] = partial(compilation, partial(build_inference, 64, True))
    for name in SHAPES:
        cases[f"compile {name}"] = partial(compilation, partial(build_step, name))
    return cases


def main() -> None:
    cases = make_cases()
    print(json.dumps(list(cases)), flush=True)
    prepared = cache(lambda name: cases[name]())
    for line in sys.stdin:
        print(json.dumps(prepared(line.strip())()), flush=True)


if __name__ == "__main__":
    main()
