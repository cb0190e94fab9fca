# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The page and the picture of `prune report`: their numbers are those of the files."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import drawn
from conftest import make_blobs
from mlir_prune.cli import main
from mlir_prune.insight import charts, masks
from mlir_prune.insight.points import COSTS, Point, front, panel, points_of
from mlir_prune.insight.requests import layer_requests, rows_of
from mlir_prune.insight.sources import read_sources
from mlir_prune.search import sensitivity
from report_folders import (
    Page,
    binomial,
    deep_report,
    png_size,
    scan_rows,
    write_amc,
    write_family,
    write_run,
    write_scan,
)

pytest.importorskip("matplotlib", reason="matplotlib draws the pictures")


def page(tmp_path: Path, *folders: Path) -> Page:
    out = tmp_path / "page.html"
    assert main(["report", *map(str, folders), "-o", str(out)]) == 0
    return Page(out.read_text(encoding="utf-8"))


def axes() -> Any:
    from matplotlib.figure import Figure

    return Figure().subplots()


def stored(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return found


def test_the_page_has_every_layer_and_number(tmp_path: Path, report: dict[str, Any]) -> None:
    folder = write_run(tmp_path / "run", report)
    found = page(tmp_path, folder)
    saved = stored(folder)
    for row in saved["layers"]:
        out, inner = row["shape"]
        small = " x ".join(map(str, row["compact_shape"]))
        cells = found.row(row["name"], f"{out} x {inner}")
        share = 100 * (1 - row["nonzeros"] / row["weights"])
        assert cells[2:9] == [small, f"{row['weights']:,}", f"{row['nonzeros']:,}",
                              f"{share:.2f} %", "75.00 %", f"{row['macs']:,}",
                              f"{row['macs_sparse']:,}"]  # fmt: skip
    assert found.row("fc1", "20 x 16")[9:] == ["csr", "10 % non-zero"]
    assert found.row("fc1", "dense")[2] == "predicted 2 us against 3 us"
    error = binomial(97.5, 40)
    assert found.row("test", "dense")[2] == f"97.50 ± {error:.2f}"
    assert found.row("validation", "pruned")[4] == "0.1000"
    assert found.row("round-2")[1:] == ["100", "100", "96.70", "+0.80 ± 0.20", "3", "kept"]
    for row in saved["scans"]["q"]:
        cells = found.row(row["layer"])
        place = 1 + [0.1, 0.5, 0.9].index(row["sparsity"])
        assert cells[place] == f"{row['drop']:+.2f} ± {row['error']:.2f}"


def test_requested_and_realised_are_side_by_side(tmp_path: Path, report: dict[str, Any]) -> None:
    folder = write_run(tmp_path / "run", report)
    found, saved = page(tmp_path, folder), stored(folder)
    (target,) = saved["targets"]
    off = saved["totals"]["macs_sparse"] / target["requested"] - 1
    assert found.row("MACs per row", "400") == [
        "MACs per row", "400", "200", "40", f"{off:+.1%}", "196 right after pruning",
    ]  # fmt: skip
    assert found.row("points lost, validation rows")[2:5] == ["+1.00", "+0.00", "-1.00 points"]
    assert found.row("points lost, test rows")[2:5] == ["\N{EN DASH}", "+2.50", ""]
    assert found.row("ms of a call, batch 64")[1:4] == ["0.008", "\N{EN DASH}", "0.016"]
    family = page(tmp_path, write_family(tmp_path / "netadapt"))
    assert family.row("ms of a call, batch 1") == [
        "ms of a call, batch 1", "1", "0.4", "0.41", "+2.5%",
        "measured by turns with the dense network",
    ]  # fmt: skip


def test_networks_of_amc_are_beside_the_uniform_ones(tmp_path: Path) -> None:
    found = page(tmp_path, write_amc(tmp_path / "amc"))
    assert found.row("MACs per row, amc")[1:5] == ["400", "200", "198", "-1.0%"]
    assert found.row("points lost, validation rows, uniform")[3] == "+1.50 ± 0.20"
    assert found.row("fc1.weight, fc2.weight") == ["fc1.weight, fc2.weight", "20", "9", "10"]
    points = points_of(read_sources([tmp_path / "amc"])[0])
    assert [(p.kind, p.accuracy, p.macs, p.density) for p in points] == [
        ("amc", 97.0, 198, None), ("search", 96.0, 198, None),
    ]  # fmt: skip
    assert panel(points, "density") == [] and front(points, "macs") == points[:1]


def test_nothing_is_fetched_and_names_are_text(tmp_path: Path, report: dict[str, Any]) -> None:
    deep, values = deep_report(report, 60)
    deep["title"] = "<script>alert(1)</script>"
    folder = write_run(tmp_path / "a <b> & $c", deep, values)
    found = page(tmp_path, folder, write_scan(tmp_path / "scan", ["a<b", "_c"]))
    for link in found.links:
        assert link.startswith(("data:image/", "#folder-")), link[:80]
    assert {link for link in found.links if link.startswith("#")} == {f"#{i}" for i in found.ids}
    assert "<script" not in found.text and "@import" not in found.text and "url(" not in found.text
    names = [row["name"] for row in deep["layers"]]
    for name in names:
        assert found.row(name, "6 x 4 x 3 x 3")[3] == "216"
    pictures = [image for image in found.images if image["src"].startswith("data:image/png")]
    assert len(pictures) == 60
    for image, (name, weight) in zip(pictures, values.items(), strict=True):
        assert name.removeprefix("pruned/").removesuffix(".weight") in image["alt"]
        data = base64.b64decode(image["src"].partition(",")[2])
        assert png_size(data) == (4 * 3, 6 * 3)
        assert f"{(weight != 0).mean():.2%} kept" in image["alt"]


def test_the_same_folders_give_the_same_page(tmp_path: Path, report: dict[str, Any]) -> None:
    folders = [write_run(tmp_path / "run", report), write_family(tmp_path / "n")]
    assert page(tmp_path, *folders).text == page(tmp_path, *folders).text


def test_the_picture_is_a_png(tmp_path: Path, report: dict[str, Any]) -> None:
    write_run(tmp_path / "runs" / "one", report)
    write_family(tmp_path / "runs" / "two")
    write_scan(tmp_path / "runs" / "three", ["fc1", "fc2"])
    out = tmp_path / "all.png"
    assert main(["report", str(tmp_path / "runs"), "--png", str(out)]) == 0
    width, height = png_size(out.read_bytes())
    assert 1500 <= width <= 4000 and 1000 <= height <= 8000
    assert out.stat().st_size > 50_000


def test_figures_show_the_numbers_of_the_files(tmp_path: Path, report: dict[str, Any]) -> None:
    (source,) = read_sources([write_run(tmp_path, report)])
    assert source.report is not None
    panel_axes = axes()
    charts.draw_density(panel_axes, source.report["layers"], layer_requests(source.report))
    heights = [bar.get_height() for bar in panel_axes.patches]
    rows = source.report["layers"]
    assert heights == [100 * (1 - row["nonzeros"] / row["weights"]) for row in rows]
    assert list(panel_axes.lines[0].get_ydata()) == [75.0, 75.0]
    panel_axes = axes()
    charts.draw_requests(panel_axes, rows_of(source))
    widths = [bar.get_width() for bar in panel_axes.patches]
    shares = [100 * row.realised / row.dense for row in rows_of(source)
              if row.dense and row.unit in ("count", "ms")]  # fmt: skip
    assert widths == pytest.approx(shares)
    panel_axes = axes()
    sensitivity.curves(panel_axes, source.report["scans"]["q"])
    for line, layer in zip(panel_axes.lines[::3], ("fc1.weight", "fc2.weight"), strict=False):
        mine = [row for row in source.report["scans"]["q"] if row["layer"] == layer]
        assert list(line.get_xdata()) == [row["sparsity"] for row in mine]
        assert list(line.get_ydata()) == [row["accuracy"] for row in mine]


def test_pareto_panels_show_all_networks(tmp_path: Path, report: dict[str, Any]) -> None:
    sources = read_sources([write_run(tmp_path / "a", report), write_family(tmp_path / "b")])
    points = [point for source in sources for point in points_of(source)]
    # Dense and pruned, four rounds; dense, six steps, the last of a family.
    assert len(points) == 6 + 8
    assert len(panel(points, "density")) == 14 and len(panel(points, "macs")) == 14
    assert sorted(p.ms for p in panel(points, "ms") if p.kind == "run") == [1e-3]
    for cost in COSTS:
        panel_axes = axes()
        charts.draw_pareto(panel_axes, points, cost)
        drawn_points = {
            (x, y) for container in panel_axes.containers
            for x, y in zip(*container.lines[0].get_data(), strict=True)
        }  # fmt: skip
        assert drawn_points == {(p.cost(cost), p.accuracy) for p in panel(points, cost)}
    tried = stored(tmp_path / "a")["searches"][0]["tried"]
    rounds = [p for p in points if p.kind == "search"]
    assert [(p.accuracy, p.macs, p.error) for p in rounds] == [
        (t["accuracy"], t["macs"], t["error"]) for t in tried
    ]


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=12))
@drawn.examples(60)
def test_the_front_is_what_no_network_beats(pairs: list[tuple[int, int]]) -> None:
    points = [Point("run", str(i), "", y, None, x) for i, (x, y) in enumerate(pairs)]
    found = {(p.density, p.accuracy) for p in front(points, "density")}
    expected = {
        (x, y) for x, y in pairs
        if not any((a <= x and b > y) or (a < x and b >= y) for a, b in pairs)
    }  # fmt: skip
    assert found == expected


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 16), st.integers(0, 99))
@drawn.examples(40)
def test_blocks_are_means(rows: int, columns: int, limit: int, seed: int) -> None:
    mask = np.random.default_rng(seed).random((rows, columns)) < 0.3
    shares = masks.blocks(mask, limit)
    assert shares.shape == (min(rows, limit), min(columns, limit))
    starts = [np.linspace(0, n, k, endpoint=False).astype(int) for n, k in
              zip(mask.shape, shares.shape, strict=True)]  # fmt: skip
    total = 0
    for i, j in np.ndindex(shares.shape):
        ends = [[*starts[0], rows][i + 1], [*starts[1], columns][j + 1]]
        block = mask[starts[0][i] : ends[0], starts[1][j] : ends[1]]
        assert shares[i, j] == pytest.approx(block.mean())
        total += block.size
    assert total == mask.size


