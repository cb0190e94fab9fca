# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Broken files against everything that reads files.

Each task takes a sound sample of one kind, breaks it, and gives it to a command of
``prune``. The command succeeds, or ends with exit code 1 and one line on standard
error and has written nothing. A traceback, a signal, a hang, more memory than a
worker may use, or a file that is left behind is a failure.
"""

from __future__ import annotations

import contextlib
import functools
import io
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ..errors import InputError
from .mutate import Rng, bomb, mutate_arrays, mutate_bytes, mutate_text, mutate_tree, pick
from .outcome import Failure, Outcome
from .samples import make_samples

Mutation = Callable[[Rng, bytes], bytes]


@dataclass(frozen=True)
class Kind:
    """A kind of file: the name of a sample in the folder of samples, ways to break it,
    and the arguments of the command that reads it (``OUT`` is a path to write to)."""

    sample: str
    mutations: tuple[Mutation, ...]
    command: tuple[str, ...]
    needs: str = ""


def _tree(rng: Rng, data: bytes) -> bytes:
    """A recipe with other values; seldom nested deeply or with a key twice."""
    tree = mutate_tree(rng, yaml.safe_load(data))
    text = yaml.safe_dump(tree, sort_keys=False)
    if rng.random() < 0.05:
        text += "deep: " + "[" * 3000 + "]" * 3000 + "\n"
    if rng.random() < 0.05:
        text += text.splitlines(keepends=True)[0]
    if rng.random() < 0.03:
        return text.encode() + bomb()
    return text.encode()


_RECIPE = ("train", "--recipe", "FILE", "--dry-run")
_DATA = ("train", "--recipe", "SAMPLES/recipe.yaml", "--dataset", "idx:FOLDER", "--dry-run")
_RESUME = ("train", "--recipe", "SAMPLES/recipe.yaml", "--resume", "--out", "FOLDER", "--quiet")

KINDS = {
    "text": Kind(
        "net.mlir", (mutate_text, mutate_text, mutate_bytes), ("import", "FILE", "-o", "OUT.mlir")
    ),
    "bytecode": Kind("net.mlirbc", (mutate_bytes,), ("import", "FILE", "-o", "OUT.mlirbc")),
    "recipe": Kind("recipe.yaml", (_tree, _tree, mutate_text, mutate_bytes), _RECIPE),
    "every-key": Kind("every.yaml", (_tree, _tree, mutate_text, mutate_bytes), _RECIPE),
    "data": Kind(
        "data.npz", (mutate_arrays, mutate_arrays, mutate_bytes),
        ("train", "--recipe", "SAMPLES/recipe.yaml", "--dataset", "FILE", "--dry-run"),
    ),
    "values": Kind(
        "run/values.npz", (mutate_arrays, mutate_arrays, mutate_bytes),
        ("compress", "SAMPLES/recipe.yaml", "--values", "FILE", "--out", "OUT", "--quiet"),
    ),
    "idx": Kind("idx/train-images-idx3-ubyte", (mutate_bytes,), _DATA),
    "idx-labels": Kind("idx/test-labels-idx1-ubyte", (mutate_bytes,), _DATA),
    "checkpoint": Kind("stopped/checkpoint.npz", (mutate_arrays, mutate_bytes), _RESUME),
    "continued": Kind("stopped/history.jsonl", (mutate_text, mutate_bytes), _RESUME),
    "result": Kind(
        "run/result.json", (mutate_text, mutate_bytes, _tree),
        ("table", "FOLDER", "--out", "OUT.md"),
    ),
    "history": Kind(
        "run/history.jsonl", (mutate_text, mutate_bytes), ("figure", "FOLDER", "--out", "OUT.png")
    ),
    "report": Kind("report/report.json", (mutate_text, mutate_bytes, _tree), ("report", "FOLDER")),
    "onnx": Kind("net.onnx", (mutate_bytes,), ("import", "FILE", "-o", "OUT.mlir"), needs="onnx"),
}  # fmt: skip
"""Every kind by name; each file is read by the command that a user would call."""


def prepare(samples: Path) -> tuple[str, ...]:
    """Makes the samples; the names of the kinds that can be read."""
    with_onnx = make_samples(samples)
    return tuple(name for name, kind in KINDS.items() if with_onnx or kind.needs != "onnx")


def broken(samples: Path, name: str, seed: int) -> bytes:
    """The broken file of a seed."""
    kind, rng = KINDS[name], np.random.default_rng([seed, 23])
    data = (samples / kind.sample).read_bytes()
    try:
        return pick(rng, kind.mutations)(rng, data)
    except (yaml.YAMLError, RecursionError):
        return mutate_bytes(rng, data)


def check_file(
    samples: Path, kinds: tuple[str, ...], seed: int, skip: Iterable[str],
    begin: Callable[[str], None],
) -> Outcome:  # fmt: skip
    """The job of a worker: breaks one file and gives it to its command."""
    name = kinds[seed % len(kinds)]
    outcome, start = Outcome(seed, [name]), time.monotonic()
    if name in skip:
        return outcome
    data = broken(samples, name, seed)
    begin(name)
    with tempfile.TemporaryDirectory(prefix="prune-file-") as folder:
        problem = read_broken(samples, name, data, Path(folder))
    if problem:
        outcome.failures.append(Failure(name, *problem))
    outcome.seconds = time.monotonic() - start
    return outcome


DIVERGED = ": the loss is "
"""What a run says that has read everything, trained, and diverged."""


def read_broken(samples: Path, name: str, data: bytes, folder: Path) -> tuple[str, str] | None:
    """Kind and message of a failure when the command of a kind reads `data`."""
    kind = KINDS[name]
    place = folder / "given"
    source = samples / kind.sample
    if "FOLDER" in " ".join(kind.command):
        shutil.copytree(source.parent, place)
    else:
        place.mkdir()
    file = place / source.name
    file.write_bytes(data)
    words = {"FILE": str(file), "FOLDER": str(place), "SAMPLES": str(samples),
             "OUT": str(folder / "out")}  # fmt: skip
    arguments = [
        functools.reduce(lambda text, pair: text.replace(*pair), words.items(), argument)
        for argument in kind.command
    ]
    before = _listing(folder)
    try:
        code, errors = call(arguments)
    except Exception as error:  # what the command let through
        return "exception", f"{type(error).__name__}: {error}"[:300]
    if "Traceback (most recent call last)" in errors:
        return "traceback", errors[-300:]
    if code == 0:
        return None
    if code != 1:
        return "exit", f"exit code {code}"
    lines = errors.splitlines(keepends=True)
    errors = "".join(line for line in lines if not line.startswith("prune: warning: "))
    if errors.count("\n") != 1 or not errors.startswith("prune: error: "):
        return "words", f"{errors.count(chr(10))} lines: {errors[:200]}"
    # Values that were read, and were too large to train on: the run has its files.
    if DIVERGED in errors:
        return None
    if _listing(folder) != before:
        return "written", f"{sorted(_listing(folder) - before)[:3]} after: {errors.strip()[:200]}"
    return None


def _listing(folder: Path) -> set[str]:
    return {
        f"{path.relative_to(folder)} {path.stat().st_size if path.is_file() else ''}".strip()
        for path in folder.rglob("*")
    }


def call(arguments: list[str]) -> tuple[int, str]:
    """Exit code of a command, and what it wrote to standard error."""
    from .. import cli  # which knows this package

    errors = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
        try:
            code: Any = cli.main(arguments)
        except SystemExit as end:
            code = end.code
    return int(code or 0), errors.getvalue()


def wanted(names: Iterable[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds to break; :class:`InputError` for one that is unknown."""
    names = tuple(names) or known
    for name in names:
        if name not in known:
            raise InputError(f"there is no kind of file '{name}', expected {', '.join(known)}")
    return names
