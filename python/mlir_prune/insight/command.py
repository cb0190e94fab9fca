# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The commands ``prune report`` and ``prune what-if``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from .. import calibration, files, networks
from ..errors import InputError
from ..search.command import add_subject, check_bounds, chosen_subject
from ..search.sensitivity import check_ratios

_RATIOS = (0.5, 0.7, 0.8, 0.9, 0.95)


def add_parsers(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the commands to a parser."""
    _add_report(parsers)
    _add_what_if(parsers)


def _add_report(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = parsers.add_parser(
        "report", help="reports of runs and searches: in the terminal, as a page, as a picture"
    )
    parser.set_defaults(run=run_report)
    parser.add_argument(
        "runs", nargs="+", metavar="RUN",
        help="output folder of compress, demo, train, sensitivity, netadapt or amc, or a folder of "
        "such",
    )  # fmt: skip
    parser.add_argument("-o", "--out", metavar="FILE", help=".html file to write")
    parser.add_argument("--png", metavar="FILE", help=".png file to write")
    parser.add_argument("--json", action="store_true", help="print the report of one run as JSON")


def run_report(arguments: argparse.Namespace) -> None:
    """Writes the page and the picture that are asked for; without one prints the reports."""
    from .report import html, poster
    from .sources import read_sources

    for path, suffix in ((arguments.out, ".html"), (arguments.png, ".png")):
        if path is not None and Path(path).suffix != suffix:
            raise InputError(f"{path}: expected a file that ends in {suffix}")
        if path is not None:
            files.check_writable(path)
    if arguments.json and (arguments.out or arguments.png or len(arguments.runs) > 1):
        raise InputError("--json prints the report of one run: it goes with no other run or file")
    sources = read_sources(map(Path, arguments.runs))
    if arguments.json:
        _print_json(sources)
        return
    if not arguments.out and not arguments.png:
        for source in sources:
            _print(source)
        return
    # Both are made before one is written.
    made: list[tuple[str, Any]] = []
    if arguments.out:
        made.append((arguments.out, html(sources).encode()))
    if arguments.png:
        made.append((arguments.png, poster(sources)))
    for path, data in made:
        files.write_bytes(path, data)
        print(f"written to {path}")


def _print_json(sources: Any) -> None:
    import json

    if len(sources) != 1 or sources[0].report is None:
        raise InputError("--json prints the report of one run of prune compress or demo")
    print(json.dumps(sources[0].report, indent=2))


def _print(source: Any) -> None:
    """The tables of a folder, as the command that wrote it prints them."""
    from ..render import make_console, render
    from ..search import netadapt, sensitivity
    from ..search.amc_command import table_text as amc_text
    from ..training.table import summary

    if source.report is not None:
        render(source.report, make_console())
    if source.result is not None:
        print(f"{source.name}: {source.title} on {source.dataset}\n{summary(source.result)}")
    if source.scan is not None:
        sys.stdout.write(sensitivity.table_text(source.scan, 1.0))
    if source.family is not None:
        sys.stdout.write(netadapt.table_text(source.family))
    if source.amc is not None:
        sys.stdout.write(amc_text(source.amc))


def _add_what_if(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = parsers.add_parser(
        "what-if",
        help="what pruning a layer would save in time and cost in error, before it is done",
    )
    parser.set_defaults(run=run_what_if)
    add_subject(parser, workers=False)
    parser.add_argument(
        "--layer", action="append", metavar="NAME", help="a layer, repeatable (default: all)"
    )
    parser.add_argument(
        "--sparsity", type=float, action="append", metavar="SHARE",
        help=f"a sparsity, repeatable (default: {', '.join(map(str, _RATIOS))})",
    )  # fmt: skip
    parser.add_argument("--granularity", default="unstructured", help="what is pruned together")
    parser.add_argument("--batch", type=int, default=1, help="rows of a call that is timed")
    parser.add_argument("--threads", type=int, default=1, help="threads of the compiled code")
    parser.add_argument(
        "--rows", type=int, default=1000, help="training rows for the error of results"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of these rows")
    parser.add_argument("--out", help="folder for the answers as .csv and .md (default: none)")


def run_what_if(arguments: argparse.Namespace) -> None:
    """Prints an answer for each layer at each sparsity; writes only where it is asked to."""
    from .answers import csv_text, reasons_text, table_text
    from .timing import Settings
    from .what_if import check_question, what_if

    bounds = {"batch": (1, 1e5), "threads": (1, 1024), "rows": (1, 1e7), "seed": (0, 2**53)}
    check_bounds(arguments, bounds)
    ratios = check_ratios(arguments.sparsity or _RATIOS)
    if 0.0 in ratios:
        raise InputError("a sparsity is above 0: at 0 nothing would change")
    loaded = chosen_subject(arguments).load()
    settings = Settings(
        arguments.granularity, arguments.batch, arguments.threads, arguments.rows, arguments.seed
    )
    layers = _chosen_layers(loaded.network, arguments.layer)
    fixed = check_question(loaded, layers, settings)
    if fixed is not None:
        if arguments.sparsity:
            raise InputError("--sparsity: the granularity n_of_m has a sparsity of its own")
        ratios = (fixed,)
    calibration.calibrate_once(arguments.threads)
    answers = list(what_if(loaded, layers, ratios, settings))
    text = f"{table_text(answers)}\n{reasons_text(answers)}"
    sys.stdout.write(text)
    if arguments.out:
        folder = files.make_folder(arguments.out)
        files.write_text(folder / "what-if.csv", csv_text(answers))
        files.write_text(folder / "what-if.md", text)
        print(f"values and table are in {folder}")


def _chosen_layers(network: Any, named: list[str] | None) -> list[str]:
    """The weights of the layers that are named, in the order of the network."""
    weights = set(network.weights())
    full = [f"{name}.weight" if f"{name}.weight" in weights else name for name in named or ()]
    return networks.choose(network, full or ["weight"], [], "what-if", among=("weight",))
