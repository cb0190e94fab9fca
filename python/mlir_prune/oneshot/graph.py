# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The operations of a network's function with what they read, from its printed form.

The compiler says which layers there are; here is what lies between them: which batch
normalization is behind a layer, and which operations a value has come through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..imported import ImportedNetwork
from ..native import parse

_START = re.compile(r"^    (?:%(\w+)(?::\d+)? = )?\"?([a-z_]+(?:\.[\w.]+)?)\"?")
_VALUE = re.compile(r"%(\w+)")
_TENSOR = re.compile(r"tensor<((?:\d+x)*)[a-z]\w*>")
_EPSILON = re.compile(r"epsilon ([0-9.eE+-]+)")

MOVES = {"tensor.expand_shape", "tensor.collapse_shape", "tensor.cast", "linalg.transpose",
         "prune.apply_mask", "prune.gate"}  # fmt: skip
"""Operations whose result has the elements of their first operand."""


@dataclass(frozen=True)
class Operation:
    """An operation of the function: its result, name, operands, printed lines."""

    result: str
    name: str
    operands: tuple[str, ...]
    text: str

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the tensors that its last line tells, that of the result last."""
        return [
            tuple(int(extent) for extent in found.split("x") if extent)
            for found in _TENSOR.findall(self.text)
        ]


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
        text = str(parse(network.text(1)))
        function = parse(text).functions()[0]
        self.names: dict[str, str] = {}
        self.inputs: list[str] = []
        for place, argument in enumerate(function.arguments):
            if argument.kind == "param":
                self.names[f"arg{place}"] = argument.name
            else:
                self.inputs.append(f"arg{place}")
        self.operations = read_operations(text, function.name)
        self.by_result = {each.result: each for each in self.operations if each.result}
        weights = {entry["weight"] for entry in network.compiled_layers()}
        self.layers = self._find_layers(weights)
        self.norms = self._find_norms()
        self._behind = self._find_behind()

    def norm_of(self, weight: str) -> Norm | None:
        """The normalization behind a layer, where all that reads the layer goes through it."""
        return self._behind.get(weight)

    def readers(self, value: str) -> list[Operation]:
        """Operations that read a value."""
        return [each for each in self.operations if value in each.operands]

    def _find_layers(self, weights: set[str]) -> dict[str, str]:
        held = {value: name for value, name in self.names.items() if name in weights}
        found: dict[str, str] = {}
        for each in self.operations:
            read = [held[value] for value in each.operands if value in held]
            if not read:
                continue
            if each.name in MOVES:
                held[each.result] = read[0]
            elif each.name.startswith("linalg."):
                found[each.result] = read[0]
        return found

    def _find_norms(self) -> dict[str, Norm]:
        found = {}
        for each in self.operations:
            names = [self.names.get(value, "") for value in each.operands[1:5]]
            epsilon = _EPSILON.search(each.text)
            if each.name == "prune.batch_norm" and all(names) and epsilon:
                found[each.result] = Norm(*names, float(epsilon[1]))
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


def read_operations(text: str, function: str) -> list[Operation]:
    """The operations of a function in the text of a module, as the compiler prints it."""
    found: list[Operation] = []
    inside = False
    for line in text.splitlines():
        if line.startswith("  func.func "):
            inside = f"@{function}(" in line
        elif line == "  }":
            inside = False
        elif inside:
            start = _START.match(line)
            if start and not line.startswith("    ^"):
                rest = line[start.end() :]
                operands = tuple(_VALUE.findall(rest.split(" {\n")[0]))
                found.append(Operation(start[1] or "", start[2], operands, line))
            elif found:
                last = found[-1]
                found[-1] = Operation(last.result, last.name, last.operands, f"{last.text}\n{line}")
    return found


def describe(module: Any) -> Graph:
    """The graph of a module."""
    return Graph(ImportedNetwork(module))
