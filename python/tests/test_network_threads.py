# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Threads of the handles of shared objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune.cli import main
from mlir_prune.native import parse
from network_programs import ALLOCATIONS, COUNTED, STRESS
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


OUTER = """
func.func @forward(%x: tensor<16896x1xf32>, %y: tensor<1x16896xf32>, %v: tensor<16896x1xf32>)
    -> tensor<16896x1xf32> {
  %zero = arith.constant 0.0 : f32
  %0 = tensor.empty() : tensor<16896x16896xf32>
  %1 = linalg.fill ins(%zero : f32) outs(%0 : tensor<16896x16896xf32>) -> tensor<16896x16896xf32>
  %2 = linalg.matmul ins(%x, %y : tensor<16896x1xf32>, tensor<1x16896xf32>)
      outs(%1 : tensor<16896x16896xf32>) -> tensor<16896x16896xf32>
  %3 = tensor.empty() : tensor<16896x1xf32>
  %4 = linalg.fill ins(%zero : f32) outs(%3 : tensor<16896x1xf32>) -> tensor<16896x1xf32>
  %5 = linalg.matmul ins(%2, %v : tensor<16896x16896xf32>, tensor<16896x1xf32>)
      outs(%4 : tensor<16896x1xf32>) -> tensor<16896x1xf32>
  return %5 : tensor<16896x1xf32>
}
"""
"""Its values between layers take more than a GiB."""

LARGE = COUNTED + r"""
int main(void) {
  const void *inputs[3];
  size_t bytes[3];
  for (int i = 0; i < 3; ++i) bytes[i] = net_input(i)->bytes, inputs[i] = calloc(bytes[i], 1);
  void *outputs[] = {calloc(net_output(0)->bytes, 1)};
  net_handle *net;
  if (net_create(&net)) return 1;
  int made = blocks;
  if (net_run(net, inputs, bytes, outputs, &net_output(0)->bytes)) return 1;
  printf("%d\n", blocks - made);
  net_destroy(net);
  return 0;
}
"""


def test_a_large_block_is_kept(tmp_path: Path) -> None:
    parse(OUTER).write_shared_object(str(tmp_path / "net.so"), standalone=True)
    assert run(build(tmp_path, LARGE, "large")).split() == ["0"]


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
