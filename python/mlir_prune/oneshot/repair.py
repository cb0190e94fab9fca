# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What pruning did to the statistics of channels, undone from inputs without labels.

Three repairs of a network whose weights were pruned, all by forward passes alone:

* ``batch_norm``: each batch normalization gets statistics with which its results have the mean
  and the variance on the rows that they have in the dense network. One pass through either
  network measures all of them, each on what the measured network before it computes.
* ``bias``: each output channel of a layer gets the mean over rows and positions back that the
  dense network has, by the bias of the layer, or by the mean that the normalization behind it
  subtracts (bias correction, Nagel et al. 2019; FLAP, An et al. 2024).
* ``variance``: each output channel is scaled to the variance that it had, in its weights, or in
  the statistics of the normalization behind it (REPAIR, Jordan et al. 2023).

Why not the statistics that are measured: they are not those that the network was trained to, and
it loses accuracy with them even if nothing is pruned. Of the same rows through both networks only
what pruning changed is left.

Where a normalization that is measured again follows a layer, it does what the other two would.
Those go through the layers in their order, so that each sees what came of the ones before.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import InputError, nearest, shorten
from ..imported import ImportedNetwork
from ..pipelines import module as pipeline
from ..pipelines import options
from ..rows import Split, Windows
from ..training.program import Program, compiled
from .graph import Graph, Norm
from .inputs import LayerInputs, Values
from .layerwise import as_matrix, output_dims

WITH_ROWS = ("batch_norm", "bias", "variance")
"""Repairs that measure on rows."""

DATA_FREE = "data-free"

NONE = "none"

AUTO = "auto"
"""Which of the repairs with rows are made is found out (:mod:`.choice`)."""

_STEP = "statistics_step"

_LEAST = 1e-6
"""A channel with less than this share of its variance left has nothing to scale."""


def read_repairs(text: str) -> tuple[str, ...]:
    """The repairs of a list with commas, or ``auto``, ``data-free`` or ``none``.

    Raises :class:`InputError` for others, or for one of the last three among others.
    """
    parts = tuple(part.strip() for part in text.split(","))
    if parts == (NONE,):
        return ()
    if parts in ((AUTO,), (DATA_FREE,)):
        return parts
    for part in parts:
        if part not in WITH_ROWS:
            known = (*WITH_ROWS, AUTO, DATA_FREE, NONE)
            raise InputError(
                f"repair: expected {AUTO}, {DATA_FREE}, {NONE}, or some of "
                f"{', '.join(WITH_ROWS)}, got {shorten(text)}{nearest(part, known)}"
            )
    return parts


def check_rows(repairs: tuple[str, ...], are_there: bool) -> None:
    """Raises :class:`InputError` for repairs that measure on rows where there are none."""
    if not are_there and repairs and repairs != (DATA_FREE,):
        raise InputError(
            f"repair: {', '.join(repairs)} needs rows, expected {DATA_FREE} or {NONE} without any"
        )


@dataclass(frozen=True)
class Moments:
    """Mean and variance of each output channel of a layer, bias left out."""

    mean: np.ndarray
    variance: np.ndarray


@dataclass
class Repaired:
    """Values of the parameters that changed, by name, and remarks about layers left as they are."""

    values: dict[str, np.ndarray] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


