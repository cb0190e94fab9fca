# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What each command of ``prune`` does, on parsed arguments."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from . import calibration, files, tuning
from .compress import (
    compile_networks,
    compress,
    read_values,
    time_networks,
    write_report,
)
from .data import Dataset, load
from .ends import left_dense
from .errors import InputError
from .frontend import NotComparedWarning, from_file
from .importing.onnx_extents import parse_shapes
from .models.network import Signature
from .native import native, read_module
from .networks import build_network
from .progress import Progress, make_progress
from .recipe import Recipe, check, default_recipe, load_recipe
from .recipe.aims import (
    is_network,
    network_recipe,
    parse_target,
    unscaled,
    with_max_drop,
    with_target,
)
from .recipe.schema import NETWORKS, MaxDrop
from .run_report import kernel_rows, read_report
from .search.command import as_dataset
from .training.fit import check_indices, fit
from .training.folder import refuse_used
from .training.lock import locked
from .training.plan import plan_text
from .training.plots import draw_comparison, draw_run
from .training.rehearsal import rehearse
from .training.result import finish
from .training.table import read_results, summary, table_text
from .training.trainer import Trainer


def demo(arguments: argparse.Namespace) -> None:
    """Dense, sparse, pruned, compiled: the whole flow on one data set."""
    recipe = default_recipe(arguments.dataset)
    _compress(_overrides(recipe, arguments), arguments, None)


def compress_command(arguments: argparse.Namespace) -> None:
    """The whole flow by a recipe, from given dense values if there are any."""
    recipe = _overrides(_compress_recipe(arguments), arguments)
    dense = None
    if arguments.values:
        network = build_network(recipe.model, recipe.dataset)
        dense = read_values(arguments.values, "dense", network.shapes())
        network.check(dense, str(arguments.values))
    _compress(recipe, arguments, dense)


def _compress_recipe(arguments: argparse.Namespace) -> Recipe:
    """The recipe that is named, or one of a network and what it may lose or cost."""
    if arguments.max_drop is not None and arguments.target is not None:
        raise InputError("--max-drop and --target are two aims: name one")
    if arguments.max_drop is None and arguments.target is None:
        for option in ("epochs", "minutes", "allocation", "granularity", "criterion", "all-layers"):
            if getattr(arguments, option.replace("-", "_")) is not None:
                raise InputError(f"--{option} is part of an aim: name --max-drop or --target, too")
        return _recipe(arguments)
    for option, least in (("max_drop", 0), ("epochs", 0), ("minutes", 1e-9)):
        value = getattr(arguments, option)
        if value is not None and not least <= value <= 1e6:
            raise InputError(f"--{option.replace('_', '-')} is a positive number, got {value:g}")
    granularity = arguments.granularity or "unstructured"
    criterion = arguments.criterion or "magnitude"
    if arguments.target is not None:
        if arguments.minutes is not None:
            raise InputError("--minutes bounds a search: it goes with --max-drop")
        target = parse_target(arguments.target, arguments.allocation)
        epochs = 10 if arguments.epochs is None else arguments.epochs
        recipe = _dense_recipe(arguments)
        ignore = _left_out(recipe, granularity, arguments)
        return with_target(recipe, target, epochs, granularity, criterion, ignore)
    if arguments.allocation is not None:
        raise InputError("--allocation shares out a budget: it goes with --target")
    if arguments.epochs == 0:
        raise InputError("--epochs is a positive number, got 0")
    rule = MaxDrop(arguments.max_drop, arguments.epochs, arguments.minutes)
    recipe = _dense_recipe(arguments)
    ignore = _left_out(recipe, granularity, arguments)
    return with_max_drop(recipe, rule, granularity, criterion, ignore)


def _left_out(recipe: Recipe, granularity: str, arguments: argparse.Namespace) -> list[str]:
    """Layers that stay dense, which is said."""
    network = build_network(recipe.model, recipe.dataset)
    found, remarks = left_dense(network, granularity, bool(arguments.all_layers))
    if not arguments.quiet:
        print(*remarks, sep="\n", end="\n" if remarks else "", flush=True)
    return found


