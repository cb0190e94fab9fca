# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Channels of a network that leave together, and the network without some of them.

The compiler says which channels residual adds, concatenations and flattenings tie, which of
them go by magnitude, and what is left of every parameter when they do; nothing here looks at
how the layers are connected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..channel_groups import Group, generic_values, output_dims, selected_groups
from ..errors import InputError
from ..evidence import Evidence
from ..forms import bound
from ..grams import damped
from ..models.network import sum_macs
from ..native import parse
from ..networks import literal
from ..pipelines import compress_pipeline, fold_pipeline, module, options
from ..training.compact import take

Arrays = dict[str, np.ndarray]

Kept = tuple[int, ...]
"""Channels that stay of each group."""


class Channels:
    """The groups of channels of a network with its values.

    Weights of `names` are looked at, all by default. Groups with channels that cannot leave, or
    that another weight makes too, stay as they are; so do several groups that parts of one
    weight make, as behind a split. Raises :class:`InputError` where no group is left. With
    `scores`, evidence for ``mean_activation``, channels go by these instead of their magnitude.
    """

    def __init__(
        self, network: Any, values: Mapping[str, np.ndarray], names: Sequence[str] | None = None,
        scores: Evidence | None = None,
    ) -> None:  # fmt: skip
        self.network = network
        self.values = {name: values[name] for name in network.shapes()}
        self._outputs = output_dims(network)
        chosen = [name for name in network.weights() if names is None or name in names]
        dims = {name: self._outputs[name] for name in chosen}
        self._scored = self._with_scores(self.values, dims, scores)
        self._names = chosen
        ranked = selected_groups(self._select(self._scored, ["*:0"])[1], chosen)
        self.groups, self._fixed = _usable([group for group, _ in ranked])
        if not self.groups:
            raise InputError("the network has no channels that could leave")
        # Where the structure alone matters no value may be zero by chance.
        self._structure = self._with_scores(generic_values(network), dims)

    @property
    def fixed(self) -> tuple[str, ...]:
        """First weights of the groups that stay as they are."""
        return self._fixed

    def masked(self, kept: Kept) -> Any:
        """The network in the masked form, the smallest channels of each group pruned.

        A channel's size is the mean of the norms of its weights in all layers that make it, or
        of its scores.
        """
        return self._chosen(self._scored, kept)

    def multiplications(self, kept: Kept) -> dict[str, int]:
        """Those of each layer for one row, counted by the compiler in the removed network.

        They are those of a network without zeros of its own.
        """
        return _counted(_compacted(self._chosen(self._structure, kept)))

    def pruned(self, kept: Kept, grams: Mapping[str, np.ndarray] | None = None) -> Pruned:
        """The network without channels, in the shapes of the dense one.

        With `grams`, the Gram matrices of the inputs of the layers (``X^T X``) in the dense
        network, each layer that reads fewer channels gets the weights whose results are
        nearest to its dense ones by least squares (He et al. 2017, section 3.1).
        """
        masked = self.masked(kept)
        compact = _compacted(masked)
        left = compact.kept()
        values = _folded(masked)
        for name, gram in (grams or {}).items():
            if name in left:
                values[name] = fitted(self.values[name], left[name], gram, self._outputs[name])
        counts = _counted(compact)
        return Pruned(values, left, counts)

    def _with_scores(
        self, values: Arrays, dims: Mapping[str, int], scores: Evidence | None = None
    ) -> bytes:
        """The network with scores, to be read again for each choice: masks of a module are kept
        as long as its copies."""
        scored = bound(self.network, 1, values)
        if scores is not None:
            scored.set_evidence({key: array for key, array in scores.items() if key[0] in dims})
        scored.run(module(*_score_passes(dims, given=scores is not None)))
        return bytes(scored.to_bytecode())

    def _chosen(self, scored: bytes, kept: Kept) -> Any:
        """A module with scores, with masks in their place."""
        rules = [
            f"{group.pattern}:{(group.total - count) / group.total!r}"
            for group, count in zip(self.groups, kept, strict=True)
        ]
        rules += [f"{literal(name)}:0" for name in self._fixed]
        masked, remarks = self._select(scored, rules)
        found = {group.name: (stay, group.total)
                 for group, stay in selected_groups(remarks, self._names)}  # fmt: skip
        for group, count in zip(self.groups, kept, strict=True):
            if found[group.name] != (count, group.total):
                raise InputError(
                    f"the channels of '{group.name}' do not leave by {group.total - count} of "
                    f"{group.total}: {found[group.name][0]} stay"
                )
        return masked

    @staticmethod
    def _select(scored: bytes, rules: list[str]) -> tuple[Any, list[Any]]:
        copy = parse(scored)
        return copy, copy.run(module(options("prune-select-channels", sparsity=rules)))


