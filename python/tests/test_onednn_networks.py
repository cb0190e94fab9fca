# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Shared objects of networks some of whose layers are oneDNN's."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune.cli import main
from mlir_prune.native import native
from network_programs import ALLOCATIONS, STRESS
from shared_objects import BARE, COMPILER, MLP, build, inspect, network, run, sample

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")

HAS_ONEDNN = native().runtime_name().startswith("onednn")
needs_onednn = pytest.mark.skipif(not HAS_ONEDNN, reason="built without oneDNN")

OWN = {"libc.so.6", "libm.so.6"}

DENSE = [
    ("mlp", 64, {"widths": [300, 200, 10], "activation": "sigmoid"}),
    ("lenet5_caffe", 5, {}),
    ("resnet20", 2, {}),
]


def needed(file: Path) -> set[str]:
    """The libraries that the loader is asked for."""
    lines = inspect("readelf", "-dW", str(file))
    return {line.split("[")[1].rstrip("]") for line in lines if "NEEDED" in line}


def uses_onednn(file: Path) -> bool:
    return any(name.startswith("libdnnl.so") for name in needed(file))


@needs_onednn
@pytest.mark.parametrize(("name", "batch", "options"), DENSE)
def test_dense_layers_are_those_of_the_process(
    tmp_path: Path, name: str, batch: int, options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The same bits as compiled code in the process, in any number of threads and handles."""
    monkeypatch.setenv("PRUNE_COST_MODEL", "builtin")
    module = network(name, batch, 0.0, **options)
    module.write_shared_object(str(tmp_path / "net.so"))
    assert uses_onednn(tmp_path / "net.so")
    x = sample(module, 9)
    x.tofile(tmp_path / "x.bin")
    run(build(tmp_path, STRESS, "stress"), tmp_path / "x.bin", tmp_path / "y.bin")
    expected = module.compile()("forward", x)[0]
    result = np.fromfile(tmp_path / "y.bin", np.float32).reshape(expected.shape)
    np.testing.assert_array_equal(result, expected)
    exact = module.compile(reference=True)("forward", x)[0]
    np.testing.assert_allclose(result, exact, rtol=1e-4, atol=1e-4 * np.abs(exact).max())


@pytest.mark.parametrize("name", ["lenet5_caffe", "resnet20"])
@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("net.so", {"standalone": True}),
        ("net.so", {"standalone": True, "isa": "all"}),
        ("net.so", {"small": True}),
    ],
)
def test_a_standalone_network_needs_libc_and_libm(
    tmp_path: Path, name: str, file: str, options: dict[str, Any]
) -> None:
    network(name, 2, 0.0).write_shared_object(str(tmp_path / file), **options)
    assert needed(tmp_path / file) <= OWN
    loaded = inspect("ldd", str(tmp_path / file))
    names = {Path(line.split()[0]).name for line in loaded}
    assert {name for name in names if name.startswith("lib")} <= OWN


def test_sparse_layers_do_not_need_onednn(tmp_path: Path) -> None:
    """Nor where another layer might have."""
    network("mlp", 7, 0.97, widths=[784, 300, 100, 10]).write_shared_object(
        str(tmp_path / "net.so"), isa="all"
    )
    assert needed(tmp_path / "net.so") <= OWN
    assert not any("PATH" in line for line in inspect("readelf", "-dW", str(tmp_path / "net.so")))


@needs_onednn
def test_runs_with_onednn_allocate_no_memory_for_values(tmp_path: Path) -> None:
    """oneDNN itself allocates some hundred bytes for the arguments of each call."""
    network("resnet20", 2, 0.0).write_shared_object(str(tmp_path / "net.so"))
    assert uses_onednn(tmp_path / "net.so")
    program = build(tmp_path, ALLOCATIONS, "allocations", "-DLEAST=2048")
    assert run(program).split() == ["1", *"0000"]


SETTING = r"""
#include "net.h"
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static int count_threads(void) {
  int count = -2;
  DIR *folder = opendir("/proc/self/task");
  while (readdir(folder)) ++count;
  closedir(folder);
  return count;
}

int main(void) {
  int (*get)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "omp_get_max_threads");
  void (*set)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  const void *inputs[] = {calloc(net_input(0)->bytes, 1)};
  void *outputs[] = {calloc(net_output(0)->bytes, 1)};
  net_handle *net;
  set(7);
  if (net_create(&net)) return 1;
  if (net_run(net, inputs, &net_input(0)->bytes, outputs, &net_output(0)->bytes)) return 1;
  printf("%d %d\n", get(), count_threads());
  net_destroy(net);
  return 0;
}
"""


@needs_onednn
def test_the_program_keeps_its_openmp_setting(tmp_path: Path) -> None:
    """And none of its threads is started, in packing weights neither."""
    network("lenet5_caffe", 5, 0.0).write_shared_object(str(tmp_path / "net.so"))
    assert run(build(tmp_path, SETTING, "setting", "-ldl")) == "7 1\n"


@needs_onednn
def test_onednn_beside_the_network(tmp_path: Path) -> None:
    """Where its folder is gone, the loader says so, and finds what was shipped."""
    file = tmp_path / "net.so"
    network("lenet5_caffe", 5, 0.0).write_shared_object(str(file))
    program = build(tmp_path, SETTING, "setting", "-ldl")
    line = next(line for line in inspect("readelf", "-dW", str(file)) if "RUNPATH" in line)
    path = line.split("[")[1].rstrip("]")
    origin, *folders = path.split(":")
    assert origin == "$ORIGIN"
    gone = ":".join([origin, *("/" + "x" * (len(folder) - 1) for folder in folders)])
    content = file.read_bytes()
    assert content.count(path.encode()) == 1
    file.write_bytes(content.replace(path.encode(), gone.encode()))
    absent = subprocess.run([str(program)], env=BARE, capture_output=True, text=True)
    assert absent.returncode != 0
    assert "libdnnl.so" in absent.stderr and "cannot open shared object file" in absent.stderr
    for name in needed(file):
        for folder in map(Path, folders):
            if (folder / name).exists() and name not in OWN:
                (tmp_path / name).symlink_to(folder / name)
    assert run(program) == "7 1\n"


def test_the_option(tmp_path: Path) -> None:
    (tmp_path / "net.mlir").write_text(str(network("lenet5_caffe", 5, 0.0)))
    command = ["compile", str(tmp_path / "net.mlir"), "-o", str(tmp_path / "net.so")]
    assert main([*command, "--isa", "host", "--cost-model", "builtin"]) == 0
    assert uses_onednn(tmp_path / "net.so") == HAS_ONEDNN
    assert main([*command, "--isa", "host", "--standalone"]) == 0
    assert needed(tmp_path / "net.so") <= OWN


@needs_onednn
def test_onednn_that_cannot_be_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One clear message, and no file."""
    (tmp_path / "net.mlir").write_text(str(network("mlp", 2, 0.0, **MLP)))
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PRUNE_RUNTIME_DIR", str(tmp_path / "empty"))
    command = ["compile", str(tmp_path / "net.mlir"), "-o", str(tmp_path / "net.so")]
    assert main(command) == 1
    error = capsys.readouterr().err
    assert "cannot use oneDNN: no runtime library found" in error and error.count("\n") == 1
    assert not (tmp_path / "net.so").exists()
