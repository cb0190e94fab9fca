# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Layers with weights, poolings and normalizations, in either style."""

from __future__ import annotations

import math

from ..models import Value
from ..models.text import tensor
from .bodies import PAIRS
from .writer import TORCH, Writer

_SUM = "      %p = arith.mulf %x0, %x1 : f32\n      %y = arith.addf %out, %p : f32"


def linear(writer: Writer, x: Value) -> Value:
    """A fully connected layer on the last dimension."""
    outputs = writer.values.integer(1, 7)
    if len(x.shape) != 2:
        return _on_rows(writer, x, outputs)
    name, bias = writer.fresh("fc"), writer.values.chance(0.7)
    if writer.style == TORCH:
        return _torch_linear(writer, x, name, outputs, bias)
    if writer.values.chance(0.15):
        return _plain_product(writer, x, name, outputs)
    return writer.linear(x, name, outputs, bias)


def _on_rows(writer: Writer, x: Value, outputs: int) -> Value:
    """A layer on tokens: a generic contraction over the last dimension."""
    rank = len(x.shape)
    name, shape = writer.fresh("fc"), (*x.shape[:-1], outputs)
    extents = (outputs, x.shape[-1])
    weight = Value(writer.parameter(f"{name}.weight", extents, "weight"), extents)
    dims = [f"d{dim}" for dim in range(rank + 1)]
    return writer.generic(
        name, [(x, ", ".join([*dims[: rank - 1], dims[rank]])),
               (weight, f"{dims[rank - 1]}, {dims[rank]}")],
        shape, _SUM, result_map=", ".join(dims[:rank]), reduced=(rank,), rank=rank + 1,
        init=writer.filled(name, shape, "0.0"),
    )  # fmt: skip


def _plain_product(writer: Writer, x: Value, name: str, outputs: int) -> Value:
    """A product with a weight that is stored as [in, out]."""
    shape, extents = (x.shape[0], outputs), (x.shape[1], outputs)
    weight = writer.parameter(f"{name}.weight", extents, "weight")
    start = writer.filled(name, shape, "0.0")
    text = (
        f"linalg.matmul ins({x.name}, {weight} : {tensor(x.shape)}, {tensor(extents)}) "
        f"outs({start} : {tensor(shape)}) -> {tensor(shape)}"
    )
    return writer.emit(name, shape, text, (name,))


def _torch_linear(writer: Writer, x: Value, name: str, outputs: int, bias: bool) -> Value:
    """A transposed weight, a product, an addition."""
    shape, extents = (x.shape[0], outputs), (outputs, x.shape[1])
    weight = writer.parameter(f"{name}.weight", extents, "weight")
    turned = (extents[1], extents[0])
    empty = writer.empty(name, turned)
    text = (
        f"linalg.transpose ins({weight} : {tensor(extents)}) outs({empty} : {tensor(turned)}) "
        "permutation = [1, 0]"
    )
    transposed = writer.emit(f"{name}.turned", turned, text).name
    start = writer.filled(name, shape, "0.0")
    text = (
        f"linalg.matmul ins({x.name}, {transposed} : {tensor(x.shape)}, {tensor(turned)}) "
        f"outs({start} : {tensor(shape)}) -> {tensor(shape)}"
    )
    product = writer.emit(name, shape, text, (name,))
    if not bias:
        return product
    vector = Value(writer.parameter(f"{name}.bias", (outputs,), "bias"), (outputs,))
    return writer.generic("biased", [(product, "d0, d1"), (vector, "d1")], shape, PAIRS["sum"])


