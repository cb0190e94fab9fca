# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reading a file, good or damaged, the way the command line does.

Every file is read without a fault, or refused with one line and exit code 1 and nothing
written, within a limit of time and memory. :func:`check` says which it was, by the name
of the file:

========================  =====================================================
``*.yaml``                ``prune train --dry-run``
``checkpoint.npz``        ``prune train --resume`` with ``recipe.yaml`` beside it
``history.jsonl``         the same, with the checkpoint beside it
``values.npz``            ``prune compress --values``, as far as its training
``*.npz``, ``*-ubyte*``   as a data set
``result.json``           ``prune table`` of its folder
``report.json``           ``prune report`` of its folder
``*.mlir``, ``*.mlirbc``  ``prune import``
========================  =====================================================
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60
"""Processor time for one file; with the same on the clock, four times over."""

BYTES = 1 << 32
"""Memory that reading one file may add to what the process has."""


@dataclass(frozen=True)
class FileOutcome:
    """What came of reading a file.

    `kind` is ``read``, ``refused`` (one line, exit code 1, nothing written), or a fault:
    ``traceback``, ``message`` (none, or more than a line), ``code`` (another exit code),
    ``crash``, ``timeout``, ``wrote``. `text` is what was written to standard error.
    """

    kind: str
    text: str

    @property
    def fine(self) -> bool:
        """Whether the file was read or refused as it should be."""
        return self.kind in ("read", "refused")


def check(path: str | os.PathLike[str], seconds: int = SECONDS) -> FileOutcome:
    """Reads a file in a process of its own, with copies of the files beside it."""
    source = Path(path)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "files"
        shutil.copytree(source.parent, folder)
        before = _names(folder)
        errors = Path(scratch) / "errors"
        status = _in_child(lambda: _read(folder / source.name), folder, errors, seconds)
        text = errors.read_text(errors="replace")
        return _judge(status, text, _names(folder) - before)


def _judge(status: int, text: str, written: set[str]) -> FileOutcome:
    if os.WIFSIGNALED(status):
        timed_out = os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGXCPU)
        return FileOutcome("timeout" if timed_out else "crash", text)
    code = os.waitstatus_to_exitcode(status)
    if "Traceback (most recent call last)" in text:
        return FileOutcome("traceback", text)
    if code == 0:
        return FileOutcome("read", text)
    lines = [line for line in text.splitlines() if not line.startswith("prune: warning: ")]
    if code != 1:
        return FileOutcome("code", f"exit code {code}: {text}")
    if len(lines) != 1 or not lines[0].startswith("prune: error: "):
        return FileOutcome("message", text)
    if written:
        return FileOutcome("wrote", f"{', '.join(sorted(written))}: {text}")
    return FileOutcome("refused", lines[0])


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _in_child(work: Callable[[], int], folder: Path, errors: Path, seconds: int) -> int:
    """Exit status of `work` in a fork with limits, its standard error in a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    code = 70
    try:
        _enter(folder, errors, seconds)
        code = work()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 70
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
    raise AssertionError("the child has left")


def _enter(folder: Path, errors: Path, seconds: int) -> None:
    """Limits and streams of the child."""
    os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    os.chdir(folder)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(4 * seconds)


def _read(path: Path) -> int:
    """Exit code of the command that reads a file of this name."""
    from mlir_prune.cli import main

    folder, recipe = str(path.parent), str(path.parent / "recipe.yaml")
    if path.suffix in (".yaml", ".yml"):
        return main(["train", str(path), "--dry-run"])
    if path.name in ("checkpoint.npz", "history.jsonl"):
        return main(["train", recipe, "--resume", "--quiet", "--out", folder])
    if path.name == "values.npz":
        out = str(path.parent / "out")
        return main(["compress", recipe, "--values", str(path), "--quiet", "--out", out])
    if path.name == "result.json":
        return main(["table", folder])
    if path.name == "report.json":
        return main(["report", folder])
    if path.suffix in (".mlir", ".mlirbc"):
        return main(["import", str(path), "--out", str(path.parent / "imported.mlir")])
    return _load(str(path) if path.suffix == ".npz" else f"idx:{folder}")


def _load(name: str) -> int:
    """The data set `name`, with the errors of the command line."""
    from mlir_prune import data
    from mlir_prune.errors import InputError

    try:
        data.load(name)
    except InputError as error:
        print(f"prune: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0
