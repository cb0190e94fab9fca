# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command ``prune export``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import files
from ..errors import InputError
from ..native import read_module
from ..recipe import load_recipe
from .onnx_export import to_onnx
from .plain_export import to_mlir, to_safetensors

_RECIPE = "recipe.yaml"

_MASKED = "masked.mlirbc"


def add_parser(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command with its options."""
    parser = parsers.add_parser("export", help="write a pruned network in a form that others read")
    parser.set_defaults(run=run)
    parser.add_argument(
        "network", help="folder of prune compress, or the masked network as .mlir or .mlirbc"
    )
    parser.add_argument(
        "--source",
        help="file that was imported, .onnx or .pt2 (default: what the run's recipe names)",
    )
    parser.add_argument(
        "-o", "--out", required=True,
        help="file to write: .onnx, .pt (state_dict and masks), .mlir, .mlirbc or .safetensors",
    )  # fmt: skip
    parser.add_argument(
        "--keep-channels", action="store_true",
        help="leave zeros where they are, and all tensors in their shapes",
    )  # fmt: skip
    parser.add_argument(
        "--sparse", action="store_true", help="ONNX: sparse initializers where they are smaller"
    )
    parser.add_argument(
        "--no-check", action="store_true", help="do not compare what is written with the network"
    )


def run(arguments: argparse.Namespace) -> None:
    """Writes the file and says what changed."""
    target = Path(arguments.out)
    if target.suffix not in _WRITERS:
        raise InputError(f"{target}: expected a file that ends in {', '.join(_WRITERS)}")
    files.check_writable(target)
    _WRITERS[target.suffix](arguments, target)
    print(f"written to {target}")


def _onnx(arguments: argparse.Namespace, target: Path) -> None:
    source = _source(arguments, ".onnx")
    found = to_onnx(
        _module(arguments), source, target, shrink=not arguments.keep_channels,
        check=not arguments.no_check, sparse=arguments.sparse,
    )  # fmt: skip
    print(f"{found.changed} tensors have other values, {found.smaller} tensors are smaller")
    if found.error is not None:
        print(f"ONNX Runtime differs from the compiled network by {found.error:.1e}")
    elif not arguments.no_check:
        print("not compared: ONNX Runtime is not installed")


def _torch(arguments: argparse.Namespace, target: Path) -> None:
    from ..importing.torch_import import load
    from .torch_export import write_state

    tensors, masks = write_state(_module(arguments), *load(_source(arguments, ".pt2")), target)
    print(f"{tensors} tensors in full shapes, {masks} of them with a mask")


def _mlir(arguments: argparse.Namespace, target: Path) -> None:
    error = to_mlir(
        _module(arguments), target, shrink=not arguments.keep_channels,
        check=not arguments.no_check,
    )  # fmt: skip
    if error is not None:
        print(f"the module differs from the pruned network by {error:.1e}")


def _safetensors(arguments: argparse.Namespace, target: Path) -> None:
    count = to_safetensors(_module(arguments), target, shrink=not arguments.keep_channels)
    print(f"{count} tensors")


_WRITERS: dict[str, Callable[[argparse.Namespace, Path], None]] = {
    ".onnx": _onnx, ".pt": _torch, ".mlir": _mlir, ".mlirbc": _mlir, ".safetensors": _safetensors,
}  # fmt: skip
"""What writes a file, by its ending."""


def _module(arguments: argparse.Namespace) -> Any:
    """The masked network of a run or a file."""
    path = Path(arguments.network)
    if path.is_dir():
        path = path / _MASKED
    if path.suffix not in (".mlir", ".mlirbc"):
        raise InputError(
            f"{path}: expected a run folder, or the masked network as .mlir or .mlirbc"
        )
    return read_module(path)


def _source(arguments: argparse.Namespace, suffix: str) -> str:
    """The file that the network was imported from."""
    source, path = arguments.source, Path(arguments.network)
    if source is None and path.is_dir():
        source = load_recipe(path / _RECIPE).model.file
    if not source or Path(source).suffix != suffix:
        what = f"the recipe names '{source}'" if source else "none is named"
        raise InputError(f"--source: expected the {suffix} file that was imported, {what}")
    return str(source)
