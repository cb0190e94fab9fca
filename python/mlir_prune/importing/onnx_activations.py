# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Activations of ONNX of which torch-mlir rounds the constants to a few digits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .onnx_rewrites import Chain, Node


def gelu(node: Node) -> list[Any] | None:
    """Gelu by tanh, x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))."""
    if node.attribute("approximate", "none") != "tanh":
        return None
    x, dtype, chain = node.input(0), node.dtype(), Chain(node)
    cubic, root, one, half = (
        np.array(value, dtype) for value in (0.044715, math.sqrt(2.0 / math.pi), 1.0, 0.5)
    )
    cube = chain("Mul", chain("Mul", x, x), x)
    tanh = chain("Tanh", chain("Mul", chain("Add", x, chain("Mul", cube, cubic)), root))
    return chain.end("Mul", chain("Mul", x, half), chain("Add", tanh, one))


# As the operation has them, in single precision.
_SELU = {"alpha": 1.67326319217681884765625, "gamma": 1.05070102214813232421875}


def selu(node: Node) -> list[Any] | None:
    """Selu with its constants written down."""
    if not _SELU.keys() - node.attributes.keys():
        return None
    attributes = {**_SELU, **node.attributes}
    return [node.make("Selu", [node.input(0)], [node.output(0)], **attributes)]


def swish(node: Node) -> list[Any]:
    """Swish, x times the sigmoid of alpha x."""
    chain, alpha, x = Chain(node), float(node.attribute("alpha", 1.0)), node.input(0)
    scaled = x if alpha == 1.0 else chain("Mul", x, np.array(alpha, node.dtype()))
    return chain.end("Mul", x, chain("Sigmoid", scaled))
