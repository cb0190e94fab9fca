# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A PyTorch network as a module of torch operations whose parameters are inputs.

Runs where the network is, in the caller's process; torch-mlir's passes, which come
next, do not.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..onnx_graph import option_name
from .comparison import Sample
from .worker import first_line, missing


@dataclass
class Exported:
    """A network as raw torch operations, and its parameters by name."""

    module: Any
    values: dict[str, np.ndarray]
    buffers: tuple[str, ...]
    sample: Sample | None
    not_compared: str
    inputs: tuple[str, ...]


def require(*names: str) -> list[Any]:
    """Imports optional packages, or says how to install what is missing."""
    modules = []
    for name in names:
        try:
            modules.append(importlib.import_module(name))
        except ImportError as error:
            raise InputError(missing(error, names)) from None
    return modules


def export(model: Any, example_input: Any, check: bool) -> Exported:
    """The network in evaluation mode, with parameters as its last inputs."""
    torch, _ = require("torch", "torch_mlir.fx")
    examples = example_input if isinstance(example_input, (tuple, list)) else (example_input,)
    # One tensor given for two inputs would be taken for one input.
    inputs = tuple(torch.as_tensor(example).clone() for example in examples)
    named = [(name, value, False) for name, value in model.named_parameters()]
    named += [(name, value, True) for name, value in model.named_buffers()]
    named = [entry for entry in named if entry[1].is_floating_point()]
    function = _functional(torch, model, [name for name, _, _ in named])
    arguments = (*inputs, *(value.detach() for _, value, _ in named))
    was_training = model.training
    model.eval()
    try:
        with _quiet():
            program, function, arguments = _program(torch, function, arguments)
            module = _import(program)
            sample, reason = _sample(torch, function, arguments, len(inputs), check)
    except Exception as error:  # torch and torch-mlir raise errors of many types
        raise InputError(f"cannot import the PyTorch network: {first_line(error)}") from error
    finally:
        model.train(was_training)
    values: dict[str, np.ndarray] = {}
    buffers = []
    for (name, _, fixed), value in zip(named, arguments[len(inputs) :], strict=True):
        option = option_name(name, values)
        values[option] = value.cpu().numpy().copy()
        if fixed:
            buffers.append(option)
    names = argument_names(model.forward, len(inputs))
    return Exported(module, values, tuple(buffers), sample, reason, names)


def argument_names(forward: Any, count: int) -> tuple[str, ...]:
    """Names of the first arguments; what stands behind a star has none."""
    try:
        parameters = inspect.signature(forward).parameters.values()
    except (TypeError, ValueError):
        return ("",) * count
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [parameter.name for parameter in parameters if parameter.kind in named][:count]
    return (*names, *[""] * (count - len(names)))


def load(name: str) -> tuple[Any, Any]:
    """The network of a ``.pt2`` file and its example inputs."""
    (torch,) = require("torch")
    try:
        with _quiet():
            program = torch.export.load(name)
    except Exception as error:  # a broken file raises errors of many types
        raise InputError(f"{name}: cannot be read ({first_line(error)})") from error
    if not program.example_inputs:
        raise InputError(f"{name}: the program carries no example inputs")
    arguments, keywords = program.example_inputs
    if keywords:
        raise InputError(f"{name}: inputs by keyword are not supported: {', '.join(keywords)}")
    model = program.module(check_guards=False)
    # It may have been traced in half precision, and would insist on that.
    _graph_to_single(torch, model)
    # An exported program has its mode fixed and refuses to be switched.
    model.eval = lambda: model
    model.train = lambda mode=True: model
    return model, arguments


def _functional(torch: Any, model: Any, names: list[str]) -> Any:
    class Functional(torch.nn.Module):  # type: ignore[misc]
        """The network as a function of its inputs and parameters."""

        def forward(self, *arguments: Any) -> Any:
            count = len(arguments) - len(names)
            values = dict(zip(names, arguments[count:], strict=True))
            return torch.func.functional_call(model, values, arguments[:count])

    return Functional().eval()


def _halves(torch: Any) -> tuple[Any, Any]:
    return torch.float16, torch.bfloat16


def _single(torch: Any, value: Any) -> Any:
    """A tensor in single precision if it is in half."""
    return value.float() if value.dtype in _halves(torch) else value


def _program(
    torch: Any, function: Any, arguments: tuple[Any, ...]
) -> tuple[Any, Any, tuple[Any, ...]]:
    """The exported function, with it and its arguments, without half precision."""
    program = torch.export.export(function, arguments)
    if not _has_half(torch, program.graph_module):
        return program, function, arguments
    whole = program.module(check_guards=False)
    _graph_to_single(torch, whole)
    arguments = tuple(_single(torch, value) for value in arguments)
    return torch.export.export(whole, arguments), whole, arguments


