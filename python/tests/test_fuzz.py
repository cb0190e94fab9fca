# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The fuzzer: the same seed is the same network, a planted fault is found and made
small, a crash costs one module, a run goes on where it stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mlir_prune._native", reason="needs the native module")
from mlir_prune import cli
from mlir_prune.errors import InputError
from mlir_prune.fuzz import checks, outcome
from mlir_prune.fuzz.generate import Case, generate
from mlir_prune.fuzz.log import Log
from mlir_prune.fuzz.outcome import Failure, Outcome
from mlir_prune.fuzz.program import Program
from mlir_prune.fuzz.reduce import reduce_case
from mlir_prune.fuzz.runner import Settings, fuzz, is_known
from mlir_prune.fuzz.subject import Difference, Subject, difference
from mlir_prune.fuzz.workers import MEMORY, Workers
from mlir_prune.native import native

NETWORK = """\
func.func @forward(%input: tensor<2x3xf32> {prune.input = "input"})
    -> (tensor<2x2xf32> {prune.output = "logits"}) {
  %w = arith.constant {prune.param = #prune.param<"w", weight>}
      dense<[[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]]> : tensor<3x2xf32>
  %unused = tensor.empty() : tensor<2x3xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %z = linalg.matmul ins(%input, %w : tensor<2x3xf32>, tensor<3x2xf32>)
      outs(%f : tensor<2x2xf32>) -> tensor<2x2xf32>
  %y = linalg.negf ins(%z : tensor<2x2xf32>)
      outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
"""


def test_a_seed_is_one_network() -> None:
    texts = [generate(seed).text for seed in range(40)]
    assert texts == [generate(seed).text for seed in range(40)]
    assert len(set(texts)) == 40
    Subject(texts[3], 3)


def test_networks_are_of_all_kinds() -> None:
    text = "\n".join(generate(seed).text for seed in range(1200))
    for op in (
        "linalg.conv_2d_nchw_fchw", "conv_2d_ngchw_gfchw", "depthwise_conv_2d_nchw_chw",
        "linalg.conv_1d_ncw_fcw", "linalg.matmul", "linalg.batch_matmul", "linalg.softmax",
        "pooling_nchw_max", "pooling_nchw_sum", "prune.batch_norm", "prune.apply_mask",
        "prune.gate", "tensor.pad", "tensor.concat", "tensor.insert_slice",
        "tensor.extract_slice", "tensor.collapse_shape", "tensor.expand_shape",
        "linalg.transpose", "linalg.reduce", "linalg.index", "tensor.extract ", "%factor: f32",
        "0x7FC00000",
    ):  # fmt: skip
        assert op in text, op


def test_inputs_are_the_same_in_both_precisions() -> None:
    subject = Subject(NETWORK, 5)
    narrow, wide = (s.reference()["logits"] for s in (subject, subject.double))
    assert narrow.dtype == np.float32 and wide.dtype == np.float64
    np.testing.assert_allclose(narrow, wide, rtol=1e-6)


@pytest.mark.parametrize(
    "old, new, tolerance, found",
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0, None),
        ([0.0, np.nan], [-0.0, np.nan], 0.0, None),
        ([1.0, 2.0], [1.0, 2.00001], 1e-5, None),
        ([1.0, 2.0], [1.0, 2.00001], 0.0, "2 became 2.00001 at [1], 1 of 2 elements"),
        ([1.0, 2.0], [np.nan, 2.0], 1e-5, "1 became nan at [0], 1 of 2 elements"),
        ([np.inf, 2.0], [1.0, 2.0], 1e-5, "inf became 1 at [0], 1 of 2 elements"),
    ],
)
def test_differences(old: list[float], new: list[float], tolerance: float, found: str) -> None:
    assert difference(np.array(old), np.array(new), tolerance) == found


def test_rounding_is_no_fault() -> None:
    """Single precision loses 1 beside 1e8; double precision tells that nothing is wrong."""
    sums = NETWORK.replace("dense<[[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]]>", "dense<1.0>")
    turned = checks.Rewrite("canonicalize", again=False)
    turned(Subject(sums, 1))


# A pass that zeroes a constant does not exist, so the pipeline's text is turned into
# one that does harm: what is pruned by half is not what was there.
HARM = checks.Rewrite(
    "prune-score,prune-select-masks{sparsity=0.5},prune-fold-masks", again=False, exact=True
)


