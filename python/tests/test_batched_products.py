# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Contractions with dimensions of a batch, as those of attention, against numpy and the reference."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("mlir_prune._native", reason="the native module is not built")

from mlir_prune.native import parse  # noqa: E402

FORMS = {
    "heads": ("bhmk", "bhnk", "bhmn"), "values": ("bhmn", "bhnk", "bhmk"),
    "batch last": ("mkb", "knb", "mnb"), "shared keys": ("bhmk", "hnk", "bhmn"),
    "shared queries": ("mk", "bkn", "bmn"), "result transposed": ("bmk", "bkn", "bnm"),
    "batch in the middle": ("mbk", "nbk", "bmn"), "three": ("abcmk", "abcnk", "abcmn"),
}  # fmt: skip
"""Indices of both operands and of the result."""


def program(form: tuple[str, str, str], extents: dict[str, int], filled: bool) -> str:
    loops = list(dict.fromkeys(form[2] + form[0] + form[1]))
    maps = ", ".join(
        f"affine_map<({', '.join(loops)}) -> ({', '.join(dims)})>" for dims in form
    )
    kinds = ", ".join('"parallel"' if loop in form[2] else '"reduction"' for loop in loops)
    left, right, result = (
        f"tensor<{''.join(f'{extents[d]}x' for d in dims)}f32>" for dims in form
    )
    start = f"""
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : {result}
  %s = linalg.fill ins(%z : f32) outs(%e : {result}) -> {result}""" if filled else ""
    init = "%s" if filled else "%c"
    return f"""func.func @f(%a: {left} {{prune.input = "a"}}, %b: {right} {{prune.input = "b"}},
    %c: {result} {{prune.input = "c"}}) -> ({result} {{prune.output = "y"}}) {{{start}
  %r = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{kinds}]}}
      ins(%a, %b : {left}, {right}) outs({init} : {result}) {{
  ^bb0(%x: f32, %w: f32, %acc: f32):
    %m = arith.mulf %x, %w : f32
    %sum = arith.addf %acc, %m : f32
    linalg.yield %sum : f32
  }} -> {result}
  return %r : {result}
}}"""


@pytest.mark.parametrize("filled", [True, False], ids=["zeros", "accumulated"])
@pytest.mark.parametrize("name", FORMS)
def test_products(name: str, filled: bool) -> None:
    form = FORMS[name]
    rng = np.random.default_rng(sorted(FORMS).index(name))
    for least in (2, 17):
        extents = {d: int(rng.integers(1, 4)) for d in "abch"}
        extents |= {d: int(rng.integers(least, least + 9)) for d in "mnk"}
        a, b, c = (
            rng.standard_normal([extents[d] for d in dims]).astype(np.float32) for dims in form
        )
        expected = np.einsum(f"{form[0]},{form[1]}->{form[2]}", a, b, dtype=np.float64)
        expected = expected if filled else expected + c
        text = program(form, extents, filled)
        (reference,) = parse(text).compile(reference=True)("f", a, b, c)
        (one,) = parse(text).compile(threads=1)("f", a, b, c)
        (two,) = parse(text).compile(threads=2)("f", a, b, c)
        largest = np.abs(expected).max()
        for found in (reference, one):
            np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-5 * largest)
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("empty", ["b", "m", "k"])
def test_nothing_to_multiply(empty: str) -> None:
    form, extents = FORMS["shared queries"], {"b": 2, "m": 20, "n": 20, "k": 20} | {empty: 0}
    a, b, c = (np.ones([extents[d] for d in dims], np.float32) for dims in form)
    (found,) = parse(program(form, extents, True)).compile()("f", a, b, c)
    np.testing.assert_array_equal(found, np.zeros_like(c))
