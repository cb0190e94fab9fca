#!/usr/bin/env python3
# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints how many lines each folder has in some commits, as a table.

    scripts/lib/count_lines.py 3dfd5d1 HEAD

Lines with something on them count, in files that people write: generated pages
and pictures do not. Headers count for the folder of `lib`.
"""

import subprocess
import sys
from collections import Counter

SUFFIXES = (".cpp", ".h", ".td", ".py", ".mlir", ".test", ".txt", ".cmake", ".sh", ".yaml", ".yml",
            ".md", ".c", ".in", ".toml", ".json")  # fmt: skip


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], check=True, capture_output=True).stdout


def folder(path: str) -> str:
    """The folder that a file counts for; a room of the library has two, and Python three parts."""
    parts = path.split("/")
    if parts[:2] == ["include", "Prune"]:
        parts[:2] = ["lib"]
    if len(parts) == 1:
        return "(root)"
    deep = parts[0] in ("lib", "python") and len(parts) > 2
    return "/".join(parts[:2]) if deep else parts[0]


def count(commit: str) -> Counter:
    lines: Counter = Counter()
    for path in git("ls-tree", "-r", "--name-only", commit).decode().splitlines():
        plain = path.endswith(SUFFIXES) or (path.startswith("scripts/") and "." not in path)
        if plain and not path.startswith("docs/generated"):
            text = git("show", f"{commit}:{path}").splitlines()
            lines[folder(path)] += sum(1 for line in text if line.strip())
    return lines


def main(commits: list[str]) -> None:
    counts = [count(commit) for commit in commits]
    rows = sorted(set().union(*counts))
    print("| folder |", " | ".join(commits), "|")
    print("|---|" + "---:|" * len(commits))
    for row in rows:
        print(f"| `{row}` |", " | ".join(f"{c[row]:,}" if c[row] else "" for c in counts), "|")
    print("| all |", " | ".join(f"{sum(c.values()):,}" for c in counts), "|")


if __name__ == "__main__":
    main(sys.argv[1:])
