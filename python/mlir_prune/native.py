# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The one place that imports the native module."""

from __future__ import annotations

import importlib
import os
from typing import Any

from .errors import InputError


def native() -> Any:
    """The native module; an :class:`InputError` says how to build it."""
    try:
        return importlib.import_module("mlir_prune._native")
    except ImportError as error:
        raise InputError(
            f"the native module of mlir_prune cannot be loaded ({error}); "
            "build it with scripts/setup or pip install ."
        ) from None


def parse(text: str | bytes) -> Any:
    """A module from MLIR text or bytecode."""
    return native().Module.parse(text)


def read_module(path: str | os.PathLike[str]) -> Any:
    """A module from an ``.mlir`` or ``.mlirbc`` file."""
    if not os.path.isfile(path):
        raise InputError(f"{path}: no such file")
    return native().Module.from_file(os.fspath(path))


def prune_error() -> type[Exception]:
    """Class of the compiler's errors; one that never occurs without the native module."""
    try:
        error: type[Exception] = importlib.import_module("mlir_prune._native").PruneError
    except ImportError:
        return InputError
    return error
