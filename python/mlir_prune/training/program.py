# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One module with a forward pass and step functions, compiled for this machine.

All functions share their state by name: the arrays of one dictionary. A step
reads and writes them in place.
"""

from __future__ import annotations

import copy
import functools
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..native import parse

if TYPE_CHECKING:
    from .compressed_weights import FixedMasks

Arrays = dict[str, np.ndarray]

STEP = "train_step"
"""The step function of the weights, whose step counter has no further name."""


def state_name(function: str, name: str) -> str:
    """Name of a function's state among that of all; every function counts its own steps."""
    return f"step:{function}" if name == "step" and function != STEP else name


def _cost_model() -> str:
    """Figures that choose kernels of a step: not those of this computer unless they are asked for,
    since measuring again would change the bits of a run that goes on."""
    return os.environ.get("PRUNE_COST_MODEL") or "builtin"


class Program:
    """A network after a pass pipeline, compiled when it is first called."""

    def __init__(
        self, text: str, pipeline: str, threads: int = 1, masks: FixedMasks | None = None
    ) -> None:
        self.pipeline = pipeline
        self._text, self._masks = text, masks
        self.module = self.source()
        if pipeline:
            self.module.run(pipeline)
        self.functions = {f.name: f for f in self.module.functions()}
        self._threads = threads

    @functools.cached_property
    def executable(self) -> Any:
        """The code, compiled where it is first called."""
        return self.module.compile(threads=self._threads, cost_model=_cost_model())

    def __str__(self) -> str:
        return str(self.module)

    def source(self) -> Any:
        """The module that the pipeline starts from, with the masks that are fixed."""
        module = parse(self._text)
        if self._masks:
            module.mask(self._masks.masks)
        return module

    def state(self) -> dict[str, Any]:
        """Everything that lasts (parameters and state) of all functions, by name."""
        found: dict[str, Any] = {}
        for function in self.functions.values():
            for argument in function.arguments:
                if argument.kind in ("param", "state"):
                    found.setdefault(state_name(function.name, argument.name), argument)
        return found

    def fill(self, arrays: Mapping[str, np.ndarray]) -> Arrays:
        """State for this program: copies of `arrays` where they fit, else fresh.

        Fresh masks keep everything; moments and counters are zero.
        """
        state: Arrays = {}
        for name, argument in self.state().items():
            dtype, shape = np.dtype(argument.dtype), tuple(argument.shape)
            old = arrays.get(name)
            if old is not None and old.shape == shape:
                # np.array keeps arrays of rank zero arrays, which are updated in place.
                state[name] = np.array(old, dtype, order="C")
            elif name.startswith("mask:"):
                state[name] = np.ones(shape, np.bool_)
            else:
                state[name] = np.zeros(shape, dtype)
        return state

    def profiled(self) -> Any:
        """The same code as an executable that measures its operations."""
        return self.module.compile(
            threads=self._threads, profile=True, cost_model=_cost_model()
        )

    def bind(self, function: str, state: Mapping[str, np.ndarray]) -> Call:
        """A function with the arrays of `state` in place; inputs are set later."""
        return Call(lambda: self.executable, self.functions[function], state)


class Call:
    """A function of a program with its arguments in order."""

    def __init__(
        self, executable: Callable[[], Any], signature: Any, state: Mapping[str, np.ndarray]
    ) -> None:
        self._executable, self._name = executable, signature.name
        self._run: Callable[..., list[Any]] | None = None
        self._arguments: list[Any] = []
        self._inputs: dict[str, int] = {}
        for place, argument in enumerate(signature.arguments):
            if argument.kind == "input":
                self._inputs[argument.name] = place
                self._arguments.append(None)
            else:
                self._arguments.append(state[state_name(signature.name, argument.name)])
        self._results = {result.name: place for place, result in enumerate(signature.results)}
        self.shapes = {a.name: tuple(a.shape) for a in signature.arguments}

    def takes(self, name: str) -> bool:
        """Whether the function has an input of this name."""
        return name in self._inputs

    def set(self, name: str, value: Any) -> None:
        """Sets an input; a name that the function does not have is left out."""
        place = self._inputs.get(name)
        if place is not None:
            self._arguments[place] = value

    def gives(self, name: str) -> bool:
        """Whether the function has a result of this name."""
        return name in self._results

    def place(self, name: str) -> int:
        """Where a result is in the list that a call returns."""
        return self._results[name]

    def on(self, executable: Any) -> Call:
        """The same call, with the same arguments, of another executable."""
        other = copy.copy(self)
        other._executable, other._run = lambda: executable, None
        return other

    def seconds(self) -> float:
        """Runs the function; returns the time that it took."""
        times: list[float] = self._executable().time(self._name, self._arguments)
        return times[0]

    def __call__(self) -> list[Any]:
        """Runs the function; state changes in place, all results are returned."""
        if self._run is None:
            self._run = functools.partial(self._executable(), self._name)
        return self._run(*self._arguments)


@functools.lru_cache(maxsize=4)
def compiled(
    text: str, pipeline: str, threads: int, masks: FixedMasks | None = None
) -> Program:
    """A program that stages with the same network, settings and fixed masks share."""
    return Program(text, pipeline, threads, masks)
