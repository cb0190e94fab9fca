# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks as points of accuracy against cost, and which of them no other one beats.

Accuracies are of validation rows, which every choice used; the test rows take no part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..render import timings_by_batch
from .sources import AMC, FAMILY, Source

COSTS = {
    "density": "weights left (%)", "macs": "MACs per row", "ms": "milliseconds",
}  # fmt: skip
"""What accuracy is set against: fields of a point, with their labels."""

KINDS = {
    "dense": "dense network", "run": "pruned network of a run",
    "search": "network that a search tried", "netadapt": "member of a NetAdapt family",
    "amc": "network of AMC",
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """A network: accuracy on validation rows with its standard error in points, and costs.

    `density` is the per cent of weights that are left, `macs` multiplications for one row,
    `ms` milliseconds of a call on `batch` rows. Costs that nobody knows are None, and so is
    an error. `source` is the file that the numbers are from. `summed` says that `ms` is the
    sum of layers that were measured, not of the network.
    """

    kind: str
    label: str
    source: str
    accuracy: float
    error: float | None
    density: float | None
    macs: float | None = None
    ms: float | None = None
    batch: int | None = None
    summed: bool = False

    def cost(self, name: str) -> float | None:
        """One of :data:`COSTS`."""
        value: float | None = getattr(self, name)
        return value


def points_of(source: Source) -> list[Point]:
    """All networks that a folder has numbers of."""
    found = _of_run(source)
    if source.report is not None:
        found += _of_trials(source, source.report) + _of_searches(source, source.report)
    if source.family is not None:
        found += _of_family(source, source.family)
    if source.amc is not None:
        found += [
            Point("amc" if name == "amc" else "search", f"{source.name}: {name}", source.file(AMC),
                  score["accuracy"], score["error"], None, score["macs"])
            for name, score in source.amc["networks"].items() if name in ("amc", "uniform")
        ]  # fmt: skip
    return found


def grouped(sources: Iterable[Source]) -> dict[tuple[str, str], list[Point]]:
    """Points by data set and network, without groups that have none."""
    groups: dict[tuple[str, str], list[Point]] = {}
    for source in sources:
        for point in points_of(source):
            groups.setdefault((source.dataset, source.title), []).append(point)
    return groups


def panel(points: Iterable[Point], cost: str) -> list[Point]:
    """The points that have a cost. Milliseconds are those of one batch, the most common one."""
    found = [point for point in points if point.cost(cost) is not None]
    if cost != "ms" or not found:
        return found
    batches = [point.batch for point in found if point.batch is not None]
    common = max(sorted(set(batches)), key=batches.count)
    return [point for point in found if point.batch == common]


def front(points: Sequence[Point], cost: str) -> list[Point]:
    """Those that no other point beats, cheapest first: each costs more and is more accurate."""
    ordered = sorted(points, key=lambda p: (p.cost(cost) or 0.0, -p.accuracy))
    found: list[Point] = []
    for point in ordered:
        if not found or point.accuracy > found[-1].accuracy:
            found.append(point)
    return found


def accuracy_error(score: dict[str, Any], positions: int = 1) -> float | None:
    """Standard error of an accuracy in points: as it was measured, else of so many coin tosses.

    None where each row has several results, which are not independent.
    """
    if "standard_error" in score:
        return float(score["standard_error"])
    if positions != 1:
        return None
    share = score["accuracy"] / 100
    return 100 * math.sqrt(share * (1 - share) / score["rows"])


def _of_run(source: Source) -> list[Point]:
    """The dense and the pruned network of a run; the smallest batch that was timed."""
    run = source.run
    if run is None or "validation" not in run:
        return []
    totals, positions = run["totals"], run.get("positions", 1)
    timings = timings_by_batch(run) if "timings" in run else {}
    batch = min(timings, default=None)
    found = []
    for name, macs, left, timed in (
        ("dense", totals["macs_dense"], totals["weights"], "dense"),
        ("pruned", totals["macs_sparse"], totals["nonzeros"], "sparse"),
    ):
        score = run["validation"][name]
        found.append(Point(
            "run" if name == "pruned" else "dense", f"{source.name}: {name}", source.run_file,
            score["accuracy"], accuracy_error(score, positions), 100 * left / totals["weights"],
            macs, None if batch is None else 1e3 * timings[batch][timed]["median"], batch,
        ))  # fmt: skip
    return found


def _of_trials(source: Source, report: dict[str, Any]) -> list[Point]:
    """Networks that a choice among rules tried, but the one that was chosen."""
    if not report["choice"]:
        return []
    chosen = report["choice"]["chosen"]
    return [
        Point("search", f"{source.name}: {trial['rule']} {trial['number']:g}", source.run_file,
              trial["score"]["accuracy"],
              accuracy_error(trial["score"], report.get("positions", 1)),
              100 * trial["nonzeros"] / report["totals"]["weights"])
        for trial in report["choice"]["tried"]
        if (trial["rule"], trial["number"]) != (chosen["rule"], chosen["number"])
    ]  # fmt: skip


def _of_searches(source: Source, report: dict[str, Any]) -> list[Point]:
    """Networks that searches to a tolerance tried."""
    return [
        Point("search", f"{source.name}: {tried['key']}", source.run_file, tried["accuracy"],
              tried["error"], 100 * tried["nonzeros"] / report["totals"]["weights"], tried["macs"])
        for search in report["searches"]
        for tried in search["tried"]
    ]  # fmt: skip


def _of_family(source: Source, found: dict[str, Any]) -> list[Point]:
    """The dense network, those after each step, and the last one after its long training."""
    dense, timed = found["dense_counts"], found["resource"] == "ms"
    batch, file = found["batch"] if timed else None, source.file(FAMILY)

    def point(kind: str, label: str, score: dict[str, Any], counts: dict[str, Any], ms: float,
              summed: bool) -> Point:  # fmt: skip
        return Point(kind, f"{source.name}: {label}", file, score["accuracy"], score["error"],
                     100 * counts["parameters"] / dense["parameters"], counts["macs"],
                     ms if timed else None, batch, timed and summed)  # fmt: skip

    score = found["score"]
    whole = {"accuracy": score["accuracy"] + score["drop"], "error": None}
    return [
        point("dense", "dense", whole, dense, found["dense"], True),
        *(point("netadapt", f"step {row['step']}", row, row, row["cost"], True)
          for row in found["family"]),
        point("netadapt", "last", score, found["counts"], found["realised"], False),
    ]  # fmt: skip
