# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks as shared objects, called from C programs that know nothing of MLIR."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune.cli import main
from mlir_prune.native import native, parse
from shared_objects import BARE, COMPILER, MLP, ROOT, build, inspect, network, run, sample

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")

THREADS = r"""
#include "net.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *run(void *argument) {
  char **files = argument;
  const net_value *in = net_input(0), *out = net_output(0);
  /* Buffers need no alignment beyond that of their elements. */
  char *x = (char *)malloc(in->bytes + 4) + 4, *y = (char *)malloc(out->bytes + 4) + 4;
  FILE *file = fopen(files[0], "rb");
  if (!file || fread(x, 1, in->bytes, file) != in->bytes) exit(3);
  fclose(file);
  net_handle *net;
  if (net_create(&net)) exit(4);
  const void *inputs[] = {x};
  void *outputs[] = {y};
  for (int i = 0; i < 50; ++i) {
    memset(y, 255, out->bytes);
    if (net_run(net, inputs, &in->bytes, outputs, &out->bytes)) exit(5);
  }
  net_destroy(net);
  file = fopen(files[1], "wb");
  fwrite(y, 1, out->bytes, file);
  fclose(file);
  return NULL;
}

int main(int argc, char **argv) {
  pthread_t first, second;
  if (argc != 5) return 2;
  pthread_create(&first, NULL, run, argv + 1);
  pthread_create(&second, NULL, run, argv + 3);
  pthread_join(first, NULL);
  pthread_join(second, NULL);
  return 0;
}
"""

ERRORS = r"""
#include "net.h"
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  const net_value *in = net_input(0), *out = net_output(0);
  const void *inputs[] = {calloc(in->bytes, 1)};
  void *outputs[] = {calloc(out->bytes, 1)};
  size_t small = in->bytes - 4;
  net_handle *net;
  printf("%d %d %s %s\n", net_input_count(), net_output_count(), in->name, out->name);
  printf("%d %d %d %d\n", in->element, in->rank, (int)in->shape[0], (int)in->shape[1]);
  printf("%d\n", net_input(1) == NULL && net_output(-1) == NULL);
  printf("%d\n", net_create(NULL) == NET_ERROR_NULL);
  printf("%d\n", net_create(&net) == NET_OK);
  printf("%d\n", net_run(NULL, inputs, &in->bytes, outputs, &out->bytes) == NET_ERROR_NULL);
  printf("%d\n", net_run(net, inputs, &small, outputs, &out->bytes) == NET_ERROR_SIZE);
  printf("%d\n", net_run(net, inputs, &in->bytes, outputs, &small) == NET_ERROR_SIZE);
  printf("%d\n", net_run(net, NULL, &in->bytes, outputs, &out->bytes) == NET_ERROR_NULL);
  printf("%d\n", net_set_threads(net, 1) == NET_OK);
  printf("%d\n", net_set_threads(net, 2) == NET_OK);
  printf("%d\n", net_set_threads(net, 0) == NET_ERROR_THREADS);
  printf("%d\n", net_set_threads(net, 257) == NET_ERROR_THREADS);
  printf("%d\n", net_run(net, inputs, &in->bytes, outputs, &out->bytes) == NET_OK);
  printf("%s\n", net_message(NET_ERROR_SIZE));
  net_destroy(net);
  net_destroy(NULL);
  return 0;
}
"""




@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("isa", ["host", "avx2", "base"])
@pytest.mark.parametrize(
    ("name", "batch", "zeros", "options"),
    [
        ("mlp", 1, 0.9, MLP),
        ("mlp", 7, 0.9, {**MLP, "activation": "tanh"}),
        ("mlp", 5, 0.0, MLP),
        ("lenet5_caffe", 2, 0.9, {}),
        ("resnet20", 1, 0.9, {}),
    ],
)
def test_two_threads_with_two_handles(
    tmp_path: Path, name: str, batch: int, zeros: float, options: dict[str, Any], isa: str,
    small: bool,
) -> None:  # fmt: skip
    module = network(name, batch, zeros, **options)
    module.write_shared_object(str(tmp_path / "net.so"), isa=isa, small=small)
    program = build(tmp_path, THREADS, "threads")
    reference = module.compile(reference=True)
    inputs = [sample(module, seed) for seed in (1, 2)]
    files = [tmp_path / f"{kind}{i}.bin" for i in range(2) for kind in "xy"]
    for x, file in zip(inputs, files[::2], strict=True):
        x.tofile(file)
    run(program, *files)
    for x, file in zip(inputs, files[1::2], strict=True):
        expected = reference("forward", x)[0]
        result = np.fromfile(file, np.float32).reshape(expected.shape)
        np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_the_example_classifies(tmp_path: Path) -> None:
    module = network("mlp", 6, 0.9, **MLP)
    module.write_shared_object(str(tmp_path / "net.so"))
    program = build(tmp_path, ROOT / "examples" / "c" / "classify.c", "classify")
    x = sample(module, 3)
    x.tofile(tmp_path / "rows.bin")
    expected = module.compile(reference=True)("forward", x)[0].argmax(axis=1)
    assert run(program, tmp_path / "rows.bin").split() == [str(c) for c in expected]


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
@pytest.mark.parametrize("page", ["docs/Compile.md", "examples/c/classify.c"])
def test_a_program_that_is_linked_as_written_starts(page: str, tmp_path: Path) -> None:
    """By the command of the page, in the folder of the shared object."""
    network("mlp", 1, 0.9, **MLP).write_shared_object(str(tmp_path / "net.so"))
    line = next(text for text in (ROOT / page).read_text().splitlines() if " ./net.so" in text)
    command = line.removeprefix("//").strip()
    name = command.split()[1].removesuffix(".c")
    (tmp_path / f"{name}.c").write_text(
        '#include "net.h"\nint main(void) { return net_input_count() == 1 ? 0 : 1; }\n'
    )
    subprocess.run(f"{command}\n./{name}", shell=True, check=True, cwd=tmp_path, env=BARE)


