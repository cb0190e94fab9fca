# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Shared objects with code for several instruction sets, of which a handle takes the best."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared_objects import COMPILER, MLP, build, inspect, network, run, sample

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")

FORCED = r"""
#include "net.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes the results of each instruction set, one behind the other, and prints which ran. */
int main(int argc, char **argv) {
  const net_value *in = net_input(0), *out = net_output(0);
  char *x = malloc(in->bytes), *y = malloc(out->bytes), *again = malloc(out->bytes);
  if (argc != 3) return 2;
  FILE *file = fopen(argv[1], "rb");
  if (!file || fread(x, 1, in->bytes, file) != in->bytes) return 3;
  fclose(file);
  net_handle *net;
  if (net_create(&net)) return 4;
  printf("%d\n", net_isa(net));
  file = fopen(argv[2], "wb");
  const void *inputs[] = {x};
  void *outputs[] = {y}, *others[] = {again};
  for (int isa = -1; isa <= 3; ++isa) {
    int code = net_set_isa(net, isa);
    printf("%d %d\n", isa, code);
    if (code) continue;
    if (net_isa(net) != isa) return 5;
    if (net_run(net, inputs, &in->bytes, outputs, &out->bytes)) return 6;
    if (net_run(net, inputs, &in->bytes, others, &out->bytes)) return 7;
    if (memcmp(y, again, out->bytes)) return 8;
    fwrite(y, 1, out->bytes, file);
  }
  fclose(file);
  if (net_set_isa(NULL, 0) != NET_ERROR_NULL || net_isa(NULL) != -1) return 9;
  net_destroy(net);
  return 0;
}
"""

NO_CODE = 7
ISAS = {"base": 0, "avx2": 1, "avx512": 2}


def host_sets() -> list[str]:
    """Instruction sets of this processor."""
    words = Path("/proc/cpuinfo").read_text().split()
    has_avx2 = {"avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"} <= set(words)
    names = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
    return ["base"] + ["avx2"] * has_avx2 + ["avx512"] * (has_avx2 and names <= set(words))


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize(
    ("name", "batch", "zeros", "options"),
    [
        ("mlp", 3, 0.9, {**MLP, "activation": "tanh"}),
        ("mlp", 1, 0.0, MLP),
        ("lenet5_caffe", 2, 0.9, {}),
        ("resnet20", 1, 0.9, {}),
    ],
)
def test_each_instruction_set_computes_the_network(
    tmp_path: Path, name: str, batch: int, zeros: float, options: dict[str, Any], small: bool
) -> None:
    module = network(name, batch, zeros, **options)
    module.write_shared_object(str(tmp_path / "net.so"), isa="all", small=small)
    x = sample(module, 4)
    x.tofile(tmp_path / "x.bin")
    program = build(tmp_path, FORCED, "forced")
    lines = run(program, tmp_path / "x.bin", tmp_path / "y.bin").splitlines()
    host = [ISAS[name] for name in host_sets()]
    assert lines[0] == str(max(host))
    # Others are not there, or the processor lacks them.
    expected = {isa: 0 if isa in host else 5 for isa in ISAS.values()}
    assert lines[1:] == [f"{isa} {expected.get(isa, NO_CODE)}" for isa in range(-1, 4)]
    want = module.compile(reference=True)("forward", x)[0]
    for result in np.fromfile(tmp_path / "y.bin", np.float32).reshape(len(host), *want.shape):
        np.testing.assert_allclose(result, want, rtol=1e-4, atol=1e-4 * np.abs(want).max())


@pytest.mark.parametrize(
    ("isa", "kept"),
    [("base", ["base"]), ("base, avx2", ["avx2", "base"]), ("avx2,avx2", ["avx2"])],
)
def test_a_file_has_code_for_what_was_asked(tmp_path: Path, isa: str, kept: list[str]) -> None:
    module = network("mlp", 1, 0.9, **MLP)
    module.write_shared_object(str(tmp_path / "net.so"), isa=isa)
    assert f"There is code for {', '.join(kept).upper()}." in (tmp_path / "net.h").read_text()
    sample(module, 4).tofile(tmp_path / "x.bin")
    program = build(tmp_path, FORCED, "forced")
    lines = run(program, tmp_path / "x.bin", tmp_path / "y.bin").splitlines()
    usable = [name for name in kept if name in host_sets()]
    assert lines[0] == str(max(ISAS[name] for name in usable))
    for name, number in ISAS.items():
        code = 0 if name in usable else 5 if name in kept else NO_CODE
        assert f"{number} {code}" in lines


def test_weights_that_several_codes_read_are_there_once(tmp_path: Path) -> None:
    """Lanes have the same bytes for all, as long as that kernel is taken."""
    module = network("mlp", 1, 0.9, widths=[300, 200, 10])
    sizes = {}
    for isa in ("base", "base,avx2"):
        module.write_shared_object(str(tmp_path / "net.so"), isa=isa, small=True)
        sections = inspect("readelf", "-SW", str(tmp_path / "net.so"))
        line = next(line for line in sections if " .rodata " in line)
        sizes[isa] = int(line.split("PROGBITS")[1].split()[2], 16)
    assert sizes["base,avx2"] < 1.1 * sizes["base"]


def test_code_for_all_gives_the_same_bytes(tmp_path: Path) -> None:
    files = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        file = tmp_path / folder / "net.so"
        network("lenet5_caffe", 1, 0.9).write_shared_object(str(file), isa="all")
        files.append(file.read_bytes())
    assert files[0] == files[1]
