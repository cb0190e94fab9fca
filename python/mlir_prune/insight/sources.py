# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Folders of runs and searches, read for a page: what each holds, checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .. import files, networks
from ..errors import InputError
from ..recipe.parse import parse_recipe
from ..run_report import SCORES, read_report
from ..search import sensitivity
from ..structure import NATURAL, POSITIVE, SECONDS, Least, check_tree
from ..training.history import FILE as HISTORY
from ..training.history import read_history
from ..training.result import FILE as RESULT
from ..training.table import read_results

REPORT, SCAN, FAMILY, SEARCH = "report.json", "sensitivity.csv", "netadapt.json", "search.json"
AMC = "amc.json"

KINDS = {
    REPORT: "prune compress or demo", RESULT: "prune train", SCAN: "prune sensitivity",
    FAMILY: "prune netadapt", AMC: "prune amc",
}  # fmt: skip
"""Files that a folder is read by, and the commands that write them."""

_COUNTS = {"parameters": Least(float, 0), "macs": Least(float, 0)}

_FAMILY = {
    "resource": str, "requested": SECONDS, "realised": SECONDS, "dense": SECONDS, "cost": SECONDS,
    "batch": POSITIVE, "dense_counts": _COUNTS, "counts": _COUNTS, "ratios": {str: Least(float, 0)},
    "family": [{"step": POSITIVE, "layer": str, "cost": SECONDS, **_COUNTS,
                "accuracy": float, "drop": float, "error": float}],
    "score": {"accuracy": float, "drop": float, "error": float},
}  # fmt: skip


_SCORE = {"accuracy": float, "drop": float, "error": float, "macs": Least(float, 1)}

_AMC = {
    "requested": SECONDS, "dense": SECONDS, "groups": [[str, str]], "channels": [POSITIVE],
    "kept": [NATURAL], "uniform": {"kept": [NATURAL]},
    "networks": {"amc": _SCORE, "uniform": _SCORE},
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """A folder. What it does not hold is None; `dataset` and `title` say what it is about.

    `report` is that of `prune compress`, `result` that of `prune train`, `scan` the rows of
    a sensitivity scan, `family` what NetAdapt found, `amc` what AMC did, `history` the lines
    of the training.
    """

    folder: Path
    dataset: str
    title: str
    report: dict[str, Any] | None = None
    result: dict[str, Any] | None = None
    scan: list[dict[str, Any]] | None = None
    family: dict[str, Any] | None = None
    amc: dict[str, Any] | None = None
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The folder as it was named."""
        return str(self.folder)

    def file(self, name: str) -> str:
        """A file of the folder, for a reader to find."""
        return str(self.folder / name)

    @property
    def run(self) -> dict[str, Any] | None:
        """What a training run amounts to: scores, layers and totals."""
        return self.report if self.report is not None else self.result

    @property
    def run_file(self) -> str:
        """Where :attr:`run` is from."""
        return self.file(REPORT if self.report is not None else RESULT)

    @cached_property
    def kept(self) -> dict[str, np.ndarray]:
        """Where the pruned weights are not zero, by layer; read from ``values.npz``.

        Layers that left on the way are missing, and so are all without the file.
        """
        path = self.folder / "values.npz"
        if self.run is None or not path.is_file():
            return {}
        arrays = files.read_arrays(path)
        found = {}
        for row in self.run["layers"]:
            for key in (f"pruned/{row['name']}.weight", f"pruned/{row['name']}"):
                if key in arrays and arrays[key].ndim:
                    found[row["name"]] = arrays[key] != 0
                    break
        return found


def read_sources(paths: Iterable[Path]) -> list[Source]:
    """The folders, and those right below a folder that holds nothing itself, each once."""
    found: dict[Path, Source] = {}
    for path in paths:
        for folder in _folders(path):
            if folder.resolve() not in found:
                found[folder.resolve()] = _read(folder)
    return list(found.values())


def _folders(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        raise InputError(f"{path}: no such folder")
    if _holds(path):
        yield path
        return
    below = [each for each in sorted(path.iterdir()) if each.is_dir() and _holds(each)]
    if not below:
        known = ", ".join(f"{name} ({command})" for name, command in KINDS.items())
        raise InputError(f"{path}: holds no finished run, expected one of {known}")
    yield from below


def _holds(folder: Path) -> bool:
    return any((folder / name).is_file() for name in KINDS)


def _read(folder: Path) -> Source:
    """One folder; raises :class:`InputError` for what is damaged."""
    there = {name for name in (*KINDS, HISTORY) if (folder / name).is_file()}
    report = read_report(folder) if REPORT in there else None
    result = read_results([folder])[0] if RESULT in there and report is None else None
    family = _read_family(folder) if FAMILY in there else None
    amc = _read_amc(folder) if AMC in there else None
    scan = sensitivity.read(folder / SCAN) if SCAN in there else None
    history = read_history(folder) if HISTORY in there else []
    if report is not None:
        dataset, title = report["dataset"], report["title"]
        _check(report, folder / REPORT)
    elif result is not None:
        dataset, title = result["dataset"], result["network"]
        _check(result, folder / RESULT)
    else:
        dataset, title = _subject(folder / SEARCH)
    return Source(folder, dataset, title, report, result, scan, family, amc, history)


def _check(run: dict[str, Any], path: Path) -> None:
    """What a page shows besides the table of the terminal."""
    form = [{"macs": NATURAL, "macs_sparse": NATURAL}]
    check_tree(run["layers"], form, f"{path}: layers")
    for part in ("validation", "test"):
        if part not in run:
            continue
        check_tree(run[part], {str: SCORES["dense"]}, f"{path}: {part}")
        check_tree(run[part], SCORES, f"{path}: {part}")
        for name, score in run[part].items():
            for key in {"standard_error", "drop", "drop_error"} & set(score):
                check_tree(score[key], float, f"{path}: {part}: {name}: {key}")


def _read_family(folder: Path) -> dict[str, Any]:
    path = folder / FAMILY
    found: dict[str, Any] = files.read_json(path)
    check_tree(found, _FAMILY, str(path))
    if "measured" in found:
        check_tree(found["measured"], [SECONDS, SECONDS], f"{path}: measured")
    return found


def _read_amc(folder: Path) -> dict[str, Any]:
    path = folder / AMC
    found: dict[str, Any] = files.read_json(path)
    check_tree(found, _AMC, str(path))
    columns = (found["groups"], found["channels"], found["kept"], found["uniform"]["kept"])
    if len({len(column) for column in columns}) > 1:
        raise InputError(f"{path}: groups and channels are not of one number")
    return found


def _subject(path: Path) -> tuple[str, str]:
    """Data set and network of a search."""
    import yaml

    found = files.read_json(path)
    check_tree(found, {"question": {"network": str}}, str(path))
    try:
        recipe = parse_recipe(yaml.safe_load(found["question"]["network"]))
    except (InputError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: not a search of a network ({reason})") from None
    dataset = recipe.dataset
    if dataset.endswith(".npz"):
        dataset = Path(dataset).name
    return dataset, networks.model_title(recipe.model, recipe.dataset)
