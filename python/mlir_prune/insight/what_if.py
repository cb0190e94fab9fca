# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What pruning one layer would come to before anything is changed: time, size and error.

A question is a layer at a sparsity. Its weight is pruned by magnitude in a copy of the
network, which is compiled, timed and scored; nothing is trained. Channels that are pruned
leave the copy, so that the layers behind get smaller, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .. import networks
from ..evidence import GRAM, collect
from ..forms import bound
from ..oneshot import layers as solvers
from ..oneshot.support import read_granularity
from ..run_report import layer_rows
from ..rows import Split
from ..search import costs
from ..search.subject import Arrays, Loaded
from .timing import Settings, Time, compact, structural_times, times

MOST_WORK = 2e12
"""Multiplications of a least-squares fit above which it is left out: about a minute."""

MOST_COLUMNS = 8192
"""Columns of a layer above which its Gram matrix is left out: half a gigabyte."""

_BATCH = 256


@dataclass(frozen=True)
class Answer:
    """What one layer at one sparsity would come to.

    Milliseconds are of one call: predicted by the cost model and measured, of the layer as it
    is and pruned, and of the whole network. `error` is the relative error of the layer's
    results, ``||X (W - V)^T|| / ||X W^T||``, with the weights that are left as they were and
    (`refit_error`) moved by least squares. `drop` are points lost on validation rows with the
    standard error of the comparison. What is not known is None.
    """

    layer: str
    sparsity: float
    granularity: str
    weights: int
    weights_left: int
    macs: int
    macs_saved: int
    bytes: int
    bytes_saved: int
    dense_kernel: str
    kernel: str
    reason: str
    predicted_dense_ms: float | None
    predicted_ms: float | None
    dense_ms: float
    ms: float
    network_dense_ms: float
    network_ms: float
    error: float | None
    refit_error: float | None
    accuracy: float
    drop: float
    drop_error: float
    loss: float
    refit_drop: float | None
    refit_drop_error: float | None
    refit_loss: float | None

    @property
    def pays(self) -> bool:
        """Whether the layer takes less time, as measured; with channels, the whole network."""
        if self.structural:
            return self.network_ms < self.network_dense_ms
        return self.ms < self.dense_ms

    @property
    def structural(self) -> bool:
        """Whether whole channels would go, and with them parts of other layers."""
        return Settings(self.granularity).structural

    def to_dict(self) -> dict[str, Any]:
        """All numbers, for a table."""
        return {**asdict(self), "pays": self.pays}


def what_if(
    loaded: Loaded, layers: Sequence[str], ratios: Sequence[float], settings: Settings
) -> Iterator[Answer]:
    """Answers layer by layer, each at every sparsity."""
    pruned = {
        (layer, ratio): costs.pruned(
            loaded.network, loaded.values, [layer], settings.granularity, ratio
        )
        for layer in layers for ratio in ratios
    }  # fmt: skip
    compacts = {}
    if settings.structural:
        compacts = {
            key: compact(loaded.network, values, settings.batch) for key, values in pruned.items()
        }
        found = structural_times(loaded, compacts, settings)
    else:
        found = times(loaded, layers, ratios, settings)
    grams = _grams(loaded, layers, settings)
    outputs = {each["weight"]: each["output_dims"] for each in loaded.network.compiled_layers()}
    for (layer, ratio), values in pruned.items():
        fit = None
        if layer in grams and len(outputs[layer]) == 1:
            fit = _fit(loaded.values[layer], values[layer], grams[layer], outputs[layer][0])
        kept = values
        if (layer, ratio) in compacts:
            left = compacts[layer, ratio].parameters().items()
            kept = {name: np.asarray(array) for name, array in left}
        saved = _saved(loaded, layer, values, kept)
        yield _answer(loaded, layer, ratio, values, found[layer, ratio], fit, saved, settings)


@dataclass(frozen=True)
class _Fit:
    """Relative errors of a layer's results, and its weight after least squares, if made."""

    error: float
    refit_error: float | None
    weight: np.ndarray | None


def check_question(loaded: Loaded, layers: Sequence[str], settings: Settings) -> float | None:
    """Raises for a granularity that does not fit; the sparsity of a pattern, else None."""
    if settings.granularity == networks.COUPLED:
        return None
    networks.check_granularity(loaded.network, layers, settings.granularity, "granularity")
    if not settings.granularity.startswith("n_of_m"):
        return None
    pattern = read_granularity(settings.granularity)
    return None if pattern is None else pattern.sparsity


