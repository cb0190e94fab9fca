#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Encoder blocks of ViT and BERT, here and in PyTorch, by turns in one process.

A block is layer norm, attention and two linear layers with GELU between them: that of ViT-S/16
(384 values in 6 heads, 197 positions, norms first) and that of BERT base (768 in 12 heads, 128
positions, norms last). Weights are random. Prints the median milliseconds of a call by each
engine, after comparing the results.

    PYTHONPATH=build/dev/python OMP_NUM_THREADS=1 .venv/bin/python benchmarks/attention.py
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from mlir_prune import from_torch

# Values of a position, heads, positions, values in the middle, norms first.
BLOCKS = {"vit-s": (384, 6, 197, 1536, True), "bert-base": (768, 12, 128, 3072, False)}


class Block(nn.Module):
    """An encoder block: x of shape (batch, positions, width) to the same."""

    def __init__(self, width: int, heads: int, middle: int, norms_first: bool) -> None:
        super().__init__()
        self.heads, self.norms_first = heads, norms_first
        self.joint, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, middle), nn.Linear(middle, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def attend(self, x: torch.Tensor) -> torch.Tensor:
        batch, positions, width = x.shape
        shape = (batch, positions, 3, self.heads, width // self.heads)
        q, k, v = self.joint(x).reshape(shape).permute(2, 0, 3, 1, 4).unbind(0)
        y = functional.scaled_dot_product_attention(q, k, v)
        return self.out(y.transpose(1, 2).reshape(batch, positions, width))

    def forward(self, x: torch.Tensor) -> Any:
        if self.norms_first:
            x = x + self.attend(self.norm1(x))
            return x + self.down(functional.gelu(self.up(self.norm2(x))))
        x = self.norm1(x + self.attend(x))
        return self.norm2(x + self.down(functional.gelu(self.up(x))))


def measure(name: str, batch: int, threads: int, turns: int) -> tuple[float, float]:
    """Median milliseconds of a call here and in PyTorch; an error where results differ."""
    width, heads, positions, middle, norms_first = BLOCKS[name]
    torch.manual_seed(0)
    block = Block(width, heads, middle, norms_first).eval()
    x = torch.randn(batch, positions, width)
    executable = from_torch(block, x, check=False).compile(threads=threads)
    function, given = executable.functions()[0].name, x.numpy()
    with torch.no_grad():
        expected = block(x).numpy()
        (found,) = executable(function, given)
        error = np.abs(found - expected).max() / np.abs(expected).max()
        if error > 1e-5:
            sys.exit(f"{name}: results differ by {error:.1e}")
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(turns):
            for taken, call in zip(
                times, (lambda: executable(function, given), lambda: block(x)), strict=True
            ):
                start = time.perf_counter()
                call()
                taken.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times[0]), statistics.median(times[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--turns", type=int, default=60, help="calls of each engine")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"batch {arguments.batch}, {arguments.threads} thread(s), milliseconds\n")
    print("| block | here | PyTorch | |\n|---|---|---|---|")
    for name in BLOCKS:
        ours, theirs = measure(name, arguments.batch, arguments.threads, arguments.turns)
        print(f"| {name} | {ours:.1f} | {theirs:.1f} | {theirs / ours:.2f}x |", flush=True)


if __name__ == "__main__":
    main()
