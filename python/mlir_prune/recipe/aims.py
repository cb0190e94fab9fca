# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recipes that nobody has to write: a network, a data set, and what it may lose or cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..data import Dataset
from ..errors import InputError, nearest
from ..networks import COUPLED, build_network, has_statistics, layer_kinds, literal
from .check import check
from .modifiers import Rate
from .reference import dense_stages, stage_names
from .schema import (
    NETWORKS,
    RESOURCES,
    Compact,
    MaxDrop,
    Model,
    Optimizer,
    Prune,
    Recipe,
    Splits,
    Stage,
    Statistics,
    Target,
    Train,
)

FORMATS = (".onnx", ".pt2", ".mlir", ".mlirbc")
"""Files that hold a network."""

_BATCH = (10, 100)
"""Rows of a batch, at least and at most: an epoch has 40 steps where there are rows for it."""

_EPOCH_STEPS = 40

_DENSE_STEPS, _DENSE_EPOCHS = 16_000, (20, 100)
"""Length of the dense training: steps, but at least and at most so many epochs."""

_JUDGES = 0.2
"""Share of the rows that validates where a search compares many networks on them."""

_LARGE = 10.0
"""Root mean square of inputs above which they are said to be unscaled."""

_WIDE = 128
"""Inputs of a fully connected layer from which dropout is applied to them."""


def is_network(name: str | None) -> bool:
    """Whether an argument names a network: a built one, or a file that holds one."""
    return name is not None and (name in NETWORKS or Path(name).suffix in FORMATS)


def network_recipe(name: str, data: Dataset, dataset: str, judged: bool = False) -> Recipe:
    """A recipe that trains the network `name` until it is dense; a file's comes as it is.

    Where many networks will be `judged` on validation rows, those are a fifth or more of what is
    not for the test. A file's network may have learned from all of them: its rows stay.
    """
    rows, (least, most) = len(data.merged), _BATCH
    batch = min(most, max(least, rows // _EPOCH_STEPS), max(1, rows // 4))
    if Path(name).suffix in FORMATS:
        recipe = Recipe(dataset=dataset, batch=batch, model=Model(file=name))
        return _with_dropout(recipe)
    if name not in NETWORKS:
        raise InputError(
            f"'{name}' is no network: expected a file that ends in {', '.join(FORMATS)} or one of "
            f"{', '.join(NETWORKS)}{nearest(name, NETWORKS)}"
        )
    widths = (data.features, 300, 100, data.classes) if name == "mlp" else ()
    steps = max(1, len(data.merged) // batch)
    low, high = _DENSE_EPOCHS
    dense = Train(
        name="dense", epochs=min(high, max(low, round(_DENSE_STEPS / steps))), dropout=False,
        optimizer=Optimizer(weight_decay=1e-4), learning_rate=Rate(1e-3, schedule="cosine"),
    )  # fmt: skip
    few = judged and len(data.validation) < _JUDGES * (rows + len(data.validation))
    recipe = Recipe(
        dataset=dataset, batch=batch, model=Model(name=name, widths=widths), stages=(dense,),
        splits=Splits(validation=_JUDGES) if few else Splits(),
    )  # fmt: skip
    return _with_dropout(recipe)


def unscaled(data: Dataset) -> str | None:
    """What is said of inputs that a network is trained on badly: their values are large."""
    for array in data.merged.inputs:
        size = float(np.sqrt(np.mean(np.square(array, dtype=np.float64))))
        if array.dtype.kind == "f" and size > _LARGE:
            return (
                f"{data.name}: the inputs are about {size:.3g} (root mean square); a network "
                "trains better, and magnitudes say more, where every column is scaled to a "
                "standard deviation of about 1"
            )
    return None


def with_max_drop(
    recipe: Recipe, rule: MaxDrop, granularity: str = "unstructured", criterion: str = "magnitude",
    ignore: Sequence[str] = (),
) -> Recipe:  # fmt: skip
    """The dense stages of a recipe, then the search for the sparsest network.

    Weights `ignore` stay dense.
    """
    dense = dense_stages(recipe)
    kept = [s for n, s in zip(stage_names(recipe), recipe.stages, strict=True) if n in dense]
    found = dataclasses.replace(
        recipe, method=f"within {rule.points:g} points",
        stages=(*kept, Prune(
            name="search", max_drop=rule, granularity=granularity, criterion=criterion,
            ignore=tuple(map(literal, ignore)),
        )),
    )  # fmt: skip
    check(found)
    return found


def parse_target(text: str, allocation: str | None) -> Target:
    """The budget in ``resource=amount``."""
    name, equals, amount = text.partition("=")
    if not equals or name not in RESOURCES:
        raise InputError(
            f"a target is one of {', '.join(RESOURCES)} and an amount, as in macs=0.5, got "
            f"'{text}'{nearest(name, RESOURCES)}"
        )
    try:
        value = float(amount)
    except ValueError:
        value = -1.0
    most = 1.0 if name == "sparsity" else 1e18
    if not 0 < value < most:
        raise InputError(
            f"the amount of a target is a positive number below {most:g}, got '{amount}'"
        )
    return Target(**{name: value}, allocation=allocation or "program")


def with_target(
    recipe: Recipe, target: Target, epochs: int, granularity: str = "unstructured",
    criterion: str = "magnitude", ignore: Sequence[str] = (),
) -> Recipe:  # fmt: skip
    """The dense stages of a recipe, pruning to a budget, and fine-tuning.

    Channels that are coupled leave before the fine-tuning. Weights `ignore` stay dense.
    """
    dense = dense_stages(recipe)
    kept = [s for n, s in zip(stage_names(recipe), recipe.stages, strict=True) if n in dense]
    network: Any = build_network(recipe.model, recipe.dataset)
    name, amount = target.chosen()
    pruning = Prune(
        name="prune", target=target, granularity=granularity, criterion=criterion,
        ignore=tuple(map(literal, ignore)),
    )  # fmt: skip
    stages: list[Stage] = [*kept, pruning]
    if granularity == COUPLED:
        stages.append(Compact(name="compact"))
    if has_statistics(network):
        stages.append(Statistics(name="statistics"))
    if epochs:
        stages.append(Train(
            name="finetune", epochs=epochs, optimizer=Optimizer(weight_decay=2e-4),
            learning_rate=Rate(1e-3, schedule="cosine"),
        ))  # fmt: skip
    method = f"{name} {amount:g}, {target.allocation}"
    method += "" if criterion == "magnitude" else f", {criterion}"
    found = dataclasses.replace(recipe, method=method, stages=tuple(stages))
    check(found)
    return found


def _with_dropout(recipe: Recipe) -> Recipe:
    """Dropout of a tenth before wide layers; the search applies it where the network overfits."""
    network: Any = build_network(recipe.model, recipe.dataset)
    kinds, shapes = layer_kinds(network), network.shapes()
    wide = [
        name for name in network.weights()
        if kinds.get(name) == "fc" and len(shapes[name]) == 2 and shapes[name][1] >= _WIDE
    ]  # fmt: skip
    rates = {literal(name): 0.1 for name in wide}
    return dataclasses.replace(recipe, model=dataclasses.replace(recipe.model, dropout=rates))

