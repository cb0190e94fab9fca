# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What pruned layers take: kernels that would run, predicted and measured milliseconds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..forms import bound, compact_at, with_kernels
from ..networks import COUPLED
from ..pipelines import mask_pipeline
from ..run_report import kernel_rows
from ..search import costs
from ..search.subject import Arrays, Loaded
from ..tuning import predicted_us

Question = tuple[str, float]
"""A layer and a sparsity."""


@dataclass(frozen=True)
class Settings:
    """How questions are answered: `batch` rows of a timed call, `rows` for Gram matrices."""

    granularity: str = "unstructured"
    batch: int = 1
    threads: int = 1
    rows: int = 1000
    seed: int = 0

    @property
    def structural(self) -> bool:
        """Whether whole channels go, and with them parts of other layers."""
        return self.granularity.startswith("channel") or self.granularity == COUPLED


@dataclass(frozen=True)
class Time:
    """Kernels and milliseconds of a layer and the network, before and after."""

    kernels: tuple[str, str]
    reason: str
    predicted: tuple[float | None, float | None]
    layer: tuple[float, float]
    network: tuple[float, float]


def times(
    loaded: Loaded, layers: Sequence[str], ratios: Sequence[float], settings: Settings
) -> dict[Question, Time]:
    """Times of layers that keep their shape: of all in one network for each sparsity."""
    network, plain = loaded.network, loaded.values
    grid = [0.0, *ratios]
    # Where every layer can be pruned all are, so that one table answers for each of them.
    among = None if settings.granularity == "unstructured" else layers
    table = costs.measured(
        network, plain, settings.batch, settings.threads, grid,
        granularity=settings.granularity, layers=among,
    )  # fmt: skip
    chosen = []
    for ratio in grid:
        values = costs.pruned(
            network, plain, among or network.weights(), settings.granularity, ratio
        )  # fmt: skip
        module = bound(network, settings.batch, values)
        chosen.append(_kernels(with_kernels(module, settings.threads)[1]))
    dense, found, columns = table.total({}), {}, _columns(network, settings.batch)
    for layer in layers:
        for at, ratio in enumerate(ratios, start=1):
            before, after = table.layers[layer][0], table.layers[layer][at]
            found[layer, ratio] = _time(
                chosen[0].get(layer), chosen[at].get(layer), columns[layer], (before, after),
                (dense, dense - before + after),
            )  # fmt: skip
    return found


def compact(network: Any, values: Arrays, batch: int) -> Any:
    """The network without what died of its zeros."""
    masked = bound(network, batch, values)
    masked.run(mask_pipeline())
    return compact_at(masked, batch)[0]


def structural_times(
    loaded: Loaded, compacts: Mapping[Question, Any], settings: Settings
) -> dict[Question, Time]:
    """Times of networks without the channels that left: one network for each question."""
    modules = [bound(loaded.network, settings.batch, loaded.values), *compacts.values()]
    runs, chosen = [], []
    for module in modules:
        compiled, remarks = with_kernels(module, settings.threads)
        runs.append(compiled.compile(threads=settings.threads, profile=True))
        chosen.append(_kernels(remarks))
    measured = costs.by_turns(runs, settings.batch)
    dense, columns = sum(measured[0].values()), _columns(loaded.network, settings.batch)
    return {
        (layer, ratio): _time(
            chosen[0].get(layer), chosen[at].get(layer), columns[layer],
            (measured[0].get(layer, 0.0), measured[at].get(layer, 0.0)),
            (dense, sum(measured[at].values())),
        )
        for at, (layer, ratio) in enumerate(compacts, start=1)
    }  # fmt: skip


def _kernels(remarks: Sequence[Any]) -> dict[str, dict[str, str]]:
    """Kernel and reason by weight, as the report has them by layer, and predicted columns."""
    shown = [remark["arguments"] for remark in remarks if "Kernel" in remark["arguments"]]
    rows = kernel_rows([{"arguments": arguments} for arguments in shown])
    return {
        arguments["Layer"]: {**row, "columns": arguments.get("Columns", "")}
        for arguments, row in zip(shown, rows, strict=True)
    }


def predicted_ms(row: Mapping[str, str] | None, columns: int) -> float | None:
    """What the cost model says of a layer whose call has so many columns; None for nothing.

    A large batch runs in parts, of which one is predicted: they all are a call.
    """
    found = predicted_us(row["reason"]).get(row["kernel"]) if row else None
    if row is None or found is None:
        return None
    part = int(row["columns"] or columns)
    return found / 1e3 * max(1.0, columns / part)


def _time(
    before: dict[str, str] | None,
    after: dict[str, str] | None,
    columns: int,
    layer: tuple[float, float],
    network: tuple[float, float],
) -> Time:
    kernels = (before["kernel"] if before else "", after["kernel"] if after else "")
    reason = after["reason"] if after else "nothing of the layer is left"
    predicted = (predicted_ms(before, columns), predicted_ms(after, columns))
    return Time(kernels, reason, predicted, layer, network)


def _columns(network: Any, batch: int) -> dict[str, int]:
    """How often a call uses each element of a weight."""
    shapes = network.shapes()
    return {name: batch * macs // math.prod(shapes[name]) for name, macs in network.macs().items()}
