# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Timing of several networks side by side in one run.

The networks alternate, so that a change of clock or load of the machine meets
all of them; the median over all calls is reported. Times are measured in C++
around the compiled function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .forms import shape_rows
from .recipe import Bench
from .rows import Inputs, named


@dataclass(frozen=True)
class Timing:
    """Seconds per call of one network at one batch: median and quartiles."""

    network: str
    batch: int
    threads: int
    median: float
    low: float
    high: float
    calls: int

    def to_dict(self) -> dict[str, Any]:
        """For JSON; times in seconds."""
        return asdict(self)


def measure(
    executables: Mapping[str, Any], inputs: Inputs, settings: Bench, threads: int
) -> list[Timing]:
    """Times ``@forward`` of each executable on `inputs`, [batch, ...] each.

    Every round visits all executables, for at least `settings.min_seconds`
    each; the first round warms up and is dropped.
    """
    feeds = {name: list(shape_rows(executables[name], inputs).values()) for name in executables}
    batch = len(next(iter(named(inputs).values())))
    seconds: dict[str, list[float]] = {name: [] for name in executables}
    for round_number in range(settings.rounds + 1):
        # Every other round goes backwards, so that none always runs after the same one.
        order = list(executables) if round_number % 2 else list(executables)[::-1]
        for name in order:
            times = executables[name].time(
                "forward", feeds[name], repeat=1, min_seconds=settings.min_seconds
            )
            if round_number > 0:
                seconds[name].extend(times)
    return [summarize(name, batch, threads, seconds[name]) for name in executables]


def summarize(network: str, batch: int, threads: int, seconds: list[float]) -> Timing:
    """Median and quartiles of seconds per call."""
    low, median, high = np.percentile(np.asarray(seconds), [25, 50, 75])
    return Timing(network, batch, threads, float(median), float(low), float(high), len(seconds))
