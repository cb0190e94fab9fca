# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a random network: the layers of the builders on constants, and the
operations that other front ends write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..models import Builder, Value
from ..models.text import MAPS, tensor
from .values import Shape, Values, dense, spell

BUILDER, TORCH = "builder", "torch"


@dataclass(frozen=True)
class Argument:
    """An argument of the function: its name in the text, and its shape or None for a
    number that is passed by value."""

    name: str
    shape: Shape | None

    @property
    def type(self) -> str:
        return "f32" if self.shape is None else tensor(self.shape)


class Writer(Builder):
    """The text of one function whose parameters are constants.

    `style` is that of this package's builders, or that of torch-mlir: parameters
    without a mark, weights behind transpositions, biases added afterwards,
    normalizations as strings of element-wise operations.
    """

    def __init__(self, values: Values, style: str, batch: int, shape: Shape) -> None:
        super().__init__(batch, shape)
        self.values = values
        self.style = style
        self.arguments = [Argument("%input", self.input.shape)]
        self.constants: list[tuple[str, Shape]] = []
        self._count = 0

    # Parameters.

    def fresh(self, kind: str) -> str:
        """A name that no layer has."""
        self._count += 1
        return f"{kind}{self._count}"

    def parameter(self, name: str, shape: Shape, role: str, first: float = 0.0) -> str:
        """A constant; seldom one that is there already, masked, or gated. Its values are
        drawn, so `first` does not matter."""
        if role == "weight" and self.values.chance(0.12):
            shared = [known for known, extents in self.constants if extents == shape]
            if shared:
                return str(self.values.pick(shared))
        array = (
            self.values.positive(shape) if name.endswith("running_var")
            else self.values.pruned(shape)
        )  # fmt: skip
        text = self.constant(name, array, role)
        if role == "weight":
            self.constants.append((text, shape))
            if self.style == BUILDER and self.values.chance(0.2):
                return self._masked(name, text, shape)
        return text

    def constant(self, name: str, array: np.ndarray, role: str | None = None) -> str:
        """A constant, marked as a parameter in the style of the builders."""
        mark = ""
        if role and self.style == BUILDER:
            mark = f'{{prune.param = #prune.param<"{name}", {role}>}} '
        element = "i1" if array.dtype == bool else "f32"
        kind = tensor(array.shape).replace("f32", element)
        return self.emit(name, array.shape, f"arith.constant {mark}{dense(array)} : {kind}").name

    def scalar(self, value: float) -> str:
        """A constant number outside of any body."""
        return self.emit("number", (), f"arith.constant {spell(value)} : f32").name

    def captured(self) -> str:
        """A number that a body reads from outside: an argument or a constant."""
        if self.values.chance(0.5):
            for argument in self.arguments:
                if argument.shape is None:
                    return argument.name
            self.arguments.append(Argument("%factor", None))
            return "%factor"
        return self.scalar(self.values.integer(-6, 6) / 4)

    def _masked(self, name: str, weight: str, shape: Shape) -> str:
        kind = tensor(shape)
        if self.values.chance(0.6):
            mask = self.constant(f"{name}.mask", self.values.mask(shape))
            return self.emit(
                f"{name}.masked", shape, f"prune.apply_mask {weight}, {mask} : {kind}"
            ).name
        whole = self.values.chance(0.5)
        extents = shape[:1] if whole else shape
        aux = self.constant(f"{name}.gate", self.values.array(extents), "auxiliary")
        granularity = " granularity(<channel, axis = 0>)" if whole else ""
        types = f"{kind}, {tensor(extents)}"
        text = f"prune.gate {weight}, {aux} ste(<softplus>){granularity} : {types}"
        return self.emit(f"{name}.gated", shape, text).name

    def emit(
        self, hint: str, shape: Shape, text: str, producers: tuple[str, ...] = ()
    ) -> Value:
        """Appends an operation, under a name that no scalar body uses."""
        return super().emit(f"v.{hint}", shape, text, producers)

    # Operations on any shape.

    def generic(
        self, hint: str, operands: Sequence[tuple[Value, str]], shape: Shape, body: str,
        *, result_map: str = "", reduced: Sequence[int] = (), rank: int | None = None,
        init: str = "",
    ) -> Value:  # fmt: skip
        """A structured operation of one result.

        Operands come with the expressions of their map (``d0, d1``); the body
        reads %x0, %x1, ... and %out and defines %y.
        """
        rank = len(shape) if rank is None else rank
        dims = ", ".join(f"d{dim}" for dim in range(rank))
        maps = [*(expression for _, expression in operands), result_map or dims]
        joined = ", ".join(f"affine_map<({dims}) -> ({expressions})>" for expressions in maps)
        kinds = ", ".join(f'"{"reduction" if d in reduced else "parallel"}"' for d in range(rank))
        names = ", ".join(value.name for value, _ in operands)
        types = ", ".join(tensor(value.shape) for value, _ in operands)
        ins = f"ins({names} : {types}) " if operands else ""
        init = init or self.empty(hint, shape)
        block = ", ".join([*(f"%x{i}: f32" for i in range(len(operands))), "%out: f32"])
        producers = tuple(dict.fromkeys(p for value, _ in operands for p in value.producers))
        return self.emit(
            hint,
            shape,
            f"linalg.generic {{indexing_maps = [{joined}],\n      iterator_types = [{kinds}]}} "
            f"{ins}outs({init} : {tensor(shape)}) {{\n    ^bb0({block}):\n{body}\n"
            f"      linalg.yield %y : f32\n  }} -> {tensor(shape)}",
            producers,
        )

    def module(self, outputs: Sequence[tuple[str, Value]]) -> str:
        """The whole module; in the style of torch-mlir without any mark."""
        marked = self.style == BUILDER
        arguments = ", ".join(
            f"{a.name}: {a.type}" + (f' {{prune.input = "{a.name[1:]}"}}' if marked else "")
            for a in self.arguments
        )
        results = ", ".join(
            tensor(value.shape) + (f' {{prune.output = "{name}"}}' if marked else "")
            for name, value in outputs
        )
        lines = "\n".join(f"  {line}" for line in self._lines)
        name = "forward" if marked else "main"
        values = ", ".join(value.name for _, value in outputs)
        types = ", ".join(tensor(value.shape) for _, value in outputs)
        return (
            f"{MAPS}func.func @{name}({arguments})\n    -> ({results}) {{\n{lines}\n"
            f"  return {values} : {types}\n}}\n"
        )
