# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the time of a training step goes, operation by operation.

The step is the one that ``prune train`` compiles for the stage. It runs on random
rows with a learning rate of zero, alternating with the same step without the
measurement, so that what measuring costs can be seen. The result is a table or JSON.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.table import Table
from rich.text import Text

from .. import networks
from ..recipe import Recipe
from .program import STEP
from .stage import StageTraining
from .untrained import untrained_stage

_WARM_UP = 3
"""Steps before the clock runs: the first ones prepare primitives."""

_ROUNDS = 5
"""Times that the two steps alternate."""

_SMALL = 0.01
"""Share of the step below which operations get no row of their own."""

_GROUPS = {
    "convolutions, forward": ("onednn.convolution", "kernel.sparse_convolution"),
    "convolutions, gradient of data": (
        "onednn.convolution_backward_data", "kernel.sparse_convolution_backward_data",
    ),
    "convolutions, gradient of weights": (
        "onednn.convolution_backward_weights", "kernel.sparse_convolution_backward_weights",
    ),
    "products": ("onednn.matmul", "kernel.spmm", "kernel.lane_permute", "kernel.sddmm"),
    "poolings": (
        "kernel.max_pool", "kernel.max_pool_backward", "kernel.average_pool",
        "kernel.average_pool_backward", "prune.max_pool_gradient",
    ),
    "batch normalizations": (
        "prune.batch_norm", "prune.batch_norm_training", "prune.batch_norm_gradient",
    ),
    "optimizer updates": ("prune.sgd_update", "prune.adam_update", "prune.proximal"),
    "penalties": ("prune.regularize", "prune.regularize_gradient"),
    "masks and gates": (
        "prune.apply_mask", "prune.gate", "prune.score", "prune.select_mask",
        "kernel.select_groups",
    ),
}  # fmt: skip
"""Kinds of operations by group, in the order of the table."""

LOOPS, OTHER = "loops over elements", "other"


@dataclass(frozen=True)
class Site:
    """Operations of one name: how many, and seconds per step of all together.

    `labels` are the parameters that they work on.
    """

    name: str
    labels: tuple[str, ...]
    group: str
    count: int
    seconds: float


@dataclass(frozen=True)
class StepProfile:
    """Where a step's time goes. Times are medians over steps, in seconds."""

    stage: str
    network: str
    batch: int
    threads: int
    steps: int
    sites: tuple[Site, ...]
    step: float
    """The step without measurement."""
    measured: float
    """The step with it."""

    @property
    def total(self) -> float:
        """Seconds of all sites together."""
        return sum(site.seconds for site in self.sites)

    def groups(self) -> dict[str, list[Site]]:
        """Sites by group, in the order of the table, the slowest first."""
        found: dict[str, list[Site]] = {}
        for group in (*_GROUPS, LOOPS, OTHER):
            sites = [site for site in self.sites if site.group == group]
            if sites:
                found[group] = sorted(sites, key=lambda site: -site.seconds)
        return found


def group_of(kind: str) -> str:
    """The group of a kind of operation."""
    for group, kinds in _GROUPS.items():
        if kind in kinds:
            return group
    # What is left of the network, its gradient and its loss.
    return LOOPS if kind.split(".")[0] in ("linalg", "arith", "math", "prune") else OTHER


def profile_stage(recipe: Recipe, stage: str = "", steps: int = 50) -> StepProfile:
    """Measures the step of a training stage, by default of the first one.

    Stages before it run without their training, so the masks that it starts from
    are those of the first values.
    """
    with untrained_stage(recipe, stage) as training:
        return _measure(training, steps)


