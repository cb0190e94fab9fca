# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Groups of channels that leave together, as the compiler tells of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import InputError
from .networks import literal


@dataclass(frozen=True)
class Group:
    """Channels that leave together: the weights that make them, and how many there are."""

    weights: tuple[str, ...]
    total: int

    @property
    def name(self) -> str:
        """The first weight, which the group is chosen by."""
        return self.weights[0]

    @property
    def pattern(self) -> str:
        """The pattern of a rule for the group."""
        return literal(self.name)


def output_dims(network: Any) -> dict[str, int]:
    """The dimension of output channels of the weight of each layer that has one."""
    found: dict[str, int] = {}
    for layer in network.compiled_layers():
        if len(layer["output_dims"]) == 1:
            found.setdefault(layer["weight"], layer["output_dims"][0])
    return found


def by_output(network: Any, names: Iterable[str]) -> dict[int, list[str]]:
    """Weights of layers by the dimension of their output channels."""
    dims, found = output_dims(network), dict[int, list[str]]()
    for name in names:
        if name in dims:
            found.setdefault(dims[name], []).append(name)
    return found


def generic_values(network: Any) -> dict[str, np.ndarray]:
    """Values without a zero; variances are positive."""
    random = np.random.default_rng(0)
    return {
        name: random.uniform(0.5, 1.5, shape).astype(np.float32)
        for name, shape in network.shapes().items()
    }


def selected_groups(remarks: Sequence[Any], names: Sequence[str]) -> list[tuple[Group, int]]:
    """The groups that ``prune-select-channels`` ranked, and how many channels of each stay.

    `names` are the weights that had scores.
    """
    found = []
    for remark in remarks:
        if remark.name == "ChannelsSelected":
            told = dict(remark.arguments)
            weights = tuple(_split(told["Parameters"], names))
            found.append((Group(weights, int(told["Total"])), int(told["Kept"])))
    return found


def _split(text: str, names: Sequence[str]) -> list[str]:
    """The names in a list of them."""
    found = text.split(", ")
    unknown = sorted(set(found) - set(names))
    if unknown:
        raise InputError(f"names of weights hold no comma and space, got '{text}'")
    return found
