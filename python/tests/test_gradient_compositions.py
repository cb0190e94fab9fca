# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gradients of random compositions of operations against central differences."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import drawn
from programs import BINARY, UNARY, Program, check_gradients, contract, dims, random, tensor

# Values stay bounded, so that differences stay exact.
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


@drawn.examples(40)
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
