#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Time and memory of scoring and masking many weights, ranked all together.

The network is a row of products of 4096 by 4096, with values from a seed. The first part
masks so many of them that they have `--weights` weights, in a process of its own, and says
how many bytes of weights a second that is, and the largest memory of the process against
what weights and masks take. The second part does the same and
``torch.nn.utils.prune.global_unstructured`` on `--rival` weights, by turns.

    PYTHONPATH=build/dev/python benchmarks/mask_selection.py --threads 2
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

SIDE = 4096
GIB = 1 << 30


def network(layers: int) -> str:
    """A row of products with weights of ones."""
    kind = f"tensor<{SIDE}x{SIDE}xf32>"
    row = f"tensor<1x{SIDE}xf32>"
    lines, last = [], "%x"
    for i in range(layers):
        param = f'{{prune.param = #prune.param<"w{i}", weight>}}'
        lines.append(f"%w{i} = arith.constant {param} dense<1.0> : {kind}")
        lines.append(f"%{i} = linalg.matmul ins({last}, %w{i} : {row}, {kind}) outs(%o : {row}) -> {row}")
        last = f"%{i}"
    body = "\n".join(lines)
    return f"func.func @forward(%x: {row}, %o: {row}) -> {row} {{\n{body}\nreturn {last} : {row}\n}}"


def values(layers: int) -> Iterator[np.ndarray]:
    """The weights, one after the other, of scales that differ."""
    rng = np.random.default_rng(1)
    for _ in range(layers):
        yield rng.standard_normal((SIDE, SIDE), np.float32) * np.float32(rng.uniform(0.01, 0.1))


def bound(layers: int) -> Any:
    """The network with its weights; only one of them is held twice at a time."""
    from mlir_prune.native import parse

    module = parse(network(layers))
    for i, array in enumerate(values(layers)):
        module.bind({f"w{i}": array})
    return module


def select(module: Any, arguments: argparse.Namespace) -> float:
    """Seconds of scoring and masking."""
    start = time.perf_counter()
    module.run(
        f"builtin.module(prune-score{{granularity={arguments.granularity}}},prune-select-masks"
        f"{{sparsity={arguments.sparsity} scope={arguments.scope} threads={arguments.threads}}})"
    )
    return time.perf_counter() - start


def peak() -> int:
    """The largest memory of this process, in bytes."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure_large(arguments: argparse.Namespace) -> dict[str, float]:
    """One selection, with the memory that it takes."""
    layers = max(arguments.weights // SIDE**2, 1)
    module = bound(layers)
    before = peak()
    seconds = select(module, arguments)
    weights = layers * SIDE**2
    return {
        "weights": weights, "seconds": seconds, "gb_per_s": 4e-9 * weights / seconds,
        "peak": peak(), "peak_before": before,
        "allowed": int(1.15 * 4 * weights) + weights, "relative": (peak() - weights) / (4 * weights),
    }  # fmt: skip


def torch_seconds(arrays: list[np.ndarray], arguments: argparse.Namespace) -> float:
    """Seconds of the same selection in PyTorch."""
    import torch
    from torch.nn.utils import prune

    torch.set_num_threads(arguments.threads)
    layers = [torch.nn.Linear(SIDE, SIDE, bias=False, device="meta") for _ in arrays]
    for layer, array in zip(layers, arrays, strict=True):
        layer.weight = torch.nn.Parameter(torch.from_numpy(array), requires_grad=False)
    start = time.perf_counter()
    prune.global_unstructured(
        [(layer, "weight") for layer in layers],
        pruning_method=prune.L1Unstructured,
        amount=arguments.sparsity,
    )
    return time.perf_counter() - start


def measure_rival(arguments: argparse.Namespace) -> dict[str, float]:
    """Medians of both, by turns."""
    layers = max(arguments.rival // SIDE**2, 1)
    arrays = list(values(layers))
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        ours.append(select(bound(layers), arguments))
        theirs.append(torch_seconds(arrays, arguments))
    here, there = statistics.median(ours), statistics.median(theirs)
    return {"weights": layers * SIDE**2, "here": here, "torch": there, "ratio": there / here}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=int, default=60 * SIDE**2, help="of the first part")
    parser.add_argument("--rival", type=int, default=4 * SIDE**2, help="weights of the second part")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sparsity", type=float, default=0.9)
    parser.add_argument("--scope", default="global")
    parser.add_argument("--granularity", default="unstructured")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--part", choices=("large", "rival"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        measure = measure_large if arguments.part == "large" else measure_rival
        print(json.dumps(measure(arguments)))
        return
    for part in ("large", "rival"):
        found = json.loads(subprocess.check_output([sys.executable, *sys.argv, "--part", part]))
        if part == "large":
            print(
                f"{found['weights']:,} weights: {found['seconds']:.2f} s, {found['gb_per_s']:.2f} GB/s; "
                f"largest memory {found['peak'] / GIB:.2f} GiB, without the masks "
                f"{found['relative']:.3f} times the weights"
            )
        else:
            print(
                f"{found['weights']:,} weights: {found['here']:.3f} s here, {found['torch']:.3f} s in "
                f"PyTorch, {found['ratio']:.1f} times as long"
            )


if __name__ == "__main__":
    main()
