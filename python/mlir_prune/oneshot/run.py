# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The one way into the solvers: a network, rows, a method and a sparsity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import networks
from ..errors import InputError, nearest
from ..rows import Split
from . import chita, fisher, layers, layerwise
from .loss import Loss
from .support import Support, read_granularity


@dataclass(frozen=True)
class Task:
    """What a method works on: it keeps `shares` of the weights of `loss`, which fall."""

    loss: Loss
    support: Support
    data: Split
    shares: tuple[float, ...]
    seed: int
    settings: chita.Settings = field(default_factory=chita.Settings)


Solution = tuple[np.ndarray, np.ndarray]
"""Weights as one vector, and which of them are kept (bool)."""


@dataclass(frozen=True)
class Method:
    """A way to prune: what it does in a line, its usual number of rows, its solver.

    The solver gives a solution for each share. A method of single layers gives all of them
    the same sparsity.
    """

    summary: str
    rows: int | None
    solve: Callable[[Task], Iterable[Solution]]
    by_layer: bool = False


@dataclass(frozen=True)
class Result:
    """A pruned network: the module, and for each pruned weight what is kept (bool)."""

    module: Any
    masks: dict[str, np.ndarray]

    @property
    def sparsity(self) -> float:
        """Share of zeros among the weights that were pruned."""
        kept = sum(int(mask.sum()) for mask in self.masks.values())
        return 1.0 - kept / sum(mask.size for mask in self.masks.values())


def prune(
    module: Any,
    data: Split,
    method: str = "chita",
    sparsity: float | None = None,
    granularity: str = "unstructured",
    rows: int | None = None,
    seed: int = 0,
    **options: Any,
) -> Result:
    """Prunes the weights of `module` to `sparsity` by the rows of `data`.

    `method` is one of :data:`METHODS`; `granularity` is ``unstructured`` or
    ``n_of_m:<n>:<m>:<axis>``, which says the sparsity itself. `rows` of the data are drawn by
    `seed`, by default as many as is usual for the method. `options` are those of
    :func:`prune_along`. The module is not changed. The same seed gives the same bits.

    Raises :class:`InputError` for what cannot be used.
    """
    _check_method(method)
    pattern = read_granularity(granularity)
    found = _sparsity(sparsity, pattern.sparsity if pattern else None)
    along = prune_along(module, data, method, [found], granularity, rows, seed, **options)
    return next(iter(along))


def prune_along(
    module: Any,
    data: Split,
    method: str,
    sparsities: Iterable[float],
    granularity: str = "unstructured",
    rows: int | None = None,
    seed: int = 0,
    *,
    scope: str | None = None,
    targets: Iterable[str] = (),
    ignore: Iterable[str] = (),
    threads: int = 1,
    batch: int = 256,
    settings: chita.Settings | None = None,
) -> Iterator[Result]:
    """The results of :func:`prune` for one sparsity after the other, which rise.

    ``chita`` goes on from one to the next; other methods start at the network each time.
    `targets` and `ignore` choose weights as in recipes. With the scope ``layer`` all layers
    get the same sparsity, with ``global`` all weights together; the first is the only one of
    methods of single layers, the second that of others where nothing is said. Compiled code runs on batches of `batch` rows.
    """
    _check_method(method)
    pattern = read_granularity(granularity)
    shares = tuple(1.0 - _sparsity(each, None) for each in sparsities)
    if list(shares) != sorted(shares, reverse=True):
        raise InputError("sparsities: expected each above the one before")
    loss = _loss(module, targets, ignore, threads, batch)
    usual = "layer" if METHODS[method].by_layer else "global"
    if METHODS[method].by_layer and scope == "global":
        raise InputError(f"scope: method {method} prunes every layer by itself, got 'global'")
    support = Support(loss.names, loss.shapes, pattern, scope or usual)
    drawn = _rows(data, METHODS[method].rows if rows is None else rows, seed)
    task = Task(loss, support, drawn, shares, seed, settings or chita.Settings())
    for weights, kept in METHODS[method].solve(task):
        if not np.isfinite(weights).all():
            raise InputError(f"method {method}: weights are not finite; more rows may help")
        copy = module.clone()
        copy.bind(dict(loss.split(np.where(kept, weights, np.float32(0)).astype(np.float32))))
        yield Result(copy, loss.split(kept))


