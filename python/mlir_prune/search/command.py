# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Commands that search: what they take and what they do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import files, networks
from ..ends import left_dense
from ..errors import InputError, shorten
from ..native import native
from ..recipe.aims import parse_target
from ..removal import remove
from . import costs, netadapt, sensitivity
from .channel_budget import ChannelResource
from .channels import Channels
from .protocol import processes, run
from .subject import Subject, subject_of

_NETADAPT_BOUNDS = {
    "first": (1e-6, 1), "decay": (1e-6, 1), "steps": (0, 1e9), "epochs": (0, 1e6),
    "batch": (1, 1e5), "seed": (0, 2**53),
}  # fmt: skip


def add_parsers(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the commands to a parser."""
    from . import amc_command

    _add_sensitivity(parsers)
    _add_netadapt(parsers)
    amc_command.add_parser(parsers)


def add_subject(parser: argparse.ArgumentParser, workers: bool = True) -> None:
    """What every search of a trained network is about, and how many processes share it."""
    parser.add_argument(
        "network", metavar="NET", help="run folder, .onnx, .pt2 or .mlir file, or a built network"
    )
    parser.add_argument("--values", help=".npz of trained parameters")
    parser.add_argument("--dataset", help="digits, mnist, cifar10, idx:FOLDER or an .npz file")
    parser.add_argument(
        "--data", help="folder above mnist/ and cifar10/ (default: PRUNE_DATA), or the data set"
    )
    if workers:
        parser.add_argument("--workers", type=int, default=1, help="processes (default: 1)")
    else:
        parser.set_defaults(workers=1)


def add_all_layers(parser: argparse.ArgumentParser) -> None:
    """The option that prunes the first and last layers, too."""
    parser.add_argument(
        "--all-layers", action="store_const", const=True,
        help="the first and last layers, too, which groups that keep shapes (n_of_m, block, "
        "vector, filter_plane, channel) leave dense by default",
    )  # fmt: skip


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
    parser.add_argument(
        "--granularity", default="unstructured",
        help="what is pruned together; of coupled_channels each group of tied channels is a layer",
    )  # fmt: skip
    add_all_layers(parser)
    parser.add_argument("--target-weight", action="append", help="weights to scan, repeatable")
    parser.add_argument("--ignore", action="append", default=None, help="weights to leave out, repeatable")
    parser.add_argument("--out", default="out/sensitivity", help="folder (default: out/sensitivity)")


def run_sensitivity(arguments: argparse.Namespace) -> None:
    """Scans all layers; goes on from what the folder holds of the same scan."""
    if not 0 <= arguments.max_drop <= 100:
        raise InputError(f"--max-drop is in [0, 100], got {arguments.max_drop:g}")
    ratios = sensitivity.check_ratios(arguments.sparsity or sensitivity.RATIOS)
    subject = chosen_subject(arguments)
    network = subject.load().network
    ignore = [*(arguments.ignore or [])]
    if not arguments.target_weight and not ignore:
        dense, remarks = left_dense(network, arguments.granularity, bool(arguments.all_layers))
        ignore = [networks.literal(name) for name in dense]
        for remark in remarks:
            print(remark, flush=True)
    layers = sensitivity.layers_of(subject, arguments.target_weight or ["weight"], ignore)
    networks.check_granularity(network, layers, arguments.granularity, "granularity")
    evaluate = sensitivity.Evaluation(subject, arguments.granularity)
    if arguments.granularity == networks.COUPLED:
        channels = Channels(network, subject.load().values, layers)
        names, layers = tuple(layers), [group.name for group in channels.groups]
        evaluate = replace(evaluate, names=names, groups=(*layers, *channels.fixed))
        for group in channels.groups:
            print(f"{group.name}: {group.total} channels of {', '.join(group.weights)}")
    search = sensitivity.Sensitivity(layers, ratios)
    question = {**subject.question(), "ratios": list(ratios), "layers": layers,
                "granularity": arguments.granularity}  # fmt: skip
    folder = files.make_folder(arguments.out)
    if evaluate.names:
        question["names"] = list(evaluate.names)
    rows = run_with(search, evaluate, arguments.workers, folder / "search.json", question)
    sensitivity.write(folder, rows, arguments.max_drop)
    sys.stdout.write(sensitivity.table_text(rows, arguments.max_drop))
    print(f"table, values and curves are in {folder}")


def _add_netadapt(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = parsers.add_parser(
        "netadapt", help="meet a budget step by step, each by the layer that minds least"
    )
    parser.set_defaults(run=run_netadapt)
    add_subject(parser)
    parser.add_argument(
        "--target", required=True, metavar="RESOURCE=AMOUNT",
        help="parameters, macs, bytes or ms; below 1 a share of the dense network",
    )  # fmt: skip
    parser.add_argument("--first", type=float, default=0.025, help="share that the first step saves")
    parser.add_argument("--decay", type=float, default=0.96, help="of what a step saves")
    parser.add_argument("--steps", type=int, default=50, help="training steps of a proposal")
    parser.add_argument("--epochs", type=int, default=10, help="training of the last network")
    parser.add_argument("--batch", type=int, default=1, help="rows of a call that is timed")
    parser.add_argument("--seed", type=int, default=1, help="seed of the batches")
    parser.add_argument("--target-weight", action="append", help="weights to prune, repeatable")
    parser.add_argument("--ignore", action="append", help="weights to leave out, repeatable")
    parser.add_argument(
        "--granularity", default="unstructured", choices=("unstructured", networks.COUPLED),
        help="what leaves: weights, or channels in all layers that they are tied to, to macs "
        "(default: unstructured)",
    )  # fmt: skip
    parser.add_argument("--out", default="out/netadapt", help="folder (default: out/netadapt)")


def check_bounds(
    arguments: argparse.Namespace, bounds: Mapping[str, tuple[float, float]]
) -> None:
    """Raises :class:`InputError` for an option outside of its bounds, which are by name."""
    for name, (low, high) in bounds.items():
        value = getattr(arguments, name)
        if not low <= value <= high:
            found = f"{value:g}" if isinstance(value, float) else shorten(value)
            raise InputError(f"--{name.replace('_', '-')} is in [{low:g}, {high:g}], got {found}")


def run_netadapt(arguments: argparse.Namespace) -> None:
    """Goes on from what the folder holds of the same search."""
    check_bounds(arguments, _NETADAPT_BOUNDS)
    name, amount = parse_target(arguments.target, None).chosen()
    if name == "sparsity":
        raise InputError("netadapt meets parameters, macs, bytes or ms, got sparsity")
    coupled = arguments.granularity == networks.COUPLED
    if coupled and name != "macs":
        raise InputError(f"netadapt counts macs of {networks.COUPLED}, got {name}")
    subject = chosen_subject(arguments)
    network, values = subject.load().network, subject.load().values
    layers = sensitivity.layers_of(
        subject, arguments.target_weight or ["weight"], arguments.ignore or [], "netadapt"
    )
    table = costs.measured(network, values, arguments.batch) if name == "ms" else None
    resource: costs.Budget = costs.resource_of(network, name, table)
    fixed: tuple[str, ...] = ()
    names = layers
    if coupled:
        channels = Channels(network, values, layers)
        layers, fixed = [group.name for group in channels.groups], channels.fixed
        resource = ChannelResource(channels)
    wanted = amount * resource.total({}) if amount < 1 else amount
    pace = netadapt.Pace(wanted, arguments.first, arguments.decay)
    search = netadapt.NetAdapt(resource, layers, pace)
    folder = files.make_folder(arguments.out)
    files.make_folder(str(folder / "networks"))
    evaluate = netadapt.Training(
        subject, str((folder / "networks").absolute()), arguments.steps, arguments.epochs,
        arguments.seed, coupled, fixed,
    )  # fmt: skip
    question = {
        **subject.question(), "target": [name, wanted], "layers": layers, "seed": arguments.seed,
        "pace": [arguments.first, arguments.decay, arguments.steps, arguments.epochs],
    }  # fmt: skip
    if coupled:
        question |= {"granularity": arguments.granularity, "names": names}
    if table is not None:
        question["table"] = [table.ratios, table.layers, table.rest]
    found = run_with(search, evaluate, arguments.workers, folder / "search.json", question)
    _report_netadapt(folder, name, arguments.batch, found, evaluate)


def _report_netadapt(
    folder: Path, name: str, batch: int, found: Any, evaluate: netadapt.Training
) -> None:
    files.write_arrays(folder / "values.npz", evaluate.values("long"))
    realised = found["cost"]
    if name == "ms":
        loaded = evaluate.subject.load()
        both = [loaded.values, evaluate.values("long")]
        now, pruned = costs.timed(loaded.network, both, batch)
        # The table's dense network and the one measured now are the same.
        realised, found["measured"] = pruned / now * found["dense"], [now, pruned]
    if evaluate.channels:
        loaded = evaluate.subject.load()
        removed = remove(loaded.network, evaluate.values("long"), loaded.data.validation)
        files.write_bytes(folder / "compact.mlirbc", removed.module.to_bytecode())
        realised = removed.macs
    found |= {"realised": realised, "batch": batch}
    files.write_json(folder / "netadapt.json", found)
    sys.stdout.write(netadapt.table_text(found))
    print(f"everything is in {folder}")


def run_with(search: Any, evaluate: Any, workers: int, store: Path, question: Any) -> Any:
    """Runs a search in this process, or in several."""
    if workers == 1:
        return run(search, evaluate, None, store, question)
    with processes(workers) as executor:
        return run(search, evaluate, executor, store, question)
