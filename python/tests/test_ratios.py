# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ratios of layers against numpy: Erdos-Renyi-Kernel, LAMP, caps and multiples of channels."""

from __future__ import annotations

import numpy as np
import pytest

import drawn
from mlir_prune import _native as native
from test_criteria import dense, tensor

Weights = list[np.ndarray]


def select(weights: Weights, granularity: str = "unstructured", **options: object) -> list[np.ndarray]:
    """Masks of constant weights; the weights must have no zeros."""
    lines = []
    for i, w in enumerate(weights):
        grid = tensor(w.shape if granularity == "unstructured" else w.shape[:1])
        lines += [
            f'%w{i} = arith.constant {{prune.param = #prune.param<"w{i}", weight>}} {dense(w)}',
            f"%s{i} = prune.score %w{i} criterion(<magnitude>) granularity(<{granularity}>) : {tensor(w.shape)} -> {grid}",
        ]
    types = ", ".join(tensor(w.shape) for w in weights)
    body = "\n".join(lines)
    module = native.Module.parse(
        f"func.func @masked() -> ({types}) {{\n{body}\n"
        f"return {', '.join(f'%w{i}' for i in range(len(weights)))} : {types}\n}}"
    )
    text = " ".join(f"{key.replace('_', '-')}={value}" for key, value in options.items())
    module.run(f"builtin.module(prune-select-masks{{{text}}},prune-fold-masks)")
    return [np.array(w) != 0 for w in module.compile(reference=True)("masked")]


def draw(seed: int, ties: bool = False) -> Weights:
    rng = drawn.rng(seed)
    shapes = [(6, 5), (20, 12), (8, 4, 3, 3), (30, 40), (4,)]
    weights = [(rng.standard_normal(shape) * rng.uniform(0.5, 3)).astype(np.float32) for shape in shapes]
    return [np.sign(w) * np.ceil(np.abs(w) * 2) for w in weights] if ties else weights


def prune_smallest(weight: np.ndarray, count: int) -> np.ndarray:
    order = np.argsort(np.abs(weight), axis=None, kind="stable")
    mask = np.ones(weight.size, bool)
    mask[order[:count]] = False
    return mask.reshape(weight.shape)


def erk_densities(shapes: list[tuple[int, ...]], density: float) -> list[float]:
    """Evci et al. 2020: layers denser than 1 become dense until none is left."""
    sizes = np.array([np.prod(shape) for shape in shapes], float)
    ratios = np.array([sum(shape) for shape in shapes]) / sizes
    is_dense = np.zeros(len(shapes), bool)
    while True:
        left = density * sizes.sum() - sizes[is_dense].sum()
        share = left / (ratios * sizes)[~is_dense].sum() if not is_dense.all() else 0.0
        over = ~is_dense & (share * ratios > 1)
        if not over.any():
            return list(np.where(is_dense, 1.0, share * ratios))
        is_dense |= over


@pytest.mark.parametrize("sparsity", [0.3, 0.5, 0.8, 0.95])
def test_erk(sparsity: float) -> None:
    weights = draw(1)
    densities = erk_densities([w.shape for w in weights], 1 - sparsity)
    assert min(densities) > 0
    found = select(weights, sparsity=sparsity, scope="erk")
    for mask, weight, density in zip(found, weights, densities, strict=True):
        np.testing.assert_array_equal(mask, prune_smallest(weight, round((1 - density) * weight.size)))
    total = sum(w.size for w in weights)
    assert sum(int((~m).sum()) for m in found) == pytest.approx(sparsity * total, abs=len(weights))
    assert found[-1].all() or sparsity > 0.9


def lamp_scores(weight: np.ndarray) -> np.ndarray:
    """Lee et al. 2021, equation 4: a square over the sum of those that are not smaller."""
    squares = weight.astype(np.float64).ravel() ** 2
    order = np.argsort(np.abs(weight), axis=None, kind="stable")
    scores = np.empty(weight.size)
    scores[order] = squares[order] / np.cumsum(squares[order][::-1])[::-1]
    return scores


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("sparsity", [0.3, 0.8, 0.97])
def test_lamp(sparsity: float, ties: bool) -> None:
    weights = draw(2, ties)
    scores = np.concatenate([lamp_scores(w) for w in weights])
    order = np.argsort(scores, kind="stable")
    kept = np.ones(scores.size, bool)
    kept[order[: round(sparsity * scores.size)]] = False
    found = np.concatenate([m.ravel() for m in select(weights, sparsity=sparsity, scope="lamp")])
    np.testing.assert_array_equal(found, kept)
    # The largest weight of a layer has the score 1: no layer is pruned to nothing.
    assert all(m.any() for m in select(weights, sparsity=0.99, scope="lamp", allow_empty=True))


@pytest.mark.parametrize("scope", ["tensor", "global", "erk", "lamp"])
def test_caps_hold_and_the_total_is_reached(scope: str) -> None:
    weights = draw(3)
    found = select(weights, sparsity=0.7, scope=scope, cap=0.75)
    for mask in found:
        assert (~mask).mean() <= 0.75
    total = sum(w.size for w in weights)
    assert sum(int((~m).sum()) for m in found) == pytest.approx(0.7 * total, abs=len(weights))
    alone = select(weights, sparsity=0.7, scope=scope, cap="w1:0.1")
    assert (~alone[1]).mean() <= 0.1
    for threads in (1, 3):
        again = select(weights, sparsity=0.7, scope=scope, cap=0.75, threads=threads)
        assert all((a == b).all() for a, b in zip(again, found, strict=True))


@pytest.mark.parametrize("scope", ["tensor", "global"])
@pytest.mark.parametrize("multiple", [4, 8])
def test_channels_are_kept_in_multiples(multiple: int, scope: str) -> None:
    weights = draw(4)[:4]
    for sparsity in (0.3, 0.6, 0.99):
        free = select(weights, "channel, axis = 0", sparsity=sparsity, scope=scope)
        found = select(weights, "channel, axis = 0", sparsity=sparsity, scope=scope, round_to=multiple)
        for before, mask, weight in zip(free, found, weights, strict=True):
            kept = mask.reshape(len(mask), -1).any(axis=1)
            assert kept.sum() % multiple == 0 or kept.all()
            assert (mask >= before).all()
            assert kept.sum() - before.reshape(len(mask), -1).any(axis=1).sum() < multiple
            # What came back is the largest of what had gone.
            norms = np.abs(weight.astype(np.float64)).reshape(len(weight), -1).sum(axis=1)
            assert kept.all() or norms[kept].min() >= norms[~kept].max()