@dataclass(frozen=True)
class Pruned:
    """A network without some of its channels.

    `values` are in the shapes of the dense network with zeros; `left` the indices of each
    dimension that are left of the parameters that shrank; `macs` the multiplications of each
    layer of the removed network for one row.
    """

    values: Arrays
    left: dict[str, list[list[int]]]
    macs: dict[str, int]

    @property
    def total(self) -> int:
        """All multiplications."""
        return sum(self.macs.values())


def _score_passes(outputs: Mapping[str, int], given: bool = False) -> list[str]:
    """Scores of the output channels: the norm of their weights (L2), or what is given."""
    rule: dict[str, object] = {"criterion": "mean_activation"} if given else {"p": 2}
    return [
        options(
            "prune-score", granularity=f"channel:{axis}", **rule,
            parameters=[literal(name) for name, other in outputs.items() if other == axis],
        )
        for axis in sorted(set(outputs.values()))
    ]  # fmt: skip


def _usable(found: Sequence[Group]) -> tuple[tuple[Group, ...], tuple[str, ...]]:
    """Groups in the order of the network, and the first weights of those that stay as they are."""
    first = [group.name for group in found]
    usable = tuple(g for g in found if g.total > 1 and first.count(g.name) == 1)
    return usable, tuple(dict.fromkeys(g.name for g in found if g not in usable))


def _compacted(masked: Any) -> Any:
    """The removed network; it says what is left of its parameters."""
    copy = masked.clone()
    copy.run(compress_pipeline(record_kept=True))
    return copy


def _counted(compact: Any) -> dict[str, int]:
    return sum_macs(compact.layers())


def _folded(masked: Any) -> Arrays:
    """Values with zeros where the masks are."""
    copy = masked.clone()
    copy.run(fold_pipeline())
    return {name: np.array(array) for name, array in copy.parameters().items()}


def fitted(
    weight: np.ndarray, left: list[list[int]], gram: np.ndarray, output: int
) -> np.ndarray:
    """The weight [outputs, columns in any shape] for the columns that are left.

    Minimises ``||X W^T - X_S V^T||`` over V, where S are the columns that stay; the rest is
    zero. Outputs that left are zero, too.
    """
    rows = np.array(left[output])
    rest = [extent for dim, extent in enumerate(weight.shape) if dim != output]
    places = np.arange(int(np.prod(rest))).reshape(rest)
    columns = take(places, [each for dim, each in enumerate(left) if dim != output]).ravel()
    matrix = np.moveaxis(weight, output, 0).reshape(weight.shape[output], -1)[rows]
    found = np.zeros((weight.shape[output], places.size), np.float32)
    if len(columns) < places.size:
        hessian = damped(gram)
        right = hessian[columns] @ matrix.T.astype(np.float64)
        solved = np.linalg.solve(hessian[np.ix_(columns, columns)], right).T
    else:
        solved = matrix
    found[np.ix_(rows, columns)] = solved
    shaped = found.reshape(weight.shape[output], *rest)
    return np.ascontiguousarray(np.moveaxis(shaped, 0, output))
