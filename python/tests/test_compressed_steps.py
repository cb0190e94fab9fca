# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Steps on compressed weights against the same steps on dense weights with masks."""

from __future__ import annotations

import pathlib
import shutil
from typing import Any

import numpy as np
import pytest
from mlir_prune._native import PruneError

import drawn
from mlir_prune import _native as native
from mlir_prune.models import Mlp, lenet5_caffe
from mlir_prune.native import parse

LIBRARIES = pathlib.Path(native.__file__).resolve().parents[2] / "lib"

Values = dict[str, np.ndarray]
PREFIXES = ("velocity:", "moment1:", "moment2:")


class Step:
    """A training step with fixed masks, dense or compressed, on dense state by name."""

    def __init__(self, network: Any, batch: int, options: str, masks: Values, **how: Any) -> None:
        module = parse(network.text(batch))
        module.mask(masks)
        module.run(f"builtin.module(prune-train-pipeline{{{options}}})")
        self.text, self.masks = str(module), masks
        self.function = next(f for f in module.functions() if f.name == "train_step")
        self.executable = module.compile(**how)

    def __call__(self, state: Values, **inputs: Any) -> tuple[Values, Any]:
        """The state after a step, and the results."""
        feed: dict[str, Any] = {}
        for argument in self.function.arguments:
            name, shape = argument.name, tuple(argument.shape)
            value = {**state, **inputs}[name]
            mask = self.masks.get(name.split(":")[-1])
            if argument.kind != "input" and np.shape(value) != shape:
                value = value[mask]
            feed[name] = np.array(value) if np.ndim(value) else value
        if "step" in feed:
            feed["step"] = np.array(state["step"])
        results = self.executable.call("train_step", feed)
        after: Values = {}
        for name, value in feed.items():
            if name not in state:
                continue
            dense = np.array(value)
            if dense.shape != state[name].shape:
                dense = np.zeros_like(state[name])
                dense[self.masks[name.split(":")[-1]]] = value
            after[name] = dense
        return after, results


def fresh(network: Any, masks: Values, seed: int = 5) -> Values:
    """Parameters, moments and masks; what is masked is zero."""
    rng = drawn.rng(seed)
    state = {n: np.array(v, np.float32) for n, v in network.init(rng).items()}
    for name in list(state):
        for prefix in PREFIXES:
            state[prefix + name] = 0.01 * rng.random(state[name].shape).astype(np.float32)
    for name, mask in masks.items():
        for key in (name, *(prefix + name for prefix in PREFIXES)):
            state[key] *= mask
        state[f"mask:{name}"] = mask.copy()
    state["step"] = np.array(3, np.int64)
    return state


def draw_masks(network: Any, zeros: float, seed: int = 1) -> Values:
    rng = drawn.rng(seed)
    return {w: rng.random(network.shapes()[w]) >= zeros for w in network.weights()}


def draw_batch(network: Any, batch: int, classes: int) -> dict[str, Any]:
    rng = drawn.rng(7)
    x = rng.standard_normal((batch, *np.atleast_1d(network.input_shape))).astype(np.float32)
    labels = rng.integers(0, classes, batch).astype(np.int32)
    return {"input": x, "labels": labels, "learning_rate": 0.05, "strength": 1e-2}


def assert_close(got: Values, expected: Values) -> None:
    """Equal up to the rounding of sums in another order: 2e-5 of the largest element.

    Adam divides by the root of its second moment, which starts from 0.01 here, so a
    difference of the gradient is not magnified.
    """
    assert got.keys() <= expected.keys()
    for name, value in got.items():
        if name.startswith("mask:"):
            continue
        scale = max(1e-3, float(np.abs(expected[name]).max()))
        np.testing.assert_allclose(
            value, expected[name], atol=2e-5 * scale, rtol=2e-5, err_msg=name
        )


MLP = Mlp((40, 33, 20, 4))
SETTINGS = [
    "momentum=0.9", "momentum=0.9 nesterov weight-decay=0.001", "optimizer=adam",
    "optimizer=adam regularizer=l1 runtime-strength", "regularizer=l2 runtime-strength",
    "momentum=0.9 regularizer=hoyer_square runtime-strength",
    "momentum=0.9 regularizer=hoyer runtime-strength",
    "momentum=0.9 regularizer=transformed_l1 runtime-strength",
]  # fmt: skip


