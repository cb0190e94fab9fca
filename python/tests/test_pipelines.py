# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pipelines as text."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mlir_prune import pipelines
from mlir_prune.errors import RecipeError
from mlir_prune.models import Mlp
from mlir_prune.native import native
from mlir_prune.pipelines import mask_pipeline, select_pipeline
from mlir_prune.recipe import Train, from_dict
from mlir_prune.training.passes import stage_pipeline
from mlir_prune.training.setting import Setting

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
        "prune-gradient-pipeline{function=train_step_loss},"
        "prune-step-pipeline{function=train_step_loss name=train_step optimizer=sgd momentum=0.5})"
    )


def test_regularized_and_masked_adam() -> None:
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
        "prune-step-pipeline{function=train_step_loss name=train_step mask=true "
        "mask-roles=weight,bias,scale mask-parameters=fc1.weight optimizer=adam" in found
    )
    assert "weight-decay=0.25 decay-roles=weight" in found


def test_dropout_and_fixed_masks() -> None:
    setting = Setting(
        compresses=True, dropout={"fc1.weight": 0.5}, remaining={"fc1.weight": 7}, seed=3
    )
    found = stage_pipeline(MLP, stage(freeze={"targets": "bias"}), "stages[0]", setting)
    assert (
        "prune-gradient-pipeline{function=train_step_loss dropout=fc1.weight:0.5 "
        "dropout-remaining=fc1.weight:7 dropout-seed=3 freeze-parameters=fc1.bias,fc2.bias "
        "compress=true}" in found
    )


def test_two_penalties_have_strengths_of_their_own() -> None:
    found = text(regularize=[{"kind": "l1"}, {"kind": "l2", "strength": 0.25}])
    assert "kind=l1 runtime-strength=true roles" in found
    assert "kind=l2 runtime-strength=true strength-input=strength1 roles" in found


def test_steps_of_gates_freeze_what_the_others_train() -> None:
    found = text(gates={"ste": "leaky_relu", "strengths": {"fc1*": 2}}, freeze={"targets": "bias"})
    assert (
        "prune-network-pipeline{gates=element ste=leaky_relu ste-slope=0.1 "
        "gate-rule=sign gate-parameters=fc1.weight,fc2.weight}" in found
    )
    assert "freeze-parameters=fc1.bias,fc2.bias freeze-auxiliary=true" in found
    assert (
        "prune-train-pipeline{function=gate_step_loss name=gate_step freeze-roles=auxiliary "
        "freeze-invert=true runtime-gate-strength=true gate-strengths=fc1.weight.gate:2.0," in found
    )
    assert "clamp-auxiliary=1.0" in found and "freeze-gated=true" in found


def test_joint_gates_learn_in_the_step_of_the_weights() -> None:
    found = text(gates={"joint": True, "clamp": 0.5, "optimizer": {"momentum": 0.8}})
    assert "gate_step" not in found
    assert "runtime-gate-strength=true gate-strengths=fc1.weight.gate:1.0" in found
    assert "separate-auxiliary=true auxiliary-optimizer=sgd auxiliary-momentum=0.8" in found
    assert "clamp-auxiliary=0.5" in found
    for rule in ({"bilevel": True}, {"every": 2}, {"start": 1}):
        with pytest.raises(RecipeError, match="joint goes with one level, every 1 and start 0"):
            from_dict({
                "splits": {"gates": 0.1}, "stages": [{"gates": {"joint": True, **rule}}],
            })  # fmt: skip


def test_methods_build_functions_between_the_steps() -> None:
    assert (
        "prune-mask-step-pipeline{step=train_step name=mask_step rule=magnitude scope=global"
        in text(gradual={"final": 0.9, "scope": "global"})
    )
    assert "rule=rigl function=mask_step_loss" in text(rigl={"sparsity": 0.9})
    admm = text(admm={"sparsities": {"fc1*": 0.9}, "sparsity": 0.5})
    assert "admm-rho=0.0001 admm-parameters=fc1.weight,fc2.weight" in admm
    assert "name=admm_step sparsities=fc1.weight:0.9,fc2.weight:0.5" in admm
    masks = text(straight_through={"pattern": "2:4"})
    assert "straight-through-granularity=n_of_m:2:4:1 straight-through-decay=0.0002" in masks
    assert "straight-through=true straight-through-decay=0.0002" in text(
        straight_through={"sparsity": 0.5}
    )
    proximal = text(regularize={"kind": "l1", "proximal": True})
    assert "prune-insert-proximal-steps{function=train_step kind=l1 runtime-strength" in proximal
    assert "prune-insert-regularizers" not in proximal


def test_a_stage_can_be_pasted_into_prune_opt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mlir_prune.cli import main

    target = tmp_path / "network.mlir"
    words = ["lenet300-autoprune", "--stage", "gates", "--set", "dataset=digits"]
    assert main(["pipeline", *words, "-o", str(target)]) == 0
    pipeline = capsys.readouterr().out.strip()
    tool = Path(native().__file__).parents[2] / "bin" / "prune-opt"
    done = subprocess.run(
        [tool, target, f"--pass-pipeline={pipeline}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "func.func @train_step" in done.stdout
    assert main(["pipeline", "lenet300-autoprune", "--stage", "none"]) == 1
    assert "there is no training stage 'none'" in capsys.readouterr().err


def test_a_pattern_that_matches_nothing() -> None:
    message = r"stages\[0\]\.regularize\[0\]\.targets: 'fc9\.weight' matches no parameter.*did you"
    with pytest.raises(RecipeError, match=message):
        text(regularize={"kind": "l1", "strength": 1, "targets": "fc9.weight"})


def test_masks() -> None:
    found = select_pipeline("unstructured", ["a", "b"], std_factor=0.25)
    assert found == (
        "builtin.module(prune-mask-pipeline{granularity=unstructured parameters=a,b std-factor=0.25})"
    )
    assert "prune-mask-pipeline{threshold=0 allow-empty=true}" in mask_pipeline()


def test_old_names() -> None:
    with pytest.warns(DeprecationWarning, match="is called compress_pipeline now"):
        assert pipelines.shrink_pipeline is pipelines.compress_pipeline
    with pytest.raises(AttributeError, match="has no attribute 'grow_pipeline'"):
        _ = pipelines.grow_pipeline
