# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs and searches as one page of HTML, and as one picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import picture
from ..figures import needed_figure, plain, png, svg
from ..search import sensitivity
from . import charts
from .page import Element, document, figure, folded, table, tag
from .points import COSTS, KINDS, Point, front, grouped, panel
from .requests import layer_requests, rows_of
from .sections import number, parts_of
from .sources import KINDS as COMMANDS
from .sources import Source

Panel = Callable[[Any], None]

_COLUMNS = 4
_FOLDERS = 6
"""Folders that a picture has panels of; of more the Pareto panels have all networks."""

_MASKS = 2
"""Masks of a folder in a picture: those of the largest layers."""


def html(sources: Sequence[Source]) -> str:
    """The page: a summary, Pareto fronts, and a part for each folder."""
    needed_figure(1, 1)
    places = {source.name: f"folder-{index}" for index, source in enumerate(sources, start=1)}
    parts: list[Element] = []
    for source in sources:
        parts += [tag("h2", source.name, id=places[source.name]),
                  tag("p", f"{source.title} on {source.dataset}", class_="soft"),
                  *parts_of(source)]  # fmt: skip
    titles = list(dict.fromkeys(f"{source.title} on {source.dataset}" for source in sources))
    title = titles[0] if len(titles) == 1 else f"{len(sources)} folders of runs"
    return document(
        f"Pruning of {title}",
        tag("header", tag("h1", f"Pruning of {title}"),
            tag("p", "Written by prune report; every table and figure names the file that its "
                "numbers are from.", class_="soft")),
        *_summary(sources, places), *_pareto(sources), *parts,
    )  # fmt: skip


def _summary(sources: Sequence[Source], places: dict[str, str]) -> list[Element]:
    """A line for each folder, with a link to its part."""
    rows = []
    for source in sources:
        run, family = source.run, source.family
        cells = ["", "", "", ""]
        if run is not None:
            cells = [f"{run['totals']['compression']:.1f}x",
                     number(run["totals"]["macs_sparse"]), *_accuracies(run)]  # fmt: skip
        elif family is not None:
            weights = family["dense_counts"]["parameters"] / max(family["counts"]["parameters"], 1)
            lost = f"{-family['score']['drop']:+.2f} ± {family['score']['error']:.2f}"
            cells = [f"{weights:.1f}x", number(family["counts"]["macs"]), lost, ""]
        elif source.amc is not None:
            score = source.amc["networks"]["amc"]
            lost = f"{-score['drop']:+.2f} ± {score['error']:.2f}"
            cells = ["", number(score["macs"]), lost, ""]
        kinds = [command for name, command in COMMANDS.items() if (source.folder / name).is_file()]
        rows.append((source.name, source.title, source.dataset, ", ".join(kinds), *cells))
    found = table(
        ("folder", "network", "data set", "written by", "fewer weights", "MACs per row",
         "validation, points", "test, points"),
        rows, "Points are those gained (+) or lost (-) against the dense network.", 4,
    )  # fmt: skip
    for row, source in zip(list(found.iter("tr"))[1:], sources, strict=True):
        cell = row[0]
        text, cell.text = cell.text or "", None
        cell.append(tag("a", text, href=f"#{places[source.name]}"))
    return [tag("h2", "Summary"), found]


def _accuracies(run: dict[str, Any]) -> list[str]:
    """What is gained against the dense network on validation and test rows."""
    found = []
    for part in ("validation", "test"):
        if part not in run:
            found.append("")
            continue
        pruned, dense = run[part]["pruned"], run[part]["dense"]
        error = f" ± {pruned['drop_error']:.2f}" if "drop_error" in pruned else ""
        found.append(f"{pruned['accuracy'] - dense['accuracy']:+.2f}{error}")
    return found


def _pareto(sources: Sequence[Source]) -> list[Element]:
    """For each network and data set, accuracy against costs as figure and table."""
    groups = grouped(sources)
    if not groups:
        return []
    parts = [tag("h2", "Accuracy against cost"),
             tag("p", "Accuracies are of the validation rows, with one standard error.",
                 class_="soft")]  # fmt: skip
    for (dataset, title), points in groups.items():
        whole = needed_figure(13, 4.6)
        _draw_fronts(whole, points)
        where = ", ".join(dict.fromkeys(point.source for point in points))
        parts += [tag("h3", f"{title} on {dataset}"),
                  figure(svg(whole), "svg+xml", "Pareto fronts", where),
                  folded(f"All {len(points)} networks", _points_table(points))]  # fmt: skip
    return parts


