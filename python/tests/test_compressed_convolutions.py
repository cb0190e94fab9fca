# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Steps on compressed weights of convolutions against dense weights with masks."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest

from mlir_prune.models import Builder, Network, Value, lenet5_caffe
from mlir_prune.native import native, parse
from mlir_prune.training.compressed_weights import FixedMasks
from mlir_prune.training.program import Program
from test_compressed_steps import (
    LIBRARIES,
    Step,
    Values,
    assert_close,
    draw_batch,
    draw_masks,
    fresh,
)

COMPRESS = "mask compress compress-min-zeros=0.5"


@dataclass(frozen=True)
class Images(Network):
    """Convolutions of many kinds, with a residual sum and a grouped one in between."""

    input_shape: tuple[int, int, int] = (3, 14, 13)
    classes: int = 4
    activation: str = "relu"

    def build(self, builder: Builder, x: Value) -> Value:
        x = builder.activate(builder.conv(x, "first", 32, 3, pad=1))
        y = builder.conv(x, "strided", 64, (3, 2), stride=2, pad=(1, 0), bias=False)
        y = builder.activate(y)
        z = builder.conv(y, "dilated", 64, 3, pad=2, dilation=2)
        y = builder.activate(builder.add(y, z))
        y = builder.activate(builder.conv(y, "grouped", 40, 3, groups=4))
        y = builder.activate(builder.conv(y, "pointwise", 48, 1))
        return builder.linear(builder.flatten(y), "last", self.classes)


NETWORK = Images()


def count_kernels(batch: int, masks: Values) -> Counter[str]:
    """How many convolutions of each kind a compressed step has."""
    module = parse(NETWORK.text(batch))
    module.mask(masks)
    module.run(
        f"builtin.module(prune-train-pipeline{{{COMPRESS}}},prune-cpu-pipeline{{stop-after=kernel}})"
    )
    step = str(module).partition("@train_step")[2]
    return Counter(re.findall(r"= \w+\.(\w*convolution\w*)", step))


def test_convolutions_become_sparse() -> None:
    """All but the grouped one and a gradient of the data that is not wanted."""
    assert count_kernels(61, draw_masks(NETWORK, 0.93)) == {
        "sparse_convolution": 4,
        "sparse_convolution_backward_data": 3,
        "sparse_convolution_backward_weights": 4,
        "convolution": 1,
        "convolution_backward_data": 1,
        "convolution_backward_weights": 1,
    }


@pytest.mark.parametrize(
    "options", ["momentum=0.9", "optimizer=adam regularizer=hoyer_square runtime-strength"]
)
@pytest.mark.parametrize("batch", [16, 30, 61])
def test_compressed_step_equals_masked_step(options: str, batch: int) -> None:
    masks = draw_masks(NETWORK, 0.93)
    state, inputs = fresh(NETWORK, masks), draw_batch(NETWORK, batch, 4)
    masked = Step(NETWORK, batch, f"{options} mask", masks)
    compressed = Step(NETWORK, batch, f"{options} {COMPRESS}", masks)
    shapes = {a.name: tuple(a.shape) for a in compressed.function.arguments}
    for name in ("first", "strided", "dilated", "pointwise", "last"):
        assert shapes[f"{name}.weight"] == (np.count_nonzero(masks[f"{name}.weight"]),)
    assert "mask:grouped.weight" in shapes
    expected, results = masked(state, **inputs)
    got, compressed_results = compressed(state, **inputs)
    assert_close(got, expected)
    np.testing.assert_allclose(compressed_results["loss"], results["loss"], rtol=1e-5)
    for name, mask in masks.items():
        assert not got[name][~mask].any()


@pytest.mark.parametrize("zeros", [0.6, 0.9, 0.97])
def test_shares_of_zeros_and_the_reference(zeros: float) -> None:
    network = lenet5_caffe()
    masks = draw_masks(network, zeros)
    state, inputs = fresh(network, masks), draw_batch(network, 17, 10)
    expected, _ = Step(network, 17, "momentum=0.9 mask", masks)(state, **inputs)
    options = f"momentum=0.9 {COMPRESS}"
    got, _ = Step(network, 17, options, masks)(state, **inputs)
    plain, _ = Step(network, 17, options, masks, reference=True)(state, **inputs)
    assert_close(got, expected)
    assert_close(plain, expected)


