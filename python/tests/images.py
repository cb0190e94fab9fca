# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small networks on images in the model form, as text, layer by layer."""

from __future__ import annotations

import math

import numpy as np

import drawn


def tensor(*shape: int, kind: str = "f32") -> str:
    return f"tensor<{''.join(f'{extent}x' for extent in shape)}{kind}>"


IDENTITY = "affine_map<(n, c, h, w) -> (n, c, h, w)>"
PARALLEL = '"parallel", "parallel", "parallel", "parallel"'


class ImageNet:
    """The text of @forward, and shapes of its parameters."""

    def __init__(self, batch: int, channels: int, height: int, width: int) -> None:
        self.shape: tuple[int, ...] = (batch, channels, height, width)
        self.input = self.shape
        self.value = "%input"
        self.parameters: dict[str, tuple[int, ...]] = {}
        self.lines: list[str] = []
        self.count = 0

    def fresh(self) -> str:
        self.count += 1
        return f"%v{self.count}"

    def emit(self, text: str) -> str:
        name = self.fresh()
        self.lines.append(f"{name} = {text}")
        return name

    def parameter(self, name: str, *shape: int) -> str:
        self.parameters[name] = shape
        return f"%{name.replace('.', '_')}"

    def number(self, value: str) -> str:
        return self.emit(f"arith.constant {value} : f32")

    def empty(self, *shape: int) -> str:
        return self.emit(f"tensor.empty() : {tensor(*shape)}")

    def filled(self, value: str, *shape: int) -> str:
        kind = tensor(*shape)
        number, empty = self.number(value), self.empty(*shape)
        return self.emit(f"linalg.fill ins({number} : f32) outs({empty} : {kind}) -> {kind}")

    def pad(self, padding: int, value: str) -> None:
        """Rows and columns around every image."""
        if not padding:
            return
        n, c, h, w = self.shape
        new = (n, c, h + 2 * padding, w + 2 * padding)
        number = self.number(value)
        low = f"[0, 0, {padding}, {padding}]"
        self.value = self.emit(
            f"tensor.pad {self.value} low{low} high{low} {{\n"
            "^bb0(%i: index, %j: index, %k: index, %l: index):\n"
            f"tensor.yield {number} : f32\n}} : {tensor(*self.shape)} to {tensor(*new)}"
        )
        self.shape = new

    def places(self, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
        return tuple(  # type: ignore[return-value]
            (extent - (kernel - 1) * dilation - 1) // stride + 1 for extent in self.shape[2:]
        )

    def convolution(
        self, filters: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1,
        groups: int = 1, depthwise: bool = False, bias: bool = True,
    ) -> None:  # fmt: skip
        self.pad(padding, "0.0")
        n, c, h, w = self.shape
        oh, ow = self.places(kernel, stride, dilation)
        y, layer = (n, filters, oh, ow), f"conv{len(self.parameters)}"
        if bias:
            b = self.parameter(f"{layer}.bias", filters)
            init = self.emit(
                f"linalg.broadcast ins({b} : {tensor(filters)}) outs({self.empty(*y)} : "
                f"{tensor(*y)}) dimensions = [0, 2, 3]"
            )
        else:
            init = self.filled("0.0", *y)
        moves = (
            f"{{strides = dense<{stride}> : vector<2xi64>, "
            f"dilations = dense<{dilation}> : vector<2xi64>}}"
        )
        x, name = self.value, "conv_2d_nchw_fchw"
        xs, ws, ys = self.shape, (filters, c // groups, kernel, kernel), y
        if depthwise:
            assert filters == c
            ws, name = (c, kernel, kernel), "depthwise_conv_2d_nchw_chw"
        weight = self.parameter(f"{layer}.weight", *ws)
        if groups > 1 and not depthwise:
            name = "conv_2d_ngchw_gfchw"
            xs, ys = (n, groups, c // groups, h, w), (n, groups, filters // groups, oh, ow)
            x = self.expand(x, self.shape, xs, "[0], [1, 2], [3], [4]")
            init = self.expand(init, y, ys, "[0], [1, 2], [3], [4]")
            grouped = (groups, filters // groups, *ws[1:])
            weight = self.expand(weight, ws, grouped, "[0, 1], [2], [3], [4]")
            ws = grouped
        value = self.emit(
            f"linalg.{name} {moves} ins({x}, {weight} : {tensor(*xs)}, {tensor(*ws)}) "
            f"outs({init} : {tensor(*ys)}) -> {tensor(*ys)}"
        )
        if ys != y:
            value = self.emit(
                f"tensor.collapse_shape {value} [[0], [1, 2], [3], [4]] : "
                f"{tensor(*ys)} into {tensor(*y)}"
            )
        self.value, self.shape = value, y

    def expand(self, value, old, new, groups) -> str:
        return self.emit(
            f"tensor.expand_shape {value} [{groups}] output_shape {list(new)} : "
            f"{tensor(*old)} into {tensor(*new)}"
        )

    def elementwise(self, body: str) -> None:
        """`body` computes %r from %x."""
        kind = tensor(*self.shape)
        dims = ", ".join(f"d{i}" for i in range(len(self.shape)))
        identity = f"affine_map<({dims}) -> ({dims})>"
        iterators = ", ".join(['"parallel"'] * len(self.shape))
        self.value = self.emit(
            f"linalg.generic {{indexing_maps = [{identity}, {identity}], "
            f"iterator_types = [{iterators}]}} ins({self.value} : {kind}) "
            f"outs({self.empty(*self.shape)} : {kind}) {{\n^bb0(%x: f32, %out: f32):\n{body}\n"
            f"linalg.yield %r : f32\n}} -> {kind}"
        )

    def relu(self) -> None:
        zero = self.number("0.0")
        self.elementwise(f"%r = arith.maximumf %x, {zero} : f32")

    def pool(
        self, kind: str, kernel: int, stride: int, padding: int = 0, dilation: int = 1
    ) -> None:
        start = "0xFF800000" if kind == "max" else "0.0"
        self.pad(padding, start)
        n, c, _, _ = self.shape
        y = (n, c, *self.places(kernel, stride, dilation))
        window, init = self.empty(kernel, kernel), self.filled(start, *y)
        self.value = self.emit(
            f"linalg.pooling_nchw_{kind} {{strides = dense<{stride}> : vector<2xi64>, "
            f"dilations = dense<{dilation}> : vector<2xi64>}} ins({self.value}, {window} : "
            f"{tensor(*self.shape)}, {tensor(kernel, kernel)}) outs({init} : {tensor(*y)}) "
            f"-> {tensor(*y)}"
        )
        self.shape = y
        if kind == "sum":
            size = self.number(repr(float(kernel * kernel)))
            self.elementwise(f"%r = arith.divf %x, {size} : f32")

    def flatten(self) -> None:
        new = (self.shape[0], math.prod(self.shape[1:]))
        self.value = self.emit(
            f"tensor.collapse_shape {self.value} [[0], [1, 2, 3]] : "
            f"{tensor(*self.shape)} into {tensor(*new)}"
        )
        self.shape = new

    def linear(self, features: int) -> None:
        n, inner = self.shape
        layer = f"fc{len(self.parameters)}"
        w = self.parameter(f"{layer}.weight", features, inner)
        b = self.parameter(f"{layer}.bias", features)
        kind = tensor(n, features)
        init = self.emit(
            f"linalg.broadcast ins({b} : {tensor(features)}) outs({self.empty(n, features)} : "
            f"{kind}) dimensions = [0]"
        )
        self.value = self.emit(
            "linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, "
            "affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>] "
            f"ins({self.value}, {w} : {tensor(n, inner)}, {tensor(features, inner)}) "
            f"outs({init} : {kind}) -> {kind}"
        )
        self.shape = (n, features)

    def text(self) -> str:
        arguments = [f'%input: {tensor(*self.input)} {{prune.input = "input"}}']
        for name, shape in self.parameters.items():
            arguments.append(
                f"%{name.replace('.', '_')}: {tensor(*shape)} "
                f'{{prune.param = #prune.param<"{name}", {name.split(".")[1]}>}}'
            )
        kind = tensor(*self.shape)
        body = "\n".join(self.lines)
        return (
            f"func.func @forward({', '.join(arguments)}) -> ({kind} "
            f'{{prune.output = "logits"}}) {{\n{body}\nreturn {self.value} : {kind}\n}}\n'
        )

    def init(self, seed: int) -> dict[str, np.ndarray]:
        """Random parameters, an input and labels, by name."""
        rng = drawn.rng(seed)
        values = {"input": rng.standard_normal(self.input).astype(np.float32)}
        for name, shape in self.parameters.items():
            scale = 0.1 if len(shape) == 1 else 1.0 / math.sqrt(math.prod(shape[1:]))
            values[name] = (rng.standard_normal(shape) * scale).astype(np.float32)
        values["labels"] = rng.integers(0, self.shape[-1], self.input[0]).astype(np.int32)
        return values


def lenet5(batch: int) -> ImageNet:
    """LeNet-5 as Caffe has it: 20 and 50 filters, 500 hidden neurons."""
    net = ImageNet(batch, 1, 28, 28)
    net.convolution(20, 5)
    net.pool("max", 2, 2)
    net.convolution(50, 5)
    net.pool("max", 2, 2)
    net.flatten()
    net.linear(500)
    net.relu()
    net.linear(10)
    return net
