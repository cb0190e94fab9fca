# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One network pruned without training: to a sparsity or a budget, by a solver or a criterion."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from .. import networks
from ..errors import InputError, nearest
from ..imported import ImportedNetwork
from ..recipe.aims import parse_target
from ..recipe.schema import CRITERIA
from ..removal import Removed, remove
from ..rows import Split
from . import repair
from .budget import Cost, Met, meet
from .choice import Choice
from .finish import Finish
from .loss import Loss
from .ranked import ROWS, Question, Ranking, refitted, weight_masks
from .run import (
    METHODS,
    Result,
    check_share,
    choose_weights,
    draw_rows,
    prune_along,
)
from .support import read_granularity

_TRIES = {True: 7, False: 14}
"""Networks that are pruned for a budget: by a solver, and by a criterion."""

_RANKED = ("scope", "targets", "ignore", "threads", "batch", "repairs")
"""Options of :func:`run.prune_along` that go with a criterion, too."""


def prune(
    module: Any,
    data: Split | None,
    method: str | None = None,
    sparsity: float | None = None,
    granularity: str = "unstructured",
    rows: int | None = None,
    seed: int = 0,
    *,
    target: str | None = None,
    timed_batch: int = 1,
    refit: bool = False,
    **options: Any,
) -> Result:
    """Prunes the weights of `module` to `sparsity`, or to a `target`, by the rows of `data`.

    `method` is a solver, one of :data:`METHODS`, for single weights and n of m; or a criterion
    of recipes, which ranks weights or groups of them in any `granularity` of a recipe and moves
    none. By default it is ``chita``, and ``magnitude`` in other granularities. n of m says the
    sparsity itself; with ``coupled_channels`` it is a share of the channels, and
    :attr:`Result.small` is what is left when they have left. With `refit`, layers behind channels
    that left get the weights whose results are nearest to the dense ones by least squares (He et
    al. 2017, section 3.1).

    `target` is ``resource=amount`` as in ``macs=0.5``: sparsity, parameters, macs, bytes or ms,
    below 1 a share of the dense network; milliseconds are those of a call of `timed_batch` rows.
    :attr:`Result.met` says what was requested and realised. It is reached by trying shares, each
    with the method itself.

    `rows` of the data are drawn by `seed`, by default as many as is usual for the method. `data`
    may be rows without labels (:meth:`Split.without_labels`), or None, where a method needs no
    more. `options` are those of :func:`prune_along`; a criterion takes ``scope``, ``targets``,
    ``ignore``, ``threads``, ``batch`` and ``repairs``. The module is not changed. The same seed
    gives the same bits, but for milliseconds, which are measured.

    Raises :class:`InputError` for what cannot be used.
    """
    pattern = granularity.startswith("n_of_m")
    name = method or ("chita" if pattern or granularity == "unstructured" else "magnitude")
    solves = name in METHODS and (pattern or granularity == "unstructured")
    _check_method(name, granularity, solves)
    if target is not None and (sparsity is not None or pattern):
        what = f"granularity {granularity}" if pattern else "sparsity"
        raise InputError(f"target finds how far to prune; it does not go with {what}")
    if refit and granularity != networks.COUPLED:
        raise InputError(f"refit: expected granularity {networks.COUPLED}, got {granularity}")
    if not solves:
        run = _RankedRun(module, data, name, granularity, rows, seed, refit, options)
        return run.to_target(target, timed_batch) if target else run.to_share(sparsity)
    if target is None:
        found = read_granularity(granularity)
        share = check_share(sparsity, found.sparsity if found else None)
        along = prune_along(module, data, name, [share], granularity, rows, seed, **options)
        return next(iter(along))

    def at(share: float) -> Result:
        return next(iter(prune_along(module, data, name, [share], granularity, rows, seed, **options)))

    cost, requested = _cost(ImportedNetwork(module), target, False, timed_batch, options)
    met = meet(
        at, lambda result: cost.of(ImportedNetwork(result.module).values), requested, cost.dense,
        1 - requested / cost.dense, _TRIES[True], cost.resource == "ms",
    )  # fmt: skip
    return replace(met.found, met=_told(met, cost))


def _check_method(name: str, granularity: str, solves: bool) -> None:
    known = {*METHODS, *CRITERIA}
    if name not in known:
        raise InputError(
            f"method: expected one of {', '.join(METHODS)}, or a criterion, one of "
            f"{', '.join(CRITERIA)}, got '{name}'{nearest(name, sorted(known))}"
        )
    if not solves and name not in CRITERIA:
        raise InputError(
            f"method {name} moves single weights; for granularity {granularity} expected one of "
            f"{', '.join(CRITERIA)}"
        )


def _cost(
    network: ImportedNetwork, target: str, coupled: bool, batch: int, options: dict[str, Any]
) -> tuple[Cost, float]:
    """What is counted or timed, and the amount that is asked for."""
    resource, amount = parse_target(target, None).chosen()
    cost = Cost(network, resource, coupled, batch, options.get("threads", 1))
    return cost, cost.requested(amount)


