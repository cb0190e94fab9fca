# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs clang-tidy with the .clang-tidy of the root; every finding is an error.

usage: tidy.py BUILD [-j JOBS] [--since COMMIT] [--seconds N] [FILE...]

Without files all sources of the build are checked, with --since only those that differ
from COMMIT: a changed header through one source file that includes it. --seconds
bounds the time: what was not reached is listed and is no error. A source file takes
10 to 30 seconds.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIDY = "clang-tidy-22"


def sources_of(build: Path) -> set[Path]:
    """Our own source files of the build, relative to the root."""
    commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    found = set()
    for command in commands:
        source = Path(command["directory"], command["file"]).resolve()
        if source.is_relative_to(ROOT) and not source.is_relative_to(build):
            relative = source.relative_to(ROOT)
            if relative.parts[0] not in (".venv", "build"):
                found.add(relative)
    return found


def includers(
    build: Path, headers: Iterable[Path], sources: Iterable[Path]
) -> dict[Path, list[Path]]:
    """Source files that include each header, as ninja knows from the last build."""
    done = subprocess.run(
        ["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=True
    )
    wanted = {str(ROOT / header): header for header in headers}
    known = {str(ROOT / source): source for source in sources}
    found: dict[Path, list[Path]] = {header: [] for header in headers}
    source, first = None, False
    for line in done.stdout.splitlines():
        if not line.startswith(" "):
            first = True  # the first dependence of an object is its source
            continue
        path = os.path.normpath(build / line.strip())
        if first:
            source, first = known.get(path), False
        elif source is not None and path in wanted:
            found[wanted[path]].append(source)
    return found


def changed_since(commit: str, build: Path, sources: set[Path]) -> list[Path]:
    """Source files to check for what differs from `commit`."""
    done = subprocess.run(
        ["git", "diff", "--name-only", "--diff-filter=d", commit, "--", "*.cpp", "*.h"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        sys.exit(f"tidy: no commit '{commit}' to compare with: {done.stderr.strip()}")
    chosen = [Path(name) for name in done.stdout.split()]
    files = {path for path in chosen if path in sources}
    headers = [path for path in chosen if path.suffix == ".h"]
    for header, users in includers(build, headers, sources).items() if headers else ():
        if users and not files.intersection(users):
            files.add(min(users, key=lambda user: (user.stem != header.stem, user)))
    return sorted(files)


def check(build: Path, source: Path, end: float) -> bool | None:
    """Whether clang-tidy finds nothing in a file, which it prints; None if the time was over."""
    if time.monotonic() > end:
        return None
    command = [TIDY, "-p", str(build), "--quiet", "--warnings-as-errors=*", str(source)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout or done.stderr, end="", flush=True)
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description="clang-tidy on sources of the build")
    parser.add_argument("build", type=Path)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--since")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    arguments = parser.parse_intermixed_args()
    build = arguments.build.resolve()
    sources = sources_of(build)
    files = arguments.files or sorted(sources)
    if arguments.since:
        files = changed_since(arguments.since, build, sources)
    end = time.monotonic() + arguments.seconds
    with ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(lambda source: check(build, source, end), files))
    left = [str(file) for file, clean in zip(files, results, strict=True) if clean is None]
    if left:
        print(f"not reached in {arguments.seconds:.0f} s: {' '.join(left)}")
    print(f"clang-tidy: {len(files) - len(left)} files checked, "
          f"{results.count(False)} with findings")  # fmt: skip
    return 1 if False in results else 0


if __name__ == "__main__":
    sys.exit(main())
