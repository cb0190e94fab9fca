# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks of PyTorch and ONNX as modules in the model form.

torch-mlir turns both into `linalg` on tensors, in a process of its own with a limit
of time. Before that, parameters are made inputs of the network: they keep their
names, their layout and their identity (two biases that start at zero stay two), and
their values travel as arrays, not as text. `prune-import-pipeline` then brings the
text into the model form, and the values are bound to it. What the network computes
is compared with what the framework does.

torch, torch-mlir and onnx are imported when a function needs them.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .errors import InputError
from .importing import comparison, process, stablehlo
from .importing.comparison import Sample
from .importing.onnx_extents import Shapes
from .importing.stablehlo import is_stablehlo
from .native import parse, prune_error, read_module
from .onnx_graph import input_names
from .pipelines import tosa_pipeline

TIME_LIMIT = process.TIME_LIMIT


class NotComparedWarning(UserWarning):
    """An imported network could not be compared with its framework."""


@dataclass
class Imported:
    """A network before it is in the model form.

    `text` is MLIR with one public function whose last arguments are the
    parameters, in the order of `values`; `buffers` names those that are not
    trained, `inputs` the other arguments, or nothing. `sample` is what the framework computes; without one,
    `not_compared` says why.
    """

    text: str
    values: dict[str, np.ndarray]
    buffers: tuple[str, ...] = ()
    sample: Sample | None = None
    not_compared: str = ""
    inputs: tuple[str, ...] = ()

    def pipeline(self) -> str:
        """The pipeline that brings `text` into the model form."""
        options = []
        # One input alone needs no name to be told from others.
        if len(self.inputs) > 1:
            options.append(f"inputs={','.join(input_names(self.inputs, self.values))}")
        if self.values:
            options.append(f"parameters={','.join(self.values)}")
        if self.buffers:
            options.append(f"buffers={','.join(self.buffers)}")
        joined = f"{{{' '.join(options)}}}" if options else ""
        return f"builtin.module(prune-import-pipeline{joined})"

    def module(self) -> Any:
        """The module in the model form with the parameters as constants."""
        module = parse(self.text)
        module.run(self.pipeline())
        if self.values:
            module.bind(self.values)
            # Weights that are computed from parameters, now that these have values.
            module.run("builtin.module(prune-import-pipeline{bound=true})")
        return module


def from_torch(
    model: Any, example_input: Any, *, check: bool = True, time_limit: float | None = TIME_LIMIT
) -> Any:
    """A PyTorch module as a :class:`Module` in the model form, with its values.

    `example_input` is a tensor or array (or a tuple of them) whose shape fixes
    the batch and all other sizes. The network is imported in evaluation mode;
    parameters are named as in ``model.state_dict()``. Half precision becomes
    single.

    With `check`, what the module computes by the reference execution on random
    inputs is compared with PyTorch, and a network that differs is refused.
    torch-mlir may take `time_limit` seconds; None runs it in this process
    without a limit.
    """
    network = import_torch(model, example_input, check=check, time_limit=time_limit)
    return _checked(network, "the PyTorch network", check)


def from_onnx(
    path: str | os.PathLike[str],
    batch: int | None = None,
    *,
    check: bool = True,
    time_limit: float | None = TIME_LIMIT,
    shapes: Shapes | None = None,
) -> Any:
    """An ONNX file as a :class:`Module` in the model form, with its values.

    `batch` replaces the first dimension of every input; a dynamic one is 1
    without it. `shapes` has the whole shape of inputs with other dynamic dimensions, by
    name; dimensions that the file calls by one name have one size. Parameters are named as their initializers; the weights of MatMul
    and Gemm are stored as [out, in]. Half precision becomes single.

    With `check`, the comparison of :func:`from_torch` is made with ONNX Runtime,
    where that is installed. `time_limit` is as there.
    """
    network = import_onnx(path, batch, check=check, time_limit=time_limit, shapes=shapes)

    def locate() -> str:
        return _first_difference(import_onnx(path, batch, check=True, time_limit=time_limit,
                                             shapes=shapes, inner=True))  # fmt: skip

    return _checked(network, os.fspath(path), check, locate)


def from_file(
    path: str | os.PathLike[str],
    batch: int | None = None,
    *,
    check: bool = True,
    time_limit: float | None = TIME_LIMIT,
    shapes: Shapes | None = None,
) -> Any:
    """A network file in the model form: ``.onnx``, ``.pt2`` or MLIR.

    A ``.pt2`` file is a program saved by ``torch.export.save``; its batch is the
    one that it was exported with.
    """
    name = os.fspath(path)
    if not os.path.isfile(name):
        kind = "is a folder, expected a file" if os.path.isdir(name) else "no such file"
        raise InputError(f"{name}: {kind}")
    kind = os.path.splitext(name)[1]
    if kind == ".onnx":
        return from_onnx(name, batch, check=check, time_limit=time_limit, shapes=shapes)
    if batch is not None:
        raise InputError(f"{name}: a batch can only be given for an ONNX network")
    if shapes:
        raise InputError(f"{name}: shapes can only be given for an ONNX network")
    if kind == ".pt2":
        from .importing.torch_import import load

        network = import_torch(*load(name), check=check, time_limit=time_limit, subject=name)
        return _checked(network, name, check)
    if kind in (".mlir", ".mlirbc"):
        module = _read_mlir(name, time_limit)
        module.run(Imported("", {}).pipeline())
        return module
    raise InputError(f"{name}: expected a network as .onnx, .pt2, .mlir or .mlirbc")


