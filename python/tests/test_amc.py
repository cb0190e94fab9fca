# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""AMC: its environment, its agent, its command; going on to the same network."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import drawn
from conftest import refuse, train_blobs
from mlir_prune.cli import main
from mlir_prune.errors import InputError
from mlir_prune.files import read_arrays

gymnasium = pytest.importorskip("gymnasium")
pytest.importorskip("stable_baselines3")

from gymnasium.utils.env_checker import check_env  # noqa: E402
from stable_baselines3 import DDPG  # noqa: E402

from mlir_prune.channel_groups import Group  # noqa: E402
from mlir_prune.native import read_module  # noqa: E402
from mlir_prune.search import run  # noqa: E402
from mlir_prune.search.amc import Amc, Episode  # noqa: E402
from mlir_prune.search.amc_environment import (  # noqa: E402
    FEATURES,
    AmcEnvironment,
    features_of,
    reward_of,
)
from mlir_prune.search.channel_budget import Multiplications, Plan  # noqa: E402
from mlir_prune.search.channels import Channels, Kept  # noqa: E402
from mlir_prune.search.ddpg import Agent, BaselineBuffer, Settings, TruncatedNormal  # noqa: E402

GROUPS = [Group(("a",), 16), Group(("b",), 32), Group(("c",), 64), Group(("d",), 16)]
# The first and the last group are dear, the others cheap; all cost alike.
DEAR = np.array([1.0, 0.05, 0.05, 1.0])


def count(kept: Kept) -> dict[str, int]:
    return {str(place): 6400 // group.total * k for place, (group, k)
            in enumerate(zip(GROUPS, kept, strict=True))}  # fmt: skip


PLAN = Plan(GROUPS, Multiplications(GROUPS, count), 0.5 * 4 * 6400)
STATIC = np.linspace(0, 1, 4)[:, None] * np.ones(8)


def accuracy(kept: Kept) -> float:
    gone = 1 - np.array([k / group.total for k, group in zip(kept, GROUPS, strict=True)])
    return float(100 - 40 * (DEAR * gone).sum())


def judge(episode: Episode) -> dict[str, Any]:
    macs = sum(count(episode.kept).values())
    return {"accuracy": accuracy(episode.kept), "loss": 0.0, "macs": macs}


def environment() -> AmcEnvironment:
    return AmcEnvironment(PLAN, STATIC, lambda kept: accuracy(kept) / 100)


@pytest.mark.filterwarnings("ignore:.*Box action spaces.*", "ignore:.*render modes.*")
def test_the_environment_is_one_of_gymnasium() -> None:
    check_env(environment())


@given(st.lists(st.floats(-0.5, 1.5), min_size=4, max_size=4))
@drawn.examples(30)
def test_every_episode_keeps_the_budget(actions: list[float]) -> None:
    env = environment()
    observation, _ = env.reset()
    total = 0.0
    for step, action in enumerate(actions):
        assert env.observation_space.contains(observation)
        observation, reward, done, truncated, told = env.step(np.array([action], np.float32))
        assert done == (step == 3) and not truncated
        total += reward
    assert sum(count(told["kept"]).values()) <= PLAN.target
    assert total == pytest.approx(accuracy(told["kept"]) / 100)
    for group, kept in zip(GROUPS, told["kept"], strict=True):
        assert kept >= math.ceil(0.2 * group.total - 1e-9)


def test_what_is_observed() -> None:
    env = environment()
    first, _ = env.reset()
    assert first.shape == (len(FEATURES),)
    assert list(first[-3:]) == [0.0, 1.0, 1.0]
    second = env.step(np.array([0.5], np.float32))[0]
    # Half of a quarter is saved, three quarters are left, half of the channels stayed.
    np.testing.assert_allclose(second[-3:], [0.125, 0.75, 0.5])
    np.testing.assert_allclose(second[:8], STATIC[1])