def planted(task: Case, skip: tuple[str, ...], begin) -> Outcome:
    """A job whose only check is the harmful rewrite."""
    known = {"planted": checks.Check("planted", HARM)}
    outcome.all_checks = lambda: known
    return outcome.check_case(task, ("planted",), 0, skip, begin)


def test_a_planted_fault_is_found_reported_and_made_small() -> None:
    with pytest.raises(Difference, match="result 'logits': .* became "):
        HARM(Subject(NETWORK, 5))
    with Workers(planted, 1, 60.0) as workers:
        (found,) = workers.outcomes([Case(5, NETWORK, False)])
    (failure,) = found.failures
    assert (failure.check, failure.kind) == ("planted", "difference")

    small = reduce_case(Case(5, NETWORK, False), failure, 60.0, planted)
    assert small is not None
    assert "linalg.matmul" in small and "linalg.negf" not in small and "%unused" not in small
    assert "dense<1.0>" in small
    with pytest.raises(Difference):
        HARM(Subject(small, 5))


def flawed(task: int, skip: tuple[str, ...], begin) -> Outcome:
    """A job that dies, hangs, takes too much memory or is fine, by its task."""
    for name in ("first", "second"):
        if name in skip:
            continue
        begin(name)
        if task == 1 and name == "first":
            os.kill(os.getpid(), signal.SIGSEGV)
        if task == 2 and name == "second":
            os.write(2, b"some words\nx.cpp:5: f(): Assertion `a' failed.\n")
            os.abort()
        if task == 3 and name == "first":
            time.sleep(60)
        if task == 4 and name == "second":
            try:
                bytearray(MEMORY)
            except MemoryError:
                os.abort()
    return Outcome(task, ["first", "second"])


def test_a_crash_or_a_hang_costs_one_check() -> None:
    with Workers(flawed, 2, timeout=2.0) as workers:
        found = {o.seed: o.failures for o in workers.outcomes(range(6))}
    assert {seed: len(failures) for seed, failures in found.items()} == {
        0: 0, 1: 1, 2: 1, 3: 1, 4: 1, 5: 0
    }  # fmt: skip
    assert found[1][0].check == "first" and found[1][0].message == "SIGSEGV"
    assert found[2][0] == Failure(
        "second", "crash", "SIGABRT x.cpp:5: f(): Assertion `a' failed."
    )
    assert (found[3][0].check, found[3][0].kind) == ("first", "timeout")
    assert (found[4][0].check, found[4][0].message) == ("second", "SIGABRT")


def test_a_run_is_logged_and_goes_on(tmp_path: Path) -> None:
    settings = Settings(modules=4, checks=("round-trip", "canonicalize"), jobs=1)
    first = fuzz(settings, tmp_path / "run", resume=False, quiet=True)
    assert (first.modules, first.failed) == (4, 0)
    path = tmp_path / "run" / "log.jsonl"
    whole = path.read_bytes()
    lines = [json.loads(line) for line in whole.splitlines()]
    assert [line["seed"] for line in lines[1:]] == [0, 1, 2, 3]

    with pytest.raises(InputError, match="there is a run already"):
        fuzz(settings, tmp_path / "run", resume=False, quiet=True)
    # As if the last line had been cut off by a power failure.
    path.write_bytes(whole[:-5])
    again = fuzz(settings, tmp_path / "run", resume=True, quiet=True)
    assert again.modules == 4 and path.read_bytes() == whole
    with pytest.raises(InputError, match="other settings"):
        Log(tmp_path / "run", {"checks": [], "per_module": 1}, resume=True)
    path.write_bytes(b"{\n" + whole)
    with pytest.raises(InputError, match=r"log.jsonl:1: not a line of a log"):
        fuzz(settings, tmp_path / "run", resume=True, quiet=True)


def test_what_is_known_does_not_count(tmp_path: Path) -> None:
    failure = Failure("compress", "difference", "result 'a': 1.5 became 2")
    assert is_known(7, failure, ("^7 compress: difference: result #: # became #",))
    assert not is_known(8, failure, ("^7 ", "compress: crash"))
    listed = Path(__file__).parents[2] / "scripts" / "lib" / "known_failures.txt"
    out = str(tmp_path / "run")
    arguments = ["fuzz", "--modules", "1", "--checks", "round-trip", "--jobs", "1", "--out", out]
    assert cli.main([*arguments, "--known", str(listed)]) == 0
    (tmp_path / "known").write_text("(\n")
    assert cli.main([*arguments, "--known", str(tmp_path / "known")]) == 1


