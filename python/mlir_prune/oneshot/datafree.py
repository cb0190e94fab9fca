# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Means and variances of what layers read, from the network alone (Nagel et al. 2019).

Behind a batch normalization a channel has its shift as the mean and its squared scale as the
variance. Taken as normal, what a ReLU makes of it has closed forms. Sums of independent
channels add both up, and are taken as normal again. From that follow what pruning does to the
mean and the variance of each output channel, and the Gram matrix that is to be expected.

Values at the border, where zeros are padded, count as all others. A network's input is taken
as standard normal; what comes from a layer without a normalization behind it is not known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..imported import ImportedNetwork
from .graph import MOVES, Graph, Operation
from .layerwise import as_matrix, output_dims
from .repair import Repaired, absorb, channel_bias

_GREATER = {2.0, 9.0}
"""Predicates of ``arith.cmpf`` for greater, ordered and unordered."""

_erf = np.vectorize(math.erf, otypes=[np.float64])


FLOOR = 1e-6
"""A channel with less than this share of its variance left has nothing to scale."""


@dataclass(frozen=True)
class Channels:
    """Mean and variance of each channel, double [channels]; None for a variance not known."""

    mean: np.ndarray
    variance: np.ndarray | None

    def scaled(self, factor: float, shift: float = 0.0) -> Channels:
        """Of ``factor * x + shift``."""
        variance = None if self.variance is None else self.variance * factor**2
        return Channels(self.mean * factor + shift, variance)

    def plus(self, other: Channels) -> Channels:
        """Of the sum of independent channels."""
        if self.variance is None or other.variance is None:
            return Channels(self.mean + other.mean, None)
        return Channels(self.mean + other.mean, self.variance + other.variance)


def rectified(x: Channels) -> Channels | None:
    """Of ``max(x, 0)`` for normal x: the first two moments of a rectified normal variable."""
    if x.variance is None:
        return None
    deviation = np.sqrt(x.variance)
    safe = np.where(deviation > 0, deviation, 1.0)
    ratio = x.mean / safe
    below = 0.5 * (1.0 + _erf(ratio / math.sqrt(2.0)))
    density = np.exp(-0.5 * ratio**2) / math.sqrt(2.0 * math.pi)
    mean = np.where(deviation > 0, x.mean * below + deviation * density, np.maximum(x.mean, 0))
    square = (x.mean**2 + x.variance) * below + x.mean * deviation * density
    square = np.where(deviation > 0, square, mean**2)
    return Channels(mean, np.maximum(square - mean**2, 0.0))


