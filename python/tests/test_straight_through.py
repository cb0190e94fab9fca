# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Masks found anew in every step, and gradients that pass straight through them."""

from __future__ import annotations

import numpy as np
import pytest

import drawn
from mlir_prune.models import Mlp
from oracle import loss_and_gradients
from test_mask_steps import Program, batch, prune_smallest

MLP = Mlp((8, 8, 4, 4))
WEIGHTS = ("fc1.weight", "fc2.weight", "fc3.weight")


def two_of_four(w: np.ndarray) -> np.ndarray:
    order = np.argsort(np.abs(w).reshape(-1, 4), axis=1, kind="stable")
    mask = np.ones((w.size // 4, 4), bool)
    np.put_along_axis(mask, order[:, :2], False, axis=1)
    return mask.reshape(w.shape)


RULES = {
    "granularity=n_of_m:2:4:1": two_of_four,
    "sparsity=0.6": lambda w: prune_smallest(np.abs(w), 0.6),
    "runtime-sparsity=true": lambda w: prune_smallest(np.abs(w), 0.75),
    "granularity=channel:0 sparsity=0.5": lambda w: np.repeat(
        prune_smallest(np.abs(w).sum(axis=1), 0.5)[:, None], w.shape[1], axis=1),
}  # fmt: skip


@pytest.mark.parametrize("decay", [0.0, 0.2])
@pytest.mark.parametrize("rule", RULES)
def test_gradient_passes_straight_through(rule: str, decay: float) -> None:
    """dT everywhere, plus decay times the weight where the mask is not set (SR-STE)."""
    program = Program(
        f"prune-insert-straight-through-masks{{{rule} decay={decay}}},prune-train-pipeline", MLP)
    rng = drawn.rng(2)
    state = {k: v.astype(np.float32) for k, v in MLP.init(rng).items()}
    before = {k: v.copy() for k, v in state.items()}
    masks = {k: RULES[rule](before[k]) for k in WEIGHTS}
    data = batch(rng)
    masked = {k: v * masks.get(k, True) for k, v in before.items()}
    loss, gradients = loss_and_gradients(MLP, masked, data["input"], data["labels"])
    outputs = program("train_step", state, **data, learning_rate=0.5, sparsity=0.75)
    np.testing.assert_allclose(outputs["loss"], loss, rtol=1e-6)
    for name, mask in masks.items():
        assert 0.3 < mask.mean() < 0.7 or rule == "runtime-sparsity=true"
        gradient = gradients[name] + decay * ~mask * before[name]
        expected = before[name] - 0.5 * gradient
        np.testing.assert_allclose(state[name], expected, rtol=1e-5, atol=1e-6)


def two_of_four_and_rest(w: np.ndarray) -> np.ndarray:
    """Two of each four, and both of the last two where rows have six."""
    whole = w.shape[1] // 4 * 4
    mask = np.ones(w.shape, bool)
    mask[:, :whole] = two_of_four(w[:, :whole])
    return mask


def blocks_of_two_by_four(w: np.ndarray) -> np.ndarray:
    """The smallest blocks with half of the weights; at an edge they are smaller."""
    starts = [(i, j) for i in range(0, w.shape[0], 2) for j in range(0, w.shape[1], 4)]
    blocks = [np.s_[i : i + 2, j : j + 4] for i, j in starts]
    mask, left = np.ones(w.shape, bool), w.size // 2
    for block in sorted(blocks, key=lambda block: np.abs(w[block]).sum()):
        if 2 * left <= w[block].size:  # Without it the share is nearer to a half.
            break
        mask[block], left = False, left - w[block].size
    return mask


UNEVEN = {
    "granularity=n_of_m:2:4:1": two_of_four_and_rest,
    "granularity=block:2x4 sparsity=0.5": blocks_of_two_by_four,
}


@pytest.mark.parametrize("rule", UNEVEN)
def test_groups_at_an_edge_are_smaller(rule: str) -> None:
    mlp = Mlp((8, 6, 5, 4))
    program = Program(
        f"prune-insert-straight-through-masks{{{rule}}},prune-train-pipeline", mlp)
    rng = drawn.rng(3)
    state = {k: v.astype(np.float32) for k, v in mlp.init(rng).items()}
    data = batch(rng)
    masked = {k: v * UNEVEN[rule](v) if k in WEIGHTS else v for k, v in state.items()}
    assert all(np.count_nonzero(masked[k]) < state[k].size for k in WEIGHTS)
    loss, _ = loss_and_gradients(mlp, masked, data["input"], data["labels"])
    np.testing.assert_allclose(
        program("train_step", state, **data, learning_rate=0.1)["loss"], loss, rtol=1e-6)


def test_pruned_weights_learn_and_return_under_state_masks() -> None:
    program = Program(
        "prune-insert-straight-through-masks{state=true},prune-train-pipeline,"
        "prune-build-mask-step{keep-values=true}", MLP)  # fmt: skip
    rng = drawn.rng(4)
    state = {k: v.astype(np.float32) for k, v in MLP.init(rng).items()}
    for name in WEIGHTS:
        state[f"mask:{name}"] = prune_smallest(np.abs(state[name]), 0.5)
    before = {k: v.copy() for k, v in state.items()}
    data = batch(rng)
    for _ in range(20):
        program("train_step", state, **data, learning_rate=0.3)
        for name in WEIGHTS:
            np.testing.assert_array_equal(state[f"mask:{name}"], before[f"mask:{name}"])
    returned = 0
    program("mask_step", state, sparsity=0.5)
    for name in WEIGHTS:
        pruned = ~before[f"mask:{name}"]
        assert (state[name][pruned] != before[name][pruned]).mean() > 0.5
        returned += int((state[f"mask:{name}"] & pruned).sum())
    assert returned > 0
