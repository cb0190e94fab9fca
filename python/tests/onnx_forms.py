# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random forms of ONNX operations: attributes, optional inputs, shapes, by seed.

`draw(kind, seed)` gives a model of one operation and which inputs are constants.
The attributes are drawn from everything that the operation's definition allows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx

import onnx_layer_forms as layers
import onnx_shape_forms as shapes
from onnx_form import Form

_REDUCTIONS = ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1",
               "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare")  # fmt: skip
_UNARY = ("Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Celu", "Cos", "Cosh",
          "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "IsInf", "IsNaN", "LeakyRelu",
          "Log", "Mish", "Neg", "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign",
          "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Tan", "Tanh", "ThresholdedRelu")  # fmt: skip  # noqa: E501
_BINARY = ("Add", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min",
           "Mod", "Mul", "Pow", "Sub")  # fmt: skip

OPSET = 19
# Kinds of operations with how their forms are drawn, and at which opset.
FORMS: dict[str, tuple[Callable[[Form], None], int]] = {
    "Conv": (layers.conv, OPSET), "ConvTranspose": (layers.conv_transpose, OPSET),
    "AveragePool": (layers.pool, OPSET), "MaxPool": (layers.pool, OPSET),
    "LpPool": (layers.pool, OPSET), "GlobalAveragePool": (layers.global_pool, OPSET),
    "GlobalMaxPool": (layers.global_pool, OPSET), "Gemm": (layers.gemm, 13),
    "MatMul": (layers.matmul, 13), "BatchNormalization": (layers.norm, 15),
    "InstanceNormalization": (layers.norm, OPSET), "LayerNormalization": (layers.layer_norm, 17),
    "Softmax": (layers.softmax, 13), "LogSoftmax": (layers.softmax, 13),
    "Hardmax": (layers.softmax, 13), "ArgMax": (shapes.arg, 13), "ArgMin": (shapes.arg, 13),
    "Pad": (shapes.pad, OPSET), "Resize": (shapes.resize, OPSET), "Slice": (shapes.slice_, 13),
    "Split": (shapes.split, 18), "Gather": (shapes.gather, 13),
    "GatherElements": (shapes.gather, 13), "Clip": (layers.clip, 13), "PRelu": (layers.prelu, 16),
    "CumSum": (shapes.cumsum, 14), "TopK": (shapes.topk, 11), "LRN": (layers.lrn, 13),
    "LpNormalization": (layers.lp_norm, 1), "MeanVarianceNormalization": (layers.mvn, 13),
    "DepthToSpace": (shapes.space, 13), "SpaceToDepth": (shapes.space, 13),
    "Reshape": (shapes.reshape, 14), "Flatten": (shapes.flatten, 13),
    "Transpose": (shapes.transpose, 13), "RNN": (layers.recurrent, 14),
    "GRU": (layers.recurrent, 14), "LSTM": (layers.recurrent, 14), "Einsum": (layers.einsum, 12),
    "QuantizeLinear": (layers.dequantize, 13), "DequantizeLinear": (layers.dequantize, 13),
    "Trilu": (shapes.trilu, 14), "Expand": (shapes.expand, 13), "Tile": (shapes.tile, 13),
    "Concat": (shapes.variadic, 13), "Sum": (shapes.variadic, 13), "Mean": (shapes.variadic, 13),
    "Gelu": (layers.unary, 20), "GridSample": (layers.grid_sample, 20),
    **{kind: (shapes.reduce, 18) for kind in _REDUCTIONS},
    **{kind: (layers.unary, OPSET) for kind in _UNARY},
    **{kind: (layers.binary, 16) for kind in _BINARY},
}  # fmt: skip


def draw(kind: str, seed: int) -> Any:
    """A random model of one operation; None where ONNX itself finds the form invalid."""
    make, opset = FORMS[kind]
    form = Form(kind, np.random.default_rng([seed, sum(map(ord, kind))]), opset)
    make(form)
    try:
        model = form.model()
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError):
        return None
    return model