def test_filters_are_tiles() -> None:
    mask = np.zeros((2, 3, 2, 2), bool)
    mask[1, 2, 0, 1] = True
    found = masks.matrix(mask)
    assert found.shape == (4, 6) and np.argwhere(found).tolist() == [[2, 5]]
    assert masks.matrix(np.ones(5, bool)).shape == (1, 5)


RECIPE = """\
dataset: {data}
batch: 20
model: {{widths: [8, 24, 16, 4]}}
stages:
  - {{name: dense, epochs: 6, learning_rate: 1e-2}}
  - {{name: scan, kind: prune, sensitivity: 5.0}}
  - {{name: p, kind: prune, target: {{macs: 0.2}}}}
  - {{name: tune, epochs: 2}}
bench: {{batches: [1, 8], rounds: 3, min_seconds: 0.001}}
"""


def test_folders_of_the_commands_make_a_page(tmp_path: Path) -> None:
    """One run, a scan of it and a family from it, as the commands write them."""
    blobs = make_blobs()
    np.savez(tmp_path / "blobs.npz", x=blobs.train.inputs[0], y=blobs.train.labels)
    (tmp_path / "r.yaml").write_text(RECIPE.format(data=tmp_path / "blobs.npz"))
    runs = tmp_path / "runs"
    run = str(runs / "a")
    assert main(["compress", str(tmp_path / "r.yaml"), "--out", run, "--quiet"]) == 0
    assert main(["sensitivity", run, "--out", str(runs / "b"), "--sparsity", "0.5"]) == 0
    assert main(["netadapt", run, "--target", "macs=0.6", "--first", "0.3", "--steps", "2",
                 "--epochs", "1", "--out", str(runs / "c")]) == 0  # fmt: skip
    found, saved = page(tmp_path, runs), stored(runs / "a")
    names = {row["name"] for row in saved["layers"]}
    assert names == {"fc1", "fc2", "fc3"} and set(saved["scans"]) == {"scan"}
    for row in saved["layers"]:
        assert any(
            cells[0] == row["name"] and f"{row['nonzeros']:,}" in cells for cells in found.rows
        )
    for part in ("validation", "test"):
        for network in ("dense", "pruned"):
            score = saved[part][network]
            assert score["standard_error"] == pytest.approx(
                binomial(score["accuracy"], score["rows"])
            )
            text = f"{score['accuracy']:.2f} ± {score['standard_error']:.2f}"
            assert found.row(part, network)[2] == text
        pruned, dense = saved[part]["pruned"], saved[part]["dense"]
        assert pruned["drop"] == pytest.approx(dense["accuracy"] - pruned["accuracy"])
    # All three are about one network on one data set, so one figure has them.
    assert " ".join(found.words).count("Pareto fronts") == 1
    assert found.row(f"{run}: pruned")[0] and found.row(f"{runs / 'c'}: last")[0]
    masks_shown = [image for image in found.images if "kept" in image["alt"]]
    values = np.load(runs / "a" / "values.npz")
    for image, name in zip(masks_shown, sorted(names), strict=True):
        kept = (values[f"pruned/{name}.weight"] != 0).mean()
        assert image["alt"].startswith(name) and f"{kept:.2%} kept" in image["alt"]


