# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pipelines as text."""

from __future__ import annotations

import pytest

from mlir_prune.errors import RecipeError
from mlir_prune.models import Mlp
from mlir_prune.pipelines import mask_pipeline, select_pipeline
from mlir_prune.recipe import Train, from_dict
from mlir_prune.training.passes import stage_pipeline

MLP = Mlp((8, 6, 4))


def stage(**keys: object) -> Train:
    """A checked training stage."""
    found = from_dict({"model": {"widths": [8, 6, 4]}, "stages": [keys]}).stages[0]
    assert isinstance(found, Train)
    return found


def text(**keys: object) -> str:
    return stage_pipeline(MLP, stage(**keys), [], {}, "stages[0]")


def test_plain_sgd() -> None:
    assert text(optimizer={"name": "sgd", "momentum": 0.5}) == (
        "builtin.module("
        "prune-insert-loss{function=forward name=train_step_loss},"
        "prune-differentiate{function=train_step_loss},"
        "prune-build-train-step{function=train_step_loss name=train_step optimizer=sgd "
        "momentum=0.5},"
        "prune-verify-train-step{function=train_step},canonicalize,cse)"
    )


def test_regularised_and_masked_adam() -> None:
    found = stage_pipeline(
        MLP,
        stage(
            optimizer={"weight_decay": 0.25},
            regularize={"kind": "hoyer_square", "strength": 1e-4, "strengths": {"fc2*": 2}},
        ),
        ["fc1.weight"],
        {},
        "stages[0]",
    )
    assert (
        "prune-insert-regularizers{function=train_step_loss kind=hoyer_square "
        "runtime-strength=true strengths=fc1.weight:1.0,fc2.weight:2.0 "
        "roles=weight,bias,scale parameters=fc1.weight,fc2.weight},"
        "prune-mask-gradients{function=train_step_loss parameters=fc1.weight}" in found
    )
    assert "weight-decay=0.25 decay-roles=weight" in found


def test_two_penalties_share_one_strength() -> None:
    found = text(regularize=[{"kind": "l1", "strength": 0.5}, {"kind": "l2", "strength": 0.25}])
    assert "kind=l2 runtime-strength=true strengths=fc1.weight:0.5,fc2.weight:0.5" in found


def test_a_pattern_that_matches_nothing() -> None:
    message = r"stages\[0\]\.regularize\[0\]\.targets: 'fc9\.weight' matches no parameter.*did you"
    with pytest.raises(RecipeError, match=message):
        text(regularize={"kind": "l1", "strength": 1, "targets": "fc9.weight"})


def test_masks() -> None:
    found = select_pipeline("unstructured", ["a", "b"], quality=0.25)
    assert found == (
        "builtin.module(prune-score{granularity=unstructured parameters=a,b},"
        "prune-select-masks{quality=0.25})"
    )
    assert "prune-select-masks{threshold=0 allow-empty=true}" in mask_pipeline()
