# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The log of a run: a folder with one JSON line per task, only ever appended to,
and a file for each failure with the command that repeats it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from ..errors import InputError
from .outcome import Failure, Outcome

PER_SIGNATURE = 3
"""Failures of one signature that get a file; the others are in the log alone."""


class Log:
    """What a run did, so that it can go on after an interruption.

    `settings` decide what a seed means; a run goes on only with the same ones.
    """

    def __init__(self, folder: Path, settings: dict[str, Any], resume: bool) -> None:
        self.folder = folder
        self.settings = settings
        self.done: set[int] = set()
        self.signatures: Counter[str] = Counter()
        self.modules = self.failed = self.skipped = 0
        self._path = folder / "log.jsonl"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self._path.exists():
                if not resume:
                    raise InputError(f"{self._path}: there is a run already; --resume goes on")
                self._read()
            self._file = self._path.open("a", encoding="utf-8")
        except OSError as error:
            raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
        if not self.done:
            self._write({"settings": settings})

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def add(self, outcome: Outcome) -> None:
        """Appends an outcome."""
        self._count(outcome.to_json())
        self._write(outcome.to_json())

    def first(self, failure: Failure) -> bool:
        """Whether the failure is among the first of its signature; counts it."""
        return self.signatures[failure.signature] <= PER_SIGNATURE

    def save(self, name: str, text: str | bytes) -> Path:
        """Writes a file beside the log."""
        path = self.folder / re.sub(r"[^\w.+-]+", "_", name)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def _count(self, line: dict[str, Any]) -> None:
        self.done.add(line["seed"])
        self.modules += 1
        self.skipped += "skipped" in line
        failures = [Failure(**entry) for entry in line.get("failures", ())]
        self.failed += bool(failures)
        self.signatures.update(failure.signature for failure in failures)

    def _read(self) -> None:
        """Takes up what is there; a line that was cut off does not count."""
        whole = 0
        for number, line in enumerate(self._path.read_bytes().splitlines(keepends=True)):
            try:
                entry = json.loads(line)
                if "settings" in entry:
                    found = entry["settings"]
                    if found != self.settings:
                        raise InputError(f"{self._path}: the run had other settings: {found}")
                else:
                    self._count(entry)
            except (ValueError, KeyError, TypeError) as error:
                if isinstance(error, InputError):
                    raise
                if line.endswith(b"\n"):
                    raise InputError(f"{self._path}:{number + 1}: not a line of a log") from None
                break
            whole += len(line)
        with self._path.open("r+b") as file:
            file.truncate(whole)

    def _write(self, value: dict[str, Any]) -> None:
        self._file.write(json.dumps(value, separators=(",", ":")) + "\n")
        self._file.flush()