def _read_mlir(name: str, time_limit: float | None) -> Any:
    """A module in linalg on tensors; TOSA and StableHLO are lowered to it."""
    try:
        module = read_module(name)
    except prune_error() as error:
        if not is_stablehlo(str(error)):
            raise
        with tempfile.TemporaryDirectory(prefix="prune-import-") as folder:
            shutil.copyfile(name, Path(folder) / stablehlo.SOURCE)
            process.run("stablehlo", Path(folder), {}, name, time_limit)
            return parse((Path(folder) / "module.mlir").read_text())
    names = {op["name"] for f in module.functions() for op in module.operations(f.name)}
    if any(each.startswith("tosa.") for each in names):
        module.run(tosa_pipeline())
    return module


def import_torch(
    model: Any,
    example_input: Any,
    *,
    check: bool = False,
    time_limit: float | None = TIME_LIMIT,
    subject: str = "the PyTorch network",
) -> Imported:
    """The first half of :func:`from_torch`: text, values and a sample."""
    from .importing.lowering import write_raw
    from .importing.torch_import import export

    exported = export(model, example_input, check)
    with tempfile.TemporaryDirectory(prefix="prune-import-") as name:
        folder = Path(name)
        write_raw(folder, exported.module, "torch")
        process.run("lower", folder, {"source": "torch"}, subject, time_limit)
        text = (folder / "module.mlir").read_text()
    return Imported(
        text, exported.values, exported.buffers, exported.sample, exported.not_compared,
        exported.inputs,
    )  # fmt: skip


def import_onnx(
    path: str | os.PathLike[str],
    batch: int | None = None,
    *,
    check: bool = False,
    time_limit: float | None = TIME_LIMIT,
    shapes: Shapes | None = None,
    inner: bool = False,
) -> Imported:
    """The first half of :func:`from_onnx`: text, values and a sample.

    With `inner`, every value inside the network is a result.
    """
    name = os.fspath(path)
    if not os.path.isfile(name):
        kind = "is a folder, expected a file" if os.path.isdir(name) else "no such file"
        raise InputError(f"{name}: {kind}")
    if batch is not None and batch < 1:
        raise InputError(f"the batch is a positive integer, got {batch}")
    with tempfile.TemporaryDirectory(prefix="prune-import-") as temporary:
        folder = Path(temporary)
        request = {"path": os.path.abspath(name), "batch": batch, "check": check, "inner": inner,
                   "shapes": {key: list(map(int, shapes[key])) for key in shapes or {}}}  # fmt: skip
        reply = process.run("onnx", folder, request, name, time_limit)
        with np.load(folder / "values.npz") as arrays:
            values = {entry: arrays[f"v{i}"] for i, entry in enumerate(reply["names"])}
        sample = _read_sample(folder / "expected.npz", reply)
        text = (folder / "module.mlir").read_text()
    return Imported(
        text, values, tuple(reply["buffers"]), sample, reply["not_compared"], tuple(reply["inputs"])
    )


def _read_sample(path: Path, reply: dict[str, Any]) -> Sample | None:
    if not path.is_file():
        return None
    with np.load(path) as arrays:
        inputs = tuple(arrays[f"i{i}"] for i in range(sum(n[0] == "i" for n in arrays.files)))
        outputs = tuple(arrays[f"o{i}"] for i in range(sum(n[0] == "o" for n in arrays.files)))
    return Sample("ONNX Runtime", inputs, outputs, reply["coarse"], tuple(reply["results"]))


def _checked(
    network: Imported, subject: str, check: bool, locate: Callable[[], str] | None = None
) -> Any:
    """The module of a network, after it was compared with its framework."""
    module = network.module()
    if not check:
        return module
    reason = network.not_compared
    if network.sample is not None:
        reason = _refuse_difference(module, network.sample, subject, locate)
    if reason:
        warnings.warn(
            f"{subject}: not compared with the framework: {reason}",
            NotComparedWarning,
            stacklevel=3,
        )
    return module


def _refuse_difference(
    module: Any, sample: Sample, subject: str, locate: Callable[[], str] | None
) -> str:
    """Raises where results differ; says why they could not be had."""
    try:
        found = comparison.compare(module, sample)
    except Exception as error:
        return comparison.why_not_run(error)
    if found is None:
        return ""
    index, how = found
    raise InputError(
        f"{subject}: the imported network computes other values than {sample.framework} "
        f"does: result {sample.result(index)} {how}{locate() if locate else ''}; "
        "--no-check (check=False) takes it nevertheless"
    )


def _first_difference(network: Imported) -> str:
    """The first value inside a network that differs, as a part of a message."""
    if network.sample is None:
        return ""
    try:
        # As torch-mlir has it: the passes of the model form are not at fault here.
        module = parse(network.text)
        inputs = [*network.sample.inputs, *network.values.values()]
        found = comparison.compare(module, dataclasses.replace(network.sample, inputs=inputs))
    except (InputError, prune_error(), TypeError, ValueError):
        return ""
    return f"; the first value that differs is {network.sample.result(found[0])}" if found else ""
