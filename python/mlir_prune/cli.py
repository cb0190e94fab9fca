# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command line ``prune``.

Exit codes: 0 done; 1 bad input, with one line on standard error, or a check of
``prune fuzz`` that failed; 2 wrong
usage (argparse); 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from . import commands
from .calibration import SECONDS
from .errors import InputError, TrainingError
from .exporting import command as export
from .frontend import TIME_LIMIT
from .fuzz import command as fuzz
from .insight import command as insight
from .native import prune_error
from .oneshot import command as oneshot
from .search import command as searches

_LONGEST = 500
"""Characters of a message about wrong usage."""


class _Parser(argparse.ArgumentParser):
    """Reports wrong usage in a line that can be read, whatever the words were."""

    def error(self, message: str) -> NoReturn:
        super().error(message if len(message) <= _LONGEST else f"{message[:_LONGEST]}...")


def make_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = _Parser(
        prog="prune", description="Train, prune and compile networks to sparse code."
    )
    parsers = parser.add_subparsers(dest="command", required=True, metavar="command")
    _add_demo(parsers)
    _add_train(parsers)
    _add_compress(parsers)
    _add_profile(parsers)
    _add_pipeline(parsers)
    _add_bench(parsers)
    insight.add_parsers(parsers)
    _add_table(parsers)
    _add_figure(parsers)
    _add_import(parsers)
    _add_compile(parsers)
    _add_calibrate(parsers)
    export.add_parser(parsers)
    oneshot.add_parser(parsers)
    searches.add_parsers(parsers)
    fuzz.add_parser(parsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    arguments = make_parser().parse_args(argv)
    arguments.argv = list(sys.argv[1:] if argv is None else argv)
    if getattr(arguments, "recipe_option", None):
        arguments.recipe = arguments.recipe_option
    try:
        code: int = arguments.run(arguments) or 0
        sys.stdout.flush()
    except (InputError, TrainingError, prune_error()) as error:
        return _fail(str(error))
    except BrokenPipeError:
        # Whoever read the output has enough; the rest must not be flushed at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}")
    except MemoryError:
        return _fail("there is not enough memory for this network, batch or file")
    except KeyboardInterrupt:
        print("prune: interrupted", file=sys.stderr)
        return 130
    return code


def _fail(message: str) -> int:
    """Reports an error in one line; returns the exit code."""
    # Messages of a stage begin with its name, which may be that of the program.
    line = " ".join(message.split()).removeprefix("prune: ")
    print(f"prune: error: {line}", file=sys.stderr)
    return 1


def _add_demo(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = parsers.add_parser("demo", help="the whole flow on handwritten digits")
    parser.set_defaults(run=commands.demo)
    _add_common(parser)
    parser.set_defaults(dataset="digits")
    _add_out(parser, "out/demo")


def _add_train(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = parsers.add_parser("train", help="run a recipe, with checkpoints")
    parser.set_defaults(run=commands.train)
    _add_recipe(parser)
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    _add_overwrite(parser)
    parser.add_argument("--reuse", metavar="RUN", help="take the first stage over from this run")
    parser.add_argument("--dry-run", action="store_true", help="print the plan and stop")
    _add_model(parser)
    _add_common(parser)
    parser.add_argument("--out", help="run folder (default: runs/<recipe>-seed<seed>)")


def _add_table(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = parsers.add_parser("table", help="table of finished runs")
    parser.set_defaults(run=commands.table)
    parser.add_argument("runs", nargs="+", help="run folders")
    parser.add_argument("--out", help="Markdown file to write (default: print)")


def _add_figure(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = parsers.add_parser("figure", help="accuracy against compression of finished runs")
    parser.set_defaults(run=commands.figure)
    parser.add_argument("runs", nargs="+", help="run folders")
    parser.add_argument("--out", default="runs/figure.png", help="picture to write")


def _add_compress(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = parsers.add_parser(
        "compress", help="train, prune, compile: by a recipe, or a network to a tolerance"
    )
    parser.set_defaults(run=commands.compress_command)
    _add_recipe(parser)
    parser.add_argument(
        "--max-drop", type=float, metavar="POINTS",
        help="find the sparsest network within so many points of the dense one on validation "
        "rows; instead of a recipe a network will do: its file, or the name of one",
    )  # fmt: skip
    parser.add_argument(
        "--target", metavar="RESOURCE=AMOUNT",
        help="prune to a budget instead: sparsity, parameters, macs, bytes or ms; below 1 it is a "
        "share of the dense network (macs=0.5)",
    )  # fmt: skip
    parser.add_argument(
        "--allocation", choices=("uniform", "global", "program"), default=None,
        help="how layers share the budget (default: program, the least estimated loss)",
    )  # fmt: skip
    parser.add_argument(
        "--granularity",
        help="what leaves together, as in recipes: coupled_channels removes whole filters and "
        "neurons (default: unstructured)",
    )  # fmt: skip
    parser.add_argument(
        "--criterion", help="what makes a weight or a channel important (default: magnitude)"
    )
    searches.add_all_layers(parser)
    parser.add_argument(
        "--epochs", type=int,
        help="budget of the search (default: by the rows), or fine-tuning to a target (default: 10)",
    )  # fmt: skip
    parser.add_argument("--minutes", type=float, help="budget of the search in time")
    parser.add_argument("--values", help=".npz of trained dense parameters to start from")
    _add_model(parser)
    _add_common(parser)
    _add_out(parser, "out/compress")


def _add_profile(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = parsers.add_parser("profile", help="where the time of a training step goes")
    parser.set_defaults(run=commands.profile)
    _add_recipe(parser)
    parser.add_argument("--stage", default="", help="training stage (default: the first)")
    parser.add_argument("--steps", type=int, default=50, help="steps to measure (default: 50)")
    parser.add_argument("--json", action="store_true", help="as JSON instead of a table")
    _add_model(parser)
    parser.add_argument("--seed", type=int, help="seed of the first values and of the rows")
    parser.add_argument("--threads", type=int, help="threads of the compiled code")


def _add_pipeline(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = parsers.add_parser("pipeline", help="what a training stage runs, for prune-opt")
    parser.set_defaults(run=commands.pipeline)
    _add_recipe(parser)
    parser.add_argument("--stage", default="", help="training stage (default: the first)")
    parser.add_argument("-o", "--out", help=".mlir file for the network that it starts from")
    _add_model(parser)
    parser.add_argument("--seed", type=int, help="seed of the first values")


def _add_bench(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = parsers.add_parser("bench", help="time the networks of an output folder again")
    parser.set_defaults(run=commands.bench)
    parser.add_argument("folder", help="output folder of demo or compress")
    parser.add_argument("--batch", dest="batches", type=int, action="append", help="repeatable")
    parser.add_argument("--threads", type=int, help="threads of the compiled code")
    parser.add_argument("--data", help="folder above mnist/ and cifar10/ (default: PRUNE_DATA)")


def _add_import(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = parsers.add_parser("import", help="bring a network into the model form")
    parser.set_defaults(run=commands.import_network)
    parser.add_argument("model", help="network as .onnx, .pt2 (torch.export.save) or .mlir")
    parser.add_argument("-o", "--out", required=True, help=".mlir or .mlirbc file to write")
    parser.add_argument("--batch", type=int, help="batch of an ONNX network (default: its own)")
    _add_shapes(parser)
    parser.add_argument(
        "--no-check", dest="check", action="store_false",
        help="do not compare with ONNX Runtime or PyTorch on random inputs",
    )  # fmt: skip
    parser.add_argument(
        "--time-limit", type=float, default=TIME_LIMIT, metavar="SECONDS",
        help=f"how long torch-mlir may take (default: {TIME_LIMIT:g})",
    )  # fmt: skip


def _add_shapes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--shape", dest="shapes", action="append", metavar="NAME=SIZES",
        help="shape of an input of an ONNX network with dynamic dimensions, as image=1,3,64,64; "
        "repeatable",
    )  # fmt: skip


def _add_compile(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = parsers.add_parser("compile", help="a network as a library with a C header")
    parser.set_defaults(run=commands.compile_network)
    parser.add_argument("model", help="network as .mlir, .mlirbc, .onnx or .pt2")
    parser.add_argument("-o", "--out", required=True, help=".so or .a file to write; .h goes beside it")
    parser.add_argument(
        "--standalone", action="store_true",
        help="need nothing but libc and libm: no layer uses oneDNN (always so with --size, "
        "--target and for .a files)",
    )  # fmt: skip
    parser.add_argument(
        "--threads", type=int, default=1,
        help="threads of a new handle, 1 to 256, which programs may change (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--name", default="", help="what C functions begin with (default: the file's name)"
    )
    parser.add_argument("--batch", type=int, help="rows of the inputs (default: the network's own)")
    _add_shapes(parser)
    parser.add_argument(
        "--isa", metavar="LIST",
        help="instruction sets that there is code for, between commas: base, avx2, avx512, host "
        "(the best of this computer) or all; the best one that a computer has runs there "
        "(default: all, with --size or --tune host)",
    )  # fmt: skip
    parser.add_argument("--size", action="store_true", help="prefer small code to fast code")
    parser.add_argument(
        "--target", default="", metavar="TRIPLE",
        help="what the code is for: aarch64-linux-gnu, or that of this computer (the default)",
    )  # fmt: skip
    parser.add_argument(
        "--weights", default="", metavar="FILE",
        help="file for the weights, which programs name when they make a handle (default: in the "
        "shared object)",
    )  # fmt: skip
    parser.add_argument(
        "--cost-model", metavar="NAME",
        help="figures that choose kernels: builtin, machine or a file (default: "
        "PRUNE_COST_MODEL, else machine with the instructions of this computer and builtin with "
        "others)",
    )  # fmt: skip
    parser.add_argument(
        "--tune", action="store_true",
        help="measure the kernels of each layer on this computer, and keep the result in a "
        ".tuned.json beside the model",
    )  # fmt: skip


def _add_calibrate(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = parsers.add_parser("calibrate", help="measure this computer for the choice of kernels")
    parser.set_defaults(run=commands.calibrate)
    parser.add_argument("--show", action="store_true", help="print the figures in use and stop")
    parser.add_argument("--force", action="store_true", help="measure again what is kept")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS,
        help=f"time to measure for (default: {SECONDS:g})",
    )  # fmt: skip
    parser.add_argument("--threads", type=int, default=1, help="threads of a call (default: 1)")


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", nargs="?", help="YAML recipe, or the name of one in recipes/")
    parser.add_argument("--recipe", dest="recipe_option", metavar="RECIPE", help="the recipe, as an option")
    parser.add_argument(
        "--set", action="append", metavar="KEY=VALUE", help="change a key: stages.dense.epochs=1"
    )


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", help="network to start from: .onnx, .pt2 or .mlir")


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dataset", help="digits, mnist, cifar10, idx:FOLDER or an .npz file")
    parser.add_argument("--data", help="folder above mnist/ and cifar10/ (default: PRUNE_DATA)")
    parser.add_argument("--seed", type=int, help="seed of initial values and batches")
    parser.add_argument("--threads", type=int, help="threads of the compiled code")
    parser.add_argument("--quiet", action="store_true", help="no progress, only the result")


def _add_out(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument("--out", default=default, help=f"output folder (default: {default})")
    _add_overwrite(parser)


def _add_overwrite(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--overwrite", action="store_true", help="start over in a used folder")


if __name__ == "__main__":
    sys.exit(main())
