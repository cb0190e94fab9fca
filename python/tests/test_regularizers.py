# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Penalties and their gradients against their closed forms (METHODS 2.1)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_prune.native import parse

KINDS = ("l1", "l2", "hoyer", "hoyer_square", "transformed_l1")
GROUP_KINDS = ("group_lasso", "group_hoyer_square")
# Axes that stay for each group of a granularity, by rank.
GROUPS = {
    "channel, axis = 0": (0,),
    "channel, axis = 1": (1,),
    "filter_plane": (0, 1),
    "vector, axis = 1": (0,),
}
STRENGTH = 0.3


def squares_of_groups(w: np.ndarray, kept: tuple[int, ...]) -> np.ndarray:
    """Squared norm of the group of each element, in the shape of the weight."""
    axes = tuple(axis for axis in range(w.ndim) if axis not in kept)
    return np.broadcast_to((w * w).sum(axis=axes, keepdims=True), w.shape)


def closed_form(kind: str, w: np.ndarray, kept: tuple[int, ...] = ()) -> tuple[float, np.ndarray]:
    """Penalty and gradient without their strength."""
    s, q, sign = np.abs(w).sum(), (w * w).sum(), np.sign(w)
    if kind == "l1":
        return s, sign
    if kind == "l2":
        return q, 2.0 * w
    if kind == "transformed_l1":
        return (2.0 * np.abs(w) / (1.0 + np.abs(w))).sum(), 2.0 * sign / (1.0 + np.abs(w)) ** 2
    if q == 0.0:
        return 0.0, np.zeros_like(w)
    if kind == "hoyer":
        return s / np.sqrt(q), sign / np.sqrt(q) - s * w / q**1.5
    if kind == "hoyer_square":
        return s * s / q, 2.0 * sign * (s / q**2) * (q - np.abs(w) * s)
    norms = np.sqrt(squares_of_groups(w, kept))
    axes = tuple(axis for axis in range(w.ndim) if axis not in kept)
    total = np.sqrt((w * w).sum(axis=axes)).sum()
    task = np.divide(w, norms, out=np.zeros_like(w), where=norms > 0)
    if kind == "group_lasso":
        return total, task
    assert kind == "group_hoyer_square"
    return total * total / q, 2.0 * task * (total / q**2) * (q - total * norms)


_compiled: dict[tuple[Any, ...], Any] = {}


def evaluate(kind: str, w: np.ndarray, groups: str = "", reference: bool = False,
             dtype: str = "f64") -> tuple[float, np.ndarray]:  # fmt: skip
    """Penalty and gradient as compiled code computes them."""
    key = (kind, w.shape, groups, reference, dtype)
    if key not in _compiled:
        tensor = f"tensor<{'x'.join(map(str, w.shape))}x{dtype}>"
        granularity = f"granularity(<{groups}>)" if groups else ""
        text = f"""
func.func @f(%w: {tensor}, %s: {dtype}) -> (tensor<{dtype}>, {tensor}) {{
  %p = prune.regularize {kind} %w, %s {granularity} : {tensor}
  %g = prune.regularize_gradient {kind} %w, %s {granularity} : {tensor}
  return %p, %g : tensor<{dtype}>, {tensor}
}}
"""
        _compiled[key] = parse(text).compile(reference=reference)
    scalar = np.array(STRENGTH, np.float64 if dtype == "f64" else np.float32)
    penalty, gradient = _compiled[key]("f", w, scalar)
    return float(np.array(penalty)), np.array(gradient)


def cases() -> list[Any]:
    found = [pytest.param(kind, (6, 9), "", id=kind) for kind in KINDS]
    for kind in GROUP_KINDS:
        for groups, kept in GROUPS.items():
            shapes = [(6, 9), (5, 4, 3, 3)] if groups != "filter_plane" else [(5, 4, 3, 3)]
            if groups.startswith("vector"):
                shapes = [(6, 9)]
            for shape in shapes:
                found.append(pytest.param(kind, shape, groups, id=f"{kind}-{groups}-{len(shape)}"))
            assert kept
    return found


