# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""AMC (He et al. 2018): an agent learns how many channels of each group to keep.

The agent prunes the network group by group, is told how accurate it is without training, and
tries again. The networks that were evaluated are the state of the search: one that goes on
lets the agent play from its seed again, and answers from what is known.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..training.evaluate import score
from .channel_budget import Plan
from .channel_subject import ChannelSubject
from .channels import Kept
from .protocol import Search
from .subject import Subject

if TYPE_CHECKING:
    from .ddpg import Agent, Played


def require() -> None:
    """Raises :class:`InputError` where the libraries of the agent are missing."""
    try:
        import gymnasium  # noqa: F401
        import stable_baselines3  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"amc needs gymnasium and stable-baselines3 ({error}): pip install torch==2.13.0, then "
            "pip install gymnasium stable-baselines3, or scripts/setup --optional"
        ) from None


@dataclass(frozen=True)
class Episode:
    """A network to evaluate, by the channels that stay of each group."""

    kept: Kept

    @property
    def key(self) -> str:
        return "-".join(map(str, self.kept))


@dataclass(frozen=True)
class Evaluation:
    """Prunes a network, repairs it on `calibration` training rows and scores it on `rows`
    validation rows. Can be sent to a process."""

    subject: Subject
    rows: int
    calibration: int
    repair: str = "weights"

    def __call__(self, episode: Episode) -> dict[str, Any]:
        loaded = self.subject.load()
        found = self.channel_subject().pruned(episode.kept)
        axis = loaded.network.signature.axis
        got = score(loaded.program, found.values, loaded.data.validation.spread(self.rows), axis)
        return {"accuracy": got.accuracy, "loss": got.loss, "macs": found.total}

    def channel_subject(self) -> ChannelSubject:
        """The network with what repairs it, made once in a process."""
        return _channel_subject(self.subject, self.calibration, self.repair)

    def question(self) -> dict[str, Any]:
        """What the results depend on."""
        return {
            **self.subject.question(), "rows": self.rows, "calibration": self.calibration,
            "repair": self.repair,
        }  # fmt: skip


@functools.lru_cache(maxsize=2)
def _channel_subject(subject: Subject, calibration: int, repair: str) -> ChannelSubject:
    loaded = subject.load()
    rows = loaded.data.merged.spread(calibration)
    return ChannelSubject(loaded.network, loaded.values, rows, repair, subject.threads)


class Amc(Search[Episode, dict[str, Any]]):
    """The best of `episodes` networks within a budget, and the uniform one beside it.

    The first episodes are random, and proposed together; from then on each follows from those
    before. `reward` is one of :data:`amc_environment.REWARDS`. The outcome has the channels
    that stay, their results, those of the uniform network and the course of the episodes.
    """

    def __init__(
        self, plan: Plan, features: np.ndarray, episodes: int, settings: Any = None,
        reward: str = "accuracy",
    ) -> None:  # fmt: skip
        require()
        from .amc_environment import REWARDS
        from .ddpg import Settings

        super().__init__()
        if reward not in REWARDS:
            raise InputError(f"a reward is one of {', '.join(REWARDS)}, got '{reward}'")
        self.plan, self._features, self._episodes = plan, features, episodes
        self._settings = settings or Settings()
        self._reward = reward
        self._now: Played | None = None
        self._start()

    def propose(self) -> Sequence[Episode]:
        uniform = Episode(self.plan.uniform())
        fresh = {} if uniform.key in self.seen else {uniform.key: uniform}
        for played in self._random[len(self._course) :]:
            episode = Episode(played.kept)
            if episode.key not in self.seen:
                fresh[episode.key] = episode
        if fresh:
            return list(fresh.values())
        while len(self._course) < self._episodes:
            if self._now is None:
                self._now = self._next()
            episode = Episode(self._now.kept)
            if episode.key not in self.seen:
                return [episode]
            self._learn(self._now)
            self._now = None
        return []

    def finish(self) -> dict[str, Any]:
        best = max(self._course, key=lambda row: row["reward"])
        uniform = Episode(self.plan.uniform())
        return {
            "groups": [list(group.weights) for group in self.plan.groups],
            "channels": [group.total for group in self.plan.groups],
            "requested": self.plan.target,
            "dense": self.plan.macs.dense,
            "kept": best["kept"],
            "found": self.seen[Episode(tuple(best["kept"])).key],
            "uniform": {"kept": list(uniform.kept), **self.seen[uniform.key]},
            "episodes": self._course,
        }

    def resume(self, state: dict[str, Any]) -> None:
        super().resume(state)
        self._start()

    def _start(self) -> None:
        """Nothing has been played yet."""
        from .amc_environment import AmcEnvironment
        from .ddpg import Agent

        # Rewards are told when the networks have been evaluated.
        environment = AmcEnvironment(self.plan, self._features, lambda kept: 0.0)
        self._agent: Agent = Agent(environment, self._settings)
        first = min(self._settings.warmup, self._episodes)
        self._random: list[Played] = [self._agent.play_randomly(n) for n in range(first)]
        self._course: list[dict[str, Any]] = []
        self._now = None

    def _next(self) -> Played:
        place = len(self._course)
        return self._random[place] if place < len(self._random) else self._agent.play()

    def _learn(self, played: Played) -> None:
        from .amc_environment import reward_of

        found = self.seen[Episode(played.kept).key]
        reward = reward_of(self._reward, found["accuracy"], found["macs"])
        self._agent.take(played, reward)
        self._course.append({"kept": list(played.kept), "reward": reward,
                             "accuracy": found["accuracy"], "macs": found["macs"]})  # fmt: skip
