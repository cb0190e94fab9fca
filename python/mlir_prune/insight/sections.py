# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The parts of a page about one folder: tables and figures, each with the file it is from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..figures import needed_figure, svg
from ..picture import draw_pattern, draw_times, draw_weights
from ..render import notes, rows_text
from ..search import sensitivity
from ..training.history import FILE as HISTORY
from ..training.plots import draw_history
from . import charts
from .masks import blocks, darkest, matrix, picture
from .page import Element, cards, figure, folded, table, tag
from .points import accuracy_error
from .requests import UNITS, Row, layer_requests, rows_of
from .sources import AMC, FAMILY, REPORT, SCAN, Source

_TOLERANCES = (0.5, 1.0, 2.0)
"""Points that a layer may lose, for which its largest sparsity is told."""

_OPEN = 12
"""Layers whose masks are shown at once; those of deeper networks open on a click."""

_SIDE = 240
"""Pixels that the longer side of a mask has on the page, about."""


def parts_of(source: Source) -> list[Element]:
    """Everything about a folder, under a heading."""
    parts = [*_scores(source), *_requests(source), *_layers(source), *_kernels(source)]
    parts += [*_scans(source), *_searches(source), *_family(source), *_amc(source)]
    return [*parts, *_masks(source), *_history(source), *_notes(source)]


def chart(
    draw: Callable[[Any], None], title: str, source: str, width: float = 10, height: float = 4
) -> Element:
    """A figure of one panel."""
    whole = needed_figure(width, height)
    draw(whole.subplots())
    return figure(svg(whole), "svg+xml", title, source)


def number(value: float | None, unit: str = "count") -> str:
    """A quantity in its unit; a dash for none."""
    if value is None:
        return "\N{EN DASH}"
    if unit == "share":
        return f"{value:.2f} %"
    if unit == "points":
        return f"{value:+.2f}"
    if unit == "ms":
        return f"{value:.4g}"
    return f"{value:,.0f}"


def _scores(source: Source) -> Iterator[Element]:
    """Numbers in large type, and the accuracies of all networks with their errors."""
    run = source.run
    if run is None:
        return
    totals, test = run["totals"], run["test"]
    lost = test["pruned"]["accuracy"] - test["dense"]["accuracy"]
    share = 100 * (1 - totals["nonzeros"] / totals["weights"])
    yield cards([
        (f"{totals['compression']:.1f}x", "fewer weights"), (f"{share:.2f} %", "sparsity"),
        (f"{test['pruned']['accuracy']:.2f} %", "test accuracy, pruned"),
        (f"{lost:+.2f}", "points of test accuracy"),
    ])  # fmt: skip
    yield tag("h3", "Accuracy")
    rows = []
    for part in ("validation", "test"):
        for name, score in run.get(part, {}).items():
            error = accuracy_error(score, run.get("positions", 1))
            lost = score["accuracy"] - run[part]["dense"]["accuracy"]
            against = "" if name == "dense" else f"{lost:+.2f}"
            if "drop_error" in score:
                against += f" ± {score['drop_error']:.2f}"
            accuracy = f"{score['accuracy']:.2f}" + ("" if error is None else f" ± {error:.2f}")
            loss = "\N{EN DASH}" if score["loss"] is None else f"{score['loss']:.4f}"
            rows.append((part, name, accuracy, against, loss, rows_text(run, score)))
    yield table(
        ("rows", "network", "accuracy (%)", "against dense (points)", "loss", "number"), rows,
        "± is one standard error; against the dense network that of the paired comparison on the "
        f"same rows. The test rows took part in no choice. Numbers from {source.run_file}", 2,
    )  # fmt: skip


def _requests(source: Source) -> Iterator[Element]:
    rows = rows_of(source)
    if not rows:
        return
    where = " and ".join(dict.fromkeys(row.source for row in rows))
    yield tag("h3", "Requested and realised")
    yield table(
        ("", "dense", "requested", "realised", "off", "note"),
        [(row.what, number(row.dense, row.unit), number(row.requested, row.unit),
          _with_error(row), off_text(row), row.note) for row in rows],
        f"Numbers from {where}", long=(5,),
    )  # fmt: skip
    height = 1.4 + 0.42 * len(rows)
    yield chart(lambda axes: charts.draw_requests(axes, rows), "What is left of the dense network",
                where, 9, height)  # fmt: skip


def _with_error(row: Row) -> str:
    text = number(row.realised, row.unit)
    return text if row.error is None else f"{text} ± {row.error:.2f}"


