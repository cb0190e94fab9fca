# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Activations of ONNX of which torch-mlir rounds the constants to a few digits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .onnx_rewrites import Node


def gelu(node: Node) -> list[Any] | None:
    """Gelu by tanh, x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))."""
    if node.attribute("approximate", "none") != "tanh":
        return None
    x, dtype = node.input(0), node.dtype()
    nodes: list[Any] = []

    def apply(kind: str, *inputs: Any) -> str:
        names = [np.array(v, dtype) if isinstance(v, float) else v for v in inputs]
        nodes.append(node.make(kind, names))
        return str(nodes[-1].output[0])

    cube = apply("Mul", apply("Mul", x, x), x)
    sum_ = apply("Add", x, apply("Mul", cube, 0.044715))
    tanh = apply("Tanh", apply("Mul", sum_, math.sqrt(2.0 / math.pi)))
    factor = apply("Add", tanh, 1.0)
    half = apply("Mul", x, 0.5)
    return [*nodes, node.make("Mul", [half, factor], [node.output(0)])]


# As the operation has them, in single precision.
_SELU = {"alpha": 1.67326319217681884765625, "gamma": 1.05070102214813232421875}


def selu(node: Node) -> list[Any] | None:
    """Selu with its constants written down."""
    if not _SELU.keys() - node.attributes.keys():
        return None
    attributes = {**_SELU, **node.attributes}
    return [node.make("Selu", [node.input(0)], [node.output(0)], **attributes)]
