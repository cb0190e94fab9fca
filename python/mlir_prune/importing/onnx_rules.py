# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which ONNX operations are rewritten before torch-mlir sees them, and how.

A rule is here because torch-mlir converts some form of the operation to other values
than ONNX defines, crashes, does not end, or does not know it, while plain operations
that it knows say the same. `benchmarks/onnx_node_tests.py` shows which forms are right.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .onnx_activations import gelu, selu, swish
from .onnx_quantized import dequantize, product, quantize
from .onnx_recurrent import dropout, recurrent
from .onnx_resampling import along, pad, resize
from .onnx_rewrites import Chain, Node, Rule
from .onnx_sampling import grid_sample
from .onnx_windows import (
    average_pool,
    convolution,
    lp_pool,
    max_pool,
    transposed_convolution,
)


def gemm(node: Node) -> list[Any] | None:
    """Gemm without C: alpha is a product of its own."""
    alpha = float(node.attribute("alpha", 1.0))
    if node.input(2) or alpha == 1.0:
        return None
    product = node.fresh()
    attributes = {**node.attributes, "alpha": 1.0, "beta": 1.0}
    return [
        node.make("Gemm", [node.input(0), node.input(1)], [product], **attributes),
        node.make("Mul", [product, np.array(alpha, node.dtype())], [node.output(0)]),
    ]


def matmul(node: Node) -> list[Any] | None:
    """MatMul of vectors as one of matrices."""
    ranks = len(node.shape(0)), len(node.shape(1))
    if min(ranks) > 1:
        return None
    nodes, names = [], [node.input(0), node.input(1)]
    for side in range(2):
        if ranks[side] == 1:
            name = node.fresh()
            nodes.append(node.make("Unsqueeze", [names[side], np.array([side], np.int64)], [name]))
            names[side] = name
    product = node.fresh()
    nodes.append(node.make("MatMul", names, [product]))
    axes = [-2] * (ranks[0] == 1) + [-1] * (ranks[1] == 1)
    nodes.append(node.make("Squeeze", [product, np.array(axes, np.int64)], [node.output(0)]))
    return nodes


