# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What an ONNX graph says of channels besides its tensors, for tensors that have become smaller.

Operations are visited in their order; the shapes before each follow from the tensors by onnx's
own inference. A convolution in groups gets as many groups as its input has, a Reshape
to constant extents gets those that its smaller input fills, and pieces by constant bounds keep
those of their channels that are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from .pieces import Kept, fit_pieces


def fit_shapes(onnx: Any, model: Any, before: Any, kept: Kept) -> None:
    """Changes `model`, in which tensors are smaller than in the model `before`.

    `kept` says for tensors of the file which indices of each dimension are left.

    Raises :class:`InputError` where a shape cannot be told.
    """
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    # Before version 4 of the format initializers were inputs, too.
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    for value in model.graph.input:
        if value.name in stored:
            for dim, extent in zip(
                value.type.tensor_type.shape.dim, stored[value.name].dims, strict=True
            ):
                dim.dim_value = extent
    old = _shapes(onnx, before)
    for node in model.graph.node:
        if node.op_type in ("Conv", "ConvTranspose"):
            _fit_groups(onnx, model, node)
        elif node.op_type == "Reshape":
            _fit_reshape(onnx, model, node, old)
        elif node.op_type in ("Split", "Slice"):
            now, was = _shapes(onnx, model).get(node.input[0]), old.get(node.input[0])
            if now and was and now != was:
                fit_pieces(onnx, model, node, old, kept)
    for output, was in zip(model.graph.output, before.graph.output, strict=True):
        output.CopyFrom(was)
    try:
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"the shapes of the smaller network cannot be told ({reason}); shrink=False keeps all "
            "channels"
        ) from error


def _shapes(onnx: Any, model: Any) -> dict[str, list[int | None]]:
    """Shapes of all values as far as they follow; None for an open extent."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(copy, data_prop=True).graph
    found: dict[str, list[int | None]] = {}
    for value in [*inferred.input, *inferred.value_info, *inferred.output]:
        if value.type.tensor_type.HasField("shape"):
            dims = value.type.tensor_type.shape.dim
            found[value.name] = [d.dim_value if d.HasField("dim_value") else None for d in dims]
    for tensor in inferred.initializer:
        found[tensor.name] = list(tensor.dims)
    return found


def _fit_groups(onnx: Any, model: Any, node: Any) -> None:
    group = {each.name: each for each in node.attribute}.get("group")
    if group is None or group.i == 1:
        return
    shapes = _shapes(onnx, model)
    read, weight = shapes.get(node.input[0]), shapes.get(node.input[1])
    if not read or not weight or len(read) < 2 or read[1] is None or not weight[1]:
        raise InputError(f"{node.op_type} '{node.name}': the channels that it reads are not known")
    channels = weight[1] if node.op_type == "Conv" else weight[0]
    assert channels is not None
    group.i = read[1] // channels if node.op_type == "Conv" else group.i


def _fit_reshape(onnx: Any, model: Any, node: Any, old: dict[str, list[int | None]]) -> None:
    """Another extent of a constant target, where what is reshaped is smaller than before."""
    store = _constant_of(onnx, model, node.input[1])
    if store is None:
        return
    tensor, put = store
    target = [int(extent) for extent in onnx.numpy_helper.to_array(tensor).ravel()]
    now, was = _shapes(onnx, model).get(node.input[0]), old.get(node.input[0])
    if not now or not was or now == was:
        return
    if None in now or None in was:
        # Only the batch may be open; it is the same on both sides.
        now, was = [each or 1 for each in now], [each or 1 for each in was]
    found = _extents(now, was, target)  # type: ignore[arg-type]
    if found is None:
        raise InputError(
            f"Reshape '{node.name}' to {target}: what {was} became, {now}, does not say its extents"
        )
    array = np.array(found, np.int64).reshape(tuple(tensor.dims))
    name = f"{tensor.name}_{node.output[0]}" if _uses(model, node.input[1]) > 1 else tensor.name
    new = onnx.numpy_helper.from_array(array, name)
    if name != tensor.name:
        model.graph.initializer.append(new)
        node.input[1] = name
    else:
        put(new)


def _extents(now: Sequence[int], was: Sequence[int], target: Sequence[int]) -> list[int] | None:
    """The target for the smaller input: the extent that holds the channels shrinks with them."""
    whole = [was[i] if extent == 0 else extent for i, extent in enumerate(target)]
    total = int(np.prod(was))
    if -1 in whole:
        rest = -int(np.prod(whole))
        whole[whole.index(-1)] = total // max(rest, 1)
    left = int(np.prod(now))
    shrunk = [i for i, (a, b) in enumerate(zip(now, was, strict=True)) if a != b]
    # Positions of the row-major order before the first extent that shrank.
    before = int(np.prod(was[: shrunk[0]]))
    place, product = 0, 1
    while place < len(whole) and product * whole[place] <= before:
        product *= whole[place]
        place += 1
    if place == len(whole) or len(shrunk) != 1:
        return None
    others = int(np.prod(whole)) // whole[place]
    if left % others or (target[place] in (-1, 0) and -1 not in target):
        return None
    found = list(target)
    if target[place] != -1:
        found[place] = left // others
    elif any(extent not in (0, -1) and extent != w for extent, w in zip(target, whole, strict=True)):
        return None
    return found


def _constant_of(onnx: Any, model: Any, name: str) -> tuple[Any, Any] | None:
    """A constant of the graph and what stores another in its place."""
    for tensor in model.graph.initializer:
        if tensor.name == name:
            return tensor, tensor.CopyFrom
    for node in model.graph.node:
        if node.op_type == "Constant" and node.output[0] == name:
            for attribute in node.attribute:
                if attribute.name == "value":
                    return attribute.t, attribute.t.CopyFrom
    return None


def _uses(model: Any, name: str) -> int:
    return sum(list(node.input).count(name) for node in model.graph.node)
