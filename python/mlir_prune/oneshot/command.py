# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command ``prune oneshot``."""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from .. import files
from ..data import Dataset, load, load_inputs
from ..errors import InputError
from ..forms import bound
from ..frontend import from_file
from ..imported import ImportedNetwork
from ..recipe.schema import NETWORKS
from ..rows import Split
from ..search.command import add_subject, check_bounds, chosen_subject
from ..training.fit import check_indices, fit
from . import repair
from .choice import Choice
from .run import METHODS, Result, prune


def add_parser(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command with its options."""
    parser = parsers.add_parser("oneshot", help="prune a network by some rows, without training")
    parser.set_defaults(run=run)
    add_subject(parser, workers=False)
    parser.add_argument("-o", "--out", required=True, help=".mlir or .mlirbc file to write")
    methods = "; ".join(f"{name}: {method.summary}" for name, method in METHODS.items())
    parser.add_argument("--method", default="chita", help=f"{methods} (default: chita)")
    parser.add_argument("--sparsity", type=float, help="share of the weights that become zero")
    parser.add_argument(
        "--granularity", default="unstructured",
        help="unstructured (the default) or n_of_m:<n>:<m>:<axis>, which says the sparsity",
    )  # fmt: skip
    parser.add_argument(
        "--scope",
        help="global: the sparsity is that of all weights together; layer: of each (default: by "
        "the method)",
    )
    parser.add_argument(
        "--repair",
        help=f"some of {','.join(repair.WITH_ROWS)}; {repair.AUTO}: as many of them, in this "
        f"order, as bring the network nearest to the dense one; {repair.DATA_FREE} without any "
        f"row; or {repair.NONE} (default: {repair.AUTO} where there are rows, but for chita)",
    )
    parser.add_argument(
        "--sequential", action="store_true",
        help="methods of single layers prune each on what the pruned ones before it compute",
    )  # fmt: skip
    parser.add_argument("--inputs", help=".npy or .npz file of rows without labels to prune by")
    parser.add_argument("--rows", type=int, help="training rows to use (default: by the method)")
    parser.add_argument("--target-weight", action="append", help="weights to prune, a pattern; repeatable")
    parser.add_argument("--ignore", action="append", help="weights to leave, a pattern; repeatable")
    parser.add_argument("--seed", type=int, default=0, help="seed of the rows (default: 0)")
    parser.add_argument(
        "--seeds", type=int, default=1, metavar="COUNT",
        help="draw rows by so many seeds from --seed on, and say how far results differ; the "
        "network of the first is written (default: 1)",
    )  # fmt: skip
    parser.add_argument("--threads", type=int, default=1, help="threads of the compiled code")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(arguments: argparse.Namespace) -> None:
    """Writes the pruned network and prints what it has lost on validation rows, if any."""
    target = Path(arguments.out)
    if target.suffix not in (".mlir", ".mlirbc"):
        raise InputError(f"{target}: expected a file that ends in .mlir or .mlirbc")
    check_bounds(arguments, {"threads": (1, 1024), "seed": (0, 2**53), "seeds": (1, 1000)})
    files.check_writable(target)
    module, data, rows = _subject(arguments)
    validation = data.validation if data else None
    reports = []
    for seed in range(arguments.seed, arguments.seed + arguments.seeds):
        start = time.monotonic()
        found = prune(
            module, rows, arguments.method, arguments.sparsity, arguments.granularity,
            arguments.rows, seed, scope=arguments.scope, targets=arguments.target_weight or (),
            ignore=arguments.ignore or (), threads=arguments.threads, repairs=arguments.repair,
            sequential=arguments.sequential,
        )  # fmt: skip
        seconds = time.monotonic() - start
        if not reports:
            _write(target, found.module)
        report = {"method": arguments.method, "seed": seed, "seconds": seconds}
        reports.append(report | _report(module, found, validation, arguments.threads))
    if arguments.json:
        print(json.dumps({**reports[0], "written": str(target), "others": reports[1:]}, indent=2))
        return
    print(_text(reports[0]))
    if len(reports) > 1:
        print(_text_of_seeds(reports))
    print(f"pruned in {sum(each['seconds'] for each in reports):.0f} s, written to {target}")


def _subject(arguments: argparse.Namespace) -> tuple[Any, Dataset | None, Split | None]:
    """The network, its data set, and the rows to prune by, both where there are any."""
    named = arguments.network
    if Path(named).is_dir() or named in NETWORKS or arguments.values:
        loaded = chosen_subject(arguments).load()
        module = bound(loaded.network, 1, loaded.values)
        data: Dataset | None = loaded.data
    else:
        module, data = from_file(named, check=False), None
    network = ImportedNetwork(module, named)
    if data is None and arguments.dataset:
        data = fit(network.signature, load(arguments.dataset, arguments.data))
    if data is not None:
        check_indices(module, data)
    if not arguments.inputs:
        return module, data, data.train if data else None
    inputs = fit(network.signature, load_inputs(arguments.inputs))
    check_indices(module, inputs)
    return module, data, inputs.train


def _write(target: Path, module: Any) -> None:
    if target.suffix == ".mlirbc":
        files.write_bytes(target, module.to_bytecode())
    else:
        files.write_text(target, str(module))


def _report(
    module: Any, found: Result, validation: Split | None, threads: int
) -> dict[str, Any]:
    """What was pruned, left and repaired, and the accuracy on validation rows in per cent."""
    from .loss import Loss

    report: dict[str, Any] = {
        "sparsity": found.sparsity,
        "weights": {
            name: {"shape": list(mask.shape), "zeros": mask.size - int(mask.sum())}
            for name, mask in found.masks.items()
        },
        "remarks": list(found.remarks), "repair": asdict(found.repair), "accuracy": None,
    }  # fmt: skip
    if validation is not None:
        before, after = (
            loss.score(loss.start(), validation).accuracy
            for loss in (
                Loss(ImportedNetwork(each), list(found.masks), threads)
                for each in (module, found.module)
            )
        )
        report["accuracy"] = {"before": before, "after": after}
    return report


def _text(report: dict[str, Any]) -> str:
    """A report in lines."""
    lines = []
    for name, weight in report["weights"].items():
        shape, zeros = weight["shape"], weight["zeros"]
        lines.append(f"{name}  {'x'.join(map(str, shape))}  {zeros / math.prod(shape):.1%} zeros")
    lines += [f"remark: {remark}" for remark in report["remarks"]]
    lines.append(str(Choice(**report["repair"])))
    last, accuracy = f"{report['sparsity']:.2%} zeros", report["accuracy"]
    if accuracy:
        last += (
            f"; {accuracy['after']:.2f} % of the validation rows are right, "
            f"{accuracy['before']:.2f} % before"
        )
    return "\n".join([*lines, last])


def _text_of_seeds(reports: list[dict[str, Any]]) -> str:
    """The repair of each seed, and mean and sample deviation of the accuracies."""
    lines = [f"seed {each['seed']}: {Choice(**each['repair'])}" for each in reports[1:]]
    if reports[0]["accuracy"]:
        found = [each["accuracy"]["after"] for each in reports]
        lines.append(
            f"{np.mean(found):.2f} ± {np.std(found, ddof=1):.2f} % of the validation rows over "
            f"{len(found)} seeds: {', '.join(f'{each:.2f}' for each in found)}"
        )
    return "\n".join(lines)
