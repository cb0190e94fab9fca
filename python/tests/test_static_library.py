# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks as static libraries."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune.cli import main
from shared_objects import BARE, COMPILER, MLP, inspect, network, run, sample

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")

PAIR = r"""
#include "first.h"
#include "second.h"
#include <stdio.h>
#include <stdlib.h>

#define RUN(net, create, x, y)                                                          \
  do {                                                                                  \
    net##_handle *handle;                                                               \
    char *in = malloc(net##_input(0)->bytes), *out = malloc(net##_output(0)->bytes);    \
    const void *inputs[] = {in};                                                        \
    void *outputs[] = {out};                                                            \
    FILE *file = fopen(x, "rb");                                                        \
    if (!file || fread(in, 1, net##_input(0)->bytes, file) == 0) return 2;              \
    fclose(file);                                                                       \
    if (create || net##_set_threads(handle, 2)) return 3;                               \
    if (net##_run(handle, inputs, &net##_input(0)->bytes, outputs, &net##_output(0)->bytes)) \
      return 4;                                                                         \
    net##_destroy(handle);                                                              \
    file = fopen(y, "wb");                                                              \
    fwrite(out, 1, net##_output(0)->bytes, file);                                       \
    fclose(file);                                                                       \
  } while (0)

int main(int argc, char **argv) {
  if (argc != 6) return 1;
  RUN(first, first_create(&handle), argv[1], argv[2]);
  RUN(second, second_create_with_weights(&handle, argv[5]), argv[3], argv[4]);
  return 0;
}
"""


def check(module: Any, x: np.ndarray, file: Path) -> None:
    expected = module.compile(reference=True)("forward", x)[0]
    result = np.fromfile(file, np.float32).reshape(expected.shape)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("flags", [[], ["-static"], ["-Wl,--gc-sections", "-no-pie"]])
def test_two_networks_in_one_program(tmp_path: Path, flags: list[str], small: bool) -> None:
    """Of the same functions, with weights in the program and in a file."""
    first, second = network("lenet5_caffe", 2, 0.9), network("mlp", 3, 0.9, **MLP)
    weights = tmp_path / "second.weights"
    first.write_shared_object(str(tmp_path / "libfirst.a"), isa="all", small=small, threads=2)
    second.write_shared_object(
        str(tmp_path / "second.a"), isa="all", small=small, weights=str(weights)
    )
    (tmp_path / "pair.c").write_text(PAIR)
    (tmp_path / "libfirst.h").rename(tmp_path / "first.h")
    assert COMPILER
    warnings = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(
        [COMPILER, *warnings, "pair.c", "-o", "pair", "libfirst.a", "second.a", "-lm", *flags],
        check=True, env=BARE, cwd=tmp_path,
    )  # fmt: skip
    inputs = [sample(module, 3) for module in (first, second)]
    files = [tmp_path / f"{kind}{i}.bin" for i in range(2) for kind in "xy"]
    for x, file in zip(inputs, files[::2], strict=True):
        x.tofile(file)
    run(tmp_path / "pair", *files, weights)
    for module, x, file in zip((first, second), inputs, files[1::2], strict=True):
        check(module, x, file)


def test_only_the_functions_of_the_header_are_visible(tmp_path: Path) -> None:
    network("lenet5_caffe", 2, 0.9).write_shared_object(str(tmp_path / "net.a"), isa="all")
    lines = [line.split() for line in inspect("nm", "--defined-only", str(tmp_path / "net.a"))]
    names = {line[2] for line in lines if len(line) == 3 and line[1].isupper() and line[1] != "W"}
    assert names == {
        f"net_{name}" for name in (
            "create", "destroy", "input", "input_count", "isa", "message", "output",
            "output_count", "run", "set_isa", "set_threads",
        )
    }  # fmt: skip


def test_the_command_writes_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "net.mlir").write_text(str(network("mlp", 2, 0.9, **MLP)))
    files = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        file = tmp_path / folder / "net.a"
        assert main(["compile", str(tmp_path / "net.mlir"), "-o", str(file)]) == 0
        assert f"written to {file} and {file.with_suffix('.h')}" in capsys.readouterr().out
        files.append(file.read_bytes())
    assert files[0] == files[1]
