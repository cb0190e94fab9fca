# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sums the JUnit files of a test run and prints one closing line.

Skipped tests are counted by reason. A reason that allowed_skips.txt does not list
is a failure: what is skipped by mistake tests nothing.

usage: sum_results.py FOLDER [FAILED_SUITE...]; exit status 1 if anything failed.
FOLDER holds a folder per configuration with a file SUITE.xml or SUITE/NAME.xml per suite.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ALLOWED = Path(__file__).with_name("allowed_skips.txt")


@dataclass
class Counts:
    """What became of the test cases of one suite."""

    passed: int = 0
    failed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


def reason_of(skipped: ElementTree.Element) -> str:
    """Why a test was skipped, in one line."""
    reason = skipped.get("message") or ""
    text = (skipped.text or "").strip()
    # pytest hides the reason of a whole module in the representation of a tuple.
    if reason == "collection skipped":
        found = re.search(r"""['"]Skipped: (.*)['"]\)$""", text, re.DOTALL)
        reason = found.group(1).replace("\\'", "'") if found else text
    return " ".join((reason or text or "no reason").split())


def count(paths: list[Path]) -> Counts:
    """Counts the test cases of JUnit files."""
    counts = Counts()
    for path in paths:
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            kinds = {child.tag for child in case}
            skipped = case.find("skipped")
            if kinds & {"failure", "error"}:
                counts.failed += 1
            elif skipped is not None:
                counts.skipped[reason_of(skipped)] += 1
            elif "notrun" in (case.get("status"), case.get("result")):
                counts.skipped["not run"] += 1
            else:
                counts.passed += 1
    return counts


def read_allowed(path: Path = ALLOWED) -> list[tuple[str, str, re.Pattern[str]]]:
    """Configuration, suite and reason of each line."""
    rules = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            configuration, suite, reason = line.split(None, 2)
            rules.append((configuration, suite, re.compile(reason)))
    return rules


def may_skip(
    rules: list[tuple[str, str, re.Pattern[str]]], configuration: str, suite: str, reason: str
) -> bool:
    """Whether a rule lists this reason for this suite of this configuration."""
    return any(
        where in ("*", configuration) and what in ("*", suite) and pattern.fullmatch(reason)
        for where, what, pattern in rules
    )


def suites_of(folder: Path) -> dict[tuple[str, str], list[Path]]:
    """The files of each suite, by configuration and suite."""
    found: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(folder.rglob("*.xml")):
        configuration, suite = path.relative_to(folder).with_suffix("").parts[:2]
        found.setdefault((configuration, suite), []).append(path)
    return found


def main(folder: str, failed_suites: list[str]) -> int:
    passed = failed = skipped = 0
    rules, suites = read_allowed(), suites_of(Path(folder))
    for (configuration, suite), paths in suites.items():
        counts = count(paths)
        total = counts.skipped.total()
        print(f"{configuration} {suite}: {counts.passed} passed, {counts.failed} failed, "
              f"{total} skipped")  # fmt: skip
        for reason, times in counts.skipped.most_common():
            allowed = may_skip(rules, configuration, suite, reason)
            print(f"  skipped {times}: {reason}" + ("" if allowed else "  [NOT ALLOWED]"))
            if not allowed:
                failed_suites = [*failed_suites, f"{configuration}/{suite} (skips)"]
        passed, failed, skipped = passed + counts.passed, failed + counts.failed, skipped + total
    failed_suites = list(dict.fromkeys(failed_suites))
    if failed_suites:
        print("failed suites: " + ", ".join(failed_suites))
    # A suite without test cases (formatting, documents) counts as one failure.
    failures = max(failed, len(failed_suites))
    print(f"{passed} passed, {failures} failed, {skipped} skipped")
    return 1 if failures or (suites and passed == 0) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
