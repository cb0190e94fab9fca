# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The whole flow in one line: ``prune``, ``compile`` and ``report``.

    pruned = mlir_prune.prune("net.onnx", (x, y), target="macs=0.5")
    logits = pruned.compile()(rows)
    pruned.export("small.onnx")

Networks and data are taken in whatever form they are in; what the flow reads and writes is in
one folder, as that of the command ``prune compress``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from . import calibration, files, forms
from .compress import compress
from .data import Dataset, load
from .data_forms import data_file, to_array
from .ends import left_dense
from .errors import InputError
from .exporting import to_mlir, to_onnx, to_safetensors
from .frontend import from_file, from_torch
from .native import native, read_module
from .networks import build_network
from .pipelines import mask_pipeline
from .progress import Progress, make_progress
from .recipe.aims import is_network, network_recipe, parse_target, with_max_drop, with_target
from .recipe.schema import MaxDrop


@dataclass(frozen=True)
class Pruned:
    """A pruned network: the folder of its run, its report, and what it was made from.

    `report` has the figures of ``report.json``; `source` is the ONNX file or the PyTorch module
    that was given, or None.
    """

    folder: Path
    report: dict[str, Any]
    source: Any = None
    example: Any = None

    @property
    def module(self) -> Any:
        """The network with zeros, in its full shapes."""
        return read_module(self.folder / "masked.mlirbc")

    def compile(self, batch: int | Sequence[int] = 1, threads: int = 1) -> Compiled:
        """The network that is left, for batches of so many rows; see :func:`compile`."""
        return compile(self, batch, threads)

    def torch(self, shrink: bool = True) -> Any:
        """A copy of the PyTorch module that was given, with the pruned values."""
        if self.example is None:
            raise InputError("torch(): the network was not given as a PyTorch module")
        from .torch import to_torch

        return to_torch(self.module, self.source, self.example, shrink=shrink)

    def export(self, path: str | os.PathLike[str], shrink: bool = True) -> Path:
        """Writes ``.onnx`` (of a network that was one), ``.pt`` (of a PyTorch module, in full
        shapes, with masks), MLIR or ``.safetensors``, by the ending."""
        target = Path(path)
        if target.suffix in (".mlir", ".mlirbc"):
            to_mlir(self.module, target, shrink=shrink)
        elif target.suffix == ".safetensors":
            to_safetensors(self.module, target, shrink=shrink)
        elif target.suffix == ".pt":
            self._write_state(target)
        elif target.suffix != ".onnx":
            raise InputError(
                f"{target}: expected a file that ends in .onnx, .pt, .mlir, .mlirbc or .safetensors"
            )
        elif not isinstance(self.source, str) or not self.source.endswith(".onnx"):
            instead = "; torch.onnx.export writes what .torch() gives" if self.example else ""
            raise InputError(f"{target}: the network was not given as an ONNX file{instead}")
        else:
            to_onnx(self.module, self.source, target, shrink=shrink)
        return target

    def _write_state(self, target: Path) -> None:
        """The state_dict in full shapes, and masks."""
        from .exporting.torch_export import write_state
        from .importing.torch_import import load as load_program

        if isinstance(self.source, str) and self.source.endswith(".pt2"):
            write_state(self.module, *load_program(self.source), target)
        elif self.example is not None:
            write_state(self.module, self.source, self.example, target)
        else:
            raise InputError(f"{target}: the network was not given as a PyTorch module or .pt2")

    def __str__(self) -> str:
        totals, test = self.report["totals"], self.report["test"]
        return (
            f"{totals['pruned_nonzeros']:,} of {totals['weights']:,} weights left, "
            f"{test['pruned']['accuracy']:.2f} % of the test rows against "
            f"{test['dense']['accuracy']:.2f} %, in {self.folder}"
        )


