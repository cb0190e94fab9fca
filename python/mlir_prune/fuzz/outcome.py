# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What came of checking one module, and how failures of one kind are told apart."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from .checks import Check, all_checks
from .generate import Case, generate
from .subject import Difference, Refused, Skipped, Subject

# Names, numbers, positions and types.
_PARTICULAR = re.compile(
    r"'[^']*'|\"[^\"]*\"|0x[0-9a-f]+|[-+]?\d[\d.e+-]*|\[[^\]]*\]"
    r"|tensor<[^>]*>|%\w+|\bnan\b|\b-?inf\b"
)

BASE = "module"
"""Name of the check that a module can be read and runs on the naive path."""


@dataclass(frozen=True)
class Failure:
    """A check that failed: `kind` is ``difference``, ``refused``, ``crash``,
    ``timeout`` or ``exception``."""

    check: str
    kind: str
    message: str

    @property
    def signature(self) -> str:
        """What failures of the same cause have in common: no numbers, no names."""
        text = _PARTICULAR.sub("#", self.message)
        return f"{self.check}: {self.kind}: {' '.join(text.split())[:160]}"


@dataclass
class Outcome:
    """All that was found on one module."""

    seed: int
    checks: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    skipped: str = ""
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """One line of the log; short when nothing failed."""
        line: dict[str, Any] = {"seed": self.seed, "checks": len(self.checks)}
        if self.skipped:
            line["skipped"] = self.skipped
        if self.failures:
            line["failures"] = [asdict(failure) for failure in self.failures]
        return line


def choose(
    subject: Subject, checks: dict[str, Check], count: int, skip: Iterable[str] = ()
) -> list[Check]:
    """`count` of those checks that apply, drawn from the module's seed; all if zero."""
    fitting = [check for check in checks.values() if check.applies(subject)]
    if 0 < count < len(fitting):
        weights = np.array([check.weight for check in fitting])
        chosen = subject.rng(7).choice(
            len(fitting), count, replace=False, p=weights / weights.sum()
        )
        fitting = [fitting[index] for index in sorted(chosen)]
    return [check for check in fitting if check.name not in skip]


def check_case(
    case: Case, names: Iterable[str], count: int, skip: Iterable[str] = (),
    begin: Callable[[str], None] = lambda name: None,
) -> Outcome:  # fmt: skip
    """Runs checks on a network; `begin` hears the name of each before it runs."""
    outcome, start = Outcome(case.seed), time.monotonic()
    known = all_checks()
    wanted = {name: known[name] for name in names} if names else known
    begin(BASE)
    failure: Failure | None
    try:
        subject = Subject(case.text, case.seed, case.special)
        subject.finite()
    except Skipped as reason:
        outcome.skipped = str(reason)
    except Refused as refusal:
        outcome.failures.append(Failure(BASE, "refused", str(refusal)))
    else:
        for check in choose(subject, wanted, count, skip):
            begin(check.name)
            outcome.checks.append(check.name)
            if failure := attempt(check, subject):
                outcome.failures.append(failure)
    outcome.seconds = time.monotonic() - start
    return outcome


def attempt(check: Check, subject: Subject) -> Failure | None:
    """The failure of one check, if it fails."""
    try:
        check.run(subject)
    except Skipped:
        return None
    except Difference as difference:
        return Failure(check.name, "difference", str(difference))
    except Refused as refusal:
        return Failure(check.name, "refused", str(refusal))
    except Exception as error:  # a defect of the package, or of the fuzzer
        return Failure(check.name, "exception", f"{type(error).__name__}: {error}")
    return None


def check_seed(
    seed: int, names: Iterable[str], count: int, skip: Iterable[str] = (),
    begin: Callable[[str], None] = lambda name: None,
) -> Outcome:  # fmt: skip
    """The same for the network of a seed."""
    begin("generate")
    return check_case(generate(seed), names, count, skip, begin)
