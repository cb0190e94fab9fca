# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command ``prune oneshot``."""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import files
from ..data import Dataset, load, load_inputs
from ..ends import left_dense
from ..errors import InputError
from ..exporting import to_onnx
from ..forms import bound
from ..frontend import from_file
from ..imported import ImportedNetwork
from ..networks import literal
from ..recipe.schema import CRITERIA, NETWORKS, RESOURCES
from ..rows import Split
from ..search.command import add_all_layers, add_subject, check_bounds, chosen_subject
from ..training.fit import check_indices, fit
from . import repair
from .choice import Choice
from .run import METHODS, Result
from .single import prune

_FORMATS = (".mlir", ".mlirbc", ".onnx")


def add_parser(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command with its options."""
    parser = parsers.add_parser("oneshot", help="prune a network by some rows, without training")
    parser.set_defaults(run=run)
    add_subject(parser, workers=False)
    parser.add_argument("-o", "--out", required=True, help=".mlir or .mlirbc file to write, or .onnx of an .onnx")
    methods = "; ".join(f"{name}: {method.summary}" for name, method in METHODS.items())
    parser.add_argument(
        "--method",
        help=f"{methods}; or a criterion that ranks weights or groups of them, and moves none: "
        f"{', '.join(CRITERIA)} (default: chita, or magnitude where groups leave)",
    )
    parser.add_argument(
        "--sparsity", type=float, help="share of the weights, or of the channels, that leave"
    )
    parser.add_argument(
        "--target", metavar="RESOURCE=AMOUNT",
        help=f"budget instead of a sparsity: {', '.join(RESOURCES)}; below 1 a share of the dense "
        "network, as in macs=0.5",
    )
    parser.add_argument(
        "--granularity", default="unstructured",
        help="unstructured (the default); n_of_m:<n>:<m>:<axis>, which says the sparsity; by a "
        "criterion also vector, block, filter_plane, channel as in recipes, or coupled_channels, "
        "which leave from all layers that they are tied to",
    )  # fmt: skip
    add_all_layers(parser)
    parser.add_argument(
        "--refit", action="store_true",
        help="layers behind channels that left are fitted to what they gave before",
    )  # fmt: skip
    parser.add_argument(
        "--batch", type=int, default=1, help="rows of a call that is timed (default: 1)"
    )
    parser.add_argument(
        "--scope",
        help="global: the sparsity is that of all weights together; layer: of each (default: by "
        "the method)",
    )
    parser.add_argument(
        "--repair",
        help=f"some of {','.join(repair.WITH_ROWS)}; {repair.AUTO}: as many of them, in this "
        f"order, as bring the network nearest to the dense one; {repair.DATA_FREE} without any "
        f"row; or {repair.NONE} (default: {repair.AUTO} where there are rows, but for chita and "
        "--sequential)",
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
    if target.suffix not in _FORMATS:
        raise InputError(f"{target}: expected a file that ends in {' or '.join(_FORMATS)}")
    if target.suffix == ".onnx" and Path(arguments.network).suffix != ".onnx":
        raise InputError(f"{target}: only a network from an .onnx file is written as one")
    check_bounds(
        arguments,
        {"threads": (1, 1024), "seed": (0, 2**53), "seeds": (1, 1000), "batch": (1, 100_000)},
    )
    files.check_writable(target)
    module, data, rows = _subject(arguments)
    validation = data.validation if data else None
    ignore, dense = _left_dense(module, arguments)
    reports: list[dict[str, Any]] = []
    for seed in range(arguments.seed, arguments.seed + arguments.seeds):
        start = time.monotonic()
        found = prune(
            module, rows, arguments.method, arguments.sparsity, arguments.granularity,
            arguments.rows, seed, scope=arguments.scope, targets=arguments.target_weight or (),
            ignore=ignore, threads=arguments.threads, repairs=arguments.repair,
            sequential=arguments.sequential, target=arguments.target, timed_batch=arguments.batch,
            refit=arguments.refit,
        )  # fmt: skip
        found = replace(found, remarks=(*dense, *found.remarks))
        seconds = time.monotonic() - start
        if not reports:
            _write(target, found, arguments.network)
        report = {"method": found.method, "seed": seed, "seconds": seconds}
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


def _left_dense(module: Any, arguments: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Patterns of weights to leave, and remarks about those that stay dense where nobody named
    layers."""
    if arguments.target_weight or arguments.ignore:
        return arguments.ignore or [], []
    network, every = ImportedNetwork(module), bool(arguments.all_layers)
    dense, remarks = left_dense(network, arguments.granularity, every)
    return [literal(name) for name in dense], remarks


def _write(target: Path, found: Result, source: str) -> None:
    """The network without the channels that left; as ONNX in the place of the `source`."""
    if target.suffix == ".onnx":
        to_onnx(found.module, source, target, shrink=found.small is not None)
        return
    module = found.small.module if found.small else found.module
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
        "target": None, "removed": None,
    }  # fmt: skip
    if found.met:
        told = asdict(found.met)
        report["target"] = {"resource": told.pop("found"), **told}
    if found.small:
        small = found.small
        report["removed"] = {
            "macs": small.macs, "macs_dense": small.dense_macs, "error": small.error
        }
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
    if report["target"]:
        lines.append(_text_of_target(report["target"]))
    last, accuracy = f"{report['sparsity']:.2%} zeros", report["accuracy"]
    if report["removed"]:
        small = report["removed"]
        last = (
            f"{small['macs']:,} multiplications of {small['macs_dense']:,} left; the network without "
            f"channels differs from the masked one by {small['error']:.1e}"
        )
    if accuracy:
        last += (
            f"; {accuracy['after']:.2f} % of the validation rows are right, "
            f"{accuracy['before']:.2f} % before"
        )
    return "\n".join([*lines, last])


def _text_of_target(told: dict[str, Any]) -> str:
    """A budget, what came of it, and what the dense network has."""
    asked, found, dense = (
        f"{told[key]:,.0f}" if told["resource"] != "ms" else f"{told[key]:.4g}"
        for key in ("requested", "realised", "dense")
    )
    off = told["realised"] / told["requested"] - 1
    return f"{told['resource']} requested {asked}, realised {found} ({off:+.1%}), dense {dense}"


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
