# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Running statistics of batch normalisations, measured again after pruning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InputError
from ..pipelines import module, options
from .batches import Batches
from .carry import plain
from .masks import Arrays
from .program import Program, compiled
from .units import StatisticsUnit

if TYPE_CHECKING:
    from .trainer import Trainer

_STEP = "statistics_step"


def statistics_program(trainer: Trainer, unit: StatisticsUnit) -> Program:
    """The step that measures; raises :class:`InputError` for a network without statistics."""
    network, recipe = trainer.network, trainer.recipe
    text = network.text(recipe.batch)
    if "prune.batch_norm" not in text:
        raise InputError(f"{unit.name}: the network has no batch normalisation")
    pipeline = module(options("prune-build-statistics-step", name=_STEP))
    return compiled(text, pipeline, recipe.threads)


def measure_statistics(trainer: Trainer, unit: StatisticsUnit) -> Arrays:
    """Parameters and masks as they are, with statistics that are means over batches."""
    network, run, recipe = trainer.network, trainer.state, trainer.recipe
    program = statistics_program(trainer, unit)
    arrays = plain(network, run.arrays, run.meta["pending"])
    state = program.fill(arrays)
    batches = Batches(trainer.data.merged, recipe.batch, network.input_shape, unit.seed)
    step = program.bind(_STEP, state)
    step.set("input", batches.inputs)
    for index in range(min(unit.stage.batches, batches.steps)):
        batches.load(0, index)
        # The k-th batch gets the share 1 / k: a mean whatever was there before.
        step.set("momentum", 1.0 / (index + 1))
        step()
    return arrays | {name: state[name] for name in network.shapes()}
