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
from mlir_prune.io import read_arrays

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


def logits(name: str, images: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """What the compiled network gives for the images, and its parameters."""
    network = models.make(name)
    values = read_arrays(DATA / "pretrained" / FILES[name])
    network.check(values, FILES[name])
    chosen = {parameter: values[parameter] for parameter in network.shapes()}
    executable = Module.parse(network.text(len(images))).compile()
    return executable.call("forward", {"input": images, **chosen})["logits"], chosen


@pytest.mark.parametrize("name", FILES)
def test_logits_match_numpy(name: str, images: tuple[np.ndarray, np.ndarray]) -> None:
    found, values = logits(name, images[0][:4])
    expected = forward(models.make(name), values, images[0][:4])
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_accuracy(images: tuple[np.ndarray, np.ndarray]) -> None:
    """In plain numpy 932 of the 1,017 images are recognised, 106 of the first 113."""
    inputs, labels = images
    found, _ = logits("resnet20", inputs[:113])
    assert int((found.argmax(axis=1) == labels[:113]).sum()) == 106
