# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rules for Pad and Resize: pieces of the input, or a product with constant weights.

Both work dimension by dimension. Padding with elements of the input is a concatenation
of slices. A resize is, along each dimension, a product with the weights that ONNX
defines for its mode; the nearest element is a weight of one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .onnx_rewrites import Node

_FIRST = -(1 << 31)
# Elements of a matrix of weights, at most.
_LARGEST_MATRIX = 1 << 24


def pad(node: Node) -> list[Any] | None:
    """Pad: constant amounts; all modes but zero and other constants as slices."""
    mode = node.attribute("mode", "constant")
    pads = node.constant(1)
    if pads is None:
        raise node.refusal("its amounts are not constant")
    shape = node.shape()
    rank = len(shape)
    axes = _axes(node, 3, rank)
    amounts = [(0, 0)] * rank
    for place, axis in enumerate(axes):
        amounts[axis] = (int(pads[place]), int(pads[place + len(axes)]))
    if mode == "constant":
        return _pad_constant(node, amounts, shape)
    steps = [(axis, _runs(mode, shape[axis], *amounts[axis], node))
             for axis in range(rank) if amounts[axis] != (0, 0)]  # fmt: skip
    return _pieces(node, node.input(0), steps)


def _axes(node: Node, index: int, rank: int) -> list[int]:
    if not node.input(index):
        return list(range(rank))
    axes = node.constant(index)
    if axes is None:
        raise node.refusal("its axes are not constant")
    return [int(axis) % rank for axis in axes]


def _pad_constant(
    node: Node, amounts: list[tuple[int, int]], shape: tuple[int, ...]
) -> list[Any] | None:
    """Negative amounts cut off; with `axes` all amounts are given."""
    if not any(min(pair) < 0 for pair in amounts) and not node.input(3):
        return None
    nodes, value = [], node.input(0)
    if any(min(pair) < 0 for pair in amounts):
        starts = [max(-before, 0) for before, _ in amounts]
        ends = [extent - max(-behind, 0)
                for extent, (_, behind) in zip(shape, amounts, strict=True)]  # fmt: skip
        inside = node.fresh()
        arrays = [np.array(values, np.int64) for values in (starts, ends, range(len(shape)))]
        nodes.append(node.make("Slice", [value, *arrays], [inside]))
        value = inside
    flat = [max(before, 0) for before, _ in amounts] + [max(behind, 0) for _, behind in amounts]
    inputs = [value, np.array(flat, np.int64), *([node.input(2)] if node.input(2) else [])]
    nodes.append(node.make("Pad", inputs, [node.output(0)], mode="constant"))
    return nodes


def _runs(mode: str, extent: int, before: int, behind: int, node: Node) -> list[tuple[int, int]]:
    """The places that the result takes along a dimension, as runs (first, last)."""
    places = np.arange(-before, extent + behind)
    if mode == "wrap":
        places = places % extent
    elif mode == "edge":
        places = places.clip(0, extent - 1)
    elif mode == "reflect":
        if extent == 1:
            places = places * 0
        else:
            period = 2 * (extent - 1)
            places = places % period
            places = np.where(places < extent, places, period - places)
    else:
        raise node.refusal(f"mode '{mode}' is not known")
    return runs_of(places)


def runs_of(places: np.ndarray) -> list[tuple[int, int]]:
    """Splits places into runs whose steps are all 1 or all -1."""
    runs: list[list[int]] = []
    step = 0
    for place in (int(p) for p in places):
        move = place - runs[-1][1] if runs else 0
        if runs and move in (1, -1) and step in (0, move):
            runs[-1][1], step = place, move
        else:
            runs.append([place, place])
            step = 0
    return [(first, last) for first, last in runs]


