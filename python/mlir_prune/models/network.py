# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What every network tells the trainer, the pruner and the report."""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..native import parse
from ..rows import INPUT
from .builder import Builder, Layer
from .text import Shape, Value


@dataclass(frozen=True)
class Input:
    """An input of a network: its name, the shape of one row and the type of its elements."""

    name: str
    shape: Shape
    dtype: np.dtype[Any]

    @property
    def features(self) -> int:
        """Number of values in one row."""
        return math.prod(self.shape)


def class_dimension(rank: int) -> int:
    """The dimension of a result that the classes are, as ``prune-insert-loss`` has it."""
    return 1 if rank > 3 else rank - 1


@dataclass(frozen=True)
class Signature:
    """What a network reads and gives for one row.

    `positions` are the extents of its result without the classes: none where a row has one
    result, those of tokens or pixels where each of these has. `axis` is the dimension of the
    result that the classes are.
    """

    inputs: tuple[Input, ...]
    classes: int
    positions: Shape = ()
    axis: int = 1

    @staticmethod
    def of(function: Any, axis: int | None = None) -> Signature:
        """That of a compiled or parsed function with parameters as arguments or without.

        Raises :class:`InputError` where the result has no dimension `axis` behind the batch.
        """
        inputs = tuple(
            Input(a.name, tuple(map(int, a.shape[1:])), np.dtype(a.dtype))
            for a in function.arguments
            if a.kind == "input"
        )
        shape = tuple(map(int, function.results[0].shape))
        if axis is None:
            axis = class_dimension(len(shape))
        if not 0 < axis < len(shape):
            raise InputError(
                f"the classes are to be dimension {axis} of the result, which is "
                f"{list(shape)} with the batch in dimension 0"
            )
        return Signature(inputs, shape[axis], shape[1:axis] + shape[axis + 1 :], axis)

    @property
    def unusual_axis(self) -> int | None:
        """The dimension of the classes where passes have to be told of it."""
        return None if self.axis == class_dimension(len(self.positions) + 2) else self.axis


class Network(ABC):
    """A network in the model form (docs/Pipelines.md).

    A subclass says in :meth:`build` how it is written; all that the methods
    here tell follows from it. Networks are values: they never change.
    """

    # A subclass may have these as fields or as properties.
    if TYPE_CHECKING:

        @property
        def input_shape(self) -> Shape:
            """Shape of one row of the input."""

        @property
        def classes(self) -> int:
            """Number of logits."""

        @property
        def activation(self) -> str:
            """The function between layers, which initial values depend on."""

    @abstractmethod
    def build(self, builder: Builder, x: Value) -> Value:
        """Writes the network from its input `x`; returns the logits."""

    def text(self, batch: int, name: str = "forward") -> str:
        """The network as MLIR text for a batch of `batch` rows."""
        builder = Builder(batch, self.input_shape)
        logits = self.build(builder, builder.input)
        return builder.function(name, logits)

    @functools.cached_property
    def _plan(self) -> Builder:
        builder = Builder(1, self.input_shape)
        self.build(builder, builder.input)
        return builder

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Layers with weights, in the order of the function."""
        return tuple(self._plan.layers)

    def shapes(self) -> dict[str, Shape]:
        """Shape of each parameter by name, in the order of the function."""
        return {name: shape for name, (shape, _) in self._plan.parameters.items()}

    def roles(self) -> dict[str, str]:
        """Role of each parameter by name: weight, bias, scale or buffer."""
        return {name: role for name, (_, role) in self._plan.parameters.items()}

    def parameters(self) -> list[tuple[str, str | None]]:
        """Names of weight and bias, if there is one, of each layer."""
        return [(layer.weight, layer.bias) for layer in self.layers]

    def weights(self) -> list[str]:
        """Names of the weights, layer by layer."""
        return [layer.weight for layer in self.layers]

    def compiled_layers(self) -> list[dict[str, Any]]:
        """What the compiler says of each layer, for one row: see ``Module.layers``."""
        return self._compiled

    @functools.cached_property
    def _compiled(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = parse(self.text(1)).layers()
        return found

    def macs(self) -> dict[str, int]:
        """Multiplications of each weight for one row, when it is dense."""
        return sum_macs(self.compiled_layers())

    @property
    def signature(self) -> Signature:
        """What the network reads and gives for one row."""
        return Signature((Input(INPUT, self.input_shape, np.dtype(np.float32)),), self.classes)

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Fresh float32 parameters drawn from `rng`; biases are zero.

        Weights before a ReLU follow He et al. (2015), normal with variance
        2 / fan_in; all others Glorot and Bengio (2010), uniform within
        sqrt(6 / (fan_in + fan_out)). Batch normalization starts as the
        identity: scale and variance are one.
        """
        roles = self.roles()
        values: dict[str, np.ndarray] = {}
        for name, shape in self.shapes().items():
            if roles[name] == "weight":
                values[name] = _draw(rng, shape, self.activation)
            else:
                values[name] = np.full(shape, self._plan.first[name], np.float32)
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


def sum_macs(layers: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Multiplications by weight; one that several layers share counts for all of them."""
    found: dict[str, int] = {}
    for layer in layers:
        found[layer["weight"]] = found.get(layer["weight"], 0) + layer["macs"]
    return found


def layers_for_one_row(layers: Iterable[Mapping[str, Any]], batch: int) -> list[dict[str, Any]]:
    """Layers of a module for a batch, with the multiplications of one row."""
    return [{**layer, "macs": layer["macs"] // batch} for layer in layers]


def _draw(rng: np.random.Generator, shape: Shape, activation: str) -> np.ndarray:
    taps = math.prod(shape[2:])
    inputs, outputs = shape[1] * taps, shape[0] * taps
    draw: np.ndarray
    if activation == "relu":
        draw = rng.standard_normal(shape) * np.sqrt(2.0 / inputs)
    else:
        limit = np.sqrt(6.0 / (inputs + outputs))
        draw = rng.uniform(-limit, limit, shape)
    return draw.astype(np.float32)


def check_extents(what: str, extents: tuple[int, ...]) -> None:
    """Raises :class:`InputError` unless all are positive integers."""
    for extent in extents:
        if isinstance(extent, bool) or not isinstance(extent, int) or extent < 1:
            raise InputError(f"{what} are positive integers, got {extent!r}")
