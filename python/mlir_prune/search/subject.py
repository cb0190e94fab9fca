# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A trained network on the rows of a data set, as any process can load it."""

from __future__ import annotations

import functools
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..data import Dataset, load
from ..errors import InputError
from ..networks import build_network
from ..recipe import load_recipe
from ..recipe.aims import is_network, network_recipe
from ..recipe.parse import parse_recipe, to_tree
from ..recipe.schema import NETWORKS, Recipe
from ..training.evaluate import Score, compare, logits, rows_right, score_logits
from ..training.fit import fit
from ..training.program import Program, compiled

Arrays = dict[str, np.ndarray]

BATCH = 200
"""Rows at a time."""


@dataclass(frozen=True)
class Subject:
    """What is searched: which network, which values, which rows.

    `recipe` is the network and the data set as text; `values` a file of parameters, those
    below `dense/` or `pruned/`, or empty for those of a network from a file; `root` the
    folder of data sets. It can be sent to another process.
    """

    recipe: str
    values: str = ""
    root: str | None = None
    prefix: str = "dense"
    threads: int = 1

    @property
    def parts(self) -> Recipe:
        """Network and data set."""
        import yaml

        return parse_recipe(yaml.safe_load(self.recipe))

    def load(self) -> Loaded:
        """Network, values and validation rows; read once in a process."""
        return _load(self)

    def question(self) -> dict[str, Any]:
        """What a stored search depends on: files may change under the same name, so network,
        values and rows are told by digests of them."""
        loaded = self.load()
        rows: Arrays = {}
        for part in ("merged", "validation"):
            split = getattr(loaded.data, part)
            rows |= {f"{part}/{name}": array for name, array in split.arrays.items()}
            rows[f"{part}:labels"] = split.labels
        text = hashlib.sha256(loaded.network.text(1).encode()).hexdigest()
        return {
            "network": self.recipe, "text": text, "values": _digest(loaded.values),
            "rows": _digest(rows),
        }  # fmt: skip


@dataclass(frozen=True)
class Loaded:
    """A subject in memory; `right` are the shares of validation rows that the network has right."""

    network: Any
    values: Arrays
    data: Dataset
    program: Program
    dense: Score
    right: np.ndarray

    def score(self, values: Arrays) -> dict[str, float]:
        """Score of other values on the validation rows, and what is lost against the network's."""
        found, right = _scored(self.network, self.program, values, self.data)
        return {
            "accuracy": found.accuracy, "loss": found.loss, **compare(right, self.right)
        }  # fmt: skip


def subject_of(
    name: str, dataset: str | None, values: str | None, root: str | None, threads: int = 1
) -> Subject:
    """The subject that arguments of a command name.

    `name` is a run folder, whose dense values it is about, a file that holds a network, or
    the name of a built one, whose trained `values` are needed.
    """
    folder = Path(name)
    if name and folder.is_dir():
        recipe = load_recipe(folder / "recipe.yaml")
        kept = Recipe(dataset=dataset or recipe.dataset, model=recipe.model, splits=recipe.splits,
                      batch=recipe.batch)  # fmt: skip
        return Subject(_text(kept), str(Path(values or folder / "values.npz").absolute()), root,
                       threads=threads)  # fmt: skip
    if not is_network(name):
        raise InputError(f"'{name}' is neither a run folder, nor a file with a network, nor one of "
                         f"{', '.join(NETWORKS)}")  # fmt: skip
    if name in NETWORKS and not values:
        raise InputError(f"'{name}' has no trained values: name an .npz file with --values")
    if dataset is None:
        raise InputError(f"'{name}' needs rows to validate on: name them with --dataset")
    recipe = network_recipe(name, load(dataset, root), dataset)
    kept = Recipe(dataset=dataset, model=recipe.model, batch=recipe.batch)
    return Subject(_text(kept), str(Path(values).absolute()) if values else "", root,
                   threads=threads)  # fmt: skip


def _digest(arrays: Arrays) -> str:
    """Of names, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _text(recipe: Recipe) -> str:
    import yaml

    return str(yaml.safe_dump(to_tree(recipe), sort_keys=True))


@functools.lru_cache(maxsize=2)
def _load(subject: Subject) -> Loaded:
    from ..compress import read_values

    recipe = subject.parts
    network = build_network(recipe.model, recipe.dataset)
    values: Arrays
    if subject.values:
        values = read_values(subject.values, subject.prefix, network.shapes())
        network.check(values, subject.values)
        values = {name: values[name] for name in network.shapes()}
    else:
        values = network.init(np.random.default_rng(recipe.seed))
    data = fit(network.signature, load(recipe.dataset, subject.root))
    data = data.divide(recipe.splits.validation, recipe.splits.gates)
    program = compiled(network.text(BATCH), "", subject.threads)
    dense, right = _scored(network, program, values, data)
    if not math.isfinite(dense.loss):
        name = recipe.model.file or recipe.model.name
        raise InputError(f"{name}: the network gives values that are not finite on validation rows")
    return Loaded(network, values, data, program, dense, right)


def _scored(
    network: Any, program: Program, values: Arrays, data: Dataset
) -> tuple[Score, np.ndarray]:
    rows, axis = data.validation, network.signature.axis
    found = logits(program, values, rows.arrays)
    return score_logits(found, rows.labels, axis), rows_right(found, rows.labels, axis)

