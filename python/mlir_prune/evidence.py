# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What data say of the weights of a network, for criteria to judge them by.

The compiler makes a function that returns sums over rows (``prune-collect-evidence``);
here rows go through it in batches and the sums are added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .errors import InputError
from .pipelines import module as pipeline
from .pipelines import options

Evidence = dict[tuple[str, str], np.ndarray]
"""From name of a parameter and kind of evidence to an array that broadcasts to it."""

KINDS = ("input_norm", "zero_share", "activation")
"""What criteria judge by, and :func:`collect` gives without being asked for more."""

GRAM = "input_gram"
"""The Gram matrix of the inputs of a layer, for solvers; no criterion judges by it."""

GRADIENT_KINDS = ("gradient", "curvature")
"""What :func:`collect_gradients` gives."""

TAYLOR_BATCH = 32
"""Rows of a mini-batch whose gradient is squared for the criterion ``taylor``."""

_FEW_BATCHES = 8

SUFFIX = "_evidence"

_ROWS = 64
"""Rows whose gradients are held at once."""


def collect(
    module: Any,
    batches: Iterable[Sequence[np.ndarray] | Mapping[str, np.ndarray]],
    kinds: Sequence[str] | str = KINDS,
    threads: int = 1,
    function: str = "forward",
    parameters: Iterable[str] = (),
) -> Evidence:
    """Evidence about the weights of `function` from batches of its inputs.

    `parameters` are patterns of weights; without them it is about all.

    A batch is one array for each input, in order or by name, of as many rows as the
    function takes. Norms
    are over all rows, shares and means are means over rows. The module is not changed.
    Sums over batches are in double precision. ``input_gram`` is ``X^T X`` in double
    precision, where a row of X [positions of all rows, columns] is what one output of the
    layer is a product of with the weights of each channel; a layer in groups has none.
    """
    kinds = [kinds] if isinstance(kinds, str) else kinds
    unknown = set(kinds) - {*KINDS, GRAM}
    if unknown or not kinds:
        known = ", ".join((*KINDS, GRAM))
        raise InputError(f"expected kinds of evidence among {known}, got {sorted(unknown)}")
    if function not in [declared.name for declared in module.functions()]:
        raise InputError(f"the module has no function '{function}'")
    copy = module.clone()
    about = {"parameters": chosen} if (chosen := list(parameters)) else {}
    copy.run(pipeline(options("prune-collect-evidence", evidence=kinds, **about)))
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


def collect_gradients(
    module: Any, data: Any, kinds: Sequence[str] | str = GRADIENT_KINDS, threads: int = 1
) -> Evidence:
    """Evidence from the gradient of the cross-entropy of each row by each weight.

    `data` is a :class:`Split`. ``gradient`` is the mean over rows, ``curvature`` the mean
    square, which is the diagonal of the empirical Fisher matrix: what the criteria
    ``snip`` and ``obd`` judge by. For ``taylor`` gradients of mini-batches say more
    (:func:`batch_gradients`, :mod:`mlir_prune.taylor`).
    """
    from .imported import ImportedNetwork
    from .oneshot.loss import Loss

    kinds = [kinds] if isinstance(kinds, str) else kinds
    unknown = set(kinds) - set(GRADIENT_KINDS)
    if unknown or not kinds:
        known = ", ".join(GRADIENT_KINDS)
        raise InputError(f"expected kinds of evidence among {known}, got {sorted(unknown)}")
    network = ImportedNetwork(module)
    loss = Loss(network, network.weights(), threads)
    weights = loss.start()
    sums = {kind: np.zeros(loss.size) for kind in kinds}
    for start in range(0, len(data), _ROWS):
        rows = data.take(np.arange(start, min(start + _ROWS, len(data))))
        gradients = loss.row_gradients(weights, rows).astype(np.float64)
        for kind, total in sums.items():
            total += (gradients if kind == "gradient" else gradients**2).sum(axis=0)
    return {
        (name, kind): (part / len(data)).astype(np.float32)
        for kind, total in sums.items()
        for name, part in loss.split(total).items()
    }


def batch_gradients(
    module: Any,
    data: Any,
    names: Sequence[str] = (),
    threads: int = 1,
    batch: int = TAYLOR_BATCH,
) -> Iterator[dict[str, np.ndarray]]:
    """Gradients of the mean cross-entropy of each mini-batch, float32, by parameter.

    `names` are the parameters, all weights by default. `data` is a :class:`Split`; the mini-batches are its rows in their order. Where there are
    few rows mini-batches are smaller, so that there are eight, or one for each row.
    """
    from .imported import ImportedNetwork
    from .oneshot.loss import Loss

    if len(data) == 0:
        raise InputError("expected at least one row to collect gradients from")
    size = max(1, min(batch, len(data) // _FEW_BATCHES))
    network = ImportedNetwork(module)
    loss = Loss(network, names or network.weights(), threads, size)
    weights = loss.start()
    for start in range(0, len(data), size):
        rows = data.take(np.arange(start, min(start + size, len(data))))
        yield loss.split(loss.gradient(weights, rows))


def split(key: str) -> tuple[str, str]:
    """Name and kind of a result, which is called ``kind:name``."""
    kind, _, name = key.partition(":")
    return name, kind


def finish(key: str, total: np.ndarray, rows: int) -> np.ndarray:
    """Evidence from a sum over rows."""
    kind = split(key)[1]
    if kind == GRAM:
        return total
    if kind == "input_norm":
        return np.sqrt(total).astype(np.float32)
    return (total / rows).astype(np.float32)
