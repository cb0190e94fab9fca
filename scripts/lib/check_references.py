# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files and sections that documents and comments name must exist; prints each that does not.

* A path in backticks, with a folder of the project in front or the ending of one of its
  sources, is a file or a folder of the project, in full or from some folder on:
  `Dialect/Prune/IR`, `check_sources.py`. So is a page of docs/ without backticks. What a
  page makes its reader save (`<!-- file: NAME -->`) is there, too.
* A section in quotes behind a link to a page is a heading of that page.

usage: check_references.py FILE...   (paths relative to the root of the project)
"""

import re
import sys
from pathlib import Path, PurePosixPath

READ = {".md", ".td", ".h", ".cpp", ".py", ".yaml", ".cmake"}
ENDINGS = {".md", ".td", ".h", ".cpp", ".py", ".cmake"}
PATH = re.compile(r"(?<!`)`([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*/?)`(?!`)")
PAGE = re.compile(r"\b(docs/[A-Za-z0-9_/-]+\.md)\b")
SAVED = re.compile(r"<!-- file: (\S+) -->")
SECTION = re.compile(r"\]\(([^()\s]+\.md)\),?\s+(?:section\s+)?\"([^\"]+)\"")
EXAMPLE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


class Tree:
    """The files of the project and their folders."""

    def __init__(self, names: list[str]) -> None:
        paths = [PurePosixPath(name) for name in names]
        self.folders = {path.parts[0] for path in paths if len(path.parts) > 1}
        whole = set(paths) | {folder for path in paths for folder in path.parents}
        self.known = {path.parts[i:] for path in whole for i in range(len(path.parts))}

    def is_named(self, text: str) -> bool:
        """True for a text that says it is a path of the project."""
        path = PurePosixPath(text)
        return path.parts[0] in self.folders and "/" in text or path.suffix in ENDINGS

    def has(self, text: str) -> bool:
        """True when a file or folder has this path, from some folder on."""
        return PurePosixPath(text).parts in self.known


def headings(text: str) -> set[str]:
    return {line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#")}


def check(path: Path, text: str, tree: Tree) -> list[str]:
    """What one file names and what is not there, each as `file:line: message`."""
    text = EXAMPLE.sub(lambda found: "\n" * found[0].count("\n"), text)
    saved = set(SAVED.findall(text))
    missing = []
    for found in [*PATH.finditer(text), *PAGE.finditer(text)]:
        if tree.is_named(found[1]) and not tree.has(found[1]) and found[1] not in saved:
            missing.append((found.start(), f"there is no {found[1]}"))
    for found in SECTION.finditer(text):
        page = path.parent / found[1]
        title = " ".join(found[2].split())
        if not page.is_file() or title not in headings(page.read_text(encoding="utf-8")):
            missing.append((found.start(), f'{found[1]} has no section "{title}"'))
    lines = sorted({(text.count("\n", 0, start) + 1, message) for start, message in missing})
    return [f"{path}:{line}: {message}" for line, message in lines]


def main(names: list[str]) -> int:
    tree = Tree(names)
    breaches = []
    for path in map(Path, names):
        # Tests name files of their own.
        is_read = path.suffix in READ and path.parts[:2] != ("python", "tests")
        if is_read and path.is_file():
            breaches += check(path, path.read_text(encoding="utf-8"), tree)
    print("\n".join(breaches) or "all files and sections that are named exist")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
