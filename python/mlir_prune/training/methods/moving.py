# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Masks that a compiled function moves between steps: gradual pruning and RigL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...pipelines import options
from ...recipe.modifiers import Gradual, Rigl
from ...recipe.schema import Train
from .. import schedule
from ..masks import PREFIX
from ..program import STEP
from ..setting import Setting
from .base import Method, chosen

if TYPE_CHECKING:
    from ..stage import StageTraining

MASK_STEP = "mask_step"
"""The function that moves masks between steps."""

Shape = tuple[int, ...]


class GradualMethod(Method):
    """Raises the share of pruned weights along the cubic schedule."""

    @classmethod
    def functions(
        cls, network: Any, stage: Train, rule: Gradual, path: str, setting: Setting
    ) -> list[str]:
        """The selection of masks."""
        return [options(
            "prune-mask-step-pipeline", step=STEP, name=MASK_STEP, rule="magnitude",
            scope=rule.scope, parameters=chosen(network, rule, path, "gradual"),
        )]  # fmt: skip

    def __init__(self, training: StageTraining) -> None:
        super().__init__(training)
        assert training.stage.gradual is not None
        self._rule = training.stage.gradual
        self._select = training.program.bind(MASK_STEP, training.state)

    def before(self, number: int) -> None:
        """Selects masks where the schedule says so."""
        training, rule = self.training, self._rule
        end = schedule.gradual_end(rule.end, training.per_epoch, training.total)
        if schedule.is_due(number, rule.start * training.per_epoch, end, rule.frequency):
            sparsity = schedule.cubic_sparsity(rule, number, training.per_epoch, training.total)
            self._select.set("sparsity", sparsity)
            self._select()


class RiglMethod(Method):
    """Exchanges the smallest weights for those with the largest gradient."""

    @classmethod
    def functions(
        cls, network: Any, stage: Train, rule: Rigl, path: str, setting: Setting
    ) -> list[str]:
        """The exchange, with gradients of its own."""
        return [options(
            "prune-mask-step-pipeline", step=STEP, name=MASK_STEP, rule="rigl",
            function=f"{MASK_STEP}_loss", soft_labels=(stage.distill is not None) or None,
            class_dimension=network.signature.unusual_axis,
            parameters=chosen(network, rule, path, "rigl"),
        )]  # fmt: skip

    def __init__(self, training: StageTraining) -> None:
        super().__init__(training)
        assert training.stage.rigl is not None
        self._rule = training.stage.rigl
        self._exchange = training.program.bind(MASK_STEP, training.state)
        training.batches.feed(self._exchange)

    def begin(self, fresh: bool) -> None:
        """Draws the first masks at random, unless an earlier stage left some."""
        if not fresh:
            return
        state, shapes = self.training.state, self.training.network.shapes()
        names = self.weights(self._rule, "rigl")
        density = densities({name: shapes[name] for name in names}, self._rule.sparsity,
                            self._rule.density)  # fmt: skip
        for index, name in enumerate(names):
            mask = state[PREFIX + name]
            if mask.all():
                rng = np.random.default_rng((*self.training.task.seed, index))
                mask[...] = random_mask(rng, mask.shape, density[name])
            state[name][~mask] = 0

    def before(self, number: int) -> None:
        """Exchanges weights where the schedule says so, on the batch of the step."""
        training, rule = self.training, self._rule
        share = schedule.exchange_share(rule, number, training.per_epoch, training.total)
        if number > 0 and number % rule.frequency == 0 and share > 0:
            self._exchange.set("fraction", share)
            self._exchange()


def random_mask(rng: np.random.Generator, shape: Shape, density: float) -> np.ndarray:
    """A mask that keeps round(density * size) elements drawn from `rng`."""
    size = int(np.prod(shape))
    mask = np.zeros(size, np.bool_)
    mask[rng.permutation(size)[: max(1, round(density * size))]] = True
    return mask.reshape(shape)


def densities(shapes: Mapping[str, Shape], sparsity: float, kind: str) -> dict[str, float]:
    """Share of each weight that stays when `sparsity` of them all goes.

    With `erk` it is proportional to sum(extents) / product(extents) (Evci et al.
    2020); weights that would get more than one are dense, and the factor is
    solved again for the others.
    """
    if kind == "uniform":
        return dict.fromkeys(shapes, 1.0 - sparsity)
    sizes = {name: float(np.prod(shape)) for name, shape in shapes.items()}
    raw = {name: sum(shape) / sizes[name] for name, shape in shapes.items()}
    dense: set[str] = set()
    while True:
        left = (1.0 - sparsity) * sum(sizes.values()) - sum(sizes[name] for name in dense)
        factor = left / sum(raw[name] * sizes[name] for name in shapes if name not in dense)
        over = {n for n in shapes if n not in dense and factor * raw[n] > 1.0}
        if not over:
            return {n: 1.0 if n in dense else factor * raw[n] for n in shapes}
        dense |= over
