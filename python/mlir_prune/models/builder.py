# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the text of a network, layer by layer.

One method for each kind of layer; each takes and returns a :class:`Value` and
keeps account of parameters, layers, shapes and multiplications. Activations
are [batch, channels, height, width], weights [out, in / groups, height, width]
or [out, in].
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import InputError
from .text import Shape, Text, Value, tensor

Pair = int | tuple[int, int]

# Scalar bodies from %x to the value that is yielded.
_ACTIVATIONS: dict[str, str] = {
    "relu": """\
      %zero = arith.constant 0.0 : f32
      %y = arith.maximumf %x, %zero : f32""",
    "sigmoid": """\
      %one = arith.constant 1.0 : f32
      %minus = arith.negf %x : f32
      %power = math.exp %minus : f32
      %sum = arith.addf %power, %one : f32
      %y = arith.divf %one, %sum : f32""",
    "tanh": "      %y = math.tanh %x : f32",
}

ACTIVATIONS = tuple(_ACTIVATIONS)

EPSILON = 1e-5
"""Added to the variance by batch normalization, as PyTorch does by default."""


@dataclass(frozen=True)
class Layer:
    """A layer with a weight.

    `kind` is ``conv`` or ``fc``; `producers` are the layers whose outputs it
    reads (none: the input of the network); `shape` is that of one row of its
    output, `macs` its multiplications for one row with dense weights.
    """

    name: str
    kind: str
    weight: str
    bias: str | None
    producers: tuple[str, ...]
    shape: Shape
    macs: int
    groups: int = 1


