# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a network costs by layer and sparsity: weights, multiplications, bytes, milliseconds.

The first three are counted. Milliseconds are measured on this computer: the network is
compiled once for each sparsity, all layers pruned to it, with the kernels that would run,
and each layer is timed in its place. The table is kept for the processor, the number of
threads, the batch and the figures that choose kernels.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from .. import calibration, files
from ..errors import InputError
from ..forms import bound, with_kernels
from ..native import native
from ..training.masks import apply, select_masks

GRID = (0.0, 0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99)
"""Sparsities that are measured."""

SECONDS = 4.0
"""Time to measure for, besides compiling."""

_ROUNDS = 7


@dataclass
class LatencyTable:
    """Milliseconds of one call by layer and sparsity of the grid; `rest` is what no layer takes."""

    ratios: list[float]
    layers: dict[str, list[float]]
    rest: float
    batch: int = 1
    threads: int = 1

    def of(self, layer: str, ratio: float) -> float:
        """Milliseconds of a layer, between the grid's sparsities along a line."""
        return float(np.interp(ratio, self.ratios, self.layers[layer]))

    def total(self, ratios: Mapping[str, float]) -> float:
        """Milliseconds of a network with these sparsities; layers without one are dense."""
        return self.rest + sum(self.of(layer, ratios.get(layer, 0.0)) for layer in self.layers)


class Budget(Protocol):
    """What a search may ask of a network: its cost by what is pruned."""

    @property
    def name(self) -> str:
        """What is counted or measured."""

    def total(self, ratios: Mapping[str, float]) -> float:
        """Cost of the network; parts without a share are dense."""

    def counts(self, ratios: Mapping[str, float]) -> dict[str, float]:
        """Weights (`parameters`) and multiplications (`macs`) of the network."""


