# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What was asked for beside what came of it: sparsity, weights, MACs, bytes, time, accuracy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..render import timings_by_batch
from .sources import AMC, FAMILY, Source

UNITS = {"ms": "ms", "points": "points", "share": "%", "count": ""}


@dataclass(frozen=True)
class Row:
    """One quantity. `dense` and `requested` are None where there is no such number.

    `unit` is a key of :data:`UNITS`; shares are in per cent. `error` is the standard error of
    what was realised. `source` is the file that the numbers are from.
    """

    what: str
    dense: float | None
    requested: float | None
    realised: float
    unit: str
    source: str
    note: str = ""
    error: float | None = None

    @property
    def off(self) -> float | None:
        """By how much it was missed: a share of the request, points and per cent as differences."""
        if self.requested is None:
            return None
        if self.unit in ("points", "share"):
            return self.realised - self.requested
        return self.realised / self.requested - 1


def rows_of(source: Source) -> list[Row]:
    """All quantities of a folder."""
    found: list[Row] = []
    if source.run is not None:
        found += _of_run(source, source.run)
    if source.report is not None:
        found += [*_of_report(source, source.report), *_times(source, source.report)]
    if source.run is not None:
        found += _points(source, source.run)
    if source.family is not None:
        found += _of_family(source, source.family)
    if source.amc is not None:
        found += _of_amc(source, source.amc)
    return found


def layer_requests(run: dict[str, Any]) -> dict[str, float]:
    """Sparsity in per cent that was asked of each layer, by the last stage with a budget."""
    targets = run.get("targets") or []
    ratios = targets[-1]["ratios"] if targets else {}
    return {name.removesuffix(".weight"): 100 * ratio for name, ratio in ratios.items()}


def _budget(run: dict[str, Any], *resources: str) -> dict[str, Any] | None:
    """The last budget of one of some resources."""
    found = [each for each in run.get("targets") or [] if each["resource"] in resources]
    return found[-1] if found else None


def _asked(budget: dict[str, Any] | None) -> float | None:
    return None if budget is None else float(budget["requested"])


def _of_run(source: Source, run: dict[str, Any]) -> Iterator[Row]:
    totals, file = run["totals"], source.run_file
    weights = _budget(run, "weights", "parameters")
    sparsity, note = _sparsity(run), ""
    if weights is not None:
        sparsity = 100 * (1 - weights["requested"] / weights["dense"])
        note = _after(weights)
    elif sparsity is not None:
        note = "of the weights that the stage prunes"
    yield Row("sparsity", 0.0, sparsity, 100 * (1 - totals["nonzeros"] / totals["weights"]),
              "share", file, note)  # fmt: skip
    yield Row("weights", totals["weights"], _asked(weights), totals["nonzeros"],
              "count", file, note if weights else "")  # fmt: skip
    if "parameters_left" in totals:
        yield Row("weights and biases", totals["parameters"], None, totals["parameters_left"],
                  "count", file)  # fmt: skip
    macs = _budget(run, "macs")
    yield Row("MACs per row", totals["macs_dense"], _asked(macs),
              totals["macs_sparse"], "count", file, _after(macs))  # fmt: skip


def _of_report(source: Source, report: dict[str, Any]) -> Iterator[Row]:
    size, file = report["bytes"], source.run_file
    budget = _budget(report, "bytes")
    if budget is not None:
        yield Row("bytes of values and their places", budget["dense"], budget["requested"],
                  budget["realised"], "count", file, "right after pruning")  # fmt: skip
    yield Row("bytes of the bytecode", size["dense"], None, size["compact"], "count", file,
              "zeros inside the compact layers are stored")  # fmt: skip


def _times(source: Source, report: dict[str, Any]) -> Iterator[Row]:
    budget = _budget(report, "ms")
    if budget is not None:
        yield Row("ms of a call, when pruned", budget["dense"], budget["requested"],
                  budget["realised"], "ms", source.run_file,
                  "measured by turns with the dense network, before fine-tuning")  # fmt: skip
    for batch, networks in timings_by_batch(report).items():
        dense, sparse = networks["dense"], networks["sparse"]
        threads = f"{dense['threads']} thread{'s' if dense['threads'] > 1 else ''}"
        yield Row(f"ms of a call, batch {batch}", 1e3 * dense["median"], None,
                  1e3 * sparse["median"], "ms", source.run_file, f"medians, {threads}")  # fmt: skip


def _points(source: Source, run: dict[str, Any]) -> Iterator[Row]:
    """Points of accuracy that are lost; a tolerance is about validation rows."""
    for part in ("validation", "test"):
        if part not in run:
            continue
        dense, pruned = run[part]["dense"], run[part]["pruned"]
        lost = pruned.get("drop", dense["accuracy"] - pruned["accuracy"])
        asked = _tolerance(run) if part == "validation" else None
        yield Row(f"points lost, {part} rows", None, asked, lost, "points", source.run_file,
                  f"{pruned['rows']:,} rows", pruned.get("drop_error"))  # fmt: skip


def _tolerance(run: dict[str, Any]) -> float | None:
    """Points that may be lost, by the last search or choice."""
    if run.get("searches"):
        return float(run["searches"][-1]["points"])
    return float(run["choice"]["tolerance"]) if run.get("choice") else None


def _sparsity(run: dict[str, Any]) -> float | None:
    """The sparsity in per cent of the last pruning stage that has one number for all weights."""
    found = [
        stage["sparsity"] for stage in run.get("recipe", {}).get("stages", [])
        if stage.get("kind") == "prune" and isinstance(stage.get("sparsity"), int | float)
    ]  # fmt: skip
    return 100 * found[-1] if found else None


def _after(budget: dict[str, Any] | None) -> str:
    return f"{budget['realised']:,.0f} right after pruning" if budget else ""


def _of_family(source: Source, found: dict[str, Any]) -> Iterator[Row]:
    file, dense, last = source.file(FAMILY), found["dense_counts"], found["counts"]
    names = {"parameters": "weights", "macs": "MACs per row"}
    for name, what in names.items():
        asked = found["requested"] if found["resource"] == name else None
        yield Row(what, dense[name], asked, last[name], "count", file)
    if found["resource"] == "bytes":
        yield Row("bytes of values and their places", found["dense"], found["requested"],
                  found["realised"], "count", file)  # fmt: skip
    if found["resource"] == "ms":
        yield Row(f"ms of a call, batch {found['batch']}", found["dense"], found["requested"],
                  found["realised"], "ms", file,
                  "measured by turns with the dense network")  # fmt: skip
    yield Row("points lost, validation rows", None, None, found["score"]["drop"], "points", file,
              "", found["score"]["error"])  # fmt: skip


def _of_amc(source: Source, found: dict[str, Any]) -> Iterator[Row]:
    """The network that was found, and the uniform one beside it."""
    file = source.file(AMC)
    for name in ("amc", "uniform"):
        score = found["networks"][name]
        yield Row(f"MACs per row, {name}", found["dense"], found["requested"], score["macs"],
                  "count", file)  # fmt: skip
        yield Row(f"points lost, validation rows, {name}", None, None, score["drop"], "points",
                  file, "", score["error"])  # fmt: skip
