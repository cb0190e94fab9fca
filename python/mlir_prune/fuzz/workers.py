# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Processes that check modules; one that dies or hangs costs its module alone.

A worker says which check it begins, so the check in flight is known when the
process is gone. What it wrote to standard error, say a failed assertion, is the
message of the failure.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from .outcome import Failure, Outcome

Job = Callable[[Any, tuple[str, ...], Callable[[str], None]], Outcome]
"""Does a task, leaving out some checks, and says the name of each before it runs."""

MEMORY = 8 << 30
"""Bytes of addresses that a worker may use; what never ends often takes all memory."""

LIFETIME = 400
"""Tasks after which a worker is replaced, so that memory does not grow."""

START = 300.0
"""Seconds for a process to start: on a busy machine they are many, and no check runs."""

# Memory that is allocated is not what was there before (glibc), nor is that of the
# runtime, so that code that reads what nobody wrote is found.
_ENVIRONMENT = {"PRUNE_RT_POISON": "1", "MALLOC_PERTURB_": "1", "OMP_NUM_THREADS": "1"}


def _limit_memory() -> None:
    """At most :data:`MEMORY`, and no more than whoever started this may use."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    soft = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _serve(job: Job, connection: Connection, errors: str) -> None:
    """The loop of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A crash is expected and needs no image of the memory.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit_memory()
    handle = os.open(errors, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(handle, 2)
    while True:
        try:
            task, skip = connection.recv()
        except EOFError:
            return
        os.truncate(errors, 0)
        outcome = job(task, skip, lambda name: connection.send(("begin", name)))
        connection.send(("end", outcome))


@dataclass
class _Worker:
    process: Any
    connection: Connection
    errors: str
    task: Any = None
    check: str = ""
    skip: tuple[str, ...] = ()
    found: list[Failure] = field(default_factory=list)
    started: float = 0.0
    done: int = 0


class Workers:
    """Runs a job on many tasks in `count` processes; use as a context manager."""

    def __init__(self, job: Job, count: int, timeout: float) -> None:
        self.job = job
        self.count = count
        self.timeout = timeout
        self._folder = tempfile.TemporaryDirectory(prefix="prune-fuzz-")
        # A server that has loaded everything makes a new process in no time.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["mlir_prune._native", "mlir_prune.fuzz.outcome"])
        self._workers: list[_Worker] = []
        self._number = 0

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            self._stop(worker)
        self._folder.cleanup()

    def outcomes(self, tasks: Iterable[Any]) -> Iterator[Outcome]:
        """The outcome of each task, in the order in which they end."""
        queue = iter(tasks)
        self._workers += [self._start() for _ in range(self.count - len(self._workers))]
        for worker in self._workers:
            self._give(worker, next(queue, None))
        while busy := [worker for worker in self._workers if worker.task is not None]:
            ready = wait([worker.connection for worker in busy], timeout=1.0)
            for worker in busy:
                outcome = self._hear(worker) if worker.connection in ready else self._late(worker)
                if outcome:
                    yield outcome
                    self._give(worker, next(queue, None))

    def _start(self) -> _Worker:
        worker = _Worker(None, None, "")  # type: ignore[arg-type]
        self._restart(worker)
        return worker

    def _restart(self, worker: _Worker) -> None:
        ours, theirs = self._context.Pipe()
        self._number += 1
        worker.errors = os.path.join(self._folder.name, f"{self._number}.log")
        old = {name: os.environ.get(name) for name in _ENVIRONMENT}
        os.environ.update(_ENVIRONMENT)
        try:
            worker.process = self._context.Process(
                target=_serve, args=(self.job, theirs, worker.errors), daemon=True
            )
            worker.process.start()
        finally:
            for name, value in old.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
        theirs.close()
        worker.connection, worker.done = ours, 0

    def _stop(self, worker: _Worker) -> None:
        worker.connection.close()
        if worker.task is not None:
            worker.process.kill()
        worker.process.join()

    def _give(self, worker: _Worker, task: Any) -> None:
        """Hands out a new task."""
        worker.task, worker.skip, worker.found = task, (), []
        if task is None:
            return
        if worker.done >= LIFETIME:
            worker.task = None
            self._stop(worker)
            self._restart(worker)
            worker.task = task
        self._send(worker)

    def _send(self, worker: _Worker) -> None:
        worker.started, worker.check = time.monotonic(), "start"
        worker.connection.send((worker.task, worker.skip))

    def _hear(self, worker: _Worker) -> Outcome | None:
        """What a worker has to say; nothing may come after a signal."""
        try:
            kind, value = worker.connection.recv()
        except (EOFError, ConnectionResetError):
            worker.process.join()
            return self._lost(worker, "crash", self._death(worker))
        if kind == "begin":
            worker.check = value
            worker.started = time.monotonic()
            return None
        worker.done += 1
        value.failures[:0] = worker.found
        return value

    def _late(self, worker: _Worker) -> Outcome | None:
        allowed = max(self.timeout, START) if worker.check == "start" else self.timeout
        if time.monotonic() - worker.started < allowed:
            return None
        worker.process.kill()
        worker.process.join()
        return self._lost(worker, "timeout", f"more than {self.timeout:g} s")

    def _lost(self, worker: _Worker, kind: str, message: str) -> Outcome | None:
        """Goes on with the other checks of the module in a new process."""
        worker.found.append(Failure(worker.check, kind, message))
        worker.skip = (*worker.skip, worker.check)
        worker.connection.close()
        fatal = worker.check in ("start", "generate", "module")
        self._restart(worker)
        if fatal:
            return Outcome(getattr(worker.task, "seed", worker.task), failures=worker.found)
        self._send(worker)
        return None

    def _death(self, worker: _Worker) -> str:
        """Why a process ended: the signal, and the assertion if one failed."""
        code = worker.process.exitcode or 0
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        try:
            with open(worker.errors, encoding="utf-8", errors="replace") as file:
                lines = [line.strip() for line in file if line.strip()]
        except OSError:
            lines = []
        told = [line for line in lines if "Assertion" in line or "error" in line.lower()]
        text = (told or lines or [""])[0]
        return f"{name} {text}".strip()[:500]


def available() -> int:
    """Processes that this machine has room for."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
