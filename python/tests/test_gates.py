# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gates in the compiled training steps of a network: two levels and one, recovery."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import drawn
from mlir_prune.data import load
from mlir_prune.models import Mlp
from mlir_prune.native import parse
from oracle import SLOPES, forward, loss_and_gradients, sign_or_weight

Values = dict[str, np.ndarray]
MLP = Mlp((8, 6, 5, 4))
RATE, STRENGTH = 0.1, 0.03

STEPS = {
    "weight_step": "freeze-roles=auxiliary freeze-gated {extra}",
    "gate_step": "freeze-roles=auxiliary freeze-invert runtime-gate-strength clamp-auxiliary=1",
}


class Network:
    """The steps of bi-level training in one module, over one state."""

    def __init__(self, gates: str, extra: str = "optimizer=adam", steps: dict[str, str] = STEPS,
                 threads: int = 1, text: str = MLP.text(12)) -> None:  # fmt: skip
        module = parse(text)
        for name, options in steps.items():
            if options.startswith("builtin.module("):
                module.run(options)
                continue
            options = options.format(extra=extra)
            common = f"gates={gates} name={name}"
            module.run(f"builtin.module(prune-train-pipeline{{{common} {options}}})")
        functions = {f.name: f for f in module.functions()}
        assert set(functions) == {"forward", *steps}
        self.arguments = {n: {a.name: a for a in functions[n].arguments} for n in functions}
        self.executable = module.compile(threads=threads)

    def fresh(self, seed: int = 0) -> Values:
        rng = drawn.rng(seed)
        state = MLP.init(rng)
        for arguments in self.arguments.values():
            for name, argument in arguments.items():
                if name.endswith(".gate"):
                    state[name] = rng.uniform(-0.5, 0.5, argument.shape).astype(np.float32)
                elif name.startswith(("velocity:", "moment1:", "moment2:")):
                    state[name] = rng.random(argument.shape).astype(np.float32) * 0.01
                elif name.endswith("bias"):
                    state[name] = rng.standard_normal(argument.shape).astype(np.float32)
                elif name == "step":
                    state[name] = np.array(3, np.int64)
        return state

    def run(self, function: str, state: Values, seed: int, **scalars: float) -> Any:
        scalars = {"learning_rate": RATE, "gate_strength": STRENGTH, **scalars}
        return self.step(function, state, *batch(seed), **scalars)

    def step(self, function: str, state: Values, x: np.ndarray, y: np.ndarray,
             **scalars: float) -> Any:  # fmt: skip
        known = self.arguments[function]
        feed: dict[str, Any] = {k: v for k, v in state.items() if k in known}
        feed |= {"input": x, "labels": y}
        feed |= {k: v for k, v in scalars.items() if k in known}
        return self.executable.call(function, feed)

    def logits(self, state: Values, x: np.ndarray) -> np.ndarray:
        feed = {k: v for k, v in state.items() if k in self.arguments["forward"]}
        return np.array(self.executable.call("forward", {**feed, "input": x})["logits"])


def open_mask(state: Values, name: str) -> np.ndarray:
    """Which elements of a parameter its gates let through."""
    weight = state[name].shape
    gate = f"{name}.gate"
    if gate not in state:
        gate = f"{name.replace('bias', 'weight')}.gate"
        if state.get(gate, np.empty((0, 0))).ndim != 1:
            return np.ones(weight, bool)
    m = state[gate] > 0
    return np.broadcast_to(m if m.shape == weight else m.reshape(-1, *[1] * (len(weight) - 1)),
                           weight)  # fmt: skip


def gated(state: Values) -> Values:
    return {name: state[name] * open_mask(state, name) for name in MLP.shapes()}


