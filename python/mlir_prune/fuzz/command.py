# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command ``prune fuzz``."""

from __future__ import annotations

import argparse
import functools
import re
import sys
import time
from pathlib import Path

from ..errors import InputError, nearest
from ..files import write_text
from ..native import native
from .checks import all_checks
from .files import KINDS
from .generate import Case, generate
from .reduce import check_text, reduce_case
from .runner import Settings, fuzz, summary
from .workers import Workers, available

_EPILOG = """\
examples:
  prune fuzz --modules 2000                     what continuous integration runs
  prune fuzz --modules 1000000 --out runs/fuzz  a long run, with a bar and a log
  prune fuzz --modules 1000000 --out runs/fuzz --resume
  prune fuzz --files --modules 2000             broken files instead of networks
  prune fuzz --seed 17 --print                  the network of a seed
  prune fuzz --seed 17                          every check on it
  prune fuzz --check runs/fuzz/17-compress.small.mlir --checks compress --seed 17
  prune fuzz --check net.mlir --checks compress --reduce small.mlir

The exit code is 0 when every check held, 1 when one failed. docs/Fuzzing.md lists
the checks and says how failures are made small."""


def add_parser(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to the command line."""
    parser = parsers.add_parser(
        "fuzz", help="check the compiler on random networks", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.set_defaults(run=run)
    parser.add_argument("--modules", type=int, default=2000, help="networks to try (default: 2000)")
    parser.add_argument("--first", type=int, default=0, help="seed of the first (default: 0)")
    parser.add_argument("--jobs", type=int, help="processes (default: one per core)")
    parser.add_argument("--out", default="out/fuzz", help="folder of log and failures")
    parser.add_argument("--resume", action="store_true", help="go on with the run in the folder")
    parser.add_argument("--files", action="store_true", help="break files instead of networks")
    parser.add_argument("--checks", help="names of the checks, with commas (default: all)")
    parser.add_argument(
        "--per-module", type=int, default=6,
        help="checks on each network, drawn from its seed; 0 for all (default: 6)",
    )  # fmt: skip
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds for one check")
    parser.add_argument(
        "--known", action="append", default=[], metavar="FILE",
        help="patterns of failures that are known, one per line: they do not count",
    )  # fmt: skip
    parser.add_argument("--no-reduce", action="store_true", help="leave failures as they are")
    parser.add_argument("--quiet", action="store_true", help="print the sum alone")
    parser.add_argument("--list", action="store_true", help="list the checks")
    parser.add_argument("--seed", type=int, help="one network; with --check seed of the inputs")
    parser.add_argument("--print", action="store_true", help="print the network of --seed")
    parser.add_argument("--check", metavar="FILE", help="check the module of a file")
    parser.add_argument("--special", action="store_true", help="inputs of --check may be NaN")
    parser.add_argument(
        "--reduce", metavar="OUT", help="write the smallest module that fails as that of --check"
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns its exit code."""
    if arguments.list:
        for check in all_checks().values():
            print(f"{check.name}  ({check.forms})")
        print(f"with --files: {', '.join(KINDS)}")
        return 0
    native()
    if arguments.files:
        return _run(arguments, tuple(arguments.checks.split(",")) if arguments.checks else ())
    checks = _checks(arguments.checks)
    if arguments.check:
        return _one(_read(arguments), checks, arguments)
    if arguments.seed is not None:
        case = generate(_natural(arguments.seed, "--seed"))
        if arguments.print:
            sys.stdout.write(case.text)
            return 0
        return _one(case, checks, arguments)
    return _run(arguments, checks)


def _run(arguments: argparse.Namespace, checks: tuple[str, ...]) -> int:
    """Many seeds: networks, or broken files."""
    settings = Settings(
        first=_natural(arguments.first, "--first"),
        modules=_natural(arguments.modules, "--modules"),
        checks=checks, per_module=_natural(arguments.per_module, "--per-module"),
        jobs=max(1, arguments.jobs or available()), timeout=arguments.timeout,
        known=_patterns(arguments.known), reduce=not arguments.no_reduce,
        files=arguments.files,
    )  # fmt: skip
    start = time.monotonic()
    log = fuzz(settings, Path(arguments.out), arguments.resume, arguments.quiet)
    print(summary(log, time.monotonic() - start))
    return 1 if log.failed else 0


def _checks(text: str | None) -> tuple[str, ...]:
    names = tuple(text.split(",")) if text else ()
    known = all_checks()
    for name in names:
        if name not in known:
            raise InputError(f"there is no check '{name}'{nearest(name, known)}")
    return names


def _read(arguments: argparse.Namespace) -> Case:
    try:
        text = Path(arguments.check).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{arguments.check}: cannot be read ({error})") from None
    return Case(_natural(arguments.seed or 0, "--seed"), text, arguments.special)


def _patterns(files: list[str]) -> tuple[str, ...]:
    patterns: list[str] = []
    for name in files:
        try:
            lines = Path(name).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{name}: cannot be read ({error})") from None
        patterns += [line for line in lines if line.strip() and not line.startswith("#")]
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise InputError(f"'{pattern}' is no regular expression ({error})") from None
    return tuple(patterns)


def _natural(number: int, option: str) -> int:
    if number < 0:
        raise InputError(f"{option} is not negative, got {number}")
    return number


def _one(case: Case, checks: tuple[str, ...], arguments: argparse.Namespace) -> int:
    """Checks one module in a process of its own and prints what fails."""
    with Workers(functools.partial(check_text, checks), 1, arguments.timeout) as workers:
        (outcome,) = workers.outcomes([case])
    for failure in outcome.failures:
        print(f"{failure.check}: {failure.kind}: {failure.message}")
    if outcome.skipped:
        print(f"left out: {outcome.skipped}")
    elif not outcome.failures:
        print(f"{len(outcome.checks)} checks hold: {', '.join(outcome.checks)}")
    if arguments.reduce and outcome.failures:
        small = reduce_case(case, outcome.failures[0], arguments.timeout)
        write_text(arguments.reduce, small or case.text)
        print(f"written to {arguments.reduce}")
    return 1 if outcome.failures else 0
