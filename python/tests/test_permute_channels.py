# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Channels change places, and n of m keeps more of a network that computes the same."""

from __future__ import annotations

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir to run the tests of the front end"
native = pytest.importorskip("mlir_prune._native", reason="the native module is not built")
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)

from mlir_prune import frontend  # noqa: E402
from structures import NETWORKS, randomize, run  # noqa: E402

PERMUTE = "builtin.module(prune-permute-channels)"
PRUNE = "builtin.module(prune-score{granularity=n_of_m:2:4:1},prune-select-masks,prune-fold-masks)"


def kept(module: object) -> float:
    """Sum of the sizes of all weights of two dimensions or more that 2 of 4 keeps."""
    copy = module.clone()  # type: ignore[attr-defined]
    copy.run(PRUNE)
    return sum(
        float(np.abs(value).sum()) for value in copy.parameters().values() if value.ndim > 1
    )


@pytest.mark.parametrize("network", NETWORKS)
def test_another_order_computes_the_same_and_keeps_more(network: str) -> None:
    make, shape = NETWORKS[network]
    torch.manual_seed(7)
    module = frontend.from_torch(randomize(make()), torch.randn(2, *shape))
    permuted = module.clone()
    permuted.run(PERMUTE)
    x = np.random.default_rng(3).standard_normal((2, *shape)).astype(np.float32)
    before, after = run(module, x), run(permuted, x)
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=2e-6 * np.abs(before).max())
    assert kept(permuted) > kept(module)
    for key, value in module.parameters().items():
        found = permuted.parameters()[key]
        np.testing.assert_array_equal(np.sort(found, axis=None), np.sort(value, axis=None))


def test_the_order_is_found_again() -> None:
    """Columns of large and of small weights, mixed: each set of four gets two of each."""
    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.ReLU(), torch.nn.Linear(16, 5))
    with torch.no_grad():
        model[2].weight[:, :8] += 10.0
        model[2].weight[:, 8:] *= 0.01
    module = frontend.from_torch(model.eval(), torch.randn(2, 3))
    module.run(PERMUTE)
    large = np.abs(module.parameters()["2.weight"]).min(axis=0) > 1.0
    np.testing.assert_array_equal(large.reshape(4, 4).sum(axis=1), [2, 2, 2, 2])


def test_halves_that_go_different_ways_stay_apart() -> None:
    """Some channels pass a function that the others do not: none may cross."""

    class Halves(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = torch.nn.Linear(3, 8), torch.nn.Linear(8, 5)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.a(x)
            return self.b(torch.cat([torch.tanh(x[:, :4]), x[:, 4:]], 1))

    for seed in range(4):
        torch.manual_seed(seed)
        module = frontend.from_torch(Halves().eval(), torch.randn(2, 3))
        permuted = module.clone()
        permuted.run(PERMUTE)
        x = np.random.default_rng(seed).standard_normal((2, 3)).astype(np.float32)
        np.testing.assert_allclose(run(permuted, x), run(module, x), rtol=1e-5, atol=1e-6)