class Compiled:
    """A compiled network that is called with rows as arrays."""

    def __init__(self, executables: Mapping[int, Any]) -> None:
        """`executables` are those of one network, by the rows that they take."""
        self._executables = dict(sorted(executables.items(), reverse=True))
        self._forward = next(iter(self._executables.values())).functions()[0]

    def __call__(self, *inputs: Any) -> Any:
        """Results for the rows of `inputs` [rows, ...], in the order of the network's inputs.

        Any number of rows: as many batches of the largest size as fit, then of the next smaller.
        Those that do not fill the smallest are padded. One array, or a tuple where the network
        has several results. Raises :class:`InputError` for inputs that do not fit.
        """
        arguments = self._forward.arguments
        if len(inputs) != len(arguments):
            raise InputError(f"expected {len(arguments)} inputs, got {len(inputs)}")
        arrays = [self._array(a, value) for a, value in zip(arguments, inputs, strict=True)]
        rows = {len(array) for array in arrays}
        if len(rows) != 1:
            raise InputError(f"inputs have different numbers of rows: {sorted(rows)}")
        cuts = cut_rows(rows.pop(), list(self._executables))
        results = [self._batch_of(arrays, first, batch) for first, batch in cuts]
        if not results:
            raise InputError("expected at least one row")
        found = tuple(np.concatenate(parts) for parts in zip(*results, strict=True))
        return found[0] if len(found) == 1 else found

    def _array(self, argument: Any, value: Any) -> np.ndarray:
        array, shape = to_array(value, argument.name), tuple(argument.shape)[1:]
        if array.shape[1:] != shape:
            raise InputError(
                f"input '{argument.name}': expected [rows, {', '.join(map(str, shape))}], got "
                f"{list(array.shape)}"
            )
        wanted = np.dtype(argument.dtype)
        if (wanted.kind == "f") != (array.dtype.kind == "f"):
            pixels = "; data sets divide bytes by 255" if wanted.kind == "f" else ""
            raise InputError(
                f"input '{argument.name}': expected {wanted}, got {array.dtype}{pixels}"
            )
        return array.astype(wanted, copy=False)

    def _batch_of(self, arrays: Sequence[np.ndarray], first: int, batch: int) -> list[np.ndarray]:
        """Results of one batch, without its padding."""
        parts = [array[first : first + batch] for array in arrays]
        rows, short = len(parts[0]), batch - len(parts[0])
        if short:
            parts = [np.concatenate([part, np.repeat(part[-1:], short, axis=0)]) for part in parts]
        named = {
            argument.name: np.ascontiguousarray(part)
            for argument, part in zip(self._forward.arguments, parts, strict=True)
        }
        found = self._executables[batch].call(self._forward.name, named)
        return [np.asarray(value)[:rows] for value in found.values()]


def cut_rows(rows: int, sizes: Sequence[int]) -> list[tuple[int, int]]:
    """First row and size of each batch of so many rows; `sizes` descend.

    >>> cut_rows(21, [8, 2])
    [(0, 8), (8, 8), (16, 2), (18, 2), (20, 2)]
    """
    cuts, first = [], 0
    while first < rows:
        size = next((size for size in sizes if size <= rows - first), sizes[-1])
        cuts.append((first, size))
        first += size
    return cuts


def prune(
    network: Any, data: Any, *, target: str | None = None, max_drop: float | None = None,
    epochs: int | None = None, minutes: float | None = None, granularity: str = "unstructured",
    criterion: str = "magnitude", all_layers: bool = False, seed: int = 1, threads: int = 1,
    out: str | os.PathLike[str] | None = None, quiet: bool = False,
) -> Pruned:  # fmt: skip
    """Prunes a network to a budget or a tolerance, trains what is left, and measures it.

    `network` is a file (``.onnx``, ``.pt2``, MLIR), the name of a built network, which is trained
    first, a PyTorch module or a :class:`Module`. `data` is the name of a data set or an ``.npz``
    file, a folder of images, with a folder for each class, arrays ``(x, y)`` or ``(x_train,
    y_train, x_test, y_test)``, or a ``torch.utils.data.DataLoader`` or ``Dataset`` of pairs. Bytes
    of images are divided by 255. For several inputs ``x`` is a tuple, or a mapping by their names.

    Either `target`, as in ``macs=0.5`` or ``sparsity=0.9``, or `max_drop` in percentage points
    says how far; see ``prune compress --help`` for both and for the options of the same names.
    Everything is written into the folder `out`, by default a new one for temporary files.
    Raises :class:`InputError` or :class:`DataError` for what cannot be used.
    """
    if (target is None) == (max_drop is None):
        raise InputError("name one of target, as in 'macs=0.5', and max_drop, in points")
    _check_aims(target, max_drop, epochs, minutes)
    native()
    folder = files.make_folder(os.fspath(out)) if out else Path(tempfile.mkdtemp(prefix="prune-"))
    dataset = data_file(data, folder)
    rows = load(dataset)
    name, example = _network_file(network, rows, folder)
    recipe = network_recipe(name, rows, dataset, max_drop is not None)
    bench = replace(recipe.bench, threads=threads)
    recipe = replace(recipe, seed=seed, threads=threads, bench=bench)
    ignore, remarks = left_dense(build_network(recipe.model, dataset), granularity, all_layers)
    if target is not None:
        budget = parse_target(target, None)
        length = 10 if epochs is None else epochs
        recipe = with_target(recipe, budget, length, granularity, criterion, ignore)
    else:
        assert max_drop is not None
        rule = MaxDrop(max_drop, epochs, minutes)
        recipe = with_max_drop(recipe, rule, granularity, criterion, ignore)
    calibration.calibrate_once(recipe.bench.threads)
    progress: Progress
    with make_progress(quiet) as progress:
        for remark in remarks:
            progress.say(remark)
        report = compress(recipe, rows, folder, progress)
    source = os.fspath(network) if isinstance(network, os.PathLike) else network
    return Pruned(folder, report, source, example)