def test_threads_do_not_change_bits() -> None:
    masks = draw_masks(NETWORK, 0.93)
    inputs = draw_batch(NETWORK, 50, 4)
    states = []
    for threads in (1, 2):
        step = Step(NETWORK, 50, f"momentum=0.9 {COMPRESS}", masks, threads=threads)
        state = fresh(NETWORK, masks)
        for _ in range(3):
            state = {**state, **step(state, **inputs)[0]}
        states.append(state)
    for name, value in states[0].items():
        assert np.array_equal(value, states[1][name]), name


def test_gradients_are_those_of_the_loss() -> None:
    """Central differences of the loss in the direction of each gradient."""
    masks = draw_masks(NETWORK, 0.93)
    state, inputs = fresh(NETWORK, masks), draw_batch(NETWORK, 30, 4)
    for name in masks:
        # As large as without masks, and no result of an empty filter at the kink.
        state[name] *= 3
        bias = name.replace("weight", "bias")
        if bias in state:
            state[bias] += np.float32(0.1)
    step = Step(NETWORK, 30, COMPRESS, masks)
    inputs["learning_rate"] = 1.0
    after, _ = step(state, **inputs)
    for name in ("first.weight", "first.bias", "strided.weight", "dilated.weight"):
        gradient = state[name] - after[name]
        direction = gradient / np.linalg.norm(gradient)
        size = 5e-3
        losses = []
        for sign in (1, -1):
            moved = {**state, name: state[name] + np.float32(sign * size) * direction}
            losses.append(float(step(moved, **inputs)[1]["loss"]))
        slope = (losses[0] - losses[1]) / (2 * size)
        np.testing.assert_allclose(slope, np.linalg.norm(gradient), rtol=2e-2, err_msg=name)


def test_naive_runtime_computes_the_same(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks = draw_masks(NETWORK, 0.93)
    state, inputs = fresh(NETWORK, masks), draw_batch(NETWORK, 18, 4)
    fast, _ = Step(NETWORK, 18, f"momentum=0.9 {COMPRESS}", masks)(state, **inputs)
    shutil.copy(LIBRARIES / "libprune_runtime_naive.so", tmp_path)
    monkeypatch.setenv("PRUNE_RUNTIME_DIR", str(tmp_path))
    naive, _ = Step(NETWORK, 18, f"momentum=0.9 {COMPRESS}", masks)(state, **inputs)
    assert_close(fast, naive)


def slow_sparse_convolutions() -> str:
    """The built-in figures, but sparse convolutions take for ever."""
    figures = json.loads(native().find_cost_model("builtin").text)
    for name, terms in figures["kernels"].items():
        if name.startswith("sparse_convolution"):
            terms.update(dict.fromkeys(terms, 1e9))
    return json.dumps(figures | {"key": json.loads(native().machine_key(1))})


def test_figures_choose_what_is_sparse(tmp_path: pathlib.Path) -> None:
    """The bits of dense sums are others, the numbers the same."""
    masks, options = draw_masks(NETWORK, 0.93), f"momentum=0.9 {COMPRESS}"
    state, inputs = fresh(NETWORK, masks), draw_batch(NETWORK, 18, 4)
    (tmp_path / "slow.json").write_text(slow_sparse_convolutions())
    models = ("builtin", str(tmp_path / "slow.json"))
    sparse, dense = (
        Step(NETWORK, 18, options, masks, cost_model=model)(state, **inputs)[0] for model in models
    )
    assert_close(dense, sparse)
    assert not np.array_equal(dense["velocity:first.weight"], sparse["velocity:first.weight"])


def test_figures_of_this_computer_do_not_change_training(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("PRUNE_COST_MODEL", raising=False)
    masks, options = draw_masks(NETWORK, 0.93), f"momentum=0.9 {COMPRESS}"
    state, inputs = fresh(NETWORK, masks), draw_batch(NETWORK, 18, 4)
    step = Step(NETWORK, 18, options, masks, cost_model="builtin")
    expected, _ = step(state, **inputs)
    native().keep_cost_model(slow_sparse_convolutions(), 1)
    pipeline = f"builtin.module(prune-train-pipeline{{{options}}})"
    for figures, same in (("", True), ("machine", False)):
        monkeypatch.setenv("PRUNE_COST_MODEL", figures)
        program = Program(NETWORK.text(18), pipeline, masks=FixedMasks(masks))
        step.executable = program.executable
        got, _ = step(state, **inputs)
        assert np.array_equal(got["velocity:first.weight"], expected["velocity:first.weight"]) == same
