# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training, pruning and compiling networks with MLIR.

``prune``, ``compile`` and ``report`` are the whole flow in one line. ``Module`` and ``Executable``
are the compiler; the other names are the parts of the flow: builders, data, recipes, training and
compression.
"""

from __future__ import annotations

from typing import Any

from .data import Dataset, Split, load
from .errors import DataError, InputError, RecipeError, TrainingError
from .frontend import from_onnx, from_torch
from .models import Mlp
from .recipe import Recipe, default_recipe, dump_recipe, load_recipe

__version__ = "0.1.0"

_NATIVE = ("Module", "Executable", "PruneError")

_PARTS = ("compress", "exporting", "oneshot", "torch")
"""Modules that need no import of their own."""

_SIMPLE = ("Pruned", "compile", "prune", "report")

__all__ = [
    "DataError",
    "Dataset",
    "Executable",
    "InputError",
    "Mlp",
    "Module",
    "PruneError",
    "Pruned",
    "Recipe",
    "RecipeError",
    "Split",
    "TrainingError",
    "compile",
    "compress",
    "default_recipe",
    "dump_recipe",
    "from_onnx",
    "from_torch",
    "load",
    "load_recipe",
    "prune",
    "report",
]


def __getattr__(name: str) -> Any:
    """Loads the native module and the flow on first use."""
    if name in _NATIVE:
        from .native import native

        return getattr(native(), name)
    if name in _SIMPLE:
        from . import simple

        return getattr(simple, name)
    if name in _PARTS:
        import importlib

        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
