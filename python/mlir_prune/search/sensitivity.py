# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How much accuracy each layer costs when it alone is pruned (Han et al. 2015, section 3).

The scan is blind to how layers act together and to what a layer is worth; it shows which
ones break first.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import files, networks
from ..errors import InputError
from ..figures import NAMED, empty_figure, layer_style, png
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
    """Prunes one layer of a subject and scores it; can be sent to another process.

    Of channels that leave together a layer is a group, by its first weight: `names` are the
    weights that make channels, `groups` the first weights of all groups.
    """

    subject: Subject
    granularity: str
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def __call__(self, cell: Cell) -> dict[str, Any]:
        loaded = self.subject.load()
        names: Sequence[str] = [cell.layer]
        sparsity: object = cell.ratio
        if self.granularity == networks.COUPLED:
            names, ratios = self.names, dict.fromkeys(self.groups, 0.0) | {cell.layer: cell.ratio}
            sparsity = [f"{networks.literal(name)}:{ratio!r}" for name, ratio in ratios.items()]
        masks = select_masks(
            loaded.network, loaded.values, names, self.granularity, sparsity=sparsity
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


def layers_of(
    subject: Subject, targets: Sequence[str], ignore: Sequence[str], command: str = "sensitivity"
) -> list[str]:
    """The weights that a command is about."""
    network = subject.load().network
    return networks.choose(network, targets, ignore, command, among=("weight",))


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


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of :func:`csv_text` in a file; raises :class:`InputError` for anything else."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            lines = list(reader)
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
    if tuple(reader.fieldnames or ()) != COLUMNS or not lines:
        raise InputError(f"{path}: expected rows of {', '.join(COLUMNS)}")
    return [_row(line, f"{path}:{number}") for number, line in enumerate(lines, start=2)]


def _row(line: Mapping[Any, Any], where: str) -> dict[str, Any]:
    """A row of the file as numbers; only the loss may be infinite or no number."""
    found: dict[str, Any] = {"layer": line["layer"]}
    for name in COLUMNS[1:]:
        try:
            value = float(line[name])
        except (TypeError, ValueError):
            raise InputError(f"{where}: {name} expects a number, got {line[name]!r}") from None
        if name != "loss" and not math.isfinite(value):
            raise InputError(f"{where}: {name} expects a finite number, got {value}")
        found[name] = int(value) if name == "weights_left" else value
    return found


def draw(rows: Sequence[Mapping[str, Any]], points: float) -> bytes | None:
    """Accuracy against sparsity, a line for each layer; None without matplotlib."""
    figure = empty_figure(8, 5)
    if figure is None:
        return None
    curves(figure.subplots(), rows, points)
    return bytes(png(figure))


def curves(axes: Any, rows: Sequence[Mapping[str, Any]], points: float | None = None) -> None:
    """Accuracy against sparsity on axes, a line for each layer, and `points` below dense.

    Of many layers colours go from the first to the last, and those are named that lose most.
    """
    names = list(dict.fromkeys(row["layer"] for row in rows))
    worst = {name: max(row["drop"] for row in rows if row["layer"] == name) for name in names}
    shown = sorted(names, key=lambda name: -worst[name])[:NAMED]
    for index, name in enumerate(names):
        mine = [row for row in rows if row["layer"] == name]
        axes.errorbar(
            [row["sparsity"] for row in mine], [row["accuracy"] for row in mine],
            yerr=[row["error"] for row in mine], marker=".", capsize=2,
            **layer_style(name, index, len(names), name in shown),
        )  # fmt: skip
    dense = max(row["accuracy"] + row["drop"] for row in rows)
    text = f"{points:g} points lost" if points is not None else "dense"
    axes.axhline(dense - (points or 0.0), color="#8c8c8c", linestyle="--", label=text)
    axes.set(xlabel="sparsity of the layer", ylabel="validation accuracy (%)")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", ncols=2, loc="lower left")


def check_ratios(ratios: Sequence[float]) -> tuple[float, ...]:
    """Distinct sparsities in order; raises for one that is none."""
    for ratio in ratios:
        if not 0 <= ratio < 1:
            raise InputError(f"a sparsity is in [0, 1), got {ratio:g}")
    return tuple(sorted(set(ratios)))
