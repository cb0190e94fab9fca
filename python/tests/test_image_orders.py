# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Images that are read in several orders of their dimensions, compiled and by reference."""

import itertools

import numpy as np

import drawn
from mlir_prune import _native as native

IMAGE = "tensor<2x3x3x3xf32>"
ORDERS = [(0, *order) for order in itertools.permutations((1, 2, 3))]
TURNS = [(0, 1, 2, 3), (0, 2, 3, 1), (0, 3, 1, 2)]


def function(index: int, orders) -> str:
    """Multiplies and adds a convolution in several orders, transposed images among them."""
    body = [
        f"%v{i} = linalg.transpose ins(%c : {IMAGE}) outs(%e : {IMAGE}) permutation = [{', '.join(map(str, order))}]"
        for i, order in enumerate(orders)
    ]
    identity = "affine_map<(a, b, c, d) -> (a, b, c, d)>"
    values = ", ".join(f"%v{i}" for i in range(len(orders)))
    return f"""
func.func @f{index}(%x: {IMAGE} {{prune.input = "x"}}, %w: tensor<3x3x1x1xf32> {{prune.param = #prune.param<"w", weight>}})
    -> ({IMAGE} {{prune.output = "y"}}) {{
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : {IMAGE}
  %i = linalg.fill ins(%zero : f32) outs(%e : {IMAGE}) -> {IMAGE}
  %c = linalg.conv_2d_nchw_fchw ins(%x, %w : {IMAGE}, tensor<3x3x1x1xf32>) outs(%i : {IMAGE}) -> {IMAGE}
  {"  ".join(line + chr(10) for line in body)}
  %y = linalg.generic {{indexing_maps = [{", ".join([identity] * (len(orders) + 1))}],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}}
      ins({values} : {", ".join([IMAGE] * len(orders))}) outs(%e : {IMAGE}) {{
  ^bb0({", ".join(f"%a{i}: f32" for i in range(len(orders)))}, %out: f32):
    %p = arith.mulf %a0, %a1 : f32
    %q = arith.subf %p, %a{len(orders) - 1} : f32
    linalg.yield %q : f32
  }} -> {IMAGE}
  return %y : {IMAGE}
}}"""


def test_images_in_all_orders_at_one_operation():
    """A convolution is nhwc inside. What is element-wise takes one order, whichever others
    it reads: the compiler must end, and compute the same."""
    cases = [*itertools.product(TURNS, ORDERS), *itertools.permutations(TURNS)]
    text = "\n".join(function(index, orders) for index, orders in enumerate(cases))
    module = native.Module.parse(text)
    fast, slow = (module.compile(reference=reference, optimization=0) for reference in (False, True))
    rng = drawn.rng(3)
    feed = {
        "x": rng.standard_normal((2, 3, 3, 3), dtype=np.float32),
        "w": rng.standard_normal((3, 3, 1, 1), dtype=np.float32),
    }
    for index, orders in enumerate(cases):
        found, wanted = (side.call(f"f{index}", feed)["y"] for side in (fast, slow))
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5, err_msg=str(orders))
