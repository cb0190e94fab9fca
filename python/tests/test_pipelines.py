# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pipelines as text."""

from __future__ import annotations

from mlir_prune.pipelines import mask_pipeline, threshold_pipeline, train_pipeline
from mlir_prune.recipe import Phase


def test_plain_sgd() -> None:
    phase = Phase(optimizer="sgd", momentum=0.5)
    assert train_pipeline(phase, masked=False) == (
        "builtin.module(prune-train-pipeline{optimizer=sgd momentum=0.5})"
    )


def test_regularised_and_masked_adam() -> None:
    phase = Phase(regularizer="hoyer_square", strength=1e-4, weight_decay=0.25)
    assert train_pipeline(phase, masked=True) == (
        "builtin.module(prune-train-pipeline{optimizer=adam regularizer=hoyer_square "
        "runtime-strength=true weight-decay=0.25 mask=true})"
    )


def test_a_strength_of_zero_inserts_nothing() -> None:
    assert "regularizer" not in train_pipeline(Phase(regularizer="l1"), masked=False)


def test_masks() -> None:
    assert "prune-select-masks{quality=0.25}" in threshold_pipeline(0.25)
    assert "prune-select-masks{threshold=0 allow-empty=true}" in mask_pipeline()
