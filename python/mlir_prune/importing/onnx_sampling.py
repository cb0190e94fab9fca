# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""GridSample by plain operations: coordinates, and elements that are gathered and weighted.

A result is the sum of elements around a coordinate: one for the nearest, two in each dimension
for linear, four for cubic interpolation. Their numbers in the flattened input are computed in
whole numbers that lie inside it, so that nothing outside is ever read.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from .onnx_rewrites import Chain, Node

_MODES = {"linear": "linear", "bilinear": "linear", "nearest": "nearest",
          "cubic": "cubic", "bicubic": "cubic"}  # fmt: skip
_ALPHA = -0.75
"""The parameter of cubic interpolation (Keys 1981) that ONNX fixes."""


def grid_sample(node: Node) -> list[Any]:
    """GridSample of an input [N, C, D1, ..., Dk] at a grid [N, o1, ..., ok, k]."""
    shape, grid = node.shape(), node.shape(1)
    extents, places = shape[2:], int(np.prod(grid[1:-1]))
    dims = len(extents)
    mode = _MODES.get(node.attribute("mode", "linear"))
    if mode is None or (mode == "cubic" and dims != 2):
        raise node.refusal(f"mode '{node.attribute('mode')}' of {dims} dimensions")
    if node.dtype().kind != "f":
        raise node.refusal(f"elements of {node.dtype()}, expected floating point")
    chain = Chain(node)
    points = chain("Reshape", node.input(1), np.array([grid[0], places, dims], np.int64))
    # The last coordinate is that of the first dimension.
    axes = [
        _Axis(chain, points, dims - 1 - d, extent, node, mode) for d, extent in enumerate(extents)
    ]
    flat = chain("Reshape", node.input(0), np.array([*shape[:2], int(np.prod(extents))], np.int64))
    total = ""
    for corner in itertools.product(*(range(len(axis.weights)) for axis in axes)):
        weighted = _element(chain, flat, axes, corner, (shape[0], shape[1], places))
        total = chain("Add", total, weighted) if total else weighted
    target = np.array([*shape[:2], *grid[1:-1]], np.int64)
    return chain.end("Reshape", total, target)


def _element(
    chain: Chain, flat: str, axes: list[_Axis], corner: tuple[int, ...], shape: tuple[int, ...]
) -> str:
    """The elements at one corner of all coordinates, times their weights."""
    place, weight = "", ""
    for axis, number in zip(axes, corner, strict=True):
        index, factor = axis.places[number], axis.weights[number]
        if place:
            place = chain("Mul", place, np.array(axis.extent, np.int64))
            place = chain("Add", place, index)
        else:
            place = index
        weight = chain("Mul", weight, factor) if weight and factor else weight or factor
    place = chain("Expand", chain("Unsqueeze", place, np.array([1], np.int64)),
                  np.array(shape, np.int64))  # fmt: skip
    found = chain("GatherElements", flat, place, axis=2)
    if not weight:
        return found
    return chain("Mul", found, chain("Unsqueeze", weight, np.array([1], np.int64)))


class _Axis:
    """Which elements of a dimension each coordinate reads, [N, places], and their weights."""

    def __init__(
        self, chain: Chain, points: str, channel: int, extent: int, node: Node, mode: str
    ) -> None:
        self.chain, self.extent, self.dtype = chain, extent, node.dtype(1)
        self.padding = node.attribute("padding_mode", "zeros")
        aligned = bool(node.attribute("align_corners", 0))
        self.low, self.high = (0.0, extent - 1.0) if aligned else (-0.5, extent - 0.5)
        bounds = [np.array([v], np.int64) for v in (channel, channel + 1, 2)]
        given = chain("Squeeze", chain("Slice", points, *bounds), np.array([2], np.int64))
        # From -1 and 1 to the first and last element, or to their outer edges.
        scale = (self.high - self.low) / 2.0
        x = chain("Add", chain("Mul", chain("Add", given, self._number(1.0)),
                               self._number(scale)), self._number(self.low))  # fmt: skip
        if mode != "cubic":
            x = self._inside(x)
        if mode == "nearest":
            first, offsets, weights = chain("Round", x), [0], [""]
        else:
            first = chain("Floor", x)
            t = chain("Sub", x, first)
            offsets = [0, 1] if mode == "linear" else [-1, 0, 1, 2]
            weights = self._linear(t) if mode == "linear" else self._cubic(t)
        self.places: list[str] = []
        self.weights: list[str] = []
        for offset, weight in zip(offsets, weights, strict=True):
            at = chain("Add", first, self._number(offset)) if offset else first
            if self.padding == "zeros":
                inside = self._is_inside(at)
                weight = chain("Mul", weight, inside) if weight else inside
            at = self._clamped(self._inside(at))
            self.places.append(chain("Cast", at, to=7))
            self.weights.append(weight)

    def _number(self, value: float) -> np.ndarray:
        return np.array(value, self.dtype)

    def _inside(self, x: str) -> str:
        """Coordinates that are moved inside, as the padding says."""
        if self.padding == "border":
            return self._clamped(x)
        return self._reflected(x) if self.padding == "reflection" else x

    def _clamped(self, x: str) -> str:
        x = self.chain("Max", x, self._number(0.0))
        return self.chain("Min", x, self._number(self.extent - 1.0))

    def _reflected(self, x: str) -> str:
        """Coordinates that are thrown back at both bounds, as often as needed."""
        chain, width = self.chain, self.high - self.low
        if width == 0.0:
            return chain("Mul", x, self._number(0.0))
        x = chain("Sub", x, self._number(self.low))
        periods = chain("Floor", chain("Div", x, self._number(2.0 * width)))
        x = chain("Sub", x, chain("Mul", periods, self._number(2.0 * width)))
        x = chain("Sub", self._number(width), chain("Abs", chain("Sub", x, self._number(width))))
        return chain("Add", x, self._number(self.low))

    def _is_inside(self, x: str) -> str:
        """One where an element exists, zero elsewhere."""
        away = self.chain("Abs", self.chain("Sub", x, self._clamped(x)))
        near = self.chain("Less", away, self._number(0.5))
        return self.chain("Where", near, self._number(1.0), self._number(0.0))

    def _linear(self, t: str) -> list[str]:
        return [self.chain("Sub", self._number(1.0), t), t]

    def _cubic(self, t: str) -> list[str]:
        """Weights of the four elements around t in [0, 1) (Keys 1981)."""
        a = _ALPHA
        near, far = [1.0, 0.0, -(a + 3.0), a + 2.0], [-4.0 * a, 8.0 * a, -5.0 * a, a]
        one = self._number(1.0)
        after = self.chain("Sub", one, t)
        return [
            self._polynomial(self.chain("Add", t, one), far), self._polynomial(t, near),
            self._polynomial(after, near), self._polynomial(self.chain("Add", after, one), far),
        ]  # fmt: skip

    def _polynomial(self, x: str, coefficients: list[float]) -> str:
        """By Horner's rule, the constant first."""
        *rest, last = coefficients
        value = self.chain("Mul", x, self._number(last))
        for coefficient in reversed(rest[1:]):
            value = self.chain("Mul", x, self.chain("Add", value, self._number(coefficient)))
        return self.chain("Add", value, self._number(rest[0]))
