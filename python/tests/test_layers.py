# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Layers of convolutional networks: gradients, and values against numpy and PyTorch."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import drawn
from programs import Program, check_gradients, dims, evaluate, native, random, tensor

SHAPES = [(6, 3), (4, 3, 5), (3, 2, 4, 3), (1, 4, 3, 2)]


def per_channel(program: Program, channels: int, low: float, seed: int) -> str:
    return program.parameter(random((channels,), seed, low, 2.0))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_norm(shape):
    program = Program()
    x = program.parameter(random(shape, 1))
    values = [per_channel(program, shape[1], low, 2 + i)
              for i, low in enumerate([-2.0, -2.0, -2.0, 0.2])]
    y = program.emit(shape, f"prune.batch_norm {x}, {', '.join(values)} epsilon 1.0e-2 : "
                            f"{tensor(shape)}, {tensor(shape[1:2])}")
    check_gradients(program, program.weighted_sum(y))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_norm_training(shape):
    program = Program()
    x = program.parameter(random(shape, 1))
    scale, bias = (per_channel(program, shape[1], -2.0, seed) for seed in (2, 3))
    y = program.fresh(shape)
    program.lines.append(
        f"{y}, %mean, %variance = prune.batch_norm_training {x}, {scale}, {bias} "
        f"epsilon 1.0e-2 : {tensor(shape)}, {tensor(shape[1:2])}")
    check_gradients(program, program.weighted_sum(y))


NORM = """
func.func @f(%x: tensor<{s}xf32>, %g: tensor<{c}xf32>, %b: tensor<{c}xf32>,
             %dy: tensor<{s}xf32>, %m: tensor<{c}xf32>, %v: tensor<{c}xf32>)
    -> (tensor<{s}xf32>, tensor<{c}xf32>, tensor<{c}xf32>, tensor<{s}xf32>,
        tensor<{c}xf32>, tensor<{c}xf32>, tensor<{s}xf32>) {{
  %y, %mean, %variance = prune.batch_norm_training %x, %g, %b epsilon 1.0e-5
      : tensor<{s}xf32>, tensor<{c}xf32>
  %dx, %dg, %db = prune.batch_norm_gradient %x, %g, %mean, %variance, %dy epsilon 1.0e-5
      : tensor<{s}xf32>, tensor<{c}xf32>
  %z = prune.batch_norm %x, %g, %b, %m, %v epsilon 1.0e-5 : tensor<{s}xf32>, tensor<{c}xf32>
  return %y, %mean, %variance, %dx, %dg, %db, %z : tensor<{s}xf32>, tensor<{c}xf32>,
      tensor<{c}xf32>, tensor<{s}xf32>, tensor<{c}xf32>, tensor<{c}xf32>, tensor<{s}xf32>
}}"""


def norm_oracle(x, g, b, dy, m, v):
    x, g, b, dy, m, v = (value.astype(np.float64) for value in (x, g, b, dy, m, v))
    axes = tuple(i for i in range(x.ndim) if i != 1)

    def spread(values):
        return values.reshape([1, -1] + [1] * (x.ndim - 2))

    mean, variance = x.mean(axes), x.var(axes)
    inverse = 1.0 / np.sqrt(variance + 1e-5)
    h = (x - spread(mean)) * spread(inverse)
    db, dg = dy.sum(axes), (dy * h).sum(axes)
    count = x.size / x.shape[1]
    dx = spread(g * inverse) * (dy - spread(db) / count - h * spread(dg) / count)
    z = (x - spread(m)) / np.sqrt(spread(v) + 1e-5) * spread(g) + spread(b)
    return h * spread(g) + spread(b), mean, variance, dx, dg, db, z


