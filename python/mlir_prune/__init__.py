# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training, pruning and compiling networks with MLIR.

``Module`` and ``Executable`` are the compiler; the other names are the flow
around it: builders, data, recipes, training and compression.
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

__all__ = [
    "DataError",
    "Dataset",
    "Executable",
    "InputError",
    "Mlp",
    "Module",
    "PruneError",
    "Recipe",
    "RecipeError",
    "Split",
    "TrainingError",
    "compress",
    "default_recipe",
    "dump_recipe",
    "from_onnx",
    "from_torch",
    "load",
    "load_recipe",
]


def __getattr__(name: str) -> Any:
    """Loads the native module and the flow on first use."""
    if name in _NATIVE:
        from .native import native

        return getattr(native(), name)
    if name == "compress":
        import importlib

        return importlib.import_module(".compress", __name__)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