def _dense_recipe(arguments: argparse.Namespace) -> Recipe:
    """The recipe that is named, or what trains the network that is named."""
    name = arguments.recipe
    if name is None and arguments.model:
        name, arguments.model = arguments.model, None
    if name is not None and not is_network(name):
        return _recipe(arguments)
    if arguments.set:
        raise InputError("--set changes a recipe: name one")
    if arguments.dataset is None and arguments.data is not None:
        named = as_dataset(arguments.data)
        arguments.dataset, arguments.data = named, None if named else arguments.data
    dataset = arguments.dataset or "digits"
    data, name = load(dataset, arguments.data), name or "mlp"
    warning = unscaled(data) if name in NETWORKS else None
    if warning:
        print(f"prune: warning: {warning}", file=sys.stderr)
    judged = arguments.max_drop is not None and not arguments.values
    return network_recipe(name, data, dataset, judged)


def train(arguments: argparse.Namespace) -> None:
    """Runs a recipe in a folder of its own, or prints its plan."""
    recipe = _overrides(_recipe(arguments), arguments)
    native()
    data = _data(recipe, arguments)
    if arguments.dry_run:
        text = plan_text(recipe, data)
        rehearse(recipe, data)
        sys.stdout.write(text)
        return
    folder = Path(arguments.out or default_folder(arguments.recipe, recipe))
    if not arguments.resume:
        if not arguments.overwrite:
            refuse_used(folder, resumes=True)
        rehearse(recipe, data)
    with locked(folder), make_progress(arguments.quiet) as progress:
        trainer = Trainer(
            recipe, data, folder, progress, arguments.resume,
            overwrite=arguments.overwrite, reuse=_reused(arguments),
        )  # fmt: skip
        trainer.run()
        calibration.calibrate_once(recipe.threads)
        result = finish(trainer, ["prune", *arguments.argv])
    draw_run(folder)
    print(summary(result))
    print(f"everything is in {folder}")


def _reused(arguments: argparse.Namespace) -> Path | None:
    """The run to take the dense stage from; a run that goes on has it already."""
    return Path(arguments.reuse) if arguments.reuse and not arguments.resume else None


def default_folder(name: str | None, recipe: Recipe) -> str:
    """Folder of a run: by the recipe's file name and the seed."""
    stem = Path(name).stem if name else f"demo-{recipe.dataset}"
    return f"runs/{stem}-seed{recipe.seed}"


def table(arguments: argparse.Namespace) -> None:
    """Prints a table of finished runs in Markdown."""
    text = table_text(read_results(arguments.runs))
    if arguments.out:
        files.write_text(arguments.out, text)
    else:
        sys.stdout.write(text)


def figure(arguments: argparse.Namespace) -> None:
    """Draws accuracy against compression of finished runs."""
    picture = draw_comparison(read_results(arguments.runs))
    files.write_bytes(arguments.out, picture)
    print(f"written to {arguments.out}")


def bench(arguments: argparse.Namespace) -> None:
    """Times the networks of an output folder again and renews its report."""
    folder = Path(arguments.folder)
    report = _read_report(folder)
    recipe = _overrides(load_recipe(folder / "recipe.yaml"), arguments)
    settings = recipe.bench
    if arguments.batches:
        settings = dataclasses.replace(settings, batches=tuple(arguments.batches))
        if min(settings.batches) < 1:
            raise InputError(f"a batch is positive, got {min(settings.batches)}")
    dense = read_module(folder / "dense.mlirbc")
    masked = read_module(folder / "masked.mlirbc")
    function = next(f for f in dense.functions() if f.name == "forward")
    data = fit(Signature.of(function, recipe.model.class_dimension), _data(recipe, arguments))
    check_indices(dense, data)
    calibration.calibrate_once(settings.threads)
    executables, remarks = compile_networks(dense, masked, settings)
    timings = time_networks(executables, data.validation.arrays, settings)
    report["timings"] = [timing.to_dict() for timing in timings]
    report["kernels"] = {str(batch): kernel_rows(lines) for batch, lines in remarks.items()}
    write_report(folder, report)
    _show(report)


