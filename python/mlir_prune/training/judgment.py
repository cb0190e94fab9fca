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
from ..rows import Split, Windows
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
    if stage.criterion not in KIND_OF:
        return {}
    recipe = trainer.recipe
    seed = recipe.seed if stage.seed is None else stage.seed
    batches = Batches(trainer.data.merged, recipe.batch, (seed,))
    count = min(max(stage.evidence_rows // recipe.batch, 1), batches.steps)
    rows = batches.rows(0, count)
    try:
        return evidence_of(
            trainer.network, values, names, stage.criterion, stage.granularity, rows,
            recipe.threads, recipe.batch,
        )  # fmt: skip
    except InputError as error:
        raise InputError(f"{path}.criterion: {error}") from error


def evidence_of(
    network: Any, values: Mapping[str, np.ndarray], names: Iterable[str], criterion: str,
    granularity: str, rows: Split, threads: int = 1, batch: int = 64,
) -> Evidence:  # fmt: skip
    """What a criterion of :data:`KIND_OF` judges the weights `names` of a network by.

    Compiled code runs on `batch` rows; rows that do not fill one are left out, but where the
    criterion is about gradients. Raises :class:`InputError` for a weight that nothing is known
    about.
    """
    kind, names = KIND_OF[criterion], list(names)
    module = parse(network.text(batch))
    module.bind({name: values[name] for name in network.shapes()})
    if criterion == "taylor":
        chosen = [name for name in names if name in network.weights()]
        found = taylor_evidence(
            network, values, chosen, granularity,
            lambda asked: batch_gradients(module, rows, asked, threads),
        )  # fmt: skip
    elif criterion == THINET:
        grams = collect(module, whole_batches(network, rows, batch), GRAM, threads)
        found = thinet_evidence(network, values, names, {name: g for (name, _), g in grams.items()})
    elif kind in GRADIENT_KINDS:
        found = collect_gradients(module, rows, kind, threads)
    else:
        found = collect(module, whole_batches(network, rows, batch), [kind], threads)
    for name in names:
        if (name, kind) not in found:
            raise InputError(
                f"{criterion} knows nothing about '{name}', whose layer is no plain product; name "
                "it in ignore"
            )
    return {(name, kind): found[name, kind] for name in names}


def criterion_options(stage: Prune, seed: int) -> dict[str, object]:
    """Options of the mask pipeline that say how weights are judged; `seed` is the recipe's."""
    return judged_by(stage.criterion, seed if stage.seed is None else stage.seed)


def judged_by(criterion: str, seed: int) -> dict[str, object]:
    """The same for a criterion by its name; `seed` is for the random one."""
    if criterion == THINET:
        # Its scores are evidence, which this criterion takes as they are.
        return {"criterion": "mean_activation"}
    if criterion == "magnitude":
        return {}
    return {"criterion": criterion} | ({"seed": seed} if criterion == "random" else {})


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


def whole_batches(
    network: Any, rows: Split, batch: int
) -> Iterator[Mapping[str, np.ndarray]]:
    """Inputs of one batch after the other by name; rows that do not fill one are left out."""
    shapes = {each.name: (batch, *each.shape) for each in network.signature.inputs}
    windows = Windows(rows.arrays, shapes)
    for count in windows:
        if count == batch:
            yield windows.arrays
