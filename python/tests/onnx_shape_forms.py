# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Forms of operations that move, choose and combine elements."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper

from onnx_form import Form


def reduce(f: Form) -> None:
    rank = f.extent(1, 4)
    f.tensor([f.extent(1, 4) for _ in range(rank)])
    f.maybe("keepdims", 0, 1)
    how = f.pick("axes", "axes", "none", "empty")
    axes = sorted(int(a) for a in f.rng.choice(rank, f.extent(1, rank), replace=False))
    axes = [a - rank if f.rng.random() < 0.3 else a for a in axes]
    if how != "none":
        f.constant(axes if how == "axes" else [], np.int64)
    f.maybe("noop_with_empty_axes", 0, 1)


def arg(f: Form) -> None:
    rank = f.extent(1, 4)
    f.tensor([f.extent(1, 4) for _ in range(rank)])
    f.maybe("axis", *range(-rank, rank))
    f.maybe("keepdims", 0, 1)
    f.maybe("select_last_index", 0, 1)


def pad(f: Form) -> None:
    rank = f.extent(1, 4)
    shape = [f.extent(3, 5) for _ in range(rank)]
    mode = f.pick("constant", "reflect", "edge", "wrap")
    f.tensor(shape)
    axes = list(range(rank))
    if f.rng.random() < 0.4:
        axes = [int(a) for a in f.rng.choice(rank, f.extent(1, rank), replace=False)]
    low = -1 if mode == "constant" and f.rng.random() < 0.3 else 0
    f.constant([f.extent(low, 2) for _ in range(2 * len(axes))], np.int64)
    value = f.rng.random() < 0.4 and mode == "constant"
    f.constant(np.float32(1.5)) if value else f.skip()
    if len(axes) < rank or f.rng.random() < 0.2:
        f.constant([a - rank if f.rng.random() < 0.3 else a for a in axes], np.int64)
    f.attributes["mode"] = mode


