# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Moments and masks follow their parameters when dead filters leave during training."""

from __future__ import annotations

import numpy as np
import pytest

import drawn
from layers import random_values
from mlir_prune.models import LeNet5, Network, ResNet
from mlir_prune.training.compact import compact

NETWORKS: dict[str, Network] = {
    "lenet": LeNet5((4, 5, 7), input_shape=(1, 20, 20), classes=3),
    "resnet": ResNet(1, "B", (4, 6, 5), (2, 8, 8), 3),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_state_follows(name: str) -> None:
    """Each moment is the position that its element had, so it leads back to it."""
    network = NETWORKS[name]
    values = random_values(network, 21)
    rng = drawn.rng(22)
    arrays: dict[str, np.ndarray] = {**values, "step": np.array(7)}
    for weight in network.weights():
        mask = rng.random(values[weight].shape) < 0.8
        mask[rng.random(len(mask)) < 0.3] = False
        mask[:, rng.random(mask.shape[1]) < 0.2] = False
        mask[0, 0] = True
        arrays["mask:" + weight] = mask
    for parameter, array in values.items():
        arrays["moment1:" + parameter] = np.arange(array.size, dtype=np.float32).reshape(
            array.shape
        )
    smaller, state = compact(network, arrays, 2)
    shapes, roles = smaller.shapes(), smaller.roles()
    assert shapes != network.shapes() and set(shapes) == set(network.shapes())
    assert int(state["step"]) == 7
    for parameter, shape in shapes.items():
        places = state["moment1:" + parameter].astype(int)
        assert places.shape == shape == state[parameter].shape
        if roles[parameter] != "weight":
            continue
        mask = arrays["mask:" + parameter]
        np.testing.assert_array_equal(state["mask:" + parameter], mask.ravel()[places])
        expected = (values[parameter] * mask).ravel()[places]
        np.testing.assert_array_equal(state[parameter], expected)
