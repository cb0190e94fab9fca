# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bytes of shared objects that prefer small code."""

from __future__ import annotations

import ctypes
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pytest

from mlir_prune.models import make
from mlir_prune.models.lenet import LeNet5
from mlir_prune.native import parse
from shared_objects import COMPILER

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")

LIMIT = 56 * 1024
"""Bytes; 64 KiB are promised."""

NETWORKS = {
    "lenet300-autoprune": (make("mlp", widths=[784, 93, 35, 10]), [2662, 426, 192]),
    "784-300-100-10": (make("mlp", widths=[784, 300, 100, 10]), [2662, 426, 192]),
    "lenet5-autoprune": (LeNet5(widths=(11, 28, 68)), [144, 428, 540, 267]),
    "lenet5": (LeNet5(), [144, 428, 540, 267]),
}
"""What the recipes leave at 81 and 312 times fewer weights, compact and as it was: the weights of
each layer that are not zero, of docs/Reproduction.md. Their places are random here."""


def sparse(network: Any, kept: list[int], seed: int) -> Any:
    random = np.random.default_rng(seed)
    values = network.init(random)
    weights = [array for array in values.values() if array.ndim > 1]
    for weight, count in zip(weights, kept, strict=True):
        dropped = random.permutation(weight.size)[count:]
        weight.reshape(-1)[dropped] = 0.0
    module = parse(network.text(1))
    module.bind(values)
    return module


@pytest.mark.parametrize("name", NETWORKS)
def test_a_small_network_is_a_small_file(tmp_path: Path, name: str) -> None:
    for seed in range(3):
        file = tmp_path / f"net{seed}.so"
        sparse(*NETWORKS[name], seed).write_shared_object(str(file), name="net", small=True)
        assert file.stat().st_size <= LIMIT


@pytest.mark.parametrize("name", NETWORKS)
def test_a_handle_of_a_small_network_is_made_in_a_millisecond(tmp_path: Path, name: str) -> None:
    file = tmp_path / "net.so"
    sparse(*NETWORKS[name], seed=0).write_shared_object(str(file), small=True)
    library = ctypes.CDLL(str(file))
    library.net_destroy.argtypes = [ctypes.c_void_p]
    handle = ctypes.c_void_p()
    times = []
    # The best of some, because of what else the computer does.
    for _ in range(20):
        start = perf_counter()
        assert library.net_create(ctypes.byref(handle)) == 0
        times.append(perf_counter() - start)
        library.net_destroy(handle)
    assert min(times) < 1e-3
