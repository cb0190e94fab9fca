# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Progress on a terminal: one bar per training phase, with the time left."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any


def warning(text: str) -> str:
    """A warning as a line; of a stage that has the name of the program the name is left out."""
    return f"prune: warning: {text.removeprefix('prune: ')}"


class Progress:
    """Reports nothing; the base of the others and what ``--quiet`` uses.

    Use as a context manager. `begin` opens a phase of `total` steps, `advance`
    counts them, `end` closes the phase with a line of result.
    """

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def begin(self, title: str, total: int) -> None:
        """Opens a phase."""

    def advance(self, steps: int, note: str) -> None:
        """Counts steps of the open phase; `note` is its latest figure."""

    def end(self, result: str) -> None:
        """Closes the open phase."""

    def say(self, text: str) -> None:
        """One line between phases."""

    def warn(self, text: str) -> None:
        """One line on standard error, also when nothing else is reported."""
        print(warning(text), file=sys.stderr, flush=True)


class Lines(Progress):
    """One line for each finished phase, for files and pipes."""

    _title = ""
    _start = 0.0

    def begin(self, title: str, total: int) -> None:
        self._title, self._start = title, time.monotonic()

    def end(self, result: str) -> None:
        seconds = time.monotonic() - self._start
        print(f"{self._title}: {result} ({seconds:.1f} s)", flush=True)

    def say(self, text: str) -> None:
        print(text, flush=True)


class Bars(Progress):
    """Bars drawn by rich; the finished ones stay on the screen."""

    def __init__(self) -> None:
        from rich.progress import (
            BarColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import (
            Progress as RichProgress,
        )

        self._bars: Any = RichProgress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        self._task: Any = None
        self._total = 0

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def begin(self, title: str, total: int) -> None:
        self._total = total
        self._task = self._bars.add_task(title, total=total, note="")

    def advance(self, steps: int, note: str) -> None:
        self._bars.update(self._task, advance=steps, note=note)

    def end(self, result: str) -> None:
        self._bars.update(self._task, completed=self._total, note=result)

    def say(self, text: str) -> None:
        self._bars.console.print(text, highlight=False, markup=False)

    def warn(self, text: str) -> None:
        # Through the bars, which would be drawn over it otherwise.
        self.say(warning(text))


def make_progress(quiet: bool) -> Progress:
    """Bars on a terminal, lines elsewhere, nothing when `quiet`."""
    if quiet:
        return Progress()
    if not sys.stdout.isatty():
        return Lines()
    try:
        return Bars()
    except ImportError:
        return Lines()
