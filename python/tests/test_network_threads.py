# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Threads of the handles of shared objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune.cli import main
from shared_objects import COMPILER, MLP, build, network, run, sample

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")

STRESS = r"""
#include "net.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#define STATE (_mm_getcsr() & 0xffc0)
#else
#define STATE 0
#endif

static char *x, *expected;

/* A handle of its own with other threads every few runs. */
static void *stress(void *argument) {
  int first = *(int *)argument;
  net_handle *net;
  char *y = malloc(net_output(0)->bytes);
  const void *inputs[] = {x};
  void *outputs[] = {y};
  unsigned before = STATE;
  if (net_create(&net)) exit(4);
  for (int i = 0; i < 40; ++i) {
    if (i % 5 == 0 && net_set_threads(net, (first + i / 5) % 5 + 1)) exit(5);
    memset(y, 255, net_output(0)->bytes);
    if (net_run(net, inputs, &net_input(0)->bytes, outputs, &net_output(0)->bytes)) exit(6);
    if (memcmp(y, expected, net_output(0)->bytes)) exit(7);
    if (STATE != before) exit(8);
  }
  net_destroy(net);
  free(y);
  return NULL;
}

int main(int argc, char **argv) {
  pthread_t threads[4];
  int numbers[4];
  net_handle *net;
  if (argc != 3) return 2;
  x = malloc(net_input(0)->bytes), expected = malloc(net_output(0)->bytes);
  FILE *file = fopen(argv[1], "rb");
  if (!file || fread(x, 1, net_input(0)->bytes, file) != net_input(0)->bytes) return 3;
  fclose(file);
  const void *inputs[] = {x};
  void *outputs[] = {expected};
  if (net_create(&net) || net_set_threads(net, 1)) return 4;
  if (net_run(net, inputs, &net_input(0)->bytes, outputs, &net_output(0)->bytes)) return 5;
  net_destroy(net);
  for (int i = 0; i < 4; ++i) {
    numbers[i] = i;
    pthread_create(&threads[i], NULL, stress, &numbers[i]);
  }
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  file = fopen(argv[2], "wb");
  fwrite(expected, 1, net_output(0)->bytes, file);
  fclose(file);
  return 0;
}
"""

ALLOCATIONS = r"""
#include "net.h"
#include <stdio.h>
#include <stdlib.h>

static int blocks = 0, threads = 0;

/* Take the places of those of libc for the whole process. */
int posix_memalign(void **pointer, size_t alignment, size_t size) {
  __atomic_add_fetch(&blocks, 1, __ATOMIC_RELAXED);
  *pointer = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  return *pointer ? 0 : 12;
}

int main(void) {
  const void *inputs[] = {calloc(net_input(0)->bytes, 1)};
  void *outputs[] = {calloc(net_output(0)->bytes, 1)};
  net_handle *net;
  if (net_create(&net)) return 1;
  for (threads = 1; threads < 5; ++threads) {
    if (net_set_threads(net, threads)) return 1;
    int made = blocks;
    for (int i = 0; i < 20; ++i)
      if (net_run(net, inputs, &net_input(0)->bytes, outputs, &net_output(0)->bytes)) return 1;
    printf("%d\n", blocks - made);
  }
  net_destroy(net);
  return 0;
}
"""

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


@pytest.mark.parametrize(("name", "batch"), [("lenet5_caffe", 5), ("resnet20", 2)])
def test_runs_on_several_threads_allocate_nothing(tmp_path: Path, name: str, batch: int) -> None:
    network(name, batch, 0.9).write_shared_object(str(tmp_path / "net.so"), threads=2)
    assert run(build(tmp_path, ALLOCATIONS, "allocations")).split() == ["0"] * 4


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
