# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Engines by turns on the same cores, each in a process of its own (``network_engines.py``)."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from network_engines import TOLERANCE, difference
from network_models import Network

SCRIPT = Path(__file__).resolve().parent / "network_engines.py"


class EngineError(RuntimeError):
    """An engine that is not there, does not take a network or computes something else."""


@dataclass(frozen=True)
class Engine:
    """An engine and the Python that has it."""

    name: str
    title: str
    python: str
    version: str = ""

    def command(self, *arguments: object) -> list[str]:
        """How a process of it is started."""
        return [self.python, str(SCRIPT), self.name, *map(str, arguments)]


@dataclass(frozen=True)
class Settings:
    """How everything is measured."""

    cores: list[int]
    seconds: float
    rounds: int
    seed: int = 0

    @property
    def threads(self) -> int:
        """A thread for each core."""
        return len(self.cores)

    def environment(self) -> dict[str, str]:
        """Variables of every engine."""
        return {**os.environ, "OMP_NUM_THREADS": str(self.threads), "NM_DISABLE_ANALYTICS": "1"}


def find_version(engine: Engine) -> str:
    """The version of an engine; an error that says why it cannot be had."""
    try:
        done = subprocess.run(
            engine.command("--version"), capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, env={**os.environ, "NM_DISABLE_ANALYTICS": "1"},
        )  # fmt: skip
    except OSError as error:
        raise EngineError(f"{engine.python}: {error.strerror}") from None
    if done.returncode != 0:
        raise EngineError(last_line(done.stderr))
    return done.stdout.strip()


def last_line(text: str) -> str:
    """What a process said at last."""
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "it ended without a word"


class Worker:
    """A network on an engine. Between its turns the process is stopped with all its threads."""

    def __init__(self, engine: Engine, path: Path, zeros: int, settings: Settings) -> None:
        self.engine, self.zeros = engine, zeros
        self.result = path.with_suffix(f".{engine.name}.npy")
        self.log = self.result.with_suffix(".log")
        command = engine.command(path, path.parent / "input.npy", self.result)
        command += ["--threads", str(settings.threads), "--cores", *map(str, settings.cores)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, env=settings.environment(), text=True, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        try:
            self.load_s = float(self._answer()["load_s"])
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"{self.engine.title}, {self.zeros} % zeros"

    def measure(self, seconds: float) -> float:
        """Milliseconds of a run: the median of a turn."""
        assert self.process.stdin is not None
        self.process.send_signal(signal.SIGCONT)
        # If it has ended, its answer is missing, too.
        with suppress(BrokenPipeError):
            print(json.dumps({"runs": 3, "seconds": seconds}), file=self.process.stdin, flush=True)
        return float(self._answer()["ms"])

    def close(self) -> None:
        """Ends the process."""
        self.process.kill()
        with suppress(BrokenPipeError):
            self.process.communicate()

    def _answer(self) -> dict[str, float]:
        """The next line of the process, which is stopped then."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            text = self.log.read_text(encoding="utf-8", errors="replace")
            raise EngineError(f"{self.name}: {last_line(text)}")
        self.process.send_signal(signal.SIGSTOP)
        answer: dict[str, float] = json.loads(line)
        return answer


def check(worker: Worker, expected: np.ndarray) -> float:
    """How far the result of an engine is from what is expected; an error if it is too far."""
    error = difference(np.load(worker.result), expected)
    if not error < TOLERANCE:
        raise EngineError(
            f"{worker.name}: the result differs by {error:g} of the largest one, "
            f"expected less than {TOLERANCE:g}"
        )
    return error


class Row:
    """A network at a batch on all engines."""

    def __init__(self, network: Network, batch: int, settings: Settings, judge: Engine) -> None:
        self.network, self.batch, self.settings, self.judge = network, batch, settings, judge
        self.workers: list[tuple[Worker, float]] = []
        self.failures: list[str] = []

    def measure(self, plan: Sequence[tuple[Engine, int]]) -> list[dict[str, Any]]:
        """Medians of all engines of a plan, which names them with their zeros in percent."""
        with tempfile.TemporaryDirectory(prefix="networks-") as folder:
            try:
                shape = (self.batch, *self.network.shape)
                x = np.random.default_rng(self.settings.seed).standard_normal(shape)
                np.save(Path(folder) / "input.npy", x.astype(np.float32))
                for zeros in dict.fromkeys(zeros for _, zeros in plan):
                    engines = [engine for engine, share in plan if share == zeros]
                    self._start(engines, zeros, Path(folder))
                return self._take_turns()
            finally:
                for worker, _ in self.workers:
                    worker.close()

    def _start(self, engines: list[Engine], zeros: int, folder: Path) -> None:
        """Loads the network with a share of zeros and compares the results."""
        path = folder / f"zeros{zeros}.onnx"
        self.network.write(path, self.batch, zeros / 100.0, self.settings.seed)
        with Worker(self.judge, path, zeros, self.settings) as judge:
            expected = np.load(judge.result)
        for engine in engines:
            try:
                worker = Worker(engine, path, zeros, self.settings)
            except EngineError as error:
                self._fail(error)
                continue
            try:
                self.workers.append((worker, check(worker, expected)))
            except EngineError as error:
                worker.close()
                self._fail(error)
        path.unlink()

    def _fail(self, error: EngineError) -> None:
        self.failures.append(f"{self.network.title}, batch {self.batch}: {error}")

    def _take_turns(self) -> list[dict[str, Any]]:
        times: dict[Worker, list[float]] = {worker: [] for worker, _ in self.workers}
        for round_number in range(self.settings.rounds):
            # Every other round goes backwards, so that none always runs behind the same one.
            for worker in list(times) if round_number % 2 else list(times)[::-1]:
                try:
                    times[worker].append(worker.measure(self.settings.seconds))
                except EngineError as error:
                    del times[worker]
                    self._fail(error)
        return [
            {"engine": worker.engine.name, "zeros": worker.zeros,
             "ms": statistics.median(times[worker]), "rounds_ms": times[worker],
             "load_s": worker.load_s, "error": error}
            for worker, error in self.workers if worker in times
        ]  # fmt: skip
