# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A pruned network as ONNX: the file that was imported, with other values and smaller tensors.

Nothing of the graph changes but what has to: initializers (or constant nodes) of parameters get
the pruned values, and where channels have left, the number of groups of a convolution and the
shapes that a Reshape has as constants. Names, the opset and all else stay as they were.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..forms import TOLERANCE
from ..frontend import from_onnx
from ..importing.onnx_extents import Shapes, shapes_like
from ..native import native
from ..onnx_graph import option_name
from .comparison import input_shapes, largest_error, random_inputs, results
from .layout import Layout, find_layout
from .onnx_storage import LIMIT, to_sparse, written
from .pieces import kept_of_file
from .pruned import Arrays, back, changed, full_values, parameters, remove_channels
from .shapes import fit_shapes


@dataclass(frozen=True)
class Exported:
    """A written file: how many tensors have other values, how many are smaller, and how far the
    results of ONNX Runtime are from the compiled network's, relative to the largest (None where
    it is not installed, or was not asked)."""

    path: str
    changed: int
    smaller: int
    error: float | None


def to_onnx(
    pruned: Any, source: str | os.PathLike[str], path: str | os.PathLike[str], *,
    shrink: bool = True, check: bool = True, sparse: bool = False, external_above: int = LIMIT,
    shapes: Shapes | None = None,
) -> Exported:  # fmt: skip
    """Writes `pruned` in the place of the network of the ONNX file `source`.

    `pruned` is a module, or values by name, with the parameters of the imported network in their
    full shapes, zeros where it is pruned. With `shrink`, filters and neurons that are zero leave;
    without, zeros stay. With `sparse`, initializers that are smaller so are stored as sparse ones.
    Tensors of a model of `external_above` bytes and more go into a file beside it, whose name ends
    in ``.data``. With `check`, the file is run by ONNX Runtime on random inputs, where
    that is installed, and compared with the compiled network: more than 1e-5 of the largest
    result is an error, and nothing is written. `shapes` are those of the import; a module has
    them, and what the file leaves open stays so.

    Raises :class:`InputError` for values of another network, and for a network whose smaller
    shapes cannot be told.
    """
    onnx = _onnx()
    if shapes is None and isinstance(pruned, native().Module):
        file = onnx.load(os.fspath(source), load_external_data=False)
        shapes = shapes_like(file, input_shapes(pruned))
    module = from_onnx(source, check=False, shapes=shapes)
    dense = parameters(module)
    values = full_values(pruned, dense)
    module.bind(values)
    if shrink:
        values = remove_channels(module, dense, os.fspath(source))
    model = onnx.load(os.fspath(source))
    _separate(model, dense, values)
    other, smaller, layouts = _replace(onnx, model, dense, values)
    if smaller:
        kept = kept_of_file(layouts, module.kept())
        fit_shapes(onnx, model, onnx.load(os.fspath(source)), kept)
    if sparse:
        to_sparse(model)
    with written(model, Path(path), external_above) as file:
        onnx.checker.check_model(file)
        error = _compare(file, module) if check else None
        if error is not None and not error <= TOLERANCE:
            raise InputError(
                f"{path}: ONNX Runtime computes results that differ from the compiled network's by "
                f"{error:.1e}, more than {TOLERANCE:.0e}; nothing was written"
            )
    return Exported(os.fspath(path), other, smaller, error)


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise InputError("an export to ONNX needs the package onnx") from error
    return onnx


def _separate(model: Any, dense: Arrays, values: Arrays) -> None:
    """Gives parameters that the file stores once tensors of their own, where one of them changed.

    PyTorch's exporter stores tensors of equal values once, and has an Identity for each other.
    """
    stored = {tensor.name: tensor for tensor in model.graph.initializer}

    def differs(name: str) -> bool:
        return name in values and changed(values, dense, name)

    for node in list(model.graph.node):
        tensor = stored.get(node.input[0]) if node.op_type == "Identity" else None
        if tensor is None or option_name(node.output[0], ()) not in dense:
            continue
        if differs(option_name(tensor.name, ())) or differs(option_name(node.output[0], ())):
            copy = model.graph.initializer.add()
            copy.CopyFrom(tensor)
            copy.name = node.output[0]
            model.graph.node.remove(node)


def _replace(
    onnx: Any, model: Any, dense: Arrays, values: Arrays
) -> tuple[int, int, dict[str, tuple[str, Layout]]]:
    """Gives tensors of the file the new values; how many changed, and how many are smaller.

    Third, the parameter and the layout of each tensor.
    """
    other = smaller = 0
    layouts: dict[str, tuple[str, Layout]] = {}
    left = set(dense)
    for tensor, store in _tensors(onnx, model):
        name = option_name(tensor.name, ())
        if name not in left:
            continue
        stored = onnx.numpy_helper.to_array(tensor)
        layout = find_layout(stored.astype(dense[name].dtype), dense[name])
        if layout is None:
            continue
        left.discard(name)
        layouts[tensor.name] = (name, layout)
        if name not in values:
            continue
        if changed(values, dense, name):
            array = back(layout, values[name], name)
            other += 1
            smaller += array.shape != stored.shape
            store(onnx.numpy_helper.from_array(array.astype(stored.dtype), tensor.name))
    for name in sorted(left):
        if name in values and changed(values, dense, name):
            raise InputError(
                f"parameter '{name}' is computed from several tensors of the file, or is in none"
            )
    return other, smaller, layouts


def _tensors(onnx: Any, model: Any) -> list[tuple[Any, Any]]:
    """Constants of the main graph by name, each with what stores another in its place."""
    found: list[tuple[Any, Any]] = [
        (tensor, tensor.CopyFrom) for tensor in model.graph.initializer
    ]
    for node in model.graph.node:
        attribute = {each.name: each for each in node.attribute}.get("value")
        if node.op_type == "Constant" and attribute is not None and attribute.HasField("t"):
            tensor = onnx.TensorProto()
            tensor.CopyFrom(attribute.t)
            tensor.name = node.output[0]
            found.append((tensor, attribute.t.CopyFrom))
    return found


def _compare(file: str, module: Any) -> float | None:
    """Relative error of the file by ONNX Runtime against the compiled module; None without it."""
    try:
        import onnxruntime
    except ImportError:
        return None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(file, options)
    except Exception as error:  # it raises errors of its own kinds
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"ONNX Runtime does not take what would be written ({reason})") from error
    inputs = random_inputs(module)
    found = session.run(None, {
        given.name: array.astype(_dtype(given.type))
        for given, array in zip(session.get_inputs(), inputs, strict=True)
    })  # fmt: skip
    return largest_error(found, results(module, inputs))


def _dtype(name: str) -> Any:
    """The numpy type of a type of ONNX Runtime."""
    return {"tensor(float16)": np.float16, "tensor(double)": np.float64, "tensor(int64)": np.int64,
            "tensor(int32)": np.int32, "tensor(uint8)": np.uint8, "tensor(int8)": np.int8,
            "tensor(bool)": np.bool_}.get(name, np.float32)  # fmt: skip