def off_text(row: Row) -> str:
    """By how much a request was missed, in words that a table holds."""
    if row.off is None:
        return ""
    if row.unit in ("points", "share"):
        return f"{row.off:+.2f} {'points' if row.unit == 'points' else UNITS['share']}"
    return f"{row.off:+.1%}"


def _layers(source: Source) -> Iterator[Element]:
    """Every layer: size, what is left, MACs, the kernel at the smallest batch and why."""
    run = source.run
    if run is None:
        return
    asked, kernels = layer_requests(run), run.get("kernels", {})
    batch = min(kernels, key=int, default=None)
    chosen = {row["layer"]: row for row in kernels.get(batch, ())}
    rows = []
    for row in run["layers"]:
        kernel = chosen.get(row["name"], {"kernel": "", "reason": ""})
        rows.append((
            row["name"], _shape(row["shape"]), _shape(row["compact_shape"]),
            number(row["weights"]), number(row["nonzeros"]), f"{charts.sparsity(row):.2f} %",
            number(asked.get(row["name"]), "share"), number(row["macs"]),
            number(row["macs_sparse"]), kernel["kernel"], kernel["reason"],
        ))  # fmt: skip
    kernel_head = f"kernel, batch {batch}" if batch is not None else "kernel"
    yield tag("h3", "Layers")
    yield table(
        ("layer", "shape", "compact shape", "weights", "nonzeros", "sparsity", "requested",
         "MACs", "MACs left", kernel_head, "why"),
        rows, f"MACs are for one row. Numbers from {source.run_file}", 1, (10,),
    )  # fmt: skip
    layers = run["layers"]
    yield chart(lambda axes: draw_weights(axes, run), "Weights of each layer, dense and left",
                source.run_file, 11, 4.2)  # fmt: skip
    yield chart(lambda axes: charts.draw_density(axes, layers, asked), "Sparsity of each layer",
                source.run_file, 11, 3.6)  # fmt: skip


def _kernels(source: Source) -> Iterator[Element]:
    """Times, and the kernels of the batches that the table of layers has not."""
    report = source.report
    if report is None:
        return
    if report["timings"]:
        yield tag("h3", "Time")
        yield chart(lambda axes: draw_times(axes, report),
                    "Time of a call, medians with quartiles", source.run_file, 8, 3.6)  # fmt: skip
    for batch in sorted(report["kernels"], key=int)[1:]:
        rows = [(row["layer"], row["kernel"], row["reason"]) for row in report["kernels"][batch]]
        yield folded(f"Kernels at batch {batch}",
                     table(("layer", "kernel", "why"), rows, "", 2, (2,)))  # fmt: skip


def _scans(source: Source) -> Iterator[Element]:
    """Sensitivity curves and the table behind them: of a scan's folder, or of a stage."""
    found: list[tuple[str, str, Sequence[dict[str, Any]]]] = []
    if source.scan is not None:
        found.append(("Sensitivity", source.file(SCAN), source.scan))
    if source.report is not None:
        found += [(f"Sensitivity, stage {stage}", source.file(REPORT), rows)
                  for stage, rows in source.report["scans"].items() if rows]  # fmt: skip
    for title, file, rows in found:
        yield tag("h3", title)
        yield chart(lambda axes, rows=rows: sensitivity.curves(axes, rows),  # type: ignore[misc]
                    "Validation accuracy when one layer alone is pruned", file, 11, 5)  # fmt: skip
        ratios = sorted({row["sparsity"] for row in rows})
        within = [sensitivity.ratios_within(rows, points) for points in _TOLERANCES]
        lines = []
        for layer in within[0]:
            lost = {row["sparsity"]: row for row in rows if row["layer"] == layer}
            cells = [f"{lost[r]['drop']:+.2f} ± {lost[r]['error']:.2f}" if r in lost else ""
                     for r in ratios]  # fmt: skip
            lines.append((layer, *cells, *(f"{each[layer]:g}" for each in within)))
        head = ("layer", *(f"{ratio:g}" for ratio in ratios),
                *(f"within {points:g}" for points in _TOLERANCES))  # fmt: skip
        yield table(head, lines, "Points lost at each sparsity, and the largest sparsity that "
                    f"loses no more than so many. Numbers from {file}")  # fmt: skip


