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
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIDY = "clang-tidy-22"


def sources_of(build: Path) -> dict[Path, Path]:
    """Our own source files of the build, relative to the root, and their objects."""
    commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    found = {}
    for command in commands:
        source = Path(command["directory"], command["file"]).resolve()
        if source.is_relative_to(ROOT) and not source.is_relative_to(build):
            relative = source.relative_to(ROOT)
            if relative.parts[0] not in (".venv", "build"):
                found[relative] = Path(command.get("output", ""))
    return found


def includers(build: Path, header: Path, sources: Iterable[Path]) -> list[Path]:
    """Source files that include a header, as ninja knows from the last build."""
    done = subprocess.run(
        ["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=True
    )
    known, found, source = set(sources), [], None
    for line in done.stdout.splitlines():
        if not line.startswith(" "):
            source = None  # the first dependence of an object is its source
            continue
        path = (build / line.strip()).resolve()
        relative = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        if source is None:
            source = relative
        elif relative == header and source in known:
            found.append(source)
    return sorted(set(found), key=lambda path: (path.stem != header.stem, path))


def changed_since(commit: str, build: Path, sources: dict[Path, Path]) -> list[Path]:
    """Source files to check for what differs from `commit`."""
    done = subprocess.run(
        ["git", "diff", "--name-only", "--diff-filter=d", commit, "--", "*.cpp", "*.h"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        sys.exit(f"tidy: no commit '{commit}' to compare with: {done.stderr.strip()}")
    chosen = [Path(name) for name in done.stdout.split()]
    files = {path for path in chosen if path in sources}
    for header in (path for path in chosen if path.suffix == ".h"):
        users = includers(build, header, sources)
        if users and not files.intersection(users):
            files.add(users[0])
    return sorted(files)


def check(build: Path, source: Path, end: float) -> str | None:
    """What clang-tidy finds in a file, or None if the time was over."""
    if time.monotonic() > end:
        return None
    command = [TIDY, "-p", str(build), "--quiet", "--warnings-as-errors=*", str(source)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout + (done.stderr if not done.stdout else "") if done.returncode else ""


def main() -> int:
    parser = argparse.ArgumentParser(description="clang-tidy on sources of the build")
    parser.add_argument("build", type=Path)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--since")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    sources = sources_of(build)
    files = arguments.files or sorted(sources)
    if arguments.since:
        files = changed_since(arguments.since, build, sources)
    end = time.monotonic() + arguments.seconds
    with ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(lambda source: check(build, source, end), files))
    bad = [text for text in results if text]
    left = [str(file) for file, text in zip(files, results, strict=True) if text is None]
    print("\n".join(bad), end="")
    if left:
        print(f"not reached in {arguments.seconds:.0f} s: {' '.join(left)}")
    print(f"clang-tidy: {len(files) - len(left)} files checked, {len(bad)} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
