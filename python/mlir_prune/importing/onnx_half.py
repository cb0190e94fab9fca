# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Half precision in ONNX files, computed in single precision.

Values of f16 and bf16 are kept exactly as f32; what is computed is not rounded to
half precision between operations.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx

from ..onnx_graph import inner_graphs

_KIND = onnx.TensorProto.DataType
_HALF = (_KIND.FLOAT16, _KIND.BFLOAT16)
# Attributes that hold an element type.
_TYPE_ATTRIBUTES = ("to", "dtype", "output_dtype", "stash_type", "precision", "softmax_precision")


def to_single(model: Any) -> None:
    """Makes every tensor of f16 and bf16 one of f32, in place."""
    bodies = [inner for graph in [model.graph] for inner in inner_graphs(graph)]
    bodies += [inner for function in model.functions for inner in inner_graphs(function)]
    for body in bodies:
        if hasattr(body, "initializer"):
            for tensor in body.initializer:
                _tensor(tensor)
            for value in [*body.input, *body.output]:
                _type(value.type)
        for value in body.value_info:
            _type(value.type)
        for node in body.node:
            _node(node)


def _node(node: Any) -> None:
    for attribute in node.attribute:
        if attribute.name in _TYPE_ATTRIBUTES and attribute.i in _HALF:
            attribute.i = _KIND.FLOAT
        for tensor in [attribute.t] * attribute.HasField("t") + list(attribute.tensors):
            _tensor(tensor)


def _tensor(tensor: Any) -> None:
    if tensor.data_type in _HALF:
        array = onnx.numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(onnx.numpy_helper.from_array(array, tensor.name))


def _type(kind: Any) -> None:
    if kind.HasField("tensor_type") and kind.tensor_type.elem_type in _HALF:
        kind.tensor_type.elem_type = _KIND.FLOAT