def split(node: Node) -> list[Any] | None:
    """Split as slices; sizes that are not constant are refused."""
    axis, shape = node.attribute("axis", 0), node.shape()
    axis %= len(shape)
    count = len(node.proto.output)
    sizes = node.constant(1)
    if node.input(1) and sizes is None:
        raise node.refusal("its sizes are not constant")
    if sizes is None:
        part = -(-shape[axis] // count)
        sizes = np.array([part] * (count - 1) + [shape[axis] - part * (count - 1)])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    nodes = []
    for index, name in enumerate(node.proto.output):
        if name:
            bounds = [np.array([v], np.int64) for v in (starts[index], starts[index + 1], axis)]
            nodes.append(node.make("Slice", [node.input(0), *bounds], [name]))
    return nodes


def backward_slice(node: Node) -> list[Any] | None:
    """Slice backwards: torch-mlir takes the bounds as they are, also those out of range."""
    shape, given = node.values.shape(node.input(0)), [node.constant(i) for i in range(1, 5)]
    starts, ends, axes, steps = given
    if shape is None or starts is None or ends is None or steps is None or (steps > 0).all():
        return None
    axes = np.arange(len(starts)) if axes is None else axes
    bounds = np.array([
        [*slice(int(start), int(end), int(step)).indices(shape[axis])[:2], -shape[axis] - 1]
        for start, end, step, axis in zip(starts, ends, steps, axes, strict=True)
    ])  # fmt: skip
    # A last element in front of the first has a number that is far enough from the end.
    new_ends = np.where(bounds[:, 1] < 0, bounds[:, 2], bounds[:, 1])
    if (bounds[:, 0] == starts).all() and (new_ends == ends).all():
        return None
    inputs = [node.input(0), bounds[:, 0], new_ends, axes, steps]
    return [node.make("Slice", inputs, [node.output(0)])]


def cumulative_sum(node: Node) -> list[Any]:
    """CumSum as a product with a triangle of ones."""
    shape, axis = node.shape(), node.constant(1)
    if axis is None or axis.size != 1 or node.dtype().kind != "f":
        raise node.refusal("expected floating point and a constant axis")
    place = int(axis.reshape(())) % len(shape)
    extent = shape[place]
    weights = np.tril(np.ones((extent, extent)), -1 if node.attribute("exclusive", 0) else 0)
    if node.attribute("reverse", 0):
        weights = weights[::-1, ::-1]
    return along(node, node.input(0), place, weights, node.output(0), len(shape))


def lp_normalization(node: Node) -> list[Any]:
    """LpNormalization, where what has no length stays zero."""
    axis, p = node.attribute("axis", -1), node.attribute("p", 2)
    norm, is_zero, safe = (node.fresh() for _ in range(3))
    zero, one = np.zeros((), node.dtype()), np.ones((), node.dtype())
    kind = "ReduceL1" if p == 1 else "ReduceL2"
    axes = {"axes": [axis]} if node.opset < 18 else {}
    inputs = [node.input(0)] if node.opset < 18 else [node.input(0), np.array([axis], np.int64)]
    return [
        node.make(kind, inputs, [norm], keepdims=1, **axes),
        node.make("Equal", [norm, zero], [is_zero]),
        node.make("Where", [is_zero, one, norm], [safe]),
        node.make("Div", [node.input(0), safe], [node.output(0)]),
    ]


def flatten(node: Node) -> list[Any] | None:
    """Flatten before the first, or counted from the last dimension, as a reshape."""
    shape, axis = node.shape(), node.attribute("axis", 1)
    if 0 < axis < len(shape):
        return None
    place = axis + len(shape) if axis < 0 else axis
    target = [int(np.prod(shape[:place])), int(np.prod(shape[place:]))]
    return [node.make("Reshape", [node.input(0), np.array(target, np.int64)], [node.output(0)])]


def depth_to_space(node: Node) -> list[Any]:
    """DepthToSpace as reshapes and a transposition."""
    n, c, h, w = node.shape()
    b = node.attribute("blocksize")
    if node.attribute("mode", "DCR") == "DCR":
        shape, order = [n, b, b, c // (b * b), h, w], [0, 3, 4, 1, 5, 2]
    else:
        shape, order = [n, c // (b * b), b, b, h, w], [0, 1, 4, 2, 5, 3]
    return _rearrange(node, shape, order, [n, c // (b * b), h * b, w * b])


def space_to_depth(node: Node) -> list[Any]:
    """SpaceToDepth as reshapes and a transposition."""
    n, c, h, w = node.shape()
    b = node.attribute("blocksize")
    order = [0, 3, 5, 1, 2, 4] if node.attribute("mode", "DCR") == "DCR" else [0, 1, 3, 5, 2, 4]
    shape = [n, c, h // b, b, w // b, b]
    return _rearrange(node, shape, order, [n, c * b * b, h // b, w // b])


def _rearrange(node: Node, shape: list[int], order: list[int], result: list[int]) -> list[Any]:
    split, moved = node.fresh(), node.fresh()
    return [
        node.make("Reshape", [node.input(0), np.array(shape, np.int64)], [split]),
        node.make("Transpose", [split], [moved], perm=order),
        node.make("Reshape", [moved, np.array(result, np.int64)], [node.output(0)]),
    ]


def reduction(node: Node) -> list[Any] | None:
    """Reductions over no dimension at all, and over extents of one, which torch-mlir dies of."""
    axes = node.constant(1)
    if node.input(1) and axes is None:
        raise node.refusal("its axes are not constant")
    if not node.attribute("noop_with_empty_axes", 0) or (axes is not None and axes.size):
        return _reduction_of_ones(node, axes)
    if node.proto.op_type in ("ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum"):
        return [node.make("Identity", [node.input(0)], [node.output(0)])]
    raise node.refusal("noop_with_empty_axes without axes")


_OF_ONE_ELEMENT = {"ReduceL1": "Abs", "ReduceL2": "Abs", "ReduceLogSum": "Log"}


def _reduction_of_ones(node: Node, axes: np.ndarray | None) -> list[Any] | None:
    """A reduction of single elements as what it does to each of them."""
    shape, kind = node.values.shape(node.input(0)), node.proto.op_type
    axes = node.attribute("axes", ()) if axes is None else axes
    if shape is None:
        return None
    reduced = {int(axis) % len(shape) for axis in axes} or set(range(len(shape)))
    if any(shape[axis] != 1 for axis in reduced):
        return None
    value, each = node.input(0), node.fresh()
    result = [n for axis, n in enumerate(shape) if axis not in reduced]
    if node.attribute("keepdims", 1):
        result = list(shape)
    if kind == "ReduceSumSquare":
        first = node.make("Mul", [value, value], [each])
    else:
        first = node.make(_OF_ONE_ELEMENT.get(kind, "Identity"), [value], [each])
    return [first, node.make("Reshape", [each, np.array(result, np.int64)], [node.output(0)])]


def bit_shift(node: Node) -> list[Any] | None:
    """BitShift of numbers with a sign: a product, or the floor of a quotient, by powers of two.

    Amounts have to be constants between zero and the number of bits.
    """
    dtype, amounts = node.dtype(), node.constant(1)
    if dtype.kind != "i":
        return None
    bits = 8 * dtype.itemsize
    if amounts is None or (amounts < 0).any() or (amounts >= bits).any():
        raise node.refusal(f"elements of {dtype} by amounts that are not constants in 0 to {bits - 1}")
    if (amounts == bits - 1).any():
        raise node.refusal(f"elements of {dtype} by {bits - 1}")
    powers = np.left_shift(np.ones((), dtype), amounts.astype(dtype)).astype(dtype)
    if node.attribute("direction") == "LEFT":
        return [node.make("Mul", [node.input(0), powers], [node.output(0)])]
    chain = Chain(node)
    rest = chain("Mod", node.input(0), powers)
    return chain.end("Div", chain("Sub", node.input(0), rest), powers)


def p_relu(node: Node) -> list[Any] | None:
    """PRelu with a slope for each channel, as it was meant before opset 7."""
    shape, slopes = node.shape(), node.shape(1)
    if len(slopes) != 1 or len(shape) < 2 or slopes[0] in (1, shape[-1]) or slopes[0] != shape[1]:
        return None
    chain = Chain(node)
    target = np.array([slopes[0], *[1] * (len(shape) - 2)], np.int64)
    return chain.end("PRelu", node.input(0), chain("Reshape", node.input(1), target))


def cumulative_product(node: Node) -> list[Any]:
    """CumProd element by element, up to 64 of them."""
    shape, axis = node.shape(), node.constant(1)
    if axis is None or axis.size != 1:
        raise node.refusal("its axis is not constant")
    place = int(axis.reshape(())) % len(shape)
    extent, reverse = shape[place], bool(node.attribute("reverse", 0))
    if not 0 < extent <= 64:
        raise node.refusal(f"{extent} elements along its axis, expected 1 to 64")
    chain, along_axis = Chain(node), np.array([place], np.int64)
    parts, last = [], ""
    for index in range(extent)[:: -1 if reverse else 1]:
        bounds = [np.array([v], np.int64) for v in (index, index + 1)]
        part = chain("Slice", node.input(0), *bounds, along_axis)
        last = chain("Mul", last, part) if last else part
        parts.append(last)
    if node.attribute("exclusive", 0):
        whole = [n if d != place else 1 for d, n in enumerate(shape)]
        parts = [chain("Identity", np.ones(whole, node.dtype())), *parts[:-1]]
    return chain.end("Concat", *(reversed(parts) if reverse else parts), axis=place)


def einsum(node: Node) -> None:
    """Einsum: torch-mlir dies of operands without dimensions."""
    if any(len(node.shape(index)) == 0 for index in range(len(node.proto.input))):
        raise node.refusal("an operand without dimensions")


def refused(reason: str) -> Rule:
    """A rule for an operation of which no form is supported."""

    def rule(node: Node) -> None:
        raise node.refusal(reason)

    return rule


_DRAWN = ("Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform",
          "RandomUniformLike")  # fmt: skip
_REDUCTIONS = ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare")

RULES: dict[str, Rule] = {
    "AveragePool": average_pool,
    "BitShift": bit_shift,
    "Conv": convolution,
    "ConvTranspose": transposed_convolution,
    "CumProd": cumulative_product,
    "CumSum": cumulative_sum,
    "DepthToSpace": depth_to_space,
    "DequantizeLinear": dequantize,
    "Det": refused("determinants"),
    "Dropout": dropout,
    "Einsum": einsum,
    "Flatten": flatten,
    "GRU": recurrent,
    "Gelu": gelu,
    "Gemm": gemm,
    "GridSample": grid_sample,
    "LSTM": recurrent,
    "LpNormalization": lp_normalization,
    "LpPool": lp_pool,
    "MatMul": matmul,
    "MaxPool": max_pool,
    "PRelu": p_relu,
    "Pad": pad,
    "QLinearMatMul": product,
    "QuantizeLinear": quantize,
    "RNN": recurrent,
    "Resize": resize,
    "Selu": selu,
    "Slice": backward_slice,
    "SpaceToDepth": space_to_depth,
    **{f"Reduce{kind}": reduction for kind in _REDUCTIONS},
    **{kind: refused("random numbers") for kind in _DRAWN},
    "Split": split,
    "Swish": swish,
}

# Operations that ONNX defines by others and torch-mlir does not know.
INLINED: frozenset[str] = frozenset(
    {
        "AffineGrid",
        "Attention",
        "CausalConvWithState",
        "CenterCropPad",
        "DynamicQuantizeLinear",
        "MeanVarianceNormalization",
        "NegativeLogLikelihoodLoss",
        "RMSNormalization",
        "RotaryEmbedding",
        "SoftmaxCrossEntropyLoss",
        "Softsign",
        "SwiGLU",
    }
)
