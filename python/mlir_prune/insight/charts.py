# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Figures of a page, each on axes that the caller gives, so that a poster has them, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..figures import plain
from .masks import blocks, darkest, matrix
from .points import COSTS, KINDS, Point, front, panel
from .requests import Row

_STYLES = {
    "dense": {"color": "#4c72b0", "marker": "s"}, "run": {"color": "#dd8452", "marker": "o"},
    "search": {"color": "#8c8c8c", "marker": "."}, "netadapt": {"color": "#55a868", "marker": "^"},
    "amc": {"color": "#8172b3", "marker": "D"},
}  # fmt: skip

_FRONT = "#c44e52"


def draw_pareto(axes: Any, points: Sequence[Point], cost: str) -> None:
    """Validation accuracy against a cost, with standard errors, and the front that none beats."""
    shown = panel(points, cost)
    title = {"density": "sparsity", "macs": "MACs", "ms": "measured milliseconds"}[cost]
    axes.set(title=f"Accuracy against {title}", ylabel="validation accuracy (%)")
    if not shown:
        axes.text(0.5, 0.5, "no run has these numbers", ha="center", transform=axes.transAxes)
        axes.set(xticks=[], yticks=[])
        return
    for kind, text in KINDS.items():
        mine = [point for point in shown if point.kind == kind]
        if mine:
            axes.errorbar(
                [point.cost(cost) for point in mine], [point.accuracy for point in mine],
                yerr=[point.error or 0.0 for point in mine], linestyle="none", label=text,
                elinewidth=0.8, alpha=0.85, zorder=3, **_STYLES[kind],
            )  # fmt: skip
    best = front(shown, cost)
    axes.step(
        [point.cost(cost) for point in best], [point.accuracy for point in best], where="post",
        color=_FRONT, linewidth=1.2, label="Pareto front", zorder=2,
    )  # fmt: skip
    batch = f", batch {shown[0].batch}" if cost == "ms" else ""
    costs = [point.cost(cost) or 0.0 for point in shown]
    axes.set(xlabel=COSTS[cost] + batch)
    if min(costs) > 0 and max(costs) > 5 * min(costs):
        axes.set_xscale("log")
    _zoom(axes, shown)
    axes.grid(alpha=0.3)


def _zoom(axes: Any, points: Sequence[Point]) -> None:
    """The range where most networks are; those far below are named, not shown."""
    values = np.array([point.accuracy for point in points])
    top, middle = values.max(), np.quantile(values, 0.25)
    floor = top - max(3 * (top - middle), 2.0)
    below = int((values < floor).sum())
    if below:
        axes.set_ylim(bottom=floor)
        axes.text(0.02, 0.02, f"{below} below {floor:.1f} %", transform=axes.transAxes,
                  color="#627d98", fontsize="small")  # fmt: skip


def draw_legend(figure: Any, axes: Sequence[Any]) -> None:
    """One legend for the panels of a figure, below them."""
    found: dict[str, Any] = {}
    for each in axes:
        for handle, label in zip(*each.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    if found:
        figure.legend(found.values(), found.keys(), loc="outside lower center", ncols=5,
                      fontsize="small")  # fmt: skip


def draw_requests(axes: Any, rows: Sequence[Row]) -> None:
    """What is left as a share of the dense network, with a mark where a share was asked for."""
    shown = [row for row in rows if row.dense and row.unit in ("count", "ms")]
    place = np.arange(len(shown))[::-1]
    shares = [100 * row.realised / (row.dense or 1.0) for row in shown]
    axes.barh(place, shares, 0.6, color="#dd8452", label="realised")
    asked = [(at, row) for at, row in zip(place, shown, strict=True) if row.requested is not None]
    if asked:
        axes.plot(
            [100 * (row.requested or 0.0) / (row.dense or 1.0) for _, row in asked],
            [at for at, _ in asked], linestyle="none", marker="|", markersize=22,
            markeredgewidth=2.5, color="#1f2933", label="requested",
        )  # fmt: skip
    for at, row, share in zip(place, shown, shares, strict=True):
        edge = max(share, 100 * (row.requested or 0.0) / (row.dense or 1.0))
        axes.text(edge, at, f"  {share:.3g} %", va="center", fontsize="small")
    axes.axvline(100, color="#4c72b0", linestyle="--", linewidth=1, label="dense")
    axes.set(title="Requested and realised", xlabel="% of the dense network", yticks=place,
             yticklabels=[plain(row.what) for row in shown],
             xlim=(0, 1.25 * max([100.0, *shares])))  # fmt: skip
    axes.legend(fontsize="small", loc="lower right", markerscale=0.5)


def draw_density(axes: Any, layers: Sequence[dict[str, Any]], asked: dict[str, float]) -> None:
    """Sparsity of each layer, with what was asked of it where that is known."""
    place = np.arange(len(layers))
    axes.bar(
        place, [sparsity(row) for row in layers], 0.75, color="#dd8452", label="realised",
    )  # fmt: skip
    known = [(at, asked[row["name"]]) for at, row in enumerate(layers) if row["name"] in asked]
    if known:
        axes.plot(*zip(*known, strict=True), linestyle="none", marker="_", markersize=12,
                  color="#1f2933", label="requested")  # fmt: skip
    every = -(-len(layers) // 40)
    axes.set_xticks(place[::every], [plain(row["name"]) for row in layers][::every])
    if len(layers) > 8 or max(len(row["name"]) for row in layers) > 12:
        axes.tick_params("x", rotation=90, labelsize="x-small")
    axes.set(title="Sparsity per layer", ylabel="%", ylim=(0, 105))
    axes.legend(fontsize="small", loc="lower right")


def draw_mask(axes: Any, name: str, mask: np.ndarray) -> None:
    """One mask; large ones are averaged into blocks."""
    found = matrix(mask)
    shares = blocks(found)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=darkest(shares), aspect="auto",
                interpolation="nearest")  # fmt: skip
    axes.set(title=f"Mask of {plain(name)}", xticks=[], yticks=[],
             xlabel=f"{found.shape[0]:,} x {found.shape[1]:,}")  # fmt: skip


def sparsity(layer: dict[str, Any]) -> float:
    """Per cent of a layer's weights that are zero or gone."""
    return 100 * (1 - float(layer["nonzeros"]) / float(layer["weights"]))


def draw_family(axes: Any, found: dict[str, Any]) -> None:
    """Accuracy of NetAdapt's networks after each step against what they cost."""
    rows, score = found["family"], found["score"]
    axes.errorbar(
        [row["cost"] for row in rows], [row["accuracy"] for row in rows],
        yerr=[row["error"] for row in rows], marker="^", color="#55a868", capsize=2,
        label="after a step",
    )  # fmt: skip
    axes.errorbar([found["realised"]], [score["accuracy"]], yerr=[score["error"]], marker="o",
                  color="#dd8452", linestyle="none", label="after the long training")  # fmt: skip
    axes.axvline(found["requested"], color="#1f2933", linestyle="--", label="requested")
    axes.axhline(score["accuracy"] + score["drop"], color="#8c8c8c", linestyle=":", label="dense")
    axes.set(title="NetAdapt", xlabel=found["resource"], ylabel="validation accuracy (%)")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
