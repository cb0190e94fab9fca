# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gradients of what a body reads at computed places, against central differences of numpy."""

from __future__ import annotations

import numpy as np
import pytest

from programs import Program, check_gradients, dims, native, random, tensor

ROWS, COLUMNS = 4, 3
TABLE = tensor((ROWS, COLUMNS))


def constants(**values: int) -> str:
    return "".join(f"%{name} = arith.constant {value} : index\n" for name, value in values.items())


LOOPS = "%i = linalg.index 0 : index\n%j = linalg.index 1 : index\n"
# The text of the row %r and column %c that iteration (%i, %j) reads; extents of the loops; the
# same row and column in Python.
PLACES = {
    "in order": ((4, 3), constants(zero=0) + "%r = arith.addi %i, %zero : index\n"
                 "%c = arith.addi %j, %zero : index", lambda i, j: (i, j)),
    "reversed": ((4, 3), constants(last=3, end=2) + "%r = arith.subi %last, %i : index\n"
                 "%c = arith.subi %end, %j : index", lambda i, j: (3 - i, 2 - j)),
    "exchanged": ((3, 4), constants(zero=0) + "%r = arith.addi %j, %zero : index\n"
                  "%c = arith.addi %i, %zero : index", lambda i, j: (j, i)),
    "each row twice": ((8, 3), constants(two=2, zero=0) + "%r = arith.divui %i, %two : index\n"
                       "%c = arith.addi %j, %zero : index", lambda i, j: (i // 2, j)),
    "rows never read": ((2, 3), constants(two=2, zero=0) + "%r = arith.muli %i, %two : index\n"
                        "%c = arith.addi %j, %zero : index", lambda i, j: (2 * i, j)),
    "one element": ((3, 5), constants(r=2, c=1), lambda i, j: (2, 1)),
    "around": ((5, 7), constants(rows=4, columns=3) + "%r = arith.remui %i, %rows : index\n"
               "%c = arith.remui %j, %columns : index", lambda i, j: (i % 4, j % 3)),
    "clamped": ((6, 6), constants(one=1, low=0, high=3, end=2)
                + "%s = arith.subi %i, %one : index\n%t = arith.subi %j, %one : index\n"
                "%u = arith.maxsi %s, %low : index\n%v = arith.maxsi %t, %low : index\n"
                "%r = arith.minsi %u, %high : index\n%c = arith.minsi %v, %end : index",
                lambda i, j: (min(max(i - 1, 0), 3), min(max(j - 1, 0), 2))),
    "on a diagonal": ((3, 2), constants() + "%r = arith.addi %i, %j : index\n"
                      "%c = arith.addi %j, %j : index", lambda i, j: (i + j, 2 * j)),
}


def differentiate(program: Program, loss: str) -> native.Module:
    """The gradient function, which adds up by inserting element by element."""
    module = native.Module.parse(program.text(loss))
    module.run("builtin.module(prune-differentiate)")
    assert "tensor.insert" in str(module)
    return module


def read(program: Program, table: str, name: str, factor: str | None = None) -> str:
    shape, places, _ = PLACES[name]
    end = "%y = arith.addf %x, %x : f64" if factor is None else "%y = arith.mulf %x, %in0 : f64"
    body = f"{LOOPS}{places}\n%x = tensor.extract {table}[%r, %c] : {TABLE}\n{end}"
    inputs = [] if factor is None else [factor]
    return program.generic(inputs, [dims(2)] * (len(inputs) + 1), ["parallel"] * 2, shape, body)


@pytest.mark.parametrize("name", PLACES)
def test_read_at_computed_places(name: str) -> None:
    program = Program()
    table = program.parameter(random((ROWS, COLUMNS), 1))
    factor = program.parameter(random(PLACES[name][0], 2))
    loss = program.weighted_sum(read(program, table, name, factor))
    differentiate(program, loss)
    check_gradients(program, loss)


@pytest.mark.parametrize("name", PLACES)
def test_adjoint_adds_up_where_it_was_read(name: str) -> None:
    """The gradient of a linear read is numpy's sum at the places, to the last bit or so."""
    shape, _, place = PLACES[name]
    program = Program()
    table = program.parameter(random((ROWS, COLUMNS), 1))
    loss = program.weighted_sum(read(program, table, name))
    weights = program.values[-1]
    expected = np.zeros((ROWS, COLUMNS))
    for i, j in np.ndindex(shape):
        expected[place(i, j)] += 2.0 * weights[i, j]
    module = differentiate(program, loss)
    for options in ({"reference": True}, {"threads": 1}, {"threads": 2}):
        gradient = module.compile(**options)("loss", *program.values)[1]
        np.testing.assert_allclose(gradient, expected, rtol=1e-14, atol=0, err_msg=str(options))


def test_rows_by_index() -> None:
    """An embedding: rows that several tokens read add up, others have no gradient."""
    program = Program()
    table = program.parameter(random((ROWS, COLUMNS), 1))
    tokens = program.argument(
        np.array([3, 0, 3, 3, 1], np.int64), trainable=False, spelling="tensor<5xi64>")
    body = (f"{LOOPS}%t = tensor.extract {tokens}[%i] : tensor<5xi64>\n"
            f"%r = arith.index_cast %t : i64 to index\n"
            f"%x = tensor.extract {table}[%r, %j] : {TABLE}\n%y = math.tanh %x : f64")
    value = program.generic([], [dims(2)], ["parallel"] * 2, (5, COLUMNS), body)
    loss = program.weighted_sum(value)
    differentiate(program, loss)
    check_gradients(program, loss)


def test_two_reads_of_one_tensor() -> None:
    program = Program()
    table = program.parameter(random((ROWS, COLUMNS), 1))
    body = (f"{LOOPS}{constants(last=3, first=0)}%r = arith.subi %last, %i : index\n"
            f"%a = tensor.extract {table}[%r, %j] : {TABLE}\n"
            f"%b = tensor.extract {table}[%first, %j] : {TABLE}\n%y = arith.mulf %a, %b : f64")
    value = program.generic([], [dims(2)], ["parallel"] * 2, (ROWS, COLUMNS), body)
    check_gradients(program, program.weighted_sum(value))


def test_reads_of_two_tensors() -> None:
    """A weighted mean of neighbors, as resampling writes it, and the weights beside it."""
    program = Program()
    table = program.parameter(random((ROWS, COLUMNS), 1))
    shares = program.parameter(random((2,), 2, 0.2, 0.8))
    body = (f"{LOOPS}{constants(two=2, one=1, high=3)}%r = arith.divui %i, %two : index\n"
            f"%k = arith.remui %i, %two : index\n%n = arith.addi %r, %one : index\n"
            f"%next = arith.minsi %n, %high : index\n"
            f"%a = tensor.extract {table}[%r, %j] : {TABLE}\n"
            f"%b = tensor.extract {table}[%next, %j] : {TABLE}\n"
            f"%s = tensor.extract {shares}[%k] : {tensor((2,))}\n"
            "%d = arith.subf %b, %a : f64\n%m = arith.mulf %d, %s : f64\n"
            "%y = arith.addf %a, %m : f64")
    value = program.generic([], [dims(2)], ["parallel"] * 2, (2 * ROWS, COLUMNS), body)
    check_gradients(program, program.weighted_sum(value))


def test_sum_over_places() -> None:
    """The last loop adds up what it reads: a window of rows that wraps around."""
    program = Program()
    table = program.parameter(random((ROWS, COLUMNS), 1))
    factor = program.parameter(random((2,), 2))
    body = (f"{LOOPS}%k = linalg.index 2 : index\n{constants(rows=4)}"
            "%n = arith.addi %i, %k : index\n%r = arith.remui %n, %rows : index\n"
            f"%x = tensor.extract {table}[%r, %j] : {TABLE}\n"
            "%p = arith.mulf %x, %in0 : f64\n%y = arith.addf %out, %p : f64")
    value = program.generic([factor], [dims(3, [2]), dims(3, [0, 1])],
                            ["parallel", "parallel", "reduction"], (ROWS, COLUMNS), body)
    check_gradients(program, program.weighted_sum(value))
