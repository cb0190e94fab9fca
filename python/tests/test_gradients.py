# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each reverse-mode rule against central differences in double precision."""

from __future__ import annotations

import numpy as np
import pytest

from programs import (
    BINARY,
    UNARY,
    Program,
    check_gradients,
    contract,
    dims,
    evaluate,
    native,
    random,
    tensor,
)


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


@pytest.mark.parametrize("combiner, start", [("maximumf", -1e9), ("minimumf", 1e9)])
def test_elements_that_are_always_equal_share_the_adjoint(combiner, start):
    program = Program()
    x = program.parameter(random((3,), 5))
    wide = program.generic([x], [dims(2, [0]), dims(2)], ["parallel", "parallel"], (3, 4),
                           "%c = arith.constant 2.0 : f64\n%y = arith.mulf %in0, %c : f64")
    value = program.emit((3,), (
        f"linalg.reduce {{ arith.{combiner} }} ins({wide} : {tensor((3, 4))}) "
        f"outs({program.filled((3,), start)} : {tensor((3,))}) dimensions = [1]"))
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


def test_softmax_cross_entropy_of_shares():
    program = Program()
    z = program.parameter(random((4, 3), 1))
    shares = program.argument(np.abs(random((4, 3), 2)), False, "tensor<4x3xf64>")
    check_gradients(program, program.emit((), (
        f"prune.softmax_cross_entropy {z}, {shares} : {tensor((4, 3))}, {tensor((4, 3))}")))


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
    t = program.emit((3, 4), f"prune.gate {w}, {m} ste(<{ste}>) rule {rule} : {tensor((3, 4))}, {tensor((3, 4))}")
    module = native.Module.parse(program.text(program.weighted_sum(t)))
    module.run("builtin.module(prune-differentiate)")
    _, dw, dm = evaluate(module.compile(reference=True), program.values)
    adjoint = program.values[-1]
    factor = np.sign(weight) if rule == "sign" else weight
    np.testing.assert_allclose(dw, adjoint * (aux > 0), rtol=1e-12)
    np.testing.assert_allclose(dm, adjoint * factor * SLOPES[ste](aux), rtol=1e-12)


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
