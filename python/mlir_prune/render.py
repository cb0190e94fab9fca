# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The report as one table with notes, for a terminal and for a text file."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

Row = tuple[str, str, str, str]


def render(report: dict[str, Any], console: Console) -> None:
    """Prints the table and the notes to `console`."""
    console.print(make_table(report))
    for note in notes(report):
        console.print(Text(f"- {note}"))


def make_console() -> Console:
    """The terminal, or a pipe."""
    # A pipe has no width of its own; 110 columns keep the table readable there.
    return Console() if sys.stdout.isatty() else Console(width=110)


def render_text(report: dict[str, Any], width: int = 110) -> str:
    """Table and notes as plain text of at most `width` columns."""
    buffer = io.StringIO()
    render(report, Console(file=buffer, width=width, color_system=None, legacy_windows=False))
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def make_table(report: dict[str, Any]) -> Table:
    """The one table: what, dense, pruned, and what changed or why."""
    title = f"{report['title']} on {report['dataset']}"
    table = Table(title=title)
    table.add_column("")
    table.add_column("dense", justify="right")
    table.add_column("pruned", justify="right")
    table.add_column("change, reason", overflow="fold")
    for section in (_accuracy, _layers, _sizes, _kernels, _times):
        rows = list(section(report))
        for index, row in enumerate(rows):
            table.add_row(*(Text(cell) for cell in row), end_section=index == len(rows) - 1)
    return table


def _accuracy(report: dict[str, Any]) -> Iterator[Row]:
    dense, pruned = report["test"]["dense"], report["test"]["pruned"]
    came = report["test"].get("initial")
    if came is not None:
        accuracy = f"{came['accuracy']:.2f} %"
        yield "test accuracy as it came", accuracy, "", "before any training here"
    positions = report.get("positions", 1)
    one, share = "row" if positions == 1 else "position", 100 / (dense["rows"] * positions)
    yield (
        "test accuracy",
        f"{dense['accuracy']:.2f} %",
        f"{pruned['accuracy']:.2f} %",
        f"{pruned['accuracy'] - dense['accuracy']:+.2f} points on {rows_text(report, dense)} "
        f"that no choice used; one {one} is {share:{'.2f' if share >= 0.01 else '.1g'}}",
    )
    dense, pruned = report["validation"]["dense"], report["validation"]["pruned"]
    yield (
        "validation accuracy",
        f"{dense['accuracy']:.2f} %",
        f"{pruned['accuracy']:.2f} %",
        f"{rows_text(report, dense)}; {_chosen(report)}",
    )


def rows_text(result: dict[str, Any], score: dict[str, Any]) -> str:
    """How many rows, and positions of each, a score of a report or a result is of."""
    positions = result.get("positions", 1)
    each = "" if positions == 1 else f" of {positions:,} positions"
    return f"{score['rows']:,} rows{each}"


def _layers(report: dict[str, Any]) -> Iterator[Row]:
    for row in report["layers"]:
        share = 100.0 * row["nonzeros"] / row["weights"]
        yield (
            f"layer {row['name']}: weights",
            f"{row['weights']:,}",
            f"{row['nonzeros']:,}",
            f"{share:.2f} % left; {_shape(row['shape'])} became {_shape(row['compact_shape'])}",
        )


def _sizes(report: dict[str, Any]) -> Iterator[Row]:
    t, size = report["totals"], report["bytes"]
    yield "weights", f"{t['weights']:,}", f"{t['nonzeros']:,}", f"{t['compression']:.1f}x fewer"
    yield (
        "weights and biases",
        f"{t['parameters']:,}",
        f"{t['parameters_left']:,}",
        f"{t['compression_with_biases']:.1f}x fewer",
    )
    yield (
        "MACs per row",
        f"{t['macs_dense']:,}",
        f"{t['macs_sparse']:,}",
        f"{t['macs_compact']:,} when the compact layers run dense",
    )
    yield "FLOPs per row", f"{t['flops_dense']:,}", f"{t['flops_sparse']:,}", "2 per MAC"
    yield (
        "hidden neurons",
        f"{t['hidden']:,}",
        f"{t['hidden_left']:,}",
        f"{t['neurons_removed']:,} removed, exactly",
    )
    yield (
        "bytes of the bytecode",
        f"{size['dense']:,}",
        f"{size['compact']:,}",
        "zeros inside the compact layers are stored",
    )


