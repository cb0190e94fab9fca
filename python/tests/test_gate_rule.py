# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The update rule of gates (METHODS 1.3): L(T) = sum a T + b T^2 / 2 with T = W h(M)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_prune.native import parse
from oracle import SLOPES, sign_or_weight

Values = dict[str, np.ndarray]
SHAPE = (5, 7)
RATE, STRENGTH = 0.1, 0.03

TEXT = """
#id = affine_map<(i, j) -> (i, j)>
#scalar = affine_map<(i, j) -> ()>
func.func @loss(%w: tensor<5x7xf64> {{prune.param = #prune.param<"w", weight>}},
    %m: tensor<{grid}xf64> {{prune.param = #prune.param<"w.gate", auxiliary>}},
    %a: tensor<5x7xf64> {{prune.input = "a"}}, %b: tensor<5x7xf64> {{prune.input = "b"}})
    -> (tensor<f64> {{prune.output = "loss"}}) {{
  %zero = arith.constant dense<0.0> : tensor<f64>
  %t = prune.gate %w, %m ste(<{ste}>) rule {rule} {groups} : tensor<5x7xf64>, tensor<{grid}xf64>
  %l = linalg.generic {{indexing_maps = [#id, #id, #id, #scalar],
      iterator_types = ["reduction", "reduction"]}}
      ins(%t, %a, %b : tensor<5x7xf64>, tensor<5x7xf64>, tensor<5x7xf64>)
      outs(%zero : tensor<f64>) {{
  ^bb0(%x: f64, %p: f64, %q: f64, %sum: f64):
    %half = arith.constant 0.5 : f64
    %linear = arith.mulf %p, %x : f64
    %square = arith.mulf %x, %x : f64
    %curve = arith.mulf %q, %square : f64
    %bent = arith.mulf %curve, %half : f64
    %term = arith.addf %linear, %bent : f64
    %next = arith.addf %sum, %term : f64
    linalg.yield %next : f64
  }} -> tensor<f64>
  return %l : tensor<f64>
}}
"""
GATE_STEP = (
    "builtin.module(prune-freeze-parameters{roles=auxiliary invert},prune-differentiate,"
    "prune-build-train-step,canonicalize,cse)"
)
GRANULARITIES = {
    "element": ("5x7", ""),
    "rows": ("5", "granularity(<channel, axis = 0>)"),
    "columns": ("7", "granularity(<channel, axis = 1>)"),
    "blocks": ("5x1", "granularity(<block, shape = [1, 7]>)"),
}


@cache
def gate_step(ste: str, rule: str, granularity: str = "element") -> Any:
    """The compiled step of plain gradient descent on the gates alone."""
    grid, groups = GRANULARITIES[granularity]
    module = parse(TEXT.format(ste=ste, rule=rule, grid=grid, groups=groups))
    module.run(GATE_STEP)
    return module.compile()


def draw(seed: int, grid: tuple[int, ...] = SHAPE) -> Values:
    rng = np.random.default_rng(seed)
    values = {name: rng.standard_normal(SHAPE) for name in ("w", "a", "b")}
    return {**values, "w.gate": rng.uniform(-1.5, 1.5, grid)}


def move(executable: Any, values: Values) -> np.ndarray:
    """What one step adds to the gates, divided by the learning rate."""
    feed: dict[str, Any] = {k: v.copy() for k, v in values.items()}
    executable.call("train_step", {**feed, "learning_rate": 1.0})
    for name in ("w", "a", "b"):
        assert feed[name].tobytes() == values[name].tobytes()
    return feed["w.gate"] - values["w.gate"]


def dense_gradient(values: Values) -> np.ndarray:
    """dL/dT, which a closed gate receives too."""
    gated = np.where(values["w.gate"] > 0, values["w"], 0.0)
    return values["a"] + values["b"] * gated


@pytest.mark.parametrize("ste", SLOPES)
@pytest.mark.parametrize("rule", ["sign", "chain"])
@given(seed=st.integers(0, 1000))
def test_step_follows_the_rule(ste: str, rule: str, seed: int) -> None:
    values = draw(seed)
    values["w"][0, 0] = 0.0
    factor = dense_gradient(values) * sign_or_weight(rule, values["w"])
    expected = -factor * SLOPES[ste](values["w.gate"])
    np.testing.assert_allclose(move(gate_step(ste, rule), values), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("ste", SLOPES)
@pytest.mark.parametrize("granularity", ["rows", "columns", "blocks"])
@pytest.mark.parametrize("rule", ["sign", "chain"])
def test_step_of_a_group_is_a_sum(ste: str, rule: str, granularity: str) -> None:
    axis = {"rows": 1, "columns": 0, "blocks": 1}[granularity]
    values = draw(3, {"rows": (5,), "columns": (7,), "blocks": (5, 1)}[granularity])
    m = values["w.gate"]
    wide = m[None, :] if granularity == "columns" else m.reshape(5, 1)
    gated = np.where(wide > 0, values["w"], 0.0)
    factor = (values["a"] + values["b"] * gated) * sign_or_weight(rule, values["w"])
    expected = -factor.sum(axis=axis).reshape(m.shape) * SLOPES[ste](m)
    found = move(gate_step(ste, rule, granularity), values)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("ste", SLOPES)
@given(seed=st.integers(0, 1000), power=st.integers(-20, 20))
def test_sensitivity_does_not_depend_on_the_magnitude(ste: str, seed: int, power: int) -> None:
    """With b = 0 the gradient is the same whatever W: so is the step, to the bit."""
    values = draw(seed)
    values["b"] = np.zeros(SHAPE)
    scaled = {**values, "w": values["w"] * 2.0**power}
    sign = gate_step(ste, "sign")
    assert move(sign, scaled).tobytes() == move(sign, values).tobytes()
    # The chain rule moves the gates of small weights in proportion less.
    chain = gate_step(ste, "chain")
    plain = move(chain, values)
    expected = -values["a"] * scaled["w"] * SLOPES[ste](values["w.gate"])
    found = move(chain, scaled)
    scale = np.abs(values["w.gate"]).max() + np.abs(expected).max()
    assert np.abs(found - expected).max() <= 1e-12 * scale
    if power >= 10:
        assert np.abs(found).sum() > 100 * np.abs(plain).sum()


@pytest.mark.parametrize("ste", SLOPES)
@given(seed=st.integers(0, 1000))
def test_correlation_with_the_change_of_the_weight(ste: str, seed: int) -> None:
    """Where a gate is open, it moves the way the loss wants |w| to move."""
    values = draw(seed)
    values["w.gate"] = np.abs(values["w.gate"])
    slope = SLOPES[ste](values["w.gate"])
    wanted = -dense_gradient(values) * np.sign(values["w"])
    found = move(gate_step(ste, "sign"), values)
    live = slope > 0
    assert live.any()
    assert (np.sign(found[live]) == np.sign(wanted[live])).all()


@pytest.mark.parametrize("ste", SLOPES)
@given(seed=st.integers(0, 1000))
def test_direction_is_that_of_the_plain_estimator(ste: str, seed: int) -> None:
    values = draw(seed)
    sign, chain = (move(gate_step(ste, rule), values) for rule in ("sign", "chain"))
    assert (sign * chain >= -1e-15).all()
    assert (sign * chain).sum() > 0.0
