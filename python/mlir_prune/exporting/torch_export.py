# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A pruned network as the PyTorch module that it came from.

The module is copied and its parameters get the pruned values. Where channels have left, tensors
are smaller, and modules say so (`in_features`, `num_features`, `groups`). Its code stays as it
is, so code that has extents of its own in it, as of a reshape, may not fit: the copy is run on the
example, and compared with the compiled network.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import files
from ..errors import InputError
from ..forms import TOLERANCE
from ..frontend import from_torch
from ..importing.torch_import import require
from ..onnx_graph import option_name
from .comparison import largest_error, results
from .layout import find_layout
from .pruned import Arrays, back, changed, full_values, parameters, remove_channels

_SOURCE = "the PyTorch network"


def to_torch(
    pruned: Any, model: Any, example: Any, *, shrink: bool = True, check: bool = True
) -> Any:
    """A copy of the PyTorch module `model` with the values of a pruned network.

    `pruned` is a module of this package, or values by name, with the parameters that
    ``from_torch(model, example)`` has in their full shapes, zeros where it is pruned. With
    `shrink`, filters and neurons that are zero leave; without, zeros stay and the architecture
    is unchanged. Parameters of the copy can be trained as those of `model`, which is not changed.
    With `check`, the copy is run on `example` and compared with the compiled network: more than
    1e-5 of the largest result is an error. Where convolutions in groups got smaller it is run in
    any case, to see how many groups are left.

    Raises :class:`InputError` for values of another network, and for modules that cannot be made
    smaller.
    """
    module = from_torch(model, example, check=False)
    dense = parameters(module)
    values = full_values(pruned, dense)
    module.bind(values)
    if shrink:
        values = remove_channels(module, dense, _SOURCE)
    result = copy.deepcopy(model)
    grouped = _replace(result, dense, values)
    if check or grouped:
        found = _run(result, example, grouped)
        error, tolerance = _difference(found, module, example), _tolerance(model)
        if not error <= tolerance:
            raise InputError(
                f"the PyTorch module computes results that differ from the compiled network's by "
                f"{error:.1e}, more than {tolerance:.0e}"
            )
    return result


