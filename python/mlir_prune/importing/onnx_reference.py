# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What ONNX Runtime computes of a network, on random inputs."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from ..onnx_graph import inner_graphs

# Operations that turn rounding into a step.
_STEPS = {"DequantizeLinear", "DynamicQuantizeLinear", "QuantizeLinear"} | {
    "Ceil", "Floor", "Round", "Sign", "ArgMax", "ArgMin", "TopK", "Mod", "Hardmax"
}  # fmt: skip


def run(model: Any, path: Path) -> str:
    """Writes inputs `i0`, ... and results `o0`, ...; says why if it cannot."""
    try:
        runtime = importlib.import_module("onnxruntime")
    except ImportError:
        return "ONNX Runtime is not installed"
    try:
        data = model.SerializeToString()
    except ValueError:
        return "the network is too large for one message"
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        inputs = make_inputs(model)
        results = session.run(None, inputs)
    except Exception as error:  # ONNX Runtime raises errors of its own kinds
        return f"ONNX Runtime cannot run it ({' '.join(str(error).split())[:200]})"
    if not all(isinstance(array, np.ndarray) for array in results):
        return "a result is no tensor"
    arrays = {f"i{i}": array for i, array in enumerate(inputs.values())}
    arrays |= {f"o{i}": array for i, array in enumerate(results)}
    np.savez(path, **arrays)
    return ""


def make_inputs(model: Any) -> dict[str, np.ndarray]:
    """Random arrays for the inputs that have no values; integers are 0 and 1."""
    rng = np.random.default_rng(0)
    known = {tensor.name for tensor in model.graph.initializer}
    inputs = {}
    for value in model.graph.input:
        if value.name in known:
            continue
        kind = value.type.tensor_type
        shape = [dim.dim_value for dim in kind.shape.dim]
        dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
        if dtype.kind == "f":
            array = rng.standard_normal(shape)
        elif dtype == np.uint8:
            array = rng.integers(0, 256, shape)
        else:
            array = rng.integers(0, 2, shape)
        inputs[value.name] = np.asarray(array, dtype)
    return inputs


def is_discontinuous(model: Any) -> bool:
    """True when rounding may become a step of the results."""
    return any(node.op_type in _STEPS for graph in inner_graphs(model.graph) for node in graph.node)
