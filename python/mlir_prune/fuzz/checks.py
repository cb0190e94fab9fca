# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What must be true of any network: each check takes a :class:`Subject` and raises.

A rewrite is checked by execution on the naive path before and after it. Where
single precision finds a difference that may be rounding, the whole check is done
again in double precision, which decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import execution
from .subject import (
    DOUBLE_TOLERANCE,
    TOLERANCE,
    Difference,
    Refused,
    Skipped,
    Subject,
    compare,
    parse,
)

Run = Callable[[Subject], None]


@dataclass(frozen=True)
class Check:
    """A check by name. `forms` are those modules that it reads: ``model``, ``import``
    (as torch-mlir writes them) or both; `special` ones may hold NaN, infinities and
    subnormal numbers. `weight` is how often it is chosen."""

    name: str
    run: Run
    forms: str = "model import"
    special: bool = False
    weight: float = 1.0

    def applies(self, subject: Subject) -> bool:
        """Whether the module is one that the check is about."""
        form = "model" if subject.marked else "import"
        return form in self.forms and (self.special or not subject.special)


@dataclass(frozen=True)
class Rewrite:
    """A pipeline that promises equal results.

    `first` leads to what it is compared with. `exact` promises equal bits, `again`
    that a second run of the pipeline changes nothing, `verify` is a pass that must
    hold afterwards. `may_refuse` is for passes that say which networks they take.
    """

    pipeline: str
    first: str = ""
    exact: bool = False
    again: bool = True
    verify: str = ""
    may_refuse: bool = False
    renamed: bool = False

    def __call__(self, subject: Subject) -> None:
        problem = self._problem(subject, 0.0 if self.exact else TOLERANCE)
        if problem is None:
            return
        wide = subject.double
        if wide is not None and not self.exact:
            problem = self._problem(wide, DOUBLE_TOLERANCE)
        if problem:
            raise Difference(problem)

    def _problem(self, subject: Subject, tolerance: float) -> str | None:
        before = subject.changed(self.first) if self.first else subject.module
        subject.finite()
        try:
            after = subject.changed(self.pipeline, before)
        except Refused:
            if self.may_refuse:
                raise Skipped("refused") from None
            raise
        if self.verify:
            subject.changed(self.verify, after)
        once = str(after)
        if self.again and str(subject.changed(self.pipeline, after)) != once:
            raise Difference("a second run changes the module again")
        if once == str(before):
            return None
        old, new = subject.reference(before), subject.reference(after)
        if self.renamed:
            old, new = ({str(i): a for i, a in enumerate(r.values())} for r in (old, new))
        return compare(old, new, tolerance)


def round_trip(subject: Subject) -> None:
    """The text and the bytecode of a module read back are the module."""
    text = str(subject.module)
    if str(parse(text)) != text:
        raise Difference("the printed module reads back as another")
    if str(parse(subject.module.to_bytecode())) != text:
        raise Difference("the bytecode reads back as another module")


def compact_round_trip(subject: Subject) -> None:
    """The same after elimination, whose constants are resources."""
    module = subject.changed("prune-compress-pipeline{threshold=0 allow-empty}")
    text = str(module)
    if str(parse(text)) != text:
        raise Difference("the printed module reads back as another")
    if str(parse(module.to_bytecode())) != text:
        raise Difference("the bytecode reads back as another module")


IMPORT = "prune-import-pipeline"
COMPRESS = "prune-compress-pipeline{{{} allow-empty{}}}"
NESTED = "func.func({})"
SPARSE = (
    "prune-compress-pipeline{{threshold=0 allow-empty fold-batch-norms}},"
    "prune-select-kernels{{kernel={}}}"
)
PRUNED = "prune-fold-gates,prune-fold-masks"


def _compress(rule: str, granularity: str = "", compact: str = "") -> Rewrite:
    """Elimination after a choice of masks; the choice itself is made once.

    Made again on what is folded it could fall on other channels among equal ones, and
    a masked filter takes its bias along.
    """
    return Rewrite(
        f"prune-compact-pipeline{{{compact}}}",
        first=COMPRESS.format(rule, f" {granularity} stop-after=folded"),
        again=False, verify="prune-verify-compact",
    )  # fmt: skip


