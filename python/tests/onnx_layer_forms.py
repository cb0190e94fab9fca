# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Forms of layers: convolutions, poolings, products, norms, functions of elements."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from onnx_form import Form


def _window(f: Form, dims: int, dilated: bool = True) -> None:
    f.maybe("strides", *[[f.extent(1, 3) for _ in range(dims)] for _ in range(2)])
    if dilated:
        f.maybe("dilations", *[[f.extent(1, 2) for _ in range(dims)] for _ in range(2)])
    padding = f.pick("pads", "pads", "auto_pad", "none")
    if padding == "pads":
        f.attributes["pads"] = [f.extent(0, 1) for _ in range(2 * dims)]
    if padding == "auto_pad":
        f.attributes["auto_pad"] = f.pick("SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET")


def conv(f: Form) -> None:
    dims, group = f.pick(1, 2, 2, 2, 3), f.pick(1, 1, 2, 3)
    channels, filters = group * f.extent(1, 2), group * f.extent(1, 2)
    kernel = [f.extent(1, 3) for _ in range(dims)]
    f.tensor([f.extent(1, 2), channels, *[f.extent(5, 8) for _ in range(dims)]])
    f.either([filters, channels // group, *kernel])
    if f.rng.random() < 0.5:
        f.either([filters])
    f.maybe("kernel_shape", kernel)
    if group > 1:
        f.attributes["group"] = group
    _window(f, dims)


def conv_transpose(f: Form) -> None:
    dims, group = f.pick(1, 2, 2), f.pick(1, 1, 2)
    channels, filters = group * f.extent(1, 2), f.extent(1, 2)
    kernel = [f.extent(2, 3) for _ in range(dims)]
    f.tensor([f.extent(1, 2), channels, *[f.extent(3, 5) for _ in range(dims)]])
    f.either([channels, filters, *kernel])
    if f.rng.random() < 0.5:
        f.either([filters * group])
    f.attributes["group"] = group
    _window(f, dims)
    strides = f.attributes.get("strides", [1] * dims)
    if f.rng.random() < 0.4:
        f.attributes["output_padding"] = [f.extent(0, max(s - 1, 0)) for s in strides]


def pool(f: Form) -> None:
    dims = f.pick(1, 2, 2, 2, 3)
    f.tensor([f.extent(1, 2), f.extent(1, 3), *[f.extent(5, 9) for _ in range(dims)]])
    f.attributes["kernel_shape"] = [f.extent(2, 3) for _ in range(dims)]
    _window(f, dims)
    f.maybe("ceil_mode", 0, 1)
    if f.kind == "AveragePool":
        f.maybe("count_include_pad", 0, 1)
    if f.kind == "LpPool":
        f.maybe("p", 1, 2, 3)


def grid_sample(f: Form) -> None:
    dims, batch = f.pick(2, 2, 3), f.extent(1, 2)
    f.tensor([batch, f.extent(1, 2), *[f.extent(1, 5) for _ in range(dims)]])
    f.either([batch, *[f.extent(1, 3) for _ in range(dims)], dims], -2.5, 2.5)
    f.maybe("mode", *(("linear", "nearest", "cubic") if dims == 2 else ("linear", "nearest")))
    f.maybe("padding_mode", "zeros", "border", "reflection")
    f.maybe("align_corners", 0, 1)


def global_pool(f: Form) -> None:
    f.tensor([f.extent(1, 2), f.extent(1, 3), *[f.extent(2, 5) for _ in range(f.pick(1, 2, 3))]])


def gemm(f: Form) -> None:
    m, k, n = f.extent(), f.extent(), f.extent()
    left, right = f.pick(0, 1), f.pick(0, 1)
    f.tensor([k, m] if left else [m, k])
    f.either([n, k] if right else [k, n])
    f.maybe("transA", left) if not left else f.attributes.update(transA=1)
    f.maybe("transB", right) if not right else f.attributes.update(transB=1)
    f.maybe("alpha", 0.5, 2.0, -1.0)
    f.maybe("beta", 0.5, 2.0, 0.0)
    shape = f.pick(None, [n], [1, n], [m, n], [m, 1], [], [1])
    if shape is not None:
        f.either(shape)


def matmul(f: Form) -> None:
    m, k, n, b = f.extent(), f.extent(), f.extent(), f.extent(2, 3)
    left, right = f.pick(
        ([m, k], [k, n]), ([b, m, k], [k, n]), ([m, k], [b, k, n]), ([b, m, k], [b, k, n]),
        ([b, 1, m, k], [2, k, n]), ([k], [k, n]), ([m, k], [k]), ([b, m, k], [k]), ([k], [b, k, n]),
        ([1, m, k], [b, k, n]), ([2, b, m, k], [2, b, k, n]), ([k], [k]),
    )  # fmt: skip
    f.tensor(left)
    f.either(right)


def norm(f: Form) -> None:
    channels = f.extent(2, 4)
    f.tensor([f.extent(1, 2), channels, *[f.extent(2, 4) for _ in range(f.pick(1, 2))]])
    f.either([channels])
    f.either([channels])
    f.maybe("epsilon", 1e-5, 1e-2, 0.1)
    if f.kind == "BatchNormalization":
        f.constant(f.array([channels]))
        f.constant(f.array([channels], 0.2, 2.0))


def layer_norm(f: Form) -> None:
    shape = [f.extent(2, 4) for _ in range(3)]
    axis = f.pick(-1, -2, 1, 2, 0)
    f.tensor(shape)
    f.either(shape[axis:])
    if f.rng.random() < 0.6:
        f.either(shape[axis:])
    f.attributes["axis"] = axis
    f.maybe("epsilon", 1e-5, 0.1)


def softmax(f: Form) -> None:
    rank = f.extent(1, 4)
    f.tensor([f.extent(1, 4) for _ in range(rank)])
    f.maybe("axis", *range(-rank, rank))


def unary(f: Form) -> None:
    f.tensor([f.extent(1, 4) for _ in range(f.extent(1, 4))])
    choices: dict[str, tuple[str, ...]] = {
        "Celu": ("alpha",), "Elu": ("alpha",), "HardSigmoid": ("alpha", "beta"),
        "LeakyRelu": ("alpha",), "Selu": ("alpha", "gamma"), "Shrink": ("bias", "lambd"),
        "ThresholdedRelu": ("alpha",),
    }  # fmt: skip
    for name in choices.get(f.kind, ()):
        f.maybe(name, 0.2, 0.5, 1.5)
    if f.kind == "Gelu":
        f.maybe("approximate", "none", "tanh")


def clip(f: Form) -> None:
    f.tensor([f.extent(1, 4), f.extent(1, 4)])
    for bound in (-0.5, 0.75):
        f.constant(np.float32(bound)) if f.rng.random() < 0.6 else f.skip()


def binary(f: Form) -> None:
    full = [f.extent(2, 4) for _ in range(f.extent(1, 4))]
    other = [1 if f.rng.random() < 0.3 else e for e in full[f.extent(0, len(full) - 1) :]]
    shapes = [full, other]
    if f.rng.random() < 0.3 and f.kind != "PRelu":
        shapes.reverse()
    f.tensor(shapes[0])
    f.either(shapes[1])
    if f.kind == "Mod":
        f.attributes["fmod"] = 1


def prelu(f: Form) -> None:
    channels = f.extent(2, 4)
    f.tensor([2, channels, 3, 3])
    f.either(f.pick([channels, 1, 1], [1], [1, channels, 1, 1], [3], [3, 3]))


def lrn(f: Form) -> None:
    f.tensor([2, f.extent(3, 6), 3, 3])
    f.attributes["size"] = f.pick(1, 2, 3, 4, 5)
    f.maybe("alpha", 0.1, 0.5)
    f.maybe("beta", 0.5, 0.75)
    f.maybe("bias", 1.0, 2.0)


def lp_norm(f: Form) -> None:
    f.tensor([3, 4, 2])
    f.maybe("axis", 0, 1, 2, -1, -2)
    f.maybe("p", 1, 2)


def mvn(f: Form) -> None:
    f.tensor([2, 3, 4, 2])
    f.maybe("axes", [0, 2, 3], [2, 3], [1], [-1])


def recurrent(f: Form) -> None:
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[f.kind]
    direction = f.pick("forward", "reverse", "bidirectional")
    steps, batch, width, hidden = f.extent(1, 3), f.extent(1, 2), f.extent(1, 3), f.extent(1, 3)
    ways = 2 if direction == "bidirectional" else 1
    layout = f.pick(0, 0, 0, 1)
    f.tensor([batch, steps, width] if layout else [steps, batch, width])
    f.constant(f.array([ways, gates * hidden, width]))
    f.constant(f.array([ways, gates * hidden, hidden]))
    bias = f.rng.random() < 0.6
    f.constant(f.array([ways, 2 * gates * hidden])) if bias else f.skip()
    f.skip()
    states = f.rng.random() < 0.4
    shape = [batch, ways, hidden] if layout else [ways, batch, hidden]
    f.constant(f.array(shape)) if states else f.skip()
    if f.kind == "LSTM":
        f.constant(f.array(shape)) if states else f.skip()
        if f.rng.random() < 0.2:
            f.constant(f.array([ways, 3 * hidden]))
    f.attributes |= {"hidden_size": hidden, "direction": direction}
    if layout:
        f.attributes["layout"] = 1
    if f.kind == "GRU":
        f.maybe("linear_before_reset", 0, 1)
    if f.rng.random() < 0.2:
        per_way = {"RNN": ["Relu"], "GRU": ["Sigmoid", "Relu"], "LSTM": ["Sigmoid", "Tanh", "Relu"]}
        f.attributes["activations"] = per_way[f.kind] * ways
    if f.rng.random() < 0.1:
        f.attributes["clip"] = 0.5
    f.outputs = ["y", "h", *(["c"] if f.kind == "LSTM" else [])]


def einsum(f: Form) -> None:
    text, left, right = f.pick(
        ("ij,jk->ik", [2, 3], [3, 4]), ("bij,bjk->bik", [2, 2, 3], [2, 3, 2]),
        ("bij,kj->bik", [2, 2, 3], [4, 3]), ("bhid,bhjd->bhij", [2, 2, 3, 2], [2, 2, 4, 2]),
        ("ij,ij->i", [2, 3], [2, 3]), ("i,j->ij", [2], [3]), ("bij,j->bi", [2, 3, 2], [2]),
    )  # fmt: skip
    f.tensor(left)
    f.either(right)
    f.attributes["equation"] = text


def dequantize(f: Form) -> None:
    dtype, width = f.pick((np.uint8, TensorProto.UINT8), (np.int8, TensorProto.INT8))
    shape = [2, 3, 4]
    axis = f.pick(None, 0, 1, 2, -1)
    size = [] if axis is None else [shape[axis]]
    if f.kind == "DequantizeLinear":
        f.tensor(shape, width)
    else:
        f.tensor(shape)
    f.constant(f.array(size, 0.05, 0.2))
    if f.kind == "QuantizeLinear" or f.rng.random() < 0.7:
        f.constant(f.rng.integers(0, 10, size), dtype)
    if axis is not None:
        f.attributes["axis"] = axis
