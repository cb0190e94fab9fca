# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Element-wise operations: scalar bodies from %x0 (and %x1) to %y.

In a body, ``{c}`` is a random quarter, ``{s}`` a number from outside of the
body. All are finite on finite values of moderate size.
"""

from __future__ import annotations

from ..models import Value
from ..models.text import tensor
from .values import spell
from .writer import TORCH, Writer

_ZERO = "      %zero = arith.constant 0.0 : f32\n"
_ONE = "      %one = arith.constant 1.0 : f32\n"
_C = "      %c = arith.constant {c} : f32\n"

SMOOTH = {
    "sigmoid": _ONE + """\
      %minus = arith.negf %x0 : f32
      %power = math.exp %minus : f32
      %sum = arith.addf %power, %one : f32
      %y = arith.divf %one, %sum : f32""",
    "tanh": "      %y = math.tanh %x0 : f32",
    "negate": "      %y = arith.negf %x0 : f32",
    "square": "      %y = arith.mulf %x0, %x0 : f32",
    "shift": _C + "      %y = arith.addf %x0, %c : f32",
    "scale": _C + "      %y = arith.mulf %x0, %c : f32",
    "from": _C + "      %y = arith.subf %c, %x0 : f32",
    "halve": "      %c = arith.constant 2.0 : f32\n      %y = arith.divf %x0, %c : f32",
    "erf": "      %y = math.erf %x0 : f32",
    "bell": """\
      %square = arith.mulf %x0, %x0 : f32
      %minus = arith.negf %square : f32
      %y = math.exp %minus : f32""",
    "captured product": "      %y = arith.mulf %x0, {s} : f32",
    "captured sum": "      %y = arith.addf {s}, %x0 : f32",
    "identity": _ZERO + "      %y = arith.addf %x0, %zero : f32",
}  # fmt: skip

KINKED = {
    "relu": _ZERO + "      %y = arith.maximumf %x0, %zero : f32",
    "relu by select": _ZERO + """\
      %above = arith.cmpf ugt, %x0, %zero : f32
      %y = arith.select %above, %x0, %zero : f32""",
    "leaky relu": _ZERO + """\
      %slope = arith.constant 0.25 : f32
      %above = arith.cmpf ogt, %x0, %zero : f32
      %less = arith.mulf %x0, %slope : f32
      %y = arith.select %above, %x0, %less : f32""",
    "absolute": "      %y = math.absf %x0 : f32",
    "clamp": _ZERO + """\
      %low = arith.maximumf %x0, %zero : f32
      %six = arith.constant 1.5 : f32
      %y = arith.minimumf %low, %six : f32""",
    "hard swish": _ZERO + """\
      %three = arith.constant 3.0 : f32
      %six = arith.constant 6.0 : f32
      %moved = arith.addf %x0, %three : f32
      %low = arith.maximumf %moved, %zero : f32
      %cut = arith.minimumf %low, %six : f32
      %product = arith.mulf %x0, %cut : f32
      %y = arith.divf %product, %six : f32""",
    "captured maximum": "      %y = arith.maximumf %x0, {s} : f32",
    "captured select": _C + """\
      %above = arith.cmpf ogt, {s}, %c : f32
      %y = arith.select %above, %x0, %c : f32""",
}  # fmt: skip

POSITION = """\
      %i = linalg.index {dim} : index
      %j = arith.index_cast %i : index to i64
      %k = arith.sitofp %j : i64 to f32
      %y = arith.{op} %x0, %k : f32"""

PAIRS = {
    "sum": "      %y = arith.addf %x0, %x1 : f32",
    "difference": "      %y = arith.subf %x0, %x1 : f32",
    "product": "      %y = arith.mulf %x0, %x1 : f32",
    "maximum": "      %y = arith.maximumf %x0, %x1 : f32",
    "minimum": "      %y = arith.minimumf %x0, %x1 : f32",
    "quotient": _ONE + """\
      %size = math.absf %x1 : f32
      %below = arith.addf %size, %one : f32
      %y = arith.divf %x0, %below : f32""",
    "gated": _ONE + """\
      %minus = arith.negf %x1 : f32
      %power = math.exp %minus : f32
      %sum = arith.addf %power, %one : f32
      %share = arith.divf %one, %sum : f32
      %y = arith.mulf %x0, %share : f32""",
}  # fmt: skip

NAMED = {"add": 2, "sub": 2, "mul": 2, "max": 2, "min": 2, "negf": 1, "abs": 1, "square": 1,
         "tanh": 1}  # fmt: skip

ON_TENSORS = {"arith.addf": 2, "arith.mulf": 2, "arith.subf": 2, "math.tanh": 1, "arith.negf": 1}


def apply(writer: Writer, x: Value, kind: str) -> Value:
    """The body called `kind` on every element of `x`."""
    body = SMOOTH[kind] if kind in SMOOTH else KINKED[kind]
    if "{c}" in body:
        body = body.replace("{c}", spell(writer.values.integer(-6, 6) / 4))
    if "{s}" in body:
        body = body.replace("{s}", writer.captured())
    dims = ", ".join(f"d{dim}" for dim in range(len(x.shape)))
    return writer.generic("act", [(x, dims)], x.shape, body)


def activate(writer: Writer, x: Value) -> Value:
    """One element-wise function, seldom one that depends on the position."""
    values = writer.values
    if x.shape and values.chance(0.08):
        body = POSITION.format(dim=values.integer(0, len(x.shape) - 1),
                               op=values.pick(("addf", "mulf")))  # fmt: skip
        dims = ", ".join(f"d{dim}" for dim in range(len(x.shape)))
        return writer.generic("position", [(x, dims)], x.shape, body)
    if values.chance(0.4):
        return apply(writer, x, "relu by select" if writer.style == TORCH else "relu")
    return apply(writer, x, values.pick([*SMOOTH, *KINKED]))


def combine(writer: Writer, a: Value, b: Value) -> Value:
    """An element-wise function of two values of one shape."""
    dims = ", ".join(f"d{dim}" for dim in range(len(a.shape)))
    kind = writer.values.pick([*PAIRS, "sum", "sum", "product"])
    return writer.generic("pair", [(a, dims), (b, dims)], a.shape, PAIRS[kind])


def named(writer: Writer, x: Value, other: Value) -> Value:
    """An operation that says what it is: of linalg, or on whole tensors."""
    kind = tensor(x.shape)
    whole = writer.values.chance(0.4)
    op, count = writer.values.pick(list((ON_TENSORS if whole else NAMED).items()))
    operands = [x, other][:count]
    names = ", ".join(value.name for value in operands)
    producers = tuple(dict.fromkeys(p for value in operands for p in value.producers))
    if whole:
        return writer.emit("whole", x.shape, f"{op} {names} : {kind}", producers)
    types = ", ".join([kind] * count)
    empty = writer.empty("named", x.shape)
    text = f"linalg.{op} ins({names} : {types}) outs({empty} : {kind}) -> {kind}"
    return writer.emit("named", x.shape, text, producers)


def with_vector(writer: Writer, x: Value) -> Value:
    """A parameter for each index of one dimension, added or multiplied."""
    dim = 1 if len(x.shape) > 1 and writer.values.chance(0.8) else len(x.shape) - 1
    name = writer.fresh("affine")
    kind = writer.values.pick(("sum", "product", "maximum", "difference"))
    shape = (x.shape[dim],)
    vector = Value(writer.parameter(name, shape, "scale" if kind == "product" else "bias"), shape)
    dims = ", ".join(f"d{d}" for d in range(len(x.shape)))
    operands = [(x, dims), (vector, f"d{dim}")]
    if writer.values.chance(0.2):
        operands.reverse()
    return writer.generic("affine", operands, x.shape, PAIRS[kind])
