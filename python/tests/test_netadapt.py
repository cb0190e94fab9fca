# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""NetAdapt: its steps and their order, its command, going on to the same networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import drawn
from conftest import refuse, train_blobs
from mlir_prune.cli import main
from mlir_prune.errors import InputError
from mlir_prune.files import read_arrays
from mlir_prune.models import Mlp
from mlir_prune.native import read_module
from mlir_prune.search import costs, run
from mlir_prune.search.costs import Resource, resource_of
from mlir_prune.search.netadapt import MOST, NetAdapt, Pace, Proposal
from mlir_prune.training.program import compiled

LAYERS = ["a", "b", "c"]
RESOURCE = Resource("macs", {"a": 1000, "b": 3000, "c": 600}, {"a": 1000, "b": 6000, "c": 600})
SENSITIVE = {"a": 3.0, "b": 1.0, "c": 10.0}


def judge(proposal: Proposal) -> dict[str, Any]:
    """Accuracy falls with the square of each layer's sparsity."""
    lost = sum(SENSITIVE[name] * ratio**2 for name, ratio in proposal.ratios)
    return {"accuracy": 99 - lost, "loss": lost, "drop": lost, "error": 0.1,
            "ratios": [list(pair) for pair in proposal.ratios]}  # fmt: skip


@given(st.floats(0.05, 0.9), st.floats(0.02, 0.3), st.floats(0.9, 1.0))
@drawn.examples(20)
def test_the_budget_is_met_in_steps(share: float, first: float, decay: float) -> None:
    dense = RESOURCE.total({})
    pace = Pace(share * dense, first, decay)
    try:
        search = NetAdapt(RESOURCE, LAYERS, pace)
    except InputError as error:
        assert "cannot be reached" in str(error)
        return
    found = run(search, judge)
    assert found["cost"] <= pace.amount
    costs = [row["cost"] for row in found["family"]]
    assert costs == sorted(costs, reverse=True)
    # Every step is met, or the layer has gone as far as it can.
    for row in found["family"]:
        met = row["cost"] <= pace.target(row["step"], dense) * (1 + 1e-6)
        pruned = dict(search.seen[f"{row['step']} {row['layer']}"]["ratios"])
        assert met or pruned[row["layer"]] == pytest.approx(MOST)
    assert all(0 <= ratio <= MOST for ratio in found["ratios"].values())
    # The layer that minds least by what it saves is pruned most.
    assert found["ratios"]["b"] >= found["ratios"]["c"]


def test_a_step_takes_the_most_accurate() -> None:
    search = NetAdapt(RESOURCE, LAYERS, Pace(3000, 0.1, 1.0))
    while proposed := search.propose():
        if not proposed[0].long:
            assert len({proposal.step for proposal in proposed}) == 1
        for proposal in proposed:
            search.observe(proposal, judge(proposal))
    for row in search.finish()["family"]:
        same = [found for key, found in search.seen.items() if key.startswith(f"{row['step']} ")]
        assert row["accuracy"] == max(found["accuracy"] for found in same)


def test_what_cannot_be_saved_is_refused() -> None:
    with pytest.raises(InputError, match="all steps together save 25%"):
        NetAdapt(RESOURCE, LAYERS, Pace(1000, 0.025, 0.9))
    with pytest.raises(InputError, match="cannot be reached"):
        NetAdapt(RESOURCE, ["c"], Pace(1000, 0.1, 1.0))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("netadapt")
    return train_blobs(folder, [8, 24, 16, 4], "{epochs: 8, learning_rate: 1e-2}")