def test_features_tell_layers_apart() -> None:
    from mlir_prune.models.resnet import ResNet

    network = ResNet(1, "A", (4, 6, 8), (3, 8, 8), 5)
    channels = Channels(network, network.init(np.random.default_rng(0)))
    found = features_of(channels)
    assert found.shape == (len(channels.groups), 8)
    assert found.min() == 0 and found.max() == 1
    names = [group.name for group in channels.groups]
    assert found[names.index("conv1.weight")][FEATURES.index("inputs")] == 0
    assert found[names.index("conv1.weight")][FEATURES.index("layers")] == 1
    assert found[names.index("conv1.weight")][FEATURES.index("positions")] == 1
    assert found[names.index("layer3.0.conv1.weight")][FEATURES.index("outputs")] == 1


def test_rewards() -> None:
    assert reward_of("accuracy", 91.0, 1e6) == pytest.approx(0.91)
    assert reward_of("error-macs", 91.0, 1e6) == pytest.approx(-0.09 * math.log(1e6))
    with pytest.raises(InputError, match="a reward is one of"):
        Amc(PLAN, STATIC, 10, reward="speed")


SHORT = Settings(warmup=20, updates=2, seed=3)


def test_the_agent_beats_the_uniform_network() -> None:
    found = run(Amc(PLAN, STATIC, 60, SHORT), judge)
    assert found["found"]["accuracy"] > found["uniform"]["accuracy"] + 5
    course = [row["accuracy"] for row in found["episodes"]]
    assert len(course) == 60
    # What was learned is better than what is drawn.
    assert np.mean(course[-15:]) > np.mean(course[:20]) + 3
    assert found["found"]["macs"] <= found["requested"] == PLAN.target


def test_it_goes_on_to_the_same_network() -> None:
    asked: list[str] = []

    def evaluate(episode: Episode) -> dict[str, Any]:
        asked.append(episode.key)
        return judge(episode)

    short = Settings(warmup=12, updates=1, seed=3)
    whole = Amc(PLAN, STATIC, 20, short)
    expected = run(whole, evaluate)
    assert len(set(asked)) == len(asked)
    for part in (3, 15, len(asked)):
        asked.clear()
        rest = Amc(PLAN, STATIC, 20, short)
        rest.resume({"seen": dict(list(whole.seen.items())[:part])})
        assert run(rest, evaluate) == expected
        assert len(asked) == len(whole.seen) - part
    other = run(Amc(PLAN, STATIC, 20, Settings(warmup=12, updates=1, seed=4)), judge)
    assert other["episodes"] != expected["episodes"]
    # More episodes begin with the same.
    longer = run(Amc(PLAN, STATIC, 22, short), judge)
    assert longer["episodes"][:20] == expected["episodes"]


def test_random_episodes_are_proposed_together() -> None:
    search = Amc(PLAN, STATIC, 40, SHORT)
    first = search.propose()
    assert len(first) > 15
    assert search.propose() == first
    for episode in first:
        search.observe(episode, judge(episode))
    assert len(search.propose()) == 1


def test_noise_stays_within_the_actions() -> None:
    noise = TruncatedNormal(1.0, 0.5, np.random.default_rng(0))
    for mean in (-1.0, -0.3, 0.9, 1.0):
        noise.mean = mean
        drawn_ = np.array([mean + noise()[0] for _ in range(400)])
        assert drawn_.min() >= -1 and drawn_.max() <= 1
        # Cut off, not moved to the ends.
        assert np.mean(np.abs(drawn_) > 0.999) < 0.05
    noise.reset()
    assert noise.sigma == 0.5


def test_rewards_are_relative_to_a_moving_mean() -> None:
    agent = Agent(environment(), SHORT)
    played = agent.play_randomly(0)
    agent.take(played, 0.8)
    buffer: Any = agent._buffer
    assert isinstance(buffer, BaselineBuffer) and isinstance(agent._model, DDPG)
    buffer.scale = 0.5
    agent.take(agent.play_randomly(1), 0.4)
    one = buffer.sample(64)
    mean = buffer.baseline
    assert 0.4 < mean < 0.8
    found = one.rewards.numpy().ravel()
    assert set(np.round(found, 4)) == {np.float32(round((r - mean) / 0.5, 4)) for r in (0.4, 0.8)}
    assert abs(found.mean()) < 1e-5 and bool(one.dones.all())
    # The next batch moves it by half.
    buffer.generator = np.random.default_rng(7)
    two = buffer.sample(64)
    raw = two.rewards.numpy().mean() * 0.5 + buffer.baseline
    assert buffer.baseline == pytest.approx((mean + raw) / 2, abs=1e-5)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("amc")
    return train_blobs(folder, [8, 24, 16, 4], "{epochs: 8, learning_rate: 1e-2}")