def _searches(source: Source) -> Iterator[Element]:
    """What searches to a tolerance tried, and which network they kept."""
    for search in source.report["searches"] if source.report is not None else ():
        rows = [
            (tried["key"], number(tried["nonzeros"]), number(tried["macs"]),
             f"{tried['accuracy']:.2f}", f"{tried['drop']:+.2f} ± {tried['error']:.2f}",
             str(tried["epochs"]), "kept" if tried["key"] == search["chosen"] else "")
            for tried in search["tried"]
        ]  # fmt: skip
        kept = search["chosen"] or "the dense network"
        yield tag("h3", f"Search to a tolerance, stage {search['stage']}")
        yield table(
            ("network", "weights", "MACs per row", "accuracy (%)", "points lost", "epochs", ""),
            rows, f"Up to {search['points']:g} points may be lost on the validation rows; {kept} "
            f"was kept. Numbers from {source.file(REPORT)}",
        )  # fmt: skip


def _family(source: Source) -> Iterator[Element]:
    """The networks of NetAdapt."""
    found = source.family
    if found is None:
        return
    file = source.file(FAMILY)
    yield tag("h3", "NetAdapt")
    yield chart(
        lambda axes: charts.draw_family(axes, found), "Accuracy after each step", file, 9, 4
    )
    rows = [
        (str(row["step"]), row["layer"], f"{row['cost']:.4g}", number(row["parameters"]),
         number(row["macs"]), f"{row['accuracy']:.2f}", f"{row['drop']:+.2f} ± {row['error']:.2f}")
        for row in found["family"]
    ]  # fmt: skip
    yield folded(f"All {len(rows)} steps", table(
        ("step", "layer", found["resource"], "weights", "MACs per row", "accuracy (%)",
         "points lost"),
        rows, f"Numbers from {file}", 2,
    ))  # fmt: skip


def _amc(source: Source) -> Iterator[Element]:
    """Channels that AMC keeps of each group, beside the same share of all."""
    found = source.amc
    if found is None:
        return
    rows = [
        (", ".join(names), str(total), str(kept), str(uniform))
        for names, total, kept, uniform in zip(
            found["groups"], found["channels"], found["kept"], found["uniform"]["kept"],
            strict=True,
        )
    ]  # fmt: skip
    yield tag("h3", "AMC")
    yield table(("channels of", "all", "amc", "uniform"), rows,
                f"Numbers from {source.file(AMC)}", long=(0,))  # fmt: skip


def _masks(source: Source) -> Iterator[Element]:
    """A picture of each mask, and which inputs the first layer reads."""
    run = source.run
    if run is None:
        return
    kept = source.kept
    pictures = [
        _mask(source, row, kept[row["name"]]) for row in run["layers"] if row["name"] in kept
    ]
    if pictures:
        yield tag("h3", "Masks")
        yield tag("p", "Outputs go down, inputs across, the taps of a filter are tiles; dark is "
                  "kept. Channels that left during the run are not shown.",
                  class_="soft")  # fmt: skip
        yield tag("div", *pictures[:_OPEN], class_="masks")
    if len(pictures) > _OPEN:
        yield folded(
            f"{len(pictures) - _OPEN} more masks", tag("div", *pictures[_OPEN:], class_="masks")
        )
    report = source.report
    if report is not None:
        yield chart(lambda axes: draw_pattern(axes, report), "What the first layer reads",
                    source.run_file, 6, 4)  # fmt: skip


def _mask(source: Source, row: dict[str, Any], mask: Any) -> Element:
    whole = matrix(mask)
    shares = blocks(whole)
    height, width = shares.shape
    scale = max(1, _SIDE // max(width, height))
    title = f"{row['name']}, {whole.shape[0]:,} x {whole.shape[1]:,}, {mask.mean():.2%} kept"
    if shares.shape != whole.shape:
        title += f"; averaged into blocks, the darkest has {darkest(shares):.0%}"
    return figure(picture(shares), "png", title, source.file("values.npz"),
                  width=str(scale * width), height=str(max(8, scale * height)))  # fmt: skip


def _history(source: Source) -> Iterator[Element]:
    if not source.history:
        return
    whole = needed_figure(11, 7)
    draw_history(whole, source.history)
    yield tag("h3", "Training")
    yield figure(svg(whole), "svg+xml", "The course of the training; a red line ends a stage",
                 source.file(HISTORY))  # fmt: skip


def _notes(source: Source) -> Iterator[Element]:
    if source.report is not None:
        yield tag("h3", "Notes")
        yield tag("ul", *(tag("li", note) for note in notes(source.report)))


def _shape(shape: Sequence[int]) -> str:
    return " x ".join(f"{extent:,}" for extent in shape)
