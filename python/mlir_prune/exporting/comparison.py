# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is written against the compiled network: the same inputs through both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..forms import relative_error


def input_shapes(module: Any) -> list[tuple[int, ...]]:
    """Shapes of the inputs of the first function, in their order."""
    arguments = module.functions()[0].arguments
    return [tuple(argument.shape) for argument in arguments if argument.kind == "input"]


def random_inputs(module: Any) -> list[np.ndarray]:
    """Normal numbers for each input of the first function; zeros where it reads whole ones."""
    random, found = np.random.default_rng(0), []
    for argument in module.functions()[0].arguments:
        dtype, shape = np.dtype(argument.dtype), tuple(argument.shape)
        array = random.standard_normal(shape) if dtype.kind == "f" else np.zeros(shape)
        found.append(array.astype(dtype))
    return found


def results(module: Any, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Results of the compiled module for inputs in the order of its first function."""
    executable = module.compile()
    forward = executable.functions()[0]
    given = {
        argument.name: np.ascontiguousarray(each, np.dtype(argument.dtype))
        for argument, each in zip(forward.arguments, inputs, strict=True)
    }
    return list(executable.call(forward.name, given).values())


def largest_error(found: Iterable[Any], expected: Iterable[Any]) -> float:
    """The largest relative error of results against those that are expected, in their order."""
    return max(
        relative_error(np.asarray(one, np.float64), np.asarray(other, np.float64))
        for one, other in zip(found, expected, strict=True)
    )