def draw(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("kind, shape, groups", cases())
@given(seed=st.integers(0, 1000))
def test_closed_form(kind: str, shape: tuple[int, ...], groups: str, seed: int) -> None:
    w = draw(shape, seed)
    w[0, 1] = 0.0
    value, slope = closed_form(kind, w, GROUPS.get(groups, ()))
    for reference in (False, True):
        penalty, gradient = evaluate(kind, w, groups, reference)
        assert penalty == pytest.approx(STRENGTH * value, rel=1e-12)
        np.testing.assert_allclose(gradient, STRENGTH * slope, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind, shape, groups", cases())
def test_central_differences(kind: str, shape: tuple[int, ...], groups: str) -> None:
    w = draw(shape, 5)
    _, gradient = evaluate(kind, w, groups)
    step = 1e-6
    for flat in range(0, w.size, max(w.size // 20, 1)):
        index = np.unravel_index(flat, shape)
        values = []
        for sign in (1.0, -1.0):
            moved = w.copy()
            moved[index] += sign * step
            values.append(evaluate(kind, moved, groups)[0])
        difference = (values[0] - values[1]) / (2.0 * step)
        assert gradient[index] == pytest.approx(difference, rel=1e-5, abs=1e-6)


def invariant_cases() -> list[Any]:
    return [case for case in cases() if case.values[0] in ("hoyer", "hoyer_square",
                                                           "group_hoyer_square")]  # fmt: skip


@pytest.mark.parametrize("kind, shape, groups", invariant_cases())
@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3))
def test_scale_does_not_matter(kind: str, shape: tuple[int, ...], groups: str, seed: int,
                               scale: float) -> None:  # fmt: skip
    """H(cw) = H(w), hence the gradient is orthogonal to the weight (Euler)."""
    w = draw(shape, seed)
    penalty, gradient = evaluate(kind, w, groups)
    assert evaluate(kind, scale * w, groups)[0] == pytest.approx(penalty, rel=1e-12)
    size = np.linalg.norm(gradient) * np.linalg.norm(w)
    assert size > 0.0
    assert abs((gradient * w).sum()) <= 1e-12 * size


@pytest.mark.parametrize("left", [1, 4, 9])
@pytest.mark.parametrize("kind, shape, groups", invariant_cases())
def test_equal_kept_weights_are_counted(kind: str, shape: tuple[int, ...], groups: str,
                                     left: int) -> None:  # fmt: skip
    """n elements, or groups, of one magnitude have H_S = n."""
    w = np.zeros(shape)
    kept = GROUPS.get(groups, tuple(range(len(shape))))
    extents = [shape[axis] for axis in kept]
    left = min(left, int(np.prod(extents)))
    for flat in range(left):
        index: list[Any] = [0] * len(shape)
        for axis, position in zip(kept, np.unravel_index(flat, extents), strict=True):
            index[axis] = position
        w[tuple(index)] = 0.7 * (-1.0) ** flat
    penalty, gradient = evaluate(kind, w, groups)
    expected = np.sqrt(left) if kind == "hoyer" else left
    assert penalty == pytest.approx(STRENGTH * expected, rel=1e-12)
    # At equal magnitudes the gradient vanishes, and zeros stay zeros.
    np.testing.assert_allclose(gradient, 0.0, atol=1e-12)


@pytest.mark.parametrize("kind, shape, groups", cases())
def test_tensors_of_zeros_are_skipped(kind: str, shape: tuple[int, ...], groups: str) -> None:
    penalty, gradient = evaluate(kind, np.zeros(shape), groups)
    assert penalty == 0.0
    assert not gradient.any()
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("kind", GROUP_KINDS)
def test_groups_of_zeros_are_skipped(kind: str) -> None:
    w = draw((6, 9), 1)
    w[2] = 0.0
    _, gradient = evaluate(kind, w, "channel, axis = 0")
    assert np.isfinite(gradient).all()
    assert not gradient[2].any()
    assert gradient[1].any()


@pytest.mark.parametrize("kind", ("hoyer_square", *GROUP_KINDS))
def test_large_weights_in_single_precision(kind: str) -> None:
    """Shapes that take the vectorized paths."""
    w = draw((300, 784), 2).astype(np.float32)
    groups = "channel, axis = 1" if kind in GROUP_KINDS else ""
    value, slope = closed_form(kind, w.astype(np.float64), (1,))
    penalty, gradient = evaluate(kind, w, groups, dtype="f32")
    assert penalty == pytest.approx(STRENGTH * value, rel=1e-5)
    scale = np.abs(slope).max() * STRENGTH
    assert np.abs(gradient - STRENGTH * slope).max() <= 1e-5 * scale


def test_output_and_input_groups_together() -> None:
    """The structural penalty of DeepHoyer: one Group-HS per axis, on each weight."""
    text = """
func.func @loss(%w: tensor<5x4x3x3xf64> {prune.param = #prune.param<"conv", weight>},
    %b: tensor<5xf64> {prune.param = #prune.param<"bias", weight>})
    -> (tensor<f64> {prune.output = "loss"}) {
  %zero = arith.constant dense<0.0> : tensor<f64>
  return %zero : tensor<f64>
}
"""
    module = parse(text)
    module.run("builtin.module(prune-differentiate,prune-insert-regularizers{"
               "kind=group_hoyer_square granularity=channel:0,channel:1 strength=0.3},cse)")
    w, b = draw((5, 4, 3, 3), 3), draw((5,), 4)
    loss, dw, db, penalty = (np.array(x) for x in module.compile()("loss", w, b))
    rows, columns = (closed_form("group_hoyer_square", w, (axis,)) for axis in (0, 1))
    single = closed_form("group_hoyer_square", b, (0,))
    total = STRENGTH * (rows[0] + columns[0] + single[0])
    assert float(loss) == pytest.approx(total, rel=1e-12)
    assert float(penalty) == pytest.approx(total, rel=1e-12)
    np.testing.assert_allclose(dw, STRENGTH * (rows[1] + columns[1]), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(db, STRENGTH * single[1], rtol=1e-10, atol=1e-12)
