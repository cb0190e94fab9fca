# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How much accuracy each layer costs when it alone is pruned (Han et al. 2015, section 3).

The scan is blind to how layers act together and to what a layer is worth; it shows which
ones break first.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import files, networks
from ..errors import InputError
from ..training.masks import apply, select_masks
from .protocol import Search
from .subject import Subject

RATIOS = tuple(round(0.1 * tenth, 1) for tenth in range(1, 10))
COLUMNS = ("layer", "sparsity", "weights_left", "accuracy", "drop", "error", "loss")


@dataclass(frozen=True)
class Cell:
    """One layer at one sparsity."""

    layer: str
    ratio: float

    @property
    def key(self) -> str:
        return f"{self.layer} {self.ratio!r}"


@dataclass(frozen=True)
class Evaluation:
    """Prunes one layer of a subject and scores it; can be sent to another process."""

    subject: Subject
    granularity: str

    def __call__(self, cell: Cell) -> dict[str, Any]:
        loaded = self.subject.load()
        masks = select_masks(
            loaded.network, loaded.values, [cell.layer], self.granularity, sparsity=cell.ratio
        )
        values = apply(loaded.values | masks)
        plain = {name: values[name] for name in loaded.values}
        left = int((plain[cell.layer] != 0).sum())
        return {**loaded.score(plain), "left": left}


class Sensitivity(Search[Cell, list[dict[str, Any]]]):
    """Every layer at every sparsity; all candidates can be evaluated at once.

    The outcome are rows with the columns :data:`COLUMNS`, layer by layer.
    """

    def __init__(self, layers: Sequence[str], ratios: Sequence[float] = RATIOS) -> None:
        super().__init__()
        self._cells = [Cell(layer, ratio) for layer in layers for ratio in ratios]

    def propose(self) -> Sequence[Cell]:
        return [cell for cell in self._cells if cell.key not in self.seen]

    def finish(self) -> list[dict[str, Any]]:
        rows = []
        for cell in self._cells:
            found = self.seen[cell.key]
            values = (cell.layer, cell.ratio, found["left"], found["accuracy"], found["drop"],
                      found["error"], found["loss"])  # fmt: skip
            rows.append(dict(zip(COLUMNS, values, strict=True)))
        return rows


def layers_of(subject: Subject, targets: Sequence[str], ignore: Sequence[str]) -> list[str]:
    """The weights to scan."""
    network = subject.load().network
    return networks.choose(network, targets, ignore, "sensitivity", among=("weight",))


def ratios_within(rows: Sequence[Mapping[str, Any]], points: float) -> dict[str, float]:
    """The largest sparsity of each layer that loses at most `points`; 0 where none does."""
    found: dict[str, float] = {}
    for row in rows:
        found.setdefault(row["layer"], 0.0)
        if row["drop"] <= points:
            found[row["layer"]] = max(found[row["layer"]], row["sparsity"])
    return found


def table_text(rows: Sequence[Mapping[str, Any]], points: float) -> str:
    """Accuracy lost by layer and sparsity in Markdown, and the sparsity within the tolerance."""
    ratios = sorted({row["sparsity"] for row in rows})
    within = ratios_within(rows, points)
    lines = [f"| layer | {' | '.join(f'{ratio:g}' for ratio in ratios)} | within {points:g} |"]
    lines.append("|" + "---|" * (len(ratios) + 2))
    for layer in within:
        lost = {row["sparsity"]: row["drop"] for row in rows if row["layer"] == layer}
        cells = " | ".join(f"{lost[ratio]:+.2f}" for ratio in ratios)
        lines.append(f"| {layer} | {cells} | {within[layer]:g} |")
    return "\n".join(lines) + "\n"


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as comma-separated values."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write(folder: Path, rows: Sequence[Mapping[str, Any]], points: float) -> None:
    """Table, values and, where matplotlib is there, the curves."""
    files.write_text(folder / "sensitivity.md", table_text(rows, points))
    files.write_text(folder / "sensitivity.csv", csv_text(rows))
    picture = draw(rows, points)
    if picture is not None:
        files.write_bytes(folder / "sensitivity.png", picture)


def draw(rows: Sequence[Mapping[str, Any]], points: float) -> bytes | None:
    """Accuracy against sparsity, a line for each layer; None without matplotlib."""
    from ..training.plots import empty_figure, png

    figure = empty_figure(8, 5)
    if figure is None:
        return None
    axes = figure.subplots()
    for layer in dict.fromkeys(row["layer"] for row in rows):
        mine = [row for row in rows if row["layer"] == layer]
        axes.errorbar(
            [row["sparsity"] for row in mine], [row["accuracy"] for row in mine],
            yerr=[row["error"] for row in mine], label=layer, marker=".", capsize=2,
        )  # fmt: skip
    floor = max(row["accuracy"] + row["drop"] for row in rows) - points
    axes.axhline(floor, color="#8c8c8c", linestyle="--", label=f"{points:g} points lost")
    axes.set(xlabel="sparsity of the layer", ylabel="validation accuracy (%)")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", ncols=2)
    return bytes(png(figure))


def check_ratios(ratios: Sequence[float]) -> tuple[float, ...]:
    """Distinct sparsities in order; raises for one that is none."""
    for ratio in ratios:
        if not 0 <= ratio < 1:
            raise InputError(f"a sparsity is in [0, 1), got {ratio:g}")
    return tuple(sorted(set(ratios)))
