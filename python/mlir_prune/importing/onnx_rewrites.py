# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX graphs in the operations and forms that torch-mlir converts as ONNX means them.

Each rule of `onnx_rules` looks at one node: it keeps it, gives other nodes for it, or
refuses it. Whole numbers that follow from constants and shapes are computed here
before, so that sizes are constants where they can be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnx.inliner
from onnx import helper, numpy_helper

from ..errors import InputError
from ..onnx_graph import infer_shapes, inner_graphs

# Elements of the largest constant that is computed here.
_LARGEST = 1 << 16
# Each pass knows the shapes that follow from what the one before has computed.
_PASSES = 32


def label(node: Any) -> str:
    """The name of a node as a part of a message."""
    name = node.name or (node.output[0] if node.output else "")
    return f" '{name}'" if name else ""


@dataclass
class Values:
    """What is known of the values of a graph: types, shapes and constants."""

    types: dict[str, Any] = field(default_factory=dict)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    # Constants that rules have made.
    made: dict[str, np.ndarray] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    refusals: list[InputError] = field(default_factory=list)

    def shape(self, name: str) -> tuple[int, ...] | None:
        """Static extents of a value, None where one is not known."""
        kind = self.types.get(name)
        if kind is None or not kind.HasField("tensor_type"):
            return None
        if not kind.tensor_type.HasField("shape"):
            return None
        dims = kind.tensor_type.shape.dim
        if not all(dim.HasField("dim_value") for dim in dims):
            return None
        return tuple(dim.dim_value for dim in dims)

    def dtype(self, name: str) -> np.dtype[Any] | None:
        """Element type of a value."""
        kind = self.types.get(name)
        if kind is None or not kind.HasField("tensor_type"):
            return None
        return np.dtype(helper.tensor_dtype_to_np_dtype(kind.tensor_type.elem_type))

    def fresh(self, stem: str) -> str:
        """A name that no value has."""
        name, number = stem, 0
        while name in self.names:
            number += 1
            name = f"{stem}.{number}"
        self.names.add(name)
        return name

    def constant(self, array: Any, stem: str = "constant") -> str:
        """The name of a new constant."""
        name = self.fresh(stem)
        self.made[name] = np.asarray(array)
        return name


@dataclass
class Node:
    """A node and what is known of its inputs; `None` from a rule keeps it."""

    proto: Any
    values: Values
    opset: int

    def __post_init__(self) -> None:
        self.attributes = {
            entry.name: helper.get_attribute_value(entry) for entry in self.proto.attribute
        }

    def input(self, index: int) -> str:
        """Name of an input, empty where it is left out."""
        return self.proto.input[index] if index < len(self.proto.input) else ""

    def output(self, index: int) -> str:
        """Name of a result, empty where it is left out."""
        return self.proto.output[index] if index < len(self.proto.output) else ""

    def shape(self, index: int = 0) -> tuple[int, ...]:
        """Static shape of an input; a rule that asks for one refuses others."""
        shape = self.values.shape(self.input(index))
        if shape is None:
            raise self.refusal(f"input {index} has a shape that is not known")
        return shape

    def dtype(self, index: int = 0) -> np.dtype[Any]:
        """Element type of an input."""
        dtype = self.values.dtype(self.input(index))
        if dtype is None:
            raise self.refusal(f"input {index} has a type that is not known")
        return dtype

    def constant(self, index: int) -> np.ndarray | None:
        """The value of an input if it is constant."""
        return self.values.constants.get(self.input(index))

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute, text as `str`."""
        value = self.attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    def refusal(self, reason: str) -> InputError:
        """An error to raise that names the node."""
        return InputError(f"{self.proto.op_type}{label(self.proto)} is not supported: {reason}")

    def fresh(self) -> str:
        """A name for a value between the nodes of a replacement."""
        return self.values.fresh(f"{self.output(0) or 'value'}.part")

    def make(self, kind: str, inputs: list[Any], outputs: Any = None, **attributes: Any) -> Any:
        """A node; arrays and numbers among the inputs become constants."""
        names = [
            entry if isinstance(entry, str) else self.values.constant(entry, f"{kind}.constant")
            for entry in inputs
        ]
        results = [self.fresh()] if outputs is None else outputs
        name = self.values.fresh(f"{self.proto.name or self.output(0)}.{kind}")
        return helper.make_node(kind, names, results, name=name, **attributes)


class Chain:
    """Nodes in the place of one, each of the values before it."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.nodes: list[Any] = []

    def __call__(self, kind: str, *inputs: Any, **attributes: Any) -> str:
        """Adds a node with one result; its name. Arrays among the inputs are constants."""
        self.nodes.append(self.node.make(kind, list(inputs), **attributes))
        return str(self.nodes[-1].output[0])

    def end(self, kind: str, *inputs: Any, **attributes: Any) -> list[Any]:
        """Adds the node that gives the first result of the one that is replaced; all nodes."""
        self.nodes.append(
            self.node.make(kind, list(inputs), [self.node.output(0)], **attributes)
        )
        return self.nodes


