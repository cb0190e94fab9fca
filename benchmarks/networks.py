#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whole networks here, in ONNX Runtime, OpenVINO and DeepSparse, by turns on the same core.

Networks of random weights and zeros are generated (network_models.py). Each engine runs in
a process of its own (network_engines.py), which is stopped while another one is measured.
What an engine computes is compared before. Engines that are not installed are left out; an
engine in another environment is found by the Python of that.

    PYTHONPATH=build/dev/python benchmarks/networks.py --openvino-python OV/bin/python \\
        --deepsparse-python DS/bin/python --out FOLDER

Writes networks.json, networks.md and networks.png into the folder after each network. Exit
status 1 if an engine fails or computes something else.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import network_tables
from network_engines import TOLERANCE, processor_name
from network_models import NETWORKS
from network_turns import Engine, EngineError, Row, Settings, find_version

from mlir_prune import calibration, files
from mlir_prune.errors import InputError, nearest

TITLES = {
    "onnxruntime": "ONNX Runtime",
    "openvino": "OpenVINO",
    "deepsparse": "DeepSparse",
    "mlir_prune": "here",
}
ZEROS = [70, 90, 95]


def parse_networks(words: list[str]) -> list[tuple[str, int]]:
    """Networks with their batches, from words like ``resnet50`` and ``resnet50:4``."""
    chosen: dict[tuple[str, int], None] = {}
    for word in words or NETWORKS:
        name, colon, batch = word.partition(":")
        if name not in NETWORKS:
            known = ", ".join(NETWORKS)
            raise InputError(
                f"unknown network '{name}', expected one of {known}{nearest(name, NETWORKS)}"
            )
        if colon and not (batch.isdecimal() and 0 < int(batch) <= 4096):
            raise InputError(f"'{word}': expected a batch from 1 to 4096 behind the colon")
        for value in [int(batch)] if colon else NETWORKS[name].batches:
            chosen[name, value] = None
    return list(chosen)


def choose_cores(threads: int) -> list[int]:
    """The last cores that this process may use."""
    cores = sorted(os.sched_getaffinity(0))
    if not 0 < threads <= len(cores):
        raise InputError(f"{threads} threads, expected 1 to {len(cores)}, one for each core")
    return cores[-threads:]


def find_engines(pythons: dict[str, str | None]) -> tuple[dict[str, Engine], dict[str, str]]:
    """Engines that can be used, and why others cannot, by their titles."""
    found: dict[str, Engine] = {}
    missing: dict[str, str] = {}
    for name, title in TITLES.items():
        engine = Engine(name, title, pythons.get(name) or sys.executable)
        try:
            found[name] = Engine(name, title, engine.python, find_version(engine))
        except EngineError as error:
            if pythons.get(name):
                raise InputError(f"{title} cannot be used with {engine.python}: {error}") from None
            missing[title] = str(error)
    if "mlir_prune" not in found:
        raise InputError(f"this package cannot be used: {missing['here']}")
    return found, missing


def choose_judge(engines: dict[str, Engine]) -> Engine:
    """The engine whose results are expected."""
    reference = Engine("reference", "the reference execution", sys.executable)
    return engines.get("onnxruntime", reference)


def plan(engines: dict[str, Engine], zeros: list[int]) -> list[tuple[Engine, int]]:
    """Which engine runs at which zeros."""
    dense = [(engines[name], 0) for name in network_tables.DENSE if name in engines]
    sparse = [name for name in network_tables.SPARSE if name in engines]
    return dense + [(engines[name], share) for name in sparse for share in zeros]


def describe_kernels(threads: int) -> str:
    """By which figures kernels are chosen."""
    native = calibration.native()
    name = native.default_cost_model()
    if name == "machine" and native.find_cost_model(name, threads).path:
        return "the figures of `prune calibrate`"
    return "the built-in figures" if name in ("machine", "builtin") else "figures of a file"


def write(found: dict[str, Any], folder: Path) -> None:
    """The three files of what was found so far."""
    files.write_json(folder / "networks.json", found)
    files.write_text(folder / "networks.md", network_tables.document(found))
    picture = network_tables.plot(found)
    if picture:
        files.write_bytes(folder / "networks.png", picture)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measures all networks and keeps what was found."""
    chosen = parse_networks(options.networks)
    settings = Settings(
        choose_cores(options.threads), options.seconds, options.rounds, options.seed
    )
    engines, missing = find_engines(
        {name: getattr(options, f"{name}_python", None) for name in TITLES}
    )
    for title, reason in missing.items():
        print(f"{title} is left out: {reason}", file=sys.stderr, flush=True)
    if options.out:
        with files.writing(options.out):
            options.out.mkdir(parents=True, exist_ok=True)
    calibration.calibrate_once(settings.threads)
    judge = choose_judge(engines)
    found: dict[str, Any] = {
        "processor": processor_name(), "threads": settings.threads, "cores": settings.cores,
        "rounds": settings.rounds, "seconds": settings.seconds, "seed": settings.seed,
        "zeros": options.zeros, "tolerance": TOLERANCE, "judge": judge.title,
        "cost_model": describe_kernels(settings.threads),
        "engines": {name: {"title": engine.title, "version": engine.version}
                    for name, engine in engines.items()},
        "left_out": missing, "rows": [], "failures": [],
    }  # fmt: skip
    for name, batch in chosen:
        row = Row(NETWORKS[name], batch, settings, judge)
        times = row.measure(plan(engines, options.zeros))
        found["rows"].append(
            {"network": name, "title": NETWORKS[name].title, "batch": batch, "times": times}
        )
        found["failures"] += row.failures
        print(f"{NETWORKS[name].title}, batch {batch}: done", file=sys.stderr, flush=True)
        if options.out:
            write(found, options.out)
    return found


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--networks", nargs="+", default=[], metavar="NAME[:BATCH]",
        help=f"of {', '.join(NETWORKS)}; all by default",
    )  # fmt: skip
    parser.add_argument("--zeros", type=int, nargs="+", default=ZEROS, help="in percent")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1.0, help="per engine and round")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each engine")
    parser.add_argument("--seed", type=int, default=0, help="of weights, zeros and inputs")
    parser.add_argument("--out", type=Path, help="folder for the three files")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    for name in ("onnxruntime", "openvino", "deepsparse"):
        parser.add_argument(f"--{name}-python", help=f"the Python that has {TITLES[name]}")
    options = parser.parse_args(words)
    if not all(0 <= share < 100 for share in options.zeros):
        parser.error("--zeros are from 0 to 99 percent")
    if options.rounds < 1 or not 0 < options.seconds < 3600 or options.seed < 0:
        parser.error("--rounds and --seconds are positive, --seed is not negative")
    options.zeros = sorted(set(options.zeros))
    return options


def main() -> int:
    options = parse()
    try:
        found = run(options)
    except (EngineError, InputError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(json.dumps(found, indent=2) if options.json else network_tables.document(found))
    for failure in found["failures"]:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if found["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
