# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A perceptron of another framework in the place of a built one."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .errors import InputError
from .frontend import from_file
from .models import Mlp


@dataclass(frozen=True)
class ImportedMlp(Mlp):
    """A network file as a builder: its own names, shapes and initial values.

    The file holds fully connected layers one after another; what is between them
    does not matter. A network that is something else is refused.
    """

    module: Any = field(default=None, compare=False, repr=False)
    values: Mapping[str, np.ndarray] = field(default_factory=dict, compare=False, repr=False)
    names: tuple[tuple[str, str | None], ...] = ()

    @staticmethod
    def read(path: str | os.PathLike[str]) -> ImportedMlp:
        """The network of a file; see :func:`frontend.from_file`."""
        module = from_file(path)
        names, widths = _layers(os.fspath(path), module)
        values = {name: np.array(array) for name, array in module.parameters().items()}
        return ImportedMlp(widths, module=module, values=values, names=names)

    def parameters(self) -> list[tuple[str, str | None]]:
        """Names of weight and bias, if there is one, of each layer."""
        return list(self.names)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter by name, in the order of the function."""
        return {name: array.shape for name, array in self.values.items()}

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
        return {name: array.copy() for name, array in self.values.items()}


@functools.lru_cache(maxsize=8)
def load_network(path: str) -> ImportedMlp:
    """The network of a file, read once."""
    return ImportedMlp.read(path)


def _layers(path: str, module: Any) -> tuple[tuple[tuple[str, str | None], ...], tuple[int, ...]]:
    """Names of weight and bias of each layer, and the widths, of a perceptron."""
    lifted = module.clone()
    lifted.run("builtin.module(prune-lift-parameters{keep-values=false})")
    arguments = lifted.functions()[0].arguments
    inputs = [argument for argument in arguments if argument.kind == "input"]
    if len(inputs) != 1 or len(inputs[0].shape) != 2:
        raise InputError(f"{path}: expected one input [batch, features]")
    names: list[tuple[str, str | None]] = []
    widths = [int(inputs[0].shape[1])]
    for argument in arguments:
        shape = tuple(argument.shape)
        if argument.role == "weight":
            if len(shape) != 2 or shape[1] != widths[-1]:
                raise InputError(
                    f"{path}: expected fully connected layers in a row, but weight "
                    f"'{argument.name}' has shape {list(shape)} after {widths[-1]} features"
                )
            names.append((argument.name, None))
            widths.append(int(shape[0]))
        elif argument.role == "bias" and names:
            names[-1] = (names[-1][0], argument.name)
    if not names:
        raise InputError(f"{path}: the network has no fully connected layer")
    return tuple(names), tuple(widths)
