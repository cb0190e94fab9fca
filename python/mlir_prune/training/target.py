# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A pruning stage with `target`: sparsities of all layers for a budget of the network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import networks
from ..errors import TrainingError
from ..recipe.schema import Prune
from ..search import costs
from ..search.costs import Resource
from ..search.program import Option, allocate
from ..search.ratios import count_left
from .channel_target import ESTIMATE_ROWS, ChannelPlan
from .evaluate import score
from .judgment import collect_evidence, masks_of_one, selection_options
from .masks import PREFIX, Arrays, apply, intersect, masks_of, select_masks
from .program import compiled
from .tasks import PruneTask

if TYPE_CHECKING:
    from .trainer import Trainer

_FINE = tuple(round(0.02 * step, 2) for step in range(50))
"""Sparsities to choose from where costs are counted, not measured."""

_CLOSE, _TRIES = 0.02, 4
"""How close to the request measured milliseconds are to be, and how often it is tried."""


@dataclass(frozen=True)
class Request:
    """What a stage asks of a network; `amount` is in the units of the resource."""

    resource: Resource
    amount: float
    dense: float


def targeted(trainer: Trainer, task: PruneTask, before: Arrays) -> Prune:
    """The stage with the sparsities that meet its target; `before` are the values to prune.

    What was asked for and what came of it is said, and kept in the notes of the run.
    """
    request = _request(trainer, task, before)
    ratios: Any
    if task.stage.granularity == networks.COUPLED:
        stage, realised = _met_by_channels(trainer, task, before, request)
        ratios = stage.sparsity
    else:
        ratios, realised = _met(trainer, task, before, request)
        found = {networks.literal(layer): ratio for layer, ratio in ratios.items()}
        stage = replace(task.stage, target=None, sparsity=found)
    name = request.resource.name if request.resource.name != "sparsity" else "weights"
    trainer.state.meta["notes"][f"{task.name} target"] = {
        "resource": name, "requested": request.amount, "realised": realised,
        "dense": request.dense, "ratios": ratios,
        "ratios_of": "channels" if task.stage.granularity == networks.COUPLED else "weights",
    }  # fmt: skip
    off = realised / request.amount - 1
    trainer.progress.say(
        f"{task.name}: {name} requested {_number(request.amount)}, realised "
        f"{_number(realised)} ({off:+.1%}), dense {_number(request.dense)}"
    )
    return stage


def _request(trainer: Trainer, task: PruneTask, before: Arrays) -> Request:
    target = task.stage.target
    assert target is not None
    name, wanted = target.chosen()
    network, table = trainer.network, None
    values = {n: before[n] for n in network.shapes()}
    if name == "ms" and task.stage.granularity != networks.COUPLED:
        trainer.progress.say(f"{task.name}: measuring the layers of the network")
        table = costs.measured(network, values, target.batch, trainer.recipe.threads)
    resource = costs.resource_of(network, name, table)
    if name == "sparsity":
        dense = resource.total({})
        return Request(resource, dense * (1 - wanted), dense)
    if name != "ms":
        dense = resource.total({})
    else:
        (dense,) = costs.timed(network, [values], target.batch, trainer.recipe.threads)
    return Request(resource, wanted * dense if wanted < 1 else wanted, dense)


def _met(
    trainer: Trainer, task: PruneTask, before: Arrays, request: Request
) -> tuple[dict[str, float], float]:
    """Sparsities and the cost that they lead to.

    Measured milliseconds are not quite the sum of their layers', so what is asked of the
    table is corrected by what came of it.
    """
    names = networks.choose(
        trainer.network, task.stage.targets, task.stage.ignore, task.path, among=("weight",)
    )
    plan = _Plan(trainer, task, before, names, request.resource)
    if request.resource.name != "ms":
        ratios = plan.allocate(request.amount)
        return ratios, request.resource.total(ratios)
    assert task.stage.target is not None
    asked, best = request.amount * request.resource.total({}) / request.dense, None
    for _ in range(_TRIES):
        ratios = plan.allocate(asked)
        values = plan.pruned(ratios)
        dense, now = costs.timed(
            trainer.network, [plan.plain, values], task.stage.target.batch, trainer.recipe.threads
        )
        # Both are timed by turns, so the share is what the computer's mood leaves alone.
        realised = now / dense * request.dense
        off = abs(realised / request.amount - 1)
        if best is None or off < best[0]:
            best = (off, ratios, realised)
        if off <= _CLOSE:
            break
        asked *= request.amount / realised
    assert best is not None
    return best[1], best[2]


def _met_by_channels(
    trainer: Trainer, task: PruneTask, before: Arrays, request: Request
) -> tuple[Prune, float]:
    """The stage with shares of channels, and the cost of the network that they leave.

    For milliseconds multiplications are asked for, and corrected by the time that they lead to.
    """
    assert task.stage.target is not None
    plan, name = ChannelPlan(trainer, task, before), request.resource.name
    counted = "macs" if name == "ms" else name
    whole = costs.resource_of(trainer.network, counted).total({})
    asked, best = request.amount * whole / request.dense, None
    for _ in range(_TRIES):
        stage = plan.stage_for(counted, asked)
        values = plan.values(stage)
        if name == "ms":
            dense, now = plan.milliseconds(values, task.stage.target.batch)
            realised = now / dense * request.dense
        else:
            realised = plan.cost(name, values)
        off = realised / request.amount - 1
        # A count is a bound, a time is a mark.
        rank = (off > 1e-9 and name != "ms", abs(off))
        if best is None or rank < best[0]:
            best = (rank, stage, realised)
        if (abs(off) if name == "ms" else max(off, -off - 0.03)) <= _CLOSE:
            break
        asked = min(whole, asked * request.amount / realised)
    assert best is not None
    return best[1], best[2]


