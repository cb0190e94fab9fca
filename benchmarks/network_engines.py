# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One network on one engine, in a process that measures when it is told to.

Runs alone: it needs numpy and the package of the engine, so that the Python of another
environment, 3.9 or later, can run it. ``networks.py`` starts it.

usage: network_engines.py ENGINE --version
       network_engines.py ENGINE NET.onnx INPUT.npy RESULT.npy --threads N --cores N ...

The first form prints the version of the engine. The second loads the network, writes the
result of a run and prints a line of JSON, ``{"load_s": ...}``. Then it reads a line of JSON
at a time, ``{"runs": 3, "seconds": 0.5}``, runs at least that often and that long, after
runs that are not counted, and answers ``{"ms": median, "runs": ...}``.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import json
import os
import platform
import signal
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import numpy as np

Run = Callable[[], np.ndarray]

TOLERANCE = 1e-4
"""Results of two engines may differ by this share of the largest one."""
WARM_UP = 0.2
"""Runs that are not counted take this share of the time of those that are."""


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    """How far results are apart, as a share of the largest one; infinite for other shapes."""
    if found.shape != expected.shape:
        return float("inf")
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def processor_name() -> str:
    """What the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def onnxruntime_session(path: Path, threads: int) -> Any:
    """A session of ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def load_onnxruntime(path: Path, threads: int, x: np.ndarray) -> Run:
    """ONNX Runtime."""
    session = onnxruntime_session(path, threads)
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: x})[0]


def load_openvino(path: Path, threads: int, x: np.ndarray) -> Run:
    """OpenVINO in single precision, as fast as it answers one request."""
    import openvino

    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        # This process has its cores already.
        "ENABLE_CPU_PINNING": False,
    }
    request = openvino.Core().compile_model(str(path), "CPU", settings).create_infer_request()

    def run() -> np.ndarray:
        request.infer({0: x}, share_inputs=True, share_outputs=True)
        return request.get_output_tensor(0).data

    return run


def load_deepsparse(path: Path, threads: int, x: np.ndarray) -> Run:
    """DeepSparse."""
    import deepsparse

    engine = deepsparse.compile_model(str(path), batch_size=len(x), num_cores=threads)
    return lambda: engine.run([x])[0]


def load_prune(path: Path, threads: int, x: np.ndarray, reference: bool = False) -> Run:
    """The compressed network with the kernels that are chosen for it, or plain loops."""
    import mlir_prune
    from mlir_prune.pipelines import compress_pipeline, kernels_pipeline

    module = mlir_prune.from_onnx(path)
    if not reference:
        module.run(compress_pipeline())
        module.run(kernels_pipeline(threads))
    executable = module.compile(reference=reference, threads=threads)
    (function,) = executable.functions()
    (name,) = [value.name for value in function.arguments if value.kind == "input"]
    return lambda: next(iter(executable.call(function.name, {name: x}).values()))


def load_reference(path: Path, threads: int, x: np.ndarray) -> Run:
    """The reference execution of the network as it is in the file."""
    return load_prune(path, threads, x, reference=True)


LOADERS: dict[str, Callable[[Path, int, np.ndarray], Run]] = {
    "deepsparse": load_deepsparse,
    "mlir_prune": load_prune,
    "onnxruntime": load_onnxruntime,
    "openvino": load_openvino,
    "reference": load_reference,
}
"""By the package that each needs, but for the reference execution."""


def version(engine: str) -> str:
    """The version of an engine."""
    package = importlib.import_module("mlir_prune" if engine == "reference" else engine)
    # OpenVINO's goes on with its commit.
    return str(getattr(package, "__version__", "unknown")).split("-")[0]


def repeat(run: Run, runs: int, seconds: float) -> list[float]:
    """Seconds of each run, at least so many and for so long."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < runs or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return times


def measure(run: Run, runs: int, seconds: float) -> dict[str, float]:
    """The median of a turn, once the caches hold what the engine needs."""
    repeat(run, 1, WARM_UP * seconds)
    times = repeat(run, runs, seconds)
    return {"ms": 1e3 * statistics.median(times), "runs": len(times)}


def take_answers() -> TextIO:
    """The standard output; what engines print goes to standard error from now on."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def end_with_parent() -> None:
    """Asks Linux to end this process with the one that started it, even while it is stopped."""
    set_signal_of_parents_end = 1
    ctypes.CDLL(None).prctl(set_signal_of_parents_end, signal.SIGKILL)


def serve(arguments: argparse.Namespace, answers: TextIO) -> None:
    """Loads, runs once, and measures as often as it is asked."""
    end_with_parent()
    os.sched_setaffinity(0, arguments.cores)
    start = time.perf_counter()
    x = np.load(arguments.input)
    run = LOADERS[arguments.engine](arguments.network, arguments.threads, x)
    np.save(arguments.result, run())
    print(json.dumps({"load_s": time.perf_counter() - start}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(measure(run, **json.loads(line))), file=answers, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("engine", choices=list(LOADERS))
    parser.add_argument("network", type=Path, nargs="?")
    parser.add_argument("input", type=Path, nargs="?")
    parser.add_argument("result", type=Path, nargs="?")
    parser.add_argument("--version", action="store_true", help="print it, and load nothing")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cores", type=int, nargs="+", default=[0])
    arguments = parser.parse_args()
    answers = take_answers()
    if arguments.version:
        print(version(arguments.engine), file=answers, flush=True)
    elif arguments.result is None:
        parser.error("expected a network, an input and a result")
    else:
        serve(arguments, answers)


if __name__ == "__main__":
    main()