class Expectations:
    """What is to be expected of the values of a network with some values of its parameters."""

    def __init__(self, network: ImportedNetwork, values: Mapping[str, np.ndarray]) -> None:
        self.graph = Graph(network)
        self._network, self._values = network, values
        self._constants = _constants(self.graph.operations)
        self._found: dict[int, Channels | None] = {}
        shapes = {f"{entry.name}": entry.shape for entry in network.signature.inputs}
        for value, shape in zip(self.graph.inputs, shapes.values(), strict=True):
            extent = shape[0] if shape else 1
            self._found[value] = Channels(np.zeros(extent), np.ones(extent))
        for each in self.graph.operations:
            if each.result >= 0:
                self._found[each.result] = self._of(each)

    def inputs(self, weight: str) -> Channels | None:
        """What a layer reads, by column of its matrix; None if that is not known."""
        value = self._input(weight)
        found = None if value is None else self._found.get(value)
        entry = next(e for e in self._network.compiled_layers() if e["weight"] == weight)
        shape = self._network.values[weight].shape
        dims = entry["input_dims"]
        if found is None or len(dims) != 1 or shape[dims[0]] != len(found.mean):
            return None
        if len(entry["output_dims"]) != 1 or set(dims) & set(entry["output_dims"]):
            return None
        mean = _columns(found.mean, shape, dims[0], entry["output_dims"][0])
        if found.variance is None:
            return Channels(mean, None)
        return Channels(mean, _columns(found.variance, shape, dims[0], entry["output_dims"][0]))

    def reads_input(self, weight: str) -> bool:
        """Whether a layer reads an input of the network, padded or in another shape."""
        value = self._input(weight)
        while value is not None and value in self.graph.by_result:
            each = self.graph.by_result[value]
            if not each.name.startswith("tensor."):
                return False
            value = each.operands[0]
        return value in self.graph.inputs

    def _input(self, weight: str) -> int | None:
        results = [result for result, name in self.graph.layers.items() if name == weight]
        if len(results) != 1:
            return None
        read = self.graph.by_result[results[0]].inputs
        others = [value for value in read if self._parameter(value) is None]
        return others[0] if len(others) == 1 else None

    def _parameter(self, value: int) -> str | None:
        """The parameter that a value is in some shape."""
        while value in self.graph.by_result:
            each = self.graph.by_result[value]
            if each.name not in MOVES or not each.operands:
                return None
            value = each.operands[0]
        return self.graph.names.get(value)

    def _of(self, each: Operation) -> Channels | None:
        if each.result in self.graph.norms:
            norm = self.graph.norms[each.result]
            scale = self._values[norm.scale].astype(np.float64)
            return Channels(self._values[norm.shift].astype(np.float64), scale**2)
        if each.result in self.graph.layers or not each.operands:
            return None
        if each.name.startswith("tensor."):
            return self._moved(each)
        if each.name == "linalg.add":
            parts = [self._found.get(value) for value in each.inputs]
            return parts[0].plus(parts[1]) if parts[0] and parts[1] else None
        if each.name == "linalg.generic":
            if "reduction" in each.attributes.get("iterator_types", ""):
                return self._summed(each)
            return self._elementwise(each)
        return self._summed(each) if each.name.startswith("linalg.pooling_nchw_sum") else None

    def _moved(self, each: Operation) -> Channels | None:
        """Of an operation that moves elements: padding with zeros, every other one, flattening."""
        x = self._found.get(each.operands[0])
        before, after = each.shapes[0], each.shape
        if x is None or len(before) < 2 or len(after) < 2:
            return None
        if each.name == "tensor.pad":
            low = [int(part) for part in each.attributes["static_low"][:-1].split(":")[1].split(",")]
            inserted = (low[1], after[1] - before[1] - low[1])
            variance = None if x.variance is None else np.pad(x.variance, inserted)
            return Channels(np.pad(x.mean, inserted), variance)
        if each.name == "tensor.collapse_shape" and before[:1] == after[:1] and len(after) == 2:
            times = after[1] // len(x.mean)
            variance = None if x.variance is None else np.repeat(x.variance, times)
            return Channels(np.repeat(x.mean, times), variance)
        return x if before[1] == after[1] == len(x.mean) else None

    def _summed(self, each: Operation) -> Channels | None:
        """Of sums over positions: their means; neighbours are not independent."""
        x = self._found.get(each.inputs[0]) if each.inputs else None
        if x is None or each.shape[1:2] != (len(x.mean),):
            return None
        if each.name != "linalg.generic":
            return Channels(x.mean * math.prod(each.shapes[1]), None)
        if [inner.name for inner in each.body] != ["arith.addf", "linalg.yield"]:
            return None
        return Channels(x.mean * (math.prod(each.shapes[0]) / math.prod(each.shape)), None)

    def _elementwise(self, each: Operation) -> Channels | None:
        """Of a scalar body of sums, products with numbers and ReLU."""
        held: dict[int, Channels | float | None] = dict(self._constants)
        read = [self._operand(value) for value in each.inputs]
        held |= dict(zip(each.arguments, read, strict=False))
        compared: dict[int, int] = {}
        for inner in each.body:
            values = inner.operands
            if inner.name == "linalg.yield":
                found = held.get(values[0])
                return found if isinstance(found, Channels) else None
            if inner.name == "arith.cmpf" and inner.number("predicate") in _GREATER:
                if held.get(values[1]) == 0.0:
                    compared[inner.result] = values[0]
            elif inner.name == "arith.select":
                is_relu = compared.get(values[0]) == values[1] and held.get(values[2]) == 0.0
                held[inner.result] = _relu(held.get(values[1])) if is_relu else None
            else:
                held[inner.result] = _scalar(inner, [held.get(value) for value in values])
        return None

    def _operand(self, value: int) -> Channels | None:
        parameter = self.graph.names.get(value)
        if parameter is None:
            return self._found.get(value)
        array = self._values[parameter].astype(np.float64)
        return Channels(array, np.zeros(len(array))) if array.ndim == 1 else None


def _relu(x: Channels | float | None) -> Channels | None:
    return rectified(x) if isinstance(x, Channels) else None


