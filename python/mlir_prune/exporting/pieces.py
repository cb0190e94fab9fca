# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Split and Slice of channels in an ONNX graph whose channels left.

A piece by constant bounds keeps those of its channels that are left. Which these are is known
where the channels were made by a convolution or a product, of whose weight it is known what is
left, with nothing but operations of elements and poolings between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from .layout import Layout

_BY_CHANNEL = frozenset({
    "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Div", "Dropout", "Elu", "Erf",
    "Gelu", "GlobalAveragePool", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "MaxPool",
    "Mish", "Mul", "PRelu", "Pow", "Relu", "Selu", "Sigmoid", "Softplus", "Sub", "Swish", "Tanh",
})  # fmt: skip
"""Operations whose result has the channels of their operands."""

Kept = Mapping[str, Sequence[Sequence[int]]]
"""For each tensor of the file, the indices of each of its dimensions that are left."""

Shapes = Mapping[str, Sequence[int | None]]
"""Extents of values by name; None where one is open."""


def fit_pieces(onnx: Any, model: Any, node: Any, shapes: Shapes, kept: Kept) -> None:
    """Other bounds of a Split or Slice of channels; `shapes` are those of the dense network.

    Raises :class:`InputError` where it is not known which of them are left.
    """
    was = shapes[node.input[0]]
    axis = _axis(onnx, model, node, len(was), shapes)
    if axis is None or was[axis] is None:
        return
    left = _left(model, node.input[0], kept)
    if left is None:
        raise InputError(
            f"{node.op_type} '{node.name}': which channels of its pieces are left is not known; "
            "shrink=False keeps all channels"
        )
    if node.op_type == "Split":
        _fit_split(onnx, model, node, int(was[axis] or 0), left, shapes)
    else:
        _fit_slice(onnx, model, node, axis, left, shapes)


def _axis(onnx: Any, model: Any, node: Any, rank: int, shapes: Shapes) -> int | None:
    """The dimension of channels, where the node cuts it."""
    if node.op_type == "Split":
        cut = {_attribute(node, "axis", 0) % rank}
    else:
        axes = _number(onnx, model, node.input[3], shapes) if len(node.input) > 3 else None
        starts = _number(onnx, model, node.input[1], shapes) if len(node.input) > 1 else None
        count = 0 if starts is None else len(starts)
        cut = {int(a) % rank for a in (range(count) if axes is None else axes)}
    channels = 1 if rank > 2 else rank - 1
    return channels if channels in cut else None


def _left(model: Any, name: str, kept: Kept) -> list[int] | None:
    """Which channels of a value are left; None where that does not follow."""
    producers = {out: node for node in model.graph.node for out in node.output}
    seen, todo = set(), [name]
    while todo:
        node = producers.get(todo.pop())
        if node is None or node.output[0] in seen:
            continue
        seen.add(node.output[0])
        if node.op_type in _BY_CHANNEL:
            todo += node.input
            continue
        axis = {"Conv": 0, "ConvTranspose": 1, "MatMul": 1,
                "Gemm": 0 if _attribute(node, "transB", 0) else 1}.get(node.op_type)  # fmt: skip
        if axis is None or (axis == 1 and _attribute(node, "group", 1) != 1):
            return None
        found = kept.get(node.input[1])
        if found is not None and axis < len(found):
            return list(found[axis])
    return None


def _fit_split(
    onnx: Any, model: Any, node: Any, extent: int, left: Sequence[int], shapes: Shapes
) -> None:
    given = _attribute(node, "split", None)
    if len(node.input) > 1 and node.input[1]:
        given = _number(onnx, model, node.input[1], shapes)
    count = len(node.output)
    part = -(-extent // count)
    sizes = [part] * (count - 1) + [extent - part * (count - 1)] if given is None else list(given)
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    counts = np.histogram(left, bins=[*bounds[:-1], bounds[-1] - 0.5])[0]
    if any(each.name == "split" for each in node.attribute):
        _drop(node, "split")
        node.attribute.append(onnx.helper.make_attribute("split", [int(c) for c in counts]))
        return
    _drop(node, "num_outputs")
    name = _add(onnx, model, f"{node.output[0]}.split", counts)
    del node.input[1:]
    node.input.append(name)


def _fit_slice(
    onnx: Any, model: Any, node: Any, axis: int, left: Sequence[int], shapes: Shapes
) -> None:
    was = shapes[node.input[0]]
    starts, ends, axes, steps = (
        _number(onnx, model, node.input[i], shapes) if i < len(node.input) and node.input[i] else None
        for i in range(1, 5)
    )
    if starts is None or ends is None:
        raise InputError(f"Slice '{node.name}': its bounds are not constant")
    places = list(range(len(starts))) if axes is None else [int(a) for a in axes]
    place = next(i for i, each in enumerate(places) if each % len(was) == axis)
    step = 1 if steps is None else int(steps[place])
    first, last, _ = slice(int(starts[place]), int(ends[place])).indices(int(was[axis] or 0))
    if step != 1:
        raise InputError(f"Slice '{node.name}': steps of {step} among channels that left")
    starts, ends = np.array(starts), np.array(ends)
    starts[place] = sum(index < first for index in left)
    ends[place] = sum(index < last for index in left)
    node.input[1] = _add(onnx, model, f"{node.output[0]}.starts", starts)
    node.input[2] = _add(onnx, model, f"{node.output[0]}.ends", ends)


def _number(onnx: Any, model: Any, name: str, shapes: Shapes) -> np.ndarray | None:
    """Whole numbers of the dense network that follow from constants and shapes; else None."""
    for tensor in model.graph.initializer:
        if tensor.name == name:
            return np.asarray(onnx.numpy_helper.to_array(tensor))
    node = next((each for each in model.graph.node if name in each.output), None)
    if node is None:
        return None
    if node.op_type == "Shape":
        shape = shapes.get(node.input[0])
        return None if shape is None or None in shape else np.array(shape, np.int64)
    given = {each: _number(onnx, model, each, shapes) for each in node.input if each}
    if any(value is None for value in given.values()):
        return None
    from onnx.reference import ReferenceEvaluator

    graph = onnx.helper.make_graph(
        [node], "number",
        [onnx.helper.make_tensor_value_info(
            each, onnx.helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
         for each, value in given.items() if value is not None],
        [onnx.helper.make_value_info(name, onnx.TypeProto())],
    )  # fmt: skip
    single = onnx.helper.make_model(graph, opset_imports=list(model.opset_import))
    found = ReferenceEvaluator(single).run([name], given)
    return np.asarray(found[0])


def _add(onnx: Any, model: Any, name: str, value: Any) -> str:
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(value, np.int64), name))
    return name


def _drop(node: Any, name: str) -> None:
    for each in [each for each in node.attribute if each.name == name]:
        node.attribute.remove(each)


def _attribute(node: Any, name: str, default: Any) -> Any:
    for each in node.attribute:
        if each.name == name:
            from onnx.helper import get_attribute_value

            return get_attribute_value(each)
    return default


def kept_of_file(layouts: Mapping[str, tuple[str, Layout]], kept: Kept) -> Kept:
    """What is left of the tensors of the file; `layouts` has parameter and layout by tensor."""
    found: dict[str, Sequence[Sequence[int]]] = {}
    for tensor, (name, layout) in layouts.items():
        if name in kept and len(layout.shape) == len(layout.order) == len(kept[name]):
            found[tensor] = [kept[name][dim] for dim in layout.order]
    return found