def profile(arguments: argparse.Namespace) -> None:
    """Prints what the operations of a training step take, on random rows."""
    from .training.profiling import make_table, profile_stage, to_json

    if arguments.steps < 1:
        raise InputError(f"steps is positive, got {arguments.steps}")
    recipe = _overrides(_recipe(arguments), arguments)
    native()
    found = profile_stage(recipe, arguments.stage, arguments.steps)
    if arguments.json:
        import json

        print(json.dumps(to_json(found), indent=2))
    else:
        _console().print(make_table(found))


def pipeline(arguments: argparse.Namespace) -> None:
    """Prints the pass pipeline of a training stage, and writes what it starts from."""
    from .training.untrained import untrained_stage

    recipe = _overrides(_recipe(arguments), arguments)
    native()
    with untrained_stage(recipe, arguments.stage) as training:
        program = training.program
    if arguments.out:
        files.write_text(arguments.out, str(program.source()))
    print(program.pipeline)


def import_network(arguments: argparse.Namespace) -> None:
    """Writes a network of a framework in the model form and lists its parameters."""
    target = Path(arguments.out)
    if target.suffix not in (".mlir", ".mlirbc"):
        raise InputError(f"{target}: expected a file that ends in .mlir or .mlirbc")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        module = from_file(
            arguments.model, arguments.batch, check=arguments.check,
            time_limit=arguments.time_limit, shapes=parse_shapes(arguments.shapes),
        )  # fmt: skip
        # What cannot be listed is not written either.
        parameters = {name: np.asarray(array) for name, array in module.parameters().items()}
    for warning in caught:
        if issubclass(warning.category, NotComparedWarning):
            print(f"prune: warning: {warning.message}", file=sys.stderr)
    if target.suffix == ".mlirbc":
        files.write_bytes(target, module.to_bytecode())
    else:
        files.write_text(target, str(module))
    for name, array in parameters.items():
        print(f"{name}  {'x'.join(map(str, array.shape))}")
    total = sum(array.size for array in parameters.values())
    print(f"{total:,} values in {len(parameters)} parameters, written to {target}")


def compile_network(arguments: argparse.Namespace) -> None:
    """Writes a network as a shared object or static library with a C header beside it."""
    target = Path(arguments.out)
    if target.suffix not in (".so", ".a"):
        raise InputError(f"{target}: expected a file that ends in .so or .a")
    if not 1 <= arguments.threads <= 256:
        raise InputError(f"a compiled network runs on 1 to 256 threads, got {arguments.threads}")
    if arguments.batch is not None and arguments.batch < 1:
        raise InputError(f"a batch is positive, got {arguments.batch}")
    for_host = (arguments.size or arguments.tune) and not arguments.target
    isa = arguments.isa or ("host" if for_host else "all")
    if arguments.tune and (isa != "host" or arguments.size):
        raise InputError(
            "--tune measures this computer: it goes with none of --isa, --target and --size"
        )
    costs = _cost_model(arguments.cost_model, isa)
    module = from_file(arguments.model, check=False, shapes=parse_shapes(arguments.shapes))
    if arguments.batch is not None:
        module.run(f"builtin.module(prune-set-batch-size{{batch={arguments.batch}}})")
    if arguments.tune:
        standalone = arguments.standalone or target.suffix == ".a"
        _tune(module, Path(arguments.model), arguments.threads, standalone)
    module.write_shared_object(
        str(target), name=arguments.name, isa=isa, small=arguments.size,
        weights=arguments.weights, threads=arguments.threads,
        target=arguments.target, cost_model=costs, standalone=arguments.standalone,
    )  # fmt: skip
    size = target.stat().st_size
    print(f"{size:,} bytes, written to {target} and {target.with_suffix('.h')}")
    if arguments.weights:
        size = Path(arguments.weights).stat().st_size
        print(f"{size:,} bytes of weights, written to {arguments.weights}")


