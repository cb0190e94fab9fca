# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tries many seeds, shows how far it is, and keeps what fails."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .files import KINDS, broken, check_file, prepare, wanted
from .generate import generate
from .log import Log
from .outcome import Failure, Outcome, check_seed
from .reduce import reduce_case
from .workers import Job, Workers


@dataclass(frozen=True)
class Settings:
    """A run: `modules` seeds from `first` on, `per_module` checks on each (all when
    zero) out of `checks` (all when empty), in `jobs` processes."""

    first: int = 0
    modules: int = 2000
    checks: tuple[str, ...] = ()
    per_module: int = 6
    jobs: int = 2
    timeout: float = 60.0
    known: tuple[str, ...] = ()
    reduce: bool = True
    files: bool = False


def fuzz(settings: Settings, folder: Path, resume: bool, quiet: bool = False) -> Log:
    """Checks the modules of a range of seeds; the log tells what was found."""
    same = {"checks": list(settings.checks), "per_module": settings.per_module}
    log = Log(folder, {"files": settings.files, **same}, resume)
    seeds = [
        seed for seed in range(settings.first, settings.first + settings.modules)
        if seed not in log.done
    ]  # fmt: skip
    job, keep = _tasks(settings, folder, quiet)
    with Workers(job, settings.jobs, settings.timeout) as workers:
        for outcome in track(workers.outcomes(seeds), len(seeds), log, quiet):
            outcome.failures = [
                failure for failure in outcome.failures
                if not is_known(outcome.seed, failure, settings.known)
            ]  # fmt: skip
            log.add(outcome)
            for failure in outcome.failures:
                if log.first(failure):
                    keep(log, outcome, failure)
    log.close()
    return log


Keep = Callable[[Log, Outcome, Failure], None]


def _tasks(settings: Settings, folder: Path, quiet: bool) -> tuple[Job, Keep]:
    """What workers do, and how a failure is kept."""
    if not settings.files:
        job = functools.partial(_job, settings.checks, settings.per_module)
        return job, lambda *found: _keep(*found, settings, quiet)
    samples = (folder / "samples").absolute()
    kinds = wanted(settings.checks, prepare(samples))
    return (
        functools.partial(check_file, samples, kinds),
        lambda *found: _keep_file(*found, samples, quiet),
    )


def _keep_file(log: Log, outcome: Outcome, failure: Failure, samples: Path, quiet: bool) -> None:
    """Writes the broken file of a failure."""
    suffix = Path(KINDS[failure.check].sample).suffix
    data = broken(samples, failure.check, outcome.seed)
    path = log.save(f"{outcome.seed}-{failure.check}{suffix}", data)
    if not quiet:
        print(f"{path}: {failure.kind}: {failure.message}", flush=True)


def _job(
    names: tuple[str, ...], count: int, seed: int, skip: tuple[str, ...],
    begin: Callable[[str], None],
) -> Outcome:  # fmt: skip
    return check_seed(seed, names, count, skip, begin)


def is_known(seed: int, failure: Failure, known: Sequence[str]) -> bool:
    """Whether a pattern of faults that are known finds the seed and the signature."""
    return any(re.search(pattern, f"{seed} {failure.signature}") for pattern in known)


def _keep(log: Log, outcome: Outcome, failure: Failure, settings: Settings, quiet: bool) -> None:
    """Writes the module of a new failure, and the smallest one that fails so, too."""
    case = generate(outcome.seed)
    head = heading(failure, case.seed, case.special)
    path = log.save(f"{outcome.seed}-{failure.check}.mlir", head + case.text)
    if not quiet:
        print(f"{path}: {failure.kind} in {failure.check}: {failure.message}", flush=True)
    if settings.reduce:
        small = reduce_case(case, failure, settings.timeout)
        if small is not None:
            smaller = log.save(f"{outcome.seed}-{failure.check}.small.mlir", head + small)
            if not quiet:
                print(f"{smaller}: {small.count(chr(10))} lines", flush=True)


def heading(failure: Failure, seed: int, special: bool) -> str:
    """Comment lines that say what failed and how to see it again."""
    message = " ".join(failure.message.split())
    options = f"--checks {failure.check} --seed {seed}" + (" --special" if special else "")
    return (
        f"// {failure.kind} in {failure.check}: {message}\n"
        f"// prune fuzz --check THIS-FILE {options}\n"
    )


def track(
    outcomes: Iterator[Outcome], total: int, log: Log, quiet: bool
) -> Iterator[Outcome]:
    """Passes outcomes on and shows a bar on a terminal."""
    if quiet or not sys.stderr.isatty():
        yield from outcomes
        return
    from rich import progress as bars
    from rich.console import Console

    columns: list[Any] = [
        bars.BarColumn(), bars.MofNCompleteColumn(), bars.TextColumn("{task.fields[note]}"),
        bars.TimeRemainingColumn(),
    ]  # fmt: skip
    with bars.Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("modules", total=total, note="")
        for outcome in outcomes:
            yield outcome
            progress.update(bar, advance=1, note=f"{log.failed} failed")


def summary(log: Log, seconds: float) -> str:
    """A few lines about a run."""
    lines = [
        f"{log.modules} modules, {log.skipped} left out, {log.failed} failed, "
        f"{log.modules / max(seconds, 1e-9):.1f} a second"
    ]
    lines += [f"{count:6}  {signature}" for signature, count in log.signatures.most_common()]
    return "\n".join(lines)
