# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Channels by how well the layers behind them do without (ThiNet, Luo et al. 2017, section 3.2).

What a layer gives is a sum over the channels that it reads. Channels leave one after the other,
each the one with which the sum of all that left has the least square over the positions of
some rows. That needs the inner products of what channels contribute only, and these follow from
the Gram matrix of the inputs of the layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .channel_groups import output_dims
from .channel_map import ChannelMap, channel_map
from .errors import InputError
from .evidence import GRAM, Evidence

Arrays = Mapping[str, np.ndarray]

_STEP = 1e-4
"""What a rank adds at least, as a share of the largest score, so that no two are alike."""


def contributions(
    weight: np.ndarray, output: int, gram: np.ndarray, numbers: np.ndarray, group: Sequence[int]
) -> np.ndarray:
    """Inner products of what channels of a group add to the results of a layer.

    ``C[i, j] = sum <X_i W_i^T, X_j W_j^T>`` over the positions that the Gram matrix
    ``gram = X^T X`` [columns, columns] is of, float64 [channels, channels], as a share of the
    square of all results. `output` is the dimension of outputs of the weight; `numbers` are the
    channels of its columns.
    """
    matrix = np.moveaxis(weight, output, 0).reshape(weight.shape[output], -1).astype(np.float64)
    products = gram * (matrix.T @ matrix)
    of_channel = (numbers[:, None] == np.asarray(group)[None]).astype(np.float64)
    whole = products.sum()
    found: np.ndarray = of_channel.T @ products @ of_channel
    return found / whole if whole > 0 else np.zeros_like(found)


def removal_error(products: np.ndarray, gone: Sequence[int]) -> float:
    """Square of what the channels `gone` contribute together, from their inner products."""
    return float(max(products[np.ix_(gone, gone)].sum(), 0.0))


def removal_order(products: np.ndarray) -> tuple[list[int], np.ndarray]:
    """All channels in the order in which they leave, and the error after each, float64.

    Ties break by index. O(channels^2).
    """
    left = np.ones(len(products), bool)
    sums, error = np.zeros(len(products)), 0.0
    order, errors = [], np.zeros(len(products))
    for step in range(len(products)):
        after = np.where(left, error + 2.0 * sums + np.diag(products), np.inf)
        chosen = int(np.argmin(after))
        order.append(chosen)
        left[chosen] = False
        sums += products[:, chosen]
        error = errors[step] = max(float(after[chosen]), 0.0)
    return order, errors


def removal_scores(products: np.ndarray) -> np.ndarray:
    """The root of the error when a channel leaves, float64; it rises in the order of leaving."""
    order, errors = removal_order(products)
    roots = np.sqrt(np.maximum.accumulate(errors))
    scores = np.empty(len(order))
    scores[order] = roots + _STEP * (roots[-1] or 1.0) * np.arange(1, len(order) + 1) / len(order)
    return scores


def thinet_evidence(
    network: Any, weights: Arrays, names: Iterable[str], grams: Arrays
) -> Evidence:
    """Scores of the channels that the weights `names` make, one for each output.

    They are evidence for ``mean_activation``, the criterion of the compiler that takes its
    evidence as the score. `grams` are the Gram matrices of the inputs of layers by weight; where
    several layers read channels, shares of their squares add up. Raises :class:`InputError`
    for channels that no layer with a Gram matrix reads.
    """
    names = list(names)
    dims, found = output_dims(network), channel_map(network, names)
    scores = np.zeros(found.count)
    for group in found.groups:
        scores[list(group)] = removal_scores(group_products(weights, dims, found, grams, group))
    evidence: Evidence = {}
    for name in names:
        vector = np.zeros([1] * weights[name].ndim, np.float32)
        if name in found.makers:
            numbers = found.makers[name]
            shape = [1] * weights[name].ndim
            shape[dims[name]] = -1
            vector = np.where(numbers < 0, 0.0, scores[numbers]).astype(np.float32).reshape(shape)
        evidence[name, "activation"] = vector
    return evidence


def group_products(
    weights: Arrays, dims: Mapping[str, int], found: ChannelMap, grams: Arrays, group: Sequence[int]
) -> np.ndarray:
    """The inner products of the channels of a group, over all layers that read them."""
    total, readers = np.zeros((len(group), len(group))), 0
    for name, numbers in found.readers.items():
        if name in grams and np.isin(numbers, group).any():
            total += contributions(weights[name], dims[name], grams[name], numbers, group)
            readers += 1
    if not readers:
        makers = [n for n, numbers in found.makers.items() if np.isin(numbers, group).any()]
        raise InputError(
            f"expected a layer without groups that reads the channels of {', '.join(makers)}, "
            f"found none: nothing is known about their contributions ('{GRAM}')"
        )
    return total
