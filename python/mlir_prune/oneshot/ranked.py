# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights, or groups of them, ranked by a criterion: any granularity, no weight moves.

The compiler scores and selects, as in recipes. What a criterion judges by comes from the rows
that are there, with or without labels. Channels that are tied leave together, from all layers
that make them, and the module has what is left when they are gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .. import networks
from ..channel_groups import output_dims
from ..errors import InputError
from ..evidence import GRADIENT_KINDS, GRAM, Evidence, collect
from ..forms import bound
from ..imported import ImportedNetwork
from ..pipelines import compress_pipeline, mask_pipeline
from ..recipe.check import CHANNEL_CRITERIA
from ..recipe.schema import THINET
from ..rows import Split
from ..search.channels import fitted
from ..training.judgment import KIND_OF, evidence_of, judged_by, whole_batches
from ..training.masks import PREFIX, Arrays, apply, select_masks
from .support import SCOPES

ROWS = 1000
"""Most rows that a criterion looks at where nothing else is said."""

_BATCH = 64

_PATTERN = "n_of_m"


@dataclass(frozen=True)
class Question:
    """What is ranked: weights `names` in the groups of a `granularity`, by a `criterion`.

    With the `scope` ``layer`` each layer, or each group of tied channels, loses the same
    share; with ``global`` all of them together do.
    """

    names: Sequence[str]
    granularity: str = "unstructured"
    criterion: str = "magnitude"
    scope: str = "global"
    seed: int = 0

    @property
    def coupled(self) -> bool:
        """Whether channels leave."""
        return self.granularity == networks.COUPLED


class Ranking:
    """Masks of a network at any share; what the criterion needs is collected once.

    Raises :class:`InputError` for a granularity that a weight has no groups of, and for a
    criterion that needs rows or labels that are not there.
    """

    def __init__(
        self, network: ImportedNetwork, question: Question, data: Split | None, threads: int = 1
    ) -> None:
        self.network, self.question = network, question
        self.values: Arrays = {name: network.values[name] for name in network.shapes()}
        _check_criterion(question)
        networks.check_granularity(network, question.names, question.granularity, "granularity")
        self._evidence = evidence_for(network, question, data, threads)

    def masks(self, share: float | None) -> Arrays:
        """Masks by ``mask:`` and name, of the weights and of what belongs to whole filters.

        `share` is that of the weights, or of the channels, that leave; n of m says its own.
        """
        question = self.question
        rule = judged_by(question.criterion, question.seed)
        if question.granularity.startswith(_PATTERN):
            rule["allow_empty"] = True
        else:
            rule["sparsity"] = share
            each = "group" if question.coupled else "tensor"
            rule["scope"] = "global" if question.scope == "global" else each
        return select_masks(
            self.network, self.values, question.names, question.granularity, self._evidence, **rule
        )

    def pruned(
        self, masks: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray] | None = None
    ) -> Arrays:
        """Values, by default those of the network, with zeros where masks are false."""
        found = apply({**self.values, **(values or {}), **masks})
        return {name: found[name] for name in self.values}


def _check_criterion(question: Question) -> None:
    """Raises :class:`InputError` for a criterion that says nothing of such groups, and for a scope
    that is none."""
    if question.scope not in SCOPES:
        raise InputError(f"scope: expected {' or '.join(SCOPES)}, got '{question.scope}'")
    elements = question.granularity.split(":")[0] in ("unstructured", _PATTERN)
    if question.criterion in CHANNEL_CRITERIA and elements:
        raise InputError(
            f"criterion {question.criterion} judges whole channels; expected a granularity such as "
            f"channel:0 or {networks.COUPLED}, got {question.granularity}"
        )
    if question.criterion == THINET and not question.coupled:
        raise InputError(
            f"criterion {THINET} judges channels by the layers that read them; expected granularity "
            f"{networks.COUPLED}, got {question.granularity}"
        )


def weight_masks(masks: Mapping[str, np.ndarray], names: Sequence[str]) -> Arrays:
    """Masks of the weights alone, by their names."""
    return {name: masks[PREFIX + name] for name in names}


def evidence_for(
    network: ImportedNetwork, question: Question, data: Split | None, threads: int = 1
) -> Evidence:
    """What the criterion judges the weights by; nothing for one that needs no rows."""
    criterion = question.criterion
    if criterion not in KIND_OF:
        return {}
    if data is None:
        raise InputError(f"criterion {criterion} needs rows, got none")
    if KIND_OF[criterion] in GRADIENT_KINDS and not data.labelled:
        raise InputError(f"criterion {criterion} needs labels, got rows without them")
    return evidence_of(
        network, network.values, question.names, criterion, question.granularity, data, threads,
        min(_BATCH, len(data)),
    )  # fmt: skip


def refitted(
    network: ImportedNetwork, values: Mapping[str, np.ndarray], rows: Split, threads: int = 1
) -> Arrays:
    """Values without some channels, where layers that read fewer are fitted to their dense results.

    By least squares on what they read of the dense network (He et al. 2017, section 3.1).
    """
    size = min(_BATCH, len(rows))
    dense = bound(network, size, network.values)
    grams = collect(dense, whole_batches(network, rows, size), GRAM, threads)
    masked = bound(network, 1, values)
    masked.run(mask_pipeline())
    masked.run(compress_pipeline(record_kept=True))
    outputs, left = output_dims(network), masked.kept()
    found = {name: np.array(value) for name, value in values.items()}
    for (name, _), gram in grams.items():
        if name in left and name in outputs:
            found[name] = fitted(network.values[name], left[name], gram, outputs[name])
    return found
