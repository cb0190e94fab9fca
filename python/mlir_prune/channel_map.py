# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which outputs of which weights, and which inputs of which others, are one channel.

The compiler is asked by removing channels at random, again and again: what left in the same
networks is one channel. Nothing here looks at how the layers are connected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .channel_groups import by_output, generic_values, output_dims, selected_groups
from .errors import InputError
from .forms import bound
from .native import parse
from .pipelines import channel_pipeline, compress_pipeline

_MOST = 128
"""Networks that are asked for at most; some 2 log2(channels) tell all channels apart."""

_KEPT = -1


@dataclass(frozen=True)
class ChannelMap:
    """Channels that can leave, by number.

    `makers` has the channel of each output of a weight, `readers` that of each column: of the
    other dimensions of a weight, flattened; `vectors` that of each element of a bias, scale or
    shift. All are int64, and -1 where nothing can leave. `groups` are the channels that are
    ranked together, in the order of their numbers.
    """

    makers: Mapping[str, np.ndarray]
    readers: Mapping[str, np.ndarray]
    vectors: Mapping[str, np.ndarray]
    groups: tuple[tuple[int, ...], ...]

    @property
    def count(self) -> int:
        """Channels of all groups."""
        return sum(len(group) for group in self.groups)


def channel_map(network: Any, names: Iterable[str]) -> ChannelMap:
    """The channels that the weights `names` make and that can leave.

    Raises :class:`InputError` where none can.
    """
    dims = output_dims(network)
    names = [name for name in names if name in dims]
    seen = _Seen(network, dims, names)
    expected = seen.ask(0)
    if not expected:
        raise InputError(
            "no channels of these weights can leave; `prune-print-groups` says why"
        )
    for seed in range(1, _MOST):
        if seen.distinct() == expected:
            break
        seen.ask(seed)
    else:
        raise InputError(
            f"expected {expected} channels that leave one by one, found {seen.distinct()}"
        )
    return seen.named()


class _Seen:
    """In which networks each output and column was missing, as bits."""

    def __init__(self, network: Any, dims: Mapping[str, int], names: list[str]) -> None:
        self._dims, self._names, self._shapes = dims, names, network.shapes()
        # Where the structure alone matters no value may be zero by chance.
        self._network = bytes(bound(network, 1, generic_values(network)).to_bytecode())
        self._by_dim = by_output(network, names)
        self._makers: dict[str, list[np.ndarray]] = {name: [] for name in names}
        self._readers: dict[str, list[np.ndarray]] = {name: [] for name in dims}
        self._vectors: dict[str, list[np.ndarray]] = {
            name: [] for name, role in network.roles().items()
            if role in ("bias", "scale") and len(self._shapes[name]) == 1
        }  # fmt: skip

    def ask(self, seed: int) -> int:
        """Removes a half of every group; the number of channels of groups with several."""
        masked = parse(self._network)
        passes = channel_pipeline(self._by_dim, criterion="random", seed=seed, sparsity=0.5)
        groups = selected_groups(masked.run(passes), self._names)
        masks = {name: np.array(mask) for name, mask in masked.masks().items()}
        for name, seen in self._vectors.items():
            seen.append(~masks[name] if name in masks else np.zeros(self._shapes[name], bool))
        masked.run(compress_pipeline(record_kept=True))
        left = masked.kept()
        for name, seen in self._makers.items():
            rows = np.moveaxis(masks[name], self._dims[name], 0)
            seen.append(~rows.reshape(len(rows), -1).any(axis=1))
        for name, seen in self._readers.items():
            seen.append(self._missing_columns(name, left.get(name)))
        return sum(group.total for group, _ in groups if group.total > 1)

    def distinct(self) -> int:
        """Channels of the makers that can be told apart."""
        return len({key for seen in self._makers.values() for key in _keys(seen)} - {None})

    def named(self) -> ChannelMap:
        """The channels by number."""
        numbers: dict[bytes, int] = {}
        makers = {n: _numbered(_keys(seen), numbers, True) for n, seen in self._makers.items()}
        readers = {n: _numbered(_keys(seen), numbers, False) for n, seen in self._readers.items()}
        vectors = {n: _numbered(_keys(seen), numbers, False) for n, seen in self._vectors.items()}
        ties: dict[int, set[tuple[str, str]]] = {number: set() for number in numbers.values()}
        for kind, found in (("makes", makers), ("reads", readers)):
            for name, channels in found.items():
                for number in np.unique(channels[channels != _KEPT]):
                    ties[int(number)].add((kind, name))
        groups: dict[frozenset[tuple[str, str]], list[int]] = {}
        for number, members in ties.items():
            groups.setdefault(frozenset(members), []).append(number)
        readers, vectors = (
            {name: found for name, found in each.items() if (found != _KEPT).any()}
            for each in (readers, vectors)
        )
        return ChannelMap(makers, readers, vectors, tuple(map(tuple, groups.values())))

    def _missing_columns(self, name: str, left: list[list[int]] | None) -> np.ndarray:
        dims = [dim for dim in range(len(self._shapes[name])) if dim != self._dims[name]]
        shape = [self._shapes[name][dim] for dim in dims]
        missing = np.ones(shape, bool)
        stays = [left[dim] if left else range(self._shapes[name][dim]) for dim in dims]
        missing[np.ix_(*stays)] = False
        return missing.ravel()


def _keys(seen: list[np.ndarray]) -> list[bytes | None]:
    """For each index the networks that it was missing from; None where it always stays."""
    bits = np.stack(seen, axis=1)
    return [key.tobytes() if key.any() else None for key in bits]


def _numbered(keys: list[bytes | None], numbers: dict[bytes, int], add: bool) -> np.ndarray:
    if add:
        for key in keys:
            if key is not None:
                numbers.setdefault(key, len(numbers))
    return np.array([_KEPT if key is None else numbers.get(key, _KEPT) for key in keys], np.int64)
