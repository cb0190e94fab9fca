# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random shapes of convolutions, compiled against the reference, with their gradients.

Freed memory is filled with NaN before each call, so that what a kernel leaves out shows.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

native = pytest.importorskip("mlir_prune._native", reason="needs the native module")

LIBRARIES = Path(native.__file__).parents[2] / "lib"
SHAPES_PER_MODULE = 12
MODULES = 8


@dataclass(frozen=True)
class Convolution:
    """A convolution of [n, groups * c, h, w] into [n, groups * f, ...]; `f` 0 is depthwise."""

    n: int
    groups: int
    c: int
    f: int
    size: tuple[int, int]
    kernel: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    low: tuple[int, int]
    high: tuple[int, int]

    @property
    def padded(self) -> tuple[int, int]:
        return tuple(a + b + c for a, b, c in zip(self.low, self.size, self.high, strict=True))

    @property
    def output(self) -> tuple[int, int]:
        sizes = zip(self.padded, self.kernel, self.strides, self.dilations, strict=True)
        return tuple((size - d * (k - 1) - 1) // s + 1 for size, k, s, d in sizes)


def draw(generator: np.random.Generator) -> Convolution:
    """Extents 1 to 9; padding up to twice the kernel; mostly one group."""
    pick = generator.integers
    while True:
        kernel = tuple(int(k) for k in pick(1, 6, 2))
        limits = [2 * k if pick(4) == 0 else k for k in kernel]
        pads = [[int(pick(limit + 1)) if pick(2) else 0 for limit in limits] for _ in range(2)]
        kind = pick(6)
        conv = Convolution(
            n=int(pick(1, 4)), groups=int(pick(2, 4)) if kind == 0 else 1,
            c=int(pick(1, 10)), f=0 if kind == 1 else int(pick(1, 18)),
            size=tuple(int(s) for s in pick(1, 10, 2)), kernel=kernel,
            strides=tuple(int(s) for s in generator.choice([1, 1, 2, 3, 4], 2)),
            dilations=tuple(int(d) for d in generator.choice([1, 1, 1, 2, 3], 2)),
            low=tuple(pads[0]), high=tuple(pads[1]))  # fmt: skip
        if min(conv.output) > 0 and all(
            size >= d * (k - 1) + 1
            for size, k, d in zip(conv.padded, kernel, conv.dilations, strict=True)
        ):
            return conv


#: What oneDNN 3.7.2 computes wrongly, or crashes on.
KNOWN = [
    Convolution(1, 1, 1, 1, (2, 3), (1, 2), (1, 2), (1, 1), (0, 0), (0, 0)),
    Convolution(3, 1, 1, 2, (4, 3), (5, 3), (1, 4), (1, 1), (4, 0), (1, 0)),
    Convolution(1, 1, 1, 17, (7, 2), (3, 5), (1, 3), (1, 1), (1, 2), (0, 3)),
    Convolution(2, 1, 3, 8, (5, 1), (3, 3), (3, 4), (1, 1), (3, 1), (3, 8)),
    Convolution(1, 1, 2, 8, (1, 1), (4, 1), (1, 3), (1, 1), (0, 3), (8, 6)),
    Convolution(1, 1, 16, 2, (1, 1), (4, 2), (1, 3), (1, 3), (2, 2), (4, 7)),
]


def spell(shape) -> str:
    return "tensor<" + "".join(f"{n}x" for n in shape) + "f32>"


def shapes(conv: Convolution):
    """Of the input, its padded form, the weight and the output, and the operation."""
    if conv.f == 0:
        lead, out = (conv.n, conv.c), (conv.n, conv.c)
        weight, name = (conv.c, *conv.kernel), "depthwise_conv_2d_nchw_chw"
    elif conv.groups > 1:
        lead, out = (conv.n, conv.groups, conv.c), (conv.n, conv.groups, conv.f)
        weight, name = (conv.groups, conv.f, conv.c, *conv.kernel), "conv_2d_ngchw_gfchw"
    else:
        lead, out = (conv.n, conv.c), (conv.n, conv.f)
        weight, name = (conv.f, conv.c, *conv.kernel), "conv_2d_nchw_fchw"
    return (*lead, *conv.size), (*lead, *conv.padded), weight, (*out, *conv.output), name


def body(conv: Convolution, kernel: str = "") -> str:
    """Pads %x and convolves it with %w, by the kernel of that name if there is one."""
    x, padded, w, y, name = shapes(conv)
    zeros = ["0"] * (len(x) - 2)
    low, high = (", ".join([*zeros, *map(str, pads)]) for pads in (conv.low, conv.high))
    block = ", ".join(f"%i{i}: index" for i in range(len(x)))
    attribute = f",\n      prune.kernel = #prune.kernel<{kernel}>" if kernel else ""
    return f"""
  %zero = arith.constant 0.0 : f32
  %p = tensor.pad %x low[{low}] high[{high}] {{
  ^bb0({block}):
    tensor.yield %zero : f32
  }} : {spell(x)} to {spell(padded)}
  %e = tensor.empty() : {spell(y)}
  %z = linalg.fill ins(%zero : f32) outs(%e : {spell(y)}) -> {spell(y)}
  %y = linalg.{name} {{strides = dense<{list(conv.strides)}> : tensor<2xi64>,
      dilations = dense<{list(conv.dilations)}> : tensor<2xi64>{attribute}}}
      ins(%p, %w : {spell(padded)}, {spell(w)}) outs(%z : {spell(y)}) -> {spell(y)}"""


def function(conv: Convolution, index: int) -> str:
    """The convolution, and its sum weighted by %d, whose gradients are taken."""
    x, _, w, y, _ = shapes(conv)
    loops = ", ".join(f"d{i}" for i in range(len(y)))
    kinds = ", ".join(['"reduction"'] * len(y))
    return f"""
func.func @y{index}(%x: {spell(x)}, %w: {spell(w)}) -> {spell(y)} {{{body(conv)}
  return %y : {spell(y)}
}}
func.func @loss{index}(%x: {spell(x)} {{prune.param = #prune.param<"x", weight>}},
    %w: {spell(w)} {{prune.param = #prune.param<"w", weight>}}, %d: {spell(y)})
    -> (tensor<f32> {{prune.output = "loss"}}) {{{body(conv)}
  %s = tensor.empty() : tensor<f32>
  %o = linalg.fill ins(%zero : f32) outs(%s : tensor<f32>) -> tensor<f32>
  %l = linalg.generic {{indexing_maps = [affine_map<({loops}) -> ({loops})>,
      affine_map<({loops}) -> ({loops})>, affine_map<({loops}) -> ()>],
      iterator_types = [{kinds}]}}
      ins(%y, %d : {spell(y)}, {spell(y)}) outs(%o : tensor<f32>) {{
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    %t = arith.addf %c, %m : f32
    linalg.yield %t : f32
  }} -> tensor<f32>
  return %l : tensor<f32>
}}"""


def spoil_memory(elements: int) -> None:
    """Leaves NaN in memory that is free again."""
    junk = [np.full(max(size, 1), np.nan, np.float32) for size in (elements, 4096) * 20]
    del junk


def call(executable, name: str, values) -> list[np.ndarray]:
    spoil_memory(max(value.size for value in values))
    return [np.array(result) for result in executable(name, *values)]


def check(convolutions: list[Convolution], seed: int) -> None:
    text = "".join(function(conv, i) for i, conv in enumerate(convolutions))
    modules = [native.Module.parse(text) for _ in range(2)]
    for module in modules:
        module.run("builtin.module(" + ",".join(
            f"prune-differentiate{{function=loss{i}}}" for i in range(len(convolutions))) + ")")
    reference, compiled = modules[0].compile(reference=True), modules[1].compile()
    generator = np.random.default_rng(seed)
    for i, conv in enumerate(convolutions):
        x, _, w, y, _ = shapes(conv)
        values = [generator.standard_normal(shape, np.float32) for shape in (x, w, y)]
        calls = ((f"y{i}", values[:2], ["y"]), (f"loss{i}", values, ["loss", "dx", "dw"]))
        for name, arguments, kinds in calls:
            expected = call(reference, name, arguments)
            got = call(compiled, name, arguments)
            for kind, mine, other in zip(kinds, got, expected, strict=True):
                tolerance = 1e-4 * max(1.0, float(np.abs(other).max(initial=0.0)))
                np.testing.assert_allclose(mine, other, rtol=0, atol=tolerance,
                                           err_msg=f"{name} {kind} of {conv}")  # fmt: skip


def test_shapes_that_were_wrong():
    check(KNOWN, seed=0)


@pytest.mark.parametrize("seed", range(MODULES))
def test_random_shapes(seed):
    generator = np.random.default_rng(seed)
    check([draw(generator) for _ in range(SHAPES_PER_MODULE)], seed)


def generated_function(conv: Convolution, index: int, w: np.ndarray) -> str:
    """The convolution of a constant weight, in code that is generated for it."""
    x, _, shape, y, _ = shapes(conv)
    values = '"0x' + w.astype("<f4").tobytes().hex() + '"' if w.size > 1 else w.item()
    return f"""
func.func @y{index}(%x: {spell(x)}) -> {spell(y)} {{
  %w = arith.constant dense<{values}> : {spell(shape)}{body(conv, "straight_line")}
  return %y : {spell(y)}
}}"""


@pytest.mark.parametrize("seed", range(MODULES))
def test_random_shapes_in_generated_code(seed):
    generator = np.random.default_rng(seed)
    convolutions = [draw(generator) for _ in range(SHAPES_PER_MODULE)]
    weights = []
    for conv in convolutions:
        w = generator.standard_normal(shapes(conv)[2], np.float32)
        w[generator.random(w.shape) < generator.choice([0.0, 0.5, 0.9])] = 0.0
        weights.append(w)
    text = "".join(generated_function(conv, i, weights[i]) for i, conv in enumerate(convolutions))
    reference = native.Module.parse(text).compile(reference=True)
    compiled = native.Module.parse(text).compile(threads=1 + seed % 2)
    for i, conv in enumerate(convolutions):
        x = generator.standard_normal(shapes(conv)[0], np.float32)
        (expected,), (got,) = (call(run, f"y{i}", [x]) for run in (reference, compiled))
        tolerance = 1e-4 * max(1.0, float(np.abs(expected).max(initial=0.0)))
        np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance, err_msg=str(conv))


