# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recipes that prune by criteria, scopes, caps and multiples, end to end and against numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune.data import Dataset
from mlir_prune.errors import RecipeError
from mlir_prune.models import Mlp
from mlir_prune.recipe import from_dict
from mlir_prune.training.batches import Batches
from mlir_prune.training.plan import plan_text
from mlir_prune.training.rehearsal import rehearse
from mlir_prune.training.trainer import Trainer
from test_ratios import erk_densities, lamp_scores, prune_smallest

MLP = Mlp((8, 12, 6, 4))
ROWS, BATCH = 64, 16


def recipe(**rule: Any) -> Any:
    stages = [{"epochs": 1, "learning_rate": 1e-2}, {"kind": "prune", **rule}]
    return from_dict({"batch": BATCH, "model": {"widths": [8, 12, 6, 4]}, "stages": stages, "seed": 3})


def masks(folder: Path, data: Dataset, **rule: Any) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Values that were pruned, and the masks by name of the weight."""
    trainer = Trainer(recipe(**rule), data, folder)
    saved: dict[str, np.ndarray] = {}
    take = trainer._train

    def train(task: Any) -> Any:
        score = take(task)
        saved.update({name: array.copy() for name, array in trainer.state.arrays.items()})
        return score

    trainer._train = train  # type: ignore[method-assign]
    trainer.run()
    arrays = trainer.state.arrays
    found = {n: arrays.get(f"mask:{n}", np.ones(saved[n].shape, bool)) for n in MLP.weights()}
    for name, mask in found.items():
        np.testing.assert_array_equal(arrays[name], np.where(mask, saved[name], 0))
    return saved, found


def activations(data: Dataset, values: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The input of every layer and the result, over the rows of the evidence."""
    trainer_rows = data.divide(None, 0.0).merged
    batches = Batches(trainer_rows, BATCH, (3,))
    rows = []
    for index in range(ROWS // BATCH):
        batches.load(0, index)
        rows.append(np.concatenate([array.copy() for array in batches.inputs.values()]))
    found = [np.concatenate(rows).astype(np.float64)]
    for layer in (1, 2, 3):
        out = found[-1] @ values[f"fc{layer}.weight"].T.astype(np.float64) + values[f"fc{layer}.bias"]
        found.append(np.maximum(out, 0) if layer < 3 else out)
    return found


def channel_mask(scores: np.ndarray, count: int) -> np.ndarray:
    kept = np.ones(len(scores), bool)
    kept[np.argsort(scores, kind="stable")[:count]] = False
    return kept


def test_wanda_by_rows(blobs: Dataset, tmp_path: Path) -> None:
    values, found = masks(
        tmp_path, blobs, criterion="wanda", scope="row", sparsity=0.5, evidence_rows=ROWS
    )
    inputs = activations(blobs, values)
    for layer in (1, 2, 3):
        weight = values[f"fc{layer}.weight"]
        norms = np.linalg.norm(inputs[layer - 1], axis=0)
        for row, mask in zip(np.abs(weight) * norms, found[f"fc{layer}.weight"], strict=True):
            np.testing.assert_array_equal(mask, prune_smallest(row, len(row) // 2))


@pytest.mark.parametrize("criterion", ["apoz", "mean_activation"])
def test_activations(criterion: str, blobs: Dataset, tmp_path: Path) -> None:
    values, found = masks(
        tmp_path, blobs, criterion=criterion, granularity="channel:0", sparsity=0.5,
        evidence_rows=ROWS, ignore=["fc3.weight"],
    )  # fmt: skip
    outputs = activations(blobs, values)
    for layer in (1, 2):
        out = outputs[layer]
        scores = (out != 0).mean(axis=0) if criterion == "apoz" else np.abs(out).mean(axis=0)
        kept = found[f"fc{layer}.weight"].all(axis=1)
        assert (kept == found[f"fc{layer}.weight"].any(axis=1)).all()
        assert kept.sum() == len(scores) // 2
        assert scores[kept].min() >= scores[~kept].max() - 1e-6
    assert found["fc3.weight"].all()


def test_geometric_median(blobs: Dataset, tmp_path: Path) -> None:
    values, found = masks(
        tmp_path, blobs, criterion="geometric_median", granularity="channel:0", sparsity=1 / 3
    )
    for name in ("fc1.weight", "fc2.weight"):
        filters = values[name].astype(np.float64)
        scores = np.linalg.norm(filters[:, None] - filters[None], axis=2).sum(axis=1)
        expected = channel_mask(scores, len(filters) // 3)
        np.testing.assert_array_equal(found[name].all(axis=1), expected)


def test_random_is_drawn_from_a_seed(blobs: Dataset, tmp_path: Path) -> None:
    _, first = masks(tmp_path / "a", blobs, criterion="random", sparsity=0.5)
    _, again = masks(tmp_path / "b", blobs, criterion="random", sparsity=0.5, seed=3)
    _, other = masks(tmp_path / "c", blobs, criterion="random", sparsity=0.5, seed=4)
    for name in MLP.weights():
        assert (~first[name]).sum() == round(0.5 * first[name].size)
        np.testing.assert_array_equal(first[name], again[name])
    assert any((first[name] != other[name]).any() for name in MLP.weights())


def test_lamp(blobs: Dataset, tmp_path: Path) -> None:
    values, found = masks(tmp_path, blobs, scope="lamp", sparsity=0.8)
    scores = np.concatenate([lamp_scores(values[name]) for name in MLP.weights()])
    expected = channel_mask(scores, round(0.8 * len(scores)))
    np.testing.assert_array_equal(np.concatenate([found[n].ravel() for n in MLP.weights()]), expected)


def test_erk(blobs: Dataset, tmp_path: Path) -> None:
    values, found = masks(tmp_path, blobs, scope="erk", sparsity=0.7)
    densities = erk_densities([values[name].shape for name in MLP.weights()], 0.3)
    for name, density in zip(MLP.weights(), densities, strict=True):
        weight = values[name]
        expected = prune_smallest(weight, round((1 - density) * weight.size))
        np.testing.assert_array_equal(found[name], expected)


def test_caps_multiples_and_ends(blobs: Dataset, tmp_path: Path) -> None:
    _, found = masks(tmp_path / "a", blobs, scope="global", sparsity=0.8, cap={"fc3.*": 0.25, "*": 0.9})
    assert (~found["fc3.weight"]).mean() <= 0.25
    total = sum(mask.size for mask in found.values())
    assert sum((~mask).sum() for mask in found.values()) == round(0.8 * total)
    _, found = masks(
        tmp_path / "b", blobs, granularity="channel:0", sparsity=0.6, round_to=4, exclude_ends=True
    )
    assert found["fc1.weight"].all()
    assert found["fc3.weight"].all()
    assert found["fc2.weight"].all(axis=1).sum() == 4


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"sparsity": 0.5, "criterion": "wander"}, "criterion"),
        ({"sparsity": 0.5, "scope": "layer"}, "scope"),
        ({"sparsity": 0.5, "criteria": "wanda"}, "criteria"),
        ({"threshold": 0.5, "scope": "erk"}, "scope: erk goes with a sparsity"),
        ({"std_factor": 0.5, "criterion": "wanda"}, "criterion: std_factor is about magnitudes"),
        ({"sparsity": 0.5, "scope": "lamp", "criterion": "wanda"}, "criterion: lamp is about magnitudes"),
        ({"sparsity": 0.5, "criterion": "apoz"}, "criterion: apoz judges whole channels"),
        ({"sparsity": 0.5, "round_to": 4}, "round_to counts channels"),
        ({"sparsity": 0.5, "cap": 1.5}, "cap"),
        ({"granularity": "n_of_m:2:4:1", "cap": 0.5}, "cap bounds"),
        ({"sparsity": 0.5, "cap": {"fc9.*": 0.5}}, "cap"),
        ({"sensitivity": 1.0, "round_to": 2, "granularity": "channel:0"}, "judges weight by weight"),
    ],
)
def test_keys_that_do_not_go_together(rule: dict[str, Any], message: str, blobs: Dataset) -> None:
    with pytest.raises(RecipeError, match=message):
        rehearse(recipe(**rule), blobs)


def test_the_plan_says_how_weights_are_judged(blobs: Dataset) -> None:
    chosen = recipe(
        criterion="mean_activation", granularity="channel:0", sparsity=0.5, cap={"fc1.*": 0.9},
        round_to=4, exclude_ends=True, scope="erk",
    )  # fmt: skip
    text = plan_text(chosen, blobs)
    for line in ("sparsity 0.5 (erk)", "criterion mean_activation", "cap fc1.weight 0.9", "round_to 4", "exclude_ends"):
        assert f"  {line}\n" in text
