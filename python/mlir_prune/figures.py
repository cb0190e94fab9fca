# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What all figures share: how they are made, written and labelled. They need matplotlib."""

from __future__ import annotations

import io
from typing import Any

from .errors import InputError

NAMED = 10
"""Layers that the legend of a plot names; there are as many distinct colours."""


def empty_figure(width: float, height: float) -> Any:
    """An empty figure of so many inches; None without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return None
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def needed_figure(width: float, height: float) -> Any:
    """An empty figure; raises :class:`InputError` without matplotlib."""
    figure = empty_figure(width, height)
    if figure is None:
        raise InputError("pictures need matplotlib: pip install matplotlib")
    return figure


def png(figure: Any, dpi: int = 110) -> bytes:
    """A figure as the bytes of a file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return buffer.getvalue()


def svg(figure: Any) -> bytes:
    """A figure as the bytes of an SVG file; the same figure gives the same bytes."""
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "mlir_prune"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def plain(text: str) -> str:
    """A name as matplotlib shows it literally: no formula, nothing that legends leave out."""
    text = text.replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def layer_style(name: str, index: int, count: int, named: bool | None = None) -> dict[str, Any]:
    """Colour, line and label of a layer among `count`.

    Of many layers the colours go from the first to the last, and the legend names those that
    are `named`, or the first and the last.
    """
    if count <= NAMED:
        return {"color": f"C{index}", "label": plain(name)}
    import matplotlib

    shown = index in (0, count - 1) if named is None else named
    color = matplotlib.colormaps["viridis"](index / (count - 1))
    return {"color": color, "linewidth": 1, "label": plain(name) if shown else None}
