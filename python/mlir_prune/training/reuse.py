# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs that begin with the same dense stage: the later ones take it from the first.

Many methods are compared on one dense network per seed. A run keeps the values of
its reference stage in its checkpoint; another run whose recipe begins with the same
stage goes on from them, to the same bits as if it had trained them itself.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import files
from ..errors import InputError, RecipeError
from ..recipe import Recipe, from_dict
from ..recipe.schema import Model, Train
from ..recipe.strict_yaml import parse_yaml
from .checkpoint import RunState, read_checkpoint
from .history import FILE as HISTORY
from .history import read_history
from .tasks import TrainTask, expand

if TYPE_CHECKING:
    from .trainer import Trainer

_SAME = ("dataset", "seed", "batch")


def reuse_dense(trainer: Trainer, state: RunState, source: Path) -> None:
    """Puts the end of the reference stage of the run in `source` into a fresh `state`.

    Copies its lines of history too. Raises :class:`InputError` unless both recipes
    agree in all that decides that stage, and the stage is the first one, is done,
    leaves plain weights, and hands no moments on.
    """
    found = read_checkpoint(source)
    check_shared(trainer.recipe, _recipe_of(found, source), trainer.reference, source)
    name = trainer.reference
    if name not in found.saved or name not in found.meta["scores"]:
        raise InputError(f"{source}: its stage '{name}' is not finished yet")
    lines = [line for line in read_history(source) if line["stage"] == name]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    files.write_text(trainer.folder / HISTORY, text)
    state.arrays = {n: array.copy() for n, array in found.saved[name].items()}
    state.saved[name] = found.saved[name]
    state.meta["scores"][name] = found.meta["scores"][name]
    state.meta |= {
        "task": 1,
        "history": len(text.encode()),
        "total_epochs": len(lines),
        "total_steps": lines[-1]["step"],
        "seconds": sum(line["seconds"] for line in lines),
    }


def _recipe_of(found: RunState, source: Path) -> Recipe:
    try:
        return from_dict(parse_yaml(found.meta["recipe"]))
    except RecipeError as error:
        raise InputError(f"{source}: the recipe of its checkpoint: {error}") from None


def check_shared(recipe: Recipe, other: Recipe, reference: str, source: Path) -> None:
    """Raises unless the first stages of both recipes give the same bits."""
    for key in _SAME:
        ours, theirs = getattr(recipe, key), getattr(other, key)
        if ours != theirs:
            raise InputError(f"{source}: its {key} is {theirs}, this recipe's is {ours}")
    tasks = expand(recipe)
    first = tasks[0]
    _check_rows(recipe, other, first, source)
    if not isinstance(first, TrainTask) or first.name != reference:
        raise InputError(f"only a first stage can be reused, but the dense one is '{reference}'")
    theirs = expand(other)[0]
    if not isinstance(theirs, TrainTask) or _effective(recipe, first) != _effective(other, theirs):
        raise InputError(
            f"{source}: its network or first stage differs from stage '{reference}' here"
        )
    if first.stage.gates or first.stage.straight_through:
        raise InputError(f"stage '{reference}' leaves more than weights and cannot be reused")
    following = next((u.stage for u in tasks[1:] if isinstance(u, TrainTask)), Train())
    if not following.reset_optimizer:
        raise InputError(
            f"the stage after '{reference}' takes its moments over, which a run does not keep"
        )


def _check_rows(recipe: Recipe, other: Recipe, first: Any, source: Path) -> None:
    """Raises unless both train the stage on the same rows; those of the gates may be among them."""
    ours, theirs = recipe.splits, other.splits
    if isinstance(first, TrainTask) and first.stage.rows == "merged":
        ours, theirs = replace(ours, gates=0.0), replace(theirs, gates=0.0)
    if ours != theirs:
        raise InputError(f"{source}: its splits are {theirs}, this recipe's are {ours}")


def _effective(recipe: Recipe, task: TrainTask) -> tuple[Model, TrainTask]:
    """Network and stage as they act: the network's dropout counts where the stage applies it."""
    dropout = recipe.model.dropout if task.stage.dropout else {}
    stage = replace(task.stage, dropout=bool(dropout))
    return replace(recipe.model, dropout=dropout), replace(task, stage=stage)
