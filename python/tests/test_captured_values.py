# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Values from outside in the body of an operation are none of its operands.

Every body reads arguments of the function, whose numbers are those of operands.
"""

from __future__ import annotations

import numpy as np
import pytest

from mlir_prune import _native as native

ID = "affine_map<(m, n) -> (m, n)>"
ROWS = "affine_map<(m, n) -> (m)>"
PASSES = {
    "nothing": "builtin.module(canonicalize)",
    "import": "builtin.module(func.func(prune-recognize-batch-norms,prune-fuse-bias-adds))",
    "elimination": "builtin.module(prune-eliminate-dead-neurons,prune-verify-compact)",
}

# Each body: what it computes from an element a of the product, its bias and the
# arguments s and t.
BODIES = {
    "maximum": ("%y = arith.maximumf %a, %t : f32", lambda a, b, s, t: np.maximum(a, t)),
    "scaled": (
        "%p = arith.mulf %a, %s : f32\n    %y = arith.addf %p, %t : f32",
        lambda a, b, s, t: a * s + t,
    ),
    "bias": (
        "%p = arith.addf %a, %s : f32\n    %y = arith.maximumf %p, %zero : f32",
        lambda a, b, s, t: np.maximum(a + s, 0),
    ),
    "both": (
        "%p = arith.addf %a, %b : f32\n    %y = arith.maximumf %p, %s : f32",
        lambda a, b, s, t: np.maximum(a + b, s),
    ),
    "captured alone": ("%y = arith.addf %s, %t : f32", lambda a, b, s, t: s + t + 0 * a),
    "normalized": (
        "%d = arith.subf %a, %s : f32\n    %v = arith.addf %t, %eps : f32\n"
        "    %r = math.sqrt %v : f32\n    %q = arith.divf %d, %r : f32\n"
        "    %y = arith.addf %q, %b : f32",
        lambda a, b, s, t: (a - s) / np.sqrt(t + 0.5) + b,
    ),
}

INPUTS = '%s: f32 {prune.input = "s"}, %t: f32 {prune.input = "t"}, %x: tensor<3x4xf32> '
HEAD = f"""
func.func @forward({INPUTS}{{prune.input = "x"}}) -> (tensor<3x5xf32> {{prune.output = "y"}}) {{
  %zero = arith.constant 0.0 : f32
  %eps = arith.constant 0.5 : f32
"""


def network(body: str, weight: np.ndarray, bias: np.ndarray) -> str:
    return f"""{HEAD}
  %w = arith.constant dense<{weight.tolist()}> : tensor<4x5xf32>
  %c = arith.constant dense<{bias.tolist()}> : tensor<5xf32>
  %e = tensor.empty() : tensor<3x5xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<3x5xf32>) -> tensor<3x5xf32>
  %z = linalg.matmul ins(%x, %w : tensor<3x4xf32>, tensor<4x5xf32>) outs(%i : tensor<3x5xf32>)
    -> tensor<3x5xf32>
  %g = linalg.generic {{indexing_maps = [{ID}, affine_map<(m, n) -> (n)>, {ID}],
      iterator_types = ["parallel", "parallel"]}}
      ins(%z, %c : tensor<3x5xf32>, tensor<5xf32>) outs(%e : tensor<3x5xf32>) {{
  ^bb0(%a: f32, %b: f32, %o: f32):
    {body}
    linalg.yield %y : f32
  }} -> tensor<3x5xf32>
  return %g : tensor<3x5xf32>
}}
"""


@pytest.mark.parametrize("passes", sorted(PASSES))
@pytest.mark.parametrize("reference", [True, False], ids=["reference", "compiled"])
@pytest.mark.parametrize("name", sorted(BODIES))
def test_bodies(name: str, reference: bool, passes: str) -> None:
    rng = np.random.default_rng(2)
    weight = rng.standard_normal((4, 5)).astype(np.float32)
    weight[:, 1] = 0
    bias = rng.standard_normal(5).astype(np.float32)
    body, function = BODIES[name]
    module = native.Module.parse(network(body, weight, bias))
    module.run(PASSES[passes])
    x = rng.standard_normal((3, 4)).astype(np.float32)
    inputs = {"s": np.float32(0.75), "t": np.float32(0.25), "x": x}
    found = module.compile(reference=reference).call("forward", inputs)["y"]
    np.testing.assert_allclose(found, function(x @ weight, bias, 0.75, 0.25), atol=1e-5)


@pytest.mark.parametrize("passes", ["nothing", "elimination"])
@pytest.mark.parametrize("reference", [True, False], ids=["reference", "compiled"])
@pytest.mark.parametrize("length", [3, 64])
def test_reductions(reference: bool, passes: str, length: int) -> None:
    wide = f"tensor<2x{length}xf32>"
    module = native.Module.parse(f"""
