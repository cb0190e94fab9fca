# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pipelines as text."""

from __future__ import annotations

from mlir_prune.pipelines import mask_pipeline, threshold_pipeline, train_pipeline
from mlir_prune.recipe import Phase


def test_plain_sgd() -> None:
    phase = Phase(optimizer="sgd", momentum=0.5)
    assert train_pipeline(phase, masked=False) == (
        "builtin.module(prune-insert-loss{function=forward},prune-differentiate{function=loss},"
        "prune-build-train-step{function=loss name=train_step optimizer=sgd momentum=0.5},"
        "canonicalize,cse)"
    )


def test_regularised_and_masked_adam() -> None:
    phase = Phase(regularizer="hoyer_square", strength=1e-4, weight_decay=0.25)
    text = train_pipeline(phase, masked=True)
    assert "kind=hoyer_square runtime-strength=true roles=weight" in text
    assert "prune-mask-gradients{function=loss}" in text
    assert "optimizer=adam weight-decay=0.25" in text
    assert "momentum" not in text


def test_a_strength_of_zero_inserts_nothing() -> None:
    assert "regularizers" not in train_pipeline(Phase(regularizer="l1"), masked=False)


def test_masks() -> None:
    assert "prune-select-masks{quality=0.25}" in threshold_pipeline(0.25)
    assert "prune-select-masks{threshold=0 allow-empty=true}" in mask_pipeline()