@pytest.mark.parametrize("shape", [(100, 7), (5, 16, 9), (8, 16, 32, 32), (3, 5, 7, 11)], ids=str)
@pytest.mark.parametrize("offset", [0.0, 300.0])
def test_batch_norm_equals_numpy(shape, offset):
    """An offset far above the deviation would ruin a variance of f32 squares."""
    rng = drawn.rng(3)
    channels = shape[1]
    x = (rng.standard_normal(shape) + offset).astype(np.float32)
    g, b, m = (rng.standard_normal(channels).astype(np.float32) for _ in range(3))
    v = rng.uniform(0.5, 2.0, channels).astype(np.float32)
    dy = rng.standard_normal(shape).astype(np.float32)
    values = [x, g, b, dy, m + np.float32(offset), v]
    module = native.Module.parse(NORM.format(s="x".join(map(str, shape)), c=channels))
    expected = norm_oracle(*values)
    found = {}
    for name, options in {"reference": {"reference": True}, "one": {"threads": 1},
                          "two": {"threads": 2}}.items():
        found[name] = [np.array(r) for r in module.compile(**options)("f", *values)]
        for i, (result, wanted) in enumerate(zip(found[name], expected, strict=True)):
            scale = max(np.abs(wanted).max(), 1e-3)
            # The statistics are rounded to f32, which a large offset makes coarse.
            tolerance = 2e-5 if offset == 0.0 else 4e-4
            np.testing.assert_allclose(result, wanted, rtol=tolerance, atol=tolerance * scale,
                                       err_msg=f"{name}, result {i}")
    for one, two in zip(found["one"], found["two"], strict=True):
        assert one.tobytes() == two.tobytes()


# Window, strides, dilations and padding of max pooling.
POOLS = {
    "2x2": ((2, 2), (2, 2), (1, 1), 0),
    "overlapping": ((3, 3), (2, 2), (1, 1), 1),
    "dense": ((3, 2), (1, 1), (1, 1), 0),
    "dilated": ((2, 3), (2, 1), (2, 2), 1),
    "gaps": ((2, 2), (3, 3), (1, 1), 0),
}


def pool_text(shape, pool, element="f32"):
    """A loss of max pooling, with a weight for each element of the result."""
    (kh, kw), strides, dilations, pad = pool
    n, c, h, w = shape
    ph, pw = h + 2 * pad, w + 2 * pad
    oh, ow = ((size - (k - 1) * d - 1) // s + 1
              for size, k, s, d in zip((ph, pw), (kh, kw), strides, dilations, strict=True))
    s, p, o = (f"tensor<{n}x{c}x{a}x{b}x{element}>" for a, b in ((h, w), (ph, pw), (oh, ow)))
    padded = f"""
  %p = tensor.pad %x low[0, 0, {pad}, {pad}] high[0, 0, {pad}, {pad}] {{
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %lowest : {element}
  }} : {s} to {p}""" if pad else ""
    lowest = "0xFF800000" if element == "f32" else "0xFFF0000000000000"
    all_, none = dims(4), dims(4, [])
    return (n, c, oh, ow), f"""
func.func @loss(%x: {s} {{prune.param = #prune.param<"x", weight>}}, %a: {o})
    -> (tensor<{element}> {{prune.output = "loss"}}) {{
  %lowest = arith.constant {lowest} : {element}
  %zero = arith.constant dense<0.0> : tensor<{element}>{padded}
  %e = tensor.empty() : {o}
  %init = linalg.fill ins(%lowest : {element}) outs(%e : {o}) -> {o}
  %window = tensor.empty() : tensor<{kh}x{kw}x{element}>
  %y = linalg.pooling_nchw_max {{strides = dense<[{strides[0]}, {strides[1]}]> : vector<2xi64>,
      dilations = dense<[{dilations[0]}, {dilations[1]}]> : vector<2xi64>}}
      ins(%{"p" if pad else "x"}, %window : {p}, tensor<{kh}x{kw}x{element}>) outs(%init : {o}) -> {o}
  %loss = linalg.generic {{indexing_maps = [{all_}, {all_}, {none}],
      iterator_types = ["reduction", "reduction", "reduction", "reduction"]}}
      ins(%y, %a : {o}, {o}) outs(%zero : tensor<{element}>) {{
  ^bb0(%u: {element}, %v: {element}, %out: {element}):
    %q = arith.mulf %u, %v : {element}
    %r = arith.addf %out, %q : {element}
    linalg.yield %r : {element}
  }} -> tensor<{element}>
  return %loss : tensor<{element}>
}}"""


