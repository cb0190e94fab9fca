# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Schedules against their closed forms."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_prune.recipe.modifiers import Gradual, Rate, Rigl, Strength
from mlir_prune.training.schedule import (
    cubic_sparsity,
    exchange_share,
    gradual_end,
    is_due,
    learning_rate,
    strength,
)


def rates(rate: Rate, steps: tuple[int, ...]) -> list[float]:
    return [learning_rate(rate, step, 10, 100) for step in steps]


def test_constant_step_cosine_and_line() -> None:
    assert rates(Rate(2.0), (0, 50, 99)) == [2.0] * 3
    assert rates(Rate(2.0, "step"), (0, 49, 50, 75)) == pytest.approx([2.0, 2.0, 0.2, 0.02])
    given = Rate(2.0, "step", milestones=(1.0, 3.0), factor=0.5)
    assert rates(given, (9, 10, 29, 30)) == [2.0, 1.0, 1.0, 0.5]
    cosine = rates(Rate(2.0, "cosine", final=1.0), (0, 50, 75))
    assert cosine == pytest.approx([2.0, 1.5, 1.0 + 0.5 * (1 + math.cos(0.75 * math.pi))])
    assert rates(Rate(2.0, "linear", final=1.0), (0, 50, 75)) == pytest.approx([2.0, 1.5, 1.25])


def test_warm_up_rises_to_the_full_rate() -> None:
    rate = Rate(1.0, "linear", warmup=2.0)
    assert rates(rate, (0, 9, 19, 20)) == pytest.approx([0.05, 0.5, 1.0, 1.0])
    assert rates(rate, (60,)) == pytest.approx([0.5])


@given(st.integers(0, 99), st.sampled_from(["constant", "step", "cosine", "linear"]),
       st.floats(0, 9))  # fmt: skip
def test_a_rate_stays_between_zero_and_its_value(step: int, name: str, warmup: float) -> None:
    found = learning_rate(Rate(0.3, name, warmup=warmup), step, 10, 100)
    assert 0.0 < found <= 0.3 * (1 + 1e-12)


def test_strength_ramps_within_its_window() -> None:
    ramp = Strength(1.0, "linear", initial=0.2, ramp=4.0)
    values = [strength(ramp, 2.0, 8.0, epoch, 10.0) for epoch in (0, 1.9, 2, 4, 6, 7.9, 8)]
    assert values == pytest.approx([0.0, 0.0, 0.2, 0.6, 1.0, 1.0, 0.0])
    whole = Strength(1.0, "linear")
    assert strength(whole, 0.0, None, 5.0, 10.0) == pytest.approx(0.5)
    stepped = Strength(1.0, "step", milestones=(3.0,), factor=0.5)
    assert [strength(stepped, 1.0, None, e, 10.0) for e in (3.9, 4.0)] == [1.0, 0.5]


def test_cubic_schedule_of_zhu_and_gupta() -> None:
    gradual = Gradual(final=0.9, initial=0.1, start=1.0, end=5.0)
    values = [cubic_sparsity(gradual, step, 10, 100) for step in (9, 10, 30, 50, 80)]
    assert values == pytest.approx([0.0, 0.1, 0.9 - 0.8 * 0.125, 0.9, 0.9])
    steps = [cubic_sparsity(gradual, step, 10, 100) for step in range(100)]
    assert steps == sorted(steps)


def test_exchange_share_falls_as_a_cosine() -> None:
    rigl = Rigl(sparsity=0.9, fraction=0.4, end=4.0)
    values = [exchange_share(rigl, step, 10, 100) for step in (0, 20, 40)]
    assert values == pytest.approx([0.4, 0.2, 0.0])
    assert gradual_end(None, 10, 100) == 75.0
    assert gradual_end(50.0, 10, 100) == 100


def test_selections_come_at_their_distance_and_at_the_end() -> None:
    due = [step for step in range(60) if is_due(step, 10, 47.5, 10)]
    assert due == [10, 20, 30, 40, 48]