@dataclass(frozen=True)
class Resource:
    """One of :data:`RESOURCES` for a network: what it costs by layer and sparsity."""

    name: str
    sizes: Mapping[str, int]
    macs: Mapping[str, int]
    latency: LatencyTable | None = field(default=None)

    def of(self, layer: str, ratio: float) -> float:
        """Cost of a layer."""
        size = self.sizes[layer]
        left = size - math.floor(ratio * size + 0.5)
        if self.name == "ms":
            assert self.latency is not None
            return self.latency.of(layer, ratio) if layer in self.latency.layers else 0.0
        if self.name == "macs":
            return float(self.macs[layer] // size * left)
        if self.name == "bytes":
            # Values, and a bit for each weight that says where they are; a dense one needs none.
            return float(min(4 * size, 4 * left + -(-size // 8)))
        return float(left)

    def total(self, ratios: Mapping[str, float]) -> float:
        """Cost of the network; layers without a sparsity are dense."""
        rest = self.latency.rest if self.name == "ms" and self.latency else 0.0
        return rest + sum(self.of(layer, ratios.get(layer, 0.0)) for layer in self.sizes)

    def counts(self, ratios: Mapping[str, float]) -> dict[str, float]:
        """Weights and multiplications of the network."""
        return {name: replace(self, name=name).total(ratios) for name in ("parameters", "macs")}


def resource_of(network: Any, name: str, latency: LatencyTable | None = None) -> Resource:
    """The costs of a network; milliseconds need their table."""
    shapes = network.shapes()
    sizes = {layer: math.prod(shapes[layer]) for layer in network.weights()}
    return Resource(name, sizes, network.macs(), latency)


def measured(
    network: Any, values: Mapping[str, np.ndarray], batch: int = 1, threads: int = 1,
    ratios: Sequence[float] = GRID, keep: bool = True, granularity: str = "unstructured",
    layers: Sequence[str] | None = None,
) -> LatencyTable:  # fmt: skip
    """The table of a network, measured now or before.

    `values` matter by their shapes alone, so tables of other values of the network serve.
    Only `layers` are pruned where they are given, to groups of the `granularity`.
    """
    names = list(network.weights() if layers is None else layers)
    path = kept_path(network, batch, threads, ratios, granularity, layers) if keep else None
    if path is not None and path.is_file():
        found = _read(path)
        if found is not None:
            return found
    pruned_values = [pruned(network, values, names, granularity, ratio) for ratio in ratios]
    table = _measure(network, pruned_values, batch, threads, list(ratios))
    if path is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            files.write_json(path, {"layers": table.layers, "ratios": table.ratios,
                                    "rest": table.rest, "batch": batch, "threads": threads})  # fmt: skip
        except OSError:
            pass  # Where nothing can be kept it is measured again.
    return table


def timed(
    network: Any, values: Sequence[Mapping[str, np.ndarray]], batch: int = 1, threads: int = 1
) -> list[float]:
    """Milliseconds of whole networks by turns, one for each set of values."""
    return timed_networks([(network, each) for each in values], batch, threads)


def timed_networks(
    pairs: Sequence[tuple[Any, Mapping[str, np.ndarray]]], batch: int = 1, threads: int = 1
) -> list[float]:
    """Milliseconds of networks of the same inputs, each with its values, by turns."""
    modules = [with_kernels(bound(network, batch, each), threads)[0] for network, each in pairs]
    return timed_modules(modules, batch, threads)


def timed_modules(modules: Sequence[Any], batch: int = 1, threads: int = 1) -> list[float]:
    """Milliseconds of networks with kernels and the same inputs, by turns."""
    runs = [module.compile(threads=threads) for module in modules]
    inputs = list(_inputs(runs[0], batch).values())
    least = [math.inf] * len(runs)
    for _ in range(3 * _ROUNDS):
        for index, executable in enumerate(runs):
            times = executable.time("forward", inputs, repeat=1, min_seconds=0.02)
            # Other work only makes a call slower.
            least[index] = min(least[index], *times)
    return [1e3 * seconds for seconds in least]


def pruned(
    network: Any, values: Mapping[str, np.ndarray], names: Sequence[str], granularity: str,
    ratio: float,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Values whose weights `names` are pruned by magnitude to the same sparsity each.

    The granularity n of m has a sparsity of its own, which every `ratio` but 0 stands for.
    With channels go what else belongs to them: biases, scales.
    """
    plain = dict(values)
    if ratio == 0.0:
        return plain
    pattern = granularity.startswith("n_of_m")
    rule: dict[str, Any] = {"allow_empty": True} if pattern else {"sparsity": ratio}
    found = apply(plain | select_masks(network, plain, names, granularity, **rule))
    return {name: found[name] for name in plain}


def kept_path(
    network: Any, batch: int, threads: int, ratios: Sequence[float],
    granularity: str = "unstructured", layers: Sequence[str] | None = None,
) -> Path | None:  # fmt: skip
    """Where the table is kept: by processor, options and network; None without such a place."""
    try:
        folder = Path(calibration.kept_path(threads)).parent
    except InputError:
        return None
    model = native().default_cost_model()
    figures = Path(calibration.kept_path(threads)) if model == "machine" else Path(model)
    about = [
        json.loads(native().machine_key(threads)), batch, list(ratios), model,
        figures.read_text() if figures.is_file() else "", network.text(batch),
    ]  # fmt: skip
    if granularity != "unstructured" or layers is not None:
        about += [granularity, sorted(layers or ())]
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
    return folder / f"latency-{digest[:24]}.json"


def _read(path: Path) -> LatencyTable | None:
    try:
        return LatencyTable(**files.read_json(path))
    except (InputError, TypeError):
        return None


def _measure(
    network: Any, values: Sequence[Mapping[str, np.ndarray]], batch: int, threads: int,
    ratios: list[float],
) -> LatencyTable:  # fmt: skip
    """Times all layers by turns, with the values of each sparsity."""
    names = list(network.weights())
    runs = []
    for each in values:
        module = bound(network, batch, each)
        runs.append(with_kernels(module, threads)[0].compile(threads=threads, profile=True))
    best = by_turns(runs, batch)
    layers = {name: [kept.get(name, 0.0) for kept in best] for name in names}
    rest = min(sum(s for n, s in kept.items() if n not in layers) for kept in best)
    return LatencyTable(ratios, layers, rest, batch, threads)


def by_turns(runs: Sequence[Any], batch: int, seconds: float = SECONDS) -> list[dict[str, float]]:
    """Least milliseconds of one call by label, of executables with profiles that take turns.

    A label is the weight of a layer; what belongs to none is under its own.
    """
    inputs = _inputs(runs[0], batch)
    best: list[dict[str, float]] = [{} for _ in runs]
    start = perf_counter()
    for executable in runs:
        executable.call("forward", inputs)
    calls = max(1, round(seconds / _ROUNDS / max(perf_counter() - start, 1e-6)))
    for _ in range(_ROUNDS * 3):
        for executable, kept in zip(runs, best, strict=True):
            executable.reset_profile()
            for _ in range(max(1, calls // 3)):
                executable.call("forward", inputs)
            for label, taken in _by_label(executable, max(1, calls // 3)).items():
                # Other work only makes a round slower.
                kept[label] = min(kept.get(label, math.inf), 1e3 * taken)
    return best


def _by_label(executable: Any, calls: int) -> dict[str, float]:
    """Seconds of one call by layer; what belongs to none is under its own label."""
    found: dict[str, float] = {}
    for site in executable.profile():
        found[site.label] = found.get(site.label, 0.0) + site.seconds / calls
    return found


def _inputs(executable: Any, batch: int) -> dict[str, np.ndarray]:
    """Random rows of the network's inputs."""
    random = np.random.default_rng(0)
    forward = next(f for f in executable.functions() if f.name == "forward")
    found = {}
    for value in forward.arguments:
        dtype = np.dtype("float32" if value.dtype == "bf16" else value.dtype)
        shape = tuple(value.shape)
        found[value.name] = (
            random.standard_normal(shape).astype(dtype) if dtype.kind == "f"
            else np.zeros(shape, dtype)
        )  # fmt: skip
    return found
