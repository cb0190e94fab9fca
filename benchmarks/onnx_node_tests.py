#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which ONNX operations the import takes, refuses, or gets wrong.

Three sources. ONNX's own node tests (`onnx.backend.test`) are imported in up to three
variants: as they are; with integer inputs after the first as constants (sizes, axes,
as exporters write them); with all inputs after the first as constants (weights). With
`--stored` it is the models that come with ONNX as files, PyTorch's among them. With
`--forms N` it is N random forms of each operation of `python/tests/onnx_forms.py`,
whose results are those of ONNX Runtime. What the import accepts is run by the
reference execution and compared; the comparison that the import makes itself is off.

    PYTHONPATH=build/dev/python .venv/bin/python benchmarks/onnx_node_tests.py
    ... benchmarks/onnx_node_tests.py --filter gemm --verbose
    ... benchmarks/onnx_node_tests.py --forms 20

Outcomes: `passed`; `refused`, one error of the import; `not compiled`, a module
that no code is generated for; `wrong`, other values than expected; `traceback`, an
exception that is no error of the package; `crash` and `hang` of the process. The
exit code is 1 if any is wrong, a traceback, a crash or a hang.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python/tests"))

BAD = ("wrong", "traceback", "crash", "hang")
OUTCOMES = ("passed", "refused", "not compiled", *BAD)
VARIANTS = ("inputs", "sizes", "constants")
# Sets of models that come with ONNX.
STORED = ("pytorch-converted", "pytorch-operator", "simple")
# Results that are drawn at random.
RANDOM = ("bernoulli", "random", "training_dropout")


@dataclass
class Case:
    """A model, and for each call its inputs and results."""

    variant: str
    model: Any
    calls: list[tuple[list[np.ndarray], list[np.ndarray]]]
    rtol: float = 1e-3


@dataclass
class Stored:
    """A model of a file with its inputs and results, as node tests have them."""

    name: str
    model: Any
    data_sets: list[tuple[list[Any], list[Any]]]
    rtol: float = 1e-3