Rule = Callable[[Node], list[Any] | None]


def rewrite(model: Any) -> Any:
    """The model after all rules, which are tried again on what they give."""
    from .onnx_rules import INLINED, RULES

    _name_nodes(model)
    model = _inline(model, INLINED)
    aside = _set_aside(model.graph, _LARGEST)
    for _ in range(_PASSES):
        refusals: list[InputError] = []
        if not _rewrite_once(model, infer_shapes(onnx, model), RULES, refusals):
            break
    # What was refused while sizes were still to be computed may have been taken later.
    if refusals:
        raise refusals[0]
    _put_back(model.graph, aside)
    return model


def _name_nodes(model: Any) -> None:
    """Messages name nodes; those without a name get that of their result."""
    for graph in inner_graphs(model.graph):
        for node in graph.node:
            node.name = node.name or next((name for name in node.output if name), "")


def _set_aside(graph: Any, largest: int) -> list[Any]:
    """Takes large constants out of a graph, as inputs, while it is worked on."""
    large = [tensor for tensor in graph.initializer if np.prod(tensor.dims) > largest]
    kept = []
    for tensor in large:
        kept.append(onnx.TensorProto.FromString(tensor.SerializeToString()))
        graph.input.append(
            helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
        )
        graph.initializer.remove(tensor)
    return kept


def _put_back(graph: Any, aside: list[Any]) -> None:
    names = {tensor.name for tensor in aside}
    for value in [value for value in graph.input if value.name in names]:
        graph.input.remove(value)
    graph.initializer.extend(aside)


def _inline(model: Any, kinds: frozenset[str]) -> Any:
    """Operations that ONNX defines by others, as those."""
    from ..onnx_graph import constants_to_initializers

    used = {node.op_type for graph in inner_graphs(model.graph) for node in graph.node}
    chosen = [("", kind) for kind in sorted(used & kinds)]
    if not chosen:
        return model

    # The inliner knows the types of inputs, but not of constants.
    aside = _set_aside(model.graph, -1)
    model = onnx.inliner.inline_selected_functions(
        infer_shapes(onnx, model), chosen, inline_schema_functions=True
    )
    del model.graph.value_info[:]
    _put_back(model.graph, aside)
    constants_to_initializers(onnx, model)
    # What an operation is defined by may be defined by others itself.
    return _inline(model, kinds)


def _rewrite_once(
    model: Any, inferred: Any, rules: dict[str, Rule], refusals: list[InputError]
) -> bool:
    opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    outer = Values(refusals=refusals)
    outer.names = {
        name
        for graph in inner_graphs(model.graph)
        for node in graph.node
        for name in [*node.input, *node.output, node.name]
    }
    return _rewrite_graph(model.graph, inferred.graph, rules, outer, opset, True)