@pytest.mark.parametrize("options", SETTINGS)
@pytest.mark.parametrize("batch", [5, 16, 36, 150])
def test_compressed_step_equals_masked_step(options: str, batch: int) -> None:
    masks = draw_masks(MLP, 0.8)
    state, inputs = fresh(MLP, masks), draw_batch(MLP, batch, 4)
    masked = Step(MLP, batch, f"{options} mask", masks)
    compressed = Step(MLP, batch, f"{options} mask compress compress-min-zeros=0.5", masks)
    assert "prune.decompress" in compressed.text
    assert "mask:" not in compressed.text
    expected, results = masked(state, **inputs)
    got, compressed_results = compressed(state, **inputs)
    assert_close(got, expected)
    loss, compressed_loss = results["loss"], compressed_results["loss"]
    np.testing.assert_allclose(compressed_loss, loss, rtol=1e-5)
    for name, mask in masks.items():
        assert not got[name][~mask].any()


@pytest.mark.parametrize("zeros", [0.0, 0.5, 0.95, 0.999])
def test_shares_of_zeros_and_the_reference(zeros: float) -> None:
    masks = draw_masks(MLP, zeros)
    options = "momentum=0.9 mask compress compress-min-zeros=0"
    state, inputs = fresh(MLP, masks), draw_batch(MLP, 36, 4)
    expected, _ = Step(MLP, 36, "momentum=0.9 mask", masks)(state, **inputs)
    got, _ = Step(MLP, 36, options, masks)(state, **inputs)
    plain, _ = Step(MLP, 36, options, masks, reference=True)(state, **inputs)
    assert_close(got, expected)
    assert_close(plain, expected)


@pytest.mark.parametrize("options", ["momentum=0.9", "optimizer=adam regularizer=hoyer_square"])
def test_threads_do_not_change_bits(options: str) -> None:
    network = Mlp((300, 120, 60, 10))
    masks = draw_masks(network, 0.7)
    inputs = draw_batch(network, 100, 10)
    states = []
    for threads in (1, 2):
        step = Step(
            network, 100, f"{options} mask compress compress-min-zeros=0.5", masks, threads=threads
        )
        state = fresh(network, masks)
        for _ in range(3):
            state = {**state, **step(state, **inputs)[0]}
        states.append(state)
    for name, value in states[0].items():
        assert np.array_equal(value, states[1][name]), name


def test_small_shares_stay_dense() -> None:
    network = lenet5_caffe()
    masks = draw_masks(network, 0.9)
    masks["fc2.weight"][:] = True
    step = Step(network, 4, "momentum=0.9 mask compress compress-min-zeros=0.5", masks)
    shapes = {a.name: tuple(a.shape) for a in step.function.arguments}
    for name in ("conv1.weight", "conv2.weight", "fc1.weight"):
        assert shapes[name] == (np.count_nonzero(masks[name]),)
        assert shapes[f"velocity:{name}"] == shapes[name]
        assert f"mask:{name}" not in shapes
    assert shapes["fc2.weight"] == network.shapes()["fc2.weight"]
    assert shapes["mask:fc2.weight"] == network.shapes()["fc2.weight"]
    state, inputs = fresh(network, masks), draw_batch(network, 4, 10)
    expected, _ = Step(network, 4, "momentum=0.9 mask", masks)(state, **inputs)
    assert_close(step(state, **inputs)[0], expected)


def test_bad_masks_are_refused() -> None:
    module = parse(MLP.text(4))
    with pytest.raises(TypeError, match="expected an array of bool, got float32"):
        module.mask({"fc1.weight": np.ones((33, 40), np.float32)})
    with pytest.raises(PruneError, match="expected a mask of type 'tensor<33x40xi1>'"):
        module.mask({"fc1.weight": np.ones((40, 33), bool)})
    with pytest.raises(PruneError, match="no parameter that is an argument is called 'fc9'"):
        module.mask({"fc9": np.ones((40, 33), bool)})


def test_naive_runtime_computes_the_same(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks = draw_masks(MLP, 0.8)
    options = "optimizer=adam mask compress compress-min-zeros=0.5"
    state, inputs = fresh(MLP, masks), draw_batch(MLP, 36, 4)
    fast, _ = Step(MLP, 36, options, masks)(state, **inputs)
    shutil.copy(LIBRARIES / "libprune_runtime_naive.so", tmp_path)
    monkeypatch.setenv("PRUNE_RUNTIME_DIR", str(tmp_path))
    naive, _ = Step(MLP, 36, options, masks)(state, **inputs)
    assert_close(fast, naive)