def _kernels(report: dict[str, Any]) -> Iterator[Row]:
    for batch, rows in report["kernels"].items():
        for row in rows:
            name = f"layer {row['layer']}: kernel, batch {batch}"
            yield name, "dense", row["kernel"], row["reason"]


def _times(report: dict[str, Any]) -> Iterator[Row]:
    for batch, by_network in timings_by_batch(report).items():
        dense, sparse = by_network["dense"], by_network["sparse"]
        compact = by_network["compact"]
        yield (
            f"time, batch {batch}",
            _time(dense["median"]),
            _time(sparse["median"]),
            f"{_ratio(dense['median'], sparse['median'])}; compact with dense kernels "
            f"{_time(compact['median'])}; {_threads(dense['threads'])}",
        )


def notes(report: dict[str, Any]) -> Iterator[str]:
    """What the table does not say by itself, losses included."""
    yield f"Dense is the network {report['dense']['text']}."
    if report["choice"]:
        yield _choice(report["choice"])
    reference = report["reference"]
    yield (
        "The compiled pruned network equals the plain reference of the masked one within "
        f"{reference['relative_error']:.1e} relative (allowed {reference['tolerance']:.0e})."
    )
    for batch, by_network in timings_by_batch(report).items():
        loss = _loss(batch, by_network)
        if loss:
            yield loss
    yield (
        "Times are medians of calls that took turns in this run; dense runs on the same "
        "runtime (oneDNN where it is built in)."
    )


def _choice(choice: dict[str, Any]) -> str:
    """Why the rule of the pruning was chosen, in a sentence."""
    tried = ", ".join(
        f"{t['number']:g} ({t['nonzeros']:,} weights, {t['score']['accuracy']:.2f} %)"
        for t in choice["tried"]
    )
    tolerance, chosen = choice["tolerance"], choice["chosen"]
    goal = f"within {tolerance:g} points of" if tolerance else "as accurate as"
    if any(t["accepted"] for t in choice["tried"]):
        reason = f"the sparsest {goal} the dense network on validation"
    else:
        reason = f"the most accurate, as none was {goal} the dense network on validation"
    return f"The {chosen['rule']} {chosen['number']:g} is {reason}, of: {tried}."


_SEARCHES = {
    "max_drop": "the network within the tolerance",
    "sensitivity": "the sparsities of the layers",
}
"""Keys of pruning stages that choose by validation rows, and what they choose."""


def _chosen(report: dict[str, Any]) -> str:
    """What was decided on the validation part."""
    stages = report["recipe"].get("stages", [])
    choices = []
    if any("best" in (s.get("keep"), (s.get("retrain") or {}).get("keep")) for s in stages):
        choices.append("the epochs")
    for key, choice in _SEARCHES.items():
        if any(s.get(key) is not None for s in stages):
            choices.append(choice)
    if report["choice"]:
        chosen = report["choice"]["chosen"]
        choices.append(f"{chosen['rule']} {chosen['number']:g}")
    return f"made the choice of {' and of '.join(choices)}" if choices else "made no choice"


def _loss(batch: int, by_network: dict[str, Any]) -> str:
    """Where the chosen kernels lose, in a sentence; empty when they win."""
    dense, compact, sparse = (by_network[n]["median"] for n in ("dense", "compact", "sparse"))
    if sparse > dense:
        return (
            f"At batch {batch} the pruned network is slower than the dense one: "
            f"{_time(sparse)} against {_time(dense)}."
        )
    if sparse > 1.03 * compact:
        return (
            f"At batch {batch} the chosen kernels lose to dense kernels on the same compact "
            f"layers: {_time(sparse)} against {_time(compact)}."
        )
    return ""


def timings_by_batch(report: dict[str, Any]) -> dict[int, dict[str, dict[str, Any]]]:
    """Timings by batch, then by network."""
    table: dict[int, dict[str, dict[str, Any]]] = {}
    for timing in report["timings"]:
        table.setdefault(timing["batch"], {})[timing["network"]] = timing
    return table


def _shape(shape: list[int]) -> str:
    return " x ".join(f"{extent:,}" for extent in shape)


def _time(seconds: float) -> str:
    """Seconds with three digits in a unit that suits."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1.0:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _ratio(dense: float, pruned: float) -> str:
    if pruned <= dense:
        return f"{dense / pruned:.2f}x faster"
    return f"{pruned / dense:.2f}x slower"


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"
