# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes a module that fails a check small while it fails in the same way."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import replace

from .generate import Case
from .outcome import Failure, Outcome, check_case
from .program import Program
from .workers import Job, Workers

SECONDS = 120.0
"""Time for one failure; what is small by then is kept."""


def check_text(names: tuple[str, ...], case: Case, skip: tuple[str, ...], begin: object) -> Outcome:
    """The job of a worker on one module."""
    return check_case(case, names, 0, skip, begin)  # type: ignore[arg-type]


def reduce_case(
    case: Case, failure: Failure, timeout: float, job: Job | None = None
) -> str | None:
    """The smallest text found that fails alike; None when it is no smaller.

    `job` checks one module; that of the check which failed when it is not given.
    """
    program = Program.parse(case.text)
    if program is None:
        return None
    names = () if failure.check in ("module", "generate") else (failure.check,)
    job = job or functools.partial(check_text, names)
    with Workers(job, 1, timeout) as workers:

        def fails(candidate: Program) -> bool:
            text = candidate.text()
            (outcome,) = workers.outcomes([Case(case.seed, text, case.special)])
            return any(alike(found, failure) for found in outcome.failures)

        if not fails(program):
            # What nothing reads may be what matters.
            program = replace(program, trim=False)
            if not fails(program):
                return None
        end, start = time.monotonic() + SECONDS, program
        while (smaller := _step(program, fails, end)) is not None:
            program = smaller
    return None if program is start else program.text()


def _step(program: Program, fails: Callable[[Program], bool], end: float) -> Program | None:
    """The first simpler program that fails."""
    seen = {program.text()}
    for candidate in program.smaller():
        if time.monotonic() > end:
            return None
        text = candidate.text()
        if text in seen:
            continue
        seen.add(text)
        if fails(candidate):
            return candidate
    return None


def alike(found: Failure, wanted: Failure) -> bool:
    """Whether a failure is the one that is looked for: the same check and kind, and
    the same message where it is not about numbers."""
    if found.kind == "difference" and wanted.kind == "difference":
        again = "second run"
        return found.check == wanted.check and (again in found.message) == (again in wanted.message)
    return found.signature == wanted.signature
