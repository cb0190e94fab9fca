# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small networks with several inputs or a result for each position, and their data sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mlir_prune import frontend

nn = torch.nn
Arrays = dict[str, np.ndarray]


class Pair(nn.Module):  # type: ignore[misc]
    """Two inputs of different shapes."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(6, 12), nn.Conv2d(1, 4, 2)
        self.mixed, self.out = nn.Linear(12 + 16, 12), nn.Linear(12, 4)

    def forward(self, left: Any, right: Any) -> Any:
        seen = torch.cat([self.left(left), self.right(right).flatten(1)], 1)
        return self.out(torch.relu(self.mixed(torch.relu(seen))))


class Tagger(nn.Module):  # type: ignore[misc]
    """A class for each token."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(11, 8)
        self.hidden, self.out = nn.Linear(8, 16), nn.Linear(16, 5)

    def forward(self, tokens: Any) -> Any:
        return self.out(torch.relu(self.hidden(self.table(tokens))))


def segmenter() -> Any:
    """A class for each pixel, with a batch normalization."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 3, 1)
    )


class Signal(nn.Module):  # type: ignore[misc]
    """A class for each sample of a signal, in front of the positions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv1d(1, 8, 3, padding=1), nn.Conv1d(8, 3, 1)

    def forward(self, x: Any) -> Any:
        return self.out(torch.relu(self.conv(x)))


def pair_rows(rng: np.random.Generator, rows: int) -> Arrays:
    """Each input knows one bit of the class."""
    first, second = rng.integers(0, 2, (2, rows))
    left = rng.standard_normal((rows, 6)) + (3 * first - 1.5)[:, None]
    right = rng.standard_normal((rows, 1, 3, 3)) + (3 * second - 1.5)[:, None, None, None]
    return {"x/left": left.astype(np.float32), "x/right": right.astype(np.float32),
            "y": 2 * first + second}  # fmt: skip


def segment_rows(rng: np.random.Generator, rows: int) -> Arrays:
    """How many of a pixel and the one to its left are bright."""
    bright = rng.integers(0, 2, (rows, 1, 5, 6))
    noise = 0.1 * rng.standard_normal(bright.shape)
    left = np.pad(bright, ((0, 0), (0, 0), (0, 0), (1, 0)))[..., :-1]
    return {"x": (bright + noise).astype(np.float32), "y": (bright + left)[:, 0]}


def tag_rows(rng: np.random.Generator, rows: int) -> Arrays:
    """The tag of a token depends on the token alone."""
    tokens = rng.integers(0, 11, (rows, 7))
    return {"x": tokens, "y": (3 * tokens + 1) % 5}


def signal_rows(rng: np.random.Generator, rows: int) -> Arrays:
    """How many of a sample and the one before are high."""
    high = rng.integers(0, 2, (rows, 1, 9))
    before = np.pad(high, ((0, 0), (0, 0), (1, 0)))[..., :-1]
    noise = 0.1 * rng.standard_normal(high.shape)
    return {"x": (high + noise).astype(np.float32), "y": (high + before)[:, 0]}


@dataclass(frozen=True)
class Case:
    """A network with an example of its inputs, its rows, and the dimension of its classes."""

    model: Any
    example: Any
    rows: Any
    positions: int
    axis: int
    last: str = "out.*"
    """Pattern of the last layer."""


CASES = {
    "pair": Case(Pair, lambda: (torch.randn(4, 6), torch.randn(4, 1, 3, 3)), pair_rows, 1, 1),
    "segment": Case(segmenter, lambda: torch.randn(4, 1, 5, 6), segment_rows, 30, 1, "3.*"),
    "tag": Case(Tagger, lambda: torch.zeros(4, 7, dtype=torch.long), tag_rows, 7, 2),
    "signal": Case(Signal, lambda: torch.randn(4, 1, 9), signal_rows, 9, 1),
}


def write(folder: Path, name: str, rows: int = 300) -> None:
    """Files ``net.mlir`` and ``data.npz`` of a case."""
    case = CASES[name]
    torch.manual_seed(0)
    module = frontend.from_torch(case.model().eval(), case.example())
    (folder / "net.mlir").write_text(str(module))
    np.savez(folder / "data.npz", **case.rows(np.random.default_rng(1), rows))
