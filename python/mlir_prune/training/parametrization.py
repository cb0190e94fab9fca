# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What goes from one task to the next, and in which form.

A stage may leave weights parametrized: behind gates, or dense with masks that every
step chose anew. The parametrization stays, so that a stage of the same kind can go on
with it; for any other task it is folded into plain masks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..recipe.schema import Train
from .masks import MOMENTS, apply, gate_masks, gates_of, intersect, masks_of, select_masks
from .methods import asked

Arrays = dict[str, np.ndarray]


def fold(network: Any, arrays: Mapping[str, np.ndarray], parametrization: Any) -> Arrays:
    """Parameters, masks and moments with gates and moving masks turned into masks."""
    arrays = dict(arrays)
    if parametrization is None:
        return arrays
    if parametrization["kind"] == "gates":
        masks = gate_masks(network, arrays, parametrization)
    else:
        masks = straight_through_masks(network, arrays, parametrization)
    arrays |= intersect(masks_of(arrays), masks)
    gates = gates_of(network)
    return apply({name: array for name, array in arrays.items() if name not in gates})


def straight_through_masks(network: Any, arrays: Mapping[str, np.ndarray], rule: Any) -> Arrays:
    """The masks that the last step would choose, by the compiler."""
    if rule["pattern"]:
        kept, group = rule["pattern"].split(":")
        return select_masks(
            network, arrays, rule["names"], f"n_of_m:{kept}:{group}:1", allow_empty=True
        )
    return select_masks(network, arrays, rule["names"], "unstructured", sparsity=rule["sparsity"])


def parametrization_of(network: Any, stage: Train, path: str) -> dict[str, Any] | None:
    """The form that a stage leaves its weights in, None when it is plain."""
    forms = [kind.parametrization(network, rule, path) for kind, rule in asked(stage)]
    # Gates act last, on whatever other methods leave.
    return next((form for form in reversed(forms) if form is not None), None)


def enter(
    network: Any, stage: Train, path: str, arrays: Mapping[str, np.ndarray], parametrization: Any
) -> Arrays:
    """What a training stage starts from, of what the task before left."""
    form = parametrization_of(network, stage, path)
    going_on = form is not None and form == parametrization
    if not going_on:
        arrays = fold(network, arrays, parametrization)
    wanted = set(network.shapes())
    if stage.mask:
        wanted |= set(masks_of(arrays))
    if going_on:
        wanted |= gates_of(network)
    if not stage.reset_optimizer:
        wanted |= _moments(arrays)
    return apply({name: array for name, array in arrays.items() if name in wanted})


def folded(network: Any, arrays: Mapping[str, np.ndarray], parametrization: Any) -> Arrays:
    """Parameters and masks only, with the parametrization folded."""
    plain = fold(network, arrays, parametrization)
    wanted = set(network.shapes()) | set(masks_of(plain))
    return {name: array.copy() for name, array in plain.items() if name in wanted}


def _moments(arrays: Iterable[str]) -> set[str]:
    return {name for name in arrays if name.startswith(MOMENTS) or name == "step"}