def pool_oracle(x, a, pool):
    """The gradient: each element of `a` goes to the first maximum of its window."""
    (kh, kw), strides, dilations, pad = pool
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], constant_values=-np.inf)
    gradient = np.zeros(padded.shape)
    for n, c, i, j in np.ndindex(a.shape):
        places = [(n, c, i * strides[0] + u * dilations[0], j * strides[1] + v * dilations[1])
                  for u, v in itertools.product(range(kh), range(kw))]
        gradient[max(places, key=lambda place: padded[place])] += a[n, c, i, j]
    return gradient[:, :, pad : x.shape[2] + pad, pad : x.shape[3] + pad]


def pool_values(shape, out_shape, seed=1):
    """Inputs with many ties, as behind a relu of 8-bit images."""
    rng = drawn.rng(seed)
    x = np.maximum(rng.integers(-3, 3, shape), 0).astype(np.float32)
    return x, rng.uniform(0.5, 1.5, out_shape).astype(np.float32)


@pytest.mark.parametrize("name", POOLS)
def test_max_pool_gradient_goes_to_the_first(name):
    shape = (2, 3, 9, 8)
    out_shape, text = pool_text(shape, POOLS[name])
    x, a = pool_values(shape, out_shape)
    module = native.Module.parse(text)
    module.run("builtin.module(prune-differentiate)")
    assert "prune.max_pool_gradient" in str(module)
    expected = pool_oracle(x, a, POOLS[name])
    for options in ({"reference": True}, {"threads": 1}, {"threads": 2}):
        _, gradient = module.compile(**options)("loss", x, a)
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6, err_msg=str(options))


@pytest.mark.parametrize("name", POOLS)
def test_max_pool_gradient_equals_torch(name):
    torch = pytest.importorskip("torch")
    (kernel, strides, dilations, pad), shape = POOLS[name], (2, 3, 9, 8)
    out_shape, text = pool_text(shape, POOLS[name])
    x, a = pool_values(shape, out_shape, seed=2)
    leaf = torch.tensor(x, requires_grad=True)
    y = torch.nn.functional.max_pool2d(leaf, kernel, strides, pad, dilations)
    (y * torch.tensor(a)).sum().backward()
    module = native.Module.parse(text)
    module.run("builtin.module(prune-differentiate)")
    _, gradient = module.compile()("loss", x, a)
    np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("surplus", [0, 3])
@pytest.mark.parametrize("name", POOLS)
def test_max_pool_central_differences(name, surplus):
    """Linalg lets an input have more rows than its windows reach."""
    program = Program()
    kernel, strides, dilations, _ = POOLS[name]
    shape = (1, 2, 6 + surplus, 7)
    x = program.parameter(random(shape, 3))
    out = (1, 2, *((size - (k - 1) * d - 1) // s + 1 for size, k, s, d in
                   zip((6, 7), kernel, strides, dilations, strict=True)))
    y = program.emit(out, (
        f"linalg.pooling_nchw_max {{strides = dense<{list(strides)}> : vector<2xi64>, "
        f"dilations = dense<{list(dilations)}> : vector<2xi64>}} "
        f"ins({x}, {program.filled(kernel, 0.0)} : {tensor(shape)}, {tensor(kernel)}) "
        f"outs({program.filled(out, -1e9)} : {tensor(out)}) -> {tensor(out)}"))
    check_gradients(program, program.weighted_sum(y))


def test_average_pools():
    """A window with strides, then all of the image, as frameworks write them."""
    program = Program()
    shape, out, task = (2, 2, 6, 5), (2, 2, 3, 2), (2, 2, 1, 1)
    x = program.parameter(random(shape, 3))
    summed = program.emit(out, (
        "linalg.pooling_nchw_sum {strides = dense<2> : vector<2xi64>} "
        f"ins({x}, {program.filled((2, 2), 0.0)} : {tensor(shape)}, {tensor((2, 2))}) "
        f"outs({program.filled(out, 0.0)} : {tensor(out)}) -> {tensor(out)}"))
    divide = "%c = arith.constant {} : f64\n%y = arith.divf %in0, %c : f64"
    mean = program.elementwise([summed], divide.format(4.0))
    total = program.generic(
        [mean], [dims(4), "affine_map<(a, b, c, d) -> (a, b, 0, 0)>"],
        ["parallel", "parallel", "reduction", "reduction"], task,
        "%y = arith.addf %in0, %out : f64")
    flat = program.emit((2, 2), f"tensor.collapse_shape {total} [[0], [1, 2, 3]] : "
                                f"{tensor(task)} into {tensor((2, 2))}")
    check_gradients(program, program.weighted_sum(program.elementwise([flat], divide.format(6.0))))


