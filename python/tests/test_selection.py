# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Masks selected at run time against the evaluation on constants, and against sorting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import drawn
from mlir_prune import _native as native

Shape = tuple[int, ...]
LETTERS = {np.dtype(np.float32): "f32", np.dtype(bool): "i1"}


@dataclass(frozen=True)
class Granularity:
    """A granularity as option, as attribute, and as grid over a shape."""

    option: str
    text: str
    keep: tuple[int, ...] | None = None
    block: tuple[int, ...] | None = None

    def grid(self, shape: Shape) -> Shape:
        if self.block:
            return tuple(n // b for n, b in zip(shape, self.block, strict=True))
        return shape if self.keep is None else tuple(shape[axis] for axis in self.keep)


PLAIN = Granularity("unstructured", "unstructured")
ROWS = Granularity("channel:0", "channel, axis = 0", keep=(0,))
COLUMNS = Granularity("channel:1", "channel, axis = 1", keep=(1,))
BLOCKS = Granularity("block:2x4", "block, shape = [2, 4]", block=(2, 4))
VECTORS = Granularity("vector:1", "vector, axis = 1", keep=(0,))
PATTERN = Granularity("n_of_m:2:4:1", "n_of_m, shape = [2, 4], axis = 1")
FLAT = [PLAIN, ROWS, COLUMNS, BLOCKS, VECTORS, PATTERN]


def tensor(shape: Shape, element: str = "f32") -> str:
    return "tensor<" + "".join(f"{n}x" for n in shape) + element + ">"


def dense(value: np.ndarray) -> str:
    words = value.astype("<f4").tobytes()
    return f'dense<"0x{words.hex().upper()}">'


def score(index: int, shape: Shape, kind: Granularity) -> str:
    return (
        f"%s{index} = prune.score %w{index} criterion(<magnitude>) granularity(<{kind.text}>) : "
        f"{tensor(shape)} -> {tensor(kind.grid(shape))}"
    )


def at_run_time(
    weights: list[np.ndarray], kind: Granularity, sparsity: float, together: bool, is_operand: bool,
    selection: str = "sparsity", reference: bool = False,
) -> list[np.ndarray]:  # fmt: skip
    """Masks that a compiled function selects from its arguments."""
    arguments = [f"%w{i}: {tensor(w.shape)}" for i, w in enumerate(weights)]
    lines = [score(i, w.shape, kind) for i, w in enumerate(weights)]
    chosen = f"<{selection}>" if is_operand else f"<{selection}, {sparsity!r}>"
    value = "value %r : f32 " if is_operand else ""
    numbers = list(range(len(weights)))
    for group in [numbers] if together else [[i] for i in numbers]:
        masks = ", ".join(f"%m{i}" for i in group)
        scores = ", ".join(f"%s{i}" for i in group)
        ins = ", ".join(tensor(kind.grid(weights[i].shape)) for i in group)
        outs = ", ".join(tensor(weights[i].shape, "i1") for i in group)
        lines.append(
            f"{masks} = prune.select_mask {scores} selection({chosen}) {value}"
            f"granularity(<{kind.text}>) : ({ins}) -> ({outs})"
        )
    types = ", ".join(tensor(w.shape, "i1") for w in weights)
    results = ", ".join(f"%m{i}" for i in numbers)
    body = "\n".join(lines)
    text = (
        f"func.func @select({', '.join(arguments)}, %r: f32) -> ({types}) {{\n{body}\n"
        f"return {results} : {types}\n}}"
    )
    executable = native.Module.parse(text).compile(reference=reference)
    return [np.array(m) for m in executable("select", *weights, np.float32(sparsity))]


def on_constants(
    weights: list[np.ndarray], kind: Granularity, sparsity: float, together: bool, rule: str = "sparsity"
) -> list[np.ndarray]:
    """Masks of prune-select-masks; the weights must have no zeros."""
    lines, types = [], ", ".join(tensor(w.shape) for w in weights)
    for i, w in enumerate(weights):
        param = f'{{prune.param = #prune.param<"w{i}", weight>}}'
        lines.append(f"%w{i} = arith.constant {param} {dense(w)} : {tensor(w.shape)}")
        lines.append(score(i, w.shape, kind))
    results = ", ".join(f"%w{i}" for i in range(len(weights)))
    module = native.Module.parse(
        f"func.func @masked() -> ({types}) {{\n" + "\n".join(lines)
        + f"\nreturn {results} : {types}\n}}"
    )
    scope = "global" if together else "tensor"
    module.run(
        f"builtin.module(prune-select-masks{{{rule}={sparsity!r} scope={scope} allow-empty=true}},prune-fold-masks)")
    return [np.array(w) != 0 for w in module.compile(reference=True)("masked")]


def draw(shapes: list[Shape], ties: bool, seed: int) -> list[np.ndarray]:
    rng = drawn.rng(seed)
    weights = []
    for shape in shapes:
        values = rng.standard_normal(shape).astype(np.float32)
        if ties:
            values = np.sign(values) * rng.integers(1, 4, shape).astype(np.float32)
        weights.append(values)
    return weights


@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
@pytest.mark.parametrize("together", [False, True], ids=["tensor", "global"])
@pytest.mark.parametrize("kind", FLAT, ids=lambda kind: kind.option)
def test_sparsity_equals_constants(kind: Granularity, together: bool, ties: bool) -> None:
    weights = draw([(6, 8), (10, 4), (2, 12)], ties, seed=3)
    for sparsity in (0.0, 0.25, 0.6875, 1.0):
        expected = on_constants(weights, kind, sparsity, together)
        for is_operand in (False, True):
            found = at_run_time(weights, kind, sparsity, together, is_operand)
            for one, other in zip(found, expected, strict=True):
                assert one.dtype == bool
                np.testing.assert_array_equal(one, other, err_msg=f"sparsity {sparsity}")


@pytest.mark.parametrize("kind", [PLAIN, ROWS, PATTERN], ids=lambda kind: kind.option)
def test_threshold_equals_constants(kind: Granularity) -> None:
    weights = draw([(6, 8), (10, 4)], ties=True, seed=5)
    for threshold in (0.0, 1.0, 2.0, 9.0):
        expected = on_constants(weights, kind, threshold, False, rule="threshold")
        for is_operand in (False, True):
            found = at_run_time(weights, kind, threshold, False, is_operand, "threshold")
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_array_equal(one, other, err_msg=f"threshold {threshold}")


def test_kernels_of_filters() -> None:
    kernels = Granularity("filter_plane", "filter_plane", keep=(0, 1))
    weights = draw([(4, 3, 3, 3), (2, 4, 5, 5)], ties=True, seed=7)
    for sparsity in (0.3, 0.5, 0.9):
        expected = on_constants(weights, kernels, sparsity, True)
        found = at_run_time(weights, kernels, sparsity, True, False)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("reference", [False, True], ids=["compiled", "reference"])
def test_odd_numbers(reference: bool) -> None:
    """A NaN ranks as infinite, wherever masks are selected."""
    w = np.array([[np.nan, 1.0, -2.0, np.inf], [-1.0, np.nan, 3.0, -1.0]], np.float32)
    for sparsity in (0.125, 0.25, 0.5, 0.75, 0.875):
        expected = on_constants([w], PLAIN, sparsity, False)[0]
        found = at_run_time([w], PLAIN, sparsity, False, True, reference=reference)[0]
        np.testing.assert_array_equal(found, expected)
    pattern = at_run_time([w], PATTERN, 0.0, False, False, reference=reference)[0]
    np.testing.assert_array_equal(pattern, on_constants([w], PATTERN, 0.0, False)[0])
    kept = at_run_time([w], PLAIN, 2.0, False, True, "threshold", reference)[0]
    np.testing.assert_array_equal(kept, np.isnan(w) | (np.abs(w) > 2.0))


def test_sparsities_out_of_range_are_clamped() -> None:
    w = draw([(3, 4)], ties=False, seed=9)
    assert at_run_time(w, PLAIN, -0.5, False, True)[0].all()
    assert not at_run_time(w, PLAIN, 1.5, False, True)[0].any()
    assert at_run_time(w, PLAIN, float("nan"), False, True)[0].all()


def test_a_large_layer_equals_sorting() -> None:
    w = np.random.default_rng(1).standard_normal((300, 784)).astype(np.float32)
    order = np.argsort(np.abs(w), axis=None, kind="stable")
    for sparsity in (0.5, 0.9375):
        expected = np.ones(w.size, bool)
        expected[order[: round(sparsity * w.size)]] = False
        found = at_run_time([w], PLAIN, sparsity, False, True)[0]
        np.testing.assert_array_equal(found.ravel(), expected)
