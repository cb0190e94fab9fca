# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gradients of prune-differentiate against central differences in double precision.

Every rule by itself, then random compositions of them.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

native = pytest.importorskip("mlir_prune._native")

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
        weights = np.random.default_rng(seed).uniform(0.5, 1.5, self.shapes[value])
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
    optimised = evaluate(module.compile(), program.values)[1:]
    for gradient, other in zip(gradients, optimised, strict=True):
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
    return np.random.default_rng(seed).uniform(low, high, shape)


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


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    body, low, high = UNARY[name]
    program = Program()
    x = program.parameter(random((3, 4), 1, low, high))
    check_gradients(program, program.weighted_sum(program.elementwise([x], body)))


@pytest.mark.parametrize("name", BINARY)
def test_binary(name):
    body, low, high = BINARY[name]
    program = Program()
    x = program.parameter(random((3, 4), 1, low, high))
    y = program.parameter(random((3, 4), 2, low, high))
    check_gradients(program, program.weighted_sum(program.elementwise([x, y], body)))


@pytest.mark.parametrize("name", ["addf", "mulf", "divf", "maximumf"])
def test_tensor_arithmetic(name):
    program = Program()
    x = program.parameter(random((3, 4), 1, 0.5, 2))
    y = program.parameter(random((3, 4), 2, 0.5, 2))
    z = program.emit((3, 4), f"arith.{name} {x}, {y} : {tensor((3, 4))}")
    check_gradients(program, program.weighted_sum(z))


def contract(program: Program, lhs: str, rhs: str, maps, loops: int, shape,
             init: str | None = None) -> str:
    left, right, out = maps
    return program.emit(shape, (
        f"linalg.contract indexing_maps = [{dims(loops, left)}, {dims(loops, right)}, "
        f"{dims(loops, out)}] ins({lhs}, {rhs} : {tensor(program.shapes[lhs])}, "
        f"{tensor(program.shapes[rhs])}) outs({init or program.filled(shape, 0.0)} : "
        f"{tensor(shape)}) -> {tensor(shape)}"))


# Loops and what they index: left factor, right factor, result.
CONTRACTIONS = {
    "mk kn mn": (3, [0, 2], [2, 1], [0, 1]),
    "mk nk mn": (3, [0, 2], [1, 2], [0, 1]),
    "km kn mn": (3, [2, 0], [2, 1], [0, 1]),
    "km nk nm": (3, [2, 0], [1, 2], [1, 0]),
    "bmk bkn bmn": (4, [0, 1, 3], [0, 3, 2], [0, 1, 2]),
    "mk bkn mbn": (4, [1, 3], [0, 3, 2], [1, 0, 2]),
    "k k": (1, [0], [0], []),
    "mk k m": (2, [0, 1], [1], [0]),
    "k kn n": (2, [1], [1, 0], [0]),
    "mkl lnk mn": (4, [0, 2, 3], [3, 1, 2], [0, 1]),
}


@pytest.mark.parametrize("name", CONTRACTIONS)
def test_contraction(name):
    loops, left, right, out = CONTRACTIONS[name]
    extents = [2, 3, 4, 2][:loops]

    def shape_of(chosen):
        return tuple(extents[i] for i in chosen)

    program = Program()
    lhs = program.parameter(random(shape_of(left), 1))
    rhs = program.parameter(random(shape_of(right), 2))
    init = program.parameter(random(shape_of(out), 3))
    value = contract(program, lhs, rhs, (left, right, out), loops, shape_of(out), init)
    check_gradients(program, program.weighted_sum(value))


def test_value_with_itself():
    program = Program()
    x = program.parameter(random((3, 3), 1))
    value = contract(program, x, x, ([0, 2], [2, 1], [0, 1]), 3, (3, 3))
    check_gradients(program, program.weighted_sum(value))


NAMED = {
    "matvec": "linalg.matvec ins({a}, {v} : {ta}, {tv}) outs({i} : {tw}) -> {tw}",
    "vecmat": "linalg.vecmat ins({w}, {a} : {tw}, {ta}) outs({j} : {tv}) -> {tv}",
}


def test_matrix_and_vector():
    program = Program()
    a = program.parameter(random((3, 4), 1))
    v = program.parameter(random((4,), 2))
    w = program.parameter(random((3,), 3))
    t = {"ta": tensor((3, 4)), "tv": tensor((4,)), "tw": tensor((3,))}
    x = program.emit((3,), NAMED["matvec"].format(a=a, v=v, i=program.filled((3,), 0.0), **t))
    y = program.emit((4,), NAMED["vecmat"].format(a=a, w=w, j=program.filled((4,), 0.0), **t))
    loss = program.inner(x, w, program.weighted_sum(y))
    check_gradients(program, loss)


