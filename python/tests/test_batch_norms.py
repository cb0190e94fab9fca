# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Batch normalization in training steps: running statistics are state."""

from __future__ import annotations

import numpy as np
import pytest

import drawn
from mlir_prune import _native as native
from test_layers import norm_oracle

BATCH, INPUTS, CLASSES, MOMENTUM = 12, 6, 4, 0.3

# x -> batch norm -> product -> logits.
NETWORK = f"""
#xk = affine_map<(m, n, k) -> (m, k)>
#wk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
func.func @forward(%x: tensor<{BATCH}x{INPUTS}xf32> {{prune.input = "input"}},
    %g: tensor<{INPUTS}xf32> {{prune.param = #prune.param<"bn.weight", scale>}},
    %b: tensor<{INPUTS}xf32> {{prune.param = #prune.param<"bn.bias", bias>}},
    %m: tensor<{INPUTS}xf32> {{prune.param = #prune.param<"bn.running_mean", buffer>}},
    %v: tensor<{INPUTS}xf32> {{prune.param = #prune.param<"bn.running_var", buffer>}},
    %w: tensor<{CLASSES}x{INPUTS}xf32> {{prune.param = #prune.param<"fc.weight", weight>}})
    -> (tensor<{BATCH}x{CLASSES}xf32> {{prune.output = "logits"}}) {{
  %y = prune.batch_norm %x, %g, %b, %m, %v epsilon 1.0e-5
      : tensor<{BATCH}x{INPUTS}xf32>, tensor<{INPUTS}xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<{BATCH}x{CLASSES}xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<{BATCH}x{CLASSES}xf32>)
      -> tensor<{BATCH}x{CLASSES}xf32>
  %z = linalg.matmul indexing_maps = [#xk, #wk, #mn]
      ins(%y, %w : tensor<{BATCH}x{INPUTS}xf32>, tensor<{CLASSES}x{INPUTS}xf32>)
      outs(%i : tensor<{BATCH}x{CLASSES}xf32>) -> tensor<{BATCH}x{CLASSES}xf32>
  return %z : tensor<{BATCH}x{CLASSES}xf32>
}}"""


def draw(seed: int) -> dict[str, np.ndarray]:
    rng = drawn.rng(seed)
    return {
        "input": (rng.standard_normal((BATCH, INPUTS)) * 2 + 1).astype(np.float32),
        "labels": rng.integers(0, CLASSES, BATCH).astype(np.int32),
    }


def fresh() -> dict[str, np.ndarray]:
    rng = drawn.rng(1)
    return {
        "bn.weight": rng.uniform(0.5, 1.5, INPUTS).astype(np.float32),
        "bn.bias": rng.standard_normal(INPUTS).astype(np.float32),
        "bn.running_mean": rng.standard_normal(INPUTS).astype(np.float32),
        "bn.running_var": rng.uniform(0.5, 1.5, INPUTS).astype(np.float32),
        "fc.weight": rng.standard_normal((CLASSES, INPUTS)).astype(np.float32),
    }


def oracle_step(state: dict[str, np.ndarray], batch: dict[str, np.ndarray], rate: float) -> None:
    """One step of gradient descent in numpy, in place."""
    x, labels = batch["input"], batch["labels"]
    g, b, w = (state[name].astype(np.float64) for name in ("bn.weight", "bn.bias", "fc.weight"))
    one = np.ones(INPUTS)
    y, mean, variance, *_ = norm_oracle(x, g, b, np.zeros_like(x), one, one)
    logits = y @ w.T
    shares = np.exp(logits - logits.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    shares[np.arange(BATCH), labels] -= 1.0
    delta = shares / BATCH
    _, _, _, _, dg, db, _ = norm_oracle(x, g, b, delta @ w, one, one)
    new = {
        "fc.weight": w - rate * delta.T @ y, "bn.weight": g - rate * dg, "bn.bias": b - rate * db,
        "bn.running_mean": (1 - MOMENTUM) * state["bn.running_mean"] + MOMENTUM * mean,
        "bn.running_var": (1 - MOMENTUM) * state["bn.running_var"]
        + MOMENTUM * variance * BATCH / (BATCH - 1),
    }  # fmt: skip
    for name, value in new.items():
        state[name][...] = value


@pytest.mark.parametrize("options", [{"reference": True}, {"threads": 1}, {"threads": 2}], ids=str)
def test_steps_equal_numpy(options: dict[str, object]) -> None:
    module = native.Module.parse(NETWORK)
    module.run(f"builtin.module(prune-train-pipeline{{batch-norm-momentum={MOMENTUM}}})")
    executable = module.compile(**options)
    found, expected = fresh(), fresh()
    for seed in range(5):
        batch = draw(seed)
        executable.call("train_step", {**found, **batch, "learning_rate": 0.2})
        oracle_step(expected, batch, 0.2)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=2e-4, atol=2e-5, err_msg=name)
        assert np.abs(found[name] - fresh()[name]).max() > 1e-3, f"{name} did not change"


def test_statistics_are_measured_again() -> None:
    """With the share 1 / k the statistics are the mean over all batches; nothing else changes."""
    module = native.Module.parse(NETWORK)
    module.run("builtin.module(prune-build-statistics-step)")
    executable = module.compile()
    state = fresh()
    batches = [draw(seed)["input"] for seed in range(4)]
    for k, batch in enumerate(batches, 1):
        executable.call("statistics_step", {**state, "input": batch, "momentum": 1.0 / k})
    mean = np.mean([batch.mean(0) for batch in batches], axis=0)
    variance = np.mean([batch.var(0, ddof=1) for batch in batches], axis=0)
    np.testing.assert_allclose(state["bn.running_mean"], mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(state["bn.running_var"], variance, rtol=1e-4)
    for name in ("bn.weight", "bn.bias", "fc.weight"):
        assert (state[name] == fresh()[name]).all()
