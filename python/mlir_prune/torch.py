# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pruning of PyTorch modules in one line: a module goes in, a module comes out.

    small = mlir_prune.torch.prune(model, example, target="macs=0.5")
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .data import Dataset
from .data_forms import read_rows
from .errors import InputError
from .exporting.torch_export import state_dict, to_torch
from .frontend import from_torch
from .imported import ImportedNetwork
from .importing.torch_import import argument_names, require
from .networks import COUPLED
from .oneshot import prune as prune_module
from .training.fit import check_indices, fit

__all__ = ["prune", "state_dict", "to_torch"]


def prune(
    model: Any, example: Any, sparsity: float | None = None, *, target: str | None = None,
    data: Any = None, method: str = "magnitude", granularity: str = COUPLED, **options: Any,
) -> Any:  # fmt: skip
    """A pruned copy of the PyTorch module `model`, which is not changed.

    `example` is an input, or a tuple of them, as for :func:`mlir_prune.from_torch`. How far to
    prune is said by a `sparsity` or a `target` (``macs=0.5``, ``parameters=0.3`` and so on, below
    1 a share of what the module has). By default channels leave, in all layers that they are tied
    to, and the tensors of the copy are smaller; in any other `granularity` weights become zero.
    Nothing is trained: the parameters of the copy can be, as usual.

    `method` and `options` are those of :func:`mlir_prune.oneshot.prune`. Some methods need `data`:
    rows [rows, ...] as an array or a tensor (a tuple of them for several inputs), which have no
    labels; or with labels what :func:`mlir_prune.prune` takes, as ``(x, y)`` or a ``DataLoader``.

    Raises :class:`InputError` for what cannot be used.
    """
    if not hasattr(model, "named_parameters"):
        raise InputError(f"model: expected a PyTorch module, got {type(model).__name__}")
    module = from_torch(model, example)
    rows = None
    if data is not None:
        split = read_rows(data, len(example) if isinstance(example, tuple | list) else 1)
        classes = int(split.labels.max()) + 1
        given = Dataset("data", split, split, classes, lambda: split)
        given = fit(ImportedNetwork(module).signature, given)
        check_indices(module, given)
        rows = given.train
    found = prune_module(module, rows, method, sparsity, granularity, target=target, **options)
    return to_torch(found.module, model, example, shrink=granularity == COUPLED)


def example_of(model: Any, rows: dict[str, np.ndarray]) -> tuple[Any, ...]:
    """Tensors that the PyTorch module `model` runs on, made from `rows` by the names of inputs.

    They are in the order of ``forward`` where the names are its own, and in the type of the
    module's parameters. Whole numbers stay so where the module takes them, as tokens; else they
    are pixels, and become shares of 255. Raises :class:`InputError` where it takes neither.
    """
    (torch,) = require("torch")
    names = argument_names(model.forward, len(rows))
    ordered = [rows[name] for name in names] if set(names) == set(rows) else list(rows.values())
    kinds = [p.dtype for p in model.parameters() if p.is_floating_point()] or [torch.float32]
    errors = []
    for whole in (True, False) if any(a.dtype.kind in "iu" for a in ordered) else (True,):
        tensors = tuple(_tensor(torch, array, kinds[0], whole) for array in ordered)
        was_training = model.training
        model.eval()
        try:
            with torch.no_grad():
                model(*tensors)
            return tensors
        except Exception as error:  # code of others raises errors of many types
            errors.append(error)
        finally:
            model.train(was_training)
    shapes = ", ".join(str(list(array.shape)) for array in ordered)
    raise InputError(
        f"the PyTorch network does not run on the first row of the data, {shapes}: "
        f"{str(errors[-1]).strip().splitlines()[0]}"
    ) from errors[-1]


def _tensor(torch: Any, array: np.ndarray, dtype: Any, whole: bool) -> Any:
    """An input; whole numbers as such, or in the type of the parameters."""
    if array.dtype.kind in "iu":
        if whole:
            return torch.from_numpy(array.astype(np.int64))
        array = array.astype(np.float32) / np.float32(255.0)
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    return tensor.to(dtype) if tensor.is_floating_point() else tensor
