# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A network that is there as a module in the place of a built one."""

from __future__ import annotations

import functools
import os
from typing import Any

import numpy as np

from .errors import InputError
from .frontend import from_file
from .models import Builder, Layer, Network, Value
from .models.network import Signature, layers_for_one_row
from .onnx_graph import STEP_INPUTS


class ImportedNetwork(Network):
    """A module as a builder: its own names, shapes and initial values.

    It serves networks of other frameworks and what is left of a network when
    dead neurons are removed. The module has one function ``forward`` with inputs
    [batch, ...] and one result: [batch, classes], or a result for each position as
    [batch, positions, classes] or [batch, classes, height, width].
    """

    activation = "relu"

    def __init__(
        self, module: Any, source: str = "the network", class_dimension: int | None = None
    ) -> None:
        self.module = module
        self.values = {name: np.array(array) for name, array in module.parameters().items()}
        lifted = module.clone()
        lifted.run("builtin.module(prune-lift-parameters{keep-values=false})")
        function = lifted.functions()[0]
        self._batch = _check_batch(function, source)
        self._signature = Signature.of(function, class_dimension)
        self._roles = {a.name: a.role for a in function.arguments if a.kind == "param"}
        self._entries = layers_for_one_row(module.layers(), self._batch)
        self._layers = _layers(self._entries)
        if not self._layers:
            raise InputError(f"{source}: the network has no layer with a weight")

    @staticmethod
    def read(
        path: str | os.PathLike[str], class_dimension: int | None = None
    ) -> ImportedNetwork:
        """The network of a file; see :func:`frontend.from_file`."""
        return ImportedNetwork(from_file(path), os.fspath(path), class_dimension)

    @property
    def signature(self) -> Signature:
        """What the network reads and gives for one row."""
        return self._signature

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one row of the first input."""
        return self._signature.inputs[0].shape

    @property
    def classes(self) -> int:
        """Number of logits."""
        return self._signature.classes

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Layers with weights, in the order of the function; shapes are unknown."""
        return self._layers

    def compiled_layers(self) -> list[dict[str, Any]]:
        """What the compiler says of each layer, for one row."""
        return self._entries

    @property
    def widths(self) -> tuple[int, ...]:
        """Values of one row of all inputs, and outputs of each layer."""
        features = sum(entry.features for entry in self._signature.inputs)
        return (features, *(self.values[name].shape[0] for name in self.weights()))

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter by name, in the order of the function."""
        return {name: self.values[name].shape for name in self._roles}

    def roles(self) -> dict[str, str]:
        """Role of each parameter by name: weight, bias, scale or buffer."""
        return dict(self._roles)

    def build(self, builder: Builder, x: Value) -> Value:
        """Not available: the text is that of the module."""
        raise NotImplementedError("an imported network is not written layer by layer")

    def text(self, batch: int, name: str = "forward") -> str:
        """The network as MLIR text for a batch of `batch` rows."""
        if batch < 1:
            raise InputError(f"the batch is a positive integer, got {batch}")
        if name != "forward":
            raise InputError(f"the function of an imported network is 'forward', not '{name}'")
        copy = self.module.clone()
        copy.run(
            f"builtin.module(prune-set-batch-size{{batch={batch}}},"
            "prune-lift-parameters{keep-values=false})"
        )
        return str(copy)

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Copies of the values in the file; nothing is drawn from `rng`."""
        return {name: self.values[name].copy() for name in self._roles}


@functools.lru_cache(maxsize=8)
def load_network(path: str, class_dimension: int | None = None) -> ImportedNetwork:
    """The network of a file, read once."""
    return ImportedNetwork.read(path, class_dimension)


def _check_batch(function: Any, source: str) -> int:
    """The batch; raises :class:`InputError` where inputs and result do not share one."""
    inputs = [argument for argument in function.arguments if argument.kind == "input"]
    results = list(function.results)
    shapes = [tuple(value.shape) for value in (*inputs, *results)]
    if not inputs or len(results) != 1 or len(shapes[-1]) < 2:
        raise InputError(
            f"{source}: expected inputs [batch, ...] and one result [batch, classes], [batch, "
            f"positions, classes] or [batch, classes, height, width], got {_shapes(inputs)} and "
            f"{_shapes(results)}"
        )
    if any(not shape or shape[0] != shapes[-1][0] for shape in shapes):
        raise InputError(
            f"{source}: expected inputs of the batch of the result, {_shapes(results)}, got "
            f"{_shapes(inputs)}"
        )
    for argument in inputs:
        if STEP_INPUTS.fullmatch(argument.name):
            raise InputError(
                f"{source}: an input is named '{argument.name}', which a training step uses itself"
            )
    return int(shapes[-1][0])


def _shapes(values: list[Any]) -> str:
    return ", ".join(f"'{value.name}' {list(value.shape)}" for value in values) or "none"


def _layers(entries: list[dict[str, Any]]) -> tuple[Layer, ...]:
    names = {entry["weight"]: entry["weight"].removesuffix(".weight") for entry in entries}
    return tuple(
        Layer(
            name=names[entry["weight"]],
            kind=entry["kind"],
            weight=entry["weight"],
            bias=entry["bias"],
            producers=tuple(names[producer] for producer in entry["producers"]),
            shape=(),
            macs=entry["macs"],
        )
        for entry in entries
    )
