# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""First and last layers, which structured pruning leaves alone where nobody named layers."""

from __future__ import annotations

from typing import Any

from .native import parse
from .networks import COUPLED
from .pipelines import module, options

FEWEST = 4
"""Layers from which a network can do without pruning its ends."""


def end_layers(network: Any) -> list[str]:
    """Weights of layers that no other layer is before, or none behind, as the compiler says."""
    copy = parse(network.text(1))
    remarks = copy.run(module(options("prune-score", exclude_ends=True)))
    ends = {
        dict(remark.arguments)["Parameter"] for remark in remarks if remark.name == "LayerExcluded"
    }
    return [name for name in network.weights() if name in ends]


def left_out(network: Any, granularity: str, every: bool = False) -> list[str]:
    """Weights that stay dense by default: of granularities in groups that keep shapes.

    None with `every`, in networks of fewer than :data:`FEWEST` layers, and where nothing else
    would be left. Coupled channels are not among them: results of the last layer cannot leave,
    and the first layer is tied to those behind it.
    """
    if every or granularity in ("unstructured", COUPLED) or len(network.weights()) < FEWEST:
        return []
    found = end_layers(network)
    return found if len(found) < len(network.weights()) else []


def remark(names: list[str], granularity: str) -> str:
    """What is said of the layers that are left out."""
    return (
        f"left dense: the first and last layers {', '.join(names)}; --all-layers prunes them by "
        f"{granularity}, too"
    )