def _grams(loaded: Loaded, layers: Sequence[str], settings: Settings) -> dict[str, np.ndarray]:
    """Gram matrices of the inputs of layers, from whole batches of training rows.

    Layers in groups have none, and those of very large inputs are left out.
    """
    network, rows = loaded.network, loaded.data.train
    outputs = {each["weight"]: each["output_dims"] for each in network.compiled_layers()}
    names = []
    for name in layers:
        shape = network.shapes()[name]
        if math.prod(shape) <= MOST_COLUMNS * shape[outputs[name][0]]:
            names.append(name)
    if not names:
        return {}
    picked = np.random.default_rng((settings.seed, 1)).permutation(len(rows))[: settings.rows]
    drawn = rows.take(np.sort(picked))
    batch = min(_BATCH, len(drawn))
    module = bound(network, batch, loaded.values)
    found = collect(
        module, _batches(network, drawn, batch), GRAM, settings.threads,
        parameters=map(networks.literal, names),
    )  # fmt: skip
    return {name: gram for (name, kind), gram in found.items() if kind == GRAM}


def _batches(network: Any, rows: Split, batch: int) -> Iterator[dict[str, np.ndarray]]:
    """Whole batches of rows in the shapes that the network reads."""
    shapes = {entry.name: entry.shape for entry in network.signature.inputs}
    for start in range(0, len(rows) - batch + 1, batch):
        part = rows.take(np.arange(start, start + batch))
        yield {
            name: np.ascontiguousarray(array).reshape(batch, *shapes[name])
            for name, array in part.arrays.items()
        }


def _fit(weight: np.ndarray, pruned: np.ndarray, gram: np.ndarray, output: int) -> _Fit:
    """Errors of a layer's results, relative to the results; `output` is its output dimension."""
    moved = np.moveaxis(weight, output, 0)
    before = moved.reshape(len(moved), -1)
    after = np.moveaxis(pruned, output, 0).reshape(before.shape)
    whole = solvers.error(before, np.zeros_like(before), gram)

    def relative(other: np.ndarray) -> float:
        return math.sqrt(max(solvers.error(before, other, gram), 0.0) / whole) if whole > 0 else 0.0

    mask = after != 0
    if float((mask.sum(axis=1).astype(np.float64) ** 3).sum()) / 3 > MOST_WORK:
        return _Fit(relative(after), None, None)
    fitted = solvers.refit(before, mask, gram)
    back = np.moveaxis(fitted.reshape(moved.shape), 0, output)
    return _Fit(relative(after), relative(fitted), np.ascontiguousarray(back))


def _answer(
    loaded: Loaded, layer: str, ratio: float, values: Arrays, time: Time, fit: _Fit | None,
    saved: tuple[int, int, int, int], settings: Settings,
) -> Answer:  # fmt: skip
    score = loaded.score(values)
    refit: dict[str, float] = {}
    if fit is not None and fit.weight is not None:
        refit = loaded.score({**values, layer: fit.weight})
    left = int(np.count_nonzero(values[layer]))
    return Answer(
        layer, ratio, settings.granularity, values[layer].size, left, *saved,
        *time.kernels, time.reason, *time.predicted, *time.layer, *time.network,
        fit.error if fit else None, fit.refit_error if fit else None,
        score["accuracy"], score["drop"], score["error"], score["loss"],
        refit.get("drop"), refit.get("error"), refit.get("loss"),
    )  # fmt: skip


def _saved(
    loaded: Loaded, layer: str, values: Arrays, kept: Mapping[str, np.ndarray]
) -> tuple[int, int, int, int]:
    """Multiplications of the layer and those that are saved, and bytes likewise.

    `kept` is what is left of `values` by name. What leaves other layers is saved, too.
    """
    network = loaded.network
    names = [weight for weight, _ in network.parameters()]
    rows = dict(zip(names, layer_rows(network, values, dict(kept)), strict=True))
    size = costs.resource_of(network, "bytes")
    macs_saved, bytes_saved = 0, 0.0
    for name, row in rows.items():
        before = int(np.count_nonzero(loaded.values[name]))
        macs_saved += row["macs"] // row["weights"] * (before - row["nonzeros"])
        share = [1 - count / row["weights"] for count in (before, row["nonzeros"])]
        bytes_saved += size.of(name, share[0]) - size.of(name, share[1])
    return rows[layer]["macs"], macs_saved, round(size.of(layer, 0.0)), round(bytes_saved)
