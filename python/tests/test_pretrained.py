# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Published parameters of residual networks in our builders."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from layers import forward
from mlir_prune import Module, models
from mlir_prune.cifar import read_cifar
from mlir_prune.files import read_arrays

DATA = Path(os.environ.get("PRUNE_DATA", ""))
FILES = {"resnet20": "resnet20-12fca82f.npz", "resnet56": "resnet56-4bfd9763.npz"}
pytestmark = pytest.mark.skipif(
    not (DATA / "pretrained").is_dir() or not (DATA / "cifar10").is_dir(),
    reason="PRUNE_DATA does not hold pretrained networks and CIFAR-10",
)


@pytest.fixture(scope="module")
def images() -> tuple[np.ndarray, np.ndarray]:
    """Test images [rows, 3, 32, 32] and their classes."""
    inputs, labels = read_cifar(DATA / "cifar10", "test")
    return inputs.reshape(-1, 3, 32, 32), labels


@pytest.mark.parametrize("name", FILES)
def test_parameters_fit(name: str) -> None:
    network = models.make(name)
    values = read_arrays(DATA / "pretrained" / FILES[name])
    network.check(values, FILES[name])
    assert set(values) == set(network.shapes())


def test_logits_and_accuracy(images: tuple[np.ndarray, np.ndarray]) -> None:
    """In plain numpy 932 of the 1,017 images are recognized, 106 of the first 113."""
    network = models.make("resnet20")
    inputs, labels = images[0][:113], images[1][:113]
    values = read_arrays(DATA / "pretrained" / FILES["resnet20"])
    executable = Module.parse(network.text(len(inputs))).compile()
    found = executable.call("forward", {"input": inputs, **values})["logits"]
    expected = forward(network, values, inputs[:4])
    np.testing.assert_allclose(found[:4], expected, rtol=1e-3, atol=1e-3)
    assert int((found.argmax(axis=1) == labels).sum()) == 106
