# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""NetAdapt (Yang et al. 2018): a budget is met in small steps, each by the layer that minds least.

Every step must save a share of what the dense network costs. For each layer the sparsity
that saves it alone is looked up, the network is pruned so, trained for a short while and
scored; the most accurate one goes on. At the end the network is trained for longer. Every
step is a network, so a family of them is left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from .. import files, networks
from ..errors import InputError
from ..recipe.modifiers import Rate
from ..recipe.schema import Optimizer, Prune, Recipe, Stage, Statistics, Train
from .costs import Budget
from .protocol import Search
from .subject import Arrays, Subject

MOST = 0.99
"""Largest sparsity of a layer."""

_LONGEST = 50
"""Characters of a name in that of its file, which has at most 255 bytes."""


@dataclass(frozen=True)
class Proposal:
    """A network of a step: `ratios` are the sparsities of all layers, `base` the key of the
    network that it is made from, empty for the dense one. `long` is the last training."""

    step: int
    layer: str
    ratios: tuple[tuple[str, float], ...]
    base: str
    long: bool = False

    @property
    def key(self) -> str:
        return "long" if self.long else f"{self.step} {self.layer}"


@dataclass(frozen=True)
class Pace:
    """How fast the cost falls: `first` of the dense cost in the first step, times `decay` in
    each later one, to `amount`."""

    amount: float
    first: float = 0.025
    decay: float = 0.96

    def target(self, step: int, dense: float) -> float:
        """What the network may cost after `step` steps."""
        saved = self.first * sum(self.decay**index for index in range(step))
        return max(self.amount, dense * (1 - saved))


class NetAdapt(Search[Proposal, dict[str, Any]]):
    """Layers that the network loses least by, step by step.

    The outcome has the sparsities, the key of the last network and the family: cost and score
    after each step.
    """

    def __init__(self, resource: Budget, layers: Sequence[str], pace: Pace) -> None:
        super().__init__()
        self._resource, self._layers, self._pace = resource, list(layers), pace
        self._dense = resource.total({})
        least = resource.total(dict.fromkeys(self._layers, MOST))
        total = pace.first / (1 - pace.decay) if pace.decay < 1 else np.inf
        if max(least, self._dense * (1 - total)) > pace.amount:
            raise InputError(
                f"{resource.name} of {pace.amount:.4g} cannot be reached: the layers at a sparsity "
                f"of {MOST:g} need {least:.4g}, and all steps together save {min(total, 1):.0%} of "
                f"{self._dense:.4g}"
            )

    def propose(self) -> Sequence[Proposal]:
        step, ratios, base = self._place()
        if self._resource.total(ratios) <= self._pace.amount * (1 + 1e-9):
            return [] if "long" in self.seen else [self._long(step, ratios, base)]
        fresh = self._of_step(step + 1, ratios, base)
        return [proposal for proposal in fresh if proposal.key not in self.seen]

    def finish(self) -> dict[str, Any]:
        step, ratios, base = self._place()
        family = []
        for number in range(1, step + 1):
            key = self._best(number)
            found = self.seen[key]
            ratios_then = dict(found["ratios"])
            family.append({"step": number, "layer": key.partition(" ")[2],
                           "cost": self._resource.total(ratios_then), **self._resource.counts(ratios_then),
                           "accuracy": found["accuracy"], "drop": found["drop"],
                           "error": found["error"]})  # fmt: skip
        return {
            "ratios": ratios, "network": "long", "before": base, "family": family,
            "resource": self._resource.name, "requested": self._pace.amount,
            "cost": self._resource.total(ratios), "dense": self._dense,
            "dense_counts": self._resource.counts({}), "counts": self._resource.counts(ratios),
            "score": self.seen["long"],
        }  # fmt: skip

    def _place(self) -> tuple[int, dict[str, float], str]:
        """Finished steps, the sparsities after them and the network that has them."""
        step, ratios, base = 0, dict.fromkeys(self._layers, 0.0), ""
        while True:
            wanted = self._of_step(step + 1, ratios, base)
            if not wanted or any(proposal.key not in self.seen for proposal in wanted):
                return step, ratios, base
            step += 1
            base = self._best(step)
            ratios = dict(self.seen[base]["ratios"])

    def _best(self, step: int) -> str:
        """The most accurate network of a step; ties go to the smaller loss, then the first layer."""
        keys = [f"{step} {layer}" for layer in self._layers if f"{step} {layer}" in self.seen]
        return max(keys, key=lambda k: (self.seen[k]["accuracy"], -self.seen[k]["loss"]))

    def _of_step(self, step: int, ratios: dict[str, float], base: str) -> list[Proposal]:
        """The networks of a step: one for each layer that can save enough alone.

        Where none can, layers go as far as they can.
        """
        now = self._resource.total(ratios)
        if now <= self._pace.amount * (1 + 1e-9):
            return []
        target = self._pace.target(step, self._dense)
        found, partial = [], []
        for layer in self._layers:
            ratio = self._ratio(layer, ratios, target)
            proposal = Proposal(step, layer, tuple({**ratios, layer: ratio}.items()), base)
            cost = self._resource.total({**ratios, layer: ratio})
            if cost <= target * (1 + 1e-9):
                found.append(proposal)
            elif cost < now:
                partial.append(proposal)
        return found or partial

    def _ratio(self, layer: str, ratios: dict[str, float], target: float) -> float:
        """The smallest sparsity of a layer with which the network costs at most `target`."""
        low, high = ratios[layer], MOST
        for _ in range(30):
            middle = (low + high) / 2
            enough = self._resource.total({**ratios, layer: middle}) <= target
            low, high = (low, middle) if enough else (middle, high)
        return high

    def _long(self, step: int, ratios: dict[str, float], base: str) -> Proposal:
        return Proposal(step, "", tuple(ratios.items()), base, long=True)


