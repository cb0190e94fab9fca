# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pipelines as text."""

from __future__ import annotations

import pytest

from mlir_prune.errors import RecipeError
from mlir_prune.models import Mlp
from mlir_prune.pipelines import mask_pipeline, select_pipeline
from mlir_prune.recipe import Train, from_dict
from mlir_prune.training.passes import Setting, stage_pipeline

MLP = Mlp((8, 6, 4))


def stage(**keys: object) -> Train:
    """A checked training stage."""
    found = from_dict({"model": {"widths": [8, 6, 4]}, "stages": [keys]}).stages[0]
    assert isinstance(found, Train)
    return found


def text(**keys: object) -> str:
    return stage_pipeline(MLP, stage(**keys), "stages[0]", Setting())


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
        "stages[0]",
        Setting(masked=("fc1.weight",)),
    )
    assert (
        "prune-insert-regularizers{function=train_step_loss kind=hoyer_square "
        "runtime-strength=true strengths=fc2.weight:2.0 "
        "roles=weight,bias,scale parameters=fc1.weight,fc2.weight},"
        "prune-mask-gradients{function=train_step_loss roles=weight,bias,scale "
        "parameters=fc1.weight}" in found
    )
    assert "weight-decay=0.25 decay-roles=weight" in found


def test_two_penalties_have_strengths_of_their_own() -> None:
    found = text(regularize=[{"kind": "l1"}, {"kind": "l2", "strength": 0.25}])
    assert "kind=l1 runtime-strength=true roles" in found
    assert "kind=l2 runtime-strength=true strength-input=strength1 roles" in found


def test_steps_of_gates_freeze_what_the_others_train() -> None:
    found = text(gates={"ste": "leaky_relu", "strengths": {"fc1*": 2}}, freeze={"targets": "bias"})
    assert (
        "prune-insert-gates{function=forward granularity=element ste=leaky_relu slope=0.1 "
        "rule=sign parameters=fc1.weight,fc2.weight}" in found
    )
    assert "prune-freeze-parameters{function=train_step_loss parameters=fc1.bias,fc2.bias}" in found
    assert "prune-freeze-parameters{function=train_step_loss roles=auxiliary}" in found
    assert "prune-freeze-parameters{function=gate_step_loss roles=auxiliary invert=true}" in found
    assert (
        "kind=open_gates runtime-strength=true roles=auxiliary strengths=fc1.weight.gate:2.0,"
        in (found)
    )
    assert "clamp-auxiliary=1.0" in found and "hold-gated=true" in found


def test_joint_gates_learn_in_the_step_of_the_weights() -> None:
    found = text(gates={"joint": True, "clamp": 0.5, "optimizer": {"momentum": 0.8}})
    assert "gate_step" not in found
    assert "kind=open_gates runtime-strength=true strength-input=gate_strength" in found
    assert "separate-auxiliary=true auxiliary-optimizer=sgd auxiliary-momentum=0.8" in found
    assert "clamp-auxiliary=0.5" in found
    for rule in ({"bilevel": True}, {"every": 2}, {"start": 1}):
        with pytest.raises(RecipeError, match="joint goes with one level, every 1 and start 0"):
            from_dict({
                "splits": {"gates": 0.1}, "stages": [{"gates": {"joint": True, **rule}}],
            })  # fmt: skip


def test_methods_build_functions_between_the_steps() -> None:
    assert "prune-build-mask-step{step=train_step name=mask_step scope=global" in text(
        gradual={"final": 0.9, "scope": "global"}
    )
    assert "function=mask_step_loss name=mask_step rule=rigl" in text(rigl={"ratio": 0.9})
    admm = text(admm={"ratios": {"fc1*": 0.9}, "ratio": 0.5})
    assert "prune-insert-admm{function=train_step_loss rho=0.0001" in admm
    assert "name=admm_step ratios=fc1.weight:0.9,fc2.weight:0.5" in admm
    masks = text(straight_through={"pattern": "2:4"})
    assert "granularity=n_of_m:2:4:1 decay=0.0002" in masks
    assert "runtime-ratio=true decay=0.0002" in text(straight_through={"ratio": 0.5})
    proximal = text(regularize={"kind": "l1", "proximal": True})
    assert "prune-insert-proximal-steps{function=train_step kind=l1 runtime-strength" in proximal
    assert "prune-insert-regularizers" not in proximal


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