def damage_report(folder: Path) -> None:
    tree = stored(folder)
    tree["totals"]["nonzeros"] = "many"
    (folder / "report.json").write_text(json.dumps(tree))


def damage_search(folder: Path) -> None:
    tree = stored(folder)
    del tree["searches"][0]["tried"][0]["accuracy"]
    (folder / "report.json").write_text(json.dumps(tree))


def damage_values(folder: Path) -> None:
    (folder / "values.npz").write_bytes(b"PK\x03\x04 not an archive")


def damage_history(folder: Path) -> None:
    (folder / "history.jsonl").write_text('{"stage": 3}\n')


def damage_error(folder: Path) -> None:
    tree = stored(folder)
    tree["validation"] = {
        **tree["validation"],
        "pruned": {**tree["validation"]["pruned"], "drop": "x"},
    }
    (folder / "report.json").write_text(json.dumps(tree))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (damage_report, "nonzeros expects a whole number"),
        (damage_search, "'accuracy' is missing"),
        (damage_values, "values.npz"),
        (damage_history, "history.jsonl:1"),
        (damage_error, "drop expects a number"),
    ],
)
def test_a_damaged_run_is_one_error(
    tmp_path: Path, report: dict[str, Any], capsys: pytest.CaptureFixture[str], damage: Any,
    message: str,
) -> None:  # fmt: skip
    folder = write_run(tmp_path / "run", report)
    damage(folder)
    out = tmp_path / "page.html"
    assert main(["report", str(folder), "-o", str(out)]) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("sensitivity.csv", "0.9", "much", "sparsity expects a number, got 'much'"),
        ("sensitivity.csv", "layer,", "lair,", "expected rows of layer"),
        ("sensitivity.csv", "97.5,", "inf,", "accuracy expects a finite number"),
        ("netadapt.json", '"batch": 1', '"batch": 0', "batch expects at least 1"),
        ("netadapt.json", '"resource"', '"ressource"', "'resource' is missing"),
        ("search.json", "widths", "heights", "not a search of a network"),
    ],
)
def test_a_damaged_search_is_one_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, old: str, new: str, message: str
) -> None:
    write_scan(tmp_path, ["fc1"])
    write_family(tmp_path)
    (tmp_path / "sensitivity.csv").write_text(
        sensitivity.csv_text([{**scan_rows(["fc1"])[0], "accuracy": 97.5}, *scan_rows(["fc1"])[1:]])
    )
    path = tmp_path / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert main(["report", str(tmp_path), "--png", str(tmp_path / "p.png")]) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "p.png").exists()


