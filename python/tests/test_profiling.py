# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The profile of compiled code, and of a training step by ``prune profile``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mlir_prune.cli import main
from mlir_prune.models import Mlp
from mlir_prune.native import parse
from mlir_prune.training.profiling import make_table, profile_stage
from short_runs import DENSE, recipe

PRUNE = {"name": "prune", "kind": "prune", "sparsity": 0.5}
SPARSE = {
    "name": "sparse", "epochs": 1, "optimizer": {"name": "sgd"},
    "regularize": {"kind": "hoyer_square", "strength": 1e-3},
}  # fmt: skip


@pytest.mark.parametrize("reference", [False, True])
def test_the_profile_counts_every_operation_and_changes_no_bit(reference: bool) -> None:
    network = Mlp((8, 16, 4))
    module = parse(network.text(5))
    rng = np.random.default_rng(0)
    arrays = {**network.init(rng), "input": rng.standard_normal((5, 8)).astype(np.float32)}
    plain = module.compile(reference=reference).call("forward", arrays)
    executable = module.compile(reference=reference, profile=True)
    for _ in range(3):
        assert (executable.call("forward", arrays)["logits"] == plain["logits"]).all()
    entries = executable.profile()
    assert entries and {entry.calls for entry in entries} == {3}
    assert all(0 <= entry.seconds < 1 and entry.function == "forward" for entry in entries)
    if not reference:
        found = [(entry.kind, entry.name, entry.label) for entry in entries]
        assert ("onednn.matmul", "matmul 5x16x8", "fc1.weight") in found
    executable.reset_profile()
    assert {(entry.calls, entry.seconds) for entry in executable.profile()} == {(0, 0.0)}


def test_code_without_measurement_has_no_profile() -> None:
    executable = parse(Mlp((8, 4)).text(5)).compile()
    with pytest.raises(ValueError, match="compile with profile=True"):
        executable.profile()


def test_the_operations_of_a_step_are_grouped_by_what_they_are_for() -> None:
    found = profile_stage(recipe(DENSE, PRUNE, SPARSE), "sparse", steps=4)
    assert (found.stage, found.batch, found.steps) == ("sparse", 20, 4)
    groups = found.groups()
    assert {"products", "optimizer updates", "penalties"} <= set(groups)
    updates = groups["optimizer updates"]
    assert all(site.name.endswith("sgd_update") for site in updates)
    updated = {label for site in updates for label in site.labels}
    assert updated >= {f"fc{layer}.{kind}" for layer in (1, 2, 3) for kind in ("weight", "bias")}
    penalized = {label for site in groups["penalties"] for label in site.labels}
    assert penalized == {"fc1.weight", "fc2.weight", "fc3.weight"}
    grouped = sum(site.seconds for sites in groups.values() for site in sites)
    assert grouped == pytest.approx(found.total) and grouped > 0


@pytest.mark.parametrize(
    "stage",
    [
        {"gates": {"strength": 1e-3}},
        {"gradual": {"final": 0.5}},
        {"straight_through": {"pattern": "2:4"}},
        {"admm": {"sparsity": 0.5}},
    ],
)
def test_stages_of_all_methods_have_a_profile(stage: dict[str, object]) -> None:
    found = profile_stage(recipe({"name": "only", "epochs": 2, **stage}), steps=1)
    assert found.stage == "only" and found.total > 0


def test_the_command_prints_a_table_or_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "dataset: blobs.npz\nbatch: 20\nmodel: {widths: [8, 16, 4]}\n"
        "stages: [{name: dense, epochs: 2}]\n"
    )
    assert main(["profile", str(path), "--steps", "3"]) == 0
    text = capsys.readouterr().out
    assert "8-16-4, dense: one step of 20 rows, 1 thread, median of 3" in text
    assert "products" in text and "step without" in text
    assert main(["profile", str(path), "--steps", "3", "--json"]) == 0
    tree = json.loads(capsys.readouterr().out)
    assert tree["step_ms"] > 0 and tree["sum_ms"] > 0
    assert sum(group["share"] for group in tree["groups"]) == pytest.approx(1.0)


def test_small_operations_of_a_group_share_a_row() -> None:
    found = profile_stage(recipe(SPARSE), steps=1)
    names = make_table(found).columns[0]._cells
    assert len(names) < len(found.sites) + len(found.groups()) + 4