def convolution(writer: Writer, x: Value) -> Value | None:
    """A convolution on [batch, channels, height, width] of any kind."""
    values = writer.values
    kernel = (values.integer(1, 3), values.integer(1, 3))
    stride = (values.pick((1, 1, 1, 2, 3)), values.pick((1, 1, 1, 2, 3)))
    dilation = (values.pick((1, 1, 1, 2)), values.pick((1, 1, 1, 2)))
    pad = (values.integer(0, 2), values.integer(0, 2)) if values.chance(0.5) else (0, 0)
    if not fits(x, kernel, dilation, pad):
        return None
    channels = x.shape[1]
    divisors = [g for g in range(1, channels + 1) if channels % g == 0]
    groups = values.pick(divisors) if values.chance(0.35) else 1
    depthwise = groups == channels and values.chance(0.7)
    filters = channels if depthwise else groups * values.integer(1, max(1, 6 // groups))
    return writer.conv(
        x, writer.fresh("conv"), filters, kernel, stride=stride, pad=pad, dilation=dilation,
        groups=groups, bias=values.chance(0.6),
    )  # fmt: skip


def fits(
    x: Value, window: tuple[int, int], dilation: tuple[int, int], pad: tuple[int, int]
) -> bool:
    """Whether a window fits into the padded height and width."""
    return all(
        (size - 1) * spread + 1 <= extent + 2 * more
        for size, spread, extent, more in zip(window, dilation, x.shape[2:], pad, strict=True)
    )


def pooling(writer: Writer, x: Value) -> Value | None:
    """A pooling of any kind."""
    values = writer.values
    if values.chance(0.15):
        return writer.global_average(x)
    window = (values.integer(1, 3), values.integer(1, 3))
    stride = (values.integer(1, 3), values.integer(1, 3))
    # At most half a window, so that every window has an element.
    pad = (values.integer(0, window[0] // 2), values.integer(0, window[1] // 2))
    if not fits(x, window, (1, 1), pad):
        return None
    if values.chance(0.5):
        return writer.max_pool(x, window, stride, pad)
    return writer.average_pool(x, window, stride, pad)


def batch_norm(writer: Writer, x: Value) -> Value:
    """A normalization of dimension 1, as one operation or as many."""
    name = writer.fresh("bn")
    if writer.style != TORCH:
        return writer.batch_norm(x, name)
    shape = (x.shape[1],)
    scale, bias, mean, variance = (
        Value(writer.parameter(f"{name}.{suffix}", shape, role), shape)
        for suffix, role in (("weight", "scale"), ("bias", "bias"),
                             ("running_mean", "buffer"), ("running_var", "buffer"))
    )  # fmt: skip
    root = writer.generic(name, [(variance, "d0")], shape, """\
      %epsilon = arith.constant 1.0e-05 : f32
      %sum = arith.addf %x0, %epsilon : f32
      %y = math.sqrt %sum : f32""")  # fmt: skip
    inverse = writer.generic(name, [(root, "d0")], shape, """\
      %one = arith.constant 1.0 : f32
      %y = arith.divf %one, %x0 : f32""")  # fmt: skip
    dims = ", ".join(f"d{dim}" for dim in range(len(x.shape)))
    for vector, kind in ((mean, "difference"), (inverse, "product"), (scale, "product"),
                         (bias, "sum")):  # fmt: skip
        x = writer.generic(name, [(x, dims), (vector, "d1")], x.shape, PAIRS[kind])
    return x


def attention(writer: Writer, x: Value) -> Value:
    """Products of a [batch, rows, features] value with itself, and shares of them."""
    batch, rows, _ = x.shape
    square, kind = (batch, rows, rows), tensor(x.shape)
    turned = (batch, x.shape[2], rows)
    empty = writer.empty("turned", turned)
    text = (
        f"linalg.transpose ins({x.name} : {kind}) outs({empty} : {tensor(turned)}) "
        "permutation = [0, 2, 1]"
    )
    keys = writer.emit("keys", turned, text, x.producers)
    start = writer.filled("scores", square, "0.0")
    text = (
        f"linalg.batch_matmul ins({x.name}, {keys.name} : {kind}, {tensor(turned)}) "
        f"outs({start} : {tensor(square)}) -> {tensor(square)}"
    )
    scores = writer.emit("scores", square, text, x.producers)
    empty = writer.empty("shares", square)
    text = (
        f"linalg.softmax dimension(2) ins({scores.name} : {tensor(square)}) "
        f"outs({empty} : {tensor(square)}) -> {tensor(square)}"
    )
    shares = writer.emit("shares", square, text, x.producers)
    start = writer.filled("mixed", x.shape, "0.0")
    text = (
        f"linalg.batch_matmul ins({shares.name}, {x.name} : {tensor(square)}, {kind}) "
        f"outs({start} : {kind}) -> {kind}"
    )
    return writer.emit("mixed", x.shape, text, x.producers)


def convolution_1d(writer: Writer, x: Value) -> Value | None:
    """A convolution on [batch, channels, width]."""
    size = writer.values.integer(1, min(3, x.shape[2]))
    stride = writer.values.integer(1, 2)
    filters, name = writer.values.integer(1, 5), writer.fresh("conv")
    extents = (filters, x.shape[1], size)
    shape = (x.shape[0], filters, (x.shape[2] - size) // stride + 1)
    weight = writer.parameter(f"{name}.weight", extents, "weight")
    start = writer.filled(name, shape, "0.0")
    text = (
        f"linalg.conv_1d_ncw_fcw {{dilations = dense<1> : tensor<1xi64>, "
        f"strides = dense<{stride}> : tensor<1xi64>}}\n"
        f"      ins({x.name}, {weight} : {tensor(x.shape)}, {tensor(extents)}) "
        f"outs({start} : {tensor(shape)}) -> {tensor(shape)}"
    )
    return writer.emit(name, shape, text, (name,))


def channels_last(writer: Writer, x: Value) -> Value:
    """A convolution on [batch, height, width, channels] with [h, w, in, out]."""
    batch, height, width, channels = x.shape
    kernel = (writer.values.integer(1, min(2, height)), writer.values.integer(1, min(2, width)))
    filters, name = writer.values.integer(1, 5), writer.fresh("conv")
    extents = (*kernel, channels, filters)
    shape = (batch, height - kernel[0] + 1, width - kernel[1] + 1, filters)
    weight = writer.parameter(f"{name}.weight", extents, "weight")
    start = writer.filled(name, shape, "0.0")
    text = (
        "linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : tensor<2xi64>, "
        "strides = dense<1> : tensor<2xi64>}\n"
        f"      ins({x.name}, {weight} : {tensor(x.shape)}, {tensor(extents)}) "
        f"outs({start} : {tensor(shape)}) -> {tensor(shape)}"
    )
    return writer.emit(name, shape, text, (name,))


def size(shape: tuple[int, ...]) -> int:
    """Number of elements."""
    return math.prod(shape)
