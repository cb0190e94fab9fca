# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which channels are one, in networks with concatenations, depthwise layers and excitation."""

from __future__ import annotations

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir to run the tests of the front end"
pytest.importorskip("mlir_prune._native", reason="the native module is not built")
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)

import structures  # noqa: E402
from mlir_prune import frontend  # noqa: E402
from mlir_prune.channel_map import ChannelMap, channel_map  # noqa: E402
from mlir_prune.imported import ImportedNetwork  # noqa: E402


def mapped(model: type) -> ChannelMap:
    torch.manual_seed(0)
    network = ImportedNetwork(frontend.from_torch(model().eval(), torch.randn(2, 3, 8, 8)))
    return channel_map(network, network.weights())


def test_concatenations() -> None:
    """What reads a concatenation reads the channels of all its operands, in their order."""
    found = mapped(structures.Dense)
    assert [len(group) for group in found.groups] == [8, 4, 4]
    stem, a, b = (found.makers[f"{name}.weight"] for name in ("stem", "a", "b"))
    np.testing.assert_array_equal(found.vectors["norm_b.weight"], [*stem, *a])
    np.testing.assert_array_equal(found.readers["b.weight"].reshape(12, 9)[:, 4], [*stem, *a])
    np.testing.assert_array_equal(found.readers["fc.weight"], [*stem, *a, *b])
    np.testing.assert_array_equal(found.vectors["b.bias"], b)


def test_depthwise_layers_and_excitation() -> None:
    """They make the channels that they read again, so all leave together."""
    found = mapped(structures.Depthwise)
    assert [len(group) for group in found.groups] == [8, 16, 4]
    wide = found.makers["expand.weight"]
    for name in ("depthwise.weight", "excite.weight"):
        np.testing.assert_array_equal(found.makers[name], wide)
    for name in ("norm.bias", "norm_d.weight", "excite.bias"):
        np.testing.assert_array_equal(found.vectors[name], wide)
    for name in ("squeeze.weight", "project.weight"):
        np.testing.assert_array_equal(found.readers[name], wide)
    np.testing.assert_array_equal(found.makers["project.weight"], found.makers["stem.weight"])