def node_tests() -> dict[str, Any]:
    """The node tests whose inputs and results are tensors of numbers, by name."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        every = collect_testcases(None)
    return {test.name: test for test in every if _is_numeric(test)}


def stored_tests(kinds: tuple[str, ...] = STORED) -> dict[str, Any]:
    """The models that come with ONNX as files and were made by PyTorch, or put together."""
    import onnx
    from onnx.backend.test import loader

    found = {}
    for kind in kinds:
        for test in loader.load_model_tests(kind=kind):
            folder = Path(test.model_dir)
            model = onnx.load(folder / "model.onnx")
            sets = [(_tensors(onnx, each, "input"), _tensors(onnx, each, "output"))
                    for each in sorted(folder.glob("test_data_set_*"))]  # fmt: skip
            found[test.name] = Stored(test.name, model, sets)
    return {name: test for name, test in found.items() if _is_numeric(test)}


def _tensors(onnx: Any, folder: Path, kind: str) -> list[Any]:
    found = []
    for index in range(len(list(folder.glob(f"{kind}_*.pb")))):
        tensor = onnx.TensorProto()
        tensor.ParseFromString((folder / f"{kind}_{index}.pb").read_bytes())
        # Sequences are of another type, whose name stands elsewhere.
        found.append(onnx.numpy_helper.to_array(tensor) if tensor.data_type else None)
    return found


def _is_numeric(test: Any) -> bool:
    if test.model is None or any(word in test.name for word in RANDOM):
        return False
    arrays = [array for inputs, outputs in test.data_sets for array in [*inputs, *outputs]]
    return all(isinstance(a, (np.ndarray, np.generic)) and a.dtype.kind in "biuf" for a in arrays)


def cases_of_test(test: Any) -> Iterator[Case]:
    """The variants of a node test; equal ones come once."""
    import onnx

    seen = set()
    for variant in VARIANTS:
        model = onnx.ModelProto()
        model.CopyFrom(test.model)
        # Before version 4 constants had to be inputs, too.
        model.ir_version = max(model.ir_version, 4)
        known = {tensor.name for tensor in model.graph.initializer}
        names = [value.name for value in model.graph.input if value.name not in known]
        inputs = [[np.asarray(array) for array in arrays] for arrays, _ in test.data_sets]
        outputs = [[np.asarray(array) for array in arrays] for _, arrays in test.data_sets]
        if len(names) != len(inputs[0]):
            return
        constant = [
            index > 0 and (variant == "constants" or (variant == "sizes" and a.dtype.kind in "iu"))
            for index, a in enumerate(inputs[0])
        ]
        if tuple(constant) in seen or (any(constant) and len(inputs) > 1):
            continue
        seen.add(tuple(constant))
        for index in reversed([i for i, fixed in enumerate(constant) if fixed]):
            tensor = onnx.numpy_helper.from_array(inputs[0][index], names[index])
            model.graph.initializer.append(tensor)
            (entry,) = [value for value in model.graph.input if value.name == names[index]]
            model.graph.input.remove(entry)
        feeds = [[a for a, fixed in zip(arrays, constant, strict=True) if not fixed]
                 for arrays in inputs]  # fmt: skip
        yield Case(variant, model, list(zip(feeds, outputs, strict=True)), test.rtol)


def cases_of_form(kind: str, seed: int) -> Iterator[Case]:
    """A random form with the results of ONNX Runtime, if that takes it."""
    import onnxruntime

    from mlir_prune.importing.onnx_reference import make_inputs
    from onnx_forms import draw

    model = draw(kind, seed)
    if model is None:
        return
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        inputs = make_inputs(model)
        results = session.run(None, inputs)
    except Exception:  # it raises errors of its own kinds for what it does not know
        return
    yield Case("form", model, [(list(inputs.values()), list(results))])


def cases_named(name: str, tests: dict[str, Any]) -> Iterator[Case]:
    """The cases of a node test `test_...` or a form `Kind-seed`."""
    if name in tests:
        return cases_of_test(tests[name])
    kind, seed = name.split("-")
    return cases_of_form(kind, int(seed))


def outcome_of(path: Path, case: Case) -> tuple[str, str]:
    """What becomes of a case that was written to a file, and why."""
    from mlir_prune import frontend
    from mlir_prune.errors import InputError
    from mlir_prune.native import prune_error

    try:
        module = frontend.import_onnx(path, time_limit=None).module()
    except (InputError, prune_error()) as error:
        return "refused", str(error).removeprefix(f"{path}: ")
    except Exception as error:
        return "traceback", f"{type(error).__name__}: {error}"
    try:
        executable = module.compile(reference=True)
        name = module.functions()[0].name
        for inputs, outputs in case.calls:
            # Half precision is taken, computed and given in single.
            inputs = [a.astype(np.float32) if a.dtype == np.float16 else a for a in inputs]
            reason = difference(executable(name, *inputs), outputs, case.rtol)
            if reason:
                return "wrong", reason
    except Exception as error:
        return "not compiled", f"{type(error).__name__}: {error}"
    return "passed", ""


def difference(found: Any, expected: Any, rtol: float) -> str:
    """Which result differs by more than rounding; empty if none does."""
    if len(found) != len(expected):
        return f"{len(found)} results, expected {len(expected)}"
    for index, (one, two) in enumerate(zip(found, expected, strict=True)):
        one, two = np.asarray(one), np.asarray(two)
        if one.shape != two.shape:
            return f"result {index} has shape {one.shape}, expected {two.shape}"
        if one.dtype != two.dtype and not one.dtype.kind == two.dtype.kind == "f":
            return f"result {index} has type {one.dtype}, expected {two.dtype}"
        tolerance = 1e-2 if two.dtype == np.float16 else rtol
        wide = two.astype(np.float64)
        # ONNX's own runner allows 1e-7 of any result.
        floor = max(1e-7, 1e-5 * np.abs(wide[np.isfinite(wide)]).max(initial=0.0))
        close = np.isclose(one.astype(np.float64), wide, tolerance, floor, equal_nan=True)
        if not close.all():
            where = tuple(int(i) for i in np.argwhere(~close)[0])
            return f"result {index} at {list(where)}: {one[where]}, expected {two[where]}"
    return ""


# Workers: one process runs tests until it is lost; the next goes on behind the lost one.


def work(names: list[str]) -> None:
    """Runs tests and writes a line of JSON for each case to standard output."""
    import onnx

    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    tests = {}
    if any(name.startswith("test_") for name in names):
        tests = node_tests() | stored_tests()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        for name in names:
            for case in cases_named(name, tests):
                onnx.save(case.model, path)
                outcome, reason = outcome_of(path, case)
                line = {"test": name, "variant": case.variant, "outcome": outcome, "reason": reason}
                print(json.dumps(line), file=channel, flush=True)
            print(json.dumps({"done": name}), file=channel, flush=True)


def supervise(names: list[str], limit: float) -> Iterator[dict[str, str]]:
    """The lines of all tests, with `crash` and `hang` for those that end a worker."""
    left = list(names)
    while left:
        command = [sys.executable, __file__, "--work", *left]
        worker = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert worker.stdout is not None
        started, hung = False, False
        while True:
            timer = threading.Timer(limit if started else limit + 60, worker.kill)
            timer.start()
            text = worker.stdout.readline()
            hung = not timer.is_alive()
            timer.cancel()
            if not text:
                break
            started = True
            line = json.loads(text)
            if "done" in line:
                left.remove(line["done"])
            else:
                yield line
        code = worker.wait()
        if left:
            outcome = "hang" if hung else "crash"
            yield {"test": left.pop(0), "variant": "?", "outcome": outcome, "reason": f"exit {code}"}


def names_of(arguments: argparse.Namespace) -> list[str]:
    """The tests or forms that were asked for."""
    if not arguments.forms:
        tests = stored_tests() if arguments.stored else node_tests()
        return [name for name in tests if arguments.filter in name][:: arguments.every]
    from onnx_forms import FORMS

    kinds = [kind for kind in FORMS if arguments.filter.lower() in kind.lower()]
    seeds = range(arguments.seed, arguments.seed + arguments.forms)
    return [f"{kind}-{seed}" for kind in kinds for seed in seeds]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--filter", default="", help="part of the tests' names")
    parser.add_argument("--every", type=int, default=1, help="take each n-th test only")
    parser.add_argument("--stored", action="store_true", help="models that come with ONNX as files")
    parser.add_argument("--forms", type=int, default=0, help="random forms of each operation")
    parser.add_argument("--seed", type=int, default=0, help="first seed of the forms")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for one import")
    parser.add_argument("--json", help="file for one line per case")
    parser.add_argument("--verbose", action="store_true", help="print all that did not pass")
    parser.add_argument("--work", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work)
        return 0
    names = names_of(arguments)
    counts: collections.Counter[str] = collections.Counter()
    lines = []
    for line in supervise(names, arguments.limit):
        lines.append(line)
        counts[line["outcome"]] += 1
        if line["outcome"] in BAD or (arguments.verbose and line["outcome"] != "passed"):
            reason = " ".join(line["reason"].split())[:200]
            print(f"{line['outcome']}: {line['test']} ({line['variant']}): {reason}", flush=True)
    if arguments.json:
        Path(arguments.json).write_text("".join(json.dumps(line) + "\n" for line in lines))
    print(f"{len(names)} tests, {len(lines)} cases:",
          ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES))  # fmt: skip
    return 1 if any(counts[outcome] for outcome in BAD) else 0


if __name__ == "__main__":
    sys.exit(main())