def _points_table(points: Sequence[Point]) -> Element:
    best = {cost: front(panel(points, cost), cost) for cost in COSTS}
    short = {"density": "sparsity", "macs": "MACs", "ms": "ms"}
    rows = []
    for point in points:
        error = "" if point.error is None else f" ± {point.error:.2f}"
        on = ", ".join(short[cost] for cost in COSTS if point in best[cost])
        ms = "" if point.ms is None else f"{point.ms:.4g}" + ("*" if point.summed else "")
        rows.append((
            point.label, KINDS[point.kind], f"{point.accuracy:.2f}{error}",
            "" if point.density is None else f"{100 - point.density:.2f} %",
            "" if point.macs is None else number(point.macs), ms,
            "" if point.batch is None else str(point.batch), on, point.source,
        ))  # fmt: skip
    return table(
        ("network", "kind", "accuracy (%)", "sparsity", "MACs per row", "ms", "batch", "on a front",
         "file"),
        rows, "Milliseconds are those that a run measured at its time. * sum of layers that were "
        "measured in a network, not the time of this one", 2,
    )  # fmt: skip


def poster(sources: Sequence[Source]) -> bytes:
    """The most important figures as one PNG: Pareto fronts, then rows of panels by folder."""
    groups = list(grouped(sources).items())
    strips = _strips(sources[:_FOLDERS])
    rows = [1] * len(groups) + [-(-len(found) // _COLUMNS) for _, found in strips]
    heights = [4.3 * count + 0.5 for count in rows]
    whole = needed_figure(19, sum(heights) + 0.6)
    places = whole.subfigures(len(rows), 1, squeeze=False, height_ratios=heights)[:, 0]
    for place, ((dataset, title), points) in zip(places, groups, strict=False):
        _draw_fronts(place, points)
        place.suptitle(f"{plain(title)} on {plain(dataset)}", fontsize="x-large", weight="bold")
    for place, count, (names, panels) in zip(
        places[len(groups) :], rows[len(groups) :], strips, strict=True
    ):
        axes = place.subplots(count, _COLUMNS, squeeze=False).ravel()
        for each, draw in zip(axes, panels, strict=False):
            draw(each)
        for each in axes[len(panels) :]:
            each.set_axis_off()
        place.suptitle(plain(", ".join(names)), fontsize="x-large", weight="bold")
    if len(sources) > _FOLDERS:
        whole.suptitle(f"the first {_FOLDERS} of {len(sources)} folders", color="#627d98")
    return png(whole, 100)


def _draw_fronts(whole: Any, points: Sequence[Point]) -> None:
    """A panel for each cost, on a figure or a part of one."""
    axes = whole.subplots(1, len(COSTS))
    for each, cost in zip(axes, COSTS, strict=True):
        charts.draw_pareto(each, points, cost)
    charts.draw_legend(whole, axes)


def _strips(sources: Sequence[Source]) -> list[tuple[list[str], list[Panel]]]:
    """Panels by folder; neighbours with few panels share a row."""
    found: list[tuple[list[str], list[Panel]]] = []
    for source in sources:
        panels = _panels(source)
        if found and len(found[-1][1]) + len(panels) <= _COLUMNS:
            found[-1][0].append(source.name)
            found[-1][1].extend(panels)
        elif panels:
            found.append(([source.name], panels))
    return found


def _panels(source: Source) -> list[Panel]:
    """The panels of a folder."""
    found: list[Panel] = []
    run, report, rows = source.run, source.report, rows_of(source)
    if any(row.dense and row.unit in ("count", "ms") for row in rows):
        found.append(lambda axes: charts.draw_requests(axes, rows))
    if run is not None:
        found.append(lambda axes: charts.draw_density(axes, run["layers"], layer_requests(run)))
    if report is not None:
        found.append(lambda axes: picture.draw_times(axes, report))
        found.append(lambda axes: picture.draw_curves(axes, report))
    scans = [source.scan] if source.scan is not None else []
    for scan in [*scans, *(report["scans"].values() if report is not None else ())]:
        found.append(lambda axes, scan=scan: _scan(axes, scan))  # type: ignore[misc]
    family = source.family
    if family is not None:
        found.append(lambda axes: charts.draw_family(axes, family))
    if report is not None:
        found.append(lambda axes: picture.draw_pattern(axes, report))
    largest = sorted(source.kept.items(), key=lambda item: -item[1].size)[:_MASKS]
    for name, mask in largest:
        found.append(lambda axes, n=name, m=mask: charts.draw_mask(axes, n, m))  # type: ignore[misc]
    return found


def _scan(axes: Any, rows: Sequence[dict[str, Any]]) -> None:
    sensitivity.curves(axes, rows)
    axes.set(title="One layer pruned alone")
