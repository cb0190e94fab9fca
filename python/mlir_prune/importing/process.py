# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the packages of others in a process with a limit of time and memory.

A request is a folder: `request.json` and arrays go in, `reply.json`, MLIR text and
arrays come out. What the process is doing stands in `stage`, so that an end
without a reply can be told.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..errors import InputError

# Seconds that an import may take unless told otherwise.
TIME_LIMIT = 120.0
# Seconds for one operation when the one that does not return is looked for, and for all.
_PROBE_LIMIT = 10.0
_PROBE_LIMIT_ALL = 60.0


def run(
    kind: str, folder: Path, request: dict[str, Any], subject: str, limit: float | None
) -> dict[str, Any]:
    """The reply to a request; every other ending is an :class:`InputError`.

    `subject` is what the message begins with, a file for example. Without a `limit`
    the request is handled in this process.
    """
    if limit is not None and not 0 < limit < float("inf"):
        raise InputError(f"the time limit is a positive number of seconds, got {limit}")
    (folder / "request.json").write_text(json.dumps({"kind": kind, **request}))
    if limit is None:
        from .worker import serve

        serve(folder)
        ending = ""
    else:
        ending = _run_process(folder, limit)
    reply = _reply(folder)
    if reply is None:
        stage = _read(folder / "stage")
        where = f" while {stage}" if stage else ""
        culprit = _find_operation(folder) if stage == _LOWERING else ""
        raise InputError(f"{subject}: cannot import the network: {ending}{where}{culprit}")
    if "error" in reply:
        raise InputError(f"{subject}: {reply['error']}")
    return reply


_LOWERING = "torch-mlir converts the network"


def _reply(folder: Path) -> dict[str, Any] | None:
    path = folder / "reply.json"
    return dict(json.loads(path.read_text())) if path.is_file() else None


def _read(path: Path) -> str:
    return path.read_text(errors="replace").strip() if path.is_file() else ""


def _command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "mlir_prune.importing.worker", str(folder)]


def _start(folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    with open(folder / "output", "wb") as output:
        return subprocess.Popen(
            _command(folder), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=environment, start_new_session=True,
        )  # fmt: skip


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()


def _run_process(folder: Path, limit: float) -> str:
    """Waits for the process; says how it ended if that was not by a reply."""
    process = _start(folder)
    try:
        code = process.wait(limit)
    except subprocess.TimeoutExpired:
        return f"no end after {limit:g} s (the limit is an option, --time-limit)"
    finally:
        _stop(process)
    return _ending(code, _read(folder / "output"))


def _ending(code: int, output: str) -> str:
    if "bad_alloc" in output or "out of memory" in output.lower() or "MemoryError" in output:
        return "out of memory"
    if code == -signal.SIGKILL:
        return "the process was killed, probably for want of memory"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    last = next((line for line in lines if "rror" in line or "ssert" in line), "")
    told = f" ({last[:200]})" if last else ""
    if code < 0:
        return f"the process crashed with {signal.Signals(-code).name}{told}"
    return f"the process ended with exit code {code}{told}"


def _find_operation(folder: Path) -> str:
    """Converts each operation alone, in a process; names the one that does not end well."""
    for name in ("reply.json", "stage"):
        (folder / name).unlink(missing_ok=True)
    (folder / "request.json").write_text(json.dumps({"kind": "probe"}))
    process = _start(folder)
    waited, step, last = 0.0, 0.1, ""
    since = 0.0
    try:
        while process.poll() is None:
            try:
                process.wait(step)
            except subprocess.TimeoutExpired:
                waited += step
            stage = _read(folder / "stage")
            if stage != last:
                last, since = stage, waited
            if (last and waited - since > _PROBE_LIMIT) or waited > _PROBE_LIMIT_ALL:
                break
    finally:
        _stop(process)
    if not last or (folder / "reply.json").is_file():
        return ""
    return f"; the operation is {last}"