def _told(met: Met[Any], cost: Cost) -> Met[str]:
    name = "parameters" if cost.resource == "sparsity" else cost.resource
    return Met(name, met.share, met.requested, met.realised, met.dense)


class _RankedRun:
    """Weights ranked by a criterion, for one share or for a budget."""

    def __init__(
        self, module: Any, data: Split | None, criterion: str, granularity: str,
        rows: int | None, seed: int, refit: bool, options: dict[str, Any],
    ) -> None:  # fmt: skip
        unknown = [key for key, value in options.items() if key not in _RANKED and value]
        if unknown:
            raise InputError(f"{unknown[0]}: does not go with a criterion, got method {criterion}")
        self._module, self._granularity, self._refit = module, granularity, refit
        self._network = ImportedNetwork(module)
        self._options = options
        targets: Iterable[str] = options.get("targets", ())
        names = choose_weights(self._network, targets, options.get("ignore", ()))
        question = Question(
            names, granularity, criterion, options.get("scope") or "global", seed
        )
        threads, given = options.get("threads", 1), options.get("repairs")
        repairs = self._repairs(given, data)
        self._drawn, held = draw_rows(data, rows, ROWS, seed, repairs == (repair.AUTO,))
        self._finish: Finish | None = None
        if repairs:
            loss = Loss(self._network, names, threads, options.get("batch", 256))
            self._finish = Finish(loss, repairs, self._drawn, None, None, seed, held)
        self._ranking = Ranking(self._network, question, self._drawn, threads)
        if refit and self._drawn is None:
            raise InputError("refit: layers are fitted on rows, got none")

    def _repairs(self, given: str | None, data: Split | None) -> tuple[str, ...]:
        """The repairs that are given, or ``auto`` where there are rows to choose by."""
        if given is None and (data is None or self._network.signature.positions):
            return ()
        repairs = repair.read_repairs(given or repair.AUTO)
        repair.check_rows(repairs, data is not None)
        return repairs

    def to_share(self, sparsity: float | None) -> Result:
        """The network at a share; n of m has one of its own."""
        pattern = read_granularity(self._granularity) if "n_of_m" in self._granularity else None
        share = check_share(sparsity, pattern.sparsity if pattern else None)
        return self._result(self._ranking.masks(share))

    def to_target(self, target: str, batch: int) -> Result:
        """The network within a budget."""
        coupled = self._ranking.question.coupled
        cost, requested = _cost(self._network, target, coupled, batch, self._options)
        part = min(requested / cost.dense, 1.0)
        met = meet(
            self._ranking.masks, lambda masks: cost.of(self._ranking.pruned(masks)), requested,
            cost.dense, 1 - (math.sqrt(part) if coupled else part), _TRIES[False],
            cost.resource == "ms",
        )  # fmt: skip
        return replace(self._result(met.found), met=_told(met, cost))

    def _result(self, masks: dict[str, np.ndarray]) -> Result:
        ranking, names = self._ranking, self._ranking.question.names
        values = ranking.pruned(masks)
        if self._refit:
            assert self._drawn is not None
            values = refitted(self._network, values, self._drawn, self._options.get("threads", 1))
        found = weight_masks(masks, names)
        if all(mask.all() for mask in found.values()):
            raise InputError(
                f"criterion {ranking.question.criterion} prunes nothing here: the share is less than "
                f"one group of {self._granularity}, or it knows nothing of these weights"
            )
        kept = np.concatenate([found[name].ravel() for name in names])
        remarks, made = list[str](), Choice(repair.NONE)
        if self._finish:
            values, remarks, made = self._finish(values, kept)
            # A repair may have given a channel that left a bias again.
            values = ranking.pruned(masks, values)
        copy = self._module.clone()
        copy.bind(values)
        lost = [f"'{name}' has lost all its weights" for name, m in found.items() if not m.any()]
        small = self._small(values) if ranking.question.coupled else None
        criterion = ranking.question.criterion
        return Result(copy, found, criterion, (*remarks, *lost), made, small=small)

    def _small(self, values: dict[str, np.ndarray]) -> Removed:
        """What is left without the channels, compared with the masked network on some rows."""
        rows = self._drawn or _random_rows(self._network)
        return remove(self._network, values, rows)


def _random_rows(network: ImportedNetwork) -> Split:
    """Normal numbers; zeros where the network reads whole ones, which every table has a place for."""
    random = np.random.default_rng(0)
    entries = network.signature.inputs
    arrays = tuple(
        (random.standard_normal((16, *each.shape)) if each.dtype.kind == "f"
         else np.zeros((16, *each.shape))).astype(each.dtype) for each in entries
    )  # fmt: skip
    return Split.without_labels(arrays, tuple(each.name for each in entries))