REWRITES = {
    "canonicalize": Rewrite("canonicalize,cse", exact=True, again=False),
    "lift-bind": Rewrite("prune-lift-parameters,prune-bind-parameters", exact=True),
    "fold-gates": Rewrite("prune-fold-gates", exact=True),
    "fold-masks": Rewrite("prune-fold-gates,prune-fold-masks", exact=True),
    "annotate": Rewrite("prune-annotate-model", exact=True, renamed=True),
    "simplify": Rewrite("prune-simplify-imports", again=True, renamed=True),
    # What only fed the old form is dead and left to canonicalization.
    "recognize": Rewrite(
        NESTED.format("prune-recognize-batch-norms") + ",canonicalize", renamed=True
    ),
    "canonicalize-weights": Rewrite(NESTED.format("prune-canonicalize-weights"), renamed=True),
    "fuse-biases": Rewrite(NESTED.format("prune-fuse-bias-adds"), renamed=True),
    "import": Rewrite(IMPORT, renamed=True, again=False),
    "fold-norms": Rewrite("prune-fold-batch-norms"),
    "eliminate": Rewrite("prune-eliminate-dead-neurons", first=PRUNED),
    # What is recorded is the last run alone, so a second one changes it.
    "eliminate-recorded": Rewrite(
        "prune-eliminate-dead-neurons{record-kept}", first=PRUNED, again=False
    ),
    "eliminate-borders": Rewrite(
        "prune-eliminate-dead-neurons{fold-borders}", first=PRUNED
    ),
    "compress": _compress("threshold=0"),
    "compress-half": _compress("sparsity=0.5"),
    "compress-global": _compress("sparsity=0.7 scope=global"),
    "compress-filters": _compress("sparsity=0.4", "granularity=channel:0"),
    "compress-inputs": _compress("sparsity=0.4", "granularity=channel:1"),
    "compress-groups": Rewrite(
        "prune-eliminate-dead-neurons", again=False, verify="prune-verify-compact",
        first=f"{PRUNED},prune-score{{granularity=channel:0}},"
        "prune-select-channels{sparsity=0.5},prune-fold-masks",
    ),
    "permute": Rewrite("prune-permute-channels{n=1 m=2}", first=PRUNED, again=False),
    "compress-norms": _compress("threshold=0", compact="fold-batch-norms"),
    "kernels": Rewrite("prune-select-kernels", exact=True, verify="prune-verify-kernels"),
    "to-linalg": Rewrite("convert-prune-to-linalg", again=False),
    "to-onednn": Rewrite(
        "prune-cpu-pipeline{stop-after=kernel}", again=False, first="prune-fold-gates"
    ),
    "import-compress": Rewrite(f"{IMPORT},{COMPRESS.format('threshold=0', '')}", again=False,
                             renamed=True),
}  # fmt: skip

IMPORTS = (
    "simplify",
    "recognize",
    "canonicalize-weights",
    "fuse-biases",
    "annotate",
    "import",
    "import-compress",
)
SPECIAL = ("canonicalize", "lift-bind", "fold-gates", "annotate", "kernels")


def _rewrite_checks() -> list[Check]:
    both = ("canonicalize", "eliminate", "to-onednn", "kernels")
    return [
        Check(
            name, rewrite,
            forms="model import" if name in both else "import" if name in IMPORTS else "model",
            special=name in SPECIAL,
            weight=2.0 if name in ("eliminate", "compress", "import", "import-compress") else 1.0,
        )
        for name, rewrite in REWRITES.items()
    ]  # fmt: skip


def all_checks() -> dict[str, Check]:
    """Every check by name."""
    checks = _rewrite_checks()
    checks += [
        Check("round-trip", round_trip, special=True),
        Check("compact-round-trip", compact_round_trip, forms="model", weight=0.5),
        Check("compiled", execution.compiled(""), weight=2.0),
        Check("compiled-sparse", execution.compiled(SPARSE.format("csr")), forms="model"),
        Check(
            "compiled-generated", execution.compiled(SPARSE.format("straight_line")),
            forms="model", weight=2.0,
        ),
        Check("gradients", execution.gradients, forms="model", weight=2.0),
        Check("derivative", execution.derivative, forms="model", weight=1.5),
        Check("train-step", execution.train_step, forms="model", weight=1.5),
    ]
    return {check.name: check for check in checks}
