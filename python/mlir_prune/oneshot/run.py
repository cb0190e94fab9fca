# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The one way into the solvers: a network, rows, a method and a sparsity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import networks
from ..errors import InputError, nearest
from ..imported import ImportedNetwork
from ..removal import Removed
from ..rows import Split
from . import chita, datafree, fisher, layers, layerwise, ordered, refining, repair
from .budget import Met
from .choice import Choice, hold_out
from .finish import Finish
from .inputs import LayerInputs
from .loss import Loss
from .shares import Curves, divide
from .support import Support, read_granularity


@dataclass(frozen=True)
class Task:
    """What a method works on: it keeps `shares` of the weights of `loss`, which fall.

    Without `data` the statistics of inputs are those that are to be expected. With
    `sequential`, layers see what pruning changed before them. A method adds its remarks.
    """

    loss: Loss
    support: Support
    data: Split | None
    shares: tuple[float, ...]
    seed: int
    settings: chita.Settings = field(default_factory=chita.Settings)
    sequential: bool = False
    remarks: list[str] = field(default_factory=list)


Solution = tuple[np.ndarray, np.ndarray] | tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]
"""Weights as one vector, which of them are kept (bool), and other parameters that changed."""


@dataclass(frozen=True)
class Method:
    """A way to prune: what it does in a line, its usual number of rows, its solver.

    The solver gives a solution for each share. A method `by_layer` prunes every layer by
    itself, one with `labels` needs them. `repairs` are made where nothing else is said.
    """

    summary: str
    rows: int | None
    solve: Callable[[Task], Iterable[Solution]]
    by_layer: bool = False
    labels: bool = False
    repairs: tuple[str, ...] = (repair.AUTO,)


@dataclass(frozen=True)
class Result:
    """A pruned network: the module, for each pruned weight what is kept (bool), by which method,
    what was left as it is, and which repairs were made.

    `met` is the budget that it meets, if one was asked for; `small` what is left when channels
    have left.
    """

    module: Any
    masks: dict[str, np.ndarray]
    method: str
    remarks: tuple[str, ...] = ()
    repair: Choice = Choice(repair.NONE)
    met: Met[str] | None = None
    small: Removed | None = None

    @property
    def sparsity(self) -> float:
        """Share of zeros among the weights that were pruned."""
        kept = sum(int(mask.sum()) for mask in self.masks.values())
        return 1.0 - kept / sum(mask.size for mask in self.masks.values())


def prune_along(
    module: Any,
    data: Split | None,
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
    repairs: str | None = None,
    sequential: bool = False,
    refine: refining.Settings | None = None,
) -> Iterator[Result]:
    """Prunes the weights of `module` by a solver, to one sparsity after the other, which rise.

    `granularity` is ``unstructured`` or ``n_of_m:<n>:<m>:<axis>``; `rows` and `data` are those of
    :func:`single.prune`.
    ``chita`` goes on from one to the next; other methods start at the network each time.
    `targets` and `ignore` choose weights as in recipes. With the scope ``layer`` all layers
    get the same sparsity, with ``global`` all weights together. Compiled code runs on batches
    of `batch` rows. `repairs` are those of :func:`repair.read_repairs`, by default those of the
    method: ``auto`` holds out a tenth of the rows and keeps what is nearest to the network on
    them, others are made as they are given. With `sequential` a method of single layers prunes
    them in their order, each on what the pruned network before it computes. With `refine` the
    weights that are left move so that the network gives what the dense one did on all rows of
    `data`.
    """
    _check_method(method)
    pattern = read_granularity(granularity)
    shares = tuple(1.0 - check_share(each, None) for each in sparsities)
    if list(shares) != sorted(shares, reverse=True):
        raise InputError("sparsities: expected each above the one before")
    chosen = METHODS[method]
    names = _repairs(chosen, repairs, data, sequential)
    _check_data(method, data, names, sequential)
    if refine and data is None:
        raise InputError("refine: the network is compared with the dense one on rows, got none")
    network = ImportedNetwork(module)
    loss = Loss(network, choose_weights(network, targets, ignore), threads, batch)
    support = Support(loss.names, loss.shapes, pattern, scope or "global")
    drawn, held = draw_rows(data, rows, chosen.rows, seed, names == (repair.AUTO,))
    task = Task(loss, support, drawn, shares, seed, settings or chita.Settings(), sequential)
    finish = Finish(loss, names, data if drawn is None else drawn, data, refine, seed, held)
    for weights, kept, *others in chosen.solve(task):
        if not np.isfinite(weights).all():
            raise InputError(f"method {method}: weights are not finite; more rows may help")
        values = {**loss.network.values, **(others[0] if others else {})}
        values |= loss.split(np.where(kept, weights, np.float32(0)).astype(np.float32))
        values, remarks, made = finish(values, kept)
        copy = module.clone()
        copy.bind(values)
        masks = loss.split(kept)
        lost = [f"'{name}' has lost all its weights" for name, m in masks.items() if not m.any()]
        yield Result(copy, masks, method, (*task.remarks, *remarks, *lost), made)


def _repairs(
    method: Method, given: str | None, data: Split | None, sequential: bool
) -> tuple[str, ...]:
    """The repairs that are given, or those of the method.

    Layers that were pruned in their order have statistics of what comes out of them already.
    """
    if given is not None:
        return repair.read_repairs(given)
    return () if data is None or sequential else method.repairs


