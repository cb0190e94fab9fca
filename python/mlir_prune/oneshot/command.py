# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command ``prune oneshot``."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from .. import files
from ..data import load, load_inputs
from ..errors import InputError
from ..frontend import from_file
from ..imported import ImportedNetwork
from ..training.fit import check_indices, fit
from . import repair
from .run import METHODS, prune


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
        help=f"some of {','.join(repair.WITH_ROWS)}; {repair.DATA_FREE} without any row; or "
        f"{repair.NONE} (default: by the method)",
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
    _report(module, found, data.validation if data else None, arguments.threads)
    print(f"pruned in {seconds:.0f} s, written to {target}")


def _report(module: Any, found: Any, validation: Any, threads: int) -> None:
    """Prints zeros by weight, remarks, and accuracy on validation rows before and after."""
    from .loss import Loss

    for name, mask in found.masks.items():
        zeros = mask.size - int(mask.sum())
        print(f"{name}  {'x'.join(map(str, mask.shape))}  {zeros / mask.size:.1%} zeros")
    for remark in found.remarks:
        print(f"remark: {remark}")
    if validation is None:
        print(f"{found.sparsity:.2%} zeros")
        return
    scores = []
    for each in (module, found.module):
        loss = Loss(ImportedNetwork(each), list(found.masks), threads)
        scores.append(loss.score(loss.start(), validation).accuracy)
    print(
        f"{found.sparsity:.2%} zeros; {scores[1]:.2f} % of the validation rows are right, "
        f"{scores[0]:.2f} % before"
    )