def _has_half(torch: Any, graph_module: Any) -> bool:
    def is_half(value: Any) -> bool:
        return isinstance(value, torch.Tensor) and value.dtype in _halves(torch)

    return any(
        is_half(value)
        for node in graph_module.graph.nodes
        for value in torch.utils._pytree.tree_leaves(node.meta.get("val"))
    )


def _graph_to_single(torch: Any, graph_module: Any) -> None:
    """Casts to half precision become casts to single; checks of types go."""
    halves = _halves(torch)

    def replace(value: Any) -> Any:
        return torch.float32 if value in halves else value

    for node in list(graph_module.graph.nodes):
        if "_assert_tensor_metadata" in str(node.target):
            graph_module.graph.erase_node(node)
            continue
        node.args = torch.fx.node.map_aggregate(node.args, replace)
        node.kwargs = torch.fx.node.map_aggregate(node.kwargs, replace)
        if node.op == "get_attr":
            *path, name = node.target.split(".")
            owner = graph_module.get_submodule(".".join(path))
            value = getattr(owner, name)
            plain = not isinstance(value, torch.nn.Parameter) and name not in owner._buffers
            if plain and isinstance(value, torch.Tensor):
                setattr(owner, name, _single(torch, value))
    graph_module.recompile()


def _import(program: Any) -> Any:
    """The program as raw torch operations; constants are literals."""
    from torch_mlir import ir
    from torch_mlir.dialects import torch as dialect
    from torch_mlir.extras import fx_importer

    program = program.run_decompositions(_decompositions())
    _constants_to_attributes(program)
    context = ir.Context()
    dialect.register_dialect(context)
    importer = fx_importer.FxImporter(context=context)
    importer.import_frozen_program(program, func_name="forward")
    return importer.module.operation


def _decompositions() -> dict[Any, Any]:
    """How operations are written in others before torch-mlir sees them."""
    import torch
    from torch_mlir.extras.fx_decomp_util import get_decomposition_table

    gelu = torch.ops.aten.gelu.default
    whole = torch._decomp.get_decompositions([gelu])[gelu]

    def approximate_gelu(value: Any, *, approximate: str = "none") -> Any:
        """torch-mlir rounds the factor of the tanh, the root of 2 / pi, to four digits."""
        return whole(value, approximate=approximate) if approximate == "tanh" else NotImplemented

    return {**get_decomposition_table(), gelu: approximate_gelu}


def _constants_to_attributes(program: Any) -> None:
    """Constants and buffers as attributes of the graph: the importer takes those anywhere."""
    signature, graph = program.graph_signature, program.graph
    owner = graph.owning_module
    places = {**signature.inputs_to_buffers, **signature.inputs_to_lifted_tensor_constants}
    for node in list(graph.nodes):
        place = places.get(node.name) if node.op == "placeholder" else None
        if place is None:
            continue
        value = program.constants.get(place)
        if value is None:
            value = program.state_dict[place]
        # The importer looks each of them up in the state, used or not.
        program.state_dict.setdefault(place, value)
        attribute = f"constant_{node.name}"
        setattr(owner, attribute, value.detach())
        for user in list(node.users):
            _read_attribute(user, node, attribute)
        graph.erase_node(node)


def _read_attribute(user: Any, constant: Any, attribute: str) -> None:
    """Each use of a constant as an attribute of its own: the importer takes none twice."""
    from torch.fx import map_arg

    def read(value: Any) -> Any:
        if value is not constant:
            return value
        with constant.graph.inserting_before(constant):
            replacement = constant.graph.get_attr(attribute)
        replacement.meta.update(constant.meta)
        return replacement

    user.args, user.kwargs = map_arg(user.args, read), map_arg(user.kwargs, read)


def _sample(
    torch: Any, function: Any, arguments: tuple[Any, ...], inputs: int, check: bool
) -> tuple[Sample | None, str]:
    """What the network computes, in single precision, on random inputs of the same kind."""
    if not check:
        return None, "it was not asked for"
    generator = torch.Generator().manual_seed(0)

    def draw(value: Any) -> Any:
        if not value.is_floating_point():
            return value
        return torch.randn(value.shape, generator=generator, dtype=value.dtype)

    feeds = tuple(draw(value) for value in arguments[:inputs])
    with torch.no_grad():
        twice = [function(*feeds, *arguments[inputs:]) for _ in range(2)]
    one, two = (torch.utils._pytree.tree_leaves(results) for results in twice)
    if not all(isinstance(value, torch.Tensor) for value in one):
        return None, "a result is no tensor"
    if not all(torch.allclose(a, b, equal_nan=True) for a, b in zip(one, two, strict=True)):
        return None, "the network gives other results each time"
    to_arrays = lambda values: tuple(_single(torch, v).cpu().numpy() for v in values)  # noqa: E731
    return Sample("PyTorch", to_arrays(feeds), to_arrays(one)), ""


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hides the warnings of the packages about themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
