# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions that move masks between training steps, against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import drawn
from mlir_prune.models import Mlp
from mlir_prune.native import parse
from oracle import forward, loss_and_gradients

Values = dict[str, np.ndarray]
MLP = Mlp((8, 6, 5, 4))
WEIGHTS = ("fc1.weight", "fc2.weight", "fc3.weight")
STATE = ("velocity", "moment1", "moment2")


class Program:
    """A compiled module and the arguments of each of its functions."""

    def __init__(self, pipeline: str, mlp: Mlp = MLP, batch: int = 12) -> None:
        module = parse(mlp.text(batch))
        module.run(f"builtin.module({pipeline})")
        self.text = str(module)
        self.functions = {f.name: f for f in module.functions()}
        self.executable = module.compile()

    def arguments(self, function: str) -> dict[str, Any]:
        return {a.name: a for a in self.functions[function].arguments}

    def fresh(self, mlp: Mlp, rng: np.random.Generator, kept: float = 0.7) -> Values:
        """State of all functions: masked weights and moments are zero."""
        state = {k: v.astype(np.float32) for k, v in mlp.init(rng).items()}
        for function in self.functions:
            for name, a in self.arguments(function).items():
                if name.startswith("mask:"):
                    state[name] = rng.random(a.shape) < kept
                elif name.startswith(("velocity:", "moment1:", "moment2:")):
                    state[name] = rng.random(a.shape).astype(np.float32)
        state["step"] = np.array(3, np.int64)
        for name in list(state):
            mask = state.get(f"mask:{name.split(':')[-1]}")
            if mask is not None and not name.startswith("mask:"):
                state[name] = state[name] * mask
        return state

    def __call__(self, function: str, state: Values, **inputs: Any) -> Any:
        known = self.arguments(function)
        feed = {k: v for k, v in {**state, **inputs}.items() if k in known}
        return self.executable.call(function, feed)


def prune_smallest(scores: np.ndarray, sparsity: float) -> np.ndarray:
    """The definition: a stable sort, and halves rounded up."""
    kept = np.ones(scores.size, bool)
    count = int(sparsity * scores.size + 0.5)
    kept[np.argsort(scores, axis=None, kind="stable")[:count]] = False
    return kept.reshape(scores.shape)


def batch(rng: np.random.Generator, rows: int = 12) -> Values:
    x = rng.standard_normal((rows, 8)).astype(np.float32)
    return {"input": x, "labels": rng.integers(0, 4, rows).astype(np.int32)}


@pytest.mark.parametrize("optimizer", ["sgd", "sgd momentum=0.9", "adam"])
@pytest.mark.parametrize("sparsity", [0.0, 0.5, 0.8, 1.0])
def test_magnitude_prunes_further(optimizer: str, sparsity: float) -> None:
    program = Program(
        f"prune-train-pipeline{{optimizer={optimizer} mask=true}},prune-build-mask-step")
    state = program.fresh(MLP, drawn.rng(3))
    before = {k: v.copy() for k, v in state.items()}
    program("mask_step", state, sparsity=sparsity)
    for name in WEIGHTS:
        old, mask = before[f"mask:{name}"], state[f"mask:{name}"]
        scores = np.where(old, np.abs(before[name]), -1.0)
        np.testing.assert_array_equal(mask, prune_smallest(scores, sparsity) & old)
        for key in (name, *(f"{kind}:{name}" for kind in STATE)):
            if key in state:
                np.testing.assert_array_equal(state[key], before[key] * mask, err_msg=key)
    for key in ("fc1.bias", "step"):
        np.testing.assert_array_equal(state[key], before[key])


def test_global_scope_ranks_all_weights_together() -> None:
    program = Program("prune-train-pipeline{mask=true},prune-build-mask-step{scope=global}")
    state = program.fresh(MLP, drawn.rng(4), kept=1.0)
    before = {k: v.copy() for k, v in state.items()}
    program("mask_step", state, sparsity=0.6)
    everything = np.concatenate([np.abs(before[n]).ravel() for n in WEIGHTS])
    found = np.concatenate([state[f"mask:{n}"].ravel() for n in WEIGHTS])
    np.testing.assert_array_equal(found, prune_smallest(everything, 0.6))


