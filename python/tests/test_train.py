# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The training driver, on its own and against numpy."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlir_prune.data import Dataset, Split
from mlir_prune.errors import TrainingError
from mlir_prune.models import ACTIVATIONS, Mlp
from mlir_prune.recipe import Phase
from mlir_prune.train import (
    Evaluator,
    TrainStep,
    draw_batches,
    fit,
    learning_rate,
    score_logits,
    steps_per_epoch,
)
from oracle import forward, hoyer_square_gradient, loss_and_gradients

MLP = Mlp((8, 12, 6, 4))


def split(rows: int) -> Split:
    inputs = np.arange(rows, dtype=np.float32)[:, None] * np.ones(3, np.float32)
    return Split(inputs, np.arange(rows, dtype=np.int32))


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 5))
def test_batches_are_a_permutation(rows: int, batch: int, seed: int) -> None:
    drawn = [(i.copy(), y.copy()) for i, y in draw_batches(split(rows), batch, (seed,))]
    assert len(drawn) == rows // batch
    seen = [int(label) for _, labels in drawn for label in labels]
    assert len(set(seen)) == len(seen)
    for inputs, labels in drawn:
        np.testing.assert_array_equal(inputs[:, 0], labels)
    again = [y.copy() for _, y in draw_batches(split(rows), batch, (seed,))]
    assert all(np.array_equal(a, b) for (_, a), b in zip(drawn, again, strict=True))


def test_a_batch_larger_than_the_set_is_refused() -> None:
    with pytest.raises(TrainingError, match="a batch of 5 needs as many rows, the set has 4"):
        steps_per_epoch(split(4), 5)


def test_schedules() -> None:
    rate = {
        name: [learning_rate(Phase(schedule=name, learning_rate=2.0), d) for d in (0, 0.5, 0.75)]
        for name in ("constant", "cosine", "step")
    }
    assert rate["constant"] == [2.0, 2.0, 2.0]
    assert rate["cosine"] == pytest.approx([2.0, 1.0, 1.0 + math.cos(0.75 * math.pi)])
    assert rate["step"] == pytest.approx([2.0, 0.2, 0.02])


def test_score_by_hand() -> None:
    logits = np.array([[0.0, 0.0], [1000.0, 0.0], [0.0, 1000.0]], np.float32)
    score = score_logits(logits, np.array([0, 0, 0]))
    assert score.accuracy == pytest.approx(200 / 3)  # the tie goes to class 0
    assert score.loss == pytest.approx((math.log(2) + 0 + 1000) / 3)


@given(st.sampled_from(ACTIVATIONS), st.integers(0, 50), st.sampled_from([0.0, 0.5]))
@settings(max_examples=10)
def test_one_sgd_step_matches_numpy(activation: str, seed: int, strength: float) -> None:
    mlp = Mlp((6, 5, 4), activation)
    rng = np.random.default_rng(seed)
    values = mlp.init(rng)
    x = rng.standard_normal((7, 6)).astype(np.float32)
    labels = rng.integers(0, 4, 7).astype(np.int32)
    phase = Phase(
        optimizer="sgd", momentum=0.9, weight_decay=0.01,
        regularizer="hoyer_square", strength=strength,
    )  # fmt: skip
    step = TrainStep(mlp, phase, batch=7)
    state = step.state(values, {})
    feed = {**state, "input": x, "labels": labels, "learning_rate": 0.1}
    if "strength" in step.inputs():
        feed["strength"] = strength
    step(feed)
    _, gradients = loss_and_gradients(mlp, values, x, labels)
    for name, gradient in gradients.items():
        if name.endswith("weight"):
            gradient = gradient + 0.01 * values[name]
            gradient += strength * hoyer_square_gradient(values[name])
        np.testing.assert_allclose(state[name], values[name] - 0.1 * gradient, rtol=2e-4, atol=2e-5)


def test_training_learns_and_repeats(blobs: Dataset) -> None:
    phase = Phase(epochs=5, learning_rate=1e-2)
    step, evaluator = TrainStep(MLP, phase, 16), Evaluator(MLP, 32)
    start = MLP.init(np.random.default_rng(0))
    first, history = fit(step, evaluator, start, blobs, phase, (1, 2))
    second, _ = fit(step, evaluator, start, blobs, phase, (1, 2))
    other, _ = fit(step, evaluator, start, blobs, phase, (1, 3))
    assert history.scores[history.kept].accuracy > 95.0
    assert history.losses[-1] < 0.5 * history.losses[0]
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)
    assert any(not np.array_equal(first[name], other[name]) for name in first)
    fresh = MLP.init(np.random.default_rng(0))
    assert all(np.array_equal(start[name], fresh[name]) for name in start), "start was changed"


def test_the_best_epoch_is_kept(blobs: Dataset) -> None:
    phase = Phase(epochs=6, learning_rate=0.05, schedule="constant")
    step, evaluator = TrainStep(MLP, phase, 16), Evaluator(MLP, 32)
    start = MLP.init(np.random.default_rng(0))
    values, history = fit(step, evaluator, start, blobs, phase, (1,))
    order = [(score.accuracy, -score.loss) for score in history.scores]
    assert history.kept == order.index(max(order))
    assert evaluator.score(values, blobs.validation) == history.scores[history.kept]
    _, last = fit(step, evaluator, start, blobs, dataclasses.replace(phase, keep="last"), (1,))
    assert last.kept == 5


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_masked_weights_stay_zero(blobs: Dataset, optimizer: str) -> None:
    rng = np.random.default_rng(0)
    phase = Phase(epochs=2, optimizer=optimizer, learning_rate=1e-2, weight_decay=1e-3)
    step, evaluator = TrainStep(MLP, phase, 16, masked=True), Evaluator(MLP, 32)
    values = MLP.init(rng)
    masks = {n: rng.random(v.shape) < 0.4 for n, v in values.items() if n.endswith("weight")}
    start = {n: np.where(masks[n], v, 0).astype(v.dtype) if n in masks else v
             for n, v in values.items()}  # fmt: skip
    trained, _ = fit(step, evaluator, start, blobs, phase, (1,), masks)
    for name, mask in masks.items():
        assert not trained[name][~mask].any()
        assert (trained[name] != start[name])[mask].mean() > 0.5


def test_divergence_names_step_and_parameter(blobs: Dataset) -> None:
    phase = Phase(epochs=3, optimizer="sgd", momentum=0.0, learning_rate=1e20, schedule="constant")
    step, evaluator = TrainStep(MLP, phase, 16), Evaluator(MLP, 32)
    start = MLP.init(np.random.default_rng(0))
    with pytest.raises(TrainingError, match=r"at step \d+ \(epoch 1\); parameter 'fc\d\.\w+'"):
        fit(step, evaluator, start, blobs, phase, (1,))


def test_evaluator_pads_the_last_batch(blobs: Dataset) -> None:
    values = MLP.init(np.random.default_rng(0))
    inputs = blobs.validation.inputs[:37]
    found = Evaluator(MLP, 16).logits(values, inputs)
    assert found.shape == (37, 4)
    np.testing.assert_allclose(found, forward(MLP, values, inputs), rtol=1e-4, atol=1e-4)
