# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Layers that structured pruning leaves alone where nobody named layers: those that have no such
groups, the first ones and the last ones."""

from __future__ import annotations

from typing import Any

from .native import native, parse
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


def ungrouped(network: Any, granularity: str) -> list[str]:
    """Weights that have no groups of a granularity, where others have."""
    if granularity in ("unstructured", COUPLED):
        return []
    shapes = network.shapes()
    found = [
        name for name in network.weights()
        if native().fit_granularity(granularity, list(shapes[name])) == "none"
    ]  # fmt: skip
    return found if len(found) < len(network.weights()) else []


def left_dense(
    network: Any, granularity: str, every: bool = False
) -> tuple[list[str], list[str]]:
    """Weights that stay dense by default, and what is said of them.

    With `every` the first and the last layers are pruned, too.
    """
    without = ungrouped(network, granularity)
    ends = left_out(network, granularity, every)
    if set(network.weights()) <= {*without, *ends}:
        ends = []
    told = []
    if without:
        told.append(f"left dense: {', '.join(without)} without groups of {granularity}")
    if ends:
        told.append(
            f"left dense: the first and last layers {', '.join(ends)}; --all-layers prunes them by "
            f"{granularity}, too"
        )
    return [*without, *(name for name in ends if name not in without)], told
