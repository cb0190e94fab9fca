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
