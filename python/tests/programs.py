# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Loss functions as text, and their gradients against central differences."""

from __future__ import annotations

import numpy as np
import pytest

import drawn
from mlir_prune import _native as native

STEP = 1e-5


def tensor(shape) -> str:
    return f"tensor<{''.join(f'{extent}x' for extent in shape)}f64>"


def dims(rank: int, chosen=None) -> str:
    """An affine map from `rank` loops to the chosen ones, by default all."""
    names = [f"d{i}" for i in range(rank)]
    results = names if chosen is None else [names[i] for i in chosen]
    return f"affine_map<({', '.join(names)}) -> ({', '.join(results)})>"


class Program:
    """The text of a loss function in double precision, built line by line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.arguments: list[str] = []
        self.values: list[np.ndarray] = []
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.trainable: list[int] = []

    def argument(self, value, trainable: bool, spelling: str | None = None) -> str:
        value = np.asarray(value)
        name = f"%p{len(self.arguments)}"
        attribute = f' {{prune.param = #prune.param<"{name[1:]}", weight>}}' if trainable else ""
        if trainable:
            self.trainable.append(len(self.arguments))
        self.arguments.append(f"{name}: {spelling or tensor(value.shape)}{attribute}")
        self.values.append(value)
        self.shapes[name] = value.shape
        return name

    def parameter(self, value) -> str:
        return self.argument(value, trainable=True)

    def constant(self, value) -> str:
        return self.argument(value, trainable=False)

    def fresh(self, shape) -> str:
        name = f"%v{len(self.shapes)}"
        self.shapes[name] = tuple(shape)
        return name

    def emit(self, shape, text: str) -> str:
        name = self.fresh(shape)
        self.lines.append(f"{name} = {text}")
        return name

    def filled(self, shape, value: float) -> str:
        name = self.fresh(shape)
        self.lines.append(f"{name}_e = tensor.empty() : {tensor(shape)}")
        self.lines.append(f"{name}_c = arith.constant {value!r} : f64")
        self.lines.append(
            f"{name} = linalg.fill ins({name}_c : f64) outs({name}_e : {tensor(shape)})"
            f" -> {tensor(shape)}")
        return name

    def generic(self, inputs, maps, iterators, shape, body: str, init: str | None = None) -> str:
        """One `linalg.generic`; `body` computes %y from %in0, %in1, ... and %out."""
        init = init or self.filled(shape, 0.0)
        types = [tensor(self.shapes[name]) for name in inputs]
        ins = f"ins({', '.join(inputs)} : {', '.join(types)}) " if inputs else ""
        arguments = [f"%in{i}: f64" for i in range(len(inputs))] + ["%out: f64"]
        kinds = ", ".join(f'"{kind}"' for kind in iterators)
        return self.emit(shape, "\n".join([
            f"linalg.generic {{indexing_maps = [{', '.join(maps)}], iterator_types = [{kinds}]}} "
            f"{ins}outs({init} : {tensor(shape)}) {{",
            f"^bb0({', '.join(arguments)}):", body, "linalg.yield %y : f64",
            f"}} -> {tensor(shape)}"]))

    def elementwise(self, inputs, body: str) -> str:
        shape = self.shapes[inputs[0]]
        identity = dims(len(shape))
        return self.generic(inputs, [identity] * (len(inputs) + 1), ["parallel"] * len(shape),
                            shape, body)

    def inner(self, lhs: str, rhs: str, init: str | None = None) -> str:
        """Sum of the products of the elements of two tensors of one shape."""
        rank = len(self.shapes[lhs])
        return self.generic([lhs, rhs], [dims(rank)] * 2 + [dims(rank, [])], ["reduction"] * rank,
                            (), "%x = arith.mulf %in0, %in1 : f64\n%y = arith.addf %out, %x : f64",
                            init)

    def weighted_sum(self, value: str, seed: int = 7) -> str:
        """A loss that depends on each element of `value` in its own way."""
        weights = drawn.rng(seed).uniform(0.5, 1.5, self.shapes[value])
        return self.inner(value, self.constant(weights))

    def text(self, loss: str) -> str:
        body = "\n".join(self.lines)
        return (f"func.func @loss({', '.join(self.arguments)}) -> (tensor<f64> "
                f'{{prune.output = "loss"}}) {{\n{body}\nreturn {loss} : tensor<f64>\n}}\n')


def evaluate(executable, values) -> list[np.ndarray]:
    return [np.array(result) for result in executable("loss", *values)]


def difference(executable, values, which: int, index, step: float) -> float:
    """Central difference of the loss in one element of one argument."""
    losses = []
    for sign in (1.0, -1.0):
        moved = [value.copy() for value in values]
        moved[which][index] += sign * step
        losses.append(float(evaluate(executable, moved)[0]))
    return (losses[0] - losses[1]) / (2.0 * step)


def check_gradients(program: Program, loss: str, tolerance: float = 2e-6) -> None:
    text = program.text(loss)
    module = native.Module.parse(text)
    module.run("builtin.module(prune-differentiate)")
    executable = module.compile(reference=True)
    gradients = evaluate(executable, program.values)[1:]
    assert len(gradients) == len(program.trainable), text
    optimized = evaluate(module.compile(), program.values)[1:]
    for gradient, other in zip(gradients, optimized, strict=True):
        np.testing.assert_allclose(other, gradient, rtol=1e-9, atol=1e-9, err_msg=text)
    checked = 0
    for which, gradient in zip(program.trainable, gradients, strict=True):
        assert gradient.shape == program.values[which].shape
        for index in np.ndindex(gradient.shape):
            wide = difference(executable, program.values, which, index, STEP)
            narrow = difference(executable, program.values, which, index, STEP / 8)
            scale = max(1.0, abs(wide))
            if abs(wide - narrow) > tolerance * scale:
                continue  # A kink of the function lies between the two points.
            checked += 1
            assert gradient[index] == pytest.approx(wide, rel=tolerance, abs=tolerance), (
                f"gradient of argument {which} at {index}\n{text}\n{module}")
    total = sum(gradient.size for gradient in gradients)
    assert checked >= 0.75 * total, f"only {checked} of {total} elements are smooth\n{text}"


def random(shape, seed: int = 0, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    return drawn.rng(seed).uniform(low, high, shape)


# Scalar operations: text of %y from %in0 (and %in1), interval of the operands.
UNARY = {
    "negf": ("%y = arith.negf %in0 : f64", -2, 2),
    "absf": ("%y = math.absf %in0 : f64", -2, 2),
    "atan": ("%y = math.atan %in0 : f64", -2, 2),
    "cbrt": ("%y = math.cbrt %in0 : f64", 0.2, 3),
    "ceil": ("%y = math.ceil %in0 : f64", -2, 2),
    "cos": ("%y = math.cos %in0 : f64", -2, 2),
    "cosh": ("%y = math.cosh %in0 : f64", -2, 2),
    "erf": ("%y = math.erf %in0 : f64", -2, 2),
    "erfc": ("%y = math.erfc %in0 : f64", -2, 2),
    "exp": ("%y = math.exp %in0 : f64", -2, 2),
    "exp2": ("%y = math.exp2 %in0 : f64", -2, 2),
    "expm1": ("%y = math.expm1 %in0 : f64", -2, 2),
    "floor": ("%y = math.floor %in0 : f64", -2, 2),
    "log": ("%y = math.log %in0 : f64", 0.2, 3),
    "log10": ("%y = math.log10 %in0 : f64", 0.2, 3),
    "log1p": ("%y = math.log1p %in0 : f64", -0.5, 3),
    "log2": ("%y = math.log2 %in0 : f64", 0.2, 3),
    "round": ("%y = math.round %in0 : f64", -2, 2),
    "roundeven": ("%y = math.roundeven %in0 : f64", -2, 2),
    "rsqrt": ("%y = math.rsqrt %in0 : f64", 0.2, 3),
    "sin": ("%y = math.sin %in0 : f64", -2, 2),
    "sinh": ("%y = math.sinh %in0 : f64", -2, 2),
    "sqrt": ("%y = math.sqrt %in0 : f64", 0.2, 3),
    "tanh": ("%y = math.tanh %in0 : f64", -2, 2),
    "trunc": ("%y = math.trunc %in0 : f64", -2, 2),
    "square": ("%c = arith.constant 2.0 : f64\n%y = math.powf %in0, %c : f64", 0.2, 2),
    "power": ("%c = arith.constant -1.7 : f64\n%y = math.powf %in0, %c : f64", 0.2, 2),
    "square with an integer": (
        "%c = arith.constant 2 : i64\n%y = math.fpowi %in0, %c : f64, i64", -2, 2),
    "first power": ("%c = arith.constant 1 : i64\n%y = math.fpowi %in0, %c : f64, i64", -2, 2),
    "fifth power": ("%c = arith.constant 5 : i64\n%y = math.fpowi %in0, %c : f64, i64", -2, 2),
    "inverse cube": ("%c = arith.constant -3 : i32\n%y = math.fpowi %in0, %c : f64, i32", 0.4, 2),
    "large power": ("%c = arith.constant 21 : i64\n%y = math.fpowi %in0, %c : f64, i64", -1.1, 1.1),
    "power of an index": (
        "%i = linalg.index 1 : index\n%c = arith.index_cast %i : index to i64\n"
        "%y = math.fpowi %in0, %c : f64, i64", -2, 2),
    "product with itself": ("%y = arith.mulf %in0, %in0 : f64", -2, 2),
    "relu": ("%c = arith.constant 0.0 : f64\n%y = arith.maximumf %in0, %c : f64", -2, 2),
    "relu, swapped": ("%c = arith.constant 0.0 : f64\n%y = arith.maxnumf %c, %in0 : f64", -2, 2),
    "relu by selection": (
        "%c = arith.constant 0.0 : f64\n%p = arith.cmpf ugt, %in0, %c : f64\n"
        "%y = arith.select %p, %in0, %c : f64", -2, 2),
    "minimum by selection": (
        "%c = arith.constant 0.5 : f64\n%p = arith.cmpf ole, %c, %in0 : f64\n"
        "%y = arith.select %p, %c, %in0 : f64", -2, 2),
    "leaky relu": (
        "%c = arith.constant 0.0 : f64\n%s = arith.constant 0.1 : f64\n"
        "%p = arith.cmpf ogt, %in0, %c : f64\n%z = arith.mulf %in0, %s : f64\n"
        "%y = arith.select %p, %in0, %z : f64", -2, 2),
    "sigmoid": (
        "%c = arith.constant 1.0 : f64\n%n = arith.negf %in0 : f64\n%e = math.exp %n : f64\n"
        "%d = arith.addf %c, %e : f64\n%y = arith.divf %c, %d : f64", -2, 2),
    "swish": (
        "%c = arith.constant 1.0 : f64\n%n = arith.negf %in0 : f64\n%e = math.exp %n : f64\n"
        "%d = arith.addf %e, %c : f64\n%s = arith.divf %c, %d : f64\n"
        "%y = arith.mulf %s, %in0 : f64", -2, 2),
    "softplus": ("%e = math.exp %in0 : f64\n%y = math.log1p %e : f64", -2, 2),
    "gelu": (
        "%h = arith.constant 0.5 : f64\n%c = arith.constant 1.0 : f64\n"
        "%r = arith.constant 0.70710678 : f64\n%z = arith.mulf %in0, %r : f64\n"
        "%e = math.erf %z : f64\n%f = arith.addf %e, %c : f64\n%g = arith.mulf %f, %h : f64\n"
        "%y = arith.mulf %g, %in0 : f64", -2, 2),
    "through an index": (
        "%i = linalg.index 1 : index\n%j = arith.index_cast %i : index to i64\n"
        "%f = arith.sitofp %j : i64 to f64\n%y = arith.mulf %f, %in0 : f64", -2, 2),
}
BINARY = {
    "addf": ("%y = arith.addf %in0, %in1 : f64", -2, 2),
    "subf": ("%y = arith.subf %in0, %in1 : f64", -2, 2),
    "mulf": ("%y = arith.mulf %in0, %in1 : f64", -2, 2),
    "divf": ("%y = arith.divf %in0, %in1 : f64", 0.5, 2),
    "powf": ("%y = math.powf %in0, %in1 : f64", 0.5, 2),
    "maximumf": ("%y = arith.maximumf %in0, %in1 : f64", -2, 2),
    "maxnumf": ("%y = arith.maxnumf %in0, %in1 : f64", -2, 2),
    "minimumf": ("%y = arith.minimumf %in0, %in1 : f64", -2, 2),
    "minnumf": ("%y = arith.minnumf %in0, %in1 : f64", -2, 2),
    "fma": ("%y = math.fma %in0, %in1, %in0 : f64", -2, 2),
    "select": (
        "%c = arith.constant 0.3 : f64\n%p = arith.cmpf ogt, %in0, %c : f64\n"
        "%y = arith.select %p, %in1, %in0 : f64", -2, 2),
}


def contract(program: Program, lhs: str, rhs: str, maps, loops: int, shape,
             init: str | None = None) -> str:
    left, right, out = maps
    return program.emit(shape, (
        f"linalg.contract indexing_maps = [{dims(loops, left)}, {dims(loops, right)}, "
        f"{dims(loops, out)}] ins({lhs}, {rhs} : {tensor(program.shapes[lhs])}, "
        f"{tensor(program.shapes[rhs])}) outs({init or program.filled(shape, 0.0)} : "
        f"{tensor(shape)}) -> {tensor(shape)}"))
