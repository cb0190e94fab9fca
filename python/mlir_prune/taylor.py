# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""First-order Taylor scores over mini-batches (Molchanov et al. 2019, section 3).

What removing a group S of weights changes the loss of a mini-batch b by is, to the first order,
``sum_S g_b w``. Its square is averaged over mini-batches: where a network fits its rows the
gradients of mini-batches cancel, and the square of the mean would say little. The score is the
root of the mean, so that it has the units of the loss; the order is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .channel_groups import by_output, output_dims, selected_groups
from .channel_map import channel_map
from .errors import InputError
from .evidence import Evidence
from .forms import bound
from .networks import COUPLED
from .pipelines import channel_pipeline

Arrays = Mapping[str, np.ndarray]

Gradients = Callable[[Sequence[str]], Iterable[Arrays]]
"""Gradients of mini-batches by some parameters."""


def taylor_scores(
    batches: Iterable[Arrays], weights: Arrays, labels: Arrays, count: int
) -> np.ndarray:
    """``sqrt(mean_b (sum over the group of g_b w)^2)`` of `count` groups, float64 [groups].

    `batches` are gradients by name, in the shapes of the `weights`; `labels` the numbers of
    the groups, int64 arrays that broadcast to the weights, -1 for elements of no group. A group
    may have elements of several weights.
    """
    squares, number = np.zeros(count), 0
    spread = {name: np.broadcast_to(labels[name], weights[name].shape).ravel() for name in labels}
    for gradients in batches:
        change = np.zeros(count)
        for name, label in spread.items():
            product = np.multiply(gradients[name], weights[name], dtype=np.float64).ravel()
            change += np.bincount(label + 1, product, count + 1)[1:]
        squares += change**2
        number += 1
    if number == 0:
        raise InputError("expected gradients of at least one mini-batch, got none")
    return np.sqrt(squares / number)


def gradient_of_scores(scores: np.ndarray, weights: Arrays, labels: Arrays) -> Evidence:
    """Evidence that the criterion ``taylor`` of the compiler gives these scores with.

    It judges by one gradient ``e``, as ``|sum e w|``. In each weight ``e`` is the shortest one
    with ``sum e w = score`` for each group: ``score * w / sum w^2``.
    """
    found: Evidence = {}
    for name, label in labels.items():
        weight = weights[name].astype(np.float64)
        spread = np.broadcast_to(label, weight.shape)
        norms = np.bincount(spread.ravel() + 1, (weight**2).ravel(), len(scores) + 1)
        norms[0] = 0.0
        share = np.divide([0.0, *scores], norms, out=np.zeros(len(norms)), where=norms > 0)
        found[name, "gradient"] = (share[spread + 1] * weight).astype(np.float32)
    return found


def element_evidence(batches: Iterable[Arrays], names: Iterable[str]) -> Evidence:
    """The same for single weights, whose score is ``|w| sqrt(mean_b g_b^2)``."""
    names, number = list(names), 0
    squares: dict[str, Any] = dict.fromkeys(names, 0.0)
    for gradients in batches:
        for name in names:
            squares[name] = squares[name] + np.square(gradients[name], dtype=np.float64)
        number += 1
    if number == 0:
        raise InputError("expected gradients of at least one mini-batch, got none")
    return {
        (name, "gradient"): np.sqrt(total / number).astype(np.float32)
        for name, total in squares.items()
    }


def taylor_evidence(
    network: Any, weights: Arrays, names: Iterable[str], granularity: str, gradients: Gradients
) -> Evidence:
    """Evidence for the criterion ``taylor`` about the weights `names`, by groups of a granularity.

    `weights` are all parameters of the network; `gradients` gives those of mini-batches by the
    parameters that it is asked for. Channels that leave together are one group
    (:func:`channel_terms`).
    """
    names = list(names)
    if granularity.split(":")[0] in ("unstructured", "n_of_m"):
        return element_evidence(gradients(names), names)
    if granularity == COUPLED:
        makers, terms, count = channel_terms(network, weights, names)
    else:
        makers, count = {}, 0
        for name in names:
            own = group_labels(weights[name].shape, granularity)
            makers[name] = own + count
            count += int(own.max(initial=-1)) + 1
        terms = makers
    scores = taylor_scores(gradients(list(terms)), weights, terms, count)
    found = gradient_of_scores(scores, weights, makers)
    # What makes no channels has no score either.
    return {(n, "gradient"): np.zeros_like(weights[n]) for n in names if n not in makers} | found


