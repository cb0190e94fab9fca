# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Commands that search: what they take and what they do."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..native import native
from . import sensitivity
from .protocol import processes, run
from .subject import Subject, subject_of


def add_parsers(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the commands to a parser."""
    _add_sensitivity(parsers)


def add_subject(parser: argparse.ArgumentParser) -> None:
    """What every search of a trained network is about."""
    parser.add_argument(
        "network", metavar="NET", help="run folder, .onnx, .pt2 or .mlir file, or a built network"
    )
    parser.add_argument("--values", help=".npz of trained parameters")
    parser.add_argument("--dataset", help="digits, mnist, cifar10, idx:FOLDER or an .npz file")
    parser.add_argument(
        "--data", help="folder above mnist/ and cifar10/ (default: PRUNE_DATA), or the data set"
    )
    parser.add_argument("--workers", type=int, default=1, help="processes (default: 1)")


def chosen_subject(arguments: argparse.Namespace) -> Subject:
    """The subject of a command, loaded once so that what is wrong is said at once."""
    if not 1 <= arguments.workers <= 1024:
        raise InputError(f"workers are 1 to 1024, got {arguments.workers}")
    native()
    dataset, root = arguments.dataset, arguments.data
    if dataset is None and root is not None:
        dataset, root = as_dataset(root), None
    subject = subject_of(arguments.network, dataset, arguments.values, root)
    subject.load()
    return subject


def as_dataset(path: str) -> str | None:
    """The name of the data set that a file or folder is, None for a folder above some."""
    if path.endswith(".npz"):
        return path
    if any(Path(path).glob("train-images*")):
        return f"idx:{path}"
    return None


def _add_sensitivity(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = parsers.add_parser(
        "sensitivity", help="accuracy that each layer costs when it alone is pruned"
    )
    parser.set_defaults(run=run_sensitivity)
    add_subject(parser)
    parser.add_argument(
        "--max-drop", type=float, default=1.0, metavar="POINTS",
        help="accuracy that a layer may cost (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--sparsity", type=float, action="append", metavar="SHARE",
        help="a sparsity to try, repeatable (default: 0.1 to 0.9)",
    )  # fmt: skip
    parser.add_argument("--granularity", default="unstructured", help="what is pruned together")
    parser.add_argument("--target", action="append", default=None, help="weights to scan, repeatable")
    parser.add_argument("--ignore", action="append", default=None, help="weights to leave out, repeatable")
    parser.add_argument("--out", default="out/sensitivity", help="folder (default: out/sensitivity)")


def run_sensitivity(arguments: argparse.Namespace) -> None:
    """Scans all layers; goes on from what the folder holds of the same scan."""
    from .. import networks

    if not 0 <= arguments.max_drop <= 100:
        raise InputError(f"--max-drop is in [0, 100], got {arguments.max_drop:g}")
    ratios = sensitivity.check_ratios(arguments.sparsity or sensitivity.RATIOS)
    subject = chosen_subject(arguments)
    layers = sensitivity.layers_of(subject, arguments.target or ["weight"], arguments.ignore or [])
    network = subject.load().network
    networks.check_granularity(network, layers, arguments.granularity, "granularity")
    search = sensitivity.Sensitivity(layers, ratios)
    question = {**subject.question(), "ratios": list(ratios), "layers": layers,
                "granularity": arguments.granularity}  # fmt: skip
    folder = make_folder(arguments.out)
    rows = run_with(
        search, sensitivity.Evaluation(subject, arguments.granularity), arguments.workers,
        folder / "search.json", question,
    )  # fmt: skip
    sensitivity.write(folder, rows, arguments.max_drop)
    sys.stdout.write(sensitivity.table_text(rows, arguments.max_drop))
    print(f"table, values and curves are in {folder}")


def run_with(search: Any, evaluate: Any, workers: int, store: Path, question: Any) -> Any:
    """Runs a search in this process, or in several."""
    if workers == 1:
        return run(search, evaluate, None, store, question)
    with processes(workers) as executor:
        return run(search, evaluate, executor, store, question)


def make_folder(path: str) -> Path:
    """The output folder, made where it is missing."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made an output folder ({error})") from None
    return folder
