# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Integer powers and their gradients, at zero, with negative exponents, with NaN."""

from __future__ import annotations

import numpy as np
import pytest

native = pytest.importorskip("mlir_prune._native", reason="needs the native module")

VALUES = np.array([0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 0.3, np.inf, -np.inf, np.nan, 7.0, -0.1],
                  np.float32)  # fmt: skip
EXPONENTS = [0, 1, 2, 3, 4, 7, 16, 17, 33, -1, -2, -3, -16, -20]

TEXT = """
func.func @f(%x: tensor<12xf32> {{prune.param = #prune.param<"x", weight>}}{argument})
    -> (tensor<f32> {{prune.output = "loss"}}, tensor<12xf32>) {{
  {constant}
  %e = tensor.empty() : tensor<12xf32>
  %y = linalg.generic {{indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]}} ins(%x : tensor<12xf32>) outs(%e : tensor<12xf32>) {{
  ^bb0(%a: f32, %b: f32):
    %p = math.fpowi %a, %n : f32, {kind}
    linalg.yield %p : f32
  }} -> tensor<12xf32>
  %z = arith.constant 0.0 : f32
  %s = tensor.empty() : tensor<f32>
  %o = linalg.fill ins(%z : f32) outs(%s : tensor<f32>) -> tensor<f32>
  %l = linalg.reduce {{arith.addf}} ins(%y : tensor<12xf32>) outs(%o : tensor<f32>)
      dimensions = [0]
  return %l, %y : tensor<f32>, tensor<12xf32>
}}
"""


def run(exponent: int, kind: str, constant: bool, reference: bool):
    text = TEXT.format(
        kind=kind, argument="" if constant else f", %n: {kind}",
        constant=f"%n = arith.constant {exponent} : {kind}" if constant else "")  # fmt: skip
    module = native.Module.parse(text)
    module.run("builtin.module(prune-differentiate{function=f})")
    values = [VALUES]
    if not constant:
        values.append(np.array(exponent, {"i32": np.int32, "i64": np.int64}[kind]))
    _, power, gradient = module.compile(reference=reference)("f", *values)
    return np.array(power), np.array(gradient)


@pytest.mark.parametrize("constant", [True, False], ids=["constant", "argument"])
@pytest.mark.parametrize("kind", ["i32", "i64"])
@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("reference", [True, False], ids=["reference", "compiled"])
def test_powers_and_slopes(exponent, kind, constant, reference):
    power, gradient = run(exponent, kind, constant, reference)
    with np.errstate(all="ignore"):
        exact = VALUES.astype(np.float64)
        expected = np.power(exact, float(exponent)).astype(np.float32)
        slope = exponent * np.power(exact, float(exponent - 1)) if exponent else np.zeros(12)
        slope = slope.astype(np.float32)
    np.testing.assert_allclose(power, expected, rtol=1e-5)
    np.testing.assert_allclose(gradient, slope, rtol=1e-5)
