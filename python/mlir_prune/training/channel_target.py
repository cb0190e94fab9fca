# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A pruning stage with `target` whose channels leave together: shares of all groups for a budget.

What a network costs is counted on the network that is left when the channels have left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import networks
from ..channel_groups import Group, by_output, selected_groups
from ..errors import TrainingError
from ..forms import bound, removed
from ..imported import ImportedNetwork
from ..pipelines import channel_pipeline
from ..recipe.schema import Prune
from ..search import costs
from .evaluate import score
from .judgment import collect_evidence, selection_options
from .masks import Arrays, apply, intersect, masks_of, select_masks
from .program import compiled
from .tasks import PruneTask

if TYPE_CHECKING:
    from .trainer import Trainer

ESTIMATE_ROWS = 500
"""Training rows that losses of single layers and groups are estimated on."""

_SHARES = tuple(step / 10 for step in range(10))
"""Shares of a group that are tried."""

_MOST = 0.9999
"""The largest share; one channel of a group always stays."""


def shares_of(group: Group) -> list[float]:
    """Shares of a group that are whole channels, from none up; one channel stays."""
    counts = {min(round(share * group.total), group.total - 1) for share in _SHARES}
    return [count / group.total for count in sorted(counts)]


class ChannelPlan:
    """Shares of channels for a cost, by the way that a stage names."""

    def __init__(
        self, trainer: Trainer, task: PruneTask, before: Arrays, names: Sequence[str] = ()
    ) -> None:
        """`names` are the weights to prune, by default those that the stage chooses."""
        self.trainer, self.stage, self.before = trainer, task.stage, before
        self.network = trainer.network
        self.names = list(names) or networks.choose(
            self.network, task.stage.targets, task.stage.ignore, task.path, among=("weight",)
        )
        self.plain = {name: before[name] for name in self.network.shapes()}
        self.evidence = collect_evidence(trainer, task.stage, task.path, before, self.names)
        self.task = task
        self._groups: list[Group] | None = None
        self._losses: list[np.ndarray] | None = None
        self._shapes: ShapeModel | None = None

    def stage_for(self, resource: str, amount: float) -> Prune:
        """The stage whose network costs at most `amount` of a counted resource."""
        target = self.stage.target
        assert target is not None
        if target.allocation == "program":
            found: float | dict[str, float] = self._by_steps(resource, amount)
            return replace(self.stage, target=None, sparsity=found)
        scope = "global" if target.allocation == "global" else "tensor"
        return self._bisect(
            lambda share: replace(self.stage, target=None, sparsity=share, scope=scope),
            resource, amount,
        )  # fmt: skip

    def values(self, stage: Prune) -> Arrays:
        """Values with the channels of a stage at zero."""
        arrays = self.arrays(stage)
        return {name: arrays[name] for name in self.plain}

    def arrays(self, stage: Prune) -> Arrays:
        """The same with masks."""
        rule = selection_options(stage, self.trainer.recipe.seed)
        sparsity: Any = stage.sparsity
        if isinstance(sparsity, dict):
            sparsity = [f"{pattern}:{number!r}" for pattern, number in sparsity.items()]
        found = select_masks(
            self.network, self.before, self.names, networks.COUPLED, self.evidence,
            sparsity=sparsity, **rule,
        )  # fmt: skip
        return apply(self.before | intersect(masks_of(self.before), found))

    def share_for(self, left: int) -> tuple[float, Arrays]:
        """The smallest share of all channels with which at most `left` of the weights are left.

        With the values and masks. Channels rank together; one of each group always stays.
        """
        def at(share: float) -> Prune:
            return replace(self.stage, max_drop=None, sparsity=share, scope="global")

        def count(share: float) -> int:
            shapes = self.compact(self.values(at(share))).shapes()
            return sum(int(np.prod(shapes[name])) for name in self.names if name in shapes)

        low, high = 0.0, _MOST
        if count(low) <= left:
            return low, self.arrays(at(low))
        for _ in range(12):
            middle = (low + high) / 2
            low, high = (low, middle) if count(middle) <= left else (middle, high)
        return high, self.arrays(at(high))

    def cost(self, resource: str, values: Mapping[str, np.ndarray]) -> float:
        """What is left of a network, counted."""
        small = self.compact(values)
        return costs.resource_of(small, resource).total({})

    def compact(self, values: Mapping[str, np.ndarray]) -> ImportedNetwork:
        """The network without the channels that are zero."""
        return ImportedNetwork(removed(self.network, 1, values, self.trainer.recipe.fold_borders))

    def milliseconds(self, values: Mapping[str, np.ndarray], batch: int) -> tuple[float, float]:
        """Of the dense network and of what is left, timed by turns."""
        threads = self.trainer.recipe.threads
        small = self.compact(values)
        pairs = ((self.network, self.plain), (small, small.values))
        dense, left = costs.timed_networks(pairs, batch, threads)
        return dense, left

    def _bisect(self, at: Callable[[float], Prune], resource: str, amount: float) -> Prune:
        """The stage of the smallest share that costs at most `amount`."""
        low, high = 0.0, _MOST
        least = self.cost(resource, self.values(at(high)))
        if least > amount:
            raise self._unreachable(resource, amount, least)
        # Channels are counted, so shares closer than one of them are the same.
        for _ in range(12):
            middle = (low + high) / 2
            enough = self.cost(resource, self.values(at(middle))) <= amount
            low, high = (low, middle) if enough else (middle, high)
        return at(high)

    def _by_steps(self, resource: str, amount: float) -> dict[str, float]:
        """Shares by steps of the groups, each the one that adds least loss for what it saves."""
        groups, losses, model = self._measure()
        level, shares = [0] * len(groups), [shares_of(group) for group in groups]
        now = model.total(resource, [0.0] * len(groups))
        while now > amount:
            best: tuple[float, int, int, float] | None = None
            for index in range(len(groups)):
                for ahead in range(level[index] + 1, len(shares[index])):
                    tried = [shares[i][ahead if i == index else at] for i, at in enumerate(level)]
                    after = model.total(resource, tried)
                    if after >= now:
                        continue
                    added = losses[index][ahead] - losses[index][level[index]]
                    price = (added + 1e-9) / (now - after)
                    if best is None or price < best[0]:
                        best = (price, index, ahead, after)
            if best is None:
                raise self._unreachable(resource, amount, now)
            _, index, ahead, now = best
            level[index] = ahead
        # The last step may have gone further than it had to.
        for index in sorted(range(len(groups)), key=lambda i: -losses[i][level[i]]):
            while level[index] > 0:
                tried = [shares[i][at - (i == index)] for i, at in enumerate(level)]
                if model.total(resource, tried) > amount:
                    break
                level[index] -= 1
        return {
            group.pattern: steps[at] for group, steps, at in zip(groups, shares, level, strict=True)
        }

    def _measure(self) -> tuple[list[Group], list[np.ndarray], ShapeModel]:
        """Groups, the loss that each adds when it alone is pruned, and what shrinks with it."""
        if self._groups is None or self._losses is None or self._shapes is None:
            self._groups = self._find_groups()
            if not self._groups:
                raise TrainingError(
                    f"{self.task.name}: no channels of these weights can leave; "
                    "`prune-print-groups` says why"
                )
            self._losses = self._scan(self._groups)
            halves = [
                (group.total // 2 / group.total,
                 self.compact(self._of(group, group.total // 2 / group.total)))
                for group in self._groups
            ]  # fmt: skip
            self._shapes = ShapeModel(self.network, halves)
        return self._groups, self._losses, self._shapes

    def _find_groups(self) -> list[Group]:
        module = bound(self.network, 1, self.plain)
        remarks = module.run(channel_pipeline(by_output(self.network, self.names), sparsity=0.0))
        return [group for group, _ in selected_groups(remarks, self.names)]

    def _of(self, group: Group, share: float) -> Arrays:
        assert self._groups is not None
        # A weight can make channels of several groups; a rule for each keeps the others whole.
        rules = dict.fromkeys((each.pattern for each in self._groups), 0.0) | {group.pattern: share}
        return self.values(replace(self.stage, target=None, sparsity=rules))

    def _scan(self, groups: list[Group]) -> list[np.ndarray]:
        """Losses on training rows, which never fall with the share."""
        trainer = self.trainer
        rows = trainer.data.merged.spread(ESTIMATE_ROWS)
        axis = self.network.signature.axis
        batch = min(trainer.recipe.batch, len(rows))
        program = compiled(self.network.text(batch), "", trainer.recipe.threads)
        dense = score(program, self.plain, rows, axis).loss
        found = []
        trainer.progress.begin(f"{self.task.name}: groups", len(groups))
        for group in groups:
            added = [0.0]
            for share in shares_of(group)[1:]:
                loss = score(program, self._of(group, share), rows, axis).loss
                added.append(loss - dense)
            rising = np.maximum.accumulate(np.maximum(np.nan_to_num(added, nan=1e6), 0.0))
            found.append(rising)
            trainer.progress.advance(1, group.weights[0])
        trainer.progress.end(f"{sum(len(losses) - 1 for losses in found)} networks scored")
        return found

    def _unreachable(self, resource: str, amount: float, least: float) -> TrainingError:
        return TrainingError(
            f"{self.task.name}: {resource} of {amount:,.6g} cannot be reached by pruning these "
            f"channels; the least is {least:,.6g}"
        )


class ShapeModel:
    """Sizes of weights by the shares of groups that left.

    Learnt from the networks that are left when half of each group leaves alone: a dimension
    shrinks with the groups that it shrank with there. Exact where a dimension holds one
    group; channels that round up make it an estimate.
    """

    def __init__(self, network: Any, halves: list[tuple[float, ImportedNetwork]]) -> None:
        """`halves` are shares of the groups, about a half, and the networks that are left."""
        self._shapes = {name: network.shapes()[name] for name in network.weights()}
        self._macs = network.macs()
        self._lost = [
            {
                name: [
                    (1.0 - now / before) / share if before and share else 0.0
                    for before, now in zip(shape, half.shapes()[name], strict=True)
                ]
                for name, shape in self._shapes.items()
                if name in half.shapes()
            }
            for share, half in halves
        ]

    def total(self, resource: str, shares: list[float]) -> float:
        """What the network costs when these shares of the groups have left."""
        sum_ = 0.0
        for name, shape in self._shapes.items():
            part = 1.0
            for dim in range(len(shape)):
                lost = sum(
                    share * found[name][dim]
                    for share, found in zip(shares, self._lost, strict=True)
                    if name in found
                )
                part *= max(0.0, 1.0 - lost)
            sum_ += part * self._unit(resource, name, shape)
        return sum_

    def _unit(self, resource: str, name: str, shape: tuple[int, ...]) -> float:
        """Cost of a whole weight."""
        if resource == "macs":
            return float(self._macs[name])
        size = float(np.prod(shape))
        return 4.0 * size if resource == "bytes" else size
