# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What layers read, row by row, as the compiled network computes it.

``prune-collect-evidence`` finds the matrix X [positions of all rows, columns] of a layer on the
way to its Gram matrix. The function here returns X in place of the sum, so that products of
the inputs of two networks can be formed, and the results of a layer, ``X W^T``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping

import numpy as np

from ..evidence import GRAM, SUFFIX
from ..imported import ImportedNetwork
from ..native import parse
from ..networks import literal
from ..pipelines import module as pipeline
from ..pipelines import options
from ..rows import Split, Windows
from ..training.program import Program

_FUNCTION = f"forward{SUFFIX}"

_RESULT = "windows"

_OPERANDS = re.compile(r"ins\(%(\w+), %(\w+) : (tensor<[^>]*>), (tensor<[^>]*>)\)")

_RETURN = re.compile(r"^    return %(\w+) : ", re.MULTILINE)

Values = Mapping[str, np.ndarray]
"""All parameters of a network by name."""


class LayerInputs:
    """The inputs of layers of one network, with any values of its parameters.

    The code for a layer is made when it is first asked for.
    """

    def __init__(self, network: ImportedNetwork, threads: int = 1, batch: int = 64) -> None:
        self._network, self._threads, self._batch = network, threads, batch
        self._texts: dict[int, str] = {}

    def readable(self, weight: str, rows: Split) -> bool:
        """Whether a layer has one matrix of inputs for all its outputs; groups have none."""
        return self._program(weight, self._size(rows)) is not None

    def of(self, weight: str, values: Values, rows: Split) -> Iterator[np.ndarray]:
        """X of some rows after the other, float32 [positions, columns], for all `rows`."""
        size = self._size(rows)
        program = self._program(weight, size)
        if program is None:
            return
        call = program.bind(_FUNCTION, program.fill(values))
        windows = Windows(rows.arrays, call.shapes)
        for name, array in windows.arrays.items():
            call.set(name, array)
        place = call.place(_RESULT)
        for count in windows:
            found = np.asarray(call()[place])
            yield found[: len(found) // size * count]

    def _size(self, rows: Split) -> int:
        return min(self._batch, len(rows))

    def _program(self, weight: str, batch: int) -> Program | None:
        if batch not in self._texts:
            self._texts[batch] = self._network.text(batch)
        return _program(self._texts[batch], weight, self._threads)


@functools.lru_cache(maxsize=256)
def _program(text: str, weight: str, threads: int) -> Program | None:
    """The code for a layer of a network, which serves all values of its parameters."""
    found = returning_inputs(text, weight)
    return Program(found, "", threads) if found else None


def returning_inputs(text: str, weight: str) -> str | None:
    """A module whose one function returns X of a layer; None for a layer without a Gram matrix."""
    module = parse(text)
    collect = options("prune-collect-evidence", evidence=GRAM, parameters=[literal(weight)])
    module.run(pipeline(collect))
    printed = str(module)
    begin = printed.find(f"@{_FUNCTION}(")
    if begin < 0:
        return None
    function = printed[begin : printed.index("\n  }\n", begin)]
    returned = _RETURN.search(function)
    start = function.find(f"\n    %{returned[1]} = ") if returned else -1
    match = _OPERANDS.search(function, start) if start >= 0 else None
    if match is None or match[1] != match[2] or "\n    %" in function[start + 1 : match.start()]:
        return None
    return _only(printed, match[1], match[3])


def _only(printed: str, value: str, type_: str) -> str:
    """The module with the function of the sums alone, which returns a value in their place."""
    lines: list[str] = []
    inside = ended = False
    for line in printed.splitlines():
        if line.startswith("  func.func "):
            inside = f"@{_FUNCTION}(" in line
            if inside:
                head = line.rsplit(" -> ", 1)[0]
                line = f'{head} -> ({type_} {{prune.output = "{_RESULT}"}}) {{'
        elif inside and line.startswith("    return "):
            line = f"    return %{value} : {type_}"
        ended = ended or line == "}"
        if inside or ended or not line.startswith("  "):
            lines.append(line)
    return "\n".join(lines)
