# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Shared objects whose weights are in a file of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune.cli import main
from mlir_prune.native import parse
from shared_objects import COMPILER, MLP, build, network, run, sample

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")

WEIGHTS = r"""
#include "net.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *x, *y;
static const char *weights;

static void *run(void *unused) {
  net_handle *net;
  (void)unused;
  for (int i = 0; i < 20; ++i) {
    char *result = malloc(net_output(0)->bytes);
    const void *inputs[] = {x};
    void *outputs[] = {result};
    int code = net_create_with_weights(&net, weights);
    if (code) { printf("%d %s\n", code, net_message(code)); exit(0); }
    code = net_run(net, inputs, &net_input(0)->bytes, outputs, &net_output(0)->bytes);
    if (code) exit(5);
    if (i == 19) memcpy(y, result, net_output(0)->bytes);
    net_destroy(net);
    free(result);
  }
  return NULL;
}

/* Input, output, then files of weights, of which the last is read by two threads. */
int main(int argc, char **argv) {
  net_handle *net = (net_handle *)argv;
  if (argc < 4) return 2;
  x = malloc(net_input(0)->bytes), y = malloc(net_output(0)->bytes);
  FILE *file = fopen(argv[1], "rb");
  if (!file || fread(x, 1, net_input(0)->bytes, file) != net_input(0)->bytes) return 3;
  fclose(file);
  if (net_create_with_weights(&net, NULL) != NET_ERROR_NULL || net) return 6;
  for (int i = 3; i < argc - 1; ++i) printf("%d\n", net_create_with_weights(&net, argv[i]));
  weights = argv[argc - 1];
  pthread_t other;
  pthread_create(&other, NULL, run, NULL);
  run(NULL);
  pthread_join(other, NULL);
  file = fopen(argv[2], "wb");
  fwrite(y, 1, net_output(0)->bytes, file);
  fclose(file);
  return 0;
}
"""

FILE, DAMAGED = "8", "9"


def write(folder: Path, module: Any, **options: Any) -> Path:
    """The program, with net.so and net.weights beside it."""
    weights = folder / "net.weights"
    module.write_shared_object(str(folder / "net.so"), weights=str(weights), **options)
    return build(folder, WEIGHTS, "weights")