class Runtime:
    """The convolutions of a runtime library, called directly."""

    def __init__(self, name: str) -> None:
        self.library = ctypes.CDLL(str(LIBRARIES / name))

    def run(self, entry: str, arrays, shape) -> None:
        slot = ctypes.c_void_p()
        pointers = [None if a is None else a.ctypes.data_as(ctypes.c_void_p) for a in arrays]
        flags = [ctypes.c_int64(0)] * (2 if entry == "convolution" else 1)
        call = getattr(self.library, f"prune_rt_{entry}_f32")
        call(ctypes.byref(slot), *pointers, (ctypes.c_int64 * len(shape))(*shape), *flags)
        self.library.prune_rt_release_slot(ctypes.byref(slot))


def flat_shape(conv: Convolution, layout: int) -> list[int]:
    groups = conv.c if conv.f == 0 else conv.groups
    inputs = conv.c if conv.f == 0 else conv.groups * conv.c
    outputs = conv.c if conv.f == 0 else conv.groups * conv.f
    return [conv.n, inputs, *conv.size, outputs, *conv.output, *conv.kernel, *conv.strides,
            *conv.dilations, *conv.low, *conv.high, groups, layout]  # fmt: skip


def check_runtimes(conv: Convolution, layout: int, seed: int) -> None:
    runtimes = [Runtime("libprune_runtime_naive.so"), Runtime("libprune_runtime.so")]
    shape = flat_shape(conv, layout)
    n, c, h, w, f, oh, ow, kh, kw = shape[:9]
    sizes = {"x": n * c * h * w, "w": f * (c // shape[17]) * kh * kw, "y": n * f * oh * ow}
    generator = np.random.default_rng(seed)
    data = {k: generator.standard_normal(size, np.float32) for k, size in sizes.items()}
    bias = generator.standard_normal(f, np.float32)
    for entry, operands, result in (
        ("convolution", [data["x"], data["w"], bias], "y"),
        ("convolution_backward_data", [data["y"], data["w"]], "x"),
        ("convolution_backward_weights", [data["x"], data["y"]], "w"),
    ):
        outcomes = []
        for runtime in runtimes:
            outputs = [np.full(sizes[result], np.nan, np.float32)]
            if result == "w":
                outputs.append(np.full(f, np.nan, np.float32))
            spoil_memory(sizes[result])
            runtime.run(entry, operands + outputs, shape)
            outcomes.append(outputs)
        for expected, got in zip(*outcomes, strict=True):
            tolerance = 1e-4 * max(1.0, float(np.abs(expected).max(initial=0.0)))
            np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance,
                                       err_msg=f"{entry} of {conv}, layout {layout}")  # fmt: skip


@pytest.mark.parametrize("layout", [0, 1], ids=["nchw", "nhwc"])
def test_runtimes_agree(layout):
    generator = np.random.default_rng(99 + layout)
    for i, conv in enumerate([*KNOWN, *(draw(generator) for _ in range(500))]):
        check_runtimes(conv, layout, i)
