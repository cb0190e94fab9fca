# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX graphs whose parameters are inputs.

The graph is rewritten before torch-mlir sees it: constants become initializers,
extents static, weights [out, in], and parameters inputs behind the others.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .errors import InputError

# Characters that separate the options of a pass.
_SEPARATORS = re.compile(r"[\s,={}'\"\[\]<>;]")


STEP_INPUTS = re.compile(
    r"labels|learning_rate|momentum|sparsity|fraction|rho|gate_strength|auxiliary_learning_rate|"
    r"strength\d*"
)
"""Names of the inputs that step functions have besides those of the network."""


# Inputs of operations that may be parameters; others, like sizes and bounds,
# must stay constants. An empty tuple means every input.
_PARAMETER_INPUTS: dict[str, tuple[int, ...]] = {
    "Add": (),
    "BatchNormalization": (1, 2, 3, 4),
    "Conv": (1, 2),
    "ConvTranspose": (1, 2),
    "Div": (),
    "Einsum": (),
    "Gather": (0,),
    "Gemm": (),
    "GroupNormalization": (1, 2),
    "InstanceNormalization": (1, 2),
    "LayerNormalization": (1, 2),
    "MatMul": (),
    "Mul": (),
    "PRelu": (1,),
    "Reshape": (0,),
    "Squeeze": (0,),
    "Sub": (),
    "Transpose": (0,),
    "Unsqueeze": (0,),
}
# What only moves, chooses or converts elements.
_MOVES = {"Cast", "Flatten", "Gather", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"}
# Those that are statistics, not trained.
_BUFFER_INPUTS = {("BatchNormalization", 3), ("BatchNormalization", 4)}


def option_name(name: str, taken: Container[str]) -> str:
    """A name without the characters that separate options, other than those taken."""
    option = _SEPARATORS.sub("_", name)
    while option in taken:
        option += "_"
    return option


def input_names(names: Iterable[str], taken: Iterable[str]) -> list[str]:
    """Names of inputs for options, none of which a parameter or a training step has."""
    found: list[str] = []
    taken = set(taken)
    for index, name in enumerate(names):
        option = option_name(name or f"input{index}", taken)
        while STEP_INPUTS.fullmatch(option):
            option = option_name(f"{option}_", taken)
        taken.add(option)
        found.append(option)
    return found


def inner_graphs(graph: Any) -> Iterator[Any]:
    """A graph and all graphs in the attributes of its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in [attribute.g] * attribute.HasField("g") + list(attribute.graphs):
                yield from inner_graphs(inner)


def infer_shapes(onnx: Any, model: Any) -> Any:
    """The model with the shape of every value; what does not fit is an error."""
    try:
        return onnx.shape_inference.infer_shapes(
            model, check_type=True, strict_mode=True, data_prop=True
        )
    except onnx.shape_inference.InferenceError as error:
        reason = " ".join(str(error).replace("[ShapeInferenceError]", "").split())
        raise InputError(f"the shapes do not fit: {reason[:300]}") from error


def constants_to_initializers(onnx: Any, model: Any) -> None:
    """Some exporters write weights as Constant nodes, and list initializers as inputs."""
    results = {value.name for value in model.graph.output}
    for number, graph in enumerate(inner_graphs(model.graph)):
        for node in list(graph.node):
            if node.op_type != "Constant":
                continue
            tensor = _constant(onnx, node)
            if number == 0 and tensor.name not in results:
                graph.initializer.append(tensor)
                graph.node.remove(node)
            else:
                del node.attribute[:]
                node.attribute.append(onnx.helper.make_attribute("value", tensor))
    # Before version 4 of the format initializers had to be inputs.
    model.ir_version = max(model.ir_version, 4)
    names = {tensor.name for tensor in model.graph.initializer}
    for value in list(model.graph.input):
        if value.name in names:
            model.graph.input.remove(value)


def _constant(onnx: Any, node: Any) -> Any:
    """The value of a Constant node, in whichever of its attributes it stands."""
    attribute = node.attribute[0]
    value = onnx.helper.get_attribute_value(attribute)
    name = node.output[0]
    if attribute.name == "value":
        tensor = onnx.TensorProto()
        tensor.CopyFrom(value)
        tensor.name = name
        return tensor
    dtype = {"value_float": np.float32, "value_floats": np.float32,
             "value_int": np.int64, "value_ints": np.int64}.get(attribute.name)  # fmt: skip
    if dtype is None:
        raise InputError(f"the constant '{name}' is given by {attribute.name}, expected numbers")
    return onnx.numpy_helper.from_array(np.array(value, dtype), name)


@dataclass
class Graph:
    """An ONNX model on its way to a graph whose parameters are inputs."""

    onnx: Any
    model: Any
    constants: frozenset[str] = frozenset()
    """Names of initializers that were Constant nodes."""
    buffers: list[str] = field(default_factory=list)

    @property
    def graph(self) -> Any:
        return self.model.graph

    def infer_shapes(self) -> Any:
        """The model with the shape of every value."""
        return infer_shapes(self.onnx, self.model)

    def parameters_to_inputs(self) -> dict[str, np.ndarray]:
        """Turns parameters into inputs behind the others; returns their values.

        Characters of a name that separate the options of a pass become `_`.
        """
        self._split_shared()
        self._fold_moves()
        self._canonicalize_weights()
        values: dict[str, np.ndarray] = {}
        initializers = {tensor.name: tensor for tensor in self.graph.initializer}
        for node in self.graph.node:
            for position, name in enumerate(node.input):
                tensor = initializers.get(name)
                if tensor is None or not self._is_parameter(tensor):
                    continue
                option = option_name(name, values)
                values[option] = self.onnx.numpy_helper.to_array(tensor)
                if self._is_buffer(node, position, values[option]):
                    self.buffers.append(option)
                self._make_input(tensor)
                del initializers[name]
        return values

    def _is_buffer(self, node: Any, position: int, value: np.ndarray) -> bool:
        """Running statistics, and what exporters write for a scale or shift that is not there."""
        if (node.op_type, position) in _BUFFER_INPUTS:
            return True
        neutral = {1: 1.0, 2: 0.0}.get(position)
        return (
            node.op_type == "BatchNormalization" and node.input[position] in self.constants
            and neutral is not None and bool((value == neutral).all())
        )  # fmt: skip

    def _make_input(self, tensor: Any) -> None:
        self.graph.input.append(
            self.onnx.helper.make_tensor_value_info(
                tensor.name, tensor.data_type, list(tensor.dims)
            )
        )
        self.graph.initializer.remove(tensor)

    def _uses(self, name: str) -> list[tuple[Any, int]]:
        return [
            (node, position)
            for graph in inner_graphs(self.graph)
            for node in graph.node
            for position, used in enumerate(node.input)
            if used == name
        ]

    def _is_parameter(self, tensor: Any) -> bool:
        """True for values that every use takes as a parameter."""
        if tensor.data_type != self.onnx.TensorProto.FLOAT or not tensor.dims:
            return False
        for node, position in self._uses(tensor.name):
            allowed = _PARAMETER_INPUTS.get(node.op_type)
            if allowed is None or (allowed and position not in allowed):
                return False
        return tensor.name not in {output.name for output in self.graph.output}

    def _split_shared(self) -> None:
        """Exporters merge equal initial values; an Identity per name tells them apart."""
        initializers = {tensor.name: tensor for tensor in self.graph.initializer}
        for node in list(self.graph.node):
            if node.op_type != "Identity" or node.input[0] not in initializers:
                continue
            if node.output[0] in {output.name for output in self.graph.output}:
                continue
            tensor = self.onnx.TensorProto()
            tensor.CopyFrom(initializers[node.input[0]])
            tensor.name = node.output[0]
            self.graph.initializer.append(tensor)
            initializers[tensor.name] = tensor
            self.graph.node.remove(node)
        used = {name for graph in inner_graphs(self.graph) for node in graph.node
                for name in node.input}  # fmt: skip
        used |= {value.name for graph in inner_graphs(self.graph) for value in graph.output}
        for tensor in list(self.graph.initializer):
            if tensor.name not in used:
                self.graph.initializer.remove(tensor)

    def _fold_moves(self) -> None:
        """An initializer of which nothing else is read is transposed or reshaped in place.

        One that is read elsewhere, too, stays one parameter.
        """
        initializers = {tensor.name: tensor for tensor in self.graph.initializer}
        results = {output.name for output in self.graph.output}
        for node in list(self.graph.node):
            if node.op_type not in _MOVES or node.output[0] in results:
                continue
            if not all(name in initializers for name in node.input if name):
                continue
            source = node.input[0]
            if len(self._uses(source)) != 1 or source in results:
                continue
            initializers[source].CopyFrom(self._evaluate(node, initializers))
            self.graph.node.remove(node)
            for user, position in self._uses(node.output[0]):
                user.input[position] = source

    def _evaluate(self, node: Any, initializers: dict[str, Any]) -> Any:
        """The result of a node on initializers, under the name of the first."""
        helper = self.onnx.helper
        inputs = [initializers[name] for name in dict.fromkeys(node.input) if name]
        output = self.onnx.ValueInfoProto(name=node.output[0])
        graph = helper.make_graph([node], "move", [], [output], inputs)
        model = helper.make_model(graph, opset_imports=self.model.opset_import)
        (array,) = self.onnx.reference.ReferenceEvaluator(model).run(None, {})
        return self.onnx.numpy_helper.from_array(np.ascontiguousarray(array), node.input[0])

    def _canonicalize_weights(self) -> None:
        """Stores the weights of matrix products as [out, in], as PyTorch does."""
        ranks = self._ranks()
        initializers = {tensor.name: tensor for tensor in self.graph.initializer}
        for node in self.graph.node:
            if node.op_type not in ("MatMul", "Gemm") or len(self._uses(node.input[1])) != 1:
                continue
            weight = initializers.get(node.input[1])
            if weight is None or len(weight.dims) != 2 or ranks.get(node.input[0]) != 2:
                continue
            transposed = {a.name: a for a in node.attribute}.get("transB")
            if transposed is not None and transposed.i:
                continue
            array = np.ascontiguousarray(self.onnx.numpy_helper.to_array(weight).T)
            weight.CopyFrom(self.onnx.numpy_helper.from_array(array, weight.name))
            node.op_type = "Gemm"
            if transposed is not None:
                node.attribute.remove(transposed)
            node.attribute.append(self.onnx.helper.make_attribute("transB", 1))

    def _ranks(self) -> dict[str, int]:
        inferred = self.infer_shapes().graph
        return {
            value.name: len(value.type.tensor_type.shape.dim)
            for value in [*inferred.input, *inferred.value_info, *inferred.output]
        }
