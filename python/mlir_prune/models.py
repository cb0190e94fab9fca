# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builders of networks in the model form (docs/DESIGN.md, section 2).

A builder emits MLIR text: one function of an input and its parameters, all
shapes static, the batch in dimension 0, weights in the order [out, in].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .errors import InputError, nearest

_MAPS = """\
#rows = affine_map<(m, n, k) -> (m, k)>
#columns = affine_map<(m, n, k) -> (n, k)>
#result = affine_map<(m, n, k) -> (m, n)>
#identity = affine_map<(m, n) -> (m, n)>
"""

# Scalar bodies from %x to the value that is yielded.
_ACTIVATIONS: dict[str, str] = {
    "relu": """\
      %zero = arith.constant 0.0 : f32
      %y = arith.maximumf %x, %zero : f32""",
    "sigmoid": """\
      %one = arith.constant 1.0 : f32
      %minus = arith.negf %x : f32
      %power = math.exp %minus : f32
      %sum = arith.addf %power, %one : f32
      %y = arith.divf %one, %sum : f32""",
    "tanh": "      %y = math.tanh %x : f32",
}

ACTIVATIONS = tuple(_ACTIVATIONS)


@dataclass(frozen=True)
class Mlp:
    """A multi-layer perceptron.

    `widths` lists the features from the input to the logits; every layer but
    the last is followed by `activation`. Parameters are named ``fc1.weight``
    [out, in] and ``fc1.bias`` [out], counted from one.
    """

    widths: tuple[int, ...]
    activation: str = "relu"

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(self.widths))
        if len(self.widths) < 2:
            raise InputError(f"a network needs at least two widths, got {list(self.widths)}")
        for width in self.widths:
            if isinstance(width, bool) or not isinstance(width, int) or width < 1:
                raise InputError(f"widths are positive integers, got {width!r}")
        if self.activation not in _ACTIVATIONS:
            hint = nearest(str(self.activation), _ACTIVATIONS)
            raise InputError(
                f"unknown activation '{self.activation}', expected one of "
                f"{', '.join(_ACTIVATIONS)}{hint}"
            )

    @property
    def layers(self) -> int:
        """Number of fully connected layers."""
        return len(self.widths) - 1

    def parameters(self) -> list[tuple[str, str | None]]:
        """Names of weight and bias, if there is one, of each layer."""
        return [(f"fc{i}.weight", f"fc{i}.bias") for i in range(1, self.layers + 1)]

    def weights(self) -> list[str]:
        """Names of the weights, layer by layer."""
        return [weight for weight, _ in self.parameters()]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter by name, in the order of the function."""
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(1, self.layers + 1):
            inputs, outputs = self.widths[layer - 1], self.widths[layer]
            shapes[f"fc{layer}.weight"] = (outputs, inputs)
            shapes[f"fc{layer}.bias"] = (outputs,)
        return shapes

    def text(self, batch: int, name: str = "forward") -> str:
        """The network as MLIR text for a batch of `batch` rows."""
        if batch < 1:
            raise InputError(f"the batch is a positive integer, got {batch}")
        lines = [_MAPS + self._signature(batch, name)]
        value = "%input"
        for layer in range(1, self.layers + 1):
            lines.append(self._linear(layer, batch, value))
            value = f"%z{layer}"
            if layer < self.layers:
                lines.append(self._activate(layer, batch, value))
                value = f"%y{layer}"
        kind = _tensor(batch, self.widths[-1])
        lines.append(f"  return {value} : {kind}\n}}")
        return "\n".join(lines) + "\n"

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Fresh float32 parameters drawn from `rng`; biases are zero.

        Weights before a ReLU follow He et al. (2015), normal with variance
        2 / fan_in; all others Glorot and Bengio (2010), uniform within
        sqrt(6 / (fan_in + fan_out)).
        """
        values: dict[str, np.ndarray] = {}
        for name, shape in self.shapes().items():
            if len(shape) == 1:
                values[name] = np.zeros(shape, np.float32)
                continue
            outputs, inputs = shape
            if self.activation == "relu":
                draw = rng.standard_normal(shape) * np.sqrt(2.0 / inputs)
            else:
                limit = np.sqrt(6.0 / (inputs + outputs))
                draw = rng.uniform(-limit, limit, shape)
            values[name] = draw.astype(np.float32)
        return values

    def check(self, values: Mapping[str, np.ndarray], source: str) -> None:
        """Raises :class:`InputError` when `values` do not fit this network."""
        for name, shape in self.shapes().items():
            if name not in values:
                raise InputError(f"{source}: parameter '{name}' is missing")
            if values[name].shape != shape:
                raise InputError(
                    f"{source}: parameter '{name}' has shape {list(values[name].shape)}, "
                    f"expected {list(shape)}"
                )

    def _signature(self, batch: int, name: str) -> str:
        arguments = [f'%input: {_tensor(batch, self.widths[0])} {{prune.input = "input"}}']
        for parameter, shape in self.shapes().items():
            role = parameter.split(".")[1]
            arguments.append(
                f"%{parameter.replace('.', '_')}: {_tensor(*shape)} "
                f'{{prune.param = #prune.param<"{parameter}", {role}>}}'
            )
        joined = ",\n    ".join(arguments)
        result = f'({_tensor(batch, self.widths[-1])} {{prune.output = "logits"}})'
        return f"func.func @{name}(\n    {joined}) -> {result} {{"

    def _linear(self, layer: int, batch: int, value: str) -> str:
        inputs, outputs = self.widths[layer - 1], self.widths[layer]
        x, w = _tensor(batch, inputs), _tensor(outputs, inputs)
        b, z = _tensor(outputs), _tensor(batch, outputs)
        return f"""\
  %e{layer} = tensor.empty() : {z}
  %i{layer} = linalg.broadcast ins(%fc{layer}_bias : {b}) outs(%e{layer} : {z}) dimensions = [0]
  %z{layer} = linalg.matmul indexing_maps = [#rows, #columns, #result]
      ins({value}, %fc{layer}_weight : {x}, {w}) outs(%i{layer} : {z}) -> {z}"""

    def _activate(self, layer: int, batch: int, value: str) -> str:
        z = _tensor(batch, self.widths[layer])
        return f"""\
  %f{layer} = tensor.empty() : {z}
  %y{layer} = linalg.generic {{indexing_maps = [#identity, #identity],
      iterator_types = ["parallel", "parallel"]}} ins({value} : {z}) outs(%f{layer} : {z}) {{
    ^bb0(%x: f32, %unused: f32):
{_ACTIVATIONS[self.activation]}
      linalg.yield %y : f32
  }} -> {z}"""


def _tensor(*shape: int) -> str:
    """MLIR type of a float32 tensor."""
    return f"tensor<{'x'.join(map(str, shape))}xf32>"
