# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks as shared objects, and C programs that are linked to them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from mlir_prune.models import make
from mlir_prune.native import parse

ROOT = Path(__file__).parents[2]
COMPILER = next((path for name in ("cc", "clang-22", "gcc") if (path := shutil.which(name))), None)

BARE = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
"""An environment in which nothing of this project is found."""

MLP = {"widths": [40, 33, 20, 10]}


def network(name: str, batch: int, zeros: float, **options: Any) -> Any:
    """A network with random values, of which a share is zero."""
    built = make(name, **options)
    generator = np.random.default_rng(5)
    values = built.init(generator)
    for array in values.values():
        if array.ndim > 1:
            array[generator.random(array.shape) < zeros] = 0.0
    module = parse(built.text(batch))
    module.bind(values)
    return module


def sample(module: Any, seed: int) -> np.ndarray:
    shape = module.functions()[0].arguments[0].shape
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def build(folder: Path, source: str | Path, name: str, *libraries: str) -> Path:
    """A C program linked to net.so beside it, and to others."""
    file = folder / f"{name}.c"
    file.write_text(source if isinstance(source, str) else source.read_text(encoding="utf-8"))
    program = folder / name
    assert COMPILER
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-pthread"]
    subprocess.run(
        [COMPILER, *flags, str(file), "-o", str(program), "net.so", *libraries,
         "-Wl,-rpath,$ORIGIN"], check=True, env=BARE, cwd=folder,
    )  # fmt: skip
    return program


def run(program: Path, *arguments: Path) -> str:
    command = [str(program), *map(str, arguments)]
    return subprocess.run(command, check=True, env=BARE, capture_output=True, text=True).stdout


def inspect(*command: str) -> list[str]:
    """What a tool prints, by line."""
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return result.stdout.splitlines()
