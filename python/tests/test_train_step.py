# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled training steps against the same arithmetic in numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import drawn
from mlir_prune.data import load
from mlir_prune.models import Mlp
from mlir_prune.native import parse
from oracle import forward, loss_and_gradients

Values = dict[str, np.ndarray]
SMALL = Mlp((8, 6, 5, 4))
LARGE = Mlp((784, 300, 100, 10))
REGULARIZERS = ("none", "l1", "l2", "hoyer", "hoyer_square")
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Settings:
    """Options of the training pipeline that change the arithmetic."""

    optimizer: str = "sgd"
    momentum: float = 0.0
    nesterov: bool = False
    decay: float = 0.0
    decay_roles: tuple[str, ...] = ("weight",)
    regularizer: str = "none"
    masked: bool = False

    def pipeline(self) -> str:
        options = [f"optimizer={self.optimizer}", f"weight-decay={self.decay}"]
        options.append(f"decay-roles={','.join(self.decay_roles)}")
        options.append(f"regularizer={self.regularizer} runtime-strength")
        if self.optimizer == "sgd":
            options.append(f"momentum={self.momentum} nesterov={str(self.nesterov).lower()}")
        options.append(f"mask={str(self.masked).lower()}")
        return f"builtin.module(prune-train-pipeline{{{' '.join(options)}}})"


OPTIMIZERS = {
    "sgd": Settings(),
    "sgd-decay": Settings(decay=0.1),
    "momentum": Settings(momentum=0.9),
    "momentum-decay": Settings(momentum=0.9, decay=0.1, decay_roles=("weight", "bias")),
    "nesterov": Settings(momentum=0.9, nesterov=True),
    "adam": Settings(optimizer="adam"),
    "adam-decay": Settings(optimizer="adam", decay=0.1),
}


class Step:
    """A compiled step with its state; calls take a batch and return the outputs."""

    def __init__(
        self, mlp: Mlp, batch: int, settings: Settings, threads: int = 1, pipeline: str = ""
    ) -> None:
        self.settings = settings
        module = parse(mlp.text(batch))
        module.run(pipeline or settings.pipeline())
        function = next(f for f in module.functions() if f.name == "train_step")
        self.arguments = {a.name: a for a in function.arguments}
        self.executable = module.compile(threads=threads)

    def fresh(self, mlp: Mlp, rng: np.random.Generator) -> Values:
        """Random parameters and masks, and moments as if from earlier steps."""
        state = mlp.init(rng)
        for name, argument in self.arguments.items():
            if name.startswith("mask:"):
                state[name] = rng.random(argument.shape) < 0.5
            elif name.startswith(("velocity:", "moment1:")):
                state[name] = rng.standard_normal(argument.shape).astype(np.float32) * 0.01
            elif name.startswith("moment2:"):
                state[name] = rng.random(argument.shape).astype(np.float32) * 0.01
        if "step" in self.arguments:
            state["step"] = np.array(3, np.int64)
        for name in mlp.shapes():
            if name.endswith("bias"):
                state[name] = rng.standard_normal(state[name].shape).astype(np.float32)
        return state

    def __call__(self, state: Values, x: np.ndarray, y: np.ndarray, **scalars: float) -> Any:
        feed: dict[str, Any] = {**state, "input": x, "labels": y}
        feed.update({k: v for k, v in scalars.items() if k in self.arguments})
        return self.executable.call("train_step", feed)