def test_errors_of_the_c_interface(tmp_path: Path) -> None:
    module = network("mlp", 2, 0.9, **MLP)
    module.write_shared_object(str(tmp_path / "net.so"))
    lines = run(build(tmp_path, ERRORS, "errors")).splitlines()
    assert lines[:2] == ["1 1 input logits", "0 2 2 40"]
    assert lines[2:-1] == ["1"] * 12
    assert lines[-1] == "a buffer has another size than the input or output"


NUMBERS = """
func.func @mix(%x: tensor<3x4xf64> {prune.input = "x"}, %s: f64, %k: tensor<3xi64>)
    -> (tensor<3x4xf64> {prune.output = "y"}, tensor<3xi64>, tensor<f64>) {
  %0 = tensor.splat %s : tensor<3x4xf64>
  %1 = arith.mulf %x, %0 : tensor<3x4xf64>
  %2 = arith.addi %k, %k : tensor<3xi64>
  %3 = tensor.from_elements %s : tensor<f64>
  return %1, %2, %3 : tensor<3x4xf64>, tensor<3xi64>, tensor<f64>
}
"""

MIX = r"""
#include "net.h"
#include <stdio.h>

int main(void) {
  double x[12], s = 2.5, y[12], z;
  int64_t k[3] = {1, 2, 3}, l[3];
  for (int i = 0; i < 12; ++i) x[i] = i;
  const void *inputs[] = {x, &s, k};
  void *outputs[] = {y, l, &z};
  size_t in[] = {sizeof x, sizeof s, sizeof k}, out[] = {sizeof y, sizeof l, sizeof z};
  net_handle *net;
  if (net_create(&net) || net_run(net, inputs, in, outputs, out)) return 1;
  printf("%g %g %d %g %d\n", y[1], y[11], (int)l[2], z, net_input(1)->rank);
  net_destroy(net);
  return 0;
}
"""


def test_several_values_of_several_types(tmp_path: Path) -> None:
    parse(NUMBERS).write_shared_object(str(tmp_path / "net.so"))
    assert run(build(tmp_path, MIX, "mix")).split() == ["2.5", "27.5", "6", "2.5", "0"]


@pytest.mark.parametrize(
    ("file", "name"), [("libnet.so", "net"), ("a-b.so", "a_b"), ("5.so", "network_5")]
)
def test_the_name_of_a_file_names_the_functions(tmp_path: Path, file: str, name: str) -> None:
    parse(NUMBERS).write_shared_object(str(tmp_path / file))
    assert f"int {name}_create(" in (tmp_path / file).with_suffix(".h").read_text()


TWO = r"""
#include "net.h"
#include "other.h"
#include <stdio.h>

int main(void) {
  net_handle *net;
  other_handle *other;
  if (net_create(&net) || other_create(&other)) return 1;
  printf("%d %d\n", (int)net_output(0)->shape[1], (int)other_output(0)->shape[1]);
  net_destroy(net);
  other_destroy(other);
  return 0;
}
"""


def test_two_networks_in_one_program(tmp_path: Path) -> None:
    network("mlp", 1, 0.9, **MLP).write_shared_object(str(tmp_path / "net.so"))
    network("mlp", 1, 0.9, widths=[8, 5]).write_shared_object(str(tmp_path / "other.so"))
    program = build(tmp_path, TWO, "two", "other.so")
    assert run(program).split() == ["10", "5"]


