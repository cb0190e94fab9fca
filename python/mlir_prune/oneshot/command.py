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

from .. import files
from ..data import load, load_inputs
from ..errors import InputError
from ..frontend import from_file
from ..imported import ImportedNetwork
from ..rows import Split
from ..training.fit import check_indices, fit
from . import repair
from .choice import Choice
from .run import METHODS, Result, prune


def add_parser(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command with its options."""
    parser = parsers.add_parser("oneshot", help="prune a network by some rows, without training")
    parser.set_defaults(run=run)
    parser.add_argument("model", help="network as .mlir, .mlirbc, .onnx or .pt2")
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
    parser.add_argument(
        "--dataset",
        help="digits, mnist, cifar10, idx:FOLDER or an .npz file; without one no accuracy is "
        "printed",
    )
    parser.add_argument("--inputs", help=".npy or .npz file of rows without labels to prune by")
    parser.add_argument("--data", help="folder above mnist/ and cifar10/ (default: PRUNE_DATA)")
    parser.add_argument("--rows", type=int, help="training rows to use (default: by the method)")
    parser.add_argument("--target", action="append", default=[], help="weights to prune, a pattern; repeatable")
    parser.add_argument("--ignore", action="append", default=[], help="weights to leave, a pattern; repeatable")
    parser.add_argument("--seed", type=int, default=0, help="seed of the rows (default: 0)")
    parser.add_argument("--threads", type=int, default=1, help="threads of the compiled code")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(arguments: argparse.Namespace) -> None:
    """Writes the pruned network and prints what it has lost on validation rows, if any."""
    target = Path(arguments.out)
    if target.suffix not in (".mlir", ".mlirbc"):
        raise InputError(f"{target}: expected a file that ends in .mlir or .mlirbc")
    if arguments.threads < 1 or arguments.seed < 0:
        raise InputError("threads is positive and seed not negative, got "
                         f"{arguments.threads} and {arguments.seed}")  # fmt: skip
    module = from_file(arguments.model, check=False)
    network = ImportedNetwork(module, arguments.model)
    data = inputs = None
    if arguments.dataset:
        data = fit(network.signature, load(arguments.dataset, arguments.data))
        check_indices(module, data)
    if arguments.inputs:
        inputs = fit(network.signature, load_inputs(arguments.inputs))
        check_indices(module, inputs)
    rows = inputs or data
    start = time.monotonic()
    found = prune(
        module, rows.train if rows else None, arguments.method, arguments.sparsity,
        arguments.granularity, arguments.rows, arguments.seed, scope=arguments.scope,
        targets=arguments.target, ignore=arguments.ignore, threads=arguments.threads,
        repairs=arguments.repair, sequential=arguments.sequential,
    )  # fmt: skip
    seconds = time.monotonic() - start
    if target.suffix == ".mlirbc":
        files.write_bytes(target, found.module.to_bytecode())
    else:
        files.write_text(target, str(found.module))
    report = _report(module, found, data.validation if data else None, arguments)
    report |= {"seconds": seconds, "written": str(target)}
    print(json.dumps(report, indent=2) if arguments.json else _text(report))


def _report(
    module: Any, found: Result, validation: Split | None, arguments: argparse.Namespace
) -> dict[str, Any]:
    """What was pruned, left and repaired, and the accuracy on validation rows in per cent."""
    from .loss import Loss

    report: dict[str, Any] = {
        "method": arguments.method, "seed": arguments.seed, "sparsity": found.sparsity,
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
                Loss(ImportedNetwork(each), list(found.masks), arguments.threads)
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
    return "\n".join([*lines, last, f"pruned in {report['seconds']:.0f} s, written to "
                      f"{report['written']}"])  # fmt: skip
