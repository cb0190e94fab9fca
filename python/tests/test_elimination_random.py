# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Elimination on random small networks: equal outputs, and nothing is left after one run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import drawn
from mlir_prune import _native as native

REMOVE = "builtin.module(prune-eliminate-dead-neurons{options},canonicalize,prune-verify-compact)"
BATCH, SIZE = 2, 4
IDENTITY = "affine_map<(n, c, h, w) -> (n, c, h, w)>"
PARALLEL = "[" + ", ".join(['"parallel"'] * 4) + "]"

BODIES = {
    "relu": (1, "%y = arith.maximumf %a, %zero : f32"),
    "sum": (2, "%y = arith.addf %a, %b : f32"),
    "gate": (2, "%y = arith.mulf %a, %b : f32"),
    "captured": (1, "%p = arith.mulf %a, %s : f32\n    %y = arith.maximumf %p, %t : f32"),
    "shifted": (1, "%y = arith.addf %a, %s : f32"),
    "swish": (
        2,
        "%m = arith.negf %b : f32\n    %e = math.exp %m : f32\n"
        "    %d = arith.addf %e, %one : f32\n    %q = arith.divf %b, %d : f32\n"
        "    %y = arith.mulf %a, %q : f32",
    ),
}


class Writer:
    """Writes one random network, images [BATCH, channels, SIZE, SIZE] throughout."""

    def __init__(self, seed: int) -> None:
        self.rng = drawn.rng(seed)
        self.lines: list[str] = []
        self.values: list[tuple[str, int]] = [("%x", 3)]
        self.weights: dict[tuple[int, ...], list[str]] = {}
        self.count = 0

    def emit(self, text: str) -> str:
        self.count += 1
        self.lines.append(f"  %v{self.count} = {text}")
        return f"%v{self.count}"

    def pick(self) -> tuple[str, int]:
        # Mostly the latest ones, so that networks are deep.
        ages = self.rng.geometric(0.5)
        return self.values[max(0, len(self.values) - int(ages))]

    def constant(self, value: np.ndarray, role: str = "weight") -> str:
        shape = "x".join(map(str, value.shape))
        data = value.astype("<f4").tobytes().hex()
        return self.emit(
            f'arith.constant {{prune.param = #prune.param<"p{self.count}", {role}>}} '
            f'dense<"0x{data}"> : tensor<{shape}xf32>'
        )

    def weight(self, shape: tuple[int, ...]) -> str:
        """A weight with dead rows and columns; at times one that is in use already."""
        known = self.weights.setdefault(shape, [])
        if known and self.rng.random() < 0.25:
            return known[int(self.rng.integers(len(known)))]
        value = self.rng.standard_normal(shape)
        value *= self.rng.random((shape[0], 1, 1, 1)) < 0.6
        value *= self.rng.random((1, shape[1], 1, 1)) < 0.7
        known.append(self.constant(value))
        return known[-1]

    def bias(self, channels: int) -> str:
        image = image_type(channels)
        empty = self.emit(f"tensor.empty() : {image}")
        if self.rng.random() < 0.3:
            return self.emit(f"linalg.fill ins(%zero : f32) outs({empty} : {image}) -> {image}")
        vector = self.constant(self.rng.integers(-1, 2, channels), "bias")
        return self.emit(
            f"linalg.broadcast ins({vector} : tensor<{channels}xf32>) "
            f"outs({empty} : {image}) dimensions = [0, 2, 3]"
        )

    def pad(self, value: str, channels: int, low: int, high: int) -> tuple[str, str]:
        size = SIZE + low + high
        wide = f"tensor<{BATCH}x{channels}x{size}x{size}xf32>"
        padded = self.emit(
            f"tensor.pad {value} low[0, 0, {low}, {low}] high[0, 0, {high}, {high}] {{\n"
            "  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):\n"
            f"    tensor.yield %zero : f32\n  }} : {image_type(channels)} to {wide}"
        )
        return padded, wide

    def convolution(self) -> None:
        value, channels = self.pick()
        outputs = int(self.rng.integers(1, 6))
        taps = int(self.rng.choice([1, 3]))
        source = image_type(channels)
        if taps == 3:
            value, source = self.pad(value, channels, 1, 1)
        weight = self.weight((outputs, channels, taps, taps))
        init = self.bias(outputs)
        result = self.emit(
            f"linalg.conv_2d_nchw_fchw ins({value}, {weight} : {source}, "
            f"tensor<{outputs}x{channels}x{taps}x{taps}xf32>) "
            f"outs({init} : {image_type(outputs)}) -> {image_type(outputs)}"
        )
        self.values.append((result, outputs))

    def grouped(self) -> None:
        value, channels = self.pick()
        groups = int(self.rng.choice([g for g in range(1, channels + 1) if channels % g == 0]))
        inputs, outputs = channels // groups, int(self.rng.integers(1, 4))
        n, s = BATCH, SIZE
        weight = self.weight((groups * outputs, inputs, 1, 1))
        init = self.bias(groups * outputs)
        split = "[[0], [1, 2], [3], [4]]"
        x_type = f"tensor<{n}x{groups}x{inputs}x{s}x{s}xf32>"
        w_type = f"tensor<{groups}x{outputs}x{inputs}x1x1xf32>"
        y_type = f"tensor<{n}x{groups}x{outputs}x{s}x{s}xf32>"
        x = self.emit(
            f"tensor.expand_shape {value} {split} output_shape [{n}, {groups}, {inputs}, {s}, {s}]"
            f" : {image_type(channels)} into {x_type}"
        )
        w = self.emit(
            f"tensor.expand_shape {weight} [[0, 1], [2], [3], [4]] output_shape "
            f"[{groups}, {outputs}, {inputs}, 1, 1] : "
            f"tensor<{groups * outputs}x{inputs}x1x1xf32> into {w_type}"
        )
        i = self.emit(
            f"tensor.expand_shape {init} {split} output_shape [{n}, {groups}, {outputs}, {s}, {s}]"
            f" : {image_type(groups * outputs)} into {y_type}"
        )
        y = self.emit(
            f"linalg.conv_2d_ngchw_gfchw ins({x}, {w} : {x_type}, {w_type}) "
            f"outs({i} : {y_type}) -> {y_type}"
        )
        flat = image_type(groups * outputs)
        result = self.emit(f"tensor.collapse_shape {y} {split} : {y_type} into {flat}")
        self.values.append((result, groups * outputs))

    def elementwise(self) -> None:
        value, channels = self.pick()
        operands, body = BODIES[str(self.rng.choice(sorted(BODIES)))]
        others = [name for name, c in self.values if c == channels]
        names = [value, str(self.rng.choice(others))][:operands]
        image = image_type(channels)
        empty = self.emit(f"tensor.empty() : {image}")
        arguments = "".join(f"%{letter}: f32, " for letter in "ab"[:operands])
        maps = ", ".join([IDENTITY] * (operands + 1))
        result = self.emit(
            f"linalg.generic {{indexing_maps = [{maps}], iterator_types = {PARALLEL}}} "
            f"ins({', '.join(names)} : {', '.join([image] * operands)}) "
            f"outs({empty} : {image}) {{\n  ^bb0({arguments}%o: f32):\n    {body}\n"
            f"    linalg.yield %y : f32\n  }} -> {image}"
        )
        self.values.append((result, channels))

    def concatenation(self) -> None:
        (a, m), (b, n) = self.pick(), self.pick()
        result = self.emit(
            f"tensor.concat dim(1) {a}, {b} : ({image_type(m)}, {image_type(n)}) "
            f"-> {image_type(m + n)}"
        )
        self.values.append((result, m + n))

    def slice(self) -> None:
        value, channels = self.pick()
        count = int(self.rng.integers(1, channels + 1))
        first = int(self.rng.integers(0, channels - count + 1))
        result = self.emit(
            f"tensor.extract_slice {value}[0, {first}, 0, 0] [{BATCH}, {count}, {SIZE}, {SIZE}] "
            f"[1, 1, 1, 1] : {image_type(channels)} to {image_type(count)}"
        )
        self.values.append((result, count))

    def shift(self) -> None:
        """Padding and a window of it, which at times is all padding."""
        value, channels = self.pick()
        low = int(self.rng.integers(0, SIZE + 1))
        padded, wide = self.pad(value, channels, low, SIZE)
        first = int(self.rng.integers(0, low + SIZE + 1))
        result = self.emit(
            f"tensor.extract_slice {padded}[0, 0, {first}, 0] "
            f"[{BATCH}, {channels}, {SIZE}, {SIZE}] [1, 1, 1, 1] : {wide} to "
            f"{image_type(channels)}"
        )
        self.values.append((result, channels))

    def insertion(self) -> None:
        (whole, m), (part, n) = self.pick(), self.pick()
        if n > m:
            (whole, m), (part, n) = (part, n), (whole, m)
        first = int(self.rng.integers(0, m - n + 1))
        result = self.emit(
            f"tensor.insert_slice {part} into {whole}[0, {first}, 0, 0] "
            f"[{BATCH}, {n}, {SIZE}, {SIZE}] [1, 1, 1, 1] : {image_type(n)} into {image_type(m)}"
        )
        self.values.append((result, m))

    def text(self, steps: int) -> str:
        kinds = [
            self.convolution, self.convolution, self.convolution, self.grouped,
            self.elementwise, self.elementwise, self.concatenation, self.slice,
            self.shift, self.insertion,
        ]  # fmt: skip
        for _ in range(steps):
            kinds[int(self.rng.integers(len(kinds)))]()
        value, channels = self.values[-1]
        sums = f"tensor<{BATCH}x{channels}xf32>"
        start = self.emit(f"arith.constant dense<0.0> : {sums}")
        pooled = self.emit(
            f"linalg.reduce {{ arith.addf }} ins({value} : {image_type(channels)}) "
            f"outs({start} : {sums}) dimensions = [2, 3]"
        )
        matrix = self.rng.standard_normal((channels, 2)) * (self.rng.random((channels, 1)) < 0.7)
        weight = self.constant(matrix)
        zeros = self.emit(f"arith.constant dense<0.0> : tensor<{BATCH}x2xf32>")
        logits = self.emit(
            f"linalg.matmul ins({pooled}, {weight} : {sums}, tensor<{channels}x2xf32>) "
            f"outs({zeros} : tensor<{BATCH}x2xf32>) -> tensor<{BATCH}x2xf32>"
        )
        body = "\n".join(self.lines)
        return (
            'func.func @forward(%s: f32 {prune.input = "s"}, %t: f32 {prune.input = "t"}, '
            f'%x: {image_type(3)} {{prune.input = "x"}}) -> '
            f'(tensor<{BATCH}x2xf32> {{prune.output = "logits"}}) {{\n'
            "  %zero = arith.constant 0.0 : f32\n  %one = arith.constant 1.0 : f32\n"
            f"{body}\n  return {logits} : tensor<{BATCH}x2xf32>\n}}\n"
        )


def image_type(channels: int) -> str:
    return f"tensor<{BATCH}x{channels}x{SIZE}x{SIZE}xf32>"


def elements(module) -> int:
    return sum(array.size for array in module.parameters().values())


@pytest.mark.parametrize("options", ["", "{fold-borders}"])
@drawn.examples(40)
@given(seed=st.integers(0, 2**32 - 1), steps=st.integers(3, 14))
def test_same_outputs_and_nothing_left(options: str, seed: int, steps: int) -> None:
    text = Writer(seed).text(steps)
    before, after = native.Module.parse(text), native.Module.parse(text)
    after.run(REMOVE.replace("{options}", options))
    rng = np.random.default_rng(seed)
    inputs = {
        "s": np.float32(rng.standard_normal()),
        "t": np.float32(rng.standard_normal()),
        "x": rng.standard_normal((BATCH, 3, SIZE, SIZE)).astype(np.float32),
    }
    expected = before.compile(reference=True).call("forward", inputs)["logits"]
    found = after.compile(reference=True).call("forward", inputs)["logits"]
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found / scale, expected / scale, atol=1e-5)
    assert elements(after) <= elements(before) or options
