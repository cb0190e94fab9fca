# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What data say of the weights of a network, for criteria to judge them by.

The compiler makes a function that returns sums over rows (``prune-collect-evidence``);
here rows go through it in batches and the sums are added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .errors import InputError

Evidence = dict[tuple[str, str], np.ndarray]
"""From name of a parameter and kind of evidence to an array that broadcasts to it."""

KINDS = ("input_norm", "zero_share", "activation")
SUFFIX = "_evidence"


def collect(
    module: Any,
    batches: Iterable[Sequence[np.ndarray] | Mapping[str, np.ndarray]],
    kinds: Sequence[str] | str = KINDS,
    threads: int = 1,
    function: str = "forward",
) -> Evidence:
    """Evidence about the weights of `function` from batches of its inputs.

    A batch is one array for each input, in order or by name, of as many rows as the
    function takes. Norms
    are over all rows, shares and means are means over rows. The module is not changed.
    Sums over batches are in double precision.
    """
    kinds = [kinds] if isinstance(kinds, str) else kinds
    unknown = set(kinds) - set(KINDS)
    if unknown or not kinds:
        known = ", ".join(KINDS)
        raise InputError(f"expected kinds of evidence among {known}, got {sorted(unknown)}")
    if function not in [declared.name for declared in module.functions()]:
        raise InputError(f"the module has no function '{function}'")
    copy = module.clone()
    copy.run(f"builtin.module(prune-collect-evidence{{evidence={','.join(kinds)}}})")
    executable = copy.compile(threads=threads)
    name = function + SUFFIX
    found = next((f for f in executable.functions() if f.name == name), None)
    if found is None:
        raise InputError(f"function '{function}' has no layer with a weight")
    sums: dict[str, np.ndarray] = {}
    rows = 0
    inputs = [argument.name for argument in found.arguments if argument.kind == "input"]
    for given in batches:
        batch = [given[name] for name in inputs] if isinstance(given, Mapping) else given
        rows += len(batch[0])
        for result, value in zip(found.results, executable(name, *batch), strict=True):
            sums[result.name] = sums.get(result.name, 0.0) + np.asarray(value, np.float64)
    if rows == 0:
        raise InputError("expected at least one batch to collect evidence from")
    return {split(key): finish(key, value, rows) for key, value in sums.items()}


def split(key: str) -> tuple[str, str]:
    """Name and kind of a result, which is called ``kind:name``."""
    kind, _, name = key.partition(":")
    return name, kind


def finish(key: str, total: np.ndarray, rows: int) -> np.ndarray:
    """Evidence from a sum over rows."""
    if split(key)[1] == "input_norm":
        return np.sqrt(total).astype(np.float32)
    return (total / rows).astype(np.float32)
