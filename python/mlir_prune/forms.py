# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The compiler side of compression: masks folded, neurons removed, kernels chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .native import parse
from .pipelines import (
    batch_pipeline,
    compress_pipeline,
    fold_pipeline,
    inference_pipeline,
    kernels_pipeline,
    mask_pipeline,
)
from .rows import Inputs, named

Remark = dict[str, Any]
"""One decision of a pass: pass, name, message, and named arguments as text."""

TOLERANCE = 1e-5
"""Largest difference allowed, relative to the largest output of the reference."""


@dataclass
class Forms:
    """One network in the forms of docs/Pipelines.md, all with values.

    `dense` has the dense values; `masked` and `compact` the pruned ones.
    """

    initial: Any
    dense: Any
    masked: Any
    compact: Any
    remarks: list[Remark]
    fold_borders: bool = False


def build_forms(
    network: Any,
    batch: int,
    initial: Mapping[str, np.ndarray],
    dense: Mapping[str, np.ndarray],
    pruned: Mapping[str, np.ndarray],
    fold_borders: bool = False,
) -> Forms:
    """Binds the values and runs the compressing passes.

    In `pruned` exactly the pruned weights are zero, so the masks of the masked
    form are those of the fine-tuning.
    """
    masked = bound(network, batch, pruned)
    masked.run(mask_pipeline())
    compact, remarks = compact_at(masked, batch, fold_borders)
    return Forms(
        bound(network, batch, initial),
        bound(network, batch, dense),
        masked,
        compact,
        remarks,
        fold_borders,
    )


def bound(network: Any, batch: int, values: Mapping[str, np.ndarray]) -> Any:
    """The `network` with `values` as constants."""
    module = parse(network.text(batch))
    module.bind(dict(values))
    return module


def at_batch(module: Any, batch: int) -> Any:
    """A copy of `module` for another batch."""
    copy = module.clone()
    copy.run(batch_pipeline(batch))
    return copy


def compact_at(masked: Any, batch: int, fold_borders: bool = False) -> tuple[Any, list[Remark]]:
    """The compact form of a masked network for `batch`, and what was removed.

    The batch comes first: of a network that died altogether only a constant is
    left, which no batch can be read from any more.
    """
    copy = at_batch(masked, batch)
    return copy, run_with_remarks(copy, compress_pipeline(fold_borders=fold_borders))


def removed(
    network: Any, batch: int, values: Mapping[str, np.ndarray], fold_borders: bool = False
) -> Any:
    """The compact form of a network whose pruned weights are zero in `values`."""
    masked = bound(network, batch, values)
    masked.run(mask_pipeline())
    return compact_at(masked, batch, fold_borders)[0]


def with_kernels(compact: Any, threads: int = 1) -> tuple[Any, list[Remark]]:
    """A copy with a kernel on every layer, and why each was chosen."""
    copy = compact.clone()
    return copy, run_with_remarks(copy, kernels_pipeline(threads))


def with_dense_kernels(module: Any) -> Any:
    """A copy for inference by dense kernels, whatever its weights are: what others compare with.

    Batch normalizations are folded into the layers before them.
    """
    copy = module.clone()
    copy.run(inference_pipeline())
    return copy


def run_with_remarks(module: Any, pipeline: str) -> list[Remark]:
    """Runs `pipeline`; what its passes remarked, in program order."""
    return [
        {
            "pass": remark.category,
            "name": remark.name,
            "message": remark.message,
            "arguments": dict(remark.arguments),
        }
        for remark in module.run(pipeline)
    ]


def reference_logits(forms: Forms, inputs: Inputs) -> np.ndarray:
    """Logits of the masked network, nothing removed, on the plain loops."""
    folded = forms.masked.clone()
    folded.run(fold_pipeline())
    module = at_batch(folded, len(next(iter(named(inputs).values()))))
    return run_forward(module.compile(reference=True), inputs)


def run_forward(executable: Any, inputs: Inputs) -> np.ndarray:
    """Logits of one batch of rows [rows, ...]."""
    return np.asarray(executable.call("forward", shape_rows(executable, inputs))["logits"])


def shape_rows(executable: Any, inputs: Inputs) -> dict[str, np.ndarray]:
    """Rows, flat or not, in the shapes and the order that the network of `executable` reads."""
    rows = named(inputs)
    return {
        name: np.ascontiguousarray(rows[name]).reshape(len(rows[name]), *shape[1:])
        for name, shape in input_shapes(executable).items()
    }


def input_shapes(executable: Any) -> dict[str, tuple[int, ...]]:
    """Shape of a batch of each input of a compiled network."""
    forward = next(f for f in executable.functions() if f.name == "forward")
    return {a.name: tuple(a.shape) for a in forward.arguments if a.kind == "input"}


def relative_error(found: np.ndarray, reference: np.ndarray) -> float:
    """max |found - reference| / max |reference|; infinite when not finite."""
    if not np.isfinite(found).all():
        return float("inf")
    scale = float(np.abs(reference).max())
    return float(np.abs(found - reference).max()) / (scale if scale > 0 else 1.0)
