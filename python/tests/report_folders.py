# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Folders as commands write them, made by hand, and what a page of them holds."""

from __future__ import annotations

import math
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

from mlir_prune import files
from mlir_prune.run_report import totals
from mlir_prune.search import sensitivity

VOID = {"meta", "img", "br", "link", "input", "hr"}
QUESTION = {"question": {"network": "dataset: digits\nmodel: {widths: [16, 20, 4]}\n"}}


class Page(HTMLParser):
    """A page taken apart; raises where a tag is not closed or closed twice."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.open = text, []  # type: ignore[var-annotated]
        self.rows: list[list[str]] = []
        self.images: list[dict[str, str]] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found[name] for name in ("href", "src", "action") if name in found]
        if tag == "img":
            self.images.append(found)
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> within {self.open}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            return
        self.words.append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    def row(self, *start: str) -> list[str]:
        """The one row that begins with some cells."""
        found = [row for row in self.rows if row[: len(start)] == list(start)]
        assert len(found) == 1, (start, found)
        return found[0]


def deep_report(report: dict[str, Any], count: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A report of `count` convolutions with values that fit it."""
    random = np.random.default_rng(count)
    layers, values = [], {}
    for index in range(count):
        name = f'layer{index}.<conv> & "{index}" $x$'
        weight = random.standard_normal((6, 4, 3, 3)).astype(np.float32)
        weight[random.random(weight.shape) < 0.8] = 0.0
        values[f"pruned/{name}.weight"] = weight
        left = int(np.count_nonzero(weight))
        layers.append({
            "name": name, "shape": [6, 4, 3, 3], "weights": weight.size, "biases": 6,
            "macs": 64 * weight.size, "pruned_nonzeros": left, "compact_shape": [6, 4, 3, 3],
            "compact_weights": weight.size, "nonzeros": left, "compact_biases": 6,
            "macs_compact": 64 * weight.size, "macs_sparse": 64 * left,
        })  # fmt: skip
    return {**report, "layers": layers, "totals": totals(layers)}, values


def write_run(
    folder: Path, report: dict[str, Any], values: dict[str, np.ndarray] | None = None
) -> Path:
    """A folder of `prune compress`, with a search, a budget and a scan in its report."""
    folder.mkdir(parents=True, exist_ok=True)
    sizes = report["totals"]
    names = [row["name"] for row in report["layers"]]
    tried = [
        {"key": f"round-{n}", "nonzeros": sizes["weights"] // 2**n,
         "macs": sizes["macs_dense"] // 2**n, "accuracy": 97.5 - 0.2 * n * n,
         "drop": 0.2 * n * n, "error": 0.1 * n, "epochs": 3}
        for n in range(1, 5)
    ]  # fmt: skip
    report = {
        **report,
        "searches": [{"stage": "s", "points": 1.0, "chosen": "round-2", "tried": tried}],
        "targets": [{"stage": "p", "resource": "macs", "requested": 0.5 * sizes["macs_dense"],
                     "realised": 0.49 * sizes["macs_dense"], "dense": sizes["macs_dense"],
                     "ratios": {f"{name}.weight": 0.75 for name in names}}],
        "scans": {"q": scan_rows(names)},
    }  # fmt: skip
    files.write_json(folder / "report.json", report)
    files.write_arrays(folder / "values.npz", values or {})
    return folder


def scan_rows(names: list[str]) -> list[dict[str, Any]]:
    """Rows of a scan in which later layers lose more."""
    return [
        {"layer": f"{name}.weight", "sparsity": ratio, "weights_left": round(100 * (1 - ratio)),
         "accuracy": 97.5 - 5 * (index + 1) * ratio**4, "drop": 5 * (index + 1) * ratio**4,
         "error": 0.1 + ratio / 10, "loss": 0.1 + ratio}
        for index, name in enumerate(names) for ratio in (0.1, 0.5, 0.9)
    ]  # fmt: skip


def write_scan(folder: Path, names: list[str]) -> Path:
    """A folder of `prune sensitivity`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sensitivity.csv").write_text(
        sensitivity.csv_text(scan_rows(names)), encoding="utf-8"
    )
    files.write_json(folder / "search.json", QUESTION)
    return folder


def write_family(folder: Path, resource: str = "ms") -> Path:
    """A folder of `prune netadapt`."""
    folder.mkdir(parents=True, exist_ok=True)
    family = [
        {"step": n, "layer": "fc1.weight", "cost": 1.0 - 0.1 * n, "parameters": 400.0 - 30 * n,
         "macs": 400.0 - 30 * n, "accuracy": 97.5 - 0.1 * n, "drop": 0.1 * n, "error": 0.05}
        for n in range(1, 7)
    ]  # fmt: skip
    files.write_json(folder / "netadapt.json", {
        "resource": resource, "requested": 0.4, "realised": 0.41, "cost": 0.4, "dense": 1.0,
        "batch": 1, "dense_counts": {"parameters": 400.0, "macs": 400.0},
        "counts": {"parameters": 220.0, "macs": 220.0}, "ratios": {"fc1.weight": 0.5},
        "family": family, "score": {"accuracy": 97.2, "loss": 0.1, "drop": 0.3, "error": 0.06},
    })  # fmt: skip
    files.write_json(folder / "search.json", QUESTION)
    return folder


def write_amc(folder: Path) -> Path:
    """A folder of `prune amc`."""
    folder.mkdir(parents=True, exist_ok=True)
    score = {"accuracy": 97.0, "loss": 0.1, "drop": 0.5, "error": 0.2, "macs": 198}
    files.write_json(folder / "amc.json", {
        "groups": [["fc1.weight", "fc2.weight"]], "channels": [20], "requested": 200.0,
        "dense": 400.0, "kept": [9], "found": {}, "uniform": {"kept": [10]}, "episodes": [],
        "networks": {"amc": score, "uniform": {**score, "accuracy": 96.0, "drop": 1.5}},
    })  # fmt: skip
    files.write_json(folder / "search.json", QUESTION)
    return folder


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR"
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def binomial(accuracy: float, rows: int) -> float:
    """Standard error of an accuracy in points."""
    return 100 * math.sqrt(accuracy / 100 * (1 - accuracy / 100) / rows)
