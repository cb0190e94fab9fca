# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Temporary buffers that share one block of memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlir_prune.native import parse
from shared_objects import network, sample

NETWORKS: list[tuple[str, int, float, dict[str, Any]]] = [
    ("mlp", 70, 0.9, {"widths": [300, 200, 50, 10], "activation": "tanh"}),
    ("lenet5_caffe", 5, 0.0, {}),
    ("resnet20", 2, 0.9, {}),
    ("resnet20", 33, 0.0, {}),
]


@pytest.mark.parametrize(("name", "batch", "zeros", "options"), NETWORKS)
def test_buffers_may_begin_with_anything(
    name: str, batch: int, zeros: float, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = network(name, batch, zeros, **options)
    x = sample(module, 3)
    shared = module.compile()("forward", x)[0]
    # Full of NaN then: nothing is read before it was written, and no buffer begins in another.
    monkeypatch.setenv("PRUNE_RT_POISON", "1")
    np.testing.assert_array_equal(shared, module.compile()("forward", x)[0])


@pytest.mark.parametrize(("name", "batch", "zeros", "options"), NETWORKS)
def test_a_network_allocates_once_and_no_more_than_it_must(
    name: str, batch: int, zeros: float, options: dict[str, Any]
) -> None:
    module = parse(str(network(name, batch, zeros, **options)))
    passes = "prune-select-kernels{isa=none},prune-cpu-pipeline{isa=none stop-after=buffer}"
    (planned,) = [
        dict(remark.arguments) for remark in module.run(f"builtin.module({passes})")
        if remark.name == "ArenaPlanned"
    ]  # fmt: skip
    assert str(module).count("memref.alloc(") == 1
    most = int(planned["MostBytes"])
    # Places begin at cache lines.
    assert most <= int(planned["Bytes"]) <= most + 64 * 64
    assert most < int(planned["BufferBytes"])
