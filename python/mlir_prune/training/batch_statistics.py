# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Running statistics of batch normalizations, measured again after pruning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InputError
from ..pipelines import module, options
from .batches import Batches
from .masks import Arrays
from .parametrization import folded
from .program import Program, compiled
from .tasks import StatisticsTask

if TYPE_CHECKING:
    from .trainer import Trainer

_STEP = "statistics_step"


def statistics_program(trainer: Trainer, task: StatisticsTask) -> Program:
    """The step that measures; raises :class:`InputError` for a network without statistics."""
    network, recipe = trainer.network, trainer.recipe
    text = network.text(recipe.batch)
    if "prune.batch_norm" not in text:
        raise InputError(f"{task.name}: the network has no batch normalization")
    pipeline = module(options("prune-build-statistics-step", name=_STEP))
    return compiled(text, pipeline, recipe.threads)


def measure_statistics(trainer: Trainer, task: StatisticsTask) -> Arrays:
    """Parameters and masks as they are, with statistics that are means over batches."""
    network, run, recipe = trainer.network, trainer.state, trainer.recipe
    program = statistics_program(trainer, task)
    arrays = folded(network, run.arrays, run.meta["parametrization"])
    state = program.fill(arrays)
    batches = Batches(trainer.data.merged, recipe.batch, task.seed)
    step = program.bind(_STEP, state)
    batches.feed(step)
    for index in range(min(task.stage.batches, batches.steps)):
        batches.load(0, index)
        # The k-th batch gets the share 1 / k: a mean whatever was there before.
        step.set("momentum", 1.0 / (index + 1))
        step()
    return arrays | {name: state[name] for name in network.shapes()}