func.func @forward(%s: f32 {{prune.input = "s"}}, %t: f32 {{prune.input = "t"}},
    %x: {wide} {{prune.input = "x"}}) -> (tensor<2xf32> {{prune.output = "y"}}) {{
  %i = arith.constant dense<1.0> : tensor<2xf32>
  %g = linalg.generic {{indexing_maps = [{ID}, {ROWS}],
      iterator_types = ["parallel", "reduction"]}} ins(%x : {wide}) outs(%i : tensor<2xf32>) {{
  ^bb0(%a: f32, %o: f32):
    %p = arith.mulf %a, %s : f32
    %q = arith.addf %p, %t : f32
    %y = arith.addf %o, %q : f32
    linalg.yield %y : f32
  }} -> tensor<2xf32>
  return %g : tensor<2xf32>
}}
""")
    module.run(PASSES[passes])
    x = np.random.default_rng(3).standard_normal((2, length)).astype(np.float32)
    inputs = {"s": np.float32(0.75), "t": np.float32(0.25), "x": x}
    found = module.compile(reference=reference).call("forward", inputs)["y"]
    np.testing.assert_allclose(found, 1.0 + (x * 0.75 + 0.25).sum(axis=1), rtol=1e-5)


def test_gradients() -> None:
    module = native.Module.parse(f"""
func.func @loss(%s: f32 {{prune.input = "s"}}, %t: f32 {{prune.input = "t"}},
    %w: tensor<3x5xf32> {{prune.param = #prune.param<"w", weight>}}) ->
    (tensor<f32> {{prune.output = "loss"}}) {{
  %e = tensor.empty() : tensor<3x5xf32>
  %z = arith.constant dense<0.0> : tensor<f32>
  %g = linalg.generic {{indexing_maps = [{ID}, {ID}], iterator_types = ["parallel", "parallel"]}}
      ins(%w : tensor<3x5xf32>) outs(%e : tensor<3x5xf32>) {{
  ^bb0(%a: f32, %o: f32):
    %p = arith.mulf %a, %s : f32
    %q = arith.mulf %p, %a : f32
    %y = arith.maximumf %q, %t : f32
    linalg.yield %y : f32
  }} -> tensor<3x5xf32>
  %r = linalg.reduce {{ arith.addf }} ins(%g : tensor<3x5xf32>) outs(%z : tensor<f32>)
    dimensions = [0, 1]
  return %r : tensor<f32>
}}
""")
    module.run("builtin.module(prune-differentiate{function=loss})")
    w = np.random.default_rng(4).standard_normal((3, 5)).astype(np.float32)
    inputs = {"s": np.float32(0.75), "t": np.float32(0.25), "w": w}
    function = next(f for f in module.compile(reference=True).functions() if f.name == "loss")
    name = next(r.name for r in function.results if "loss" not in r.name)
    found = module.compile(reference=True).call("loss", inputs)[name]
    expected = np.where(w * w * 0.75 > 0.25, 2 * w * 0.75, 0)
    np.testing.assert_allclose(found, expected, atol=1e-5)
