# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Layer-wise solvers against their definitions, on random layers."""

from __future__ import annotations

import numpy as np
import pytest

from mlir_prune.errors import InputError
from mlir_prune.oneshot.layers import (
    brain_surgeon,
    damped,
    error,
    magnitude,
    refit,
    sparse_gpt,
    wanda,
)
from mlir_prune.oneshot.ordered import Seen
from mlir_prune.oneshot.repair import moments
from mlir_prune.oneshot.shares import Curves, divide
from mlir_prune.oneshot.support import Pattern, Support, best_of_groups, read_granularity

SHARES = [(0.5, None), (0.25, None), (0.5, Pattern(2, 4, 1)), (0.25, Pattern(1, 4, 1))]


def layer(seed: int, outputs: int = 7, columns: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """A weight and the Gram matrix of inputs that depend on each other."""
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((4 * columns, columns)) @ rng.standard_normal((columns, columns))
    return rng.standard_normal((outputs, columns)).astype(np.float32), inputs.T @ inputs


@pytest.mark.parametrize(("share", "pattern"), SHARES)
@pytest.mark.parametrize("seed", range(6))
def test_updates_lower_the_error(seed: int, share: float, pattern: Pattern | None) -> None:
    weight, gram = layer(seed)
    mask = magnitude(weight, share, pattern)
    plain = error(weight, weight * mask, gram)
    repaired = error(weight, refit(weight, mask, gram, 1e-9), gram)
    surgeon, kept = brain_surgeon(weight, gram, share, pattern, 1e-9)
    assert kept.sum() == mask.sum()
    assert not surgeon[~kept].any()
    assert max(error(weight, surgeon, gram), repaired) < plain
    if pattern is None:
        assert error(weight, surgeon, gram) < repaired


@pytest.mark.parametrize("seed", range(3))
def test_refit_is_least_squares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((40, 9))
    weight, mask = rng.standard_normal((4, 9)), rng.random((4, 9)) < 0.5
    found = refit(weight, mask, inputs.T @ inputs, 0.0)
    for row, kept in enumerate(mask):
        expected = np.linalg.lstsq(inputs[:, kept], inputs @ weight[row], rcond=None)[0]
        np.testing.assert_allclose(found[row, kept], expected, rtol=1e-4, atol=1e-5)
        assert not found[row, ~kept].any()


def test_brain_surgeon_is_greedy() -> None:
    """One row: each removal is that of the least cost, found by trying all."""
    weight, gram = layer(3, outputs=1, columns=8)
    hessian = damped(gram, 1e-9)
    alive = list(range(8))
    for left in range(7, 0, -1):
        def cost(place: int) -> float:
            mask = np.isin(np.arange(8), [p for p in alive if p != place])[None]
            return error(weight, refit(weight, mask, gram, 1e-9), hessian)

        alive.remove(min(alive, key=cost))
        _, kept = brain_surgeon(weight, gram, left / 8, None, 1e-9)
        assert np.flatnonzero(kept[0]).tolist() == alive


@pytest.mark.parametrize("seed", range(6))
def test_sparse_gpt(seed: int) -> None:
    """In the order of columns the zeros behind are not known yet; at half it is better still."""
    weight, gram = layer(seed, outputs=16, columns=40)
    gram += np.eye(40) * np.diagonal(gram).mean()
    for share, pattern in ((0.5, None), (0.5, Pattern(2, 4, 1))):
        found, kept = sparse_gpt(weight, gram, share, pattern)
        assert kept.sum() == round(share * weight.size)
        assert not found[~kept].any()
        mask = magnitude(weight, share, pattern)
        assert error(weight, found, gram) < error(weight, weight * mask, gram)
        # The last column moves nothing, all others as far as least squares of their mask allow.
        assert error(weight, refit(weight, kept, gram, 0.0), gram) <= error(weight, found, gram)


def test_sparse_gpt_in_blocks() -> None:
    """Several blocks of columns, the last of which is not whole."""
    weight, gram = layer(1, outputs=5, columns=300)
    for pattern in (None, Pattern(1, 3, 1)):
        found, kept = sparse_gpt(weight, gram, 1 / 3, pattern)
        assert kept.sum() == round(weight.size / 3)
        again = refit(found, kept, gram)
        np.testing.assert_allclose(found.shape, again.shape)
        if pattern:
            assert (kept.reshape(-1, 3).sum(axis=1) == 1).all()


def test_sparse_gpt_update() -> None:
    """With one zero the kept weights behind it are those of least squares."""
    weight, gram = layer(4, outputs=1, columns=6)
    weight[0, 0] = 1e-4
    found, kept = sparse_gpt(weight, gram, 5 / 6, None, 1e-9)
    assert np.flatnonzero(~kept[0]).tolist() == [0]
    np.testing.assert_allclose(found, refit(weight, kept, gram, 1e-9), rtol=1e-4, atol=1e-6)


def test_wanda() -> None:
    weight, gram = layer(2)
    mask = wanda(weight, gram, 0.25, None)
    assert (mask.sum(axis=1) == 6).all()
    scores = np.abs(weight) * np.sqrt(np.diagonal(gram))
    assert (np.where(mask, scores, np.inf).min(1) > np.where(mask, 0, scores).max(1)).all()


def test_dead_inputs() -> None:
    """A column that is always zero goes first and breaks nothing."""
    weight, gram = layer(0)
    gram[3], gram[:, 3] = 0, 0
    for solver in (brain_surgeon, sparse_gpt):
        found, kept = solver(weight, gram, 0.5)
        assert np.isfinite(found).all() and not kept[:, 3].any()
    found, _ = brain_surgeon(weight, np.zeros_like(gram), 0.5)
    assert np.isfinite(found).all()


def test_one_pattern_along_any_axis() -> None:
    scores = np.random.default_rng(0).random((4, 8, 3))
    for axis, extent in ((0, 4), (1, 8)):
        kept = best_of_groups(scores, Pattern(1, 4, axis))
        groups = np.moveaxis(kept, axis, 0).reshape(extent // 4, 4, -1)
        assert (groups.sum(axis=1) == 1).all()
        assert scores[kept].sum() == np.moveaxis(scores, axis, 0).reshape(extent // 4, 4, -1).max(1).sum()


def test_support() -> None:
    support = Support(["a", "b"], [(2, 4), (4, 4)], Pattern(2, 4, 1))
    scores = np.arange(24.0)
    kept = support.choose(scores, np.ones(24, bool), 0.75)
    assert kept.sum() == 18 and (kept.reshape(-1, 4).sum(axis=1) >= 2).all()
    kept = support.choose(scores, kept, 0.1)
    assert (kept.reshape(-1, 4).sum(axis=1) == 2).all()
    each = Support(["a", "b"], [(2, 4), (4, 4)], None, "layer").choose(scores, np.ones(24, bool), 0.5)
    assert each[:8].sum() == 4 and each[8:].sum() == 8
    with pytest.raises(InputError, match="'b' of shape .4, 6. has no groups of 4 along dimension 1"):
        Support(["a", "b"], [(2, 4), (4, 6)], Pattern(2, 4, 1))
    with pytest.raises(InputError, match="scope: expected global or layer, got 'row'"):
        Support([], [], None, "row")


@pytest.mark.parametrize("text", ["channel:0", "n_of_m:4:4:1", "n_of_m:2:4", "", "n_of_m:0:4:1"])
def test_unknown_granularities(text: str) -> None:
    with pytest.raises(InputError, match="granularity: expected"):
        read_granularity(text)


def test_costs_of_removals_in_pieces() -> None:
    """More rows than a chunk holds, and columns that move together when half are gone."""
    weight, gram = layer(5, outputs=40, columns=96)
    found, kept = brain_surgeon(weight, gram, 0.2)
    for row, count in enumerate(kept.sum(axis=1)):
        if count:
            other, mask = brain_surgeon(weight[row][None], gram, count / 96)
            np.testing.assert_array_equal(kept[row], mask[0])
            np.testing.assert_array_equal(found[row], other[0])


@pytest.mark.parametrize("seed", range(4))
def test_shares_of_layers(seed: int) -> None:
    """Layers of different inputs: the errors of all together are smaller than with one sparsity."""
    rng = np.random.default_rng(seed)
    weights, grams = {}, {}
    sizes = {"a": (8, 20, 20), "b": (12, 40, 8), "c": (4, 12, 12)}
    for name, (outputs, columns, rank) in sizes.items():
        weights[name] = rng.standard_normal((outputs, columns)).astype(np.float32)
        inputs = rng.standard_normal((200, rank)) @ rng.standard_normal((rank, columns))
        inputs += 0.1 * rng.standard_normal(inputs.shape)
        grams[name] = inputs.T @ inputs
    costs = Curves(weights, grams, dict.fromkeys(weights, 0)).costs()
    for each in costs.values():
        assert (np.diff(each) >= 0).all() and each[0] >= 0
    size = sum(weight.size for weight in weights.values())
    for share in (0.6, 0.3):
        found = divide(costs, share)
        assert sum(found[n] * weights[n].size for n in weights) == pytest.approx(share * size, abs=1)

        def total(shares: dict[str, float]) -> float:
            errors = 0.0
            for name, weight in weights.items():
                pruned, _ = brain_surgeon(weight, grams[name], shares[name])
                power = error(weight, 0 * weight, grams[name])
                errors += error(weight, pruned, grams[name]) / power
            return errors

        assert total(found) < total(dict.fromkeys(weights, share))


def test_weight_of_least_squares() -> None:
    """Towards results of other inputs: the error is that to the target, and a constant."""
    rng = np.random.default_rng(0)
    dense = rng.standard_normal((300, 8)) @ rng.standard_normal((8, 8)) + 1
    inputs = dense + 0.3 * rng.standard_normal(dense.shape)
    weight = rng.standard_normal((3, 8))
    results = dense @ weight.T
    seen = Seen(
        inputs.mean(0), results.mean(0), inputs.T @ inputs / 300, results.T @ inputs / 300,
        (results**2).mean(0),
    )  # fmt: skip
    centered, target = inputs - inputs.mean(0), results - results.mean(0)
    found = seen.centered()
    np.testing.assert_allclose(found.xx, centered.T @ centered / 300, atol=1e-10)
    np.testing.assert_allclose(found.yx, target.T @ centered / 300, atol=1e-10)
    np.testing.assert_allclose(seen.results().variance, (target**2).mean(0), atol=1e-9)
    fitted = found.target(weight, 0.0)
    np.testing.assert_allclose(fitted, np.linalg.lstsq(centered, target, rcond=None)[0].T, atol=1e-8)
    least = ((centered @ fitted.T - target) ** 2).mean(0).sum()
    for _ in range(3):
        other = rng.standard_normal(weight.shape)
        whole = ((centered @ other.T - target) ** 2).mean(0).sum()
        assert whole == pytest.approx(error(fitted, other, found.xx) + least)
    both = moments(weight, inputs.mean(0), inputs.T @ inputs / 300)
    np.testing.assert_allclose(both.mean, (inputs @ weight.T).mean(0), atol=1e-10)
    np.testing.assert_allclose(both.variance, (inputs @ weight.T).var(0), atol=1e-9)
