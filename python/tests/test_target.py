# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pruning to a budget: the dynamic programme, the costs, stages with a target, the command."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import make_blobs
from mlir_prune.cli import main
from mlir_prune.errors import RecipeError, TrainingError
from mlir_prune.models import Mlp
from mlir_prune.search.costs import GRID, LatencyTable, measured, resource_of
from mlir_prune.search.program import Option, allocate
from mlir_prune.training.trainer import Trainer
from short_runs import DENSE, SIZES, WEIGHTS, recipe, train

MLP = Mlp((8, 24, 16, 4))


@given(st.integers(0, 999), st.floats(0.05, 1.2))
def test_the_programme_finds_what_trying_all_finds(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    layers = {
        f"l{index}": [
            Option(float(r), float(rng.integers(1, 30)), float(rng.random())) for r in range(4)
        ]
        for index in range(4)
    }
    most = sum(max(o.cost for o in options) for options in layers.values())
    target = max(1, round(share * most))
    found = allocate(layers, target, steps=target)
    best = min(
        (
            sum(o.loss for o in chosen)
            for chosen in itertools.product(*layers.values())
            if sum(o.cost for o in chosen) <= target
        ),
        default=None,
    )
    if best is None:
        assert found is None
        return
    assert found is not None
    picked = [next(o for o in layers[n] if o.ratio == r) for n, r in found.items()]
    assert sum(o.cost for o in picked) <= target
    assert sum(o.loss for o in picked) == pytest.approx(best)


@given(st.integers(0, 99))
def test_the_programme_never_passes_the_target(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layers = {
        str(index): [Option(r, float(rng.random()), float(rng.random())) for r in GRID]
        for index in range(12)
    }
    least = sum(min(o.cost for o in options) for options in layers.values())
    target = least * 1.5
    found = allocate(layers, target)
    assert found is not None
    cost = sum(next(o.cost for o in layers[n] if o.ratio == r) for n, r in found.items())
    assert cost <= target * (1 + 1e-9)


def test_nothing_buys_only_what_is_free() -> None:
    free, dear = Option(0.9, 0.0, 2.0), Option(0.0, 1.0, 0.0)
    assert allocate({"a": [free, dear]}, 0.0) == {"a": 0.9}
    assert allocate({"a": [dear]}, 0.0) is None
    assert allocate({"a": [free]}, -1.0) is None


def test_costs_are_counted() -> None:
    ratios = {"fc1.weight": 0.5, "fc3.weight": 0.25}
    assert resource_of(MLP, "parameters").total(ratios) == 96 + 384 + 48
    assert resource_of(MLP, "macs").total(ratios) == 96 + 384 + 48
    assert resource_of(MLP, "bytes").total(ratios) == 4 * 96 + 24 + 4 * 384 + 4 * 48 + 8
    table = LatencyTable([0.0, 0.5], {"fc1.weight": [3.0, 1.0], "fc2.weight": [5.0, 5.0]}, 0.25)
    assert resource_of(MLP, "ms", table).total({"fc1.weight": 0.25}) == pytest.approx(7.25)


def target(**rule: Any) -> dict[str, Any]:
    return {"name": "p", "kind": "prune", "target": rule}


def note(trainer: Trainer) -> dict[str, Any]:
    found: dict[str, Any] = trainer.state.meta["notes"]["p target"]
    return found


@pytest.mark.parametrize("allocation", ["uniform", "global", "program"])
@pytest.mark.parametrize(
    ("name", "amount"),
    [("sparsity", 0.8), ("parameters", 0.3), ("parameters", 200), ("macs", 0.5), ("bytes", 0.4)],
)
def test_counted_targets_are_met(
    tmp_path: Path, name: str, amount: float, allocation: str
) -> None:
    trainer = train(tmp_path, DENSE, target(**{name: amount}, allocation=allocation))
    found = note(trainer)
    assert 0.95 * found["requested"] <= found["realised"] <= found["requested"]
    left = {n: np.count_nonzero(trainer.state.arrays[n]) for n in SIZES}
    if name == "bytes":
        real = sum(min(4 * s, 4 * left[n] + math.ceil(s / 8)) for n, s in SIZES.items())
    else:
        real = sum(left.values())
    assert real == found["realised"]
    if name == "sparsity":
        assert real <= 0.2 * WEIGHTS + 1
    if allocation == "uniform":
        shares = [left[n] / SIZES[n] for n in SIZES]
        assert max(shares) - min(shares) < 0.02


@pytest.mark.parametrize("criterion", ["wanda", "obd", "random"])
@pytest.mark.parametrize("granularity", ["unstructured", "vector:4:1"])
def test_a_global_budget_ranks_by_the_criterion(
    tmp_path: Path, criterion: str, granularity: str
) -> None:
    stage = {**target(macs=0.4, allocation="global"), "criterion": criterion,
             "granularity": granularity}  # fmt: skip
    trainer = train(tmp_path, DENSE, stage)
    found = note(trainer)
    assert 0.95 * found["requested"] <= found["realised"] <= found["requested"]
    assert sum(np.count_nonzero(trainer.state.arrays[n]) for n in SIZES) == found["realised"]
    ranked = {**stage, "scope": "global", "sparsity": 0.6}
    del ranked["target"]
    other = train(tmp_path / "ranked", DENSE, ranked)
    for name in SIZES:
        kept = [np.count_nonzero(each.state.arrays[name]) for each in (trainer, other)]
        assert abs(kept[0] - kept[1]) <= 0.05 * WEIGHTS


def test_a_budget_of_channels_warns_of_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = {**target(macs=0.5), "granularity": "coupled_channels"}
    trainer = train(tmp_path, DENSE, stage)
    assert note(trainer)["realised"] <= note(trainer)["requested"]
    assert "warning" not in capsys.readouterr().err


def test_milliseconds_are_measured_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    wide = Mlp((256, 400, 300, 10))
    values = wide.init(np.random.default_rng(1))
    table = measured(wide, values, ratios=(0.0, 0.9, 0.99))
    assert set(table.layers) == set(wide.weights())
    for name in ("fc1.weight", "fc2.weight"):
        dense, some, few = table.layers[name]
        assert dense > some > 0 and dense > few > 0
    (kept,) = tmp_path.rglob("latency-*.json")
    tree = json.loads(kept.read_text())
    tree["rest"] = 123.0
    kept.write_text(json.dumps(tree))
    assert measured(wide, values, ratios=(0.0, 0.9, 0.99)).rest == 123.0
    assert measured(wide, values, ratios=(0.0, 0.9, 0.99), batch=8).rest != 123.0
    kept.write_text("{}")
    assert measured(wide, values, ratios=(0.0, 0.9, 0.99)).rest != 123.0


def test_a_target_that_cannot_be_reached_is_an_error(tmp_path: Path) -> None:
    for allocation in ("uniform", "global", "program"):
        stage = {**target(parameters=100, allocation=allocation), "ignore": ["fc2.weight"]}
        with pytest.raises(TrainingError, match="parameters of 100 cannot be reached"):
            train(tmp_path / allocation, DENSE, stage)


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (target(), "target needs one of sparsity, parameters, macs, bytes, ms, got none"),
        (target(macs=0.5, ms=0.5), "got macs and ms"),
        (target(sparsity=1.0), "target.sparsity"),
        (target(macs=0.0), "target.macs"),
        ({**target(macs=0.5), "sparsity": 0.5}, "got sparsity and target"),
        ({**target(macs=0.5), "scope": "global"}, "it does not go with scope"),
        ({**target(macs=0.5), "granularity": "n_of_m:2:4:1"}, "n_of_m:2:4:1 has one of its own"),
    ],
)
def test_what_does_not_go_together_is_refused(stage: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        recipe(DENSE, stage)


def test_the_command_takes_a_budget(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blobs = make_blobs()
    data = tmp_path / "blobs.npz"
    np.savez(data, x=blobs.train.inputs[0], y=blobs.train.labels)
    out = tmp_path / "out"
    command = ["compress", "mlp", "--dataset", str(data), "--out", str(out)]
    assert main([*command, "--target", "macs=0.2", "--epochs", "2"]) == 0
    assert "macs requested" in capsys.readouterr().out
    report = json.loads((out / "report.json").read_text())
    totals, (told,) = report["totals"], report["targets"]
    assert told["resource"] == "macs" and told["dense"] == totals["macs_dense"]
    assert told["realised"] <= told["requested"] == 0.2 * totals["macs_dense"]
    assert totals["macs_sparse"] <= told["realised"]
    assert 0.1 * totals["macs_dense"] <= totals["macs_sparse"] <= 0.2 * totals["macs_dense"]
    for more, message in (
        (["--target", "mac=0.5"], "did you mean 'macs'"),
        (["--target", "macs"], "as in macs=0.5"),
        (["--target", "macs=-1"], "positive number below 1e+18, got '-1'"),
        (["--target", "sparsity=1.5"], "positive number below 1, got '1.5'"),
        (["--target", "macs=0.5", "--max-drop", "1"], "two aims"),
        (["--target", "macs=0.5", "--minutes", "1"], "goes with --max-drop"),
        (["--max-drop", "1", "--allocation", "global"], "goes with --target"),
        (["--allocation", "global"], "part of an aim"),
    ):
        assert main([*command, *more, "--overwrite"]) == 1
        assert message in capsys.readouterr().err
