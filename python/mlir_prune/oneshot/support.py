# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which weights stay: by scores, to a sparsity, in the groups of a granularity."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError

SCOPES = ("global", "layer")


@dataclass(frozen=True)
class Pattern:
    """N of M: of every `group` weights along `axis`, `kept` stay."""

    kept: int
    group: int
    axis: int

    @property
    def sparsity(self) -> float:
        """Share of zeros."""
        return 1.0 - self.kept / self.group


def read_granularity(text: str) -> Pattern | None:
    """The pattern of ``n_of_m:<n>:<m>:<axis>``; nothing for ``unstructured``.

    Raises :class:`InputError` for all others: no solver here has weight updates for them.
    """
    if text == "unstructured":
        return None
    match = re.fullmatch(r"n_of_m:(\d{1,4}):(\d{1,4}):(\d)", text)
    if not match:
        raise InputError(
            f"granularity: expected unstructured or n_of_m:<n>:<m>:<axis>, got '{text}'"
        )
    pattern = Pattern(*map(int, match.groups()))
    if not 0 < pattern.kept < pattern.group:
        raise InputError(f"granularity: expected 0 < n < m, got {pattern.kept} of {pattern.group}")
    return pattern


def in_groups(array: np.ndarray, pattern: Pattern) -> np.ndarray:
    """A copy [groups, m] of an array whose axis is cut into groups of m."""
    moved = np.moveaxis(array, pattern.axis, -1)
    return np.ascontiguousarray(moved).reshape(-1, pattern.group)


def from_groups(groups: np.ndarray, shape: tuple[int, ...], pattern: Pattern) -> np.ndarray:
    """The array of `shape` whose :func:`in_groups` is `groups`."""
    moved = [*shape[: pattern.axis], *shape[pattern.axis + 1 :], shape[pattern.axis]]
    return np.moveaxis(groups.reshape(moved), -1, pattern.axis)


def best_of_groups(scores: np.ndarray, pattern: Pattern) -> np.ndarray:
    """Bool in the shape of `scores`: the n largest of each group, ties from the front."""
    groups = in_groups(scores, pattern)
    order = np.argsort(-groups, axis=1, kind="stable")[:, : pattern.kept]
    kept = np.zeros(groups.shape, bool)
    np.put_along_axis(kept, order, True, axis=1)
    return from_groups(kept, scores.shape, pattern)


def largest(values: np.ndarray, count: int) -> np.ndarray:
    """Places of the `count` largest values in order; ties are kept from the front."""
    return np.sort(np.argsort(-values, kind="stable")[:count])


class Support:
    """Chooses weights of several layers, which follow each other in one vector.

    With the scope ``layer`` every layer keeps the same share, with ``global`` all of them
    together do. A pattern says the share by itself.
    """

    def __init__(
        self, names: Sequence[str], shapes: Sequence[tuple[int, ...]],
        pattern: Pattern | None = None, scope: str = "global",
    ) -> None:  # fmt: skip
        if scope not in SCOPES:
            raise InputError(f"scope: expected {' or '.join(SCOPES)}, got '{scope}'")
        self.shapes = [tuple(shape) for shape in shapes]
        self.pattern, self.scope = pattern, scope
        for name, shape in zip(names, self.shapes, strict=True):
            if pattern and (len(shape) <= pattern.axis or shape[pattern.axis] % pattern.group):
                raise InputError(
                    f"granularity: '{name}' of shape {list(shape)} has no groups of "
                    f"{pattern.group} along dimension {pattern.axis}"
                )
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        cuts = np.cumsum([0, *sizes])
        self.parts = [slice(cuts[i], cuts[i + 1]) for i in range(len(sizes))]
        self.size = int(cuts[-1])

    def choose(self, scores: np.ndarray, kept: np.ndarray, share: float) -> np.ndarray:
        """Of the weights `kept` (bool) those of the largest scores, `share` of all weights.

        What a pattern keeps of a group goes before all others.
        """
        order = np.where(kept, scores, -np.inf)
        if self.pattern:
            share = max(share, 1.0 - self.pattern.sparsity)
            for part, shape in zip(self.parts, self.shapes, strict=True):
                best = best_of_groups(order[part].reshape(shape), self.pattern).ravel()
                order[part] = np.where(best, np.inf, order[part])
        found = np.zeros(self.size, bool)
        for part in self.parts if self.scope == "layer" else [slice(0, self.size)]:
            count = max(1, round(share * (part.stop - part.start)))
            found[part.start + largest(order[part], count)] = True
        return found & kept
