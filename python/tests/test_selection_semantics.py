# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One meaning of a selection: on constants, in reference execution and in compiled code.

Weights and evidence are small whole numbers, so that scores are exact in every precision and
ties are frequent. Extents are drawn so that groups often do not divide them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import drawn
from mlir_prune import _native as native
from test_criteria import CRITERIA, MAY_BE_NEGATIVE, dense, tensor

Shape = tuple[int, ...]
NAMES = [name for name in CRITERIA if name != "magnitude, p = 3.0"]
KINDS = ("unstructured", "n_of_m", "block", "vector", "vector_piece", "filter_plane", "channel", "channels")


@dataclass(frozen=True)
class Drawn:
    """A granularity as an attribute, and the extents of its groups: 0 where one has all."""

    text: str
    steps: Shape

    def grid(self, shape: Shape) -> Shape:
        return tuple(-(-n // step) for n, step in zip(shape, self.steps, strict=True) if step)


def draw_granularity(kind: str, rank: int, rng: np.random.Generator) -> Drawn:
    axis, size = int(rng.integers(rank)), int(rng.integers(1, 5))
    ones = [1] * rank
    if kind == "n_of_m":
        return Drawn(f"n_of_m, shape = [{size}, {size + int(rng.integers(1, 4))}], axis = {axis}", tuple(ones))
    if kind == "block":
        steps = tuple(int(n) for n in rng.integers(1, 5, rank))
        return Drawn(f"block, shape = {list(steps)}", steps)
    if kind == "filter_plane":
        return Drawn(kind, (1, 1, 0, 0))
    if kind.startswith("vector"):
        ones[axis] = size if kind == "vector_piece" else 0
        return Drawn(f"vector{f', shape = [{size}]' if ones[axis] else ''}, axis = {axis}", tuple(ones))
    if kind.startswith("channel"):
        zeros = [0] * rank
        zeros[axis] = size if kind == "channels" else 1
        return Drawn(f"channel{f', shape = [{size}]' if kind == 'channels' else ''}, axis = {axis}", tuple(zeros))
    return Drawn("unstructured", tuple(ones))


def draw_weights(kind: str, name: str, rank: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    found = []
    for _ in range(2):
        shape = tuple(int(n) for n in rng.integers(1, 8, rank))
        w = rng.integers(1, 5, shape).astype(np.float32) * rng.choice([-1, 1], shape).astype(np.float32)
        wide = tuple(n if rng.random() < 0.6 else 1 for n in shape)
        e = (2.0 ** rng.integers(-3, 1, wide)).astype(np.float32)
        if CRITERIA[name].evidence in MAY_BE_NEGATIVE:
            e *= rng.choice([-1, 1], wide).astype(np.float32)
        found.append((w, e))
    return found


def scores(name: str, kind: Drawn, weights: list[tuple[np.ndarray, np.ndarray]]) -> list[str]:
    lines = []
    for i, (w, e) in enumerate(weights):
        given = f", %e{i}" if CRITERIA[name].evidence else ""
        types = tensor(w.shape) + (f", {tensor(e.shape)}" if given else "")
        lines.append(
            f"%s{i} = prune.score %w{i}{given} criterion(<{name}>) granularity(<{kind.text}>) : "
            f"{types} -> {tensor(kind.grid(w.shape))}"
        )
    return lines


def at_run_time(
    name: str, kind: Drawn, weights: list[tuple[np.ndarray, np.ndarray]], rule: str, number: float, together: bool
) -> list[list[np.ndarray]]:  # fmt: skip
    """Masks of the compiled function and of the reference execution."""
    lines, numbers = scores(name, kind, weights), list(range(len(weights)))
    for group in [numbers] if together else [[i] for i in numbers]:
        lines.append(
            ", ".join(f"%m{i}" for i in group) + " = prune.select_mask " + ", ".join(f"%s{i}" for i in group)
            + f" selection(<{rule}, {number!r}>) granularity(<{kind.text}>) : ("
            + ", ".join(tensor(kind.grid(weights[i][0].shape)) for i in group) + ") -> ("
            + ", ".join(tensor(weights[i][0].shape, "i1") for i in group) + ")"
        )  # fmt: skip
    arguments = ", ".join(f"%w{i}: {tensor(w.shape)}, %e{i}: {tensor(e.shape)}" for i, (w, e) in enumerate(weights))
    types = ", ".join(tensor(w.shape, "i1") for w, _ in weights)
    body = "\n".join(lines)
    text = (
        f"func.func @select({arguments}) -> ({types}) {{\n{body}\n"
        f"return {', '.join(f'%m{i}' for i in numbers)} : {types}\n}}"
    )
    module = native.Module.parse(text)
    given = [array for pair in weights for array in pair]
    return [[np.array(m) for m in module.compile(reference=path)("select", *given)] for path in (False, True)]


def on_constants(
    name: str, kind: Drawn, weights: list[tuple[np.ndarray, np.ndarray]], rule: str, number: float, together: bool
) -> list[np.ndarray]:  # fmt: skip
    lines = []
    for i, (w, e) in enumerate(weights):
        param = f'{{prune.param = #prune.param<"w{i}", weight>}}'
        lines += [f"%w{i} = arith.constant {param} {dense(w)}", f"%e{i} = arith.constant {dense(e)}"]
    types = ", ".join(tensor(w.shape) for w, _ in weights)
    body = "\n".join(lines + scores(name, kind, weights))
    text = (
        f"func.func @masked() -> ({types}) {{\n{body}\n"
        f"return {', '.join(f'%w{i}' for i in range(len(weights)))} : {types}\n}}"
    )
    module = native.Module.parse(text)
    scope = "global" if together else "tensor"
    module.run(
        f"builtin.module(prune-select-masks{{{rule}={number!r} scope={scope} allow-empty=true}},prune-fold-masks)"
    )
    return [np.array(w) != 0 for w in module.compile(reference=True)("masked")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_constants_reference_and_compiled_agree(name: str, kind: str) -> None:
    rng = drawn.rng(1000 * NAMES.index(name) + KINDS.index(kind))
    rank = 4 if kind == "filter_plane" else int(rng.integers(1, 4))
    granularity = draw_granularity(kind, rank, rng)
    weights = draw_weights(kind, name, rank, rng)
    cases = [("sparsity", float(rng.integers(0, 9)) / 8, True), ("sparsity", float(rng.random()), False)]
    cases.append(("threshold", float(rng.integers(0, 5)), False))
    for rule, number, together in cases:
        expected = on_constants(name, granularity, weights, rule, number, together)
        for path, found in zip(("compiled", "reference"),
                               at_run_time(name, granularity, weights, rule, number, together), strict=True):  # fmt: skip
            for mask, other in zip(found, expected, strict=True):
                np.testing.assert_array_equal(mask, other, err_msg=f"{path}: {granularity.text}, {rule} {number}")


@pytest.mark.parametrize("reference", [False, True], ids=["compiled", "reference"])
def test_edges_are_smaller_groups(reference: bool) -> None:
    """Five columns in blocks of four: the last one is a block of its own and counts as one column."""
    w = np.array([[1, 1, 1, 1, 3], [2, 2, 2, 2, 9]], np.float32)
    e = np.ones((1, 1), np.float32)
    block = Drawn("block, shape = [1, 4]", (1, 4))
    # Scores 4 3 8 9: the block of one column goes first, then a block of four.
    expected = np.array([[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]], bool)
    found = at_run_time("magnitude", block, [(w, e)], "sparsity", 0.1, False)[reference]
    np.testing.assert_array_equal(found[0], expected)
    # The last group of a pattern keeps as many as any other.
    pattern = Drawn("n_of_m, shape = [1, 2], axis = 1", (1, 1))
    found = at_run_time("magnitude", pattern, [(w, e)], "keep_all", 0.0, False)[reference]
    np.testing.assert_array_equal(found[0], np.array([[0, 1, 0, 1, 1], [0, 1, 0, 1, 1]], bool))