def state_dict(
    pruned: Any, model: Any, example: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """``state_dict`` of the pruned values for the architecture as it is, and masks by name.

    Masks are boolean tensors, true where a weight stays, of all parameters that have zeros where
    `model` has none. Raises as :func:`to_torch`.
    """
    result = to_torch(pruned, model, example, shrink=False)
    before, after = model.state_dict(), result.state_dict()
    masks = {
        name: after[name] != 0
        for name, _ in model.named_parameters()
        if bool(((after[name] == 0) & (before[name] != 0)).any())
    }
    return dict(after), masks


def write_state(
    pruned: Any, model: Any, example: Any, path: str | os.PathLike[str]
) -> tuple[int, int]:
    """Writes what :func:`state_dict` gives as ``{"state_dict": ..., "masks": ...}``.

    Returns how many tensors and how many masks there are.
    """
    values, masks = state_dict(pruned, model, example)
    (torch,) = require("torch")
    with files.atomic(path) as file:
        torch.save({"state_dict": values, "masks": masks}, file)
    return len(values), len(masks)


def _tolerance(model: Any) -> float:
    """1e-5 of the largest result; what the rounding of half precision may come to, in such."""
    (torch,) = require("torch")
    halves = [t.dtype for t in model.parameters() if t.dtype in (torch.float16, torch.bfloat16)]
    return max([TOLERANCE, *[16 * torch.finfo(dtype).eps for dtype in halves]])


def _array(tensor: Any) -> np.ndarray:
    """The values of a tensor; numpy has no bfloat16."""
    plain = tensor.detach().cpu()
    return np.asarray(plain.float() if str(plain.dtype) == "torch.bfloat16" else plain)


def _tensors(model: Any) -> Iterator[tuple[str, str, Any]]:
    """Names of the package, names in the module, and tensors, of all that the import reads."""
    taken: dict[str, None] = {}
    for named in (model.named_parameters(), model.named_buffers()):
        for name, tensor in named:
            if tensor.is_floating_point():
                option = option_name(name, taken)
                taken[option] = None
                yield option, name, tensor


def _replace(model: Any, dense: Arrays, values: Arrays) -> list[Any]:
    """Gives the tensors of `model` the new values, and its modules the new sizes.

    Returns the convolutions in groups that got smaller.
    """
    (torch,) = require("torch")
    left = set(dense)
    smaller: set[str] = set()
    places: dict[int, list[str]] = {}
    # A tensor that several modules share has several names.
    for named in (model.named_parameters, model.named_buffers):
        for name, tensor in named(remove_duplicate=False):
            places.setdefault(id(tensor), []).append(name)
    for option, name, tensor in list(_tensors(model)):
        if option not in left:
            continue
        stored = _array(tensor)
        layout = find_layout(stored.astype(dense[option].dtype), dense[option])
        if layout is None:
            continue
        left.discard(option)
        if option not in values or not changed(values, dense, option):
            continue
        array = back(layout, values[option], name)
        fresh = torch.as_tensor(array.copy()).to(dtype=tensor.dtype, device=tensor.device)
        if fresh.shape == tensor.shape:
            with torch.no_grad():
                tensor.copy_(fresh)
            continue
        if isinstance(tensor, torch.nn.Parameter):
            fresh = torch.nn.Parameter(fresh, requires_grad=tensor.requires_grad)
        for place in places[id(tensor)]:
            owner, _, short = place.rpartition(".")
            smaller.add(owner)
            setattr(model.get_submodule(owner), short, fresh)
    for name in sorted(left):
        if name in values and changed(values, dense, name):
            raise InputError(f"parameter '{name}' is computed from several tensors of the module")
    for owner in sorted(smaller):
        _resize(torch, model.get_submodule(owner), owner)
    parts = [model.get_submodule(owner) for owner in sorted(smaller)]
    return [part for part in parts if getattr(part, "groups", 1) > 1]


def _resize(torch: Any, part: Any, name: str) -> None:
    """Brings the sizes that a module holds in line with its tensors."""
    for kinds, resize in _RESIZERS.items():
        if isinstance(part, tuple(getattr(torch.nn, kind) for kind in kinds)):
            resize(part)
            return
    raise InputError(
        f"'{name}' is a {type(part).__name__}, which cannot get smaller tensors: channels can leave "
        f"in {', '.join(kind for kinds in _RESIZERS for kind in kinds)}; shrink=False keeps them"
    )


def _linear(part: Any) -> None:
    part.out_features, part.in_features = part.weight.shape


def _convolution(part: Any) -> None:
    part.out_channels, part.in_channels = part.weight.shape[0], part.weight.shape[1] * part.groups


def _transposed(part: Any) -> None:
    if part.groups > 1:
        # Its groups leave as a whole: each reads as much as before.
        part.groups = part.groups * part.weight.shape[0] // part.in_channels
    part.in_channels, part.out_channels = part.weight.shape[0], part.weight.shape[1] * part.groups


def _regroup(part: Any, inputs: tuple[Any, ...]) -> None:
    """Before a convolution in groups runs: as many groups as its input has channels for."""
    if not part.transposed:
        part.in_channels = inputs[0].shape[1]
        part.groups = part.in_channels // part.weight.shape[1]


def _normalization(part: Any) -> None:
    part.num_features = len(part.weight if part.weight is not None else part.running_mean)


def _layer_norm(part: Any) -> None:
    part.normalized_shape = tuple(part.weight.shape)


def _group_norm(part: Any) -> None:
    """Groups leave whole: each has as many channels as before."""
    each, part.num_channels = part.num_channels // part.num_groups, len(part.weight)
    if part.num_channels % each:
        raise InputError(
            f"a GroupNorm with {part.num_groups} groups of {each} channels cannot have "
            f"{part.num_channels}; shrink=False keeps all channels"
        )
    part.num_groups = part.num_channels // each


def _recurrent(part: Any) -> None:
    """Cells leave from all gates at once; every layer has to lose as many."""
    gates = {"LSTM": 4, "GRU": 3}.get(part.mode, 1)
    part.input_size = part.weight_ih_l0.shape[1]
    part.hidden_size = part.weight_ih_l0.shape[0] // gates
    for names in part.all_weights:
        if names[0].shape[0] != gates * part.hidden_size:
            raise InputError(
                f"layers or directions of a {part.mode} lost another number of cells each, which "
                "PyTorch's module cannot hold; shrink=False keeps all"
            )
    part._flat_weights = [getattr(part, name) for name in part._flat_weights_names]


def _embedding(part: Any) -> None:
    part.num_embeddings, part.embedding_dim = part.weight.shape


def _slopes(part: Any) -> None:
    part.num_parameters = len(part.weight)


_RESIZERS: dict[tuple[str, ...], Callable[[Any], None]] = {
    ("Linear",): _linear,
    ("Conv1d", "Conv2d", "Conv3d"): _convolution,
    ("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"): _transposed,
    ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d"): _normalization,
    ("LayerNorm",): _layer_norm,
    ("GroupNorm",): _group_norm,
    ("LSTM", "GRU", "RNN"): _recurrent,
    ("Embedding",): _embedding,
    ("PReLU",): _slopes,
}
"""Modules that can get smaller tensors, and what brings their sizes in line."""


def _run(model: Any, example: Any, grouped: list[Any]) -> list[Any]:
    """Results of the module in evaluation mode; convolutions `grouped` get their groups."""
    (torch,) = require("torch")
    examples = example if isinstance(example, (tuple, list)) else (example,)
    hooks = [part.register_forward_pre_hook(_regroup) for part in grouped]
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            found = model(*map(torch.as_tensor, examples))
    except (RuntimeError, ValueError) as error:
        raise InputError(
            "the code of the module does not fit its smaller tensors: "
            f"{str(error).splitlines()[0]}; shrink=False keeps all channels"
        ) from error
    finally:
        model.train(was_training)
        for hook in hooks:
            hook.remove()
    listed = found if isinstance(found, (tuple, list)) else (found,)
    return [result.detach().cpu().to(torch.float64).numpy() for result in listed]


def _difference(found: list[Any], module: Any, example: Any) -> float:
    """Relative error of results of the PyTorch module against the compiled network."""
    (torch,) = require("torch")
    examples = example if isinstance(example, (tuple, list)) else (example,)
    inputs = [_array(torch.as_tensor(each)) for each in examples]
    return largest_error(found, results(module, inputs))