def _scalar(each: Operation, read: list[Channels | float | None]) -> Channels | float | None:
    """What an operation on numbers gives."""
    name = each.name
    if name == "arith.constant":
        return each.number("value")
    if len(read) != 2 or read[0] is None or read[1] is None:
        return None
    first, second = read
    if isinstance(first, float):
        if name in ("arith.addf", "arith.mulf", "arith.maximumf"):
            first, second = second, first
        elif name == "arith.subf" and isinstance(second, Channels):
            return second.scaled(-1.0, first)
    if not isinstance(first, Channels):
        return None
    if isinstance(second, Channels):
        second = second.scaled(-1.0) if name == "arith.subf" else second
        return first.plus(second) if name in ("arith.addf", "arith.subf") else None
    if name == "arith.maximumf":
        return rectified(first) if second == 0.0 else None
    if name in ("arith.addf", "arith.subf"):
        return first.scaled(1.0, second if name == "arith.addf" else -second)
    if name == "arith.divf":
        return first.scaled(1.0 / second) if second else None
    return first.scaled(second) if name == "arith.mulf" else None


def _constants(operations: list[Operation]) -> dict[int, float]:
    """Numbers by the values that hold them."""
    found = {}
    for each in operations:
        number = each.number("value") if each.name == "arith.constant" else None
        if number is not None:
            found[each.result] = number
    return found


def _columns(
    channels: np.ndarray, shape: tuple[int, ...], dim: int, output: int
) -> np.ndarray:
    """Values of input channels by column of the matrix of a weight."""
    wide = channels.reshape([-1 if i == dim else 1 for i in range(len(shape))])
    full = np.broadcast_to(wide, shape)
    return np.ascontiguousarray(np.moveaxis(full, output, 0)[0]).ravel()


def repaired(
    network: ImportedNetwork, pruned: Mapping[str, np.ndarray], variance: bool = True
) -> Repaired:
    """Means of output channels brought back to those of the dense network, without any row,
    and, where a normalization is behind a layer, variances."""
    found = Repaired()
    expected, outputs = Expectations(network, network.values), output_dims(network)
    current = {name: np.array(value) for name, value in pruned.items()}
    for entry in network.compiled_layers():
        weight, norm = entry["weight"], expected.graph.norm_of(entry["weight"])
        bias = channel_bias(network, entry)
        if np.array_equal(pruned[weight], network.values[weight]):
            continue
        x = expected.inputs(weight)
        if x is None or (norm is None and bias is None):
            found.remarks.append(f"{weight}: left, {_reason(x)}")
            continue
        if expected.reads_input(weight):
            found.remarks.append(f"{weight}: its inputs are taken as standard normal")
        old, new = (_matrix(each[weight], outputs[weight]) for each in (network.values, pruned))
        change = (new - old) @ x.mean
        factor = np.ones(len(change))
        if norm and variance and x.variance is not None:
            before, after = old**2 @ x.variance, new**2 @ x.variance
            is_left = after > FLOOR * before
            factor[is_left] = np.sqrt(before[is_left] / after[is_left])
        if norm:
            mean = current[norm.mean].astype(np.float64)
            absorb(norm, current, factor, mean - factor * (mean + change))
        else:
            current[bias] = (current[bias] - change).astype(np.float32)
    found.values = {
        name: value for name, value in current.items() if not np.array_equal(value, pruned[name])
    }
    return found


def grams(
    network: ImportedNetwork, names: Sequence[str], outputs: Mapping[str, int]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Expected Gram matrices of one position, and remarks about layers whose inputs are not known.

    Channels are independent, and so are the places of a window but for their mean. Where
    nothing is known, all columns count the same.
    """
    found, remarks = {}, []
    expected = Expectations(network, network.values)
    for name in names:
        x = expected.inputs(name)
        if x is None or x.variance is None:
            remarks.append(f"{name}: all of its inputs count the same, nothing is known of them")
            found[name] = np.eye(_matrix(network.values[name], outputs[name]).shape[1])
        else:
            if expected.reads_input(name):
                remarks.append(f"{name}: its inputs are taken as standard normal")
            found[name] = np.outer(x.mean, x.mean) + np.diag(x.variance)
    return found, remarks


def _reason(x: Channels | None) -> str:
    if x is None:
        return "nothing is known of its inputs without data"
    return "it has no bias and no normalization behind it"


def _matrix(weight: np.ndarray, output: int) -> np.ndarray:
    """The weight as [outputs, columns] in double precision."""
    return as_matrix(weight, output).astype(np.float64)