class _Plan:
    """Sparsities for a cost, by the way that a stage names."""

    def __init__(
        self, trainer: Trainer, task: PruneTask, before: Arrays, names: Sequence[str],
        resource: Resource,
    ) -> None:  # fmt: skip
        self.trainer, self.task, self.before = trainer, task, before
        self.names, self.resource = list(names), resource
        self.plain = {name: before[name] for name in trainer.network.shapes()}
        self.evidence = collect_evidence(trainer, task.stage, task.path, before, self.names)
        self._losses: dict[str, list[tuple[float, float]]] | None = None

    def allocate(self, amount: float) -> dict[str, float]:
        """Sparsities of the layers whose network costs at most `amount`."""
        target = self.task.stage.target
        assert target is not None
        if target.allocation == "uniform":
            return self._bisect(amount, self._uniform)
        if target.allocation == "global":
            return self._bisect(amount, self._global)
        return self._program(amount)

    def pruned(self, ratios: Mapping[str, float]) -> Arrays:
        """Values with these sparsities, by the criterion of the stage."""
        masks: Arrays = {}
        stage, network = self.task.stage, self.trainer.network
        for name, ratio in ratios.items():
            masks |= masks_of_one(
                network, self.plain, name, stage, ratio, self.evidence, self.trainer.recipe.seed
            )
        values = apply(self.before | intersect(masks_of(self.before), masks))
        return {name: values[name] for name in self.plain}

    def _uniform(self, share: float) -> dict[str, float]:
        return dict.fromkeys(self.names, share)

    def _global(self, share: float) -> dict[str, float]:
        if self.task.stage.criterion != "magnitude":
            return self._ranked(share)
        sizes = {name: self.plain[name].size for name in self.names}
        left = max(1, round((1 - share) * sum(sizes.values())))
        kept = count_left({name: self.plain[name] for name in self.names}, left)
        return {name: 1 - kept[name] / sizes[name] for name in self.names}

    def _ranked(self, share: float) -> dict[str, float]:
        """Of one ranking of all weights by the criterion of the stage."""
        stage = replace(self.task.stage, target=None, sparsity=share, scope="global")
        rule = selection_options(stage, self.trainer.recipe.seed)
        masks = select_masks(
            self.trainer.network, self.plain, self.names, stage.granularity, self.evidence,
            sparsity=share, **rule,
        )  # fmt: skip
        return {name: 1.0 - float(masks[PREFIX + name].mean()) for name in self.names}

    def _bisect(self, amount: float, at: Any) -> dict[str, float]:
        """The smallest share at which the network costs at most `amount`."""
        low, high = 0.0, 0.9999
        if self.resource.total(at(high)) > amount:
            raise self._unreachable(amount, self.resource.total(at(high)))
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (low, middle) if self.resource.total(at(middle)) <= amount else (middle, high)
        found: dict[str, float] = at(high)
        return found

    def _program(self, amount: float) -> dict[str, float]:
        """Least estimated loss by a dynamic programme."""
        if self._losses is None:
            self._losses = self._scan()
        fixed = self.resource.total({}) - sum(self.resource.of(n, 0.0) for n in self.names)
        layers = {
            name: [Option(r, self.resource.of(name, r), loss) for r, loss in self._losses[name]]
            for name in self.names
        }
        found = allocate(layers, amount - fixed)
        if found is None:
            least = {n: min(layers[n], key=lambda o: o.cost).ratio for n in self.names}
            raise self._unreachable(amount, self.resource.total(least))
        return found

    def _scan(self) -> dict[str, list[tuple[float, float]]]:
        """Loss that each layer adds when it alone is pruned, on some training rows.

        Between the measured sparsities it goes along a line; it never falls with sparsity.
        """
        trainer = self.trainer
        rows = trainer.data.merged.spread(ESTIMATE_ROWS)
        axis, network = trainer.network.signature.axis, trainer.network
        batch = min(trainer.recipe.batch, len(rows))
        program = compiled(network.text(batch), "", trainer.recipe.threads)
        dense = score(program, self.plain, rows, axis).loss
        grid = list(costs.GRID)
        found = {}
        trainer.progress.begin(f"{self.task.name}: layers", len(self.names))
        for name in self.names:
            added = [score(program, self.pruned({name: r}), rows, axis).loss - dense for r in grid]
            rising = np.maximum.accumulate(np.maximum(np.nan_to_num(added, nan=1e6), 0.0))
            options = grid if self.resource.name == "ms" else _FINE
            found[name] = [(r, float(np.interp(r, grid, rising))) for r in options]
            trainer.progress.advance(1, name)
        trainer.progress.end(f"{len(self.names) * len(grid)} networks scored")
        return found

    def _unreachable(self, amount: float, least: float) -> TrainingError:
        return TrainingError(
            f"{self.task.name}: {self.resource.name} of {_number(amount)} cannot be reached by "
            f"pruning these weights; the least is {_number(least)}"
        )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 or math.isclose(value, round(value)) else f"{value:.4g}"
