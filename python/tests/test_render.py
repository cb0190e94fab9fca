# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The report's table, notes and picture, from a report made by hand."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune.errors import InputError
from mlir_prune.models import Mlp
from mlir_prune.render import notes, render_text
from mlir_prune.run_report import layer_rows, read_report, totals


@pytest.mark.parametrize(("key", "value", "message"), [
    ("choice", None, "'choice' is missing"),
    ("recipe", None, "'recipe' is missing"),
    ("recipe", {"stages": [3]}, r"stages\[0\] expects"),
    ("recipe", {"stages": [{"retrain": 3}]}, "retrain expects"),
])  # fmt: skip
def test_a_damaged_report_is_refused(
    tmp_path: Path, report: dict[str, Any], key: str, value: Any, message: str
) -> None:
    del report[key]
    if value is not None:
        report[key] = value
    (tmp_path / "report.json").write_text(json.dumps(report))
    with pytest.raises(InputError, match=message):
        read_report(tmp_path)


def test_table_says_everything(report: dict[str, Any]) -> None:
    text = render_text(report)
    flat = " ".join(text.split())
    for expected in (
        "16-20-4 on blobs",
        "97.50 %", "95.00 %", "-2.50 points on 40 rows",
        "layer fc1: weights", "10.00 % left; 20 x 16 became 5 x 16",
        "10.0x fewer",
        "hidden neurons", "15 removed",
        "layer fc1: kernel, batch 1", "csr", "10 % non-zero",
        "4.00x faster", "2.00x slower",
        "2 per MAC",
    ):  # fmt: skip
        assert expected in flat, expected
    assert max(map(len, text.splitlines())) <= 110
    assert "\x1b" not in text


def test_a_layer_named_by_a_number_is_not_read_as_a_count(report: dict[str, Any]) -> None:
    # The layers of a torch.nn.Sequential.
    for name, layer in zip(("0", "2"), report["layers"], strict=True):
        layer["name"] = name
    for rows in report["kernels"].values():
        rows[0]["layer"] = "0"
    lines = [line.split("│")[1].strip() for line in render_text(report).splitlines() if "│" in line]
    assert {"layer 0: weights", "layer 2: weights", "layer 0: kernel, batch 1"} <= set(lines)
    assert not any(line[:1].isdigit() for line in lines)


def test_notes_say_where_sparse_loses(report: dict[str, Any]) -> None:
    said = " ".join(notes(report))
    assert "At batch 64 the pruned network is slower than the dense one: 16 us" in said
    assert "At batch 1 " not in said
    report["timings"][2]["median"] = 3.5e-6
    assert "At batch 1 the chosen kernels lose to dense kernels" in " ".join(notes(report))


def test_notes_admit_that_no_trial_was_accepted(report: dict[str, Any]) -> None:
    report["choice"]["tried"][0]["accepted"] = False
    assert "the most accurate, as none was within 0.3 points" in " ".join(notes(report))


def test_validation_rows_say_what_they_chose(report: dict[str, Any]) -> None:
    assert "40 rows; made the choice of std_factor" in render_text(report)
    report["recipe"] = {"stages": [{"keep": "last"}, {"kind": "prune", "retrain": {"keep": "best"}}]}
    report["choice"] = None
    assert "40 rows; made the choice of the epochs" in render_text(report)
    report["recipe"] = {"stages": [{"keep": "last"}, {"kind": "prune"}]}
    assert "40 rows; made no choice" in render_text(report)
    report["recipe"]["stages"][1] |= {"max_drop": {"points": 0.2}, "sensitivity": None}
    said = " ".join(render_text(report).replace("│", " ").split())
    assert "40 rows; made the choice of the network within the tolerance" in said


def test_totals_count_by_hand(report: dict[str, Any]) -> None:
    t = report["totals"]
    assert (t["weights"], t["nonzeros"], t["compression"]) == (400, 40, 10.0)
    assert (t["parameters"], t["parameters_left"]) == (424, 49)
    assert (t["macs_dense"], t["macs_compact"], t["macs_sparse"]) == (400, 100, 40)
    assert t["flops_sparse"] == 80
    assert (t["hidden"], t["neurons_removed"]) == (20, 15)


def test_layer_rows_survive_a_layer_that_vanished() -> None:
    mlp = Mlp((3, 2, 2))
    pruned = mlp.init(np.random.default_rng(0))
    compact = {"fc2.bias": pruned["fc2.bias"]}
    rows = layer_rows(mlp, pruned, compact)
    assert [row["nonzeros"] for row in rows] == [0, 0]
    assert totals(rows)["compression"] == 10


def test_picture_is_a_png(report: dict[str, Any]) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib draws the picture")
    from mlir_prune.picture import draw

    assert draw(report).startswith(b"\x89PNG")
    odd = copy.deepcopy(report)
    odd["pattern"] = {"shape": [3], "counts": [1, 2, 3]}
    assert draw(odd).startswith(b"\x89PNG")
    odd["pattern"] = {"shape": [2, 1, 3], "counts": [1, 2, 3, 4, 5, 6]}
    assert draw(odd).startswith(b"\x89PNG")
