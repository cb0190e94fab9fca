# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pictures of runs: the course of one, and many compared. They need matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import files
from ..figures import empty_figure, layer_style, needed_figure, png
from .history import read_history
from .result import error
from .table import grouped

Lines = list[dict[str, Any]]


def draw_run(folder: Path) -> None:
    """Writes history.png into a run folder; nothing without matplotlib."""
    lines = read_history(folder)
    figure = empty_figure(11, 8)
    if figure is None or not lines:
        return
    draw_history(figure, lines)
    files.write_bytes(folder / "history.png", png(figure))


def draw_history(figure: Any, lines: Lines) -> None:
    """The course of a run on a figure: losses, accuracy, weights left, weights that moved."""
    panels = figure.subplots(2, 2)
    _losses(panels[0][0], lines)
    _accuracy(panels[0][1], lines)
    _sparsity(panels[1][0], lines)
    _moves(panels[1][1], lines)


def draw_comparison(results: Sequence[dict[str, Any]]) -> bytes:
    """Test accuracy against compression, one mark per run, one style per method.

    One panel per network; a method looks the same in all of them.
    """
    figure = needed_figure(11, 7)
    names = list(dict.fromkeys(result["network"] for result in results))
    methods = list(dict.fromkeys(method for _, _, method in grouped(results)))
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    shown: dict[str, Any] = {}
    for axes, network in zip(panels, names, strict=True):
        chosen = [result for result in results if result["network"] == network]
        dense = [100.0 - error(result["test"]["dense"]) for result in chosen]
        shown["dense"] = axes.axhline(sum(dense) / len(dense), color="#8c8c8c", linestyle="--")
        for (_, _, method), runs in grouped(chosen).items():
            (shown[method],) = axes.plot(
                [run["totals"]["compression"] for run in runs],
                [100.0 - error(run["test"]["pruned"]) for run in runs],
                linestyle="none", alpha=0.8, **_style(methods.index(method)),
            )  # fmt: skip
        axes.set(title=network, xscale="log", xlabel="dense weights / weights left",
                 ylabel="test accuracy (%)")  # fmt: skip
        axes.grid(alpha=0.3)
    order = ["dense", *methods]
    figure.legend(
        [shown[name] for name in order], order, loc="outside lower center", ncols=5,
        fontsize="small",
    )  # fmt: skip
    return png(figure)


def _style(index: int) -> dict[str, str]:
    """Color and mark of a method: each of ten colors comes with each of eight marks once."""
    return {"color": f"C{index % 10}", "marker": "osD^vP*X"[(index + index // 10) % 8]}


def _losses(axes: Any, lines: Lines) -> None:
    epochs = range(1, len(lines) + 1)
    axes.plot(epochs, [line["loss"] for line in lines], label="training, with penalty")
    axes.plot(epochs, [line["validation"]["loss"] for line in lines], label="validation")
    axes.set(title="Loss", xlabel="epoch", yscale="log")
    _stages(axes, lines)
    axes.legend()


def _accuracy(axes: Any, lines: Lines) -> None:
    values = [line["validation"]["accuracy"] for line in lines]
    axes.plot(range(1, len(lines) + 1), values)
    axes.set(title="Validation accuracy", xlabel="epoch", ylabel="%")
    # The first epochs are far below the rest and would hide it.
    known = sorted(value for value in values if value is not None)
    if known:
        axes.set_ylim(bottom=max(0.0, known[len(known) // 20] - 0.5), top=100.0)
    _stages(axes, lines)


def _sparsity(axes: Any, lines: Lines) -> None:
    """Weights that act, per layer."""
    names = list(lines[0]["nonzeros"])
    for index, name in enumerate(names):
        left = [line["nonzeros"].get(name) for line in lines]
        axes.plot(range(1, len(lines) + 1), left, **layer_style(name, index, len(names)))
    axes.set(title="Weights left", xlabel="epoch", yscale="log")
    _stages(axes, lines)
    axes.legend(fontsize="small")


def _moves(axes: Any, lines: Lines) -> None:
    """Weights that were pruned and that came back, per epoch."""
    epochs = range(1, len(lines) + 1)
    for key in ("pruned", "recovered"):
        axes.plot(epochs, [line[key] for line in lines], label=key)
    axes.set(title="Weights pruned and recovered", xlabel="epoch", yscale="symlog")
    _stages(axes, lines)
    axes.legend()


def _stages(axes: Any, lines: Lines) -> None:
    """A line where a stage ends."""
    axes.grid(alpha=0.3)
    for index in range(1, len(lines)):
        if lines[index]["stage"] != lines[index - 1]["stage"]:
            axes.axvline(index + 0.5, color="#c44e52", linewidth=0.8)
