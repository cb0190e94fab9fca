# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Schedules: a number for every step of a stage, in closed form.

Steps count from zero within the stage; epochs are turned into steps by the
number of steps in an epoch, which may leave fractions.
"""

from __future__ import annotations

import math
from dataclasses import replace

from ..recipe.modifiers import Gradual, Rate, Rigl, Strength
from ..recipe.schema import Prune


def learning_rate(rate: Rate, step: int, per_epoch: int, total: int) -> float:
    """Rate of `step` in a stage of `total` steps with `per_epoch` in each epoch.

    The warm-up gives its last step the full value; cosine and line run over
    what is left after it.
    """
    warm = rate.warmup * per_epoch
    if step < warm:
        return rate.value * min(1.0, (step + 1) / warm)
    done = (step - warm) / (total - warm)
    if rate.schedule == "cosine":
        return rate.final + (rate.value - rate.final) * 0.5 * (1.0 + math.cos(math.pi * done))
    if rate.schedule == "linear":
        return rate.value + (rate.final - rate.value) * done
    if rate.schedule == "step":
        epochs = total / per_epoch
        milestones = rate.milestones or (0.5 * epochs, 0.75 * epochs)
        return rate.value * rate.factor ** _passed(milestones, step / per_epoch)
    return rate.value


def strength(
    schedule: Strength, start: float, end: float | None, epoch: float, epochs: float
) -> float:
    """Strength at `epoch` (with fraction) of a modifier active in [start, end)."""
    end = epochs if end is None else min(end, epochs)
    if not start <= epoch < end:
        return 0.0
    since = epoch - start
    if schedule.schedule == "linear":
        ramp = schedule.ramp or end - start
        share = min(1.0, since / ramp)
        return schedule.initial + (schedule.value - schedule.initial) * share
    if schedule.schedule == "step":
        return schedule.value * schedule.factor ** _passed(schedule.milestones, since)
    return schedule.value


def cubic_sparsity(gradual: Gradual, step: int, per_epoch: int, total: int) -> float:
    """Share pruned at `step` (Zhu and Gupta 2017, eq. 1); zero before the start."""
    start = gradual.start * per_epoch
    end = gradual_end(gradual.end, per_epoch, total)
    if step < start:
        return 0.0
    done = 1.0 if step >= end else (step - start) / (end - start)
    return gradual.final + (gradual.initial - gradual.final) * (1.0 - done) ** 3


def exchange_share(rigl: Rigl, step: int, per_epoch: int, total: int) -> float:
    """Share of the live weights that RigL exchanges at `step`; zero after its end."""
    end = gradual_end(rigl.end, per_epoch, total)
    if step >= end:
        return 0.0
    return rigl.fraction / 2.0 * (1.0 + math.cos(math.pi * step / end))


def gradual_end(end: float | None, per_epoch: int, total: int) -> float:
    """Step of the last selection: `end` epochs, or three quarters of the stage."""
    return min(end * per_epoch, total) if end is not None else 0.75 * total


def is_due(step: int, start: float, end: float, frequency: int) -> bool:
    """Whether masks are chosen at `step`: every `frequency` steps, and at the end."""
    first, last = math.ceil(start), math.ceil(end)
    return first <= step <= last and ((step - first) % frequency == 0 or step == last)


def _passed(milestones: tuple[float, ...], epoch: float) -> int:
    return sum(epoch >= milestone for milestone in milestones)


def scheduled(stage: Prune, iteration: int) -> Prune:
    """The stage with the sparsity that it has come to after `iteration` of its iterations."""
    if stage.schedule == "once" or stage.iterations == iteration:
        return stage
    done = iteration / stage.iterations

    def at(final: float) -> float:
        if stage.schedule == "geometric":
            return 1.0 - (1.0 - final) ** done
        return final * (done if stage.schedule == "linear" else 1.0 - (1.0 - done) ** 3)

    given = stage.sparsity
    assert given is not None
    now = {name: at(s) for name, s in given.items()} if isinstance(given, dict) else at(given)
    return replace(stage, sparsity=now)