def test_factors_of_single_parameters() -> None:
    program = Program(
        "prune-train-pipeline{mask=true},"
        "prune-build-mask-step{sparsities=fc1.*:0.5,fc2.*:0.875 ignore=fc3.*}"
    )
    assert "mask:fc3.weight" not in program.arguments("mask_step")
    state = program.fresh(MLP, drawn.rng(5), kept=1.0)
    before = {k: v.copy() for k, v in state.items()}
    program("mask_step", state, sparsity=0.5)
    for name, share in (("fc1.weight", 0.25), ("fc2.weight", 0.4375)):
        expected = prune_smallest(np.abs(before[name]), share)
        np.testing.assert_array_equal(state[f"mask:{name}"], expected)
    np.testing.assert_array_equal(state["mask:fc3.weight"], before["mask:fc3.weight"])


def test_neurons_are_pruned_whole() -> None:
    program = Program(
        "prune-train-pipeline{mask=true},prune-build-mask-step{granularity=channel:0}")
    state = program.fresh(MLP, drawn.rng(6), kept=1.0)
    state["mask:fc1.weight"][2] = False
    state["fc1.weight"][2] = 0.0
    before = {k: v.copy() for k, v in state.items()}
    program("mask_step", state, sparsity=0.5)
    scores = np.abs(before["fc1.weight"]).sum(axis=1)
    scores[2] = -1.0
    expected = np.repeat(prune_smallest(scores, 0.5)[:, None], 8, axis=1)
    np.testing.assert_array_equal(state["mask:fc1.weight"], expected)


def test_patterns_need_no_sparsity() -> None:
    program = Program(
        "prune-train-pipeline{mask=true mask-parameters=fc1.*},"
        "prune-build-mask-step{granularity=n_of_m:2:4:1}"
    )
    assert "sparsity" not in program.arguments("mask_step")
    state = program.fresh(MLP, drawn.rng(7), kept=1.0)
    program("mask_step", state)
    groups = state["mask:fc1.weight"].reshape(6, 2, 4)
    assert (groups.sum(axis=2) == 2).all()


KEEPING = (
    "prune-insert-straight-through-masks{state=true mask-gradient=true},"
    "prune-train-pipeline{optimizer=adam},prune-build-mask-step{keep-values=true}"
)


def test_kept_values_come_back() -> None:
    """Pruned weights stand still with their moments, and return as they were."""
    program = Program(KEEPING)
    rng = drawn.rng(8)
    state = {k: v.astype(np.float32) for k, v in MLP.init(rng).items()}
    for name, a in program.arguments("train_step").items():
        if name.startswith("moment"):
            state[name] = rng.random(a.shape).astype(np.float32)
    state["step"] = np.array(3, np.int64)
    for name in WEIGHTS:
        state[f"mask:{name}"] = np.ones_like(state[name], dtype=bool)
    program("mask_step", state, sparsity=0.5)
    before = {k: v.copy() for k, v in state.items()}
    for name in WEIGHTS:
        expected = prune_smallest(np.abs(before[name]), 0.5)
        np.testing.assert_array_equal(state[f"mask:{name}"], expected)

    data = batch(rng)
    masked = {k: v * before.get(f"mask:{k}", True) for k, v in before.items()}
    loss, gradients = loss_and_gradients(MLP, masked, data["input"], data["labels"])
    found = program("train_step", state, **data, learning_rate=0.1)["loss"]
    np.testing.assert_allclose(found, loss, rtol=1e-6)
    for name in WEIGHTS:
        mask = before[f"mask:{name}"]
        for key in (name, f"moment1:{name}", f"moment2:{name}"):
            np.testing.assert_array_equal(state[key][~mask], before[key][~mask], err_msg=key)
        moment = 0.9 * before[f"moment1:{name}"] + 0.1 * gradients[name]
        np.testing.assert_allclose(
            state[f"moment1:{name}"][mask], moment[mask], rtol=2e-5, atol=1e-7)
        assert (state[name][mask] != before[name][mask]).all()
    program("mask_step", state, sparsity=0.0)
    for name in WEIGHTS:
        pruned = ~before[f"mask:{name}"]
        assert state[f"mask:{name}"].all()
        np.testing.assert_array_equal(state[name][pruned], before[name][pruned])


