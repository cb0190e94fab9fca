# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a pruning stage judges weights by besides their values: evidence from training rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..evidence import Evidence, collect
from ..native import parse
from ..recipe.schema import Prune
from .batches import Batches

if TYPE_CHECKING:
    from .trainer import Trainer

KIND_OF = {"wanda": "input_norm", "apoz": "zero_share", "mean_activation": "activation"}
"""The evidence of each criterion that needs rows."""


def collect_evidence(
    trainer: Trainer, stage: Prune, path: str, values: Mapping[str, np.ndarray], names: Iterable[str]
) -> Evidence:
    """What training rows say of the weights `names`; nothing where the criterion needs no rows.

    The network has the values that are pruned. Rows are whole batches in an order drawn from
    the seed. Raises :class:`InputError` for a weight that nothing is known about.
    """
    kind = KIND_OF.get(stage.criterion)
    if kind is None:
        return {}
    network, recipe = trainer.network, trainer.recipe
    module = parse(network.text(recipe.batch))
    module.bind({name: values[name] for name in network.shapes()})
    seed = recipe.seed if stage.seed is None else stage.seed
    batches = Batches(trainer.data.merged, recipe.batch, (seed,))
    count = min(max(stage.evidence_rows // recipe.batch, 1), batches.steps)
    found = collect(module, _load(batches, count), [kind], recipe.threads)
    for name in names:
        if (name, kind) not in found:
            raise InputError(
                f"{path}.criterion: {stage.criterion} knows nothing about '{name}', whose layer is "
                "no plain product; name it in ignore"
            )
    return {(name, kind): found[name, kind] for name in names}


def _load(batches: Batches, count: int) -> Iterator[Mapping[str, np.ndarray]]:
    for index in range(count):
        batches.load(0, index)
        yield batches.inputs
