# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Threads of the handles of shared objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune.cli import main
from network_programs import ALLOCATIONS, STRESS
from shared_objects import COMPILER, MLP, build, network, run, sample

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")

CASES = [
    ("mlp", 70, 0.9, {"widths": [300, 200, 10], "activation": "sigmoid"}, "all"),
    ("mlp", 2, 0.5, {"widths": [784, 300, 10]}, "base"),
    ("lenet5_caffe", 5, 0.9, {}, "host"),
    ("resnet20", 2, 0.9, {}, "host"),
]


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("compiled", [1, 3])
@pytest.mark.parametrize(("name", "batch", "zeros", "options", "isa"), CASES)
def test_any_number_of_threads_gives_the_same_bits(
    tmp_path: Path, name: str, batch: int, zeros: float, options: dict[str, Any], isa: str,
    compiled: int, small: bool,
) -> None:  # fmt: skip
    module = network(name, batch, zeros, **options)
    module.write_shared_object(
        str(tmp_path / "net.so"), isa=isa, threads=compiled, small=small
    )  # fmt: skip
    x = sample(module, 9)
    x.tofile(tmp_path / "x.bin")
    run(build(tmp_path, STRESS, "stress"), tmp_path / "x.bin", tmp_path / "y.bin")
    expected = module.compile(reference=True)("forward", x)[0]
    result = np.fromfile(tmp_path / "y.bin", np.float32).reshape(expected.shape)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("zeros", [0.0, 0.9])
@pytest.mark.parametrize(("name", "batch"), [("lenet5_caffe", 5), ("resnet20", 2)])
def test_runs_allocate_nothing(
    tmp_path: Path, name: str, batch: int, zeros: float, threads: int, small: bool
) -> None:
    network(name, batch, zeros).write_shared_object(
        str(tmp_path / "net.so"), standalone=True, threads=threads, small=small
    )
    assert run(build(tmp_path, ALLOCATIONS, "allocations")).split() == ["1", *"0000"]


@pytest.mark.parametrize("threads", ["0", "-1", "257"])
def test_numbers_of_threads_that_are_refused(
    tmp_path: Path, threads: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "net.mlir").write_text(str(network("mlp", 2, 0.9, **MLP)))
    command = ["compile", str(tmp_path / "net.mlir"), "-o", str(tmp_path / "net.so")]
    assert main([*command, "--threads", threads]) == 1
    assert f"runs on 1 to 256 threads, got {threads}" in capsys.readouterr().err
    assert main([*command, "--threads", "4"]) == 0
    assert "A new handle has\n * 4." in (tmp_path / "net.h").read_text()
