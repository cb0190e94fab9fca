# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The environment of AMC (He et al. 2018): a network is pruned group by group.

An episode has one step for each group of channels, in the order of the network. An action
is the share of its channels that stays; what would miss the budget is cut off. The network
is evaluated in the last step alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np

from .channel_budget import Plan
from .channels import Channels, Kept

FEATURES = (
    "step", "fully connected", "inputs", "outputs", "kernel", "positions", "layers", "weights",
    "saved", "rest", "last",
)  # fmt: skip
"""What is observed of a group, from 0 to 1: its place; of the layer that makes its channels
first the kind, the channels that it reads and makes, the extent of its kernel and the places
that it is applied at; how many layers make the channels and how many weights those have; the
multiplications saved so far, and those of layers that can still lose some, as shares of the
dense network's; the share of the channels of the group before that stayed."""

REWARDS = ("accuracy", "error-macs")
"""The share of rows that are right; or minus the share that are wrong times the logarithm of
the multiplications, which pays for saving more than the budget asks for."""


def reward_of(kind: str, accuracy: float, macs: float) -> float:
    """The reward for an accuracy in per cent and a number of multiplications."""
    if kind == "accuracy":
        return accuracy / 100
    return -(1 - accuracy / 100) * math.log(macs)


class AmcEnvironment(gymnasium.Env[np.ndarray, np.ndarray]):
    """Observations float32 [11] in [0, 1], actions float32 [1] from the least share to 1.

    `evaluate` gives the reward of the channels that stay, once an episode is over; the
    information of the last step has them as `kept`.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 as gymnasium has it

    def __init__(self, plan: Plan, features: np.ndarray, evaluate: Callable[[Kept], float]) -> None:
        """`features` are those of :func:`features_of`."""
        self.plan = plan
        self._features, self._evaluate = features, evaluate
        self._kept: list[int] = []
        self.observation_space = gymnasium.spaces.Box(0.0, 1.0, (len(FEATURES),), np.float32)
        self.action_space = gymnasium.spaces.Box(plan.lower, 1.0, (1,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Starts over with all channels."""
        super().reset(seed=seed, options=options)
        self._kept = []
        return self._observation(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Prunes the next group."""
        share = float(np.clip(np.ravel(action)[0], self.plan.lower, 1.0))
        self._kept.append(self.plan.choose(self._kept, share))
        done = len(self._kept) == len(self.plan.groups)
        kept = tuple(self._kept)
        reward = self._evaluate(kept) if done else 0.0
        return self._observation(), float(reward), done, False, {"kept": kept} if done else {}

    def _observation(self) -> np.ndarray:
        """The state before the next group; behind the last one that of the last."""
        plan, step = self.plan, len(self._kept)
        totals = [group.total for group in plan.groups]
        dense = plan.macs.dense
        now = plan.macs.total([*self._kept, *totals[step:]])
        fixed = plan.macs.total([*self._kept, *[0] * (len(totals) - step)])
        last = self._kept[-1] / totals[step - 1] if step else 1.0
        changing = (1 - now / dense, (now - fixed) / dense, last)
        found = np.array([*self._features[min(step, len(totals) - 1)], *changing], np.float32)
        return np.clip(found, 0.0, 1.0)


def features_of(channels: Channels) -> np.ndarray:
    """What does not change of the groups, float64 [groups, 8], each from 0 to 1 over them."""
    layers: dict[str, Mapping[str, Any]] = {}
    for layer in channels.network.compiled_layers():
        layers.setdefault(layer["weight"], layer)
    rows = [
        _row(step, group.weights, group.total, layers, channels.values)
        for step, group in enumerate(channels.groups)
    ]
    table = np.array(rows, np.float64)
    low, high = table.min(axis=0), table.max(axis=0)
    scaled: np.ndarray = (table - low) / np.where(high > low, high - low, 1.0)
    return scaled


def _row(
    step: int, weights: Sequence[str], total: int, layers: Mapping[str, Mapping[str, Any]],
    values: Mapping[str, np.ndarray],
) -> list[float]:  # fmt: skip
    first = layers[weights[0]]
    array = values[weights[0]]
    inputs = math.prod(array.shape[dim] for dim in first["input_dims"])
    outputs = math.prod(array.shape[dim] for dim in first["output_dims"])
    return [
        step, first["kind"] == "fc", inputs, total, array.size / (inputs * outputs),
        first["macs"] / array.size, len(weights), sum(values[name].size for name in weights),
    ]  # fmt: skip
