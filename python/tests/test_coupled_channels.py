# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recipes that prune channels which leave together: shares, criteria, budgets, removal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune import forms
from mlir_prune.data import Dataset, load
from mlir_prune.errors import RecipeError, TrainingError
from mlir_prune.imported import ImportedNetwork
from mlir_prune.models import ResNet
from mlir_prune.native import parse
from mlir_prune.networks import COUPLED
from mlir_prune.recipe import from_dict, load_recipe
from mlir_prune.search.costs import resource_of
from mlir_prune.training.plan import plan_text
from mlir_prune.training.trainer import Trainer

NETWORK = ResNet(1, "A", (4, 8, 12), (3, 8, 8), 4)
GROUPS = {
    # Weights that make the same channels: the stem and the second convolutions, whose results
    # are added, with shortcuts that pad with zeros; the first convolutions by themselves.
    "layer1.0.conv1.weight": 4, "layer2.0.conv1.weight": 8, "layer3.0.conv1.weight": 12,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A residual network and images of four kinds."""
    found = tmp_path_factory.mktemp("coupled")
    generator = np.random.default_rng(5)
    values = NETWORK.init(generator)
    for name, array in values.items():
        if ".bn" in name or name.startswith("bn"):
            values[name] = generator.uniform(0.5, 1.5, array.shape).astype(np.float32)
    module = parse(NETWORK.text(1))
    module.bind(values)
    (found / "net.mlirbc").write_bytes(module.to_bytecode())
    kinds = generator.standard_normal((4, 3, 8, 8))
    labels = generator.integers(0, 4, 400).astype(np.int32)
    images = (kinds[labels] + generator.standard_normal((400, 3, 8, 8))).astype(np.float32)
    np.savez(found / "images.npz", x_train=images[:320], y_train=labels[:320],
             x_test=images[320:], y_test=labels[320:])  # fmt: skip
    return found


def run(folder: Path, out: Path, *stages: dict[str, Any]) -> Trainer:
    tree = {"batch": 40, "model": {"file": str(folder / "net.mlirbc")}, "seed": 3,
            "dataset": str(folder / "images.npz"), "stages": list(stages)}  # fmt: skip
    trainer = Trainer(from_dict(tree), data(folder), out)
    trainer.run()
    return trainer


def data(folder: Path) -> Dataset:
    return load(str(folder / "images.npz"))


def channels(arrays: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Which output channels of a weight are left."""
    return np.asarray(arrays[name].reshape(len(arrays[name]), -1).any(axis=1))


def test_a_share_of_every_group(folder: Path, tmp_path: Path) -> None:
    arrays = run(folder, tmp_path, {"kind": "prune", "sparsity": 0.5, "granularity": COUPLED}).state.arrays
    before = ImportedNetwork.read(folder / "net.mlirbc").values
    for name, count in GROUPS.items():
        scores = np.abs(before[name]).reshape(count, -1).sum(axis=1)
        expected = np.ones(count, bool)
        expected[np.argsort(scores, kind="stable")[: count // 2]] = False
        np.testing.assert_array_equal(channels(arrays, name), expected, err_msg=name)
        norm = name.replace("conv1.weight", "bn1")
        for part in ("weight", "bias"):
            np.testing.assert_array_equal(arrays[f"{norm}.{part}"] != 0, expected)
    # What a residual add ties loses the same channels.
    np.testing.assert_array_equal(
        channels(arrays, "conv1.weight"), channels(arrays, "layer1.0.conv2.weight")
    )


@pytest.mark.parametrize("criterion", ["taylor", "obd", "wanda", "apoz", "batch_norm_scale", "random"])
def test_removed_equals_masked_by_every_criterion(criterion: str, folder: Path, tmp_path: Path) -> None:
    stage = {"kind": "prune", "sparsity": 0.5, "granularity": COUPLED, "criterion": criterion,
             "scope": "global", "evidence_rows": 80}  # fmt: skip
    arrays = run(folder, tmp_path / "masked", stage).state.arrays
    small = run(folder, tmp_path / "small", stage, {"kind": "compact"})
    network = ImportedNetwork.read(folder / "net.mlirbc")
    rows = data(folder).train.inputs[0][:40]
    masked = forms.bound(network, 40, {n: arrays[n] for n in network.shapes()})
    left = {n: small.state.arrays[n] for n in small.network.shapes()}
    assert sum(a.size for a in left.values()) < 0.8 * sum(a.size for a in network.values.values())
    one = forms.run_forward(masked.compile(reference=True), rows)
    two = forms.run_forward(forms.bound(small.network, 40, left).compile(reference=True), rows)
    assert forms.relative_error(two, one) <= 1e-5


@pytest.mark.parametrize("allocation", ["uniform", "global", "program"])
@pytest.mark.parametrize("resource", ["macs", "parameters"])
def test_a_budget_is_met(allocation: str, resource: str, folder: Path, tmp_path: Path) -> None:
    trainer = run(
        folder, tmp_path,
        {"kind": "prune", "granularity": COUPLED, "name": "p", "criterion": "taylor",
         "evidence_rows": 80, "target": {resource: 0.5, "allocation": allocation}},
        {"kind": "compact"},
    )  # fmt: skip
    note = trainer.state.meta["notes"]["p target"]
    values = {n: trainer.state.arrays[n] for n in trainer.network.shapes()}
    assert values.keys() == trainer.network.shapes().keys()
    assert resource_of(trainer.network, resource).total({}) == note["realised"]
    # Groups are small here, and with the same share several lose a channel at once.
    least = {"uniform": 0.5, "program": 0.7, "global": 0.65}[allocation]
    assert least * note["requested"] <= note["realised"] <= note["requested"]


def test_milliseconds_are_those_of_what_is_left(folder: Path, tmp_path: Path) -> None:
    trainer = run(folder, tmp_path, {
        "kind": "prune", "granularity": COUPLED, "name": "p",
        "target": {"ms": 0.8, "allocation": "uniform"},
    })  # fmt: skip
    note = trainer.state.meta["notes"]["p target"]
    assert note["resource"] == "ms" and 0 < note["realised"] < 2 * note["dense"]


def test_a_budget_below_one_channel_each_is_an_error(folder: Path, tmp_path: Path) -> None:
    stage = {"kind": "prune", "granularity": COUPLED, "target": {"macs": 10, "allocation": "global"}}
    with pytest.raises(TrainingError, match="cannot be reached by pruning these channels; the least"):
        run(folder, tmp_path, stage)


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ({"std_factor": 1.0}, "goes with sparsity, target or max_drop, got std_factor"),
        ({"sensitivity": 1.0}, "goes with sparsity, target or max_drop, got sensitivity"),
        ({"sparsity": 0.5, "scope": "row"}, "ranked by group"),
        ({"sparsity": 0.5, "cap": {"*": 0.5}}, "expected one number"),
    ],
)
def test_what_does_not_go_together_is_refused(stage: dict[str, Any], message: str) -> None:
    tree = {"stages": [{"epochs": 1}, {"kind": "prune", "granularity": COUPLED, **stage}]}
    with pytest.raises(RecipeError, match=message):
        from_dict(tree)


def test_that_nothing_can_leave_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = {"model": {"widths": [64, 10]}, "stages": [
        {"epochs": 1}, {"kind": "prune", "sparsity": 0.5, "granularity": COUPLED},
    ]}  # fmt: skip
    trainer = Trainer(from_dict(tree), load("digits"), tmp_path)
    trainer.run()
    assert "no channel of these weights leaves" in capsys.readouterr().err
    assert np.count_nonzero(trainer.state.arrays["fc1.weight"]) == 640


def test_the_plan_says_what_leaves(folder: Path) -> None:
    tree = {"model": {"file": str(folder / "net.mlirbc")}, "dataset": str(folder / "images.npz"),
            "stages": [{"kind": "prune", "granularity": COUPLED, "sparsity": 0.5, "round_to": 4}]}  # fmt: skip
    text = plan_text(from_dict(tree), data(folder))
    assert f"granularity {COUPLED}" in text and "round_to 4" in text


def test_to_a_tolerance(folder: Path, tmp_path: Path) -> None:
    """Channels leave round by round, and the recipe that is found does it again."""
    stage = {"kind": "prune", "name": "s", "granularity": COUPLED, "max_drop": {"points": 95, "epochs": 4}}
    trainer = run(folder, tmp_path / "search", {"epochs": 1, "learning_rate": 1e-2}, stage)
    told = trainer.state.meta["searches"]["s"]
    assert told["chosen"] and told["shares"]
    dense, left = NETWORK.shapes(), trainer.network.shapes()
    assert left["layer3.0.conv2.weight"][0] < dense["layer3.0.conv2.weight"][0]
    masks = [a for n, a in trainer.state.arrays.items() if n.startswith("mask:")]
    assert all(mask.all() for mask in masks)
    again = Trainer(load_recipe(tmp_path / "search" / "found.yaml"), data(folder), tmp_path / "again")
    again.run()
    assert again.network.shapes() == left
