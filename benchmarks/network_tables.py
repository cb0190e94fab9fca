# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What ``networks.py`` found, as a table and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markdown_table import head, row

from mlir_prune.training import plots

DENSE = ("onnxruntime", "openvino")
"""Engines that do not use zeros."""
SPARSE = {"deepsparse": "DeepSparse", "mlir_prune": "here"}
"""Engines that do, and what they are called."""
TICKS = [0.2, 0.5, 1, 2, 3, 5, 10, 20, 50]

Found = dict[str, Any]


def times(line: Found, engine: str) -> dict[int, float]:
    """Milliseconds of an engine by zeros."""
    return {time["zeros"]: time["ms"] for time in line["times"] if time["engine"] == engine}


def dense(line: Found) -> float | None:
    """Milliseconds of the faster dense engine on the network without zeros."""
    found = [times(line, engine).get(0) for engine in DENSE]
    return min((ms for ms in found if ms is not None), default=None)


def number(value: float) -> str:
    """Three digits, without an exponent."""
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def words(parts: Sequence[object]) -> str:
    """A list in a sentence."""
    *first, last = map(str, parts)
    return f"{', '.join(first)} and {last}" if first else last


def cell(ms: float | None, against: float | None) -> str:
    """A time, and how many times faster it is."""
    if ms is None:
        return "-"
    return f"{number(ms)} ({against / ms:.2f}x)" if against else number(ms)


def shown(found: Found) -> list[str]:
    """Engines that took part."""
    return [name for name in SPARSE if name in found["engines"]]


def table(found: Found) -> str:
    """A row for each network, in Markdown."""
    zeros = found["zeros"]
    cells = ["network, batch", "dense"]
    if "deepsparse" in shown(found):
        cells.append(f"DeepSparse, {words(zeros)} % zeros")
    lines = [head(cells + [f"here, {share} %" for share in zeros])]
    for line in found["rows"]:
        best = dense(line)
        cells = [f"{line['title']}, {line['batch']}", number(best) if best else "-"]
        if "deepsparse" in shown(found):
            theirs = times(line, "deepsparse")
            cells.append(", ".join(cell(theirs.get(share), None) for share in zeros))
        ours = times(line, "mlir_prune")
        lines.append(row(cells + [cell(ours.get(share), best) for share in zeros]))
    return "\n".join(lines)


def describe(found: Found) -> str:
    """How the figures came about."""
    engines = found["engines"]
    names = [f"{engines[name]['title']} {engines[name]['version']}"
             for name in DENSE if name in engines]  # fmt: skip
    text = f"Milliseconds, medians of {found['rounds']} rounds by turns on the same core. "
    if len(names) > 1:
        text += f'"Dense" is the faster of {words(names)} on the network without zeros'
    elif names:
        text += f'"Dense" is {names[0]} on the network without zeros'
    if names:
        text += "; in brackets is how many times faster than that. "
    if "deepsparse" in engines:
        text += f"DeepSparse is {engines['deepsparse']['version']}. "
    text += (
        "Random zeros in every layer but depthwise convolutions and the first one (that of LeNet-5 "
        "has some); "
        f"{found['threads']} thread{'s' if found['threads'] > 1 else ''}; {found['processor']}; "
        f"kernels chosen by {found['cost_model']}. Results differ from those of "
        f"{found['judge']} by less than {100 * found['tolerance']:g} % of the largest one."
    )
    for title, reason in found["left_out"].items():
        text += f"\n\n{title} is left out: {reason}"
    return text


def document(found: Found) -> str:
    """The text with the table, and what failed."""
    failures = "".join(f"\n* {failure}" for failure in found["failures"])
    text = f"{describe(found)}\n\n{table(found)}\n"
    return f"{text}\nFailures:\n{failures}\n" if failures else text


def plot(found: Found) -> bytes | None:
    """How many times faster than dense everything is, a group of bars for each network.

    None without matplotlib, and where no dense engine took part.
    """
    lines = [line for line in found["rows"] if dense(line)]
    figure = plots.empty_figure(9, 2 + len(lines))
    if figure is None or not lines:
        return None
    bars = [(name, share) for name in shown(found) for share in found["zeros"]]
    axes = figure.subplots()
    for index, (name, share) in enumerate(bars):
        label = f"{SPARSE[name]}, {share} %"
        places, gains = [], []
        for position, line in enumerate(lines):
            ms = times(line, name).get(share)
            if ms is not None:
                places.append(position + 0.8 * (index + 0.5) / len(bars) - 0.4)
                gains.append((dense(line) or 0.0) / ms)
        color = f"C{list(SPARSE).index(name)}"
        depth = 0.4 + 0.6 * (found["zeros"].index(share) + 1) / len(found["zeros"])
        axes.barh(places, gains, 0.8 / len(bars), label=label, color=color, alpha=depth)
    axes.axvline(1.0, color="#8c8c8c", linestyle="--")
    axes.set_yticks(range(len(lines)), [f"{line['title']}, {line['batch']}" for line in lines])
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="times faster than the faster dense engine")
    low, high = axes.get_xlim()
    ticks = [tick for tick in TICKS if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.grid(alpha=0.3, axis="x")
    figure.legend(loc="outside lower center", ncols=len(shown(found)), fontsize="small")
    return plots.png(figure)
