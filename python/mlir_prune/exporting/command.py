# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command ``prune export``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .. import files
from ..errors import InputError
from ..native import read_module
from ..recipe import load_recipe
from .onnx_export import to_onnx

_RECIPE = "recipe.yaml"

_MASKED = "masked.mlirbc"


def add_parser(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command with its options."""
    parser = parsers.add_parser("export", help="write a pruned network as the ONNX file it was")
    parser.set_defaults(run=run)
    parser.add_argument(
        "network", help="folder of prune compress, or the masked network as .mlir or .mlirbc"
    )
    parser.add_argument(
        "--source", help="ONNX file that was imported (default: what the run's recipe names)"
    )
    parser.add_argument("-o", "--out", required=True, help=".onnx file to write")
    parser.add_argument(
        "--keep-channels", action="store_true",
        help="leave zeros where they are, and all tensors in their shapes",
    )  # fmt: skip
    parser.add_argument(
        "--no-check", action="store_true", help="do not compare with ONNX Runtime"
    )


def run(arguments: argparse.Namespace) -> None:
    """Writes the file and says what changed."""
    target = Path(arguments.out)
    if target.suffix != ".onnx":
        raise InputError(f"{target}: expected a file that ends in .onnx")
    files.check_writable(target)
    module, source = _network(Path(arguments.network), arguments.source)
    found = to_onnx(
        module, source, target, shrink=not arguments.keep_channels, check=not arguments.no_check
    )
    print(f"{found.changed} tensors have other values, {found.smaller} tensors are smaller")
    if found.error is not None:
        print(f"ONNX Runtime differs from the compiled network by {found.error:.1e}")
    elif not arguments.no_check:
        print("not compared: ONNX Runtime is not installed")
    print(f"written to {found.path}")


def _network(path: Path, source: str | None) -> tuple[Any, str]:
    """The masked network and the file that it came from."""
    if path.is_dir():
        if source is None:
            source = load_recipe(path / _RECIPE).model.file
        path = path / _MASKED
    if path.suffix not in (".mlir", ".mlirbc"):
        raise InputError(f"{path}: expected a run folder, or the masked network as .mlir or .mlirbc")
    module = read_module(path)
    if not source or Path(source).suffix != ".onnx":
        what = f"the recipe names '{source}'" if source else "none is named"
        raise InputError(f"--source: expected the ONNX file that was imported, {what}")
    return module, source