def _pieces(
    node: Node, value: str, steps: list[tuple[int, list[tuple[int, int]]]]
) -> list[Any]:
    """Takes runs along one dimension after the other."""
    nodes: list[Any] = []
    if not steps:
        return [node.make("Identity", [value], [node.output(0)])]
    for number, (axis, runs) in enumerate(steps):
        result = node.output(0) if number == len(steps) - 1 else node.fresh()
        parts = []
        for first, last in runs:
            parts.append(node.fresh())
            nodes.append(_run(node, value, axis, first, last, parts[-1]))
        nodes.append(node.make("Concat", parts, [result], axis=axis))
        value = result
    return nodes


def _run(node: Node, value: str, axis: int, first: int, last: int, result: str) -> Any:
    step = 1 if last >= first else -1
    end = last + step if last + step >= 0 else _FIRST
    arrays = [np.array([entry], np.int64) for entry in (first, end, axis, step)]
    return node.make("Slice", [value, *arrays], [result])


# Resize


def resize(node: Node) -> list[Any] | None:
    """Resize: forms that torch-mlir does not convert as ONNX means them."""
    if node.opset < 11:
        return None
    shape, result = node.shape(), node.values.shape(node.output(0))
    if result is None:
        raise node.refusal("its sizes are not constant")
    mode = node.attribute("mode", "nearest")
    transform = node.attribute("coordinate_transformation_mode", "half_pixel")
    if transform == "tf_crop_and_resize":
        raise node.refusal("coordinates of mode 'tf_crop_and_resize'")
    if _is_native(node, shape, result, mode, transform):
        return None
    if node.attribute("antialias", 0):
        raise node.refusal("antialias")
    scales = _scales(node, shape, result)
    value, nodes = node.input(0), []
    axes = [a for a in range(len(shape)) if shape[a] != result[a] or scales[a] != 1]
    if not axes:
        return [node.make("Identity", [value], [node.output(0)])]
    for number, axis in enumerate(axes):
        name = node.output(0) if number == len(axes) - 1 else node.fresh()
        weights = _weights(node, mode, transform, shape[axis], result[axis], scales[axis])
        if weights.size > _LARGEST_MATRIX:
            raise node.refusal(f"a resize of {shape[axis]} to {result[axis]} in this mode")
        nodes += along(node, value, axis, weights, name, len(shape))
        value = name
    return nodes


def _is_native(
    node: Node, shape: tuple[int, ...], result: tuple[int, ...], mode: str, transform: str
) -> bool:
    """Upsampling of images by whole factors as PyTorch has it, which torch-mlir converts."""
    whole = all(large % small == 0 for small, large in zip(shape, result, strict=True))
    if len(shape) != 4 or shape[:2] != result[:2] or not whole or node.input(1):
        return False
    if mode == "nearest":
        return transform == "asymmetric" and node.attribute("nearest_mode", "") == "floor"
    return mode == "linear" and transform in ("half_pixel", "pytorch_half_pixel") and min(result[2:]) > 1  # noqa: E501


def _scales(node: Node, shape: tuple[int, ...], result: tuple[int, ...]) -> list[float]:
    """The factor of each dimension, as given or by the sizes."""
    rank = len(shape)
    axes = [int(axis) % rank for axis in node.attribute("axes", range(rank))]
    scales = [large / small for small, large in zip(shape, result, strict=True)]
    given = node.constant(2)
    if given is not None and given.size:
        for place, axis in enumerate(axes):
            scales[axis] = float(given[place])
    elif node.attribute("keep_aspect_ratio_policy", "stretch") != "stretch":
        sizes = node.constant(3)
        if sizes is None:
            raise node.refusal("its sizes are not constant")
        choose = min if node.attribute("keep_aspect_ratio_policy") == "not_larger" else max
        common = choose(float(s) / shape[a] for s, a in zip(sizes, axes, strict=True))
        for axis in axes:
            scales[axis] = common
    return scales


