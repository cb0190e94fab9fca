# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sums the JUnit files of a test run and prints one closing line.

usage: sum_results.py FOLDER [FAILED_SUITE...]; exit status 1 if anything failed.
"""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def count(path: Path) -> tuple[int, int, int]:
    """Returns (passed, failed, skipped) of one JUnit file."""
    cases = ElementTree.parse(path).getroot().iter("testcase")
    passed = failed = skipped = 0
    for case in cases:
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            failed += 1
        elif "skipped" in kinds or case.get("status") in ("notrun", "disabled"):
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main(folder: str, failed_suites: list[str]) -> int:
    totals = [0, 0, 0]
    for path in sorted(Path(folder).glob("*.xml")):
        counts = count(path)
        print(f"{path.stem}: {counts[0]} passed, {counts[1]} failed, {counts[2]} skipped")
        totals = [total + part for total, part in zip(totals, counts)]
    if failed_suites:
        print("failed suites: " + " ".join(failed_suites))
    # A suite without test cases (formatting, documents) counts as one failure.
    failures = max(totals[1], len(failed_suites))
    print(f"{totals[0]} passed, {failures} failed, {totals[2]} skipped")
    return 1 if failures or totals[0] == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
