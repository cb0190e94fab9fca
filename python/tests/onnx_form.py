# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model of one ONNX operation that is drawn at random."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Rng = np.random.Generator


class Form:
    """One operation being put together."""

    def __init__(self, kind: str, rng: Rng, opset: int) -> None:
        self.kind, self.rng, self.opset = kind, rng, opset
        self.inputs: list[str] = []
        self.graph_inputs: list[Any] = []
        self.constants: list[Any] = []
        self.attributes: dict[str, Any] = {}
        self.outputs = ["y"]

    def pick(self, *choices: Any) -> Any:
        return choices[int(self.rng.integers(len(choices)))]

    def extent(self, low: int = 1, high: int = 5) -> int:
        return int(self.rng.integers(low, high + 1))

    def array(self, shape: Any, low: float = -2.0, high: float = 2.0) -> np.ndarray:
        return self.rng.uniform(low, high, shape).astype(np.float32)

    def tensor(self, shape: Any, kind: Any = TensorProto.FLOAT) -> None:
        """A graph input."""
        name = f"x{len(self.inputs)}"
        self.inputs.append(name)
        self.graph_inputs.append(helper.make_tensor_value_info(name, kind, list(shape)))

    def constant(self, array: Any, dtype: Any = None) -> None:
        name = f"c{len(self.inputs)}"
        self.inputs.append(name)
        self.constants.append(numpy_helper.from_array(np.asarray(array, dtype), name))

    def either(self, shape: Any, low: float = -2.0, high: float = 2.0) -> None:
        """A constant mostly, else a graph input."""
        if self.rng.random() < 0.7:
            self.constant(self.array(shape, low, high))
        else:
            self.tensor(shape)

    def skip(self) -> None:
        self.inputs.append("")

    def maybe(self, name: str, *choices: Any) -> None:
        """An attribute that is left out half of the time."""
        if self.rng.random() < 0.6:
            self.attributes[name] = self.pick(*choices)

    def model(self) -> Any:
        names = list(self.inputs)
        while names and not names[-1]:
            names.pop()
        node = helper.make_node(self.kind, names, self.outputs, name="node", **self.attributes)
        results = [helper.make_empty_tensor_value_info(name) for name in self.outputs if name]
        graph = helper.make_graph([node], "g", self.graph_inputs, results, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 9
        return onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