def _check_data(
    name: str, data: Split | None, repairs: tuple[str, ...], sequential: bool
) -> None:
    """Raises :class:`InputError` where something needs rows, or labels, that are not there."""
    method = METHODS[name]
    if method.labels and (data is None or not data.labelled):
        others = ", ".join(each for each, other in METHODS.items() if not other.labels)
        what = "no rows" if data is None else "rows without them"
        raise InputError(f"method {name} needs labels, got {what}; without labels: {others}")
    repair.check_rows(repairs, data is not None)
    if sequential and not method.by_layer:
        raise InputError(f"sequential: method {name} does not prune layer by layer")
    if sequential and data is None:
        raise InputError("sequential: layers are compared on rows, got none")


def _check_method(name: str) -> None:
    if name not in METHODS:
        known = ", ".join(METHODS)
        raise InputError(f"method: expected one of {known}, got '{name}'{nearest(name, METHODS)}")


def check_share(given: float | None, of_pattern: float | None) -> float:
    """The share that goes: the given one, or that of an n of m pattern."""
    if given is None and of_pattern is None:
        raise InputError("sparsity: expected a number, or a granularity that says it")
    if given is not None and not 0.0 < given < 1.0:
        raise InputError(f"sparsity: expected a number between 0 and 1, got {given}")
    if given is not None and of_pattern is not None and abs(given - of_pattern) > 1e-9:
        raise InputError(f"sparsity: the granularity has {of_pattern:g}, got {given:g}")
    found = of_pattern if given is None else given
    assert found is not None
    return found


def choose_weights(
    network: ImportedNetwork, targets: Iterable[str], ignore: Iterable[str]
) -> list[str]:
    """The weights of layers to prune, by patterns as in recipes."""
    layers = set(network.weights())
    chosen = networks.choose(network, list(targets) or ["weight"], ignore, "oneshot", among=("weight",))
    names = [name for name in chosen if name in layers]
    if not names:
        raise InputError("oneshot: no weight of a layer is left to prune")
    return names


def draw_rows(
    data: Split | None, count: int | None, usual: int | None, seed: int, holds_out: bool
) -> tuple[Split | None, Split | None]:
    """Some of the rows in their order, and those that are held out of them to choose repairs by.

    `count` are as many as asked for; else as many as is `usual`, where there are so many, or all.
    """
    if data is None:
        if count is not None and count < 1:
            raise InputError(f"rows: expected a positive number, got {count}")
        return None, None
    if count is None and usual is not None:
        count = min(usual, len(data))
    drawn = data
    if count is not None:
        if not 1 <= count <= len(data):
            raise InputError(f"rows: expected 1 to {len(data)}, as many as there are, got {count}")
        order = np.random.default_rng((seed, 1)).permutation(len(data))
        drawn = data.take(np.sort(order[:count]))
    return hold_out(drawn, seed) if holds_out else (drawn, None)


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
        loss, pattern = task.loss, task.support.pattern
        outputs = layerwise.output_dims(loss.network)
        weights = loss.split(loss.start())
        found = _grams(task, outputs)
        costs = _costs(task, weights, found, outputs)
        inputs = LayerInputs(loss.network, loss.threads, min(loss.batch, 64))
        for share in task.shares:
            each = divide(costs, share) if costs else dict.fromkeys(loss.names, share)
            if task.sequential:
                assert task.data is not None
                values, masks = ordered.solve_in_order(
                    loss.network, solver, outputs, each, pattern, task.data, inputs
                )
                yield _vector(loss, values), _vector(loss, masks), values
            else:
                parts = layerwise.solve(solver, weights, found, outputs, each, pattern)
                pairs = dict(zip(loss.names, parts, strict=True))
                moved, kept = ({n: pair[i] for n, pair in pairs.items()} for i in (0, 1))
                yield _vector(loss, moved), _vector(loss, kept)

    return solve


def _costs(
    task: Task, weights: dict[str, np.ndarray], found: dict[str, np.ndarray],
    outputs: dict[str, int],
) -> dict[str, np.ndarray]:  # fmt: skip
    """What the weights of each layer cost, where layers share a sparsity."""
    if task.support.scope == "layer" or task.support.pattern:
        return {}
    curves = Curves(weights, found, outputs)
    if task.data is not None:
        curves.weigh(task.loss, task.data)
    return curves.costs()


def _grams(task: Task, outputs: dict[str, int]) -> dict[str, np.ndarray]:
    """Of the inputs of all layers, measured or expected."""
    if task.data is not None:
        return layerwise.grams(task.loss, task.data)
    found, remarks = datafree.grams(task.loss.network, task.loss.names, outputs)
    task.remarks.extend(remarks)
    return found


def _vector(loss: Loss, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Arrays of the pruned weights as one vector."""
    return np.concatenate([np.ravel(arrays[name]) for name in loss.names])


METHODS: dict[str, Method] = {
    "magnitude": Method("the smallest weights become zero; no row is read", None, _magnitude),
    "fisher": Method(
        "block Fisher matrix of the gradients of rows (WoodFisher)", 1000, _fisher, labels=True
    ),
    "chita": Method(
        "quadratic models of the loss in stages, with fresh rows", None, _chita, labels=True,
        repairs=(),
    ),
    "wanda": Method("magnitude times norm of the input", 1000, _by_layer(layerwise.wanda), True),
    "refit": Method(
        "magnitude, then least squares of each layer", 1000, _by_layer(layerwise.repaired), True
    ),
    "obc": Method("optimal brain surgeon in each row", 1000, _by_layer(layers.brain_surgeon), True),
    "sparsegpt": Method("columns one after the other", 1000, _by_layer(layers.sparse_gpt), True),
}
"""By name."""
