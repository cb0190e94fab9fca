# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights that PyTorch keeps in parts: they are weights here, and can be pruned."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir to run the tests of the front end"
pytest.importorskip("mlir_prune._native", reason="the native module is not built")
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)

from mlir_prune import frontend  # noqa: E402

importlib.import_module("torch.nn.utils.prune")

nn = torch.nn
parametrizations = nn.utils.parametrizations


def masked(layer: Any) -> Any:
    nn.utils.prune.l1_unstructured(layer, "weight", 0.5)
    nn.utils.prune.random_unstructured(layer, "bias", 0.25)
    return layer


def masked_weight(layer: Any) -> Any:
    """The bias is a parameter of PyTorch, and its layer is found later than it is."""
    return nn.utils.prune.l1_unstructured(layer, "weight", 0.5)


def weight_norm(layer: Any) -> Any:
    return parametrizations.weight_norm(layer)


def old_weight_norm(layer: Any) -> Any:
    return nn.utils.weight_norm(layer)


def spectral_norm(layer: Any) -> Any:
    return parametrizations.spectral_norm(layer)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("wrap", [masked, masked_weight, weight_norm, old_weight_norm, spectral_norm])
def test_reparametrized_layers(wrap: Any) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        wrap(nn.Conv2d(2, 4, 3)), nn.ReLU(), nn.Flatten(), wrap(nn.Linear(4 * 9, 3))
    ).eval()
    x = torch.randn(2, 2, 5, 5)
    module = frontend.from_torch(model, x)
    names = ["0.weight", "0.bias", "3.weight", "3.bias"]
    assert list(module.parameters()) == names
    assert [layer["weight"] for layer in module.layers()] == ["0.weight", "3.weight"]
    assert [layer["bias"] for layer in module.layers()] == ["0.bias", "3.bias"]
    expected = model(x).detach().numpy()
    for layer in ("0", "3"):
        weight = model[int(layer)].weight.detach().numpy()
        found = np.asarray(module.parameters()[f"{layer}.weight"])
        np.testing.assert_allclose(found, weight, rtol=1e-6, atol=1e-7)
        if wrap in (masked, masked_weight):
            np.testing.assert_array_equal(found, weight)
    for reference in (True, False):
        (logits,) = module.compile(reference=reference)("forward", x.numpy())
        np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-6)
    before = sum(int((np.asarray(w) == 0).sum()) for w in module.parameters().values())
    module.run("builtin.module(prune-score,prune-select-masks{sparsity=0.8},prune-fold-masks)")
    after = sum(int((np.asarray(w) == 0).sum()) for w in module.parameters().values())
    assert after >= 0.8 * (4 * 2 * 9 + 3 * 36) > before


def test_nothing_to_prune_is_said() -> None:
    module = frontend.from_torch(nn.Sequential(nn.ReLU()), torch.randn(2, 3))
    remarks = module.run("builtin.module(prune-score)")
    assert [remark.name for remark in remarks] == ["NothingToScore"]