class Builder(Text):
    """The text of a network, layer by layer from the input to the logits."""

    def __init__(self, batch: int, input_shape: Shape) -> None:
        super().__init__(batch, input_shape)
        self.layers: list[Layer] = []

    # Layers with weights.

    def linear(self, x: Value, name: str, outputs: int, bias: bool = True) -> Value:
        """``x @ weight.T + bias`` on [batch, features]."""
        rows, inputs = x.shape
        shape = (rows, outputs)
        weight = self.parameter(f"{name}.weight", (outputs, inputs), "weight")
        start = self._start(name, shape, bias)
        self._layer(x, name, "fc", bias, shape, inputs * outputs)
        return self.emit(
            name,
            shape,
            f"linalg.matmul indexing_maps = [#rows, #columns, #result]\n"
            f"      ins({x.name}, {weight} : {tensor(x.shape)}, {tensor((outputs, inputs))}) "
            f"outs({start} : {tensor(shape)}) -> {tensor(shape)}",
            (name,),
        )

    def conv(
        self, x: Value, name: str, filters: int, kernel: Pair, *, stride: Pair = 1,
        pad: Pair = 0, dilation: Pair = 1, groups: int = 1, bias: bool = True,
    ) -> Value:  # fmt: skip
        """A convolution with `pad` zeros on either side of height and width.

        With as many groups as channels it is depthwise.
        """
        channels = x.shape[1]
        if channels % groups or filters % groups:
            raise InputError(
                f"layer '{name}': {groups} groups do not divide "
                f"{channels} channels and {filters} filters"
            )
        weight_shape: Shape = (filters, channels // groups, *_pair(kernel))
        weight = self.parameter(f"{name}.weight", weight_shape, "weight")
        padded = self.pad(x, pad, "0.0")
        height, width = self._window(padded, kernel, stride, dilation, name)
        shape = (x.shape[0], filters, height, width)
        start = self._start(name, shape, bias)
        self._layer(x, name, "conv", bias, shape, math.prod(weight_shape) * height * width, groups)
        window = _window_attributes(stride, dilation)
        if groups == 1:
            text = _structured(
                "conv_2d_nchw_fchw", window, padded, weight, weight_shape, start, shape
            )
        elif groups == channels == filters:
            weight, weight_shape = self.collapse(weight, weight_shape, [[0, 1], [2], [3]])
            text = _structured(
                "depthwise_conv_2d_nchw_chw", window, padded, weight, weight_shape, start, shape
            )
        else:
            return self._grouped(padded, name, weight, weight_shape, start, shape, window, groups)
        return self.emit(name, shape, text, (name,))

    def batch_norm(self, x: Value, name: str) -> Value:
        """Normalization by channel with running statistics as buffers."""
        shape = (x.shape[1],)
        parameters = [
            self.parameter(f"{name}.{suffix}", shape, role, first)
            for suffix, role, first in (
                ("weight", "scale", 1.0), ("bias", "bias", 0.0),
                ("running_mean", "buffer", 0.0), ("running_var", "buffer", 1.0),
            )
        ]  # fmt: skip
        return self.emit(
            name,
            x.shape,
            f"prune.batch_norm {x.name}, {', '.join(parameters)} epsilon {EPSILON:e}\n"
            f"      : {tensor(x.shape)}, {tensor(shape)}",
            x.producers,
        )

    # Everything else.

    def activate(self, x: Value, kind: str = "relu") -> Value:
        """An element-wise function; one of :data:`ACTIVATIONS`."""
        return self.elementwise(x, kind, _ACTIVATIONS[kind])

    def max_pool(self, x: Value, window: Pair, stride: Pair | None = None, pad: Pair = 0) -> Value:
        """The maximum of each window; padding never wins."""
        return self._pool(
            x, "pooling_nchw_max", window, window if stride is None else stride, pad, "0xFF800000"
        )

    def average_pool(
        self, x: Value, window: Pair, stride: Pair | None = None, pad: Pair = 0
    ) -> Value:
        """The mean of each window, zeros of the padding included."""
        total = self._pool(
            x, "pooling_nchw_sum", window, window if stride is None else stride, pad, "0.0"
        )
        return self._divide(total, math.prod(_pair(window)))

    def global_average(self, x: Value) -> Value:
        """The mean over height and width: [batch, channels]."""
        shape = x.shape[:2]
        start = self.filled("sum", shape, "0.0")
        total = self.emit(
            "sum",
            shape,
            "linalg.generic {indexing_maps = [#identity4, #channels],\n"
            '      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}\n'
            f"      ins({x.name} : {tensor(x.shape)}) outs({start} : {tensor(shape)}) {{\n"
            "    ^bb0(%x: f32, %sum: f32):\n"
            "      %y = arith.addf %x, %sum : f32\n"
            f"      linalg.yield %y : f32\n  }} -> {tensor(shape)}",
            x.producers,
        )
        return self._divide(total, math.prod(x.shape[2:]))

    def add(self, a: Value, b: Value) -> Value:
        """The sum of two activations of one shape."""
        empty = self.empty("add", a.shape)
        kind = tensor(a.shape)
        return self.emit(
            "add",
            a.shape,
            f"linalg.add ins({a.name}, {b.name} : {kind}, {kind}) outs({empty} : {kind}) -> {kind}",
            _union(a.producers, b.producers),
        )

    def flatten(self, x: Value) -> Value:
        """[batch, channels * height * width]."""
        if len(x.shape) == 2:
            return x
        name, shape = self.collapse(x.name, x.shape, [[0], list(range(1, len(x.shape)))])
        return Value(name, shape, x.producers)

    def subsample(self, x: Value, stride: Pair) -> Value:
        """Every `stride`-th row and column."""
        steps = _pair(stride)
        spatial = [-(-extent // step) for extent, step in zip(x.shape[2:], steps, strict=True)]
        shape = (*x.shape[:2], *spatial)
        sizes = ", ".join(map(str, shape))
        return self.emit(
            "slice",
            shape,
            f"tensor.extract_slice {x.name}[0, 0, 0, 0] [{sizes}] [1, 1, {steps[0]}, {steps[1]}]\n"
            f"      : {tensor(x.shape)} to {tensor(shape)}",
            x.producers,
        )

    def pad_channels(self, x: Value, before: int, after: int) -> Value:
        """Channels of zeros before and after those of `x`."""
        if before == after == 0:
            return x
        return self.surround(x, (0, before, 0, 0), (0, after, 0, 0), "0.0")

    def pad(self, x: Value, pad: Pair, value: str) -> Value:
        """`pad` rows and columns of `value` on either side; nothing when it is zero."""
        rows, columns = _pair(pad)
        if rows == columns == 0:
            return x
        return self.surround(x, (0, 0, rows, columns), (0, 0, rows, columns), value)

    # Parts of the above.

    def _layer(
        self, x: Value, name: str, kind: str, bias: bool, shape: Shape, macs: int, groups: int = 1
    ) -> None:
        named = f"{name}.bias" if bias else None
        self.layers.append(
            Layer(name, kind, f"{name}.weight", named, x.producers, shape[1:], macs, groups)
        )

    def _window(
        self, x: Value, window: Pair, stride: Pair, dilation: Pair, what: str
    ) -> tuple[int, int]:
        """Rows and columns of the result of a window on the padded `x`."""
        extents = []
        for extent, size, step, spread in zip(
            x.shape[2:], _pair(window), _pair(stride), _pair(dilation), strict=True
        ):
            reach = (size - 1) * spread + 1
            if reach > extent:
                raise InputError(
                    f"layer '{what}': a window over {reach} elements does not fit into {extent}"
                )
            extents.append((extent - reach) // step + 1)
        return extents[0], extents[1]

    def _start(self, name: str, shape: Shape, bias: bool) -> str:
        """What a sum starts from: the bias in every position, or zeros."""
        if not bias:
            return self.filled(f"{name}.init", shape, "0.0")
        parameter = self.parameter(f"{name}.bias", (shape[1],), "bias")
        empty = self.empty(f"{name}.init", shape)
        others = ", ".join(str(dim) for dim in range(len(shape)) if dim != 1)
        return self.emit(
            f"{name}.init",
            shape,
            f"linalg.broadcast ins({parameter} : {tensor((shape[1],))}) "
            f"outs({empty} : {tensor(shape)}) dimensions = [{others}]",
        ).name

    def _grouped(
        self, x: Value, name: str, weight: str, weight_shape: Shape, start: str, shape: Shape,
        window: str, groups: int,
    ) -> Value:  # fmt: skip
        """A convolution in groups, which are a dimension of their own."""
        x_wide, x_shape = self.expand(x.name, x.shape, 1, groups)
        w_wide, w_shape = self.expand(weight, weight_shape, 0, groups)
        start_wide, wide = self.expand(start, shape, 1, groups)
        text = _structured(
            "conv_2d_ngchw_gfchw", window, Value(x_wide, x_shape), w_wide, w_shape, start_wide, wide
        )
        total = self.emit(f"{name}.groups", wide, text)
        flat, _ = self.collapse(total.name, wide, [[0], [1, 2], [3], [4]])
        return Value(flat, shape, (name,))

    def _pool(self, x: Value, op: str, window: Pair, stride: Pair, pad: Pair, start: str) -> Value:
        padded = self.pad(x, pad, start)
        shape = (*x.shape[:2], *self._window(padded, window, stride, 1, op))
        size = _pair(window)
        empty = self.empty("window", size)
        filled = self.filled("pool", shape, start)
        text = _structured(op, _window_attributes(stride, 1), padded, empty, size, filled, shape)
        return self.emit("pool", shape, text, x.producers)

    def _divide(self, x: Value, count: int) -> Value:
        body = f"      %count = arith.constant {float(count)!r} : f32\n"
        return self.elementwise(x, "mean", body + "      %y = arith.divf %x, %count : f32")


def _pair(value: Pair) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def _union(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    return (*a, *(name for name in b if name not in a))


def _window_attributes(stride: Pair, dilation: Pair) -> str:
    def dense(pair: Pair) -> str:
        return f"dense<{list(_pair(pair))}> : tensor<2xi64>"

    return f"{{dilations = {dense(dilation)}, strides = {dense(stride)}}}"


def _structured(
    op: str, attributes: str, x: Value, window: str, window_shape: Shape, start: str, shape: Shape
) -> str:
    kind = tensor(shape)
    return (
        f"linalg.{op} {attributes}\n"
        f"      ins({x.name}, {window} : {tensor(x.shape)}, {tensor(window_shape)}) "
        f"outs({start} : {kind}) -> {kind}"
    )