class Repairer:
    """Repairs of one network by some rows; what is compiled serves all of them.

    `network` has the dense values. Compiled code runs on batches of `batch` rows.
    """

    def __init__(
        self, network: ImportedNetwork, rows: Split, threads: int = 1, batch: int = 256,
        inputs: LayerInputs | None = None,
    ) -> None:  # fmt: skip
        self.network, self.rows = network, rows
        self.graph = Graph(network)
        self._threads, self._batch = threads, min(batch, len(rows))
        self._inputs = inputs or LayerInputs(network, threads, min(batch, 64))
        self._outputs = output_dims(network)
        self._dense: dict[str, Moments] = {}

    def repair(
        self, pruned: Values, repairs: tuple[str, ...], measured: Repaired | None = None
    ) -> Repaired:
        """Repairs the network with the values `pruned` by some of :data:`WITH_ROWS`.

        A network that was not changed stays as it is, to the bit. `measured` is what
        ``batch_norm`` alone gives, where that is known.
        """
        found = Repaired()
        if all(np.array_equal(pruned[name], self.network.values[name]) for name in pruned):
            return found
        current = {name: np.array(value) for name, value in pruned.items()}
        measures = "batch_norm" in repairs and bool(self.graph.norms)
        if measures:
            current |= measured.values if measured else self.statistics(current)
        if set(repairs) & {"bias", "variance"}:
            walk = _Walk(
                self.network, current, self._outputs, self.rows, repairs, self._inputs, self._dense
            )
            entries = self.network.compiled_layers()
            touched = [walk.layer(entry, self.graph, measures) for entry in entries]
            found.remarks += walk.remarks
            if measures and any(touched[:-1]):
                current |= self.statistics(current)
        found.values = {
            name: value
            for name, value in current.items()
            if not np.array_equal(value, pruned[name])
        }
        return found

    def statistics(self, values: Values) -> dict[str, np.ndarray]:
        """Statistics with which batch normalizations give, on the rows, the means and the
        variances that they have in the dense network; nothing for a network without any."""
        after, before = self.measured(values), self._before
        found: dict[str, np.ndarray] = {}
        for norm in self.graph.norms.values():
            old, new = (
                Moments(*(each[name].astype(np.float64) for name in (norm.mean, norm.variance)))
                for each in (before, after)
            )
            found |= carried(norm, self.network.values, old, new)
        return found

    @functools.cached_property
    def _before(self) -> dict[str, np.ndarray]:
        return self.measured(self.network.values)

    def measured(self, values: Values) -> dict[str, np.ndarray]:
        """Means and variances of what batch normalizations read, from whole batches of rows.

        Every normalization normalizes by the batch while it is measured, so that one pass
        measures all of them. Means over batches of their statistics; nothing for a network
        without any.
        """
        if not self.graph.norms:
            return {}
        state = self._program.fill(values)
        step = self._program.bind(_STEP, state)
        windows = Windows(self.rows.arrays, step.shapes)
        for name, array in windows.arrays.items():
            step.set(name, array)
        for index, count in enumerate(windows):
            if count == self._batch:
                # The k-th batch gets the share 1 / k: a mean whatever was there before.
                step.set("momentum", 1.0 / (index + 1))
                step()
        names = {each for norm in self.graph.norms.values() for each in (norm.mean, norm.variance)}
        return {name: state[name] for name in names}

    @functools.cached_property
    def _program(self) -> Program:
        text = self.network.text(self._batch)
        build = options("prune-build-statistics-step", name=_STEP)
        return compiled(text, pipeline(build), self._threads)


