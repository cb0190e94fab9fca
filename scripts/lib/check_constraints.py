#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks that every numbered constraint of a description has a negative test.

A constraint is a list item "* `apply_mask_c1`: ..." in a .td file under include/.
It counts as tested when its label stands in a .mlir file under test/ that expects
an error: in a comment, or at the start of the name of a function. Prints the
labels without a test and the labels of tests that no description defines.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEFINED = re.compile(r"\* `([a-z_]+_c\d+)`:")
CITED = re.compile(r"\b([a-z_]+_c\d+)(?=\b|_)")


def find_labels(files: list[Path], pattern: re.Pattern[str], needed: str = "") -> dict[str, Path]:
    """Labels by the first file that has them, of the files that contain `needed`."""
    labels: dict[str, Path] = {}
    for file in sorted(files):
        text = file.read_text(encoding="utf-8")
        if needed in text:
            for match in pattern.finditer(text):
                labels.setdefault(match[1], file)
    return labels


def main() -> int:
    defined = find_labels(list(ROOT.glob("include/**/*.td")), DEFINED)
    cited = find_labels(list(ROOT.glob("test/**/*.mlir")), CITED, "expected-error")
    problems = [
        f"{file.relative_to(ROOT)}: constraint {label} has no negative test"
        for label, file in defined.items()
        if label not in cited
    ]
    problems += [
        f"{file.relative_to(ROOT)}: no description defines constraint {label}"
        for label, file in cited.items()
        if label not in defined
    ]
    print("\n".join(problems) or f"{len(defined)} constraints, each with a negative test")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
