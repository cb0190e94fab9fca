# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operations of a network as text, with the shape of every value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError

Shape = tuple[int, ...]

MAPS = """\
#rows = affine_map<(m, n, k) -> (m, k)>
#columns = affine_map<(m, n, k) -> (n, k)>
#result = affine_map<(m, n, k) -> (m, n)>
#identity2 = affine_map<(a, b) -> (a, b)>
#identity4 = affine_map<(a, b, c, d) -> (a, b, c, d)>
#channels = affine_map<(a, b, c, d) -> (a, b)>
"""


@dataclass(frozen=True)
class Value:
    """An activation: its name in the text, its shape, and the layers that it
    comes from with no other layer in between (none: the input)."""

    name: str
    shape: Shape
    producers: tuple[str, ...] = ()


def tensor(shape: Sequence[int]) -> str:
    """MLIR type of a float32 tensor."""
    return f"tensor<{''.join(f'{extent}x' for extent in shape)}f32>"


class Text:
    """The text of one function, operation by operation."""

    def __init__(self, batch: int, input_shape: Shape) -> None:
        if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
            raise InputError(f"the batch is a positive integer, got {batch}")
        self.batch = batch
        self.input = Value("%input", (batch, *input_shape))
        self.parameters: dict[str, tuple[Shape, str]] = {}
        self.first: dict[str, float] = {}
        self._lines: list[str] = []
        self._names: dict[str, int] = {}

    def function(self, name: str, logits: Value) -> str:
        """The whole module: one function that returns `logits`."""
        arguments = [f'%input: {tensor(self.input.shape)} {{prune.input = "input"}}']
        for parameter, (shape, role) in self.parameters.items():
            arguments.append(
                f"{_argument(parameter)}: {tensor(shape)} "
                f'{{prune.param = #prune.param<"{parameter}", {role}>}}'
            )
        kind, joined = tensor(logits.shape), ",\n    ".join(arguments)
        result = f'({kind} {{prune.output = "logits"}})'
        lines = [f"{MAPS}func.func @{name}(\n    {joined}) -> {result} {{"]
        lines += [f"  {line}" for line in self._lines]
        lines.append(f"  return {logits.name} : {kind}\n}}")
        return "\n".join(lines) + "\n"

    def parameter(self, name: str, shape: Shape, role: str, first: float = 0.0) -> str:
        """Adds an argument; returns its name in the text.

        `first` is what it holds before training, where that is not drawn.
        """
        if name in self.parameters:
            raise InputError(f"parameter '{name}' is there twice")
        self.parameters[name] = shape, role
        self.first[name] = first
        return _argument(name)

    def elementwise(self, x: Value, hint: str, body: str) -> Value:
        """A scalar body that computes %y from %x, on every element."""
        empty, kind = self.empty(hint, x.shape), tensor(x.shape)
        rank = len(x.shape)
        parallel = ", ".join(['"parallel"'] * rank)
        return self.emit(
            hint,
            x.shape,
            f"linalg.generic {{indexing_maps = [#identity{rank}, #identity{rank}],\n"
            f"      iterator_types = [{parallel}]}} ins({x.name} : {kind}) outs({empty} : {kind}) "
            f"{{\n    ^bb0(%x: f32, %unused: f32):\n{body}\n"
            f"      linalg.yield %y : f32\n  }} -> {kind}",
            x.producers,
        )

    def surround(self, x: Value, low: Shape, high: Shape, value: str) -> Value:
        """`x` with `value` before and after, so much in each dimension."""
        shape = tuple(a + b + c for a, b, c in zip(low, x.shape, high, strict=True))
        constant = self.emit("padding", (), f"arith.constant {value} : f32").name
        indices = ", ".join(f"%i{dim}: index" for dim in range(len(shape)))
        return self.emit(
            "padded",
            shape,
            f"tensor.pad {x.name} low{list(low)} high{list(high)} {{\n"
            f"    ^bb0({indices}):\n      tensor.yield {constant} : f32\n"
            f"  }} : {tensor(x.shape)} to {tensor(shape)}",
            x.producers,
        )

    def collapse(self, name: str, shape: Shape, groups: list[list[int]]) -> tuple[str, Shape]:
        """The same elements with groups of dimensions made one."""
        flat = tuple(math.prod(shape[dim] for dim in group) for group in groups)
        text = f"tensor.collapse_shape {name} {groups} : {tensor(shape)} into {tensor(flat)}"
        return self.emit("flat", flat, text).name, flat

    def expand(self, name: str, shape: Shape, dim: int, groups: int) -> tuple[str, Shape]:
        """Splits dimension `dim` into groups and what is in one."""
        wide = (*shape[:dim], groups, shape[dim] // groups, *shape[dim + 1 :])
        parts = [[i] if i < dim else [i, i + 1] if i == dim else [i + 1] for i in range(len(shape))]
        text = (
            f"tensor.expand_shape {name} {parts} output_shape {list(wide)}\n"
            f"      : {tensor(shape)} into {tensor(wide)}"
        )
        return self.emit("groups", wide, text).name, wide

    def empty(self, hint: str, shape: Shape) -> str:
        """A tensor to write to."""
        return self.emit(f"{hint}.empty", shape, f"tensor.empty() : {tensor(shape)}").name

    def filled(self, hint: str, shape: Shape, value: str) -> str:
        """A tensor of one constant."""
        constant = self.emit(f"{hint}.value", (), f"arith.constant {value} : f32").name
        empty, kind = self.empty(hint, shape), tensor(shape)
        text = f"linalg.fill ins({constant} : f32) outs({empty} : {kind}) -> {kind}"
        return self.emit(f"{hint}.filled", shape, text).name

    def emit(self, hint: str, shape: Shape, text: str, producers: tuple[str, ...] = ()) -> Value:
        """Appends an operation; its result is named after `hint`."""
        count = self._names.get(hint, 0)
        self._names[hint] = count + 1
        name = f"%{hint.replace('.', '_')}" + (f".{count}" if count else "")
        self._lines.append(f"{name} = {text}")
        return Value(name, shape, producers)


def _argument(parameter: str) -> str:
    return f"%{parameter.replace('.', '_')}"