def _measure(training: StageTraining, steps: int) -> StepProfile:
    """Runs the step with and without measurement alternating."""
    for method in training.methods:
        method.begin(fresh=True)
    training.prepare(0, 0)
    # Values that stay as they are cannot grow without bounds on noise.
    training.step.set("learning_rate", 0.0)
    plain = training.step
    executable = training.program.profiled()
    measured = plain.on(executable)
    plain_seconds: list[float] = []
    measured_seconds: list[float] = []
    samples: list[list[float]] = []
    for first in range(_ROUNDS):
        count = len(range(first, steps, _ROUNDS))
        if count == 0:
            continue
        for _ in range(_WARM_UP):
            plain.seconds()
        plain_seconds += [plain.seconds() for _ in range(count)]
        for _ in range(_WARM_UP):
            measured.seconds()
        for _ in range(count):
            executable.reset_profile()
            measured_seconds.append(measured.seconds())
            samples.append([entry.seconds for entry in executable.profile()])
    return StepProfile(
        stage=training.task.name,
        network=networks.model_title(training.trainer.recipe.model,
                                     training.trainer.recipe.dataset),
        batch=len(training.batches.labels),
        threads=training.trainer.recipe.threads,
        steps=steps,
        sites=_sites(executable.profile(), samples),
        step=statistics.median(plain_seconds),
        measured=statistics.median(measured_seconds),
    )  # fmt: skip


def _sites(entries: list[Any], samples: list[list[float]]) -> tuple[Site, ...]:
    """The operations of the step by name, with the median of each."""
    medians = np.median(np.array(samples), axis=0)
    found: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for entry, seconds in zip(entries, medians, strict=True):
        if entry.function == STEP:
            key = (entry.name, group_of(entry.kind))
            found.setdefault(key, []).append((entry.label, float(seconds)))
    return tuple(
        Site(name, tuple(dict.fromkeys(label for label, _ in parts if label)), group, len(parts),
             sum(seconds for _, seconds in parts))
        for (name, group), parts in found.items()
    )  # fmt: skip


def to_json(profile: StepProfile) -> dict[str, Any]:
    """The profile as a tree, times in milliseconds."""
    return {
        "network": profile.network,
        "stage": profile.stage,
        "batch": profile.batch,
        "threads": profile.threads,
        "steps": profile.steps,
        "step_ms": 1e3 * profile.step,
        "measured_step_ms": 1e3 * profile.measured,
        "sum_ms": 1e3 * profile.total,
        "groups": [
            {
                "group": group,
                "ms": 1e3 * sum(site.seconds for site in sites),
                "share": sum(site.seconds for site in sites) / profile.total,
                "sites": [
                    {
                        "name": site.name,
                        "parameters": list(site.labels),
                        "count": site.count,
                        "ms": 1e3 * site.seconds,
                    }
                    for site in sites
                ],
            }
            for group, sites in profile.groups().items()
        ],
    }


def make_table(profile: StepProfile) -> Table:
    """Groups with their operations; small ones of a group share a row."""
    table = Table(
        title=f"{profile.network}, {profile.stage}: one step of {profile.batch} rows, "
        f"{_count(profile.threads, 'thread')}, median of {profile.steps}"
    )
    table.add_column("operation", overflow="fold")
    for heading in ("count", "ms", "share"):
        table.add_column(heading, justify="right")
    for group, sites in profile.groups().items():
        seconds = sum(site.seconds for site in sites)
        count = sum(site.count for site in sites)
        _add(table, profile, group, count, seconds, "bold")
        large = [site for site in sites if site.seconds >= _SMALL * profile.total]
        small = [site for site in sites if site.seconds < _SMALL * profile.total]
        for site in large:
            # Several layers of one shape share a row.
            label = f" {site.labels[0]}" if len(site.labels) == 1 else ""
            _add(table, profile, f"  {site.name}{label}", site.count, site.seconds)
        if large and small:
            left = sum(site.seconds for site in small)
            _add(table, profile, "  smaller ones", sum(site.count for site in small), left)
        table.add_section()
    _add(table, profile, "sum", sum(s.count for s in profile.sites), profile.total, "bold")
    for name, seconds in (
        ("step with measurement", profile.measured),
        ("step without", profile.step),
    ):
        table.add_row(Text(name), "", f"{1e3 * seconds:.3f}", "")
    return table


def _add(
    table: Table, profile: StepProfile, name: str, count: int, seconds: float, style: str = ""
) -> None:
    share = 100.0 * seconds / profile.total
    # As text, because names hold brackets that are no markup.
    table.add_row(Text(name), str(count), f"{1e3 * seconds:.3f}", f"{share:.1f} %", style=style)


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"