def batch(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = drawn.rng(seed)
    x = rng.standard_normal((12, 8)).astype(np.float32)
    return x, rng.integers(0, 4, 12).astype(np.int32)


@pytest.mark.parametrize("gates", ["element", "channel"])
def test_inference_sees_gated_weights(gates: str) -> None:
    network = Network(gates)
    state = network.fresh()
    x, _ = batch(1)
    expected = forward(MLP, gated(state), x)
    np.testing.assert_allclose(network.logits(state, x), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("gates", ["element", "channel"])
@pytest.mark.parametrize("rule", ["sign", "chain"])
@pytest.mark.parametrize("ste", SLOPES)
def test_gate_step_equals_numpy(ste: str, rule: str, gates: str) -> None:
    options = f"ste={ste} gate-rule={rule}"
    steps = {"gate_step": f"{STEPS['gate_step']} {options}"}
    network = Network(gates, steps=steps)
    state = network.fresh()
    before = {k: v.copy() for k, v in state.items()}
    wide = {k: v.astype(np.float64) for k, v in before.items()}
    loss, dense = loss_and_gradients(MLP, gated(wide), *batch(5))
    outputs = network.run("gate_step", state, 5)
    penalty = STRENGTH * sum((m > 0).sum() for k, m in wide.items() if k.endswith(".gate"))
    assert outputs["loss"] == pytest.approx(loss + penalty, rel=1e-5)
    assert outputs["penalty"] == pytest.approx(penalty, rel=1e-5)
    for name in MLP.shapes():
        assert state[name].tobytes() == before[name].tobytes(), f"{name} is frozen"
        if not name.endswith("weight"):
            continue
        m = wide[f"{name}.gate"]
        gradient = dense[name] * sign_or_weight(rule, wide[name])
        if gates == "channel":
            bias = name.replace("weight", "bias")
            extra = dense[bias] * sign_or_weight(rule, wide[bias])
            gradient = gradient.sum(axis=1) + extra
        expected = np.clip(m - RATE * SLOPES[ste](m) * (gradient + STRENGTH), -1.0, 1.0)
        np.testing.assert_allclose(state[f"{name}.gate"], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("gates", ["element", "channel"])
def test_weight_step_equals_numpy(gates: str) -> None:
    network = Network(gates, "momentum=0.9 weight-decay=0.01")
    state = network.fresh()
    before = {k: v.copy() for k, v in state.items()}
    wide = {k: v.astype(np.float64) for k, v in before.items()}
    _, dense = loss_and_gradients(MLP, gated(wide), *batch(6))
    network.run("weight_step", state, 6)
    for name in MLP.shapes():
        is_open = open_mask(before, name)
        decay = 0.01 if name.endswith("weight") else 0.0
        velocity = 0.9 * wide[f"velocity:{name}"] + dense[name] + decay * wide[name]
        expected = np.where(is_open, wide[name] - RATE * velocity, wide[name])
        np.testing.assert_allclose(state[name], expected, rtol=1e-5, atol=1e-6)
        for key in (name, f"velocity:{name}"):
            held = state[key][~is_open].tobytes() == before[key][~is_open].tobytes()
            assert held, f"{key} moved behind a closed gate"
    for name in state:
        if name.endswith(".gate"):
            assert state[name].tobytes() == before[name].tobytes(), f"{name} is frozen"


@pytest.mark.parametrize("gates", ["element", "channel"])
@pytest.mark.parametrize("optimizer", ["momentum=0.9", "optimizer=adam"])
def test_a_joint_step_does_what_both_steps_do(optimizer: str, gates: str) -> None:
    """From one state: the gates as in their own step, the weights as in theirs, to the bit.

    Only the loss differs: that of the joint step has the strength of the gates in it too.
    """
    pipeline = (
        f"builtin.module(prune-train-pipeline{{gates={gates} stop-after=gradient}},"
        "prune-insert-regularizers{kind=open_gates runtime-strength "
        "strength-input=gate_strength roles=auxiliary},"
        f"prune-build-train-step{{name=weight_step freeze-gated {optimizer} separate-auxiliary "
        "auxiliary-momentum=0.5 clamp-auxiliary=1})"
    )
    joint = Network(gates, steps={"weight_step": pipeline})
    split = Network(gates, optimizer,
                    {**STEPS, "gate_step": STEPS["gate_step"] + " momentum=0.5"})  # fmt: skip
    state = joint.fresh()
    states = [{k: v.copy() for k, v in state.items()} for _ in range(2)]
    joint.run("weight_step", state, 9, auxiliary_learning_rate=0.3)
    split.run("weight_step", states[0], 9)
    split.run("gate_step", states[1], 9, learning_rate=0.3)
    moved = 0
    for name, array in state.items():
        source = states[1] if name.endswith(".gate") else states[0]
        if name in source:
            assert array.tobytes() == source[name].tobytes(), name
            moved += 1
    assert moved >= 2 * len(MLP.shapes()) + 2 * len(MLP.weights())


def test_gates_stay_within_their_limits() -> None:
    network = Network("element")
    state = network.fresh()
    network.run("gate_step", state, 7, learning_rate=1e3)
    gates = np.concatenate([m.ravel() for k, m in state.items() if k.endswith(".gate")])
    assert np.abs(gates).max() == 1.0
    assert (np.abs(gates) < 1.0).any()


@cache
def shared_network(gates: str, extra: str) -> Network:
    return Network(gates, extra)


@pytest.mark.parametrize("gates", ["element", "channel"])
@pytest.mark.parametrize("optimizer", ["momentum=0.9 nesterov", "optimizer=adam"])
@given(seed=st.integers(0, 1000))
def test_recovery(optimizer: str, gates: str, seed: int) -> None:
    """A gate closes, training goes on, it opens: the weight is back at its old value,
    to the bit, with its moments."""
    network = shared_network(gates, f"{optimizer} weight-decay=0.01")
    state = network.fresh(seed)
    for name in state:
        if name.endswith(".gate"):
            state[name].ravel()[:3] = -0.5
    before = {k: v.copy() for k, v in state.items()}
    for step in range(5):
        network.run("weight_step", state, seed + step, learning_rate=0.01)
    for name in MLP.shapes():
        is_open = open_mask(before, name)
        companions = [k for k in state if k.split(":")[-1] == name]
        assert len(companions) >= 2
        for key in companions:
            assert state[key][~is_open].tobytes() == before[key][~is_open].tobytes()
        assert is_open.all() or (~is_open).any()
        if is_open.any():
            assert (state[name][is_open] != before[name][is_open]).any()
    for name in state:
        if name.endswith(".gate"):
            state[name].ravel()[:3] = 0.5
    x, _ = batch(seed)
    back = {**state, **{k: np.where(open_mask(before, k), state[k], before[k])
                        for k in MLP.shapes()}}  # fmt: skip
    assert network.logits(state, x).tobytes() == network.logits(back, x).tobytes()


def test_held_weights_may_decay() -> None:
    network = Network("element", "momentum=0.9 weight-decay=0.01 decay-frozen")
    state = network.fresh()
    before = {k: v.copy() for k, v in state.items()}
    network.run("weight_step", state, 8)
    for name in MLP.shapes():
        is_open = open_mask(before, name)
        decayed = before[name] * (1.0 - RATE * 0.01)
        np.testing.assert_allclose(state[name][~is_open], decayed[~is_open], rtol=1e-6)


def test_one_level_trains_both_at_once() -> None:
    """The ablation: one step moves weights and gates by the same batch."""
    network = Network("element", steps={"train_step": "runtime-gate-strength freeze-gated"})
    state = network.fresh()
    before = {k: v.copy() for k, v in state.items()}
    wide = {k: v.astype(np.float64) for k, v in before.items()}
    _, dense = loss_and_gradients(MLP, gated(wide), *batch(9))
    network.run("train_step", state, 9)
    for name in MLP.shapes():
        is_open = open_mask(before, name)
        expected = np.where(is_open, wide[name] - RATE * dense[name], wide[name])
        np.testing.assert_allclose(state[name], expected, rtol=1e-5, atol=1e-6)
        if name.endswith("weight"):
            m = wide[f"{name}.gate"]
            gradient = dense[name] * np.sign(wide[name]) + STRENGTH
            expected = m - RATE * SLOPES["softplus"](m) * gradient
            np.testing.assert_allclose(state[f"{name}.gate"], expected, rtol=1e-5, atol=1e-6)


def test_same_bits_at_one_and_two_threads() -> None:
    results = []
    for threads in (1, 2):
        network = Network("channel", threads=threads)
        state = network.fresh()
        for step in range(4):
            network.run("weight_step", state, step, learning_rate=0.01)
            network.run("gate_step", state, 10 + step)
        results.append({k: v.tobytes() for k, v in state.items()})
    assert results[0] == results[1]


@pytest.mark.parametrize("gates", ["element", "channel"])
def test_gated_networks_compress(gates: str) -> None:
    """Bound gates become plain weights; what they close is removed, exactly."""
    network = Network(gates)
    state = network.fresh(4)
    x, _ = batch(2)
    # Whole neurons of both hidden layers are off.
    for layer, rows in (("fc1", [1, 3]), ("fc2", [0])):
        state[f"{layer}.weight.gate"][rows] = -0.5
        state[f"{layer}.bias"][rows] = 0.0
    expected = network.logits(state, x)
    module = parse(MLP.text(12))
    module.run(f"builtin.module(prune-insert-gates{{granularity={gates}}})")
    module.bind({k: v for k, v in state.items() if k in network.arguments["forward"]})
    module.run("builtin.module(prune-compress-pipeline{threshold=0 allow-empty})")
    assert "prune.gate" not in str(module)
    assert "auxiliary" not in str(module)
    left = module.parameters()
    assert left["fc1.bias"].shape[0] <= 4
    assert left["fc2.bias"].shape[0] <= 4
    found = np.array(module.compile().call("forward", {"input": x})["logits"])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_digits_lose_weights_and_not_accuracy() -> None:
    """One level, sixty epochs: most gates close, some open again, accuracy stays."""
    data, mlp = load("digits"), Mlp((64, 64, 32, 10))
    weights = "optimizer=adam weight-decay=1e-4 decay-frozen"
    gates = f"{STEPS['gate_step']} momentum=0.9"
    network = Network("element", weights, {"weight_step": STEPS["weight_step"], "gate_step": gates},
                      text=mlp.text(50))  # fmt: skip
    rng = np.random.default_rng(0)
    state = mlp.init(rng)
    for arguments in network.arguments.values():
        for name, a in arguments.items():
            if name.endswith(".gate"):
                state[name] = np.full(a.shape, 0.1, np.float32)
            elif name == "step" or ":" in name:
                state.setdefault(name, np.zeros(a.shape, np.dtype(a.dtype)))
    scores, left = [], []
    for epoch in range(60):
        order = rng.permutation(len(data.train.labels))
        for start in range(0, len(order) - 49, 50):
            rows = order[start : start + 50]
            x, y = data.train.inputs[0][rows].reshape(-1, 64), data.train.labels[rows]
            if epoch >= 10:
                network.step("gate_step", state, x, y, learning_rate=0.3, gate_strength=1e-4)
            network.step("weight_step", state, x, y, learning_rate=1e-3)
        if epoch in (9, 59):
            values = {k: state[k] * open_mask(state, k) for k in mlp.shapes()}
            found = forward(mlp, values, data.validation.inputs[0].reshape(-1, 64)).argmax(axis=1)
            scores.append(float((found == data.validation.labels).mean()))
        left.append(float(np.mean([(state[f"{k}.gate"] > 0).mean() for k in mlp.weights()])))
    dense, pruned = scores
    assert left[9] == 1.0
    assert left[-1] < 0.35
    assert pruned > dense - 0.02
    assert max(left[20:]) > min(left[10:20]), "no gate opened again"
