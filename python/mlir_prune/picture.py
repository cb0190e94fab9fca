# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The report as a picture of four panels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .figures import empty_figure, layer_style, plain, png
from .render import timings_by_batch

_LABELLED, _TICKS, _LONG = 8, 40, 12
"""Layers that have their numbers beside them, names below the bars, characters of a short name."""

_COLORS = {"dense": "#4c72b0", "compact": "#8c8c8c", "sparse": "#dd8452"}


def draw(report: dict[str, Any]) -> bytes | None:
    """The picture as PNG; nothing when matplotlib is not installed."""
    figure = empty_figure(11, 8)
    if figure is None:
        return None
    panels = figure.subplots(2, 2)
    draw_curves(panels[0][0], report)
    draw_weights(panels[0][1], report)
    draw_times(panels[1][0], report)
    draw_pattern(panels[1][1], report)
    figure.suptitle(
        f"{plain(report['title'])} on {plain(report['dataset'])}: "
        f"{report['totals']['compression']:.1f}x fewer weights, "
        f"test accuracy {report['test']['dense']['accuracy']:.2f} % to "
        f"{report['test']['pruned']['accuracy']:.2f} %"
    )
    return png(figure)


def draw_curves(axes: Any, report: dict[str, Any]) -> None:
    """Validation accuracy over the epochs of all phases, end to end."""
    start = 0
    for index, (name, history) in enumerate(report["history"].items()):
        scores = history["validation"]
        epochs = range(start + 1, start + len(scores) + 1)
        mark = "o" if len(scores) == 1 else None
        axes.plot(epochs, scores, marker=mark, **layer_style(name, index, len(report["history"])))
        start += len(scores)
    axes.set(title="Validation accuracy", xlabel="epoch", ylabel="%")
    axes.grid(alpha=0.3)
    if report["history"]:
        axes.legend()


def draw_weights(axes: Any, report: dict[str, Any]) -> None:
    """Weights per layer before and after, logarithmic."""
    names = [row["name"] for row in report["layers"]]
    place = np.arange(len(names))
    dense = [row["weights"] for row in report["layers"]]
    left = [row["nonzeros"] for row in report["layers"]]
    axes.bar(place - 0.2, dense, 0.4, label="dense", color=_COLORS["dense"])
    bars = axes.bar(place + 0.2, left, 0.4, label="non-zero", color=_COLORS["sparse"])
    if len(names) <= _LABELLED:
        axes.bar_label(bars, [f"{n:,}" for n in left])
    axes.set(title="Weights per layer", xlabel="layer", yscale="log")
    every = -(-len(names) // _TICKS)
    axes.set_xticks(place[::every], [plain(name) for name in names[::every]])
    if len(names) > _LABELLED or max(map(len, names)) > _LONG:
        axes.tick_params("x", rotation=90, labelsize="x-small")
    axes.legend()


def draw_times(axes: Any, report: dict[str, Any]) -> None:
    """Median time per batch of each network, with quartiles."""
    table = timings_by_batch(report)
    place = np.arange(len(table))
    for index, name in enumerate(_COLORS):
        rows = [networks[name] for networks in table.values()]
        median = np.array([row["median"] for row in rows]) * 1e6
        low = median - np.array([row["low"] for row in rows]) * 1e6
        high = np.array([row["high"] for row in rows]) * 1e6 - median
        axes.bar(
            place + 0.27 * (index - 1), median, 0.27, yerr=np.stack([low, high]),
            label=name, color=_COLORS[name], capsize=3,
        )  # fmt: skip
    labels = [f"batch {batch}" for batch in table]
    axes.set(
        title="Time per batch", ylabel="microseconds", yscale="log", xticks=place,
        xticklabels=labels,
    )  # fmt: skip
    axes.legend()


def draw_pattern(axes: Any, report: dict[str, Any]) -> None:
    """How many first-layer weights read each input; an image where it has two dimensions."""
    counts = np.asarray(report["pattern"]["counts"])
    shape = tuple(report["pattern"]["shape"])
    image, title = None, "Weights kept per input"
    side = math.isqrt(counts.size)
    if len(shape) > 1:
        # Planes of the channels side by side.
        planes = counts.reshape(shape[0], -1, shape[-1])
        image, title = np.concatenate(list(planes), axis=1), "Filters that read each tap"
    elif side * side == counts.size:
        image, title = counts.reshape(side, side), "Weights kept per input pixel"
    if image is None:
        axes.bar(np.arange(counts.size), counts, color=_COLORS["sparse"])
        axes.set(title=title, xlabel="input")
        return
    shown = axes.imshow(image, cmap="viridis")
    axes.figure.colorbar(shown, ax=axes)
    axes.set(title=title, xticks=[], yticks=[])