def draw(mlp: Mlp, batch: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    inputs = rng.standard_normal((batch, mlp.widths[0])).astype(np.float32)
    return inputs, rng.integers(0, mlp.widths[-1], batch).astype(np.int32)


def penalty(kind: str, w: np.ndarray, strength: float) -> tuple[float, np.ndarray]:
    """Value and gradient, straight from their definitions (DeepHoyer, section 3)."""
    s, q, sign = np.abs(w).sum(), (w * w).sum(), np.sign(w)
    if kind == "l1":
        return strength * s, strength * sign
    if kind == "l2":
        return strength * q, strength * 2.0 * w
    if kind == "hoyer":
        return strength * s / np.sqrt(q), strength * (sign / np.sqrt(q) - s * w / q**1.5)
    assert kind == "hoyer_square"
    value = strength * s * s / q
    return value, strength * (2.0 * s * sign / q - 2.0 * s * s * w / (q * q))


def update(settings: Settings, name: str, old: Values, g: np.ndarray, rate: float) -> Values:
    """New values of everything that belongs to the parameter `name`."""
    w, t = old[name], int(old.get("step", 0)) + 1
    if name.split(".")[1] in settings.decay_roles:
        g = g + settings.decay * w
    mask = old.get(f"mask:{name}", np.ones_like(w, dtype=bool))
    g = g * mask
    new: Values = {}
    if settings.optimizer == "adam":
        m = 0.9 * old[f"moment1:{name}"] + 0.1 * g
        u = 0.999 * old[f"moment2:{name}"] + 0.001 * g * g
        new[f"moment1:{name}"], new[f"moment2:{name}"] = m * mask, u * mask
        step = (m / (1 - 0.9**t)) / (np.sqrt(u / (1 - 0.999**t)) + 1e-8)
    elif settings.momentum:
        v = settings.momentum * old[f"velocity:{name}"] + g
        new[f"velocity:{name}"] = v * mask
        step = g + settings.momentum * v if settings.nesterov else v
    else:
        step = g
    new[name] = (w - rate * step) * mask
    return new


def reference(
    mlp: Mlp, settings: Settings, state: Values, x: np.ndarray, y: np.ndarray,
    rate: float, strength: float,
) -> tuple[Values, float, float]:  # fmt: skip
    """New state, loss with penalty, and penalty, in double precision."""
    old = {k: v if v.dtype == bool else v.astype(np.float64) for k, v in state.items()}
    loss, gradients = loss_and_gradients(mlp, old, x, y)
    total = 0.0
    new: Values = {}
    for name in mlp.shapes():
        if name.endswith("weight") and settings.regularizer != "none":
            value, extra = penalty(settings.regularizer, old[name], strength)
            total += value
            gradients[name] = gradients[name] + extra
        new.update(update(settings, name, old, gradients[name], rate))
    return new, loss + total, total


def assert_close(
    found: np.ndarray, expected: np.ndarray, what: str, tolerance: float = TOLERANCE
) -> None:
    """Largest difference against the largest magnitude of the tensor."""
    scale = max(float(np.abs(expected).max()), 1e-30)
    error = float(np.abs(found - expected).max()) / scale
    assert error <= tolerance, f"{what}: relative error {error:.2g}"


@pytest.mark.parametrize("masked", [False, True], ids=["dense", "masked"])
@pytest.mark.parametrize("regularizer", REGULARIZERS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_one_step_equals_numpy(optimizer: str, regularizer: str, masked: bool) -> None:
    settings = replace(OPTIMIZERS[optimizer], regularizer=regularizer, masked=masked)
    rng = drawn.rng(11)
    step = Step(SMALL, 12, settings)
    state = step.fresh(SMALL, rng)
    x, y = draw(SMALL, 12, rng)
    expected, loss, total = reference(SMALL, settings, state, x, y, rate=0.1, strength=0.03)
    outputs = step(state, x, y, learning_rate=0.1, strength=0.03)
    for name, value in expected.items():
        assert_close(state[name], value, name)
    assert_close(outputs["loss"], np.array(loss), "loss")
    assert ("penalty" in outputs) == (regularizer != "none")
    if regularizer != "none":
        assert_close(outputs["penalty"], np.array(total), "penalty")
    if settings.optimizer == "adam":
        assert state["step"] == 4


@pytest.mark.parametrize("regularizer", REGULARIZERS[1:])
def test_penalty_before_differentiation(regularizer: str) -> None:
    """Differentiating the penalty gives what inserting its gradient gives."""
    settings = Settings(regularizer=regularizer)
    rng = drawn.rng(23)
    pipeline = (
        f"builtin.module(prune-insert-loss,prune-insert-regularizers{{kind={regularizer} "
        "runtime-strength},prune-differentiate,prune-build-train-step)"
    )
    step = Step(SMALL, 12, settings, pipeline=pipeline)
    state = step.fresh(SMALL, rng)
    x, y = draw(SMALL, 12, rng)
    expected, loss, _ = reference(SMALL, settings, state, x, y, rate=0.1, strength=0.03)
    outputs = step(state, x, y, learning_rate=0.1, strength=0.03)
    for name, value in expected.items():
        assert_close(state[name], value, name)
    assert_close(outputs["loss"], np.array(loss), "loss")


@pytest.mark.parametrize("optimizer", ["momentum", "nesterov", "adam", "adam-decay"])
def test_pruned_weights_stay_zero(optimizer: str) -> None:
    """Whatever state comes in: masked moments start out dirty on purpose."""
    settings = replace(OPTIMIZERS[optimizer], regularizer="hoyer_square", masked=True)
    rng = drawn.rng(5)
    step = Step(SMALL, 12, settings)
    state = step.fresh(SMALL, rng)
    before = {name: state[name].copy() for name in SMALL.shapes()}
    for _ in range(40):
        x, y = draw(SMALL, 12, rng)
        step(state, x, y, learning_rate=0.05, strength=0.01)
        for name in SMALL.shapes():
            if f"mask:{name}" not in state:
                continue
            pruned = ~state[f"mask:{name}"]
            for key in state:
                if key == name or key in (f"velocity:{name}", f"moment1:{name}", f"moment2:{name}"):
                    assert not state[key][pruned].any(), f"{key} came back"
    for name in SMALL.shapes():
        kept = state.get(f"mask:{name}", np.ones_like(state[name], dtype=bool))
        assert (state[name][kept] != before[name][kept]).all()


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_state_is_updated_in_place(optimizer: str) -> None:
    settings = replace(OPTIMIZERS[optimizer], regularizer="l1", masked=True)
    rng = drawn.rng(7)
    step = Step(SMALL, 12, settings)
    state = step.fresh(SMALL, rng)
    masks = {k: v.copy() for k, v in state.items() if k.startswith("mask:")}
    addresses = {k: v.ctypes.data for k, v in state.items()}
    copies = {k: v.copy() for k, v in state.items()}
    x, y = draw(SMALL, 12, rng)
    outputs = step(state, x, y, learning_rate=0.1, strength=0.1)
    assert set(outputs) >= {"loss", "penalty"}
    for name, array in state.items():
        assert array.ctypes.data == addresses[name]
        if name not in masks:
            assert (array != copies[name]).any(), f"{name} did not change"
    for name, mask in masks.items():
        assert (state[name] == mask).all()


def run_steps(mlp: Mlp, batch: int, settings: Settings, threads: int, count: int) -> Values:
    rng = drawn.rng(13)
    step = Step(mlp, batch, settings, threads)
    state = step.fresh(mlp, rng)
    losses = []
    for _ in range(count):
        x, y = draw(mlp, batch, rng)
        outputs = step(state, x, y, learning_rate=0.01, strength=1e-4)
        losses.append(outputs["loss"].copy())
    return {**state, "losses": np.array(losses)}


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_same_bits_at_one_and_two_threads(optimizer: str) -> None:
    settings = replace(OPTIMIZERS[optimizer], regularizer="hoyer_square", masked=True)
    one = run_steps(LARGE, 100, settings, threads=1, count=5)
    again = run_steps(LARGE, 100, settings, threads=1, count=5)
    two = run_steps(LARGE, 100, settings, threads=2, count=5)
    for name, array in one.items():
        assert array.tobytes() == again[name].tobytes(), f"{name} differs between runs"
        assert array.tobytes() == two[name].tobytes(), f"{name} differs with two threads"


def test_large_step_equals_numpy() -> None:
    """Shapes that take the vectorized paths; sums over 235,200 weights in single precision."""
    settings = Settings(momentum=0.9, regularizer="hoyer_square", masked=True)
    rng = drawn.rng(17)
    step = Step(LARGE, 100, settings)
    state = step.fresh(LARGE, rng)
    x, y = draw(LARGE, 100, rng)
    expected, loss, _ = reference(LARGE, settings, state, x, y, rate=0.1, strength=1e-4)
    outputs = step(state, x, y, learning_rate=0.1, strength=1e-4)
    for name, value in expected.items():
        assert_close(state[name], value, name)
    assert_close(outputs["loss"], np.array(loss), "loss")


@pytest.mark.parametrize("optimizer", ["nesterov", "adam"])
def test_many_steps_equal_numpy(optimizer: str) -> None:
    """Errors of single steps do not build up."""
    settings = replace(OPTIMIZERS[optimizer], regularizer="hoyer_square", masked=True)
    rng = drawn.rng(19)
    step = Step(SMALL, 12, settings)
    state = step.fresh(SMALL, rng)
    expected = {k: v.copy() for k, v in state.items()}
    x, y = draw(SMALL, 12, rng)
    for _ in range(60):
        step(state, x, y, learning_rate=0.02, strength=1e-3)
        new, _, _ = reference(SMALL, settings, expected, x, y, rate=0.02, strength=1e-3)
        expected.update(new)
        if "step" in expected:
            expected["step"] = expected["step"] + 1
    for name in SMALL.shapes():
        assert_close(state[name], expected[name], name, 1e-5)


def accuracy(mlp: Mlp, state: Mapping[str, np.ndarray], x: np.ndarray, y: np.ndarray) -> float:
    values = {name: state[name] for name in mlp.shapes()}
    return float((forward(mlp, values, x).argmax(axis=1) == y).mean())


@pytest.mark.parametrize("optimizer", ["momentum", "nesterov", "adam"])
def test_digits_are_learned(optimizer: str) -> None:
    """Twenty epochs on half of the weights reach 94 % on digits not trained on."""
    data = load("digits")
    mlp = Mlp((data.features, 64, 32, 10))
    settings = replace(OPTIMIZERS[optimizer], regularizer="hoyer_square", masked=True)
    step = Step(mlp, 50, settings)
    rng = drawn.rng(1)
    state = {k: np.zeros_like(v) for k, v in step.fresh(mlp, rng).items()}
    state.update(mlp.init(rng))
    masks = [k for k in state if k.startswith("mask:")]
    state.update({k: rng.random(state[k].shape) < 0.5 for k in masks})
    rate = 0.002 if optimizer == "adam" else 0.05
    for _ in range(20):
        order = rng.permutation(len(data.train.labels))
        for start in range(0, len(order) - 49, 50):
            rows = order[start : start + 50]
            x, y = data.train.inputs[0][rows].reshape(-1, 64), data.train.labels[rows]
            step(state, x, y, learning_rate=rate, strength=1e-5)
    test = data.validation
    found = accuracy(mlp, state, test.inputs[0].reshape(-1, 64), test.labels)
    assert found >= 0.94, f"accuracy {found:.4f}"
    assert sum(int(state[k].sum()) for k in masks) < 0.55 * sum(state[k].size for k in masks)
