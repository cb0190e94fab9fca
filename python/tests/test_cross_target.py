# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks for another processor, run by qemu."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune.cli import main
from mlir_prune.native import native
from shared_objects import MLP, ROOT, inspect, network, sample

TARGET = "aarch64-linux-gnu"
COMPILER = shlex.split(os.environ.get("PRUNE_CROSS_CC", "clang-22"))
QEMU = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")
SYSTEM = os.environ.get("PRUNE_CROSS_SYSTEM", "/usr/aarch64-linux-gnu")
"""Where the target's dynamic linker is."""

PROGRAM = r"""
#include "net.h"
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  net_handle *net;
  char *x = malloc(net_input(0)->bytes), *y = malloc(net_output(0)->bytes);
  const void *inputs[] = {x};
  void *outputs[] = {y};
  FILE *file = fopen(argv[1], "rb");
  if (argc < 3 || !file || fread(x, 1, net_input(0)->bytes, file) == 0) return 2;
  fclose(file);
#ifdef WEIGHTS
  if (net_create_with_weights(&net, argv[3])) return 3;
#else
  if (net_create(&net)) return 3;
#endif
  if (net_set_threads(net, 3)) return 4;
  if (net_run(net, inputs, &net_input(0)->bytes, outputs, &net_output(0)->bytes)) return 5;
  net_destroy(net);
  file = fopen(argv[2], "wb");
  fwrite(y, 1, net_output(0)->bytes, file);
  fclose(file);
  return 0;
}
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes a network for the target."""
    monkeypatch.setenv("CC", shlex.join(COMPILER))

    def write(module: Any, name: str, **options: Any) -> Path:
        file = tmp_path / name
        try:
            module.write_shared_object(str(file), target=TARGET, **options)
        except native().PruneError as error:
            if "the runtime was not built for" not in str(error):
                raise
            pytest.skip(f"needs qemu-aarch64 and the runtime for {TARGET}")
        return file

    return write


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("kind", ["so", "a", "weights"])
@pytest.mark.parametrize(
    ("name", "batch", "zeros", "options"),
    [
        ("mlp", 3, 0.9, {**MLP, "activation": "tanh"}),
        ("lenet5_caffe", 2, 0.9, {}),
        ("resnet20", 1, 0.9, {}),
    ],
)
def test_the_network_computes_on_the_target(
    write: Any, tmp_path: Path, name: str, batch: int, zeros: float, options: dict[str, Any],
    kind: str, small: bool,
) -> None:  # fmt: skip
    module = network(name, batch, zeros, **options)
    weights = tmp_path / "net.weights"
    more = {"weights": str(weights)} if kind == "weights" else {}
    ending = "a" if kind == "a" else "so"
    write(module, f"net.{ending}", isa="all", small=small, threads=2, **more)
    if QEMU is None:
        pytest.skip("needs qemu-aarch64")
    (tmp_path / "program.c").write_text(PROGRAM)
    command = [*COMPILER, f"--target={TARGET}", "-fuse-ld=lld", "-O1", "program.c", "-o", "program"]
    command += ["-DWEIGHTS"] if more else []
    subprocess.run(
        [*command, f"./net.{ending}", "-lm", "-Wl,-rpath,$ORIGIN"], check=True, cwd=tmp_path
    )
    x = sample(module, 6)
    x.tofile(tmp_path / "x.bin")
    run = [QEMU, "-L", SYSTEM, "./program", "x.bin", "y.bin", "net.weights"]
    subprocess.run(run, check=True, cwd=tmp_path, timeout=120)
    expected = module.compile(reference=True)("forward", x)[0]
    result = np.fromfile(tmp_path / "y.bin", np.float32).reshape(expected.shape)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_the_file_is_for_the_target(write: Any, tmp_path: Path) -> None:
    files = [write(network("mlp", 2, 0.9, **MLP), name, isa="all") for name in ("a.so", "b.so")]
    header = inspect("readelf", "-hW", str(files[0]))
    assert any("AArch64" in line for line in header)
    dynamic = inspect("readelf", "-dW", str(files[0]))
    needed = {line.split("[")[1].rstrip("]") for line in dynamic if "NEEDED" in line}
    assert needed <= {"libc.so.6", "libm.so.6", "ld-linux-aarch64.so.1"}
    assert "There is code for BASE." in files[0].with_suffix(".h").read_text()
    assert files[0].with_suffix(".h").read_text() == files[1].with_suffix(".h").read_text().replace(
        "b_", "a_").replace("'b'", "'a'").replace("B_", "A_")  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "sparc-sun-solaris"], "expected a target out of"),
        (["--target", TARGET, "--isa", "avx2"], "instruction sets out of base and all, got 'avx2'"),
        (["--target", TARGET, "--isa", "host"], "instruction sets out of base and all, got 'host'"),
        (["--target", TARGET, "--tune"], "--tune measures this computer"),
    ],
)
def test_targets_that_are_refused(
    tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "net.mlir").write_text(str(network("mlp", 2, 0.9, **MLP)))
    command = ["compile", str(tmp_path / "net.mlir"), "-o", str(tmp_path / "net.so")]
    assert main([*command, *arguments]) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["net.mlir"]


def test_a_target_without_a_runtime_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PRUNE_RUNTIME_DIR", str(ROOT))
    (tmp_path / "net.mlir").write_text(str(network("mlp", 2, 0.9, **MLP)))
    command = ["compile", str(tmp_path / "net.mlir"), "-o", str(tmp_path / "net.so")]
    assert main([*command, "--target", TARGET]) == 1
    assert f"the runtime was not built for {TARGET}" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["net.mlir"]
