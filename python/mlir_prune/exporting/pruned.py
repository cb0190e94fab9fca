# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Values of a pruned network for an imported one: in its shapes, and after channels have left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import InputError
from ..pipelines import compress_pipeline, mask_pipeline
from .layout import Layout

Arrays = Mapping[str, np.ndarray]


def parameters(module: Any) -> dict[str, np.ndarray]:
    """Copies of all parameters of a module by name."""
    return {name: np.array(value) for name, value in module.parameters().items()}


def full_values(pruned: Any, dense: Arrays) -> dict[str, np.ndarray]:
    """The values of all parameters, in the shapes of the dense network.

    `pruned` is a module, or values by name. A module whose channels left in the middle of a run
    says where they were. Raises :class:`InputError` where a value is missing or has another shape.
    """
    found = dict(pruned) if isinstance(pruned, Mapping) else expanded(pruned, dense)
    found = {name: np.asarray(found[name]) for name in dense if name in found}
    missing = sorted(set(dense) - set(found))
    if missing:
        raise InputError(f"values: expected those of the imported network, without '{missing[0]}'")
    for name, value in found.items():
        if value.shape != dense[name].shape:
            raise InputError(
                f"values: '{name}' has shape {list(value.shape)}, expected {list(dense[name].shape)}"
                " as in the source; give the masked network, which shrinks here"
            )
    return {name: np.array(value, dense[name].dtype) for name, value in found.items()}


def expanded(pruned: Any, dense: Arrays) -> dict[str, np.ndarray]:
    """Parameters of a module, those that shrank with zeros where channels have left.

    Raises :class:`InputError` where the module has parameters that the dense network has not, as
    the bias of a layer without one that took up what left before it.
    """
    values, kept = parameters(pruned), pruned.kept()
    unknown = sorted(set(values) - set(dense))
    if kept and unknown:
        raise InputError(
            f"the network became smaller, and has parameters that the source has not: "
            f"{', '.join(unknown)}"
        )
    if kept:
        # What belongs to a layer that died altogether is in the smaller network no more.
        values = {name: np.zeros_like(value) for name, value in dense.items()} | values
    for name, dims in kept.items():
        whole = np.zeros_like(dense[name])
        if len(dims) == whole.ndim and values[name].shape == tuple(map(len, dims)):
            whole[np.ix_(*dims)] = values[name]
            values[name] = whole
    return values


def remove_channels(module: Any, dense: Arrays, source: str) -> dict[str, np.ndarray]:
    """Removes the channels of `module` that are zero; the values that are left by name.

    Raises :class:`InputError` where what is left needs a parameter that `source` has not, such
    as the bias of a layer without one.
    """
    module.run(mask_pipeline())
    module.run(compress_pipeline(record_kept=True))
    values = parameters(module)
    unknown = sorted(set(values) - set(dense))
    if unknown:
        raise InputError(
            f"{source}: the smaller network has parameters that the source has not: "
            f"{', '.join(unknown)}; shrink=False keeps all channels"
        )
    return values


def changed(values: Arrays, dense: Arrays, name: str) -> bool:
    """Whether a parameter has other values, or another shape, than in the dense network."""
    now = values[name]
    return now.shape != dense[name].shape or not np.array_equal(now, dense[name])


def back(layout: Layout, value: np.ndarray, name: str) -> np.ndarray:
    """The tensor of the source; an error of the layout names the parameter."""
    try:
        return layout.back(value)
    except InputError as error:
        raise InputError(f"parameter '{name}' cannot shrink in the source: {error}") from None
