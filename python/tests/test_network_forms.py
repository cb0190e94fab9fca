# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One network in many forms: the import finds its layers and computes the same.

Other front ends, `--linalg-generalize-named-ops` and element-wise fusion write
the same network with other operations.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("mlir_prune._native", reason="the native module is not built")

from mlir_prune.native import parse  # noqa: E402

FORMS = {
    "named": "canonicalize",
    "generic": "func.func(linalg-generalize-named-ops),canonicalize",
    "fused": "func.func(linalg-generalize-named-ops,linalg-fuse-elementwise-ops),canonicalize",
}


def constant(rng: np.random.Generator, shape: tuple[int, ...]) -> str:
    """A constant with random eighths, which are exact in every sum here."""
    values = rng.integers(-8, 9, shape) / 8
    kind = f"tensor<{'x'.join(map(str, shape))}xf32>"
    return f"arith.constant dense<{values.tolist()}> : {kind}"


def perceptron(rng: np.random.Generator) -> str:
    """exp, product, bias, relu, product without bias."""
    return f"""
func.func @net(%x: tensor<2x3xf32>) -> tensor<2x5xf32> {{
  %zero = arith.constant 0.0 : f32
  %w = {constant(rng, (3, 4))}
  %b = {constant(rng, (4,))}
  %v = {constant(rng, (5, 4))}
  %e = tensor.empty() : tensor<2x3xf32>
  %f = tensor.empty() : tensor<2x4xf32>
  %g = tensor.empty() : tensor<2x5xf32>
  %h = tensor.empty() : tensor<4x5xf32>
  %n = linalg.negf ins(%x : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) -> tensor<2x3xf32>
  %i = linalg.fill ins(%zero : f32) outs(%f : tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = linalg.matmul ins(%n, %w : tensor<2x3xf32>, tensor<3x4xf32>)
      outs(%i : tensor<2x4xf32>) -> tensor<2x4xf32>
  %d = linalg.broadcast ins(%b : tensor<4xf32>) outs(%f : tensor<2x4xf32>) dimensions = [0]
  %a = linalg.add ins(%d, %y : tensor<2x4xf32>, tensor<2x4xf32>)
      outs(%f : tensor<2x4xf32>) -> tensor<2x4xf32>
  %r = linalg.max ins(%a, %i : tensor<2x4xf32>, tensor<2x4xf32>)
      outs(%f : tensor<2x4xf32>) -> tensor<2x4xf32>
  %t = linalg.transpose ins(%v : tensor<5x4xf32>) outs(%h : tensor<4x5xf32>) permutation = [1, 0]
  %j = linalg.fill ins(%zero : f32) outs(%g : tensor<2x5xf32>) -> tensor<2x5xf32>
  %z = linalg.matmul ins(%r, %t : tensor<2x4xf32>, tensor<4x5xf32>)
      outs(%j : tensor<2x5xf32>) -> tensor<2x5xf32>
  return %z : tensor<2x5xf32>
}}"""


def tokens(rng: np.random.Generator) -> str:
    """A matrix that is broadcast over the batch, and a bias behind it."""
    return f"""
func.func @net(%x: tensor<2x3x4xf32>) -> tensor<2x3x5xf32> {{
  %zero = arith.constant 0.0 : f32
  %w = {constant(rng, (4, 5))}
  %b = {constant(rng, (5,))}
  %e = tensor.empty() : tensor<2x4x5xf32>
  %f = tensor.empty() : tensor<2x3x5xf32>
  %v = linalg.broadcast ins(%w : tensor<4x5xf32>) outs(%e : tensor<2x4x5xf32>) dimensions = [0]
  %i = linalg.fill ins(%zero : f32) outs(%f : tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %y = linalg.batch_matmul ins(%x, %v : tensor<2x3x4xf32>, tensor<2x4x5xf32>)
      outs(%i : tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %d = linalg.broadcast ins(%b : tensor<5xf32>) outs(%f : tensor<2x3x5xf32>) dimensions = [0, 1]
  %a = linalg.add ins(%y, %d : tensor<2x3x5xf32>, tensor<2x3x5xf32>)
      outs(%f : tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  return %a : tensor<2x3x5xf32>
}}"""


def images(rng: np.random.Generator) -> str:
    """A convolution that starts from its bias, and a relu before another one."""
    return f"""
func.func @net(%x: tensor<2x2x6x5xf32>) -> tensor<2x4x4x3xf32> {{
  %zero = arith.constant 0.0 : f32
  %w = {constant(rng, (3, 2, 2, 2))}
  %b = {constant(rng, (3,))}
  %v = {constant(rng, (4, 3, 2, 2))}
  %e = tensor.empty() : tensor<2x3x5x4xf32>
  %f = tensor.empty() : tensor<2x4x4x3xf32>
  %i = linalg.broadcast ins(%b : tensor<3xf32>) outs(%e : tensor<2x3x5x4xf32>)
      dimensions = [0, 2, 3]
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x2x6x5xf32>, tensor<3x2x2x2xf32>)
      outs(%i : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %o = linalg.fill ins(%zero : f32) outs(%e : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %r = linalg.max ins(%y, %o : tensor<2x3x5x4xf32>, tensor<2x3x5x4xf32>)
      outs(%e : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %j = linalg.fill ins(%zero : f32) outs(%f : tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
  %z = linalg.conv_2d_nchw_fchw ins(%r, %v : tensor<2x3x5x4xf32>, tensor<4x3x2x2xf32>)
      outs(%j : tensor<2x4x4x3xf32>) -> tensor<2x4x4x3xf32>
  return %z : tensor<2x4x4x3xf32>
}}"""