def test_nothing_but_libc_and_libm_is_needed(tmp_path: Path) -> None:
    module = network("lenet5_caffe", 3, 0.9)
    file = tmp_path / "net.so"
    module.write_shared_object(str(file), name="digits", standalone=True)
    dynamic = inspect("readelf", "-dW", str(file))
    needed = {line.split("[")[1].rstrip("]") for line in dynamic if "NEEDED" in line}
    assert needed <= {"libc.so.6", "libm.so.6"}
    symbols = inspect("nm", "-D", "--defined-only", str(file))
    assert sorted(line.split()[-1] for line in symbols) == sorted(
        f"digits_{name}" for name in (
            "create", "destroy", "input", "input_count", "isa", "message", "output",
            "output_count", "run", "set_isa", "set_threads",
        )
    )  # fmt: skip


def test_generated_code_can_be_executed_and_not_written(tmp_path: Path) -> None:
    module = network("mlp", 1, 0.9, **MLP)
    module.write_shared_object(str(tmp_path / "net.so"), isa="avx512")
    segments = inspect("readelf", "-lW", str(tmp_path / "net.so"))
    # Type, offset, two addresses, two sizes, flags, alignment.
    flags = ["".join(line.split()[6:-1]) for line in segments if line.lstrip().startswith("LOAD")]
    assert "RE" in flags and not any("W" in flag and "E" in flag for flag in flags)


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        network("lenet5_caffe", 2, 0.9).write_shared_object(str(tmp_path / name / "net.so"))
    for file in ("net.so", "net.h"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.mlir"
    path.write_text(str(network("mlp", 2, 0.9, **MLP)))
    return path


def test_the_command(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = file.with_name("digits-2.so")
    assert main(["compile", str(file), "-o", str(target), "--standalone", "--batch", "3"]) == 0
    header = target.with_suffix(".h")
    assert capsys.readouterr().out.endswith(f"written to {target} and {header}\n")
    assert "int digits_2_create(digits_2_handle **handle);" in header.read_text()
    assert "[3, 40]" in header.read_text()
    assert "There is code for AVX512, AVX2, BASE." in header.read_text()
    assert main(["compile", str(file), "-o", str(target), "--size"]) == 0
    assert header.read_text().count(" is code for") == 1
    assert "AVX2, BASE" not in header.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--batch", "0"], "a batch is positive, got 0"),
        (["--isa", "base,sse9"], "out of avx512, avx2, base, host and all, got 'sse9'"),
        (["--name", "my net"], "the network's name to be an identifier of C, got 'my net'"),
        (["-o", "{}/net.dll"], "expected a file that ends in .so or .a"),
        (["-o", "{}/none/net.so"], "cannot write '{}/none/net.so': No such file or directory"),
    ],
)  # fmt: skip
def test_what_cannot_be_written(
    file: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(file.parent.iterdir())
    rest = [text.format(file.parent) for text in arguments]
    assert main(["compile", str(file), "-o", str(file.with_name("net.so")), *rest]) == 1
    error = capsys.readouterr().err
    assert message.format(file.parent) in error and error.count("\n") == 1
    assert sorted(file.parent.iterdir()) == before


@pytest.mark.parametrize("name", ["net.so", "net.h"])
def test_a_folder_in_the_way(file: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = file.with_name(name)
    folder.mkdir()
    before = sorted(file.parent.iterdir())
    assert main(["compile", str(file), "-o", str(file.with_name("net.so"))]) == 1
    assert f"cannot write '{folder}': it is a folder" in capsys.readouterr().err
    assert sorted(file.parent.iterdir()) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("func.func private @f()", "there is no public function"),
        ("func.func @f(%x: tensor<2xf32>) { return }", "the function 'f' has no result"),
        (
            'func.func @f(%x: tensor<2xf32> {prune.param = #prune.param<"w", weight>}) -> '
            "tensor<2xf32> { return %x : tensor<2xf32> }",
            "the parameter 'w' has no value: bind it first",
        ),
        (
            'func.func @f(%x: tensor<2xf32> {prune.state = "w"}) -> '
            '(tensor<2xf32> {prune.state = "w"}) { return %x : tensor<2xf32> }',
            "'w' is state: a network without state can be written alone",
        ),
        (
            "func.func @f(%x: f32) -> f32 { return %x : f32 }\n"
            "func.func @g(%x: f32) -> f32 { return %x : f32 }",
            "expected one public function, got 'f', 'g'",
        ),
    ],
)
def test_what_is_no_network(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(native().PruneError, match=message):
        parse(text).write_shared_object(str(tmp_path / "net.so"))
    assert not list(tmp_path.iterdir())


def test_a_linker_that_fails(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = file.with_name("net.so")
    monkeypatch.setenv("CC", "/bin/false")
    assert main(["compile", str(file), "-o", str(target)]) == 1
    assert "cannot link: no message" in capsys.readouterr().err
    monkeypatch.setenv("CC", os.fspath(file.with_name("nothing")))
    assert main(["compile", str(file), "-o", str(target)]) == 1
    assert "cannot link: no C compiler found under" in capsys.readouterr().err
    assert list(file.parent.iterdir()) == [file]
