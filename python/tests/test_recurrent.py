# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Loops that carry a state compile and compute the same on both paths."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("mlir_prune._native", reason="the native module is not built")

from mlir_prune.native import parse  # noqa: E402

STEPS, FEATURES, HIDDEN = 4, 3, 2


def recurrent(weights: np.ndarray, states: np.ndarray) -> str:
    """An Elman network of two states, of which one is the other a step ago."""
    row, state = f"tensor<1x{FEATURES}xf32>", f"tensor<1x{HIDDEN}xf32>"
    whole = f"tensor<{STEPS}x{HIDDEN}xf32>"
    return f"""
func.func @net(%x: tensor<{STEPS}x{FEATURES}xf32>) -> ({whole}, {state}) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant {STEPS} : index
  %w = arith.constant dense<{weights.tolist()}> : tensor<{FEATURES}x{HIDDEN}xf32>
  %u = arith.constant dense<{states.tolist()}> : tensor<{HIDDEN}x{HIDDEN}xf32>
  %z = arith.constant dense<0.0> : {state}
  %e = tensor.empty() : {whole}
  %y, %h, %g = scf.for %t = %c0 to %c4 step %c1 iter_args(%out = %e, %s = %z, %p = %z)
      -> ({whole}, {state}, {state}) {{
    %r = tensor.extract_slice %x[%t, 0] [1, {FEATURES}] [1, 1]
        : tensor<{STEPS}x{FEATURES}xf32> to {row}
    %f = tensor.empty() : {state}
    %a = linalg.matmul ins(%r, %w : {row}, tensor<{FEATURES}x{HIDDEN}xf32>)
        outs(%p : {state}) -> {state}
    %b = linalg.matmul ins(%s, %u : {state}, tensor<{HIDDEN}x{HIDDEN}xf32>)
        outs(%a : {state}) -> {state}
    %n = linalg.tanh ins(%b : {state}) outs(%f : {state}) -> {state}
    %o = tensor.insert_slice %n into %out[%t, 0] [1, {HIDDEN}] [1, 1] : {state} into {whole}
    scf.yield %o, %n, %s : {whole}, {state}, {state}
  }}
  return %y, %g : {whole}, {state}
}}"""


@pytest.mark.parametrize("imported", [False, True])
@pytest.mark.parametrize("reference", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_state_of_a_loop(seed: int, reference: bool, imported: bool) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal((FEATURES, HIDDEN)).astype(np.float32)
    states = rng.standard_normal((HIDDEN, HIDDEN)).astype(np.float32)
    x = rng.standard_normal((STEPS, FEATURES)).astype(np.float32)
    state, before, rows = np.zeros((1, HIDDEN)), np.zeros((1, HIDDEN)), []
    for row in x:
        state, before = np.tanh(before + row @ weights + state @ states), state
        rows.append(state[0])
    module = parse(recurrent(weights, states))
    if imported:
        module.run("builtin.module(prune-import-pipeline)")
        assert list(module.parameters()) == ["fc0.weight", "fc1.weight"]
    run = module.compile(reference=reference)
    for _ in range(2):  # nothing stays behind from one call to the next
        found, last = run("forward" if imported else "net", x)
        np.testing.assert_allclose(found, rows, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(last, before, rtol=1e-5, atol=1e-6)
