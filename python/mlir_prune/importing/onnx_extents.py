# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Static extents for the inputs of an ONNX model.

The first dimension of an input is the batch; an open one is 1 where nothing else is said.
Other open dimensions take their sizes from shapes that the user gives. Dimensions that the
file calls by one name have one size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InputError

Shapes = Mapping[str, Sequence[int]]


def parse_shapes(texts: Sequence[str] | None) -> dict[str, tuple[int, ...]]:
    """Shapes by input from texts as ``image=1,3,64,64``."""
    shapes: dict[str, tuple[int, ...]] = {}
    for text in texts or ():
        name, separator, sizes = text.rpartition("=")
        try:
            shape = tuple(int(size) for size in sizes.split(","))
        except ValueError:
            shape = ()
        if not separator or not name or not shape:
            raise InputError(f"a shape is given as NAME=1,3,64,64, got '{text}'")
        if name in shapes:
            raise InputError(f"two shapes are given for input '{name}'")
        shapes[name] = shape
    return shapes


def shapes_like(model: Any, given: Sequence[Sequence[int]]) -> dict[str, list[int]]:
    """The shapes that an imported network has, for the inputs of its file that need one.

    `given` are the shapes of the network's inputs in their order. A first dimension that the
    file fixes stays, whatever the network was changed to since.
    """
    known = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in known]
    shapes: dict[str, list[int]] = {}
    for value, shape in zip(inputs, given, strict=False):
        dims = value.type.tensor_type.shape.dim
        if len(dims) != len(shape) or all(dim.HasField("dim_value") for dim in dims[1:]):
            continue
        first = dims[0].dim_value if dims[0].HasField("dim_value") else shape[0]
        shapes[value.name] = [first, *shape[1:]]
    return shapes


def fix_extents(model: Any, batch: int | None, shapes: Shapes | None = None) -> None:
    """Makes every extent static.

    `batch` replaces the first dimension of every input, open or not. `shapes` gives sizes to
    open dimensions [by input], and says again what others are.
    Raises :class:`InputError` for a dimension that stays open, or is another in `shapes`.
    """
    known = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in known]
    for value in inputs:
        if not value.type.HasField("tensor_type"):
            raise InputError(f"input '{value.name}' is no tensor")
    sizes = _named_sizes(inputs, shapes or {}, batch)
    for value in inputs:
        _fix_input(value, batch, (shapes or {}).get(value.name), sizes)
    # Shapes that were inferred for another batch.
    del model.graph.value_info[:]
    for value in model.graph.output:
        if value.type.HasField("tensor_type") and value.name not in known:
            value.type.tensor_type.ClearField("shape")


def _named_sizes(inputs: Sequence[Any], shapes: Shapes, batch: int | None) -> dict[str, int]:
    """What shapes say about the names of dimensions."""
    by_name = {value.name: value for value in inputs}
    sizes: dict[str, int] = {}
    for name, shape in shapes.items():
        if name not in by_name:
            known = ", ".join(f"'{each}'" for each in by_name)
            raise InputError(f"a shape is given for '{name}', which is no input; there is {known}")
        dims = by_name[name].type.tensor_type.shape.dim
        if len(dims) != len(shape):
            raise InputError(f"input '{name}' has {len(dims)} dimensions, its shape {len(shape)}")
        for position, (dim, size) in enumerate(zip(dims, shape, strict=True)):
            where = f"input '{name}', dimension {position}"
            if size < 1:
                raise InputError(f"{where}: expected a positive size, got {size}")
            if position == 0 and _is_replaced(dims, batch):
                if size != batch:
                    raise InputError(f"{where}: its shape says {size}, the batch is {batch}")
            elif dim.HasField("dim_value") and dim.dim_value != size:
                raise InputError(f"{where}: its shape says {size}, the file {dim.dim_value}")
            if dim.dim_param and sizes.setdefault(dim.dim_param, size) != size:
                raise InputError(
                    f"{where}: its shape says {size}, and another one {sizes[dim.dim_param]} for "
                    f"'{dim.dim_param}'"
                )
    return sizes


def _is_replaced(dims: Sequence[Any], batch: int | None) -> bool:
    """Whether a given batch is the first of these dimensions. Vectors of static size keep it."""
    return bool(batch) and (len(dims) > 1 or not dims[0].HasField("dim_value"))


def _fix_input(
    value: Any, batch: int | None, shape: Sequence[int] | None, sizes: Mapping[str, int]
) -> None:
    dims = value.type.tensor_type.shape.dim
    for position, dim in enumerate(dims):
        # Only a name, or nothing, says that an extent is open; zero is an extent.
        dynamic = not dim.HasField("dim_value")
        size = shape[position] if shape else sizes.get(dim.dim_param) if dynamic else None
        if dynamic and position > 0 and size is None:
            raise InputError(
                f"input '{value.name}' has a dynamic dimension {position}; give its size by "
                f"--shape {value.name}=... (shapes={{'{value.name}': [...]}})"
            )
        if position == 0 and _is_replaced(dims, batch):
            dim.dim_value = batch
        elif dynamic:
            dim.dim_value = size or 1
        if dim.dim_value < 1:
            raise InputError(
                f"input '{value.name}' has extent {dim.dim_value} in dimension {position}, "
                "expected a positive one"
            )