def test_what_cannot_be_written_is_one_error(
    tmp_path: Path, report: dict[str, Any], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    folder = str(write_run(tmp_path / "run", report))
    (tmp_path / "empty").mkdir()
    for arguments, message in (
        ([folder, "-o", "page.pdf"], "ends in .html"),
        ([folder, "--png", "page.jpg"], "ends in .png"),
        ([folder, "--json", "-o", "page.html"], "--json prints the report of one run"),
        ([str(tmp_path / "empty"), "-o", "page.html"], "holds no finished run"),
        ([folder, str(tmp_path / "none")], "none: no such folder"),
    ):
        assert main(["report", *arguments]) == 1
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    for option, path in (("-o", "/proc/new/x.html"), ("--png", "/proc/x.png")):
        assert main(["report", folder, option, path]) == 1  # before anything is drawn
        assert f"{path}: cannot be written" in capsys.readouterr().err
    assert main(["report", folder, "-o", str(tmp_path / "page.html")]) == 1
    assert "pip install matplotlib" in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()


def test_the_terminal_has_the_tables(
    tmp_path: Path, report: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [write_run(tmp_path / "a", report), write_scan(tmp_path / "b", ["fc1"]),
               write_family(tmp_path / "c"), write_amc(tmp_path / "d")]  # fmt: skip
    assert main(["report", *map(str, folders)]) == 0
    text = capsys.readouterr().out
    assert "layer fc1: weights" in text and "| fc1.weight |" in text
    assert "ms: requested 0.4, realised 0.41 (+2.5%), dense 1" in text
    assert "amc: macs requested 200, realised 198 (-1.0%), dense 400" in text
    assert main(["report", str(folders[0]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["searches"][0]["chosen"] == "round-2"
