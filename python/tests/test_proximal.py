# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Proximal steps against their closed forms, and against ISTA in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import drawn
from mlir_prune import _native as native
from mlir_prune.models import Mlp
from oracle import loss_and_gradients
from test_mask_steps import MLP, WEIGHTS, Program, batch


def soft(w: np.ndarray, t: float) -> np.ndarray:
    return np.sign(w) * np.maximum(np.abs(w) - t, 0.0)


def shrink(w: np.ndarray, t: float, axes: tuple[int, ...]) -> np.ndarray:
    norm = np.sqrt((w * w).sum(axis=axes, keepdims=True))
    return w * np.maximum(1.0 - t / np.maximum(norm, 1e-30), 0.0)


def shrink_blocks(w: np.ndarray, t: float) -> np.ndarray:
    split = w.reshape(w.shape[0] // 2, 2, w.shape[1] // 4, 4)
    return shrink(split, t, (1, 3)).reshape(w.shape)


def run(text: str, w: np.ndarray, t: float, reference: bool) -> np.ndarray:
    shape = "x".join(map(str, w.shape))
    program = (
        f"func.func @f(%w: tensor<{shape}xf64>, %t: f64) -> tensor<{shape}xf64> {{\n"
        f"%v = prune.proximal {text.format('%w, %t')} : tensor<{shape}xf64>\n"
        f"return %v : tensor<{shape}xf64>\n}}"
    )
    return np.array(native.Module.parse(program).compile(reference=reference)("f", w, t)[0])


@dataclass(frozen=True)
class Case:
    text: str
    shape: tuple[int, ...]
    axes: tuple[int, ...] = ()

    def expected(self, w: np.ndarray, t: float) -> np.ndarray:
        if self.text.startswith("l1"):
            return soft(w, t)
        return shrink(w, t, self.axes) if self.axes else shrink_blocks(w, t)


CASES = [
    Case("l1 {}", (6, 8)),
    Case("group_lasso {} granularity(<channel, axis = 0>)", (6, 8), (1,)),
    Case("group_lasso {} granularity(<channel, axis = 1>)", (6, 8), (0,)),
    Case("group_lasso {} granularity(<block, shape = [2, 4]>)", (6, 8)),
    Case("group_lasso {} granularity(<filter_plane>)", (4, 3, 3, 3), (2, 3)),
    Case("group_lasso {} granularity(<channel, axis = 0>)", (4, 3, 3, 3), (1, 2, 3)),
]


@pytest.mark.parametrize("reference", [False, True], ids=["compiled", "reference"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.text[:11]}{case.axes}")
def test_closed_forms(case: Case, reference: bool) -> None:
    w = drawn.rng(1).standard_normal(case.shape)
    w[0] = 0.0
    for t in (0.0, 0.3, 1.5, 100.0):
        found = run(case.text, w, t, reference)
        expected = case.expected(w, t)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
        np.testing.assert_array_equal(found == 0.0, expected == 0.0)
    assert np.isnan(run(case.text, np.full(case.shape, np.nan), 0.5, reference)).all()


@pytest.mark.parametrize("optimizer", ["sgd", "sgd momentum=0.9", "adam"])
@pytest.mark.parametrize(
    "option", ["kind=l1 strength=0.4", "kind=l1 runtime-strength=true strengths=fc1.*:2.0",
               "kind=group_lasso granularity=channel:0 strength=0.4"])  # fmt: skip
def test_step_follows_the_update(option: str, optimizer: str) -> None:
    plain = Program(f"prune-train-pipeline{{optimizer={optimizer}}}")
    proximal = Program(
        f"prune-train-pipeline{{optimizer={optimizer}}},prune-insert-proximal-steps{{{option}}}")
    rng = drawn.rng(2)
    state = plain.fresh(MLP, rng)
    other = {k: v.copy() for k, v in state.items()}
    data = batch(rng)
    plain("train_step", state, **data, learning_rate=0.1)
    proximal("train_step", other, **data, learning_rate=0.1, strength=0.4)
    zeros = 0
    for name, value in state.items():
        expected = value
        if name in WEIGHTS and "group" in option:
            expected = shrink(value, 0.04, (1,))
        elif name in WEIGHTS:
            factor = 2.0 if "runtime" in option and name == "fc1.weight" else 1.0
            expected = soft(value, 0.04 * factor)
            zeros += int((other[name] == 0.0).sum())
        np.testing.assert_allclose(other[name], expected, rtol=2e-5, atol=2e-7, err_msg=name)
    assert zeros > 0 or "group" in option


def test_held_weights_do_not_shrink() -> None:
    program = Program(
        "prune-insert-straight-through-masks{state=true mask-gradient=true},"
        "prune-train-pipeline,prune-insert-proximal-steps{strength=0.5}")
    rng = drawn.rng(3)
    state = {k: v.astype(np.float32) for k, v in MLP.init(rng).items()}
    for name in WEIGHTS:
        state[f"mask:{name}"] = rng.random(state[name].shape) < 0.5
    before = {k: v.copy() for k, v in state.items()}
    program("train_step", state, **batch(rng), learning_rate=0.1)
    for name in WEIGHTS:
        mask = state[f"mask:{name}"]
        np.testing.assert_array_equal(state[name][~mask], before[name][~mask])
        assert (state[name][mask] != before[name][mask]).all()


def test_lasso_reaches_the_solution_of_ista() -> None:
    """A convex problem: softmax regression with an l1 penalty on its weights."""
    mlp = Mlp((8, 4))
    program = Program(
        "prune-train-pipeline,prune-insert-proximal-steps{strength=0.05}", mlp, batch=60)
    rng = drawn.rng(4)
    x = rng.standard_normal((60, 8)).astype(np.float32)
    truth = np.zeros((4, 8))
    truth[:, :3] = rng.standard_normal((4, 3)) * 2.0
    y = (x @ truth.T + 0.3 * rng.standard_normal((60, 4))).argmax(axis=1).astype(np.int32)
    start = {k: v.astype(np.float32) for k, v in mlp.init(rng).items()}
    state = {k: v.copy() for k, v in start.items()}
    wide = {k: v.astype(np.float64) for k, v in start.items()}
    for _ in range(1500):
        program("train_step", state, input=x, labels=y, learning_rate=0.5)
        _, gradients = loss_and_gradients(mlp, wide, x, y)
        wide = {k: v - 0.5 * gradients[k] for k, v in wide.items()}
        wide["fc1.weight"] = soft(wide["fc1.weight"], 0.5 * 0.05)
    found, expected = state["fc1.weight"], wide["fc1.weight"]
    np.testing.assert_allclose(found, expected, atol=2e-4)
    np.testing.assert_array_equal(found == 0.0, expected == 0.0)
    assert 0.3 < (found == 0.0).mean() < 0.95
    # The optimality conditions: the gradient is the penalty's where a weight is left, and no
    # larger elsewhere.
    _, gradients = loss_and_gradients(mlp, {k: v.astype(float) for k, v in state.items()}, x, y)
    gradient = gradients["fc1.weight"]
    left = found != 0.0
    np.testing.assert_allclose(gradient[left], -0.05 * np.sign(found[left]), atol=1e-3)
    assert (np.abs(gradient[~left]) <= 0.05 + 1e-4).all()
