# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training-time ADMM: the pull of the projections, and the projections, against numpy."""

from __future__ import annotations

import numpy as np
import pytest

import drawn
from oracle import loss_and_gradients
from test_mask_steps import MLP, WEIGHTS, Program, Values, batch, prune_smallest

SPARSITIES = {"fc1.weight": 0.75, "fc2.weight": 0.5, "fc3.weight": 0.25}
OPTION = ",".join(f"{name}:{sparsity}" for name, sparsity in SPARSITIES.items())
TRAIN = "prune-insert-loss,prune-differentiate,prune-insert-admm{{{}}},prune-train-pipeline{{forward=}}"


def fresh(program: Program, rng: np.random.Generator) -> Values:
    state = {k: v.astype(np.float32) for k, v in MLP.init(rng).items()}
    for name in WEIGHTS:
        for kind in ("admm_z", "admm_u"):
            state[f"{kind}:{name}"] = rng.standard_normal(state[name].shape).astype(np.float32)
    return state


@pytest.mark.parametrize("option", ["rho=0.25", "runtime-rho=true"])
def test_gradient_grows_by_the_pull(option: str) -> None:
    program = Program(TRAIN.format(option))
    rng = drawn.rng(1)
    state = fresh(program, rng)
    before = {k: v.copy() for k, v in state.items()}
    data = batch(rng)
    loss, gradients = loss_and_gradients(MLP, before, data["input"], data["labels"])
    outputs = program("train_step", state, **data, learning_rate=0.1, rho=0.25)
    np.testing.assert_allclose(outputs["loss"], loss, rtol=1e-6)
    for name in MLP.shapes():
        gradient = gradients[name]
        if name in WEIGHTS:
            pull = before[name] - before[f"admm_z:{name}"] + before[f"admm_u:{name}"]
            gradient = gradient + 0.25 * pull
        np.testing.assert_allclose(state[name], before[name] - 0.1 * gradient, rtol=1e-5, atol=1e-6)
    for name, value in before.items():
        if name.startswith("admm_"):
            np.testing.assert_array_equal(state[name], value)


@pytest.mark.parametrize("option", ["", "runtime-sparsity=true"])
def test_projection_keeps_the_largest(option: str) -> None:
    program = Program(
        TRAIN.format("rho=0.01") + f",prune-build-admm-step{{sparsities={OPTION} {option}}}")
    state = fresh(program, drawn.rng(2))
    before = {k: v.copy() for k, v in state.items()}
    program("admm_step", state, sparsity=0.5)
    for name, sparsity in SPARSITIES.items():
        total = before[name] + before[f"admm_u:{name}"]
        share = 0.5 * sparsity if option else sparsity
        z = total * prune_smallest(np.abs(total), share)
        np.testing.assert_array_equal(state[f"admm_z:{name}"], z)
        np.testing.assert_array_equal(state[f"admm_u:{name}"], total - z)
        np.testing.assert_array_equal(state[name], before[name])


def test_weights_become_sparse() -> None:
    """After some rounds the weights lie next to their projections, and training fits."""
    program = Program(
        TRAIN.format("rho=0.3") + f",prune-build-admm-step{{sparsities={OPTION}}}")
    rng = drawn.rng(3)
    state = fresh(program, rng)
    for name in WEIGHTS:
        state[f"admm_u:{name}"][:] = 0.0
    program("admm_step", state)
    data = batch(rng)

    def distance() -> float:
        gaps = [np.abs(state[n] - state[f"admm_z:{n}"]).max() for n in WEIGHTS]
        return float(max(gaps))

    first = distance()
    for _ in range(30):
        for _ in range(20):
            program("train_step", state, **data, learning_rate=0.2)
        program("admm_step", state)
    assert distance() < 0.1 * first
    for name, sparsity in SPARSITIES.items():
        assert (state[f"admm_z:{name}"] == 0).sum() == round(sparsity * state[name].size)