NETWORKS = {
    perceptron: ["fc0.weight", "fc0.bias", "fc1.weight"],
    tokens: ["fc0.weight", "fc0.bias"],
    images: ["conv0.weight", "conv0.bias", "conv1.weight"],
}


def call(module: Any, function: str, x: np.ndarray, reference: bool) -> np.ndarray:
    (found,) = module.compile(reference=reference)(function, x)
    return np.asarray(found)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.__name__)
def test_layers_of_every_form(network: Any, form: str) -> None:
    text = network(np.random.default_rng(7))
    shape = tuple(map(int, text.split("tensor<")[1].split("xf32")[0].split("x")))
    x = (np.random.default_rng(8).integers(-8, 9, shape) / 8).astype(np.float32)
    expected = call(parse(text), "net", x, reference=True)
    module = parse(text)
    module.run(f"builtin.module({FORMS[form]},prune-import-pipeline)")
    assert list(module.parameters()) == NETWORKS[network]
    weights = [name for name in NETWORKS[network] if name.endswith("weight")]
    assert [layer["weight"] for layer in module.layers()] == weights
    for reference in (True, False):
        np.testing.assert_array_equal(call(module, "forward", x, reference), expected)


@pytest.mark.parametrize("moved", range(3))
@pytest.mark.parametrize("op", ["matmul", "batch_matmul", "batch_reduce_matmul", "vecmat",
                                "matvec", "batch_vecmat", "batch_matvec"])  # fmt: skip
@pytest.mark.parametrize("permutation", [(1, 0), (2, 1, 0), (1, 0, 2), (0, 2, 1), (1, 2, 0)])
def test_transposed_operands(op: str, moved: int, permutation: tuple[int, ...]) -> None:
    """Any operand of any contraction behind any transposition."""
    shapes = {
        "matmul": [(3, 4), (4, 5), (3, 5)],
        "batch_matmul": [(2, 3, 4), (2, 4, 5), (2, 3, 5)],
        "batch_reduce_matmul": [(2, 3, 4), (2, 4, 5), (3, 5)],
        "vecmat": [(4,), (4, 5), (5,)],
        "matvec": [(3, 4), (4,), (3,)],
        "batch_vecmat": [(2, 4), (2, 4, 5), (2, 5)],
        "batch_matvec": [(2, 3, 4), (2, 4), (2, 3)],
    }[op]
    kinds = [f"tensor<{'x'.join(map(str, shape))}xf32>" for shape in shapes]
    chosen = [i for i in range(2) if len(shapes[i]) == len(permutation) and moved in (i, 2)]
    if not chosen:
        return
    rng = np.random.default_rng(3)
    arguments, lines, names, values = [], [], ["%a", "%b"], []
    for i in range(2):
        shape = list(shapes[i])
        if i in chosen:
            shape = [0] * len(permutation)
            for at, source in enumerate(permutation):
                shape[source] = shapes[i][at]
        kind = f"tensor<{'x'.join(map(str, shape))}xf32>"
        values.append((rng.integers(-8, 9, shape) / 8).astype(np.float32))
        arguments.append(f"{names[i]}: {kind}")
        if i in chosen:
            lines.append(
                f"%e{i} = tensor.empty() : {kinds[i]}\n"
                f"%t{i} = linalg.transpose ins({names[i]} : {kind}) outs(%e{i} : {kinds[i]}) "
                f"permutation = {list(permutation)}"
            )
            names[i] = f"%t{i}"
    text = f"""
func.func @net({", ".join(arguments)}) -> {kinds[2]} {{
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : {kinds[2]}
  %i = linalg.fill ins(%zero : f32) outs(%e : {kinds[2]}) -> {kinds[2]}
  {"".join(line + chr(10) for line in lines)}
  %y = linalg.{op} ins({", ".join(names)} : {kinds[0]}, {kinds[1]})
      outs(%i : {kinds[2]}) -> {kinds[2]}
  return %y : {kinds[2]}
}}"""
    (expected,) = parse(text).compile(reference=True)("net", *values)
    module = parse(text)
    module.run("builtin.module(func.func(prune-canonicalize-weights))")
    assert "linalg.transpose" not in str(module)
    for reference in (True, False):
        (found,) = module.compile(reference=reference)("net", *values)
        np.testing.assert_array_equal(found, expected)