def compile(network: Any, batch: int | Sequence[int] = 1, threads: int = 1) -> Compiled:
    """Compiles a network for batches of so many rows, with the kernels that are fastest here.

    Of several sizes, as in ``batch=(64, 8, 1)``, each has code, kernels and weights of its own;
    any number of rows is run by the largest that fit.

    `network` is a :class:`Pruned` or the folder of a run, a file with a network, or a
    :class:`Module`. Zeros are made use of, and filters and neurons that are zero leave.
    """
    sizes = [batch] if isinstance(batch, int) else list(batch)
    if not sizes or min(sizes) < 1 or threads < 1:
        raise InputError(f"batch and threads are positive, got {batch} and {threads}")
    if isinstance(network, str | os.PathLike) and Path(network).is_dir():
        network = Pruned(Path(network), {})
    if isinstance(network, Pruned):
        module = network.module
    elif isinstance(network, str | os.PathLike):
        module = from_file(network)
    elif isinstance(network, native().Module):
        module = network.clone()
    else:
        raise InputError(
            "network: expected a pruned network, a run folder, a file or a Module (as "
            f"mlir_prune.from_torch gives), got {type(network).__name__}"
        )
    if not isinstance(network, Pruned):
        module.run(mask_pipeline())
    calibration.calibrate_once(threads)
    return Compiled({size: _executable(module, size, threads) for size in sizes})


def _executable(module: Any, batch: int, threads: int) -> Any:
    """A masked network compiled for one batch."""
    compact, _ = forms.compact_at(module, batch)
    chosen, _ = forms.with_kernels(compact, threads)
    return chosen.compile(threads=threads)


def report(*runs: Any, path: str | os.PathLike[str] = "report.html") -> Path:
    """Writes one page about runs (:class:`Pruned`, or their folders): ``.html`` or ``.png``."""
    from .insight.report import html, poster
    from .insight.sources import read_sources

    target = Path(path)
    if not runs:
        raise InputError("report: expected at least one run")
    if target.suffix not in (".html", ".png"):
        raise InputError(f"{target}: expected a file that ends in .html or .png")
    for run in runs:
        if not isinstance(run, Pruned | str | os.PathLike):
            raise InputError(
                f"report: expected pruned networks or folders of runs, got {type(run).__name__}"
            )
        if str(run).endswith((".html", ".png")):
            raise InputError(f"report: the file to write is named as path='{run}'")
    sources = read_sources([run.folder if isinstance(run, Pruned) else Path(run) for run in runs])
    made = html(sources).encode() if target.suffix == ".html" else poster(sources)
    files.write_bytes(target, made)
    return target


def _check_aims(
    target: Any, max_drop: float | None, epochs: int | None, minutes: float | None
) -> None:
    """Raises :class:`InputError` for aims that cannot be meant."""
    if target is not None and not isinstance(target, str):
        raise InputError(f"target: expected a text as in 'macs=0.5', got {target!r}")
    if minutes is not None and target is not None:
        raise InputError("minutes bounds a search: it goes with max_drop")
    for name, value, least in (("max_drop", max_drop, 0), ("epochs", epochs, target is None),
                               ("minutes", minutes, 1e-9)):  # fmt: skip
        if value is None:
            continue
        if not isinstance(value, int | float) or not least <= value <= 1e6:
            raise InputError(f"{name}: expected a positive number, got {value!r}")
    if epochs is not None and epochs != int(epochs):
        raise InputError(f"epochs: expected a whole number, got {epochs!r}")


def _network_file(network: Any, rows: Dataset, folder: Path) -> tuple[str, Any]:
    """The file of a network, or the name of a built one, and the example of a PyTorch module."""
    example, name = None, network
    if not isinstance(network, str | os.PathLike):
        first = {name: array[:1] for name, array in rows.train.arrays.items()}
        module, example = _module(network, first)
        name = folder / "network.mlirbc"
        files.write_bytes(name, module.to_bytecode())
    if not is_network(os.fspath(name)):
        raise InputError(f"'{name}' is neither a file with a network nor the name of a built one")
    return os.fspath(name), example


def _module(network: Any, first: dict[str, np.ndarray]) -> tuple[Any, Any]:
    """The network as a module, and the example of a PyTorch module."""
    if isinstance(network, native().Module):
        return network, None
    if not hasattr(network, "named_parameters"):
        raise InputError(
            "network: expected a file, the name of a built network, a PyTorch module or a Module, "
            f"got {type(network).__name__}"
        )
    from .torch import example_of

    example = example_of(network, first)
    return from_torch(network, example), example