OPTIONS = ["--target", "macs=0.5", "--episodes", "14", "--warmup", "8", "--rows", "60",
           "--calibration", "100"]  # fmt: skip


def test_the_command(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["amc", str(trained / "run"), *OPTIONS]
    one, two = tmp_path / "one", tmp_path / "two"
    assert main([*command, "--out", str(one)]) == 0
    told = capsys.readouterr().out
    assert "amc: macs requested" in told and "uniform: macs requested" in told
    found = json.loads((one / "amc.json").read_text())
    assert found["found"]["macs"] <= found["requested"] == 0.5 * found["dense"]
    assert found["networks"]["amc"]["macs"] == found["found"]["macs"]
    assert found["networks"]["amc"]["difference"] <= 1e-5
    compact = read_module(one / "compact.mlirbc")
    assert sum(layer["macs"] for layer in compact.layers()) == found["found"]["macs"]
    kept = dict(zip((g[0] for g in found["groups"]), found["kept"], strict=True))
    assert {name: compact.parameters()[name].shape[0] for name in kept} == kept
    values = read_arrays(one / "values.npz")
    alive = np.abs(values["fc1.weight"]).sum(axis=1) > 0
    assert int(alive.sum()) == kept["fc1.weight"]
    # A search whose second half is forgotten, in two processes.
    assert main([*command, "--out", str(two)]) == 0
    store = two / "search.json"
    tree = json.loads(store.read_text())
    seen = tree["state"]["seen"]
    tree["state"]["seen"] = dict(list(seen.items())[: len(seen) // 2])
    store.write_text(json.dumps(tree))
    assert main([*command, "--out", str(two), "--workers", "2"]) == 0
    for name in ("values.npz", "uniform.npz", "amc.json", "compact.mlirbc"):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    capsys.readouterr()
    assert main([*command, "--out", str(two), "--lower", "0.3"]) == 1
    assert "another folder" in capsys.readouterr().err


def test_fine_tuning_keeps_the_channels(trained: Path, tmp_path: Path) -> None:
    command = ["amc", str(trained / "run"), *OPTIONS, "--round-to", "4", "--out", str(tmp_path)]
    assert main(command) == 0
    before = read_arrays(tmp_path / "values.npz")
    assert main([*command, "--epochs", "2"]) == 0
    after = read_arrays(tmp_path / "values.npz")
    found = json.loads((tmp_path / "amc.json").read_text())
    assert found["networks"]["amc"]["macs"] <= found["requested"]
    assert all(k % 4 == 0 for k in found["kept"])
    for name in ("fc1.weight", "fc2.weight"):
        assert not after[name][before[name] == 0].any()
        assert (after[name] != before[name]).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "ms=0.5"], "amc meets macs, got ms"),
        (["--target", "macs=0.001"], "cannot be reached"),
        (["--target", "macs=0.5", "--lower", "0"], "--lower is in"),
        (["--target", "macs=0.5", "--episodes", "0"], "--episodes is in"),
        (["--target", "macs=0.5", "--round-to", "0"], "--round-to is in"),
        (["--target", "macs=0.5", "--round-to", "9" * 400], "got a whole number of 1329 bits"),
        (["--target", "macs=0.5", "--repair", "both"], "some of weights, batch_norm, got 'both'"),
    ],
)
def test_what_is_wrong_is_one_line(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    options: list[str], message: str,
) -> None:  # fmt: skip
    refuse(["amc", str(trained / "run"), *options], tmp_path / "out", message, capsys)


def test_missing_libraries_are_named(
    trained: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "stable_baselines3", None)
    assert main(["amc", str(trained / "run"), "--target", "macs=0.5"]) == 1
    error = capsys.readouterr().err
    assert "pip install gymnasium stable-baselines3" in error and error.count("\n") == 1
