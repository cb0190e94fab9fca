# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The import computes what was there before, without any framework at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import drawn
from mlir_prune import _native as native
from mlir_prune import frontend

INPUTS = Path(__file__).parents[2] / "test" / "Integration" / "Inputs"
FILES = {"mlp-torch.mlir": "main", "mlp-onnx.mlir": "mlp"}


def run(module: Any, function: str, inputs: np.ndarray, **options: Any) -> np.ndarray:
    (found,) = module.compile(**options)(function, inputs)
    return np.asarray(found)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("reference", [False, True])
def test_same_outputs(name: str, reference: bool) -> None:
    inputs = drawn.rng(0).standard_normal((4, 8)).astype(np.float32)
    expected = run(native.Module.from_file(str(INPUTS / name)), FILES[name], inputs, reference=True)
    module = frontend.from_file(INPUTS / name)
    names = [f"fc{i}.{role}" for i in range(3) for role in ("weight", "bias")]
    assert list(module.parameters()) == names
    found = run(module, "forward", inputs, reference=reference)
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("name", FILES)
def test_at_another_batch(name: str) -> None:
    inputs = drawn.rng(1).standard_normal((4, 8)).astype(np.float32)
    module = frontend.from_file(INPUTS / name)
    expected = run(module, "forward", inputs)
    module.run("builtin.module(prune-set-batch-size{batch=1})")
    for row in range(4):
        found = run(module, "forward", inputs[row : row + 1])
        assert np.abs(found - expected[row]).max() <= 1e-5 * np.abs(expected).max()


def test_residual_network() -> None:
    """Convolutions, batch norms, poolings and a shortcut, named by layer."""
    name = INPUTS / "residual-torch.mlir"
    inputs = drawn.rng(2).standard_normal((2, 3, 16, 16)).astype(np.float32)
    expected = run(native.Module.from_file(str(name)), "main", inputs, reference=True)
    module = frontend.from_file(name)
    norm = ("weight", "bias", "running_mean", "running_var")
    layers = {"conv0": ("weight", "bias"), "bn1": norm, "conv2": ("weight",), "bn3": norm,
              "conv4": ("weight", "bias"), "conv5": ("weight", "bias"),
              "fc6": ("weight", "bias")}  # fmt: skip
    names = [f"{layer}.{role}" for layer, roles in layers.items() for role in roles]
    assert list(module.parameters()) == names
    assert str(module).count("prune.batch_norm") == 2
    for reference in (False, True):
        found = run(module, "forward", inputs, reference=reference)
        assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


def test_folded_batch_norms() -> None:
    """Folding changes nothing but rounding, before and after neurons are removed."""
    inputs = drawn.rng(2).standard_normal((2, 3, 16, 16)).astype(np.float32)
    module = frontend.from_file(INPUTS / "residual-torch.mlir")
    expected = run(module, "forward", inputs, reference=True)
    folded = module.clone()
    folded.run("builtin.module(prune-fold-batch-norms)")
    assert "prune.batch_norm" not in str(folded)
    for reference in (False, True):
        found = run(folded, "forward", inputs, reference=reference)
        assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()
    compact = []
    for fold in ("false", "true"):
        pruned = module.clone()
        pruned.run(
            f"builtin.module(prune-compress-pipeline{{sparsity=0.6 fold-batch-norms={fold}}})"
        )
        compact.append(run(pruned, "forward", inputs))
    assert np.abs(compact[0] - expected).max() > 1e-3
    assert np.abs(compact[0] - compact[1]).max() <= 1e-5 * np.abs(compact[0]).max()