def test_shortcut_without_parameters():
    """ResNet's option A: every second row and column, zeros as further channels."""
    program = Program()
    shape, half, out = (2, 2, 5, 6), (2, 2, 3, 3), (2, 4, 3, 3)
    x = program.parameter(random(shape, 3))
    y = program.parameter(random(out, 4))
    part = program.emit(half, f"tensor.extract_slice {x}[0, 0, 0, 0] [2, 2, 3, 3] [1, 1, 2, 2] : "
                              f"{tensor(shape)} to {tensor(half)}")
    padded = program.emit(out, (
        f"tensor.pad {part} low[0, 1, 0, 0] high[0, 1, 0, 0] {{\n"
        "^bb0(%i: index, %j: index, %k: index, %l: index):\n%z = arith.constant 0.0 : f64\n"
        f"tensor.yield %z : f64\n}} : {tensor(half)} to {tensor(out)}"))
    total = program.emit(out, f"linalg.add ins({padded}, {y} : {tensor(out)}, {tensor(out)}) "
                              f"outs({program.filled(out, 0.0)} : {tensor(out)}) -> {tensor(out)}")
    check_gradients(program, program.inner(total, total))


def test_strided_insertion_and_channel_concatenation():
    program = Program()
    shape, large, both = (1, 2, 2, 3), (1, 2, 4, 6), (1, 4, 4, 6)
    x = program.parameter(random(shape, 3))
    y = program.parameter(random(large, 4))
    spread = program.emit(large, f"tensor.insert_slice {x} into {y}[0, 0, 1, 0] [1, 2, 2, 3] "
                                 f"[1, 1, 2, 2] : {tensor(shape)} into {tensor(large)}")
    joined = program.emit(both, f"tensor.concat dim(1) {spread}, {y} : "
                                f"({tensor(large)}, {tensor(large)}) -> {tensor(both)}")
    check_gradients(program, program.inner(joined, joined))


CONVOLUTIONS = {
    "strided": ("conv_2d_nchw_fchw", (2, 3, 7, 7), (4, 3, 3, 3), (2, 4, 3, 3), 2),
    "grouped": ("conv_2d_ngchw_gfchw", (1, 2, 2, 5, 5), (2, 3, 2, 3, 3), (1, 2, 3, 3, 3), 1),
    "depthwise": ("depthwise_conv_2d_nchw_chw", (2, 3, 6, 6), (3, 2, 2), (2, 3, 3, 3), 2),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(name):
    op, shape, kernel, out, stride = CONVOLUTIONS[name]
    program = Program()
    x = program.parameter(random(shape, 3))
    w = program.parameter(random(kernel, 4))
    y = program.emit(out, (
        f"linalg.{op} {{strides = dense<{stride}> : vector<2xi64>, dilations = dense<1> : "
        f"vector<2xi64>}} ins({x}, {w} : {tensor(shape)}, {tensor(kernel)}) "
        f"outs({program.filled(out, 0.0)} : {tensor(out)}) -> {tensor(out)}"))
    check_gradients(program, program.weighted_sum(y))


def test_dropout_of_images():
    """The adjoint drops the same elements as the value, whatever the rank."""
    program = Program()
    shape = (2, 3, 4, 5)
    x = program.parameter(np.ones(shape))
    step = program.argument(np.array(9, np.int64), False, "i64")
    y = program.emit(shape, f"prune.dropout {x}, {step} rate 0.5 seed 5 : {tensor(shape)}")
    loss = program.inner(y, y)
    check_gradients(program, loss)
    module = native.Module.parse(program.text(loss))
    module.run("builtin.module(prune-differentiate)")
    _, gradient = evaluate(module.compile(), program.values)
    assert set(np.unique(gradient)) == {0.0, 8.0}
    kept = (gradient != 0).mean(axis=(2, 3))
    assert kept.min() < kept.max(), "channels share a pattern"