def channel_terms(
    network: Any, weights: Arrays, names: list[str]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], int]:
    """Channels that leave together: by the outputs of the weights, by the terms of the change.

    A channel leaves as if a gate behind its layers closed. To the first order that changes the
    loss by ``sum g w`` over scale and shift of the normalizations behind them (Molchanov et al.
    2019, section 3.3), else over weights and biases. With the number of channels.
    """
    dims = output_dims(network)
    names = [name for name in names if name in dims]
    biases = {entry["bias"]: entry["weight"] for entry in network.compiled_layers()}
    scales = {name for name, role in network.roles().items() if role == "scale"}
    if not scales and not _are_tied(network, weights, names):
        outputs = [weights[name].shape[dims[name]] for name in names]
        starts = np.cumsum([0, *outputs])
        makers = {n: start + np.arange(extent) for n, start, extent
                  in zip(names, starts[:-1], outputs, strict=True)}  # fmt: skip
        terms = makers | {
            bias: makers[name] for bias, name in biases.items()
            if bias and name in makers and len(weights[bias]) == len(makers[name])
        }  # fmt: skip
        count = int(starts[-1])
    else:
        found = channel_map(network, names)
        makers, count = dict(found.makers), found.count
        normalized = [numbers for name, numbers in found.vectors.items() if name in scales]
        scaled = np.unique(np.concatenate([*normalized, [-1]]))
        terms = {}
        for name, numbers in (makers | dict(found.vectors)).items():
            ahead = name in makers or name in biases
            terms[name] = np.where(np.isin(numbers, scaled), -1, numbers) if ahead else numbers
        terms = {name: numbers for name, numbers in terms.items() if (numbers >= 0).any()}
    shaped = {name: _along(numbers, weights[name], dims[name]) for name, numbers in makers.items()}
    spread = {name: _along(term, weights[name], dims.get(name, 0)) for name, term in terms.items()}
    return shaped, spread, count


def _along(numbers: np.ndarray, weight: np.ndarray, dim: int) -> np.ndarray:
    """Numbers of the indices of a dimension in a shape that broadcasts to the weight."""
    shape = [1] * weight.ndim
    shape[dim] = -1
    return numbers.reshape(shape)


def _are_tied(network: Any, weights: Arrays, names: list[str]) -> bool:
    """Whether several weights make the same channels."""
    values = {name: weights[name] for name in network.shapes()}
    remarks = bound(network, 1, values).run(channel_pipeline(by_output(network, names), sparsity=0.0))
    groups = selected_groups(remarks, names)
    return any(len(group.weights) > 1 and group.total > 1 for group, _ in groups)


def group_labels(shape: tuple[int, ...], granularity: str) -> np.ndarray:
    """The number of the group of each element, int64 that broadcasts to `shape`.

    Groups are those of the attribute of the compiler: smaller at the edge of a weight.
    """
    steps = _steps(len(shape), granularity)
    grid = [-(-extent // step) if step else 1 for extent, step in zip(shape, steps, strict=True)]
    found = np.zeros([1] * len(shape), np.int64)
    for dim, (extent, step) in enumerate(zip(shape, steps, strict=True)):
        place = np.arange(extent) // step if step else np.zeros(1, np.int64)
        along = [1] * len(shape)
        along[dim] = -1
        found = found * grid[dim] + place.reshape(along)
    return found


def _steps(rank: int, granularity: str) -> list[int]:
    """Extents of a group, 0 where it has all of a dimension."""
    kind, *rest = granularity.split(":")
    steps = [0 if kind == "channel" else 1] * rank
    if kind == "filter_plane":
        steps[2:4] = [0, 0]
    elif kind == "block":
        steps = [int(extent) for extent in rest[0].split("x")]
    elif kind in ("vector", "channel") and rest:
        size = int(rest[0]) if len(rest) > 1 else 1 if kind == "channel" else 0
        steps[int(rest[-1])] = size
    elif kind not in ("unstructured", "n_of_m"):
        raise InputError(f"expected a granularity with groups, got '{granularity}'")
    return steps