@pytest.mark.parametrize("combiner, start", [
    ("addf", 0.5), ("maximumf", -1e9), ("minimumf", 1e9), ("maxnumf", -1e9)])
@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 2), (0, 1, 2)])
def test_reduction(combiner, start, axes):
    shape = (2, 3, 4)
    kept = tuple(extent for i, extent in enumerate(shape) if i not in axes)
    program = Program()
    x = program.parameter(random(shape, 5))
    value = program.emit(kept, (
        f"linalg.reduce {{ arith.{combiner} }} ins({x} : {tensor(shape)}) "
        f"outs({program.filled(kept, start)} : {tensor(kept)}) dimensions = {list(axes)}"))
    check_gradients(program, program.weighted_sum(value))


def test_maximum_by_selection():
    program = Program()
    x = program.parameter(random((3, 4), 5))
    value = program.generic(
        [x], [dims(2), dims(2, [0])], ["parallel", "reduction"], (3,),
        "%p = arith.cmpf ogt, %in0, %out : f64\n%y = arith.select %p, %in0, %out : f64",
        program.filled((3,), -1e9))
    check_gradients(program, program.weighted_sum(value))


@pytest.mark.parametrize("axes", [[0], [1], [0, 2], [1, 2]])
def test_broadcast(axes):
    shape = (2, 3, 4)
    kept = tuple(extent for i, extent in enumerate(shape) if i not in axes)
    program = Program()
    x = program.parameter(random(kept, 5))
    value = program.emit(shape, (
        f"linalg.broadcast ins({x} : {tensor(kept)}) outs({program.filled(shape, 0.0)} : "
        f"{tensor(shape)}) dimensions = {axes}"))
    check_gradients(program, program.weighted_sum(value))


