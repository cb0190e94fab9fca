# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recipes: everything that decides a run, as one YAML file.

A recipe is a tree of the dataclasses below. Keys that a recipe leaves out take
the defaults of its data set; unknown keys are errors that name the nearest key.
"""

from __future__ import annotations

import dataclasses
import math
import os
import types
import typing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .errors import InputError, RecipeError, nearest
from .imported import load_network
from .models import Mlp

_CHOICES = {
    "optimizer": ("sgd", "adam"),
    "schedule": ("constant", "cosine", "step"),
    "keep": ("best", "last"),
    "regularizer": ("none", "l1", "l2", "hoyer", "hoyer_square"),
}


@dataclass(frozen=True)
class Network:
    """Widths from the input to the logits, and the activation between layers.

    `file` names a network (.onnx, .pt2, .mlir) to start from instead: widths and
    activation are then those of the file.
    """

    widths: tuple[int, ...] = (64, 300, 100, 10)
    activation: str = "relu"
    file: str = ""


@dataclass(frozen=True)
class Phase:
    """One training phase.

    `schedule` turns `learning_rate` into the rate of each step: constant,
    cosine to zero, or times 0.1 after one half and after three quarters of the
    steps. `keep` says which epoch's parameters leave the phase: the last, or
    the best on the validation part (accuracy, then loss).
    """

    epochs: int = 20
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0
    regularizer: str = "none"
    strength: float = 0.0
    keep: str = "best"


@dataclass(frozen=True)
class Prune:
    """Thresholds quality x std(weight), as in Han et al. (2015).

    Each of `qualities` is fine-tuned for `trial_epochs`; the sparsest network
    whose validation accuracy is at least that of the dense one minus
    `tolerance` (percentage points) goes on.
    """

    qualities: tuple[float, ...] = (0.03, 0.1, 0.25, 0.5, 1.0)
    trial_epochs: int = 5
    tolerance: float = 0.3


@dataclass(frozen=True)
class Bench:
    """Batches to time, threads, rounds of alternation and seconds per round."""

    batches: tuple[int, ...] = (1, 64)
    threads: int = 1
    rounds: int = 15
    min_seconds: float = 0.02


@dataclass(frozen=True)
class Recipe:
    """A whole run: data, network, the three stages of DeepHoyer, timing."""

    dataset: str = "digits"
    seed: int = 1
    batch: int = 64
    threads: int = 1
    model: Network = field(default_factory=Network)
    dense: Phase = field(default_factory=Phase)
    sparse: Phase = field(default_factory=Phase)
    prune: Prune = field(default_factory=Prune)
    finetune: Phase = field(default_factory=Phase)
    bench: Bench = field(default_factory=Bench)

    def mlp(self) -> Mlp:
        """The network as a builder."""
        if self.model.file:
            return load_network(self.model.file)
        return Mlp(self.model.widths, self.model.activation)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for YAML and JSON."""
        tree: dict[str, Any] = _plain(dataclasses.asdict(self))
        return tree


def default_recipe(dataset: str = "digits") -> Recipe:
    """The recipe of ``prune demo`` for a data set; others start from digits.

    The settings were chosen without the test part: for digits on six other
    splits of the training and validation rows (29x fewer weights, 0.1 points
    more on average, 0.35 less at worst), for mnist on the validation part.
    """
    sparse = Phase(regularizer="hoyer_square", keep="last")
    if dataset == "mnist":
        return Recipe(
            dataset="mnist",
            batch=100,
            model=Network((784, 300, 100, 10)),
            dense=Phase(epochs=10, weight_decay=1e-4),
            sparse=replace(sparse, epochs=20, strength=5e-5, weight_decay=1e-4),
            prune=Prune((0.1, 0.25, 0.4, 0.6), trial_epochs=4, tolerance=0.2),
            finetune=Phase(epochs=15, weight_decay=1e-4),
        )
    return Recipe(
        dataset=dataset,
        batch=32,
        dense=Phase(epochs=40, weight_decay=1e-3),
        sparse=replace(sparse, epochs=120, schedule="constant", strength=5e-5, weight_decay=1e-3),
        prune=Prune((0.25, 0.5, 0.75, 1.0, 1.25), trial_epochs=15, tolerance=0.0),
        finetune=Phase(epochs=60, weight_decay=1e-3),
    )