def test_signatures_have_no_numbers() -> None:
    messages = ["result 'a': 1.5 became nan at [0, 1], 3 of 4 elements",
                "result 'b': -2e-5 became 7 at [2], 1 of 9 elements"]  # fmt: skip
    assert len({Failure("compress", "difference", text).signature for text in messages}) == 1


def test_statements_of_every_network_are_understood() -> None:
    for seed in range(60):
        text = generate(seed).text
        program = Program.parse(text)
        assert program is not None
        Subject(program.text(), seed)
    program = Program.parse(NETWORK)
    assert program is not None and "%unused" not in program.text()
    for candidate in program.smaller():
        assert candidate.text() != program.text()
        # Nobody can say what a tensor holds that nothing was written to.
        assert "return %e " not in candidate.text()


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fuzz", "--list"]) == 0
    assert "compress-half  (model)" in capsys.readouterr().out
    assert cli.main(["fuzz", "--seed", "3", "--print"]) == 0
    assert capsys.readouterr().out == generate(3).text
    file = tmp_path / "net.mlir"
    file.write_text(NETWORK)
    assert cli.main(["fuzz", "--check", str(file), "--checks", "compress,round-trip"]) == 0
    assert "2 checks hold" in capsys.readouterr().out
    file.write_text("module {")
    assert cli.main(["fuzz", "--check", str(file)]) == 1
    assert re.match(r"module: refused: parse: ", capsys.readouterr().out)
    small = tmp_path / "small.mlir"
    assert cli.main(["fuzz", "--check", str(file), "--reduce", str(small)]) == 1
    assert small.read_text() == "module {"
    capsys.readouterr()
    for bad in (["--checks", "shrnk"], ["--seed", "-1"], ["--check", str(tmp_path / "none")]):
        assert cli.main(["fuzz", *bad]) == 1
        assert capsys.readouterr().err.count("\n") == 1


_POISON = """
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
library._mlir_memref_to_llvm_alloc.restype = ctypes.c_void_p
block = library._mlir_memref_to_llvm_alloc(ctypes.c_size_t(64))
ctypes.memset(block, 0, 64)
library._mlir_memref_to_llvm_free(ctypes.c_void_p(block))
again = library._mlir_memref_to_llvm_alloc(ctypes.c_size_t(64))
print(bytes((ctypes.c_char * 64).from_address(again)) == b"\\xff" * 64)
"""


@pytest.mark.parametrize("poison", [True, False])
def test_memory_of_the_runtime_is_full_of_nan(poison: bool) -> None:
    # The module is <build>/python/mlir_prune/_native.so, the library in <build>/lib.
    build = Path(native().__file__).parents[2]
    library = next(build.rglob("libprune_runtime_naive.so"))
    environment = {**os.environ, "PRUNE_RT_POISON": "1"} if poison else dict(os.environ)
    if not poison:
        environment.pop("PRUNE_RT_POISON", None)
    told = subprocess.run(
        [sys.executable, "-c", _POISON, str(library)], env=environment, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == str(poison)


def test_less_effort_computes_the_same() -> None:
    subject = Subject(NETWORK, 5)
    wanted = subject.call(subject.module.compile(reference=True))
    for effort in range(4):
        for is_reference in (True, False):
            executable = subject.module.compile(reference=is_reference, optimization=effort)
            found = subject.call(executable)["logits"]
            np.testing.assert_allclose(found, wanted["logits"], rtol=1e-6)
    with pytest.raises(ValueError, match="optimization must be 0, 1, 2 or 3"):
        subject.module.compile(optimization=4)


def test_a_limit_of_the_caller_stays() -> None:
    """Workers take what memory they may, when that is less than what they are given."""
    limit = f"ulimit -Sv {6 << 20} -Hv {6 << 20} && exec \"$@\""
    command = [sys.executable, "-m", "mlir_prune", "fuzz", "--seed", "1", "--checks", "round-trip"]
    done = subprocess.run(["bash", "-c", limit, "-", *command], capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "1 checks hold" in done.stdout