@pytest.mark.parametrize(
    ("name", "options", "isa", "small"),
    [
        ("mlp", MLP, "host", False),
        ("mlp", {"widths": [784, 300, 100, 10]}, "base", True),
        ("lenet5_caffe", {}, "all", False),
        ("resnet20", {}, "base", False),
    ],
)
def test_the_network_computes_with_its_file(
    tmp_path: Path, name: str, options: dict[str, Any], isa: str, small: bool
) -> None:
    module = network(name, 2, 0.9, **options)
    program = write(tmp_path, module, isa=isa, small=small)
    x = sample(module, 7)
    x.tofile(tmp_path / "x.bin")
    assert run(program, tmp_path / "x.bin", tmp_path / "y.bin", tmp_path / "net.weights") == ""
    expected = module.compile(reference=True)("forward", x)[0]
    result = np.fromfile(tmp_path / "y.bin", np.float32).reshape(expected.shape)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_other_files_are_refused(tmp_path: Path) -> None:
    wide = {"widths": [90, 80, 10]}
    module = network("mlp", 2, 0.5, **wide)
    program = write(tmp_path, module)
    good = (tmp_path / "net.weights").read_bytes()
    assert len(good) > 4096
    damaged = {
        "empty": b"",
        "header": good[:64],
        "short": good[:-1],
        "long": good + b"\0",
        "noise": bytes(range(256)) * 40,
        **{f"bit{place}": good[:place] + bytes([good[place] ^ 16]) + good[place + 1 :]
           for place in (0, 17, 25, 33, 50, 64, 4095, len(good) // 2, len(good) - 1)},
    }  # fmt: skip
    paths = []
    for name, content in damaged.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(content)
    # The same shapes with other values, and other shapes.
    for zeros, options in ((0.6, wide), (0.5, {"widths": [90, 70, 10]})):
        paths.append(tmp_path / f"other{zeros}.weights")
        other = network("mlp", 2, zeros, **options)
        other.write_shared_object(str(tmp_path / "other.so"), weights=str(paths[-1]))
    absent = [tmp_path / "nothing", tmp_path]
    sample(module, 7).tofile(tmp_path / "x.bin")
    output = run(
        program, tmp_path / "x.bin", tmp_path / "y.bin", *absent, *paths, tmp_path / "net.weights"
    )
    assert output.split() == [FILE] * len(absent) + [DAMAGED] * len(paths)
    text = run(program, tmp_path / "x.bin", tmp_path / "y.bin", tmp_path / "short")
    assert text == f"{DAMAGED} the file does not hold the weights of this network, or is damaged\n"


def test_the_weights_are_not_in_the_shared_object(tmp_path: Path) -> None:
    module = network("mlp", 2, 0.0, widths=[784, 300, 10])
    write(tmp_path, module, small=True)
    assert (tmp_path / "net.weights").stat().st_size > 784 * 300 * 4
    assert (tmp_path / "net.so").stat().st_size < 40_000


def test_a_network_without_large_weights_has_a_file(tmp_path: Path) -> None:
    module = parse(
        "func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {\n"
        "  %0 = arith.addf %x, %x : tensor<2xf32>\n  return %0 : tensor<2xf32>\n}"
    )
    program = write(tmp_path, module)
    np.array([1, 2], np.float32).tofile(tmp_path / "x.bin")
    assert (tmp_path / "net.weights").stat().st_size == 64
    run(program, tmp_path / "x.bin", tmp_path / "y.bin", tmp_path / "net.weights")
    assert list(np.fromfile(tmp_path / "y.bin", np.float32)) == [2, 4]


@pytest.mark.parametrize("size", [1024, 1029, 1035, 1055])
def test_files_of_any_length_are_checked(tmp_path: Path, size: int) -> None:
    values = np.random.default_rng(size).integers(1, 127, size).astype(np.int8)
    kind = f"tensor<{size}xi8>"
    module = parse(
        f"func.func @f(%x: {kind}) -> {kind} {{\n"
        f'  %w = arith.constant dense<"0x{values.tobytes().hex()}"> : {kind}\n'
        f"  %0 = arith.addi %x, %w : {kind}\n  return %0 : {kind}\n}}"
    )
    program = write(tmp_path, module)
    assert (tmp_path / "net.weights").stat().st_size == 64 + size
    np.full(size, -3, np.int8).tofile(tmp_path / "x.bin")
    run(program, tmp_path / "x.bin", tmp_path / "y.bin", tmp_path / "net.weights")
    np.testing.assert_array_equal(np.fromfile(tmp_path / "y.bin", np.int8), values - 3)


def test_the_command_writes_three_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "net.mlir").write_text(str(network("mlp", 2, 0.9, **MLP)))
    out, weights = tmp_path / "out.so", tmp_path / "out.weights"
    command = ["compile", str(tmp_path / "net.mlir"), "-o", str(out), "--weights"]
    assert main([*command, str(weights)]) == 0
    assert f"bytes of weights, written to {weights}" in capsys.readouterr().out
    header = out.with_suffix(".h").read_text()
    assert "out_create_with_weights(out_handle **handle, const char *file);" in header
    assert "int out_create(" not in header
    first = out.read_bytes(), weights.read_bytes()
    assert main([*command, str(weights)]) == 0
    assert (out.read_bytes(), weights.read_bytes()) == first


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("net.so", "expected a file of its own for the weights"),
        ("net.h", "expected a file of its own for the weights"),
        ("", "it is a folder"),
        ("none/net.weights", "No such file or directory"),
    ],
)
def test_where_weights_cannot_be_written(
    tmp_path: Path, weights: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "net.mlir").write_text(str(network("mlp", 2, 0.9, **MLP)))
    command = ["compile", str(tmp_path / "net.mlir"), "-o", str(tmp_path / "net.so")]
    assert main([*command, "--weights", str(tmp_path / weights)]) == 1
    assert message in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["net.mlir"]