def load_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Reads a YAML recipe; raises :class:`RecipeError` with file and key."""
    try:
        import yaml
    except ImportError:
        raise InputError("recipes need PyYAML: pip install pyyaml") from None
    try:
        text = Path(path).read_text(encoding="utf-8")
        tree = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read ({error})") from None
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise RecipeError(f"{path}: not valid YAML ({reason})") from None
    try:
        return from_dict(tree if tree is not None else {})
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from None


def dump_recipe(recipe: Recipe) -> str:
    """The recipe as YAML that :func:`load_recipe` reads back unchanged."""
    import yaml

    return yaml.safe_dump(recipe.to_dict(), sort_keys=False, default_flow_style=None)


def from_dict(tree: Any) -> Recipe:
    """Builds and checks a recipe from parsed YAML over the data set's defaults."""
    if not isinstance(tree, dict):
        raise RecipeError(f"a recipe is a mapping of keys, got {type(tree).__name__}")
    dataset = tree.get("dataset", "digits")
    base = default_recipe(dataset if isinstance(dataset, str) else "digits")
    recipe: Recipe = _merge(base, tree, "")
    check(recipe)
    return recipe


def check(recipe: Recipe) -> None:
    """Raises :class:`RecipeError` when a value cannot be used."""
    recipe.mlp()
    if len(recipe.model.widths) < 2:
        raise RecipeError("model.widths needs an input and an output")
    _positive("batch", recipe.batch)
    _positive("threads", recipe.threads)
    _positive("bench.threads", recipe.bench.threads)
    _positive("bench.rounds", recipe.bench.rounds)
    for batch in recipe.bench.batches:
        _positive("bench.batches", batch)
    if not recipe.prune.qualities or min(recipe.prune.qualities) < 0:
        raise RecipeError("prune.qualities needs at least one number, none negative")
    for name in ("dense", "sparse", "finetune"):
        phase = getattr(recipe, name)
        _positive(f"{name}.epochs", phase.epochs)
        _positive(f"{name}.learning_rate", phase.learning_rate)
        if not 0 <= phase.momentum < 1:
            raise RecipeError(f"{name}.momentum lies in [0, 1), got {phase.momentum}")
        for key in ("weight_decay", "strength"):
            if getattr(phase, key) < 0:
                raise RecipeError(f"{name}.{key} is not negative, got {getattr(phase, key)}")


def _positive(name: str, value: float) -> None:
    if value <= 0:
        raise RecipeError(f"{name} is positive, got {value}")


def _merge(base: Any, tree: dict[Any, Any], path: str) -> Any:
    """`base` with the keys of `tree` replaced, recursively and checked."""
    hints = typing.get_type_hints(type(base))
    changes: dict[str, Any] = {}
    for key, value in tree.items():
        if key not in hints:
            hint = nearest(str(key), hints)
            raise RecipeError(f"unknown key '{path}{key}'{hint}")
        old = getattr(base, key)
        if dataclasses.is_dataclass(old):
            if not isinstance(value, dict):
                raise RecipeError(f"{path}{key} is a mapping of keys, got {value!r}")
            changes[key] = _merge(old, value, f"{path}{key}.")
        else:
            changes[key] = _convert(value, hints[key], f"{path}{key}")
    return replace(base, **changes)


def _convert(value: Any, kind: Any, name: str) -> Any:
    """`value` as `kind` (int, float, bool, str or a tuple of one of these)."""
    if isinstance(kind, types.GenericAlias):
        element = typing.get_args(kind)[0]
        if not isinstance(value, (list, tuple)):
            raise RecipeError(f"{name} is a list, got {value!r}")
        return tuple(_convert(item, element, name) for item in value)
    if kind is float and isinstance(value, str):
        value = _number(value)  # YAML 1.1 reads 1e-4 as text
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind or (kind is float and not math.isfinite(value)):
        raise RecipeError(f"{name} expects {_name(kind)}, got {value!r}")
    choices = _CHOICES.get(name.rsplit(".", 1)[-1])
    if choices and value not in choices:
        hint = nearest(value, choices)
        raise RecipeError(f"{name} is one of {', '.join(choices)}, got '{value}'{hint}")
    return value


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _name(kind: type) -> str:
    return {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}[kind]


def _plain(value: Any) -> Any:
    """Tuples become lists, recursively."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
