# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""RNN, GRU and LSTM of ONNX in the forms that torch-mlir converts rightly.

What runs backwards is what runs forwards on a sequence that is turned around, and what
runs both ways is one of each.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .onnx_rewrites import Node

_ACTIVATIONS = {"GRU": ("sigmoid", "tanh"), "LSTM": ("sigmoid", "tanh", "tanh")}
_BOTH_WAYS = {"LSTM"}
"""Operations that torch-mlir converts in both directions at once."""


def recurrent(node: Node) -> list[Any] | None:
    """RNN, GRU, LSTM: backwards and both ways; what would be left out silently is refused."""
    _refuse(node)
    direction = node.attribute("direction", "forward")
    if direction == "reverse":
        return _backwards(node)
    if direction == "bidirectional" and node.proto.op_type not in _BOTH_WAYS:
        return _both_ways(node)
    return None


def _refuse(node: Node) -> None:
    if node.proto.op_type == "LSTM" and node.input(7):
        raise node.refusal("peephole weights")
    if node.attribute("clip") is not None:
        raise node.refusal("attribute clip")
    if node.input(4):
        raise node.refusal("lengths of the sequences")
    if node.attribute("input_forget", 0):
        raise node.refusal("attribute input_forget")
    usual = _ACTIVATIONS.get(node.proto.op_type)
    names = [name.decode().lower() for name in node.attribute("activations", [])]
    if usual and any(name != usual[i % len(usual)] for i, name in enumerate(names)):
        raise node.refusal(f"activations {', '.join(names)}")


def _turn(node: Node, value: str, result: str, axis: int) -> Any:
    """A sequence from its end to its start."""
    bounds = [np.array([v], np.int64) for v in (-1, np.iinfo(np.int64).min + 1, axis, -1)]
    return node.make("Slice", [value, *bounds], [result])


def _backwards(node: Node) -> list[Any]:
    axis = 1 if node.attribute("layout", 0) else 0
    turned = node.fresh()
    nodes = [_turn(node, node.input(0), turned, axis)]
    results = [node.output(index) for index in range(len(node.proto.output))]
    inner = list(results)
    if results[0]:
        inner[0] = node.fresh()
    attributes = {**node.attributes, "direction": "forward"}
    inputs = [turned, *node.proto.input[1:]]
    nodes.append(node.make(node.proto.op_type, inputs, inner, **attributes))
    if results[0]:
        nodes.append(_turn(node, inner[0], results[0], axis))
    return nodes


def _both_ways(node: Node) -> list[Any]:
    layout = node.attribute("layout", 0)
    nodes: list[Any] = []
    inputs: list[list[str]] = [[], []]
    for index, name in enumerate(node.proto.input):
        # The sequence and its lengths belong to both directions.
        is_state = index in (5, 6)
        parts = [name, name]
        if name and index not in (0, 4):
            axis = 1 if layout and is_state else 0
            parts = [node.fresh(), node.fresh()]
            for place, part in enumerate(parts):
                bounds = [np.array([v], np.int64) for v in (place, place + 1, axis)]
                nodes.append(node.make("Slice", [name, *bounds], [part]))
        for side in range(2):
            inputs[side].append(parts[side])
    results = list(node.proto.output)
    outputs = [[node.fresh() if name else "" for name in results] for _ in range(2)]
    for side, direction in enumerate(("forward", "reverse")):
        attributes = {**node.attributes, "direction": direction}
        names = node.attribute("activations", [])
        if names:
            half = len(names) // 2
            attributes["activations"] = names[side * half : (side + 1) * half]
        nodes.append(node.make(node.proto.op_type, inputs[side], outputs[side], **attributes))
    for index, name in enumerate(results):
        if name:
            axis = (2 if index == 0 else 1) if layout else (1 if index == 0 else 0)
            both = [outputs[0][index], outputs[1][index]]
            nodes.append(node.make("Concat", both, [name], axis=axis))
    return nodes


def dropout(node: Node) -> list[Any] | None:
    """Dropout of a network in training draws numbers; torch-mlir dies of it."""
    training = node.constant(2)
    if node.input(2) and (training is None or training.any()):
        raise node.refusal("training mode, which draws random numbers")
    return None
