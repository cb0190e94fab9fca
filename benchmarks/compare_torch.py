#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Time of one training step here and in PyTorch, measured alternating.

The networks: 784-300-100-10 and LeNet-5-Caffe with batches of 100, ResNet-20 with
batches of 128. The step: SGD with momentum 0.9, Hoyer-Square on the weights, half
of the weights masked. Each engine runs in processes of its own, so that no two
thread pools share one; the processes alternate, and the median over all turns
is reported.

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
from typing import Any

import numpy as np

SHAPES = {
    "lenet300": (100, 1, 28, 28),
    "lenet5": (100, 1, 28, 28),
    "resnet20": (128, 3, 32, 32),
}
ENGINES = ("prune", "torch-eager", "torch-compile")


def draw(name: str) -> tuple[np.ndarray, np.ndarray]:
    """A batch of random images and labels."""
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal(SHAPES[name]).astype(np.float32)
    return inputs, rng.integers(0, 10, len(inputs))


def build_network(name: str) -> Any:
    """The network as a builder of this package."""
    from mlir_prune import models

    if name == "lenet5":
        return models.lenet5_caffe(relu=False)
    if name == "resnet20":
        return models.resnet20()
    return models.Mlp((784, 300, 100, 10))


def build_step(name: str, zeros: float = 0.5) -> tuple[Any, list[Any]]:
    """A module with ``@train_step``, and the arguments of that function."""
    from mlir_prune.native import parse

    network = build_network(name)
    inputs, labels = draw(name)
    module = parse(network.text(len(inputs)))
    norms = "prune-train-batch-norms," if name == "resnet20" else ""
    module.run(
        "builtin.module(prune-train-pipeline{stop-after=loss},"
        + norms
        + "prune-train-pipeline{forward= regularizer=hoyer_square runtime-strength "
        "mask momentum=0.9})"
    )
    step = next(f for f in module.functions() if f.name == "train_step")
    rng = np.random.default_rng(1)
    values: dict[str, Any] = dict(network.init(rng))
    values.update(labels=labels.astype(np.int32), learning_rate=0.01, strength=1e-4)
    arguments = []
    for argument in step.arguments:
        if argument.name == "input":
            values["input"] = inputs.reshape(argument.shape)
        elif argument.name.startswith("mask:"):
            values[argument.name] = rng.random(argument.shape) >= zeros
        elif argument.name not in values:
            values[argument.name] = np.zeros(argument.shape, argument.dtype)
        arguments.append(values[argument.name])
    return module, arguments


def time_prune(name: str, threads: int, seconds: float, zeros: float = 0.5) -> list[float]:
    """Seconds of each call, taken in C++ around the compiled function."""
    module, arguments = build_step(name, zeros)
    executable = module.compile(threads=threads)
    return list(executable.time("train_step", arguments, 20, seconds))


def time_torch(name: str, threads: int, seconds: float, compiled: bool) -> list[float]:
    """Seconds of each call of the idiomatic training loop."""
    import torch
    from torch.nn import functional
    from torch_networks import build

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = build(name)
    weights = [p for p in net.parameters() if p.dim() > 1]
    masks = [(torch.rand_like(p) < 0.5).float() for p in weights]
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)
    inputs, labels = (torch.from_numpy(array) for array in draw(name))

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


def run_engine(engine: str, name: str, threads: int, seconds: float) -> list[float]:
    """Seconds of each step of one engine."""
    if engine == "prune":
        return time_prune(name, threads, seconds)
    return time_torch(name, threads, seconds, compiled=engine == "torch-compile")


def run_child(engine: str, name: str, threads: int, seconds: float) -> float:
    """Median milliseconds, measured in a process of its own."""
    command = [sys.executable, os.path.abspath(__file__), "--child", engine, "--networks", name]
    command += ["--threads", str(threads), "--seconds", str(seconds)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{engine} failed:\n{done.stderr}")
    return statistics.median(json.loads(done.stdout.splitlines()[-1])) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=list(SHAPES), choices=list(SHAPES))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=2.0, help="per engine and round")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    parser.add_argument("--child", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        times = run_engine(options.child, options.networks[0], options.threads[0], options.seconds)
        print(json.dumps(times))
        return
    for name in options.networks:
        for threads in options.threads:
            compare(name, threads, options)


def compare(name: str, threads: int, options: argparse.Namespace) -> None:
    """Prints the medians of all engines for one network and number of threads."""
    engines = [e for e in ENGINES if e == "prune" or importlib.util.find_spec("torch")]
    medians: dict[str, list[float]] = {engine: [] for engine in engines}
    for _ in range(options.turns):
        for engine in engines:
            medians[engine].append(run_child(engine, name, threads, options.seconds))
    ours = statistics.median(medians["prune"])
    for engine, values in medians.items():
        middle = statistics.median(values)
        if options.json:
            row = {"network": name, "engine": engine, "threads": threads, "ms": middle}
            print(json.dumps(row | {"over": middle / ours}), flush=True)
        else:
            print(
                f"{name:9} {engine:14} {threads} threads {middle:8.3f} ms {middle / ours:6.2f}x",
                flush=True,
            )


if __name__ == "__main__":
    main()
