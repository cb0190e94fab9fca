# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rules for quantized tensors: their definitions in floating point.

torch-mlir has quantized types of its own, and loses signs and axes on the way to them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx

from .onnx_rewrites import Node

_BYTES = (np.dtype(np.int8), np.dtype(np.uint8))


def dequantize(node: Node) -> list[Any]:
    """DequantizeLinear as (x - zero_point) * scale; of constants, a constant."""
    scale = _along(node, 1)
    dtype = scale.dtype
    zero = _along(node, 2) if node.input(2) else np.zeros((), np.int32)
    known = node.constant(0)
    if known is not None:
        result = (known.astype(dtype) - zero.astype(dtype)) * scale
        return [_constant(node, np.asarray(result, dtype))]
    _check(node, node.dtype(0), (*_BYTES, np.dtype(np.int32)))
    wide, centered = node.fresh(), node.fresh()
    return [
        node.make("Cast", [node.input(0)], [wide], to=onnx.TensorProto.FLOAT),
        node.make("Sub", [wide, zero.astype(dtype)], [centered]),
        node.make("Mul", [centered, scale], [node.output(0)]),
    ]


def quantize(node: Node) -> list[Any]:
    """QuantizeLinear as rounding, clipping and a cast."""
    scale = _along(node, 1)
    zero = _along(node, 2) if node.input(2) else np.zeros((), np.uint8)
    if node.dtype(0).kind != "f":
        raise node.refusal(f"its input is {node.dtype(0)}")
    divided = node.fresh()
    first = node.make("Div", [node.input(0), scale], [divided])
    return [first, *_to_bytes(node, divided, zero)]


def _to_bytes(node: Node, value: str, zero: np.ndarray) -> list[Any]:
    """Rounds to even, adds the zero point, clips to what its type holds, and casts."""
    _check(node, zero.dtype, _BYTES)
    range_ = np.iinfo(zero.dtype)
    rounded, moved, clipped = (node.fresh() for _ in range(3))
    low, high = np.float32(range_.min), np.float32(range_.max)
    kind = onnx.helper.np_dtype_to_tensor_dtype(zero.dtype)
    return [
        node.make("Round", [value], [rounded]),
        node.make("Add", [rounded, zero.astype(np.float32)], [moved]),
        node.make("Clip", [moved, low, high], [clipped]),
        node.make("Cast", [clipped], [node.output(0)], to=kind),
    ]


def product(node: Node) -> list[Any]:
    """QLinearMatMul as a product of whole numbers in floating point, exact below 2**24."""
    arrays = [node.constant(index) for index in (1, 2, 4, 5, 6, 7)]
    if any(array is None for array in arrays):
        raise node.refusal("its scales and zero points are not all constant")
    if any(array is not None and array.size != 1 for array in arrays):
        raise node.refusal("it has scales for rows or columns")
    scale_a, zero_a, scale_b, zero_b, scale, zero = (np.asarray(array).reshape(())
                                                     for array in arrays)  # fmt: skip
    nodes, sides = [], []
    for index, offset in ((0, zero_a), (3, zero_b)):
        _check(node, node.dtype(index), _BYTES)
        wide, centered = node.fresh(), node.fresh()
        nodes += [
            node.make("Cast", [node.input(index)], [wide], to=onnx.TensorProto.FLOAT),
            node.make("Sub", [wide, offset.astype(np.float32)], [centered]),
        ]
        sides.append(centered)
    total, scaled = node.fresh(), node.fresh()
    factor = np.float32(scale_a.astype(np.float32) * scale_b.astype(np.float32) / scale)
    nodes += [
        node.make("MatMul", sides, [total]),
        node.make("Mul", [total, factor], [scaled]),
    ]
    return [*nodes, *_to_bytes(node, scaled, zero)]


def _along(node: Node, index: int) -> np.ndarray:
    """A scale or zero point, shaped to be broadcast to the input."""
    value = node.constant(index)
    if value is None:
        raise node.refusal(f"input {index} is not constant")
    if value.size == 1:
        return value.reshape(())
    if node.attribute("block_size", 0) or value.ndim != 1:
        raise node.refusal("it is quantized in blocks")
    rank = len(node.shape(0))
    shape = [1] * rank
    shape[node.attribute("axis", 1)] = value.size
    return value.reshape(shape)


def _check(node: Node, dtype: np.dtype[Any], known: tuple[np.dtype[Any], ...]) -> None:
    if dtype not in known:
        names = ", ".join(str(entry) for entry in known)
        raise node.refusal(f"elements of {dtype}, expected {names}")


def _constant(node: Node, array: np.ndarray) -> Any:
    tensor = onnx.numpy_helper.from_array(array, node.output(0))
    return onnx.helper.make_node("Constant", [], [node.output(0)], value=tensor)
