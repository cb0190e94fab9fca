# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares an imported network with what its framework computes.

The module runs on the inputs that the framework ran on. A network that differs is
refused: torch-mlir has converted an operation wrongly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..native import prune_error

# An element may differ by this share of its value, and of the largest of its tensor.
RELATIVE, OF_LARGEST = 1e-3, 1e-4
# The same where rounding becomes a step: quantization, floor, argmax.
COARSE = 5e-2


@dataclass(frozen=True)
class Sample:
    """Inputs of a network and its results by the framework named."""

    framework: str
    inputs: tuple[np.ndarray, ...]
    outputs: tuple[np.ndarray, ...]
    coarse: bool = False
    # Names of the results in the framework, where they have names.
    names: tuple[str, ...] = ()

    def result(self, index: int) -> str:
        """A result as messages call it."""
        return f"'{self.names[index]}'" if index < len(self.names) else str(index)


def run(module: Any, function: str, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The results of a function of a module by the reference execution."""
    executable = module.compile(reference=True)
    # Tensors of no dimension are arrays; numbers are what the signature has of them.
    return [np.asarray(array) for array in executable(function, *inputs)]


def difference(found: np.ndarray, expected: np.ndarray, coarse: bool = False) -> str:
    """How two results differ by more than rounding; empty if they do not."""
    if found.shape != expected.shape:
        return f"has shape {list(found.shape)}, expected {list(expected.shape)}"
    one, two = found.astype(np.float64), expected.astype(np.float64)
    largest = float(np.abs(two[np.isfinite(two)]).max(initial=0.0))
    relative, of_largest = (COARSE, COARSE) if coarse else (RELATIVE, OF_LARGEST)
    if expected.dtype.kind not in "fc" and not coarse:
        relative = of_largest = 0.0
    close = np.isclose(one, two, relative, of_largest * largest, equal_nan=True)
    if close.all():
        return ""
    where = np.argwhere(~close)[0]
    return (
        f"is {one[tuple(where)]:g} at {[int(i) for i in where]}, expected {two[tuple(where)]:g}, "
        f"and differs in {int((~close).sum())} of {close.size} elements"
    )


def compare(module: Any, sample: Sample) -> tuple[int, str] | None:
    """The number of the first result that differs, and how; none if all are equal.

    The compiled network runs first, as the plain loops of the reference take minutes for a
    large one; they decide where it does not run or differs.
    """
    function = module.functions()[0].name
    try:
        compiled = module.compile(optimization=1, cost_model="builtin")
        found = [np.asarray(array) for array in compiled(function, *sample.inputs)]
        if _first_difference(found, sample) is None:
            return None
    except prune_error():
        pass
    return _first_difference(run(module, function, sample.inputs), sample)


def _first_difference(found: list[np.ndarray], sample: Sample) -> tuple[int, str] | None:
    if len(found) != len(sample.outputs):
        return len(found), f"are {len(found)} results, expected {len(sample.outputs)}"
    for index, (one, two) in enumerate(zip(found, sample.outputs, strict=True)):
        told = difference(one, two, sample.coarse)
        if told:
            return index, told
    return None


def why_not_run(error: Exception) -> str:
    """A reason for which a module cannot be run, if it is one; raises others."""
    if isinstance(error, (prune_error(), InputError, TypeError, ValueError)):
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return lines[0] if lines else type(error).__name__
    raise error