def table_text(found: Mapping[str, Any]) -> str:
    """The family in Markdown, and what came of the budget; of what is in ``netadapt.json``."""
    lines = [f"| step | layer | {found['resource']} | accuracy | lost |", "|---|---|---|---|---|"]
    lines += [
        f"| {row['step']} | {row['layer']} | {row['cost']:.4g} | {row['accuracy']:.2f} | "
        f"{row['drop']:+.2f} |"
        for row in found["family"]
    ]
    score, requested, realised = found["score"], found["requested"], found["realised"]
    lines += [
        f"{found['resource']}: requested {requested:.4g}, realised {realised:.4g} "
        f"({realised / requested - 1:+.1%}), dense {found['dense']:.4g}",
        f"after the long training {score['accuracy']:.2f} % of the validation rows, "
        f"{score['drop']:+.2f} ± {score['error']:.2f} points lost",
    ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Training:
    """Prunes and trains a proposal; networks are files of `folder`. Can be sent to a process.

    `steps` are those of the short training, `epochs` of the long one. With `channels` layers
    are groups of channels that leave together, named by their first weights; those in `fixed`
    stay whole.
    """

    subject: Subject
    folder: str
    steps: int
    epochs: int
    seed: int = 1
    channels: bool = False
    fixed: tuple[str, ...] = ()

    def __call__(self, proposal: Proposal) -> dict[str, Any]:
        from ..training.trainer import Trainer

        loaded = self.subject.load()
        values = self.values(proposal.base)
        recipe = self.recipe(proposal, loaded.network)
        data = loaded.data
        if not proposal.long and self.steps:
            rows = min(len(data.train), self.steps * recipe.batch)
            picked = np.random.default_rng((self.seed, proposal.step)).permutation(len(data.train))
            data = replace(data, train=data.train.take(picked[:rows]))
        with TemporaryDirectory() as folder:
            trainer = Trainer(recipe, data, Path(folder), start=values)
            trainer.run()
            arrays = trainer.folded_arrays()
        plain = {name: arrays[name] for name in loaded.values}
        files.write_arrays(self.path(proposal.key), plain)
        return {**loaded.score(plain), "ratios": [list(pair) for pair in proposal.ratios]}

    def values(self, key: str) -> Arrays:
        """The network of a proposal, or the dense one."""
        if not key:
            return dict(self.subject.load().values)
        return files.read_arrays(self.path(key))

    def path(self, key: str) -> Path:
        """The file of a network; signs that it cannot have are told by a digest of the name."""
        plain = key.replace(" ", "_", 1)
        safe = "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in plain)
        if safe != plain or len(safe) > _LONGEST:
            safe = f"{safe[:_LONGEST]}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
        return Path(self.folder) / f"{safe}.npz"

    def recipe(self, proposal: Proposal, network: Any) -> Recipe:
        """What makes the network of a proposal."""
        parts = self.subject.parts
        ratios = {networks.literal(name): ratio for name, ratio in proposal.ratios}
        pruning = Prune(name="prune", sparsity=ratios)
        if self.channels:
            whole = {networks.literal(name): 0.0 for name in self.fixed}
            pruning = replace(pruning, sparsity=ratios | whole, granularity=networks.COUPLED)
        stages: list[Stage] = [pruning]
        training = Train(
            name="train", epochs=self.epochs if proposal.long else 1,
            optimizer=Optimizer(weight_decay=1e-4),
            learning_rate=Rate(1e-3 if proposal.long else 3e-4, schedule="cosine"),
            # Of a few steps compilation would take most: all proposals share one program, which
            # masks that are part of the code would not let them.
            compressed="auto" if proposal.long else "never",
        )  # fmt: skip
        if training.epochs and (proposal.long or self.steps):
            stages.append(training)
        if networks.has_statistics(network):
            stages.append(Statistics(name="statistics", batches=20))
        return replace(parts, stages=tuple(stages), seed=self.seed, threads=self.subject.threads)
