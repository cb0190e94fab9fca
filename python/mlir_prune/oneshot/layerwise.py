# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Solvers for one layer, on all layers of a network.

The Gram matrices of the inputs are those of the network as it was: layers do not see what
pruning changes before them. In `ordered` they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..errors import InputError
from ..rows import Split
from . import layers
from .loss import Loss
from .support import Pattern

Solver = Callable[[np.ndarray, np.ndarray, float, Pattern | None], tuple[np.ndarray, np.ndarray]]
"""Weight [outputs, columns], Gram matrix, share and pattern to weight and mask."""


def wanda(
    weight: np.ndarray, gram: np.ndarray, share: float, pattern: Pattern | None
) -> tuple[np.ndarray, np.ndarray]:
    """Wanda as a solver: nothing moves."""
    return weight, layers.wanda(weight, gram, share, pattern)


def repaired(
    weight: np.ndarray, gram: np.ndarray, share: float, pattern: Pattern | None
) -> tuple[np.ndarray, np.ndarray]:
    """Magnitude, then least squares on what is left."""
    mask = layers.magnitude(weight, share, pattern)
    return layers.refit(weight, mask, gram), mask


def grams(loss: Loss, data: Split) -> dict[str, np.ndarray]:
    """The Gram matrix of the inputs of each weight, from whole batches of `data`."""
    found = loss.grams(loss.start(), data)
    for name in loss.names:
        if name not in found:
            raise no_gram(name)
    return found


def no_gram(weight: str) -> InputError:
    """What is wrong with a weight that the solvers for one layer cannot prune."""
    return InputError(
        f"'{weight}' has no Gram matrix of its inputs, as where outputs read inputs of their own: "
        "leave it out (ignore), or take a method of the whole network"
    )


def output_dims(network: Any) -> dict[str, int]:
    """The dimension of the output channels by weight."""
    return {each["weight"]: each["output_dims"][0] for each in network.compiled_layers()}


def as_matrix(weight: np.ndarray, output: int) -> np.ndarray:
    """The weight as [outputs, columns]."""
    moved = np.moveaxis(weight, output, 0)
    return moved.reshape(len(moved), -1)


def solve(
    solver: Solver, weights: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray],
    outputs: Mapping[str, int], shares: Mapping[str, float], pattern: Pattern | None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """Weight and mask of each layer, in the shape of the weight.

    `outputs` is the dimension of the output channels by weight, `shares` what each keeps.
    """
    for name, weight in weights.items():
        matrix = as_matrix(weight, outputs[name])
        yield solve_layer(
            solver, matrix, found[name], shares[name], pattern, (name, weight.shape, outputs[name])
        )


def solve_layer(
    solver: Solver, matrix: np.ndarray, gram: np.ndarray, share: float, pattern: Pattern | None,
    layer: tuple[str, tuple[int, ...], int],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Weight and mask of a layer, from its matrix [outputs, columns] to the shape of the weight.

    `layer` is its name, the shape of the weight, and the dimension of the output channels.
    """
    name, shape, output = layer
    places = columns(shape, output, pattern, name)
    flat = Pattern(pattern.kept, pattern.group, 1) if pattern else None
    weight, mask = solver(matrix[:, places], gram[np.ix_(places, places)], share, flat)
    return back(weight, places, shape, output), back(mask, places, shape, output)


def columns(
    shape: tuple[int, ...], output: int, pattern: Pattern | None, name: str
) -> np.ndarray:
    """The columns of the matrix of a weight, with the axis of the pattern as the last one."""
    rest = [extent for dim, extent in enumerate(shape) if dim != output]
    places = np.arange(int(np.prod(rest))).reshape(rest)
    if pattern is None:
        return places.ravel()
    if pattern.axis == output:
        raise InputError(
            f"granularity: dimension {output} of '{name}' is that of the outputs, expected one "
            "that a layer sums over"
        )
    return np.moveaxis(places, pattern.axis - (pattern.axis > output), -1).ravel()


def back(
    matrix: np.ndarray, places: np.ndarray, shape: tuple[int, ...], output: int
) -> np.ndarray:
    """A matrix with columns `places` in the shape of the weight."""
    found = np.empty_like(matrix)
    found[:, places] = matrix
    rest = [extent for dim, extent in enumerate(shape) if dim != output]
    return np.moveaxis(found.reshape(shape[output], *rest), 0, output)


def refit(
    loss: Loss, outputs: dict[str, int], weights: np.ndarray, kept: np.ndarray, rows: Split
) -> np.ndarray:
    """Weights with zeros outside of `kept` whose layers, each by itself, compute what they did.

    A layer without a Gram matrix of its inputs only gets its zeros.
    """
    found = loss.grams(weights, rows)
    base = np.where(kept, weights, np.float32(0))
    parts, masks = loss.split(base), loss.split(kept)
    for name, weight in loss.split(weights).items():
        if name in found and not masks[name].all():
            matrix = np.moveaxis(weight, outputs[name], 0)
            mask = np.moveaxis(masks[name], outputs[name], 0).reshape(len(matrix), -1)
            fitted = layers.refit(matrix.reshape(mask.shape), mask, found[name])
            parts[name][...] = np.moveaxis(fitted.reshape(matrix.shape), 0, outputs[name])
    return base