def _coordinates(
    node: Node, transform: str, extent: int, count: int, scale: float
) -> np.ndarray:
    """Where in the input each element of the result lies."""
    x = np.arange(count, dtype=np.float64)
    if transform == "half_pixel":
        return (x + 0.5) / scale - 0.5
    if transform == "pytorch_half_pixel":
        return (x + 0.5) / scale - 0.5 if count > 1 else x * 0
    if transform == "align_corners":
        length = extent * scale
        if abs(length - count) > 1e-3:
            raise node.refusal(
                f"align_corners from {extent} to {length:g}; runtimes differ for broken sizes"
            )
        return x * ((extent - 1) / (length - 1)) if length != 1 else x * 0
    if transform == "asymmetric":
        return x / scale
    if transform == "half_pixel_symmetric":
        adjustment = count / (scale * extent)
        offset = extent / 2 * (1 - adjustment)
        return offset + (x + 0.5) / scale - 0.5
    raise node.refusal(f"coordinates of mode '{transform}'")


def _weights(
    node: Node, mode: str, transform: str, extent: int, count: int, scale: float
) -> np.ndarray:
    """The matrix [count, extent] of a resize along one dimension."""
    x = _coordinates(node, transform, extent, count, scale)
    weights = np.zeros((count, extent))
    if mode == "nearest":
        weights[np.arange(count), _nearest(node, x).clip(0, extent - 1)] = 1.0
        return weights
    if mode == "linear":
        x = x.clip(0, extent - 1)
        reach, kernel = range(2), lambda distance: 1.0 - distance
    elif mode == "cubic":
        a = node.attribute("cubic_coeff_a", -0.75)
        reach, kernel = range(-1, 3), lambda distance: _cubic(distance, a)
    else:
        raise node.refusal(f"mode '{mode}' is not known")
    base = np.floor(x).astype(np.int64)
    outside = mode == "cubic" and node.attribute("exclude_outside", 0)
    for offset in reach:
        places, parts = base + offset, kernel(np.abs(x - base - offset))
        if outside:
            parts = np.where((places >= 0) & (places < extent), parts, 0.0)
        np.add.at(weights, (np.arange(count), places.clip(0, extent - 1)), parts)
    return weights / weights.sum(axis=1, keepdims=True) if outside else weights


def _nearest(node: Node, x: np.ndarray) -> np.ndarray:
    how = node.attribute("nearest_mode", "round_prefer_floor")
    rounded = {
        "round_prefer_floor": np.ceil(x - 0.5), "round_prefer_ceil": np.floor(x + 0.5),
        "floor": np.floor(x), "ceil": np.ceil(x),
    }.get(how)  # fmt: skip
    if rounded is None:
        raise node.refusal(f"nearest_mode '{how}' is not known")
    return np.asarray(rounded, np.int64)


def _cubic(distance: np.ndarray, a: float) -> np.ndarray:
    """The convolution kernel of Keys."""
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = ((distance - 5) * distance + 8) * distance * a - 4 * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


def along(
    node: Node, value: str, axis: int, weights: np.ndarray, result: str, rank: int
) -> list[Any]:
    """The product of a value with a matrix along one of its dimensions."""
    if np.all((weights == 0) | (weights == 1)) and np.all(weights.sum(axis=1) == 1):
        runs = runs_of(weights.argmax(axis=1))
        parts = [node.fresh() for _ in runs]
        nodes = [_run(node, value, axis, first, last, part)
                 for (first, last), part in zip(runs, parts, strict=True)]  # fmt: skip
        return [*nodes, node.make("Concat", parts, [result], axis=axis)]
    matrix = weights.T.astype(node.dtype())
    if axis == rank - 1:
        return [node.make("MatMul", [value, matrix], [result])]
    order = [a for a in range(rank) if a != axis] + [axis]
    moved, product = node.fresh(), node.fresh()
    back = [order.index(a) for a in range(rank)]
    return [
        node.make("Transpose", [value], [moved], perm=order),
        node.make("MatMul", [moved, matrix], [product]),
        node.make("Transpose", [product], [result], perm=back),
    ]
