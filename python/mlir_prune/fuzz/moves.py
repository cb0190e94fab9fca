# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What moves elements: slices, padding, concatenations, reshapes, transpositions,
reductions, and gathers by computed positions."""

from __future__ import annotations

import math

from ..models import Value
from ..models.text import tensor
from .values import Shape, spell
from .writer import Writer


def slice_of(writer: Writer, x: Value) -> Value:
    """Part of `x`, seldom with a step; the batch stays."""
    offsets, sizes, steps = [], [], []
    for dim, extent in enumerate(x.shape):
        step = writer.values.pick((1, 1, 1, 2, 3)) if dim else 1
        if dim == 0 or writer.values.chance(0.4):
            offset, taken, step = 0, extent, 1
        else:
            offset = writer.values.integer(0, extent - 1)
            taken = writer.values.integer(1, (extent - offset - 1) // step + 1)
        offsets.append(offset)
        sizes.append(taken)
        steps.append(step)
    shape = tuple(sizes)
    text = (
        f"tensor.extract_slice {x.name}{offsets} {sizes} {steps} "
        f": {tensor(x.shape)} to {tensor(shape)}"
    )
    return writer.emit("slice", shape, text, x.producers)


def padded(writer: Writer, x: Value) -> Value:
    """`x` with zeros, or seldom another number, around it."""
    low = tuple(writer.values.pick((0, 0, 1, 2)) if dim else 0 for dim in range(len(x.shape)))
    high = tuple(writer.values.pick((0, 0, 1, 2)) if dim else 0 for dim in range(len(x.shape)))
    number = spell(writer.values.integer(-4, 4) / 4) if writer.values.chance(0.3) else "0.0"
    return writer.surround(x, low, high, number)


def concatenation(writer: Writer, a: Value, b: Value) -> Value | None:
    """Two values along a dimension in which alone they may differ."""
    dims = [
        dim for dim in range(1, len(a.shape))
        if a.shape[:dim] + a.shape[dim + 1 :] == b.shape[:dim] + b.shape[dim + 1 :]
    ]  # fmt: skip
    if len(a.shape) != len(b.shape) or not dims:
        return None
    dim = writer.values.pick(dims)
    shape = (*a.shape[:dim], a.shape[dim] + b.shape[dim], *a.shape[dim + 1 :])
    producers = tuple(dict.fromkeys((*a.producers, *b.producers)))
    if writer.values.chance(0.4):
        text = (
            f"tensor.concat dim({dim}) {a.name}, {b.name} "
            f": ({tensor(a.shape)}, {tensor(b.shape)}) -> {tensor(shape)}"
        )
        return writer.emit("joined", shape, text, producers)
    whole = writer.empty("joined", shape)
    start = [0] * len(shape)
    for part in (a, b):
        text = _insertion(part, whole, start, shape)
        whole = writer.emit("joined", shape, text, producers).name
        start[dim] += part.shape[dim]
    return Value(whole, shape, producers)


def inserted(writer: Writer, a: Value, into: Value) -> Value | None:
    """`a` in the place of a part of `into`."""
    if len(a.shape) != len(into.shape) or any(
        part > whole for part, whole in zip(a.shape, into.shape, strict=True)
    ):
        return None
    start = [
        writer.values.integer(0, whole - part)
        for part, whole in zip(a.shape, into.shape, strict=True)
    ]
    producers = tuple(dict.fromkeys((*a.producers, *into.producers)))
    return writer.emit(
        "inserted", into.shape, _insertion(a, into.name, start, into.shape), producers
    )


def _insertion(part: Value, whole: str, start: list[int], shape: Shape) -> str:
    return (
        f"tensor.insert_slice {part.name} into {whole}{start} {list(part.shape)} "
        f"{[1] * len(shape)} : {tensor(part.shape)} into {tensor(shape)}"
    )


def flattened(writer: Writer, x: Value) -> Value:
    """Neighboring dimensions made one, the batch apart."""
    first = writer.values.integer(1, len(x.shape) - 2) if writer.values.chance(0.4) else 1
    last = len(x.shape) - 1 if first == 1 and writer.values.chance(0.7) else first + 1
    groups = [[dim] for dim in range(first)]
    groups.append(list(range(first, last + 1)))
    groups += [[dim] for dim in range(last + 1, len(x.shape))]
    name, shape = writer.collapse(x.name, x.shape, groups)
    return Value(name, shape, x.producers)


def split(writer: Writer, x: Value) -> Value | None:
    """One dimension made two."""
    choices = [
        (dim, factor)
        for dim in range(1, len(x.shape))
        for factor in range(1, x.shape[dim] + 1)
        if x.shape[dim] % factor == 0
    ]
    if len(x.shape) > 4 or not choices:
        return None
    dim, factor = writer.values.pick(choices)
    name, shape = writer.expand(x.name, x.shape, dim, factor)
    return Value(name, shape, x.producers)


def transposed(writer: Writer, x: Value) -> Value:
    """Dimensions in another order; mostly the batch stays first."""
    rest = [int(dim) for dim in writer.values.rng.permutation(range(1, len(x.shape)))]
    order = [0, *rest]
    shape = tuple(x.shape[dim] for dim in order)
    empty = writer.empty("turned", shape)
    text = (
        f"linalg.transpose ins({x.name} : {tensor(x.shape)}) outs({empty} : {tensor(shape)}) "
        f"permutation = {order}"
    )
    return writer.emit("turned", shape, text, x.producers)


def reduced(writer: Writer, x: Value) -> Value:
    """The sum, mean or maximum over some dimensions behind the batch."""
    rank = len(x.shape)
    over = [dim for dim in range(1, rank) if writer.values.chance(0.5)] or [rank - 1]
    kept = [dim for dim in range(rank) if dim not in over]
    shape = tuple(x.shape[dim] for dim in kept)
    largest = writer.values.chance(0.35)
    op = "arith.maximumf" if largest else "arith.addf"
    start = writer.filled("reduced", shape, "0xFF800000" if largest else "0.0")
    if writer.values.chance(0.3):
        text = (
            f"linalg.reduce {{ {op} }} ins({x.name} : {tensor(x.shape)}) "
            f"outs({start} : {tensor(shape)}) dimensions = {over}"
        )
        return writer.emit("reduced", shape, text, x.producers)
    dims = ", ".join(f"d{dim}" for dim in range(rank))
    return writer.generic(
        "reduced", [(x, dims)], shape, f"      %y = {op} %x0, %out : f32",
        result_map=", ".join(f"d{dim}" for dim in kept), reduced=over, rank=rank, init=start,
    )  # fmt: skip


def broadcast(writer: Writer, x: Value) -> Value | None:
    """`x` repeated along a new last dimension."""
    if len(x.shape) > 3:
        return None
    shape = (*x.shape, writer.values.integer(1, 3))
    empty = writer.empty("repeated", shape)
    text = (
        f"linalg.broadcast ins({x.name} : {tensor(x.shape)}) outs({empty} : {tensor(shape)}) "
        f"dimensions = [{len(x.shape)}]"
    )
    return writer.emit("repeated", shape, text, x.producers)


def gathered(writer: Writer, x: Value) -> Value:
    """Elements at computed positions: a flip or an upsampling of one dimension, as
    torch-mlir writes them."""
    dim = writer.values.integer(1, len(x.shape) - 1)
    flip = writer.values.chance(0.5)
    shape = x.shape if flip else (*x.shape[:dim], 2 * x.shape[dim], *x.shape[dim + 1 :])
    lines = [f"      %i{d} = linalg.index {d} : index" for d in range(len(shape))]
    number = x.shape[dim] - 1 if flip else 2
    lines.append(f"      %n = arith.constant {number} : index")
    lines.append(
        f"      %p = arith.subi %n, %i{dim} : index" if flip
        else f"      %p = arith.divui %i{dim}, %n : index"
    )  # fmt: skip
    positions = ", ".join("%p" if d == dim else f"%i{d}" for d in range(len(shape)))
    lines.append(f"      %y = tensor.extract {x.name}[{positions}] : {tensor(x.shape)}")
    value = writer.generic("gathered", [], shape, "\n".join(lines))
    return Value(value.name, shape, x.producers)


def softmax(writer: Writer, x: Value) -> Value:
    """Shares along the last dimension."""
    empty, kind = writer.empty("shares", x.shape), tensor(x.shape)
    text = (
        f"linalg.softmax dimension({len(x.shape) - 1}) ins({x.name} : {kind}) "
        f"outs({empty} : {kind}) -> {kind}"
    )
    return writer.emit("shares", x.shape, text, x.producers)


def projected(writer: Writer, x: Value) -> Value:
    """A number: the sum of `x` times constants, for a gradient."""
    factors = writer.constant("factors", writer.values.array(x.shape))
    rank = len(x.shape)
    dims = ", ".join(f"d{dim}" for dim in range(rank))
    body = "      %p = arith.mulf %x0, %x1 : f32\n      %y = arith.addf %out, %p : f32"
    operands = [(x, dims), (Value(factors, x.shape), dims)]
    text = writer.generic(
        "loss", operands, (), body, result_map=" ", reduced=range(rank), rank=rank,
        init=writer.filled("loss", (), "0.0"),
    )  # fmt: skip
    return Value(text.name, (), x.producers)


def volume(shape: Shape) -> int:
    """Number of elements."""
    return math.prod(shape)
