# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks of PyTorch and ONNX as modules in the model form.

torch-mlir turns both into `linalg` on tensors. Before that, parameters are made
inputs of the network: they keep their names, their layout and their identity
(two biases that start at zero stay two), and their values travel as arrays, not
as text. `prune-import-pipeline` then brings the text into the model form, and
the values are bound to it.

torch, torch-mlir and onnx are imported when a function needs them.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import InputError
from .native import parse, read_module
from .onnx_graph import Graph

_VERSIONS = {"torch": "torch==2.13.0", "torch_mlir": "torch-mlir", "onnx": "onnx"}


@dataclass
class Imported:
    """A network before it is in the model form.

    `text` is MLIR with one public function whose last arguments are the
    parameters, in the order of `values`; `buffers` names those that are not
    trained.
    """

    text: str
    values: dict[str, np.ndarray]
    buffers: tuple[str, ...] = ()

    def pipeline(self) -> str:
        """The pipeline that brings `text` into the model form."""
        options = []
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
        return module


def from_torch(model: Any, example_input: Any) -> Any:
    """A PyTorch module as a :class:`Module` in the model form, with its values.

    `example_input` is a tensor or array (or a tuple of them) whose shape fixes
    the batch and all other sizes. The network is imported in evaluation mode;
    parameters are named as in ``model.state_dict()``.
    """
    return import_torch(model, example_input).module()


def from_onnx(path: str | os.PathLike[str], batch: int | None = None) -> Any:
    """An ONNX file as a :class:`Module` in the model form, with its values.

    `batch` replaces the first dimension of every input; a dynamic one is 1
    without it. Parameters are named as their initializers; the weights of MatMul
    and Gemm are stored as [out, in].
    """
    return import_onnx(path, batch).module()


def from_file(path: str | os.PathLike[str], batch: int | None = None) -> Any:
    """A network file in the model form: ``.onnx``, ``.pt2`` or MLIR.

    A ``.pt2`` file is a program saved by ``torch.export.save``; its batch is the
    one that it was exported with.
    """
    name = os.fspath(path)
    if not os.path.isfile(name):
        raise InputError(f"{name}: no such file")
    kind = os.path.splitext(name)[1]
    if kind == ".onnx":
        return from_onnx(name, batch)
    if batch is not None:
        raise InputError(f"{name}: a batch can only be given for an ONNX network")
    if kind == ".pt2":
        return _from_exported(name)
    if kind in (".mlir", ".mlirbc"):
        module = read_module(name)
        module.run(Imported("", {}).pipeline())
        return module
    raise InputError(f"{name}: expected a network as .onnx, .pt2, .mlir or .mlirbc")


def _require(*names: str) -> list[Any]:
    """Imports optional packages, or says how to install what is missing."""
    modules = []
    for name in names:
        try:
            modules.append(importlib.import_module(name))
        except ImportError as error:
            wanted = {_VERSIONS.get(n.split(".")[0], n): None for n in names}
            raise InputError(
                f"the import needs a package that is not there ({error}); "
                f"pip install {' '.join(wanted)}"
            ) from None
    return modules


# PyTorch


def import_torch(model: Any, example_input: Any) -> Imported:
    """The first half of :func:`from_torch`: text and values."""
    torch, fx = _require("torch", "torch_mlir.fx")
    examples = example_input if isinstance(example_input, (tuple, list)) else (example_input,)
    inputs = [torch.as_tensor(example) for example in examples]
    named = [(name, value, False) for name, value in model.named_parameters()]
    named += [(name, value, True) for name, value in model.named_buffers()]
    named = [entry for entry in named if entry[1].is_floating_point()]
    names = [name for name, _, _ in named]

    class Functional(torch.nn.Module):  # type: ignore[misc]
        """The network as a function of its inputs and parameters."""

        def forward(self, *arguments: Any) -> Any:
            count = len(arguments) - len(names)
            values = dict(zip(names, arguments[count:], strict=True))
            return torch.func.functional_call(model, values, arguments[:count])

    was_training = model.training
    model.eval()
    try:
        with _quiet():
            module = fx.export_and_import(
                Functional().eval(),
                *inputs,
                *(value.detach() for _, value, _ in named),
                output_type="linalg-on-tensors",
                func_name="forward",
            )
        text = module.operation.get_asm()
    except Exception as error:  # torch and torch-mlir raise errors of many types
        raise InputError(f"cannot import the PyTorch network: {_first_line(error)}") from error
    finally:
        model.train(was_training)
    values = {name: value.detach().cpu().numpy().copy() for name, value, _ in named}
    return Imported(text, values, tuple(name for name, _, fixed in named if fixed))


def _from_exported(name: str) -> Any:
    (torch,) = _require("torch")
    try:
        program = torch.export.load(name)
    except Exception as error:  # a broken file raises errors of many types
        raise InputError(f"{name}: cannot be read ({_first_line(error)})") from error
    if not program.example_inputs:
        raise InputError(f"{name}: the program carries no example inputs")
    arguments, keywords = program.example_inputs
    if keywords:
        raise InputError(f"{name}: inputs by keyword are not supported: {', '.join(keywords)}")
    model = program.module(check_guards=False)
    # An exported program has its mode fixed and refuses to be switched.
    model.eval = lambda: model
    model.train = lambda mode=True: model
    return from_torch(model, arguments)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hides the warnings of the packages about themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


# ONNX

_OLDEST_OPSET = 14
_UPGRADED_OPSET = 17
_PIPELINE = (
    "builtin.module(torch-onnx-to-torch-backend-pipeline,"
    "torch-backend-to-linalg-on-tensors-backend-pipeline)"
)


def import_onnx(path: str | os.PathLike[str], batch: int | None = None) -> Imported:
    """The first half of :func:`from_onnx`: text and values."""
    onnx, importer, ir, passmanager, dialect = _require(
        "onnx",
        "torch_mlir.extras.onnx_importer",
        "torch_mlir.ir",
        "torch_mlir.passmanager",
        "torch_mlir.dialects.torch",
    )
    name = os.fspath(path)
    if not os.path.isfile(name):
        raise InputError(f"{name}: no such file")
    if batch is not None and batch < 1:
        raise InputError(f"the batch is a positive integer, got {batch}")
    try:
        model = onnx.load(name)
        onnx.checker.check_model(model)
        graph = Graph(onnx, _upgrade(onnx, model), batch)
        values = graph.parameters_to_inputs()
        info = importer.ModelInfo(graph.infer_shapes())
        context = ir.Context()
        dialect.register_dialect(context)
        module = info.create_module(context=context).operation
        importer.NodeImporter.define_function(info.main_graph, module).import_all()
        with context, _quiet():
            passmanager.PassManager.parse(_PIPELINE).run(module)
        text = module.get_asm()
    except InputError:
        raise
    except Exception as error:  # onnx and torch-mlir raise errors of many types
        raise InputError(f"{name}: cannot import the network: {_first_line(error)}") from error
    return Imported(text, values, tuple(graph.buffers))


def _upgrade(onnx: Any, model: Any) -> Any:
    """The model at an opset that torch-mlir knows all forms of."""
    opsets = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    if opsets and opsets[0] < _OLDEST_OPSET:
        version_converter = importlib.import_module("onnx.version_converter")
        return version_converter.convert_version(model, _UPGRADED_OPSET)
    return model