@pytest.mark.parametrize("permutation", [[0, 2, 1], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
def test_transpose(permutation):
    shape = (2, 3, 4)
    moved = tuple(shape[i] for i in permutation)
    program = Program()
    x = program.parameter(random(shape, 5))
    value = program.emit(moved, (
        f"linalg.transpose ins({x} : {tensor(shape)}) outs({program.filled(moved, 0.0)} : "
        f"{tensor(moved)}) permutation = {permutation}"))
    check_gradients(program, program.weighted_sum(value))


def test_bias_in_the_body():
    program = Program()
    x = program.parameter(random((3, 4), 1))
    b = program.parameter(random((4,), 2))
    c = program.parameter(random((), 3))
    value = program.generic(
        [x, b, c], [dims(2), dims(2, [1]), dims(2, []), dims(2)], ["parallel"] * 2, (3, 4),
        "%s = arith.addf %in0, %in1 : f64\n%t = arith.mulf %s, %in2 : f64\n"
        "%y = math.tanh %t : f64")
    check_gradients(program, program.weighted_sum(value))


def test_convolution_and_pooling():
    program = Program()
    x = program.parameter(random((1, 2, 5, 5), 1))
    w = program.parameter(random((2, 2, 2, 2), 2))
    conv = program.emit((1, 2, 4, 4), (
        f"linalg.conv_2d_nchw_fchw ins({x}, {w} : {tensor((1, 2, 5, 5))}, "
        f"{tensor((2, 2, 2, 2))}) outs({program.filled((1, 2, 4, 4), 0.0)} : "
        f"{tensor((1, 2, 4, 4))}) -> {tensor((1, 2, 4, 4))}"))
    window = program.filled((2, 2), 0.0)
    pooled = {}
    for kind, start in (("sum", 0.0), ("max", -1e9)):
        pooled[kind] = program.emit((1, 2, 2, 2), (
            f"linalg.pooling_nchw_{kind} {{strides = dense<2> : vector<2xi64>}} "
            f"ins({conv}, {window} : {tensor((1, 2, 4, 4))}, {tensor((2, 2))}) "
            f"outs({program.filled((1, 2, 2, 2), start)} : {tensor((1, 2, 2, 2))}) "
            f"-> {tensor((1, 2, 2, 2))}"))
    check_gradients(program, program.inner(pooled["sum"], pooled["max"]))


def test_softmax():
    program = Program()
    x = program.parameter(random((3, 4), 1))
    t = tensor((3, 4))
    value = program.emit((3, 4), f"linalg.softmax dimension(1) ins({x} : {t}) "
                                 f"outs({program.filled((3, 4), 0.0)} : {t}) -> {t}")
    module_text = program.text(program.weighted_sum(value))
    assert "linalg.softmax" in module_text
    check_gradients(program, program.weighted_sum(value, seed=8))


MOVES = {
    "collapse": ((2, 12), "tensor.collapse_shape {x} [[0], [1, 2]] : {s} into {t}"),
    "expand": ((2, 3, 2, 2), "tensor.expand_shape {x} [[0], [1], [2, 3]] "
                             "output_shape [2, 3, 2, 2] : {s} into {t}"),
    "extract_slice": ((2, 2, 2), "tensor.extract_slice {x}[0, 1, 0] [2, 2, 2] [1, 1, 2] "
                                 ": {s} to {t}"),
    "rank-reducing slice": ((2, 4), "tensor.extract_slice {x}[0, 2, 0] [2, 1, 4] [1, 1, 1] "
                                    ": {s} to {t}"),
    "pad": ((4, 3, 5), "tensor.pad {x} low[1, 0, 0] high[1, 0, 1] {{\n"
                       "^bb0(%i: index, %j: index, %k: index):\n%z = arith.constant 3.0 : f64\n"
                       "tensor.yield %z : f64\n}} : {s} to {t}"),
    "concat": ((2, 6, 4), "tensor.concat dim(1) {x}, {x} : ({s}, {s}) -> {t}"),
}


@pytest.mark.parametrize("name", MOVES)
def test_tensor_move(name):
    source = (2, 3, 4)
    shape, text = MOVES[name]
    program = Program()
    x = program.parameter(random(source, 1))
    value = program.emit(shape, text.format(x=x, s=tensor(source), t=tensor(shape)))
    check_gradients(program, program.weighted_sum(value))


def test_insert_and_extract():
    program = Program()
    x = program.parameter(random((2, 4), 1))
    y = program.parameter(random((6,), 2))
    part = program.emit((4,), f"tensor.extract_slice {x}[1, 0] [1, 4] [1, 1] : "
                              f"{tensor((2, 4))} to {tensor((4,))}")
    both = program.emit((6,), f"tensor.insert_slice {part} into {y}[1] [4] [1] : "
                              f"{tensor((4,))} into {tensor((6,))}")
    program.lines += ["%one = arith.constant 1 : index",
                      f"%s = tensor.extract {both}[%one] : {tensor((6,))}",
                      "%q = math.sin %s : f64"]
    inserted = program.emit((6,), f"tensor.insert %q into {both}[%one] : {tensor((6,))}")
    splat = program.emit((6,), f"tensor.splat %q : {tensor((6,))}")
    pair = program.emit((2,), f"tensor.from_elements %s, %q : {tensor((2,))}")
    check_gradients(program, program.inner(inserted, splat, program.weighted_sum(pair)))


@pytest.mark.parametrize("classes", [2, 5])
def test_softmax_cross_entropy(classes):
    program = Program()
    z = program.parameter(random((4, classes), 1))
    labels = program.argument(np.array([0, 1, 7, 1], np.int32), False, "tensor<4xi32>")
    loss = program.emit((), f"prune.softmax_cross_entropy {z}, {labels} : "
                            f"{tensor((4, classes))}, tensor<4xi32>")
    factor = program.constant(np.array(1.5))
    check_gradients(program, program.emit((), f"arith.mulf {loss}, {factor} : tensor<f64>"))


@pytest.mark.parametrize("kind", ["l1", "l2", "hoyer", "hoyer_square"])
def test_regularize(kind):
    program = Program()
    w = program.parameter(random((3, 4), 1))
    strength = program.argument(np.array(0.3), True, "f64")
    penalty = program.emit((), f"prune.regularize {kind} {w}, {strength} : {tensor((3, 4))}")
    factor = program.constant(np.array(1.5))
    loss = program.emit((), f"arith.mulf {penalty}, {factor} : tensor<f64>")
    check_gradients(program, loss)


def test_mask_and_dropout():
    program = Program()
    w = program.parameter(random((4, 5), 1))
    mask = program.argument(random((4, 5), 2) > 0, False, "tensor<4x5xi1>")
    step = program.argument(np.array(3, np.int64), False, "i64")
    masked = program.emit((4, 5), f"prune.apply_mask {w}, {mask} : {tensor((4, 5))}")
    value = program.emit((4, 5), f"prune.dropout {masked}, {step} rate 0.4 seed 5 : "
                                 f"{tensor((4, 5))}")
    check_gradients(program, program.inner(value, value))


# s'(m) of each surrogate of the indicator function.
SLOPES = {
    "linear": lambda m: np.ones_like(m),
    "hard_sigmoid": lambda m: np.where(np.abs(m) < 1, 0.5, 0.0),
    "relu": lambda m: np.where(m > 0, 1.0, 0.0),
    "leaky_relu, slope = 0.1": lambda m: np.where(m > 0, 1.0, 0.1),
    "softplus": lambda m: 1.0 / (1.0 + np.exp(-m)),
}


@pytest.mark.parametrize("ste", SLOPES)
@pytest.mark.parametrize("rule", ["sign", "chain"])
def test_gate(ste, rule):
    """A straight-through estimator is no derivative: compared with its formula."""
    program = Program()
    weight, aux = random((3, 4), 1), random((3, 4), 2)
    weight[0, 0] = 0.0
    w, m = program.parameter(weight), program.parameter(aux)
    t = program.emit((3, 4), f"prune.gate {w}, {m} ste(<{ste}>) rule {rule} : {tensor((3, 4))}")
    module = native.Module.parse(program.text(program.weighted_sum(t)))
    module.run("builtin.module(prune-differentiate)")
    _, dw, dm = evaluate(module.compile(reference=True), program.values)
    adjoint = program.values[-1]
    factor = np.sign(weight) if rule == "sign" else weight
    np.testing.assert_allclose(dw, adjoint * (aux > 0), rtol=1e-12)
    np.testing.assert_allclose(dm, adjoint * factor * SLOPES[ste](aux), rtol=1e-12)


# Random compositions. Values stay bounded, so that differences stay exact.
SMOOTH = ["negf", "atan", "cos", "erf", "sin", "tanh", "relu", "leaky relu", "sigmoid", "swish",
          "softplus", "gelu", "absf", "relu by selection"]


def bounded(program: Program, value: str) -> str:
    return program.elementwise([value], UNARY["tanh"][0])


def draw_step(draw, program: Program, pool: list[str]) -> str:
    """One more value from those in the pool."""
    value = draw(st.sampled_from(pool))
    shape = program.shapes[value]
    alike = [other for other in pool if program.shapes[other] == shape]
    kind = draw(st.sampled_from(["unary", "binary", "matmul", "reduce", "transpose", "reshape",
                                 "slice", "bias"]))
    if kind == "binary":
        other = draw(st.sampled_from(alike))
        name = draw(st.sampled_from(["addf", "subf", "mulf", "maximumf", "select"]))
        return bounded(program, program.elementwise([value, other], BINARY[name][0]))
    if kind == "matmul" and len(shape) == 2:
        partner = draw(st.sampled_from([v for v in pool if len(program.shapes[v]) == 2]))
        return draw_product(draw, program, value, partner)
    if kind == "reduce" and len(shape) == 2:
        axis = draw(st.integers(0, 1))
        combiner, start = draw(st.sampled_from([("addf", 0.0), ("maximumf", -1e9)]))
        kept = (shape[1 - axis],)
        return bounded(program, program.emit(kept, (
            f"linalg.reduce {{ arith.{combiner} }} ins({value} : {tensor(shape)}) "
            f"outs({program.filled(kept, start)} : {tensor(kept)}) dimensions = [{axis}]")))
    if kind == "transpose" and len(shape) == 2:
        return program.emit(shape[::-1], (
            f"linalg.transpose ins({value} : {tensor(shape)}) "
            f"outs({program.filled(shape[::-1], 0.0)} : {tensor(shape[::-1])}) "
            f"permutation = [1, 0]"))
    if kind == "reshape" and len(shape) == 2:
        flat = (shape[0] * shape[1],)
        return program.emit(flat, f"tensor.collapse_shape {value} [[0, 1]] : "
                                  f"{tensor(shape)} into {tensor(flat)}")
    if kind == "slice" and shape[0] > 1:
        part = (shape[0] - 1, *shape[1:])
        zeros = ", ".join(["1"] + ["0"] * (len(shape) - 1))
        ones = ", ".join(["1"] * len(shape))
        return program.emit(part, f"tensor.extract_slice {value}[{zeros}] "
                                  f"[{', '.join(map(str, part))}] [{ones}] : "
                                  f"{tensor(shape)} to {tensor(part)}")
    rows = [other for other in pool if program.shapes[other] == shape[-1:]]
    if kind == "bias" and len(shape) == 2 and rows:
        return program.generic(
            [value, draw(st.sampled_from(rows))], [dims(2), dims(2, [1]), dims(2)],
            ["parallel"] * 2, shape, "%s = arith.addf %in0, %in1 : f64\n%y = math.tanh %s : f64")
    return program.elementwise([value], UNARY[draw(st.sampled_from(SMOOTH))][0])


def draw_product(draw, program: Program, lhs: str, rhs: str) -> str:
    """A matrix product in a transposition that fits, else an outer product."""
    left, right = program.shapes[lhs], program.shapes[rhs]
    fits = [(i, j) for i in range(2) for j in range(2) if left[i] == right[j]]
    if not fits:
        return program.elementwise([lhs], UNARY["sigmoid"][0])
    i, j = draw(st.sampled_from(fits))
    maps = ([0, 2] if i == 1 else [2, 0], [2, 1] if j == 0 else [1, 2], [0, 1])
    shape = (left[1 - i], right[1 - j])
    return bounded(program, contract(program, lhs, rhs, maps, 3, shape))


@settings(max_examples=40)
@given(st.data())
def test_composition(data):
    program = Program()
    pool = [program.parameter(random(shape, seed))
            for seed, shape in enumerate([(2, 3), (3, 2), (3, 3), (3,)])]
    pool.append(program.constant(random((2, 3), 9)))
    for _ in range(data.draw(st.integers(1, 8), label="steps")):
        pool.append(draw_step(data.draw, program, pool))
    loss = program.weighted_sum(pool[-1])
    for value in data.draw(st.lists(st.sampled_from(pool), max_size=2), label="more terms"):
        loss = program.inner(value, value, loss)
    check_gradients(program, loss, tolerance=1e-5)


def test_network():
    """A classifier as the package builds it, in both compilation modes."""
    program = Program()
    value = program.constant(random((5, 4), 0))
    for layer, (inputs, outputs) in enumerate([(4, 6), (6, 3), (3, 3)]):
        weight = program.parameter(random((outputs, inputs), 10 + layer, -1, 1))
        bias = program.parameter(random((outputs,), 20 + layer, -1, 1))
        shape = (5, outputs)
        start = program.emit(shape, (
            f"linalg.broadcast ins({bias} : {tensor((outputs,))}) "
            f"outs({program.filled(shape, 0.0)} : {tensor(shape)}) dimensions = [0]"))
        value = program.emit(shape, (
            f"linalg.matmul indexing_maps = [{dims(3, [0, 2])}, {dims(3, [1, 2])}, "
            f"{dims(3, [0, 1])}] ins({value}, {weight} : {tensor((5, inputs))}, "
            f"{tensor((outputs, inputs))}) outs({start} : {tensor(shape)}) -> {tensor(shape)}"))
        if layer < 2:
            value = program.elementwise([value], UNARY[["relu", "relu by selection"][layer]][0])
    labels = program.argument(np.array([0, 2, 1, 1, 0], np.int32), False, "tensor<5xi32>")
    check_gradients(program, program.emit((), (
        f"prune.softmax_cross_entropy {value}, {labels} : {tensor((5, 3))}, tensor<5xi32>")))


def test_accepts_foreign_gradients():
    text = """
func.func @loss(%w: tensor<f64> {prune.param = #prune.param<"w", weight>})
    -> (tensor<f64> {prune.output = "loss"}, tensor<f64> {prune.grad_of = "w"}) {
  %l = arith.mulf %w, %w : tensor<f64>
  %g = arith.addf %w, %w : tensor<f64>
  return %l, %g : tensor<f64>, tensor<f64>
}
"""
    module = native.Module.parse(text)
    before = str(module)
    module.run("builtin.module(prune-differentiate)")
    assert str(module) == before
    loss, gradient = evaluate(module.compile(reference=True), [np.array(3.0)])
    assert (float(loss), float(gradient)) == (9.0, 6.0)


def test_error_names_operation_and_path():
    program = Program()
    x = program.parameter(random((4,), 1))
    y = program.elementwise([x], UNARY["tanh"][0])
    z = program.elementwise([y], "%y = math.asin %in0 : f64")
    module = native.Module.parse(program.text(program.weighted_sum(z)))
    with pytest.raises(native.PruneError) as error:
        module.run("builtin.module(prune-differentiate)")
    messages = "\n".join(str(item[2]) for item in error.value.diagnostics)
    assert "no reverse-mode rule for 'math.asin'" in messages
    assert "path: parameter 'p0' -> linalg.generic -> linalg.generic" in messages