def _cost_model(named: str | None, isa: str) -> str:
    """Figures that choose the kernels of a shared object.

    Those that are named serve always, those of this computer only where the code is for its
    instructions alone.
    """
    default = native().default_cost_model()
    if named is None and isa != "host" and default == "machine":
        return "builtin"
    if named is None:
        calibration.calibrate_once()
    return named or default


def _tune(module: Any, model: Path, threads: int, standalone: bool) -> None:
    """Sets the fastest kernels, as they were measured before or are now."""
    path = model.with_suffix(".tuned.json")
    kernels = tuning.STANDALONE if standalone else ()
    layers = tuning.read(path, threads, kernels)
    if layers is None or not tuning.fits(module, layers):
        layers = tuning.measure(module, threads, kernels=kernels)
        tuning.write(path, layers, threads, kernels)
        print(f"kernels were measured, and are kept in {path}")
    tuning.apply(module, path, threads)
    _console().print(tuning.make_table(layers))


def calibrate(arguments: argparse.Namespace) -> None:
    """Measures this computer and keeps the figures, or shows those in use."""
    threads = arguments.threads
    if threads < 1:
        raise InputError(f"threads is positive, got {threads}")
    if not 0 <= arguments.seconds <= 3600:
        raise InputError(f"seconds is a number from 0 to 3600, got {arguments.seconds:g}")
    if arguments.show:
        lines, table = calibration.describe(threads)
        print(*lines, sep="\n")
        _console().print(table)
        return
    path = calibration.kept_path(threads)
    if not arguments.force and calibration.is_calibrated(threads):
        print(f"kept already in {path}; --force measures again")
        return
    print(f"measured and kept in {calibration.calibrate(arguments.seconds, threads)}")


def _compress(recipe: Recipe, arguments: argparse.Namespace, dense: Any) -> None:
    start = time.monotonic()
    native()
    data = _data(recipe, arguments)
    folder = files.make_folder(arguments.out)
    calibration.calibrate_once(recipe.bench.threads)
    progress: Progress
    with make_progress(arguments.quiet) as progress:
        report = compress(recipe, data, folder, progress, dense, arguments.overwrite)
    _show(report)
    print(f"everything is in {folder} ({time.monotonic() - start:.0f} s)")


def _show(report: dict[str, Any]) -> None:
    from .render import render

    render(report, _console())


def _console() -> Any:
    from .render import make_console

    return make_console()


def _recipe(arguments: argparse.Namespace) -> Recipe:
    changes = getattr(arguments, "set", None) or ()
    if arguments.recipe:
        return load_recipe(arguments.recipe, changes)
    if changes:
        raise InputError("--set changes a recipe: name one")
    return default_recipe(arguments.dataset or "digits")


def _overrides(recipe: Recipe, arguments: argparse.Namespace) -> Recipe:
    """The recipe with what the command line says in its place."""
    changes: dict[str, Any] = {}
    for key in ("dataset", "seed", "threads"):
        value = getattr(arguments, key, None)
        if value is not None:
            changes[key] = value
    for key in ("threads", "seed"):
        if changes.get(key, 1) < (1 if key == "threads" else 0):
            raise InputError(f"{key} is positive, got {changes[key]}")
    if "threads" in changes:
        changes["bench"] = dataclasses.replace(recipe.bench, threads=changes["threads"])
    if getattr(arguments, "model", None):
        changes["model"] = dataclasses.replace(recipe.model, file=arguments.model)
    changed = dataclasses.replace(recipe, **changes)
    check(changed)
    return changed


def _data(recipe: Recipe, arguments: argparse.Namespace) -> Dataset:
    return load(recipe.dataset, getattr(arguments, "data", None))


def _read_report(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    return read_report(folder)
