# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dropout as the passes insert and adjust it, in compiled functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlir_prune.models import Mlp
from mlir_prune.native import parse

WIDTH, BATCH = 64, 200
PLAIN = Mlp((WIDTH, WIDTH))
DEEP = Mlp((8, 16, 12, 4))


def dropped(passes: str, step: int) -> np.ndarray:
    """What a layer of the identity reads when it is fed ones."""
    module = parse(PLAIN.text(BATCH))
    module.run(f"builtin.module({passes})")
    feed = {
        "input": np.ones((BATCH, WIDTH), np.float32),
        "fc1.weight": np.eye(WIDTH, dtype=np.float32),
        "fc1.bias": np.zeros(WIDTH, np.float32),
        "step": np.array(step, np.int64),
    }
    return np.array(module.compile().call("forward", feed)["logits"])


def insert(rate: float, seed: int = 0) -> str:
    return f"prune-insert-dropout{{function=forward rates=fc1.weight:{rate} seed={seed}}}"


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_rate_is_realised(rate: float) -> None:
    found = dropped(insert(rate), 3)
    kept = found != 0.0
    np.testing.assert_allclose(found[kept], 1.0 / (1.0 - rate), rtol=1e-6)
    # Five standard deviations of the share of 12,800 draws.
    assert abs(1.0 - kept.mean() - rate) < 5.0 * np.sqrt(rate * (1 - rate) / found.size)


def test_seed_and_step_decide() -> None:
    first = dropped(insert(0.5), 3)
    assert first.tobytes() == dropped(insert(0.5), 3).tobytes()
    for other in (dropped(insert(0.5), 4), dropped(insert(0.5, seed=1), 3)):
        shared = ((first != 0.0) == (other != 0.0)).mean()
        assert abs(shared - 0.5) < 0.03


def test_rate_follows_the_connections() -> None:
    """D_r = D_o sqrt(C_ir / C_io), section 3.2 of Han 2015."""
    remaining = WIDTH * WIDTH // 4
    adjust = f"prune-adjust-dropout{{function=forward remaining=fc1.weight:{remaining}}}"
    found = dropped(f"{insert(0.5)},{adjust}", 3)
    kept = found != 0.0
    np.testing.assert_allclose(found[kept], 1.0 / 0.75, rtol=1e-6)
    assert abs(1.0 - kept.mean() - 0.25) < 0.02


class Trainer:
    def __init__(self, threads: int = 1, rates: str = "fc2.weight:0.5,fc3.weight:0.5") -> None:
        module = parse(DEEP.text(32))
        module.run("builtin.module(prune-train-pipeline{momentum=0.9 "
                   f"dropout={rates} dropout-seed=5}})")  # fmt: skip
        function = next(f for f in module.functions() if f.name == "train_step")
        self.arguments = {a.name: a for a in function.arguments}
        self.executable = module.compile(threads=threads)
        rng = np.random.default_rng(0)
        self.state: dict[str, Any] = DEEP.init(rng)
        self.state |= {k: np.zeros(a.shape, np.float32) for k, a in self.arguments.items()
                       if k.startswith("velocity:")}  # fmt: skip
        self.state["step"] = np.array(0, np.int64)
        self.x = rng.standard_normal((32, 8)).astype(np.float32)
        self.y = rng.integers(0, 4, 32).astype(np.int32)

    def run(self, rate: float = 0.05) -> float:
        feed = {**self.state, "input": self.x, "labels": self.y, "learning_rate": rate}
        return float(self.executable.call("train_step", feed)["loss"])


def test_each_step_draws_anew() -> None:
    trainer = Trainer()
    losses = [trainer.run(rate=0.0) for _ in range(6)]
    assert len(set(losses)) == 6
    assert trainer.state["step"] == 6
    trainer.state["step"][...] = 2
    assert trainer.run(rate=0.0) == losses[2]


def test_training_with_dropout_learns() -> None:
    trainer = Trainer()
    losses = [trainer.run() for _ in range(200)]
    assert np.mean(losses[-20:]) < 0.7 * np.mean(losses[:20])


def test_same_bits_at_one_and_two_threads() -> None:
    one, two = Trainer(threads=1), Trainer(threads=2)
    for _ in range(5):
        assert one.run() == two.run()
    for name, array in one.state.items():
        assert array.tobytes() == two.state[name].tobytes(), name


def test_gradient_goes_through_what_is_kept() -> None:
    """Central differences of the loss at one step, whose dropout is a fixed function."""
    trainer = Trainer()
    before = {k: v.copy() for k, v in trainer.state.items()}
    trainer.run(rate=1.0)
    gradient = before["fc2.weight"] - trainer.state["fc2.weight"]
    checked = 0
    for index in [(0, 0), (3, 5), (7, 2), (11, 15), (4, 4), (9, 1)]:
        losses = []
        for sign in (1.0, -1.0):
            trainer.state = {k: v.copy() for k, v in before.items()}
            trainer.state["fc2.weight"][index] += sign * 1e-2
            losses.append(trainer.run(rate=0.0))
        slope = (losses[0] - losses[1]) / 2e-2
        assert gradient[index] == pytest.approx(slope, rel=0.05, abs=2e-3)
        checked += abs(slope) > 1e-3
    assert checked >= 2
