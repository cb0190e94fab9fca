# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a pruning stage judges weights by besides their values: evidence from training rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..evidence import (
    GRADIENT_KINDS,
    GRAM,
    Evidence,
    batch_gradients,
    collect,
    collect_gradients,
)
from ..native import parse
from ..recipe.schema import THINET, Prune
from ..reconstruction import thinet_evidence
from ..taylor import taylor_evidence
from .batches import Batches
from .masks import Arrays, select_masks

if TYPE_CHECKING:
    from .trainer import Trainer

KIND_OF = {
    "wanda": "input_norm", "apoz": "zero_share", "mean_activation": "activation",
    "taylor": "gradient", "snip": "gradient", "obd": "curvature", THINET: "activation",
}  # fmt: skip
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
    network, recipe, names = trainer.network, trainer.recipe, list(names)
    module = parse(network.text(recipe.batch))
    module.bind({name: values[name] for name in network.shapes()})
    seed = recipe.seed if stage.seed is None else stage.seed
    batches = Batches(trainer.data.merged, recipe.batch, (seed,))
    count = min(max(stage.evidence_rows // recipe.batch, 1), batches.steps)
    if stage.criterion == "taylor":
        rows, chosen = batches.rows(0, count), [n for n in names if n in network.weights()]
        found = taylor_evidence(
            network, values, chosen, stage.granularity,
            lambda asked: batch_gradients(module, rows, asked, recipe.threads),
        )  # fmt: skip
    elif stage.criterion == THINET:
        grams = collect(module, _load(batches, count), GRAM, recipe.threads)
        found = thinet_evidence(network, values, names, {name: g for (name, _), g in grams.items()})
    elif kind in GRADIENT_KINDS:
        found = collect_gradients(module, batches.rows(0, count), kind, recipe.threads)
    else:
        found = collect(module, _load(batches, count), [kind], recipe.threads)
    for name in names:
        if (name, kind) not in found:
            raise InputError(
                f"{path}.criterion: {stage.criterion} knows nothing about '{name}', whose layer is "
                "no plain product; name it in ignore"
            )
    return {(name, kind): found[name, kind] for name in names}


def criterion_options(stage: Prune, seed: int) -> dict[str, object]:
    """Options of the mask pipeline that say how weights are judged; `seed` is the recipe's."""
    found: dict[str, object] = {}
    if stage.criterion == THINET:
        # Its scores are evidence, which this criterion takes as they are.
        found["criterion"] = "mean_activation"
    elif stage.criterion != "magnitude":
        found["criterion"] = stage.criterion
    if stage.criterion == "random":
        found["seed"] = seed if stage.seed is None else stage.seed
    return found


def selection_options(stage: Prune, seed: int) -> dict[str, object]:
    """Options of the mask pipeline beside the rule; none where the stage has the defaults."""
    found = criterion_options(stage, seed)
    if stage.sparsity is not None and stage.scope != "tensor":
        found["scope"] = stage.scope
    if isinstance(stage.cap, dict):
        found["cap"] = [f"{pattern}:{number!r}" for pattern, number in stage.cap.items()]
    elif stage.cap is not None:
        found["cap"] = stage.cap
    if stage.round_to > 1:
        found["round_to"] = stage.round_to
    if stage.exclude_ends:
        found["exclude_ends"] = True
    return found


def masks_of_one(
    network: Any, values: Mapping[str, np.ndarray], name: str, stage: Prune, ratio: float,
    evidence: Evidence, seed: int,
) -> Arrays:  # fmt: skip
    """Masks of one weight at a sparsity, by the criterion and the granularity of a stage."""
    known = {key: array for key, array in evidence.items() if key[0] == name}
    return select_masks(
        network, values, [name], stage.granularity, known, sparsity=ratio,
        **criterion_options(stage, seed),
    )  # fmt: skip


def _load(batches: Batches, count: int) -> Iterator[Mapping[str, np.ndarray]]:
    for index in range(count):
        batches.load(0, index)
        yield batches.inputs