def _check_method(name: str) -> None:
    if name not in METHODS:
        known = ", ".join(METHODS)
        raise InputError(f"method: expected one of {known}, got '{name}'{nearest(name, METHODS)}")


def _sparsity(given: float | None, of_pattern: float | None) -> float:
    if given is None and of_pattern is None:
        raise InputError("sparsity: expected a number, or a granularity that says it")
    if given is not None and not 0.0 < given < 1.0:
        raise InputError(f"sparsity: expected a number between 0 and 1, got {given}")
    if given is not None and of_pattern is not None and abs(given - of_pattern) > 1e-9:
        raise InputError(f"sparsity: the granularity has {of_pattern:g}, got {given:g}")
    found = of_pattern if given is None else given
    assert found is not None
    return found


def _loss(
    module: Any, targets: Iterable[str], ignore: Iterable[str], threads: int, batch: int
) -> Loss:
    from ..imported import ImportedNetwork

    network = ImportedNetwork(module)
    layers = set(network.weights())
    chosen = networks.choose(network, list(targets) or ["weight"], ignore, "oneshot", among=("weight",))
    names = [name for name in chosen if name in layers]
    if not names:
        raise InputError("oneshot: no weight of a layer is left to prune")
    return Loss(network, names, threads, batch)


def _rows(data: Split, count: int | None, seed: int) -> Split:
    """Some of the rows in their order, or all."""
    if count is None:
        return data
    if not 1 <= count <= len(data):
        raise InputError(f"rows: expected 1 to {len(data)}, as many as there are, got {count}")
    order = np.random.default_rng((seed, 1)).permutation(len(data))
    return data.take(np.sort(order[:count]))


def _magnitude(task: Task) -> Iterator[Solution]:
    weights = task.loss.start()
    scores = np.abs(weights.astype(np.float64))
    for share in task.shares:
        yield weights, task.support.choose(scores, np.ones(len(weights), bool), share)


def _fisher(task: Task) -> Iterator[Solution]:
    return fisher.prune_once(
        task.loss, task.support, task.data, task.shares, fisher.DAMPING, fisher.BLOCK
    )


def _chita(task: Task) -> Iterator[Solution]:
    return chita.prune_in_stages(
        task.loss, task.support, task.data, task.shares, task.settings, task.seed
    )


def _by_layer(solver: layerwise.Solver) -> Callable[[Task], Iterator[Solution]]:
    """A solver for one layer, on all."""

    def solve(task: Task) -> Iterator[Solution]:
        loss = task.loss
        outputs = {each["weight"]: each["output_dims"][0] for each in loss.network.compiled_layers()}
        found = layerwise.grams(loss, task.data)
        shapes = dict(zip(loss.names, loss.shapes, strict=True))
        weights = loss.split(loss.start())
        for share in task.shares:
            parts = list(
                layerwise.solve(
                    solver, shapes, weights, found, outputs, share, task.support.pattern
                )
            )
            yield tuple(np.concatenate([np.ravel(each) for each in side]) for side in zip(*parts))  # type: ignore[misc]

    return solve


METHODS: dict[str, Method] = {
    "magnitude": Method("the smallest weights become zero; no row is read", None, _magnitude),
    "fisher": Method("block Fisher matrix of the gradients of rows (WoodFisher)", 1000, _fisher),
    "chita": Method("quadratic models of the loss in stages, with fresh rows", None, _chita),
    "wanda": Method("magnitude times norm of the input", 1000, _by_layer(layerwise.wanda), True),
    "refit": Method(
        "magnitude, then least squares of each layer", 1000, _by_layer(layerwise.repaired), True
    ),
    "obc": Method("optimal brain surgeon in each row", 1000, _by_layer(layers.brain_surgeon), True),
    "sparsegpt": Method("columns one after the other", 1000, _by_layer(layers.sparse_gpt), True),
}
"""By name."""