def test_all_proposals_are_trained_by_one_program(trained: Path, tmp_path: Path) -> None:
    """Their masks differ; compiled anew for each, ten steps would take little of the time."""
    compiled.cache_clear()
    options = ["--target", "macs=0.7", "--first", "0.1", "--decay", "1", "--steps", "2"]
    command = ["netadapt", str(trained / "run"), *options, "--epochs", "0"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 0
    proposals = len(json.loads((tmp_path / "out" / "search.json").read_text())["state"]["seen"])
    # Of the subject, of what a run compares with, and of the training.
    assert compiled.cache_info().misses <= 3 < proposals


def test_the_command_goes_on_to_the_same_networks(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--target", "macs=0.4", "--first", "0.3", "--steps", "4", "--epochs", "2"]
    command = ["netadapt", str(trained / "run"), *options]
    assert main([*command, "--out", str(tmp_path / "one")]) == 0
    assert "macs: requested" in capsys.readouterr().out
    mlp = Mlp((8, 24, 16, 4))
    values = read_arrays(tmp_path / "one" / "values.npz")
    left = sum(int(np.count_nonzero(values[name])) for name in mlp.weights())
    assert 0.9 * 0.4 <= left / resource_of(mlp, "macs").total({}) <= 0.4
    found = json.loads((tmp_path / "one" / "netadapt.json").read_text())
    assert found["resource"] == "macs" and found["realised"] == found["counts"]["macs"] == left
    assert found["dense_counts"] == {"parameters": 640.0, "macs": 640.0}
    assert all(row["macs"] == row["cost"] and row["error"] >= 0 for row in found["family"])
    # A run whose second half is forgotten, in two processes.
    two = tmp_path / "two"
    assert main([*command, "--out", str(two)]) == 0
    store = two / "search.json"
    tree = json.loads(store.read_text())
    seen = tree["state"]["seen"]
    tree["state"]["seen"] = dict(list(seen.items())[: len(seen) // 2])
    store.write_text(json.dumps(tree))
    assert main([*command, "--out", str(two), "--workers", "2"]) == 0
    again = read_arrays(two / "values.npz")
    for name, array in values.items():
        assert array.tobytes() == again[name].tobytes(), name
    capsys.readouterr()
    assert main([*command, "--out", str(two), "--seed", "2"]) == 1
    assert "another folder" in capsys.readouterr().err


def test_channels_leave_step_by_step(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["netadapt", str(trained / "run"), "--target", "macs=0.5", "--first", "0.25",
               "--steps", "4", "--epochs", "1", "--granularity", "coupled_channels"]  # fmt: skip
    assert main([*command, "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "netadapt.json").read_text())
    values = read_arrays(tmp_path / "values.npz")
    kept = {n: int(values[n].any(axis=1).sum()) for n in ("fc1.weight", "fc2.weight")}
    first, second = kept["fc1.weight"], kept["fc2.weight"]
    assert 8 * first + first * second + second * 4 == found["realised"] <= found["requested"] == 320
    assert found["counts"] == {"parameters": found["realised"], "macs": found["realised"]}
    compact = read_module(tmp_path / "compact.mlirbc").parameters()
    assert compact["fc2.weight"].shape == (second, first)
    assert {row["layer"] for row in found["family"]} <= {"fc1.weight", "fc2.weight"}
    capsys.readouterr()
    assert main([*command, "--target", "ms=0.5", "--out", str(tmp_path / "no")]) == 1
    assert "counts macs of coupled_channels" in capsys.readouterr().err


def test_milliseconds_follow_the_table(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is given: what a network of microseconds takes depends on what else runs.

    That measured layers are faster when they are pruned is a test of `test_target.py`.
    """
    dense_ms = {"fc1.weight": 2.0, "fc2.weight": 7.0, "fc3.weight": 0.5}
    asked: list[int] = []

    def table(network: Any, values: Any, batch: int) -> costs.LatencyTable:
        asked.append(batch)
        assert set(network.weights()) == set(dense_ms)
        layers = {name: [ms, 0.1 * ms] for name, ms in dense_ms.items()}
        return costs.LatencyTable([0.0, 1.0], layers, 0.5, batch)

    monkeypatch.setattr(costs, "measured", table)
    command = ["netadapt", str(trained / "run"), "--target", "ms=0.6", "--first", "0.2",
               "--decay", "1", "--batch", "3", "--steps", "1", "--epochs", "1",
               "--out", str(tmp_path)]  # fmt: skip
    assert main(command) == 0
    found = json.loads((tmp_path / "netadapt.json").read_text())
    assert asked == [3] and found["dense"] == 10.0 and found["requested"] == 6.0
    ratios, values = found["ratios"], read_arrays(tmp_path / "values.npz")
    expected = 0.5 + sum(ms * (1 - 0.9 * ratios.get(n, 0.0)) for n, ms in dense_ms.items())
    assert found["cost"] == pytest.approx(expected) and 5.9 <= found["cost"] <= 6.0
    costs_then = [row["cost"] for row in found["family"]]
    assert len(costs_then) == 2 and costs_then[0] <= 8 + 1e-6
    for name, ratio in ratios.items():
        assert np.mean(values[name] == 0) == pytest.approx(ratio, abs=1 / values[name].size), name
    dense, pruned = found["measured"]
    assert 0 < dense < 1e3 and 0 < pruned < 1e3
    assert found["realised"] == pytest.approx(pruned / dense * 10.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "sparsity=0.5"], "got sparsity"),
        (["--target", "watts=1"], "a target is one of"),
        (["--target", "macs=0.5", "--first", "0"], "--first is in"),
        (["--target", "macs=0.01", "--first", "0.01"], "cannot be reached"),
    ],
)
def test_what_is_wrong_is_one_line(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    options: list[str], message: str,
) -> None:  # fmt: skip
    refuse(["netadapt", str(trained / "run"), *options], tmp_path / "out", message, capsys)