RIGL = (
    "prune-insert-loss{name=dense_loss},prune-differentiate{function=dense_loss},"
    "prune-train-pipeline{momentum=0.9 mask=true},"
    "prune-build-mask-step{rule=rigl function=dense_loss}"
)


@pytest.mark.parametrize("fraction", [0.0, 0.3, 1.0])
def test_rigl_drops_and_grows(fraction: float) -> None:
    program = Program(RIGL)
    rng = drawn.rng(9)
    state = program.fresh(MLP, rng, kept=0.4)
    before = {k: v.copy() for k, v in state.items()}
    data = batch(rng)
    loss, gradients = loss_and_gradients(MLP, before, data["input"], data["labels"])
    outputs = program("mask_step", state, **data, fraction=fraction)
    np.testing.assert_allclose(outputs["loss"], loss, rtol=1e-6)
    moved = 0
    for name in WEIGHTS:
        old, new = before[f"mask:{name}"], state[f"mask:{name}"]
        active = int(old.sum())
        dropped = int(np.float32(fraction) * active)
        by_magnitude = np.where(old, np.abs(before[name]), -1.0).ravel()
        left = np.ones(old.size, bool)
        left[np.argsort(by_magnitude, kind="stable")[: old.size - active + dropped]] = False
        by_gradient = np.where(left, np.inf, np.abs(gradients[name]).ravel())
        expected = np.ones(old.size, bool)
        expected[np.argsort(by_gradient, kind="stable")[: old.size - active]] = False
        np.testing.assert_array_equal(new.ravel(), expected)
        assert new.sum() == active
        for key in (name, f"velocity:{name}"):
            np.testing.assert_array_equal(state[key], before[key] * (old & new))
        moved += int((new & ~old).sum())
    assert (moved > 0) == (fraction > 0.0)


def test_rigl_leaves_dense_layers_as_they_are() -> None:
    program = Program(RIGL)
    rng = drawn.rng(10)
    state = program.fresh(MLP, rng, kept=1.0)
    before = {k: v.copy() for k, v in state.items()}
    program("mask_step", state, **batch(rng), fraction=0.5)
    for key, value in before.items():
        np.testing.assert_array_equal(state[key], value, err_msg=key)


def cubic(progress: float, final: float) -> float:
    return final * (1.0 - (1.0 - min(progress, 1.0)) ** 3)


@pytest.mark.parametrize("pipeline", [
    "prune-train-pipeline{momentum=0.9 mask=true},prune-build-mask-step{scope=global}",
    "prune-insert-straight-through-masks{state=true mask-gradient=true},"
    "prune-train-pipeline{momentum=0.9},prune-build-mask-step{keep-values=true scope=global}",
], ids=["zeroed", "kept"])  # fmt: skip
def test_gradual_schedule_learns(pipeline: str) -> None:
    """Four clusters are told apart with a tenth of the weights."""
    mlp = Mlp((8, 24, 16, 4))
    program = Program(pipeline, mlp, batch=40)
    rng = drawn.rng(11)
    centers = rng.standard_normal((4, 8)) * 2.0
    labels = (np.arange(400) % 4).astype(np.int32)
    inputs = (centers[labels] + rng.standard_normal((400, 8))).astype(np.float32)
    state = program.fresh(mlp, rng, kept=1.1)
    for name in state:
        if name.startswith("velocity:"):
            state[name][:] = 0.0
    for t in range(400):
        if t % 10 == 0:
            program("mask_step", state, sparsity=cubic(t / 200, 0.9))
        rows = rng.permutation(400)[:40]
        program("train_step", state, input=inputs[rows], labels=labels[rows], learning_rate=0.05)
    masks = [state[f"mask:{name}"] for name in WEIGHTS]
    assert sum(m.sum() for m in masks) == round(0.1 * sum(m.size for m in masks))
    values = {k: state[k] * state.get(f"mask:{k}", True) for k in mlp.shapes()}
    accuracy = (forward(mlp, values, inputs).argmax(axis=1) == labels).mean()
    assert accuracy >= 0.95, f"accuracy {accuracy:.3f}"