def _rewrite_graph(
    graph: Any, inferred: Any, rules: dict[str, Rule], outer: Values, opset: int, is_main: bool
) -> bool:
    values = Values(dict(outer.types), dict(outer.constants), names=outer.names,
                    refusals=outer.refusals)  # fmt: skip
    for value in [*inferred.input, *inferred.value_info, *inferred.output]:
        values.types[value.name] = value.type
    for tensor in graph.initializer:
        values.constants[tensor.name] = _array(tensor)
        values.types[tensor.name] = helper.make_tensor_type_proto(
            tensor.data_type, list(tensor.dims)
        )
    nodes: list[Any] = []
    changed = False
    for proto, shapes in zip(list(graph.node), list(inferred.node), strict=True):
        changed |= _rewrite_inner(proto, shapes, rules, values, opset)
        node = Node(proto, values, opset)
        folded = _fold(node)
        if folded is not None:
            for name, array in zip(proto.output, folded, strict=True):
                values.constants[name] = values.made[name] = array
            changed = True
            continue
        replacement = _apply(rules.get(proto.op_type), node)
        changed |= replacement is not None
        nodes += [proto] if replacement is None else replacement
    results = {value.name for value in graph.output}
    _store(graph, nodes, values, results, is_main)
    return changed


def _apply(rule: Rule | None, node: Node) -> list[Any] | None:
    try:
        return rule(node) if rule else None
    except InputError as error:
        node.values.refusals.append(error)
        return None


def _store(
    graph: Any, nodes: list[Any], values: Values, results: set[str], is_main: bool
) -> None:
    """Puts nodes and new constants into a graph."""
    constants = [numpy_helper.from_array(array, name) for name, array in values.made.items()]
    first: list[Any] = []
    for tensor in constants:
        if is_main and tensor.name not in results:
            graph.initializer.append(tensor)
        else:
            first.append(helper.make_node("Constant", [], [tensor.name], value=tensor))
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in [*first, *nodes]]
    del graph.node[:]
    graph.node.extend(copies)


def _rewrite_inner(
    proto: Any, shapes: Any, rules: dict[str, Rule], values: Values, opset: int
) -> bool:
    changed = False
    for attribute, inferred in zip(proto.attribute, shapes.attribute, strict=True):
        if attribute.HasField("g"):
            changed |= _rewrite_graph(attribute.g, inferred.g, rules, values, opset, False)
    return changed


def _array(tensor: Any) -> np.ndarray:
    return np.asarray(numpy_helper.to_array(tensor))


# Constants


def _fold(node: Node) -> list[np.ndarray] | None:
    """The results of a node of whole numbers that are known."""
    kind = node.proto.op_type
    if kind == "Shape":
        shape = node.values.shape(node.input(0))
        if shape is None:
            return None
        start, end = node.attribute("start", 0), node.attribute("end", len(shape))
        return [np.array(shape[start:end], np.int64)]
    if kind == "Size":
        shape = node.values.shape(node.input(0))
        return None if shape is None else [np.array(int(np.prod(shape)), np.int64)]
    if kind in ("Constant", "If", "Loop", "Scan") or not _may_fold(node):
        return None
    return _evaluate(node)


def _may_fold(node: Node) -> bool:
    """True when all inputs are constants and none of them could be a parameter."""
    names = [name for name in node.proto.input if name]
    if not names and node.proto.op_type != "ConstantOfShape":
        return False
    arrays = [node.values.constants.get(name) for name in names]
    for array in arrays:
        if array is None or array.size > _LARGEST or array.dtype.kind not in "biuf":
            return False
        if array.dtype.kind == "f" and array.ndim > 0:
            return False
    for name in node.proto.output:
        shape = node.values.shape(name)
        if name and (shape is None or np.prod(shape) > _LARGEST):
            return False
    return True


def _evaluate(node: Node) -> list[np.ndarray] | None:
    from onnx.reference import ReferenceEvaluator

    names = list(dict.fromkeys(name for name in node.proto.input if name))
    graph = helper.make_graph(
        [node.proto], "constant",
        [helper.make_value_info(name, node.values.types[name]) for name in names
         if name in node.values.types],
        [helper.make_value_info(name, node.values.types[name]) for name in node.proto.output],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", node.opset)])
    try:
        results = ReferenceEvaluator(model).run(
            None, {name: node.values.constants[name] for name in names}
        )
    except Exception:  # the evaluator does not know every operation and type
        return None
    return [np.asarray(array) for array in results]
