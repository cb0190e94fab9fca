# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The operations of a network's function with what they read.

The compiler says which layers there are, and what its operations read and give; here is what lies
between them: which batch normalization is behind a layer, and which operations a value has come
through. Values are the numbers that the compiler gives them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..imported import ImportedNetwork
from ..native import parse

MOVES = {"tensor.expand_shape", "tensor.collapse_shape", "tensor.cast", "linalg.transpose",
         "prune.apply_mask", "prune.gate"}  # fmt: skip
"""Operations whose result has the elements of their first operand."""


@dataclass(frozen=True)
class Operation:
    """An operation: its first result (-1 without one), its operands, those of them that are read
    (`inputs`), their shapes, attributes as text, and the arguments and operations of its body."""

    result: int
    name: str
    operands: tuple[int, ...]
    inputs: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]
    shape: tuple[int, ...]
    attributes: Mapping[str, str]
    arguments: tuple[int, ...]
    body: tuple[Operation, ...]

    def number(self, attribute: str) -> float | None:
        """The number that an attribute is, whose text ends in its type; None for others."""
        try:
            found = float(self.attributes[attribute].split(" : ")[0])
        except (KeyError, ValueError):
            return None
        return found if math.isfinite(found) else None


@dataclass(frozen=True)
class Norm:
    """The parameters of a batch normalization, by name, and what is added to the variance."""

    scale: str
    shift: str
    mean: str
    variance: str
    epsilon: float


class Graph:
    """The function ``forward`` of a network, for one row.

    `names` are the parameters by the values that hold them, `layers` the weights by the
    results of their layers, `norms` the normalizations by their results.
    """

    def __init__(self, network: ImportedNetwork) -> None:
        module = parse(network.text(1))
        function = module.functions()[0]
        self.names: dict[int, str] = {}
        self.inputs: list[int] = []
        for place, argument in enumerate(function.arguments):
            if argument.kind == "param":
                self.names[place] = argument.name
            else:
                self.inputs.append(place)
        self.operations = [read_operation(each) for each in module.operations(function.name)]
        self.by_result = {each.result: each for each in self.operations if each.result >= 0}
        weights = {entry["weight"] for entry in network.compiled_layers()}
        self.layers = self._find_layers(weights)
        self.norms = self._find_norms()
        self._behind = self._find_behind()

    def norm_of(self, weight: str) -> Norm | None:
        """The normalization behind a layer, where all that reads the layer goes through it."""
        return self._behind.get(weight)

    def readers(self, value: int) -> list[Operation]:
        """Operations that read a value."""
        return [each for each in self.operations if value in each.operands]

    def _find_layers(self, weights: set[str]) -> dict[int, str]:
        held = {value: name for value, name in self.names.items() if name in weights}
        found: dict[int, str] = {}
        for each in self.operations:
            read = [held[value] for value in each.operands if value in held]
            if not read:
                continue
            if each.name in MOVES:
                held[each.result] = read[0]
            elif each.name.startswith("linalg."):
                found[each.result] = read[0]
        return found

    def _find_norms(self) -> dict[int, Norm]:
        found = {}
        for each in self.operations:
            names = [self.names.get(value, "") for value in each.operands[1:5]]
            epsilon = each.number("epsilon")
            if each.name == "prune.batch_norm" and all(names) and epsilon is not None:
                found[each.result] = Norm(*names, epsilon)
        return found

    def _find_behind(self) -> dict[str, Norm]:
        found: dict[str, Norm] = {}
        repeated = list(self.layers.values())
        for result, weight in self.layers.items():
            readers = self.readers(result)
            while len(readers) == 1 and readers[0].name in MOVES:
                readers = self.readers(readers[0].result)
            if len(readers) == 1 and repeated.count(weight) == 1:
                norm = self.norms.get(readers[0].result)
                found |= {weight: norm} if norm else {}
        return found


def read_operation(entry: Mapping[str, Any]) -> Operation:
    """An operation as :meth:`Module.operations` describes it."""
    results, shapes = entry["results"], entry["result_shapes"]
    return Operation(
        results[0] if results else -1, entry["name"], tuple(entry["operands"]),
        tuple(entry["inputs"]), tuple(map(tuple, entry["operand_shapes"])),
        tuple(shapes[0]) if shapes else (), entry["attributes"], tuple(entry["arguments"]),
        tuple(map(read_operation, entry["body"])),
    )  # fmt: skip
