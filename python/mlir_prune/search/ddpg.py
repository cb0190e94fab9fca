# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The agent of AMC: DDPG of stable-baselines3 with the noise and the baseline of the paper.

Episodes are played and learned from one by one, so that whoever runs a search evaluates them
in between, in a process or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from stable_baselines3 import DDPG
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.noise import ActionNoise
from stable_baselines3.common.utils import update_learning_rate

from .amc_environment import AmcEnvironment
from .channels import Kept


@dataclass(frozen=True)
class Settings:
    """How the agent explores and learns; as in He et al. 2018, but there is one update a step.

    The noise has a deviation of `sigma`, as a share of channels, in the first episode after
    `warmup` random ones, times `decay` in each later one. `updates` are made for each step of
    an episode, with `rates` of the actor and the critic.
    """

    warmup: int = 100
    sigma: float = 0.5
    decay: float = 0.95
    rates: tuple[float, float] = (1e-4, 1e-3)
    batch: int = 64
    updates: int = 2
    episodes_kept: int = 100
    seed: int = 1


@dataclass(frozen=True)
class Played:
    """An episode without its reward: observations [steps + 1, features], actions [steps, 1] in
    [-1, 1], and the channels that stay."""

    observations: np.ndarray
    actions: np.ndarray
    kept: Kept


class TruncatedNormal(ActionNoise):
    """Normal noise about an action in [-1, 1] that leaves it there, cut off, not moved.

    Set `mean` to the action before a call. :meth:`reset`, at the end of an episode, lowers
    the deviation.
    """

    def __init__(self, sigma: float, decay: float, random: np.random.Generator) -> None:
        super().__init__()
        self.mean = 0.0
        self.sigma, self._decay, self._random = sigma, decay, random

    def __call__(self) -> np.ndarray:
        normal = NormalDist()
        low, high = (normal.cdf((end - self.mean) / self.sigma) for end in (-1.0, 1.0))
        place = low + (high - low) * self._random.random()
        noise = self.sigma * normal.inv_cdf(min(max(place, 1e-12), 1 - 1e-12))
        return np.array([np.clip(noise, -1.0 - self.mean, 1.0 - self.mean)], np.float32)

    def reset(self) -> None:
        self.sigma = max(self.sigma * self._decay, 1e-6)


class BaselineBuffer(ReplayBuffer):
    """A replay buffer whose rewards are relative to a moving average over batches.

    So the target of the critic is ``(r - b) / scale``, where b moves by half of what it differs
    from the mean of each batch.
    """

    generator: np.random.Generator
    baseline: float | None = None
    scale: float = 1.0

    def sample(self, batch_size: int, env: Any = None) -> Any:
        places = self.generator.integers(0, self.size(), batch_size)
        found = self._get_samples(places, env=env)
        mean = float(found.rewards.mean())
        self.baseline = mean if self.baseline is None else 0.5 * (self.baseline + mean)
        return found._replace(rewards=(found.rewards - self.baseline) / self.scale)


class _TwoRates(DDPG):
    """DDPG with a rate of its own for the actor."""

    rates = (1e-4, 1e-3)

    def _update_learning_rate(self, optimizers: Any) -> None:
        for optimizer, rate in zip(optimizers, self.rates, strict=True):
            update_learning_rate(optimizer, rate)


class Agent:
    """Plays episodes in an environment, whose rewards it is told later, and learns from them.

    The same settings and rewards lead to the same episodes.
    """

    def __init__(self, environment: AmcEnvironment, settings: Settings) -> None:
        self._environment, self._settings = environment, settings
        self._random = np.random.default_rng(settings.seed)
        self._rewards: list[float] = []
        steps = len(environment.plan.groups)
        with _one_thread():
            self._model = _TwoRates(
                "MlpPolicy", environment, gamma=1.0, tau=0.01,
                buffer_size=settings.episodes_kept * steps, batch_size=settings.batch,
                replay_buffer_class=BaselineBuffer, policy_kwargs={"net_arch": [300, 300]},
                seed=settings.seed, device="cpu",
            )  # fmt: skip
        self._model.rates = settings.rates
        self._model.set_logger(Logger(None, []))
        assert isinstance(self._model.replay_buffer, BaselineBuffer)
        self._buffer = self._model.replay_buffer
        self._buffer.generator = self._random
        # A share from the least to 1 is an action from -1 to 1.
        wide = 2.0 / (1.0 - environment.plan.lower)
        self._noise = TruncatedNormal(settings.sigma * wide, settings.decay, self._random)

    def play_randomly(self, number: int) -> Played:
        """Episode `number` of those before anything is learned: it depends on nothing else."""
        random = np.random.default_rng((self._settings.seed, number))
        return self._play(lambda _: float(random.uniform(-1.0, 1.0)))

    def play(self) -> Played:
        """The next episode by what was learned, with noise."""
        played = self._play(self._noisy)
        self._noise.reset()
        return played

    def take(self, played: Played, reward: float) -> None:
        """Remembers an episode and, from the last random one on, learns."""
        steps = len(played.actions)
        for step in range(steps):
            # All that an episode gives from a step on, without discount, is its reward: nothing
            # has to be guessed from the critic's values of later steps.
            self._buffer.add(
                played.observations[step : step + 1], played.observations[step + 1 : step + 2],
                played.actions[step : step + 1], np.array([reward]), np.array([True]), [{}],
            )  # fmt: skip
        self._rewards.append(reward)
        learned = len(self._rewards) - self._settings.warmup
        if learned < 0:
            return
        if learned == 0:
            # What tells good networks from bad ones is small beside what all have.
            self._buffer.scale = float(np.std(self._rewards)) or 1.0
        episodes = len(self._rewards) if learned == 0 else 1
        with _one_thread():
            self._model.train(episodes * steps * self._settings.updates, self._settings.batch)

    def _play(self, choose: Any) -> Played:
        environment = self._environment
        observation, _ = environment.reset()
        observations, actions = [observation], []
        told: dict[str, Any] = {}
        done = False
        while not done:
            scaled = np.array([choose(observation)], np.float32)
            action = self._model.policy.unscale_action(scaled)
            observation, _, done, _, told = environment.step(action)
            observations.append(observation)
            actions.append(scaled)
        return Played(np.array(observations), np.array(actions), told["kept"])

    def _wanted(self, observation: np.ndarray) -> float:
        with _one_thread():
            action, _ = self._model.predict(observation, deterministic=True)
        return float(self._model.policy.scale_action(action)[0])

    def _noisy(self, observation: np.ndarray) -> float:
        self._noise.mean = float(np.clip(self._wanted(observation), -1.0, 1.0))
        return float(np.clip(self._noise.mean + float(self._noise()[0]), -1.0, 1.0))


@contextmanager
def _one_thread() -> Iterator[None]:
    """So that sums are in the same order on every computer; these networks are small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
