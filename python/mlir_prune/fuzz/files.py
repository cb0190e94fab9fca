# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Broken files against everything that reads files.

Each task takes a sound sample of one kind, breaks it, and gives it to a command of
``prune``. The command succeeds, or ends with exit code 1 and one line on standard
error and has written nothing. A traceback, a signal, a hang, more memory than
:data:`MEMORY`, or a file that is left behind is a failure.
"""

from __future__ import annotations

import contextlib
import functools
import io
import resource
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
from .mutate import Rng, mutate_arrays, mutate_bytes, mutate_text, mutate_tree, pick
from .outcome import Failure, Outcome

MEMORY = 8 << 30
"""Bytes of addresses that a worker may use."""

_TINY = {
    "dataset": "data.npz", "batch": 8, "model": {"widths": [16, 8, 3]},
    "bench": {"batches": [1], "rounds": 1, "min_seconds": 1e-6},
    "stages": [
        {"name": "dense", "epochs": 1, "learning_rate": 0.01},
        {"name": "prune", "kind": "prune", "ratio": 0.5},
        {"name": "tune", "epochs": 1, "learning_rate": 0.01},
    ],
}  # fmt: skip

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
        anchors = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [{f'*a{i - 1}, ' * 9}]" for i in range(1, 9)]
        text += "\n".join(anchors) + "\n"
    return text.encode()


KINDS = {
    "text": Kind(
        "net.mlir", (mutate_text, mutate_text, mutate_bytes), ("import", "FILE", "-o", "OUT.mlir")
    ),
    "bytecode": Kind("net.mlirbc", (mutate_bytes,), ("import", "FILE", "-o", "OUT.mlirbc")),
    "recipe": Kind(
        "recipe.yaml", (_tree, _tree, mutate_text, mutate_bytes),
        ("train", "--recipe", "FILE", "--dry-run"),
    ),
    "data": Kind(
        "data.npz", (mutate_arrays, mutate_arrays, mutate_bytes),
        ("train", "--recipe", "SAMPLES/recipe.yaml", "--dataset", "FILE", "--dry-run"),
    ),
    "values": Kind(
        "values.npz", (mutate_arrays, mutate_arrays, mutate_bytes),
        ("compress", "SAMPLES/recipe.yaml", "--values", "FILE", "--out", "OUT", "--quiet"),
    ),
    "idx": Kind(
        "idx/train-images-idx3-ubyte", (mutate_bytes,),
        ("train", "--recipe", "SAMPLES/recipe.yaml", "--dataset", "idx:FOLDER", "--dry-run"),
    ),
    "checkpoint": Kind(
        "run/checkpoint.npz", (mutate_arrays, mutate_bytes),
        ("train", "--recipe", "SAMPLES/recipe.yaml", "--resume", "--out", "FOLDER", "--quiet"),
    ),
    "result": Kind(
        "run/result.json", (mutate_text, mutate_bytes, _tree),
        ("table", "FOLDER", "--out", "OUT.md"),
    ),
    "history": Kind(
        "run/history.jsonl", (mutate_text, mutate_bytes), ("figure", "FOLDER", "--out", "OUT.png")
    ),
    "onnx": Kind("net.onnx", (mutate_bytes,), ("import", "FILE", "-o", "OUT.mlir"), needs="onnx"),
}  # fmt: skip
"""Every kind by name; each file is read by the command that a user would call."""


def make_samples(folder: Path) -> tuple[str, ...]:
    """Writes a sound sample of each kind; the names of the kinds that there are."""
    from ..native import parse
    from .generate import generate

    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    text = generate(3).text
    (folder / "net.mlir").write_text(text)
    (folder / "net.mlirbc").write_bytes(parse(text).to_bytecode())
    (folder / "recipe.yaml").write_text(
        yaml.safe_dump(_TINY | {"dataset": str(folder / "data.npz")}, sort_keys=False)
    )
    x = rng.standard_normal((60, 16)).astype(np.float32)
    y = (np.arange(60) % 3).astype(np.int32)
    np.savez(folder / "data.npz", x=x, y=y)
    _write_idx(folder / "idx", rng)
    shapes = {"fc1.weight": (8, 16), "fc1.bias": (8,), "fc2.weight": (3, 8), "fc2.bias": (3,)}
    values = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    np.savez(folder / "values.npz", **values)
    if not (folder / "run").exists():
        _call(["train", "--recipe", str(folder / "recipe.yaml"), "--out", str(folder / "run"),
               "--quiet"])  # fmt: skip
    if _write_onnx(folder / "net.onnx", values):
        return tuple(KINDS)
    return tuple(name for name, kind in KINDS.items() if kind.needs != "onnx")


def _write_idx(folder: Path, rng: Rng) -> None:
    folder.mkdir(exist_ok=True)
    for part in ("train", "test"):
        images = rng.integers(0, 256, (60, 4, 4), np.uint8)
        head = b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in images.shape)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(head + images.tobytes())
        labels = (np.arange(60) % 3).astype(np.uint8)
        head = b"\0\0\x08\x01" + (60).to_bytes(4, "big")
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(head + labels.tobytes())


def _write_onnx(path: Path, values: dict[str, np.ndarray]) -> bool:
    """Two layers of onnx's own making, where it is installed."""
    try:
        import onnx
        import torch_mlir  # noqa: F401
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        return False
    nodes = [
        helper.make_node("Gemm", ["x", "fc1.weight", "fc1.bias"], ["h"], transB=1),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "fc2.weight", "fc2.bias"], ["y"], transB=1),
    ]
    graph = helper.make_graph(
        nodes, "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 3])],
        [numpy_helper.from_array(array, name) for name, array in values.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(model, str(path))
    return True


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
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
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
        code, errors = _call(arguments)
    except Exception as error:  # what the command let through
        return "exception", f"{type(error).__name__}: {error}"[:300]
    if code == 0:
        return None
    if code != 1:
        return "exit", f"exit code {code}"
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


def _call(arguments: list[str]) -> tuple[int, str]:
    """Exit code of a command, and what it wrote to standard error."""
    from .. import cli  # which knows this package

    errors = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
        try:
            code: Any = cli.main(arguments)
        except SystemExit as end:
            code = end.code
    return int(code or 0), errors.getvalue()


def wanted(names: Iterable[str], there: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds to break; :class:`InputError` for one that is unknown."""
    names = tuple(names) or there
    for name in names:
        if name not in there:
            raise InputError(f"there is no kind of file '{name}', expected {', '.join(there)}")
    return names
