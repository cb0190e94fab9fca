# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whatever ends the process of torch-mlir is one error, and none outlives its caller."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from mlir_prune.errors import InputError
from mlir_prune.importing import process

ENDINGS = {
    "hang": ("import time; time.sleep(100)", "no end after 1 s"),
    "abort": ("import os; os.abort()", "crashed with SIGABRT"),
    "segfault": ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
    "killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "want of memory"),
    "exit": ("raise SystemExit(3)", "exit code 3"),
    "memory": ("raise MemoryError", "out of memory"),
    "assertion": ("import sys, os; print('x: Assertion failed', file=sys.stderr, flush=True); "
                  "os.abort()", "SIGABRT .x: Assertion failed."),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDINGS)
def test_endings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, message = ENDINGS[name]
    monkeypatch.setattr(process, "_command", lambda folder: [sys.executable, "-c", code])
    begin = time.monotonic()
    limit = 1.0 if name == "hang" else 60.0
    with pytest.raises(InputError, match=f"^net: cannot import the network: .*{message}") as error:
        process.run("lower", tmp_path, {}, "net", limit)
    assert "\n" not in str(error.value)
    assert time.monotonic() - begin < 30


def test_stage_and_operation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that looks for the operation ends at it as the first one did."""
    code = (
        "import json, os, pathlib, sys\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "kind = json.loads((folder / 'request.json').read_text())['kind']\n"
        f"stage = {process._LOWERING!r} if kind == 'lower' else \"Foo 'bar'\"\n"
        "(folder / 'stage').write_text(stage)\n"
        "os.abort()\n"
    )
    monkeypatch.setattr(
        process, "_command", lambda folder: [sys.executable, "-c", code, str(folder)]
    )
    with pytest.raises(InputError, match=r"SIGABRT.*converts the network; .* is Foo 'bar'$"):
        process.run("lower", tmp_path, {}, "net", 60.0)


@pytest.mark.parametrize("limit", [0.0, -1.0, float("inf"), float("nan")])
def test_limit(limit: float, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="positive number of seconds"):
        process.run("lower", tmp_path, {}, "net", limit)


def test_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch_mlir", "onnx"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in [name for name in sys.modules if name.startswith("mlir_prune.importing.onnx")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(InputError, match="pip install torch-mlir onnx"):
        process.run("onnx", tmp_path, {"path": "x", "batch": None, "check": False}, "x", None)
