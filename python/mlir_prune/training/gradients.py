# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Size of the gradient of a fresh network, which relative strengths refer to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..data import Split
from ..recipe.schema import Optimizer, Train
from .batches import Batches
from .passes import stage_pipeline
from .program import STEP, compiled
from .setting import Setting

_BATCHES = 20


def gradient_rms(
    network: Any, values: Mapping[str, np.ndarray], rows: Split, batch: int, seed: int, threads: int
) -> dict[str, float]:
    """Root mean square of the gradient of each weight at `values`.

    Over single elements and up to 20 batches: that of a batch, not of the mean
    gradient. A step of plain gradient descent at rate one subtracts it.
    """
    stage = Train(optimizer=Optimizer(name="sgd", momentum=0.0))
    program = compiled(network.text(batch), stage_pipeline(network, stage, "", Setting()), threads)
    batches = Batches(rows, batch, (seed, 0))
    squares = dict.fromkeys(network.weights(), 0.0)
    count = min(_BATCHES, batches.steps)
    for index in range(count):
        state = program.fill(values)
        step = program.bind(STEP, state)
        batches.load(0, index)
        batches.feed(step)
        step.set("learning_rate", 1.0)
        step()
        for name in squares:
            difference = state[name].astype(np.float64) - values[name]
            squares[name] += float(np.mean(difference * difference))
    return {name: float(np.sqrt(total / count)) for name, total in squares.items()}
