# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pruning of PyTorch modules in one line: a module goes in, a module comes out.

    small = mlir_prune.torch.prune(model, example, target="macs=0.5")
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .exporting.torch_export import state_dict, to_torch
from .frontend import from_torch
from .networks import COUPLED
from .oneshot import prune as prune_module
from .rows import Split

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
    rows [rows, ...] as an array or a tensor, or a :class:`mlir_prune.Split` with labels.

    Raises :class:`InputError` for what cannot be used.
    """
    module = from_torch(model, example)
    rows = data
    if data is not None and not isinstance(data, Split):
        rows = Split.without_labels((np.asarray(data),))
    found = prune_module(module, rows, method, sparsity, granularity, target=target, **options)
    return to_torch(found.module, model, example, shrink=granularity == COUPLED)