def resize(f: Form) -> None:
    dims = f.pick(1, 2, 2)
    shape = [f.extent(1, 2), f.extent(1, 2), *[f.extent(3, 5) for _ in range(dims)]]
    f.tensor(shape)
    f.skip()
    scales = [f.pick(0.5, 1.0, 1.5, 2.0, 3.0) for _ in range(dims)]
    if f.rng.random() < 0.5:
        f.constant([1, 1, *scales], np.float32)
    else:
        f.skip()
        f.constant([*shape[:2], *[max(1, int(s * e)) for s, e in zip(scales, shape[2:], strict=True)]], np.int64)  # noqa: E501
    f.attributes["mode"] = f.pick("nearest", "linear", "linear", "cubic")
    f.maybe("coordinate_transformation_mode", "half_pixel", "pytorch_half_pixel", "align_corners",
            "asymmetric", "half_pixel_symmetric")  # fmt: skip
    if f.attributes["mode"] == "nearest":
        f.maybe("nearest_mode", "round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
    if f.attributes["mode"] == "cubic":
        f.maybe("cubic_coeff_a", -0.5, -0.75)
        f.maybe("exclude_outside", 0, 1)


def slice_(f: Form) -> None:
    rank = f.extent(1, 4)
    shape = [f.extent(2, 6) for _ in range(rank)]
    f.tensor(shape)
    axes = [int(a) for a in f.rng.choice(rank, f.extent(1, rank), replace=False)]
    steps = [f.pick(1, 1, 2, -1, -2) for _ in axes]
    starts = [0 if s > 0 else shape[a] - 1 for a, s in zip(axes, steps, strict=True)]
    starts = [f.pick(v, v, -1 if s < 0 else 1) for v, s in zip(starts, steps, strict=True)]
    ends = [f.pick(99, shape[a]) if s > 0 else f.pick(-99, -shape[a] - 1)
            for a, s in zip(axes, steps, strict=True)]  # fmt: skip
    for array in (starts, ends, axes, steps):
        f.constant(array, np.int64)


def split(f: Form) -> None:
    axis, parts = f.pick(0, 1, -1), f.extent(2, 3)
    sizes = [f.extent(1, 3) for _ in range(parts)]
    shape = [4, 5]
    shape[axis] = sum(sizes)
    f.tensor(shape)
    f.attributes["axis"] = axis
    if f.rng.random() < 0.6:
        f.constant(sizes, np.int64)
    else:
        f.attributes["num_outputs"] = parts
        if -(-shape[axis] // parts) * (parts - 1) >= shape[axis]:
            f.attributes["num_outputs"] = parts = 1
    f.outputs = [f"y{i}" for i in range(parts)]


def gather(f: Form) -> None:
    shape = [f.extent(2, 4) for _ in range(f.extent(2, 3))]
    axis = f.pick(*range(-len(shape), len(shape)))
    f.tensor(shape) if f.rng.random() < 0.6 else f.constant(f.array(shape))
    size = [f.extent(1, 3) for _ in range(f.pick(0, 1, 2))]
    if f.kind == "GatherElements":
        size = list(shape)
    extent = shape[axis]
    indices = f.rng.integers(-extent, extent, size)
    f.constant(indices, f.pick(np.int64, np.int32))
    f.attributes["axis"] = axis
    if not f.graph_inputs:
        f.inputs[0] = "x0"
        f.constants.pop(0)
        f.graph_inputs.append(helper.make_tensor_value_info("x0", TensorProto.FLOAT, shape))


def cumsum(f: Form) -> None:
    shape = [f.extent(2, 4), f.extent(2, 4)]
    f.tensor(shape)
    f.constant(np.int64(f.pick(0, 1, -1)))
    f.maybe("exclusive", 0, 1)
    f.maybe("reverse", 0, 1)


def topk(f: Form) -> None:
    f.tensor([3, 5])
    f.constant([f.extent(1, 3)], np.int64)
    f.maybe("axis", 0, 1, -1)
    f.maybe("largest", 0, 1)
    f.outputs = ["y", "indices"]


def space(f: Form) -> None:
    block = f.pick(2, 3)
    if f.kind == "DepthToSpace":
        f.tensor([2, block * block * f.extent(1, 2), 2, 3])
        f.maybe("mode", "DCR", "CRD")
    else:
        f.tensor([2, 2, block * 2, block])
    f.attributes["blocksize"] = block


def reshape(f: Form) -> None:
    shape, target = f.pick(
        ([2, 3, 4], [0, -1]), ([2, 3, 4], [0, 0, 2, 2]), ([2, 3, 4], [-1]), ([4, 3], [3, -1, 2]),
        ([1, 6], [6]), ([6], [1, 2, 3]), ([2, 3, 4], [-1, 0, 3]), ([2, 2, 4], [0, -1, 0]),
    )  # fmt: skip
    f.tensor(shape)
    f.constant(target, np.int64)


def flatten(f: Form) -> None:
    rank = f.extent(1, 4)
    f.tensor([f.extent(1, 4) for _ in range(rank)])
    f.maybe("axis", *range(-rank, rank + 1))


def transpose(f: Form) -> None:
    rank = f.extent(1, 4)
    f.tensor([f.extent(1, 4) for _ in range(rank)])
    if f.rng.random() < 0.7:
        f.attributes["perm"] = [int(i) for i in f.rng.permutation(rank)]


def trilu(f: Form) -> None:
    f.tensor([f.extent(1, 2), f.extent(2, 4), f.extent(2, 4)])
    if f.rng.random() < 0.6:
        f.constant(np.int64(f.pick(-2, -1, 0, 1, 2)))
    f.maybe("upper", 0, 1)


def expand(f: Form) -> None:
    f.tensor([f.pick(1, 3), 1, f.pick(1, 2)][f.extent(0, 2) :])
    f.constant(f.pick([2, 3, 1, 2], [3, 4, 2], [1]), np.int64)


def tile(f: Form) -> None:
    rank = f.extent(1, 3)
    f.tensor([f.extent(1, 3) for _ in range(rank)])
    f.constant([f.extent(1, 3) for _ in range(rank)], np.int64)


def variadic(f: Form) -> None:
    rank, count = f.extent(1, 4), f.extent(1, 3)
    shape = [f.extent(1, 4) for _ in range(rank)]
    for _ in range(count):
        f.tensor(shape)
    if f.kind == "Concat":
        f.attributes["axis"] = f.pick(*range(-rank, rank))
