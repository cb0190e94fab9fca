# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every criterion against one statement of numpy, at run time and on constants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

import drawn
from mlir_prune import _native as native

Shape = tuple[int, ...]
Scores = Callable[[np.ndarray, np.ndarray], np.ndarray]


def unchanged(total: np.ndarray) -> np.ndarray:
    return total


@dataclass(frozen=True)
class Criterion:
    """The elements of a criterion, what becomes of their total, and its evidence."""

    element: Scores
    total: Callable[[np.ndarray], np.ndarray] = unchanged
    is_mean: bool = False
    evidence: str = ""


CRITERIA = {
    "magnitude": Criterion(lambda w, e: np.abs(w)),
    "magnitude, p = 2.0": Criterion(lambda w, e: w * w, np.sqrt),
    "magnitude, p = 3.0": Criterion(lambda w, e: np.abs(w) ** 3, np.cbrt),
    "taylor": Criterion(lambda w, e: w * e, np.abs, evidence="gradient"),
    "snip": Criterion(lambda w, e: np.abs(w * e), evidence="gradient"),
    "obd": Criterion(lambda w, e: 0.5 * e * w * w, evidence="curvature"),
    "obs": Criterion(lambda w, e: w * w / (2 * e), evidence="inverse_hessian"),
    "wanda": Criterion(lambda w, e: np.abs(w) * e, evidence="input_norm"),
    "batch_norm_scale": Criterion(lambda w, e: np.abs(e) + 0 * w, is_mean=True, evidence="scale"),
    "apoz": Criterion(lambda w, e: 1 - e + 0 * w, is_mean=True, evidence="zero_share"),
    "mean_activation": Criterion(lambda w, e: e + 0 * w, is_mean=True, evidence="activation"),
    "geometric_median": Criterion(lambda w, e: e + 0 * w, is_mean=True, evidence="distance"),
    "random": Criterion(lambda w, e: e + 0 * w, is_mean=True, evidence="noise"),
}
MAY_BE_NEGATIVE = ("gradient", "scale")

GRANULARITIES = {
    "unstructured": lambda index: index,
    "channel, axis = 0": lambda index: index[:1],
    "vector, axis = 1": lambda index: index[:1] + index[2:],
    "block, shape = [4, 1]": lambda index: (index[0] // 4, index[1]),
    "block, shape = [2, 3]": lambda index: (index[0] // 2, index[1] // 3),
    "filter_plane": lambda index: index[:2],
}


def expected_scores(criterion: Criterion, group: Callable[[Shape], Shape], w: np.ndarray, e: np.ndarray) -> np.ndarray:
    """By the definition, one element after the other."""
    places = [group(index) for index in np.ndindex(w.shape)]
    grid = tuple(np.max(places, axis=0) + 1)
    is_single = len(set(places)) == w.size
    if is_single and not criterion.evidence:
        return np.abs(w).reshape(grid)
    totals, counts = np.zeros(grid), np.zeros(grid)
    for place, value in zip(places, criterion.element(w, e).ravel(), strict=True):
        totals[place] += value
        counts[place] += 1
    return criterion.total(totals / counts if criterion.is_mean else totals)


def tensor(shape: Shape, element: str = "f32") -> str:
    return "tensor<" + "".join(f"{n}x" for n in shape) + element + ">"


def dense(value: np.ndarray) -> str:
    return f'dense<"0x{value.astype("<f4").tobytes().hex().upper()}"> : {tensor(value.shape)}'


def score(criterion: str, granularity: str, w: np.ndarray, e: np.ndarray, grid: Shape) -> str:
    has = bool(CRITERIA[criterion].evidence)
    return (
        f"%s = prune.score %w{', %e' if has else ''} criterion(<{criterion}>) granularity(<{granularity}>) : "
        f"{tensor(w.shape)}{', ' + tensor(e.shape) if has else ''} -> {tensor(grid)}"
    )


def at_run_time(criterion: str, granularity: str, w: np.ndarray, e: np.ndarray, grid: Shape) -> list[np.ndarray]:
    """Scores of the compiled function and of the reference execution."""
    text = (
        f"func.func @score(%w: {tensor(w.shape)}, %e: {tensor(e.shape)}) -> {tensor(grid)} {{\n"
        f"{score(criterion, granularity, w, e, grid)}\nreturn %s : {tensor(grid)}\n}}"
    )
    module = native.Module.parse(text)
    return [np.array(module.compile(reference=path)("score", w, e)[0]) for path in (False, True)]


def mask_of_constants(
    criterion: str, granularity: str, w: np.ndarray, e: np.ndarray, grid: Shape, sparsity: float
) -> np.ndarray:  # fmt: skip
    """The mask that prune-select-masks makes of a weight without zeros."""
    text = (
        f'func.func @masked() -> {tensor(w.shape)} {{\n%w = arith.constant {{prune.param = #prune.param<"w", weight>}} '
        f"{dense(w)}\n%e = arith.constant {dense(e)}\n{score(criterion, granularity, w, e, grid)}\n"
        f"return %w : {tensor(w.shape)}\n}}"
    )
    module = native.Module.parse(text)
    module.run(f"builtin.module(prune-select-masks{{sparsity={sparsity} allow-empty}},prune-fold-masks)")
    return np.array(module.compile(reference=True)("masked")[0]) != 0


def draw(granularity: str, kind: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    shape = (5, 7, 2, 3) if granularity == "filter_plane" else (6, 8)
    w = rng.standard_normal(shape).astype(np.float32)
    wide = tuple(n if rng.random() < 0.6 else 1 for n in shape)
    e = rng.uniform(0.05, 0.95, wide).astype(np.float32)
    return w, e * rng.choice([-1, 1], wide).astype(np.float32) if kind in MAY_BE_NEGATIVE else e


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("name", CRITERIA)
def test_scores(name: str, granularity: str) -> None:
    rng = drawn.rng(sorted(CRITERIA).index(name))
    criterion = CRITERIA[name]
    w, e = draw(granularity, criterion.evidence, rng)
    expected = expected_scores(criterion, GRANULARITIES[granularity], w.astype(np.float64), e.astype(np.float64))
    for found in at_run_time(name, granularity, w, e, expected.shape):
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("name", CRITERIA)
def test_masks_of_constants(name: str, granularity: str) -> None:
    """Groups leave from the smallest score up, ties by index, until the count is nearest."""
    rng = drawn.rng(100 + sorted(CRITERIA).index(name))
    criterion = CRITERIA[name]
    w, e = draw(granularity, criterion.evidence, rng)
    group = GRANULARITIES[granularity]
    expected = expected_scores(criterion, group, w.astype(np.float64), e.astype(np.float64))
    places = [np.ravel_multi_index(group(index), expected.shape) for index in np.ndindex(w.shape)]
    sizes = np.bincount(places)
    for sparsity in (0.25, 0.6):
        target, pruned = round(sparsity * w.size), []
        for place in np.argsort(expected.ravel(), kind="stable"):
            count = sizes[pruned].sum()
            if abs(count + sizes[place] - target) >= abs(count - target):
                break
            pruned.append(place)
        found = mask_of_constants(name, granularity, w, e, expected.shape, sparsity)
        np.testing.assert_array_equal(found.ravel(), ~np.isin(places, pruned), err_msg=f"sparsity {sparsity}")
