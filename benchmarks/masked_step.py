#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Time of a training step with masks against one with compressed weights, alternating.

Both steps have the same fixed masks at random places. The first keeps dense weights
and masks them in the update (``prune-mask-gradients``); the second trains the values
that are kept (``prune-compress-parameters``), of each matrix and each convolution with
enough zeros. Each pair of steps runs in one process, in short turns, and the medians of
all calls are reported.

    PYTHONPATH=build/dev/python benchmarks/masked_step.py --threads 1 2
"""

from __future__ import annotations

import argparse
import json
import statistics
from typing import Any

import numpy as np
from compare_torch import build_network

NETWORKS = ("lenet300", "lenet5", "lenet5-6-16-120", "resnet20")
SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
OPTIMIZERS = {"momentum": "momentum=0.9", "adam": "optimizer=adam"}
BATCH = 100


def make_network(name: str) -> Any:
    """A network of compare_torch.py, or LeNet-5 of few channels."""
    from mlir_prune import models

    return models.LeNet5(widths=(6, 16, 120)) if name == NETWORKS[2] else build_network(name)


class Step:
    """A compiled training step with its arguments."""

    def __init__(self, network: Any, options: str, masks: dict[str, Any], threads: int) -> None:
        from mlir_prune.native import parse

        module = parse(network.text(BATCH))
        module.mask(masks)
        norms = "prune-train-batch-norms," if "norm" in str(module) else ""
        module.run(
            f"builtin.module(prune-train-pipeline{{stop-after=loss}},{norms}"
            f"prune-train-pipeline{{forward= {options}}})"
        )
        step = next(f for f in module.functions() if f.name == "train_step")
        values = network.init(np.random.default_rng(1))
        rng = np.random.default_rng(2)
        self.compressed = 0
        self.arguments = []
        for argument in step.arguments:
            name, shape = argument.name, tuple(argument.shape)
            if name in values:
                value = np.ascontiguousarray(values[name], np.float32)
                if name in masks:
                    value *= masks[name]
                if value.shape != shape:
                    value, self.compressed = value[masks[name]], self.compressed + 1
            elif name.startswith("mask:"):
                value = masks[name.removeprefix("mask:")].copy()
            elif name == "input":
                value = rng.standard_normal(shape).astype(np.float32)
            elif name == "labels":
                value = rng.integers(0, 10, shape).astype(np.int32)
            elif name == "learning_rate":
                value = 1e-3
            else:
                value = np.zeros(shape, argument.dtype)
            self.arguments.append(value)
        self.executable = module.compile(threads=threads)

    def time(self, seconds: float) -> list[float]:
        """Seconds of each call, taken in C++ around the compiled function."""
        return list(self.executable.time("train_step", self.arguments, 10, seconds))


def compare(name: str, optimizer: str, zeros: float, threads: int, options: Any) -> None:
    """Prints the medians of both steps at one share of zeros."""
    network = make_network(name)
    rng = np.random.default_rng(3)
    masks = {w: rng.random(network.shapes()[w]) >= zeros for w in network.weights()}
    common = OPTIMIZERS[optimizer]
    if options.penalty:
        common += f" regularizer={options.penalty} strength=1e-4"
    steps = {
        "masked": Step(network, f"{common} mask", masks, threads),
        "compressed": Step(network, f"{common} mask compress compress-min-zeros=0", masks, threads),
    }
    times: dict[str, list[float]] = {engine: [] for engine in steps}
    for _ in range(options.turns):
        for engine, step in steps.items():
            times[engine] += step.time(options.seconds)
    medians = {engine: statistics.median(calls) * 1e3 for engine, calls in times.items()}
    row = {
        "network": name, "optimizer": optimizer, "threads": threads, "zeros": zeros,
        "compressed_weights": steps["compressed"].compressed, **medians,
        "ratio": medians["masked"] / medians["compressed"],
    }  # fmt: skip
    if options.json:
        print(json.dumps(row), flush=True)
    else:
        print(
            f"{name:15} {optimizer:9} {threads} threads {zeros * 100:5.1f} % zeros "
            f"masked {medians['masked']:7.3f} ms  compressed {medians['compressed']:7.3f} ms "
            f"{row['ratio']:6.2f}x",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=NETWORKS[:2], choices=NETWORKS)
    parser.add_argument("--optimizers", nargs="+", default=list(OPTIMIZERS), choices=OPTIMIZERS)
    parser.add_argument("--zeros", type=float, nargs="+", default=SHARES)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--penalty", default="", help="regularizer of prune-train-pipeline")
    parser.add_argument("--seconds", type=float, default=0.15, help="per step and round")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    options = parser.parse_args()
    for name in options.networks:
        for optimizer in options.optimizers:
            for threads in options.threads:
                for zeros in options.zeros:
                    compare(name, optimizer, zeros, threads, options)


if __name__ == "__main__":
    main()
