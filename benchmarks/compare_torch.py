#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Time of one training step here and in PyTorch, measured by turns.

The step: 784-300-100-10, batch 100, SGD with momentum 0.9, Hoyer-Square on the
weights, half of the weights masked. Each engine runs in processes of its own, so
that no two thread pools share one; the processes take turns, and the median
over all turns is reported.

    PYTHONPATH=build/dev/python benchmarks/compare_torch.py --threads 1 2

PyTorch is optional: without it only our step is timed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

WIDTHS = (784, 300, 100, 10)
BATCH = 100
ENGINES = ("prune", "torch-eager", "torch-compile")


def draw() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((BATCH, WIDTHS[0])).astype(np.float32)
    return inputs, rng.integers(0, WIDTHS[-1], BATCH)


def time_prune(threads: int, seconds: float) -> list[float]:
    """Seconds of each call, taken in C++ around the compiled function."""
    from mlir_prune.models import Mlp
    from mlir_prune.native import parse

    mlp = Mlp(WIDTHS)
    module = parse(mlp.text(BATCH))
    module.run(
        "builtin.module(prune-train-pipeline{regularizer=hoyer_square runtime-strength "
        "mask momentum=0.9})"
    )
    step = next(f for f in module.functions() if f.name == "train_step")
    rng = np.random.default_rng(1)
    inputs, labels = draw()
    values: dict[str, object] = dict(mlp.init(rng))
    values.update(input=inputs, labels=labels.astype(np.int32), learning_rate=0.01, strength=1e-4)
    arguments = []
    for argument in step.arguments:
        if argument.name.startswith("mask:"):
            values[argument.name] = rng.random(argument.shape) < 0.5
        elif argument.name.startswith("velocity:"):
            values[argument.name] = np.zeros(argument.shape, np.float32)
        arguments.append(values[argument.name])
    executable = module.compile(threads=threads)
    return list(executable.time("train_step", arguments, 50, seconds))


def time_torch(threads: int, seconds: float, compiled: bool) -> list[float]:
    """Seconds of each call of the idiomatic training loop."""
    import torch
    from torch import nn
    from torch.nn import functional

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(WIDTHS[0], WIDTHS[1]), nn.ReLU(),
        nn.Linear(WIDTHS[1], WIDTHS[2]), nn.ReLU(), nn.Linear(WIDTHS[2], WIDTHS[3]),
    )  # fmt: skip
    weights = [p for p in net.parameters() if p.dim() > 1]
    masks = [(torch.rand_like(p) < 0.5).float() for p in weights]
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)
    inputs, labels = (torch.from_numpy(array) for array in draw())

    def loss_of(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        loss = functional.cross_entropy(net(x), y)
        for p in weights:
            loss = loss + 1e-4 * p.abs().sum() ** 2 / (p * p).sum()
        return loss

    function = torch.compile(loss_of) if compiled else loss_of

    def step() -> None:
        optimizer.zero_grad()
        function(inputs, labels).backward()
        for p, mask in zip(weights, masks, strict=True):
            p.grad.mul_(mask)
        optimizer.step()
        with torch.no_grad():
            for p, mask in zip(weights, masks, strict=True):
                p.mul_(mask)

    return repeat(step, seconds)


def repeat(step: Callable[[], None], seconds: float) -> list[float]:
    for _ in range(5):
        step()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return times


def run_engine(engine: str, threads: int, seconds: float) -> list[float]:
    if engine == "prune":
        return time_prune(threads, seconds)
    return time_torch(threads, seconds, compiled=engine == "torch-compile")


def run_child(engine: str, threads: int, seconds: float) -> float:
    """Median milliseconds, measured in a process of its own."""
    command = [sys.executable, os.path.abspath(__file__), "--child", engine]
    command += ["--threads", str(threads), "--seconds", str(seconds)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{engine} failed:\n{done.stderr}")
    return statistics.median(json.loads(done.stdout.splitlines()[-1])) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=2.0, help="per engine and turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    parser.add_argument("--child", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(run_engine(options.child, options.threads[0], options.seconds)))
        return
    engines = [e for e in ENGINES if e == "prune" or importlib.util.find_spec("torch")]
    for threads in options.threads:
        medians: dict[str, list[float]] = {engine: [] for engine in engines}
        for _ in range(options.turns):
            for engine in engines:
                medians[engine].append(run_child(engine, threads, options.seconds))
        ours = statistics.median(medians["prune"])
        for engine, values in medians.items():
            middle = statistics.median(values)
            row = {"engine": engine, "threads": threads, "ms": middle, "over": middle / ours}
            if options.json:
                print(json.dumps(row), flush=True)
            else:
                print(f"{engine:14} {threads} threads {middle:8.3f} ms {middle / ours:6.2f}x")


if __name__ == "__main__":
    main()
