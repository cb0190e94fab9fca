# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A pruned network as MLIR that any tool reads, and its values as safetensors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from .. import files
from ..errors import InputError
from ..forms import TOLERANCE
from ..pipelines import compress_pipeline, fold_pipeline, mask_pipeline, plain_pipeline
from .comparison import largest_error, random_inputs, results
from .pruned import parameters


def to_mlir(
    pruned: Any, path: str | os.PathLike[str], *, shrink: bool = True, check: bool = True
) -> float | None:
    """Writes a module whose operations are MLIR's own: text, or bytecode as ``.mlirbc``.

    `pruned` is a module, masked or with zeros, and is not changed. With `shrink`, filters and
    neurons that are zero leave. A stock ``mlir-opt`` of the same release parses the file. With
    `check` it is run on random inputs and compared with `pruned`; the relative error is returned,
    and above 1e-5 it is an error.
    """
    path = Path(path)
    plain = small(pruned) if shrink else pruned.clone()
    plain.run(fold_pipeline())
    plain.run(plain_pipeline())
    error = None
    if check:
        inputs = random_inputs(pruned)
        error = largest_error(results(plain, inputs), results(pruned, inputs))
    if error is not None and not error <= TOLERANCE:
        raise InputError(
            f"{path}: the module computes results that differ from the pruned network's by "
            f"{error:.1e}, more than {TOLERANCE:.0e}; nothing was written"
        )
    if path.suffix == ".mlirbc":
        files.write_bytes(path, plain.to_bytecode())
    else:
        files.write_text(path, str(plain))
    return error


def to_safetensors(pruned: Any, path: str | os.PathLike[str], *, shrink: bool = True) -> int:
    """Writes the values of all parameters by name; returns how many there are.

    With `shrink` those of the network without the channels that are zero, else in full shapes
    with zeros. Needs the package safetensors.
    """
    try:
        from safetensors.numpy import save
    except ImportError:
        raise InputError("an export of values needs the package safetensors") from None
    values = parameters(small(pruned) if shrink else pruned)
    contiguous = {name: np.ascontiguousarray(value) for name, value in values.items()}
    files.write_bytes(Path(path), save(contiguous))
    return len(values)


def small(pruned: Any) -> Any:
    """A copy of the network without the channels that are zero."""
    module = pruned.clone()
    module.run(mask_pipeline())
    module.run(compress_pipeline())
    return module