class _Walk:
    """Layers in their order: moments of the dense and of the current network, and what undoes
    the difference."""

    def __init__(
        self, network: ImportedNetwork, current: dict[str, np.ndarray], outputs: dict[str, int],
        rows: Split, repairs: tuple[str, ...], inputs: LayerInputs, dense: dict[str, Moments],
    ) -> None:  # fmt: skip
        self._network, self._current, self._outputs = network, current, outputs
        self._rows, self._repairs, self._inputs = rows, repairs, inputs
        self._dense = dense
        self.remarks: list[str] = []

    def layer(self, entry: Mapping[str, Any], graph: Graph, measures: bool) -> bool:
        """Repairs a layer; whether something of it changed."""
        weight, norm = entry["weight"], graph.norm_of(entry["weight"])
        bias = channel_bias(self._network, entry)
        if norm and measures:
            return False
        if not self._inputs.readable(weight, self._rows):
            self.remarks.append(f"{weight}: left, there is no one matrix of its inputs")
            return False
        if not norm and bias is None and "variance" not in self._repairs:
            self.remarks.append(f"{weight}: left, it has no bias and no normalization behind it")
            return False
        if weight not in self._dense:
            self._dense[weight] = self._moments(weight, self._network.values)
        dense, now = self._dense[weight], self._moments(weight, self._current)
        if bias is not None:
            dense = Moments(dense.mean + self._network.values[bias], dense.variance)
            now = Moments(now.mean + self._current[bias], now.variance)
        factor = np.ones(len(now.mean))
        if "variance" in self._repairs:
            is_left = now.variance > _LEAST * dense.variance
            factor[is_left] = np.sqrt(dense.variance[is_left] / now.variance[is_left])
        shift = np.zeros(len(now.mean))
        if "bias" in self._repairs:
            shift = dense.mean - factor * now.mean
        if norm:
            absorb(norm, self._current, factor, shift)
        else:
            self._scale(weight, bias, factor, shift)
        return True

    def _moments(self, weight: str, values: Values) -> Moments:
        """Of the results of a layer without its bias."""
        matrix = as_matrix(values[weight], self._outputs[weight]).astype(np.float64)
        count, total, gram = 0, 0.0, 0.0
        for x in self._inputs.of(weight, values, self._rows):
            count += len(x)
            total = total + x.sum(axis=0, dtype=np.float64)
            gram = gram + (x.T @ x).astype(np.float64)
        return moments(matrix, np.asarray(total) / count, np.asarray(gram) / count)

    def _scale(
        self, weight: str, bias: str | None, factor: np.ndarray, shift: np.ndarray
    ) -> None:
        """The layer itself gives ``factor * result + shift``."""
        moved = np.moveaxis(self._current[weight], self._outputs[weight], -1)
        scaled = np.moveaxis(moved * factor, -1, self._outputs[weight])
        self._current[weight] = np.ascontiguousarray(scaled, np.float32)
        if bias is not None:
            self._current[bias] = (factor * self._current[bias] + shift).astype(np.float32)
        elif shift.any():
            self.remarks.append(f"{weight}: its means are left, it has no bias")


def channel_bias(network: ImportedNetwork, entry: Mapping[str, Any]) -> str | None:
    """The bias of a layer where it has one for each output channel."""
    bias: str | None = entry["bias"]
    return bias if bias is not None and network.values[bias].ndim == 1 else None


def moments(matrix: np.ndarray, mean: np.ndarray, gram: np.ndarray) -> Moments:
    """Of ``x -> matrix x`` [outputs, columns] from the mean and second moments of x."""
    found = matrix @ mean
    square = np.einsum("ij,ij->i", matrix @ gram, matrix)
    return Moments(found, np.maximum(square - found**2, 0.0))


def carried(norm: Norm, dense: Values, old: Moments, new: Moments) -> dict[str, np.ndarray]:
    """Statistics with which a normalization gives of what has the moments `new` the mean and the
    variance that, with the ones in `dense`, it gives of what has the moments `old`.

    With statistics m and v these are ``(mean - m) / sqrt(v + e)`` and ``variance / (v + e)``.
    """
    mean, variance = (dense[name].astype(np.float64) for name in (norm.mean, norm.variance))
    ratio = np.sqrt((new.variance + norm.epsilon) / (old.variance + norm.epsilon))
    wide = (variance + norm.epsilon) * ratio**2 - norm.epsilon
    return {
        norm.mean: (new.mean - ratio * (old.mean - mean)).astype(np.float32),
        norm.variance: np.maximum(wide, 0.0).astype(np.float32),
    }


def absorb(
    norm: Norm, values: dict[str, np.ndarray], factor: np.ndarray, shift: np.ndarray
) -> None:
    """Statistics with which a normalization of y gives what it gave of ``factor * y + shift``."""
    mean, variance = (values[name].astype(np.float64) for name in (norm.mean, norm.variance))
    values[norm.mean] = ((mean - shift) / factor).astype(np.float32)
    wide = (variance + norm.epsilon) / factor**2 - norm.epsilon
    values[norm.variance] = np.maximum(wide, 0.0).astype(np.float32)
