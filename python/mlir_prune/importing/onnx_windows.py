# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rules for convolutions and poolings: padding is explicit, windows are whole.

`auto_pad` becomes `pads`. Poolings whose last window reaches over the padding, or whose
elements are counted in another way than torch-mlir counts them, pad their input first
and then take whole windows; an average is corrected by a constant where windows are cut.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .onnx_rewrites import Node


def _kernel(node: Node) -> list[int]:
    kernel = node.attribute("kernel_shape")
    return list(kernel) if kernel is not None else list(node.shape(1)[2:])


def _geometry(node: Node) -> tuple[list[int], list[int], list[int]]:
    """Kernel, strides and dilations, one entry per dimension."""
    kernel = _kernel(node)
    ones = [1] * len(kernel)
    strides, dilations = node.attribute("strides", ones), node.attribute("dilations", ones)
    return kernel, list(strides), list(dilations)


def _pads(node: Node) -> list[int]:
    """Padding before each dimension, then behind each, whatever way it is given."""
    kernel, strides, dilations = _geometry(node)
    mode = node.attribute("auto_pad", "NOTSET")
    if mode in ("NOTSET", ""):
        return list(node.attribute("pads", [0] * (2 * len(kernel))))
    if mode == "VALID":
        return [0] * (2 * len(kernel))
    before, behind = [], []
    for extent, size, stride, dilation in zip(
        node.shape()[2:], kernel, strides, dilations, strict=True
    ):
        count = -(-extent // stride)
        total = max((count - 1) * stride + (size - 1) * dilation + 1 - extent, 0)
        small, large = total // 2, total - total // 2
        before.append(small if mode == "SAME_UPPER" else large)
        behind.append(large if mode == "SAME_UPPER" else small)
    return before + behind


def _with(node: Node, kind: str, inputs: list[Any], **changes: Any) -> Any:
    """The node with other attributes; those that are None are left out."""
    attributes = {**node.attributes, **changes}
    attributes = {name: value for name, value in attributes.items() if value is not None}
    outputs = [name for name in node.proto.output]
    return node.make(kind, inputs, outputs, **attributes)


def convolution(node: Node) -> list[Any] | None:
    """Conv: `auto_pad` becomes `pads`."""
    if node.attribute("auto_pad", "NOTSET") in ("NOTSET", ""):
        return None
    return [_with(node, "Conv", list(node.proto.input), auto_pad=None, pads=_pads(node))]


def transposed_convolution(node: Node) -> list[Any] | None:
    """ConvTranspose: `auto_pad` and `output_shape` become `pads` and `output_padding`."""
    kernel, strides, dilations = _geometry(node)
    shape, mode = node.attribute("output_shape"), node.attribute("auto_pad", "NOTSET")
    if shape is None and mode in ("NOTSET", ""):
        return _missing_window(node, kernel)
    dims = len(kernel)
    extra = list(node.attribute("output_padding", [0] * dims))
    if shape is None and mode == "VALID":
        return [_with(node, "ConvTranspose", list(node.proto.input), auto_pad=None,
                      pads=[0] * (2 * dims))]  # fmt: skip
    before, behind = [], []
    for d, extent in enumerate(node.shape()[2:]):
        full = strides[d] * (extent - 1) + extra[d] + (kernel[d] - 1) * dilations[d] + 1
        wanted = list(shape)[-dims:][d] if shape is not None else extent * strides[d]
        total = full - wanted
        if total < 0:
            extra[d], total = extra[d] - total, 0
        upper = mode == "SAME_UPPER"
        small, large = total // 2, total - total // 2
        before.append(small if upper else large)
        behind.append(large if upper else small)
    return [_with(node, "ConvTranspose", list(node.proto.input), auto_pad=None,
                  output_shape=None, pads=before + behind, output_padding=extra)]  # fmt: skip


def _missing_window(node: Node, kernel: list[int]) -> list[Any] | None:
    """Padding that differs before and behind is cut off afterwards."""
    dims = len(kernel)
    pads = list(node.attribute("pads", [0] * (2 * dims)))
    if pads[:dims] == pads[dims:]:
        return None
    least = [min(a, b) for a, b in zip(pads[:dims], pads[dims:], strict=True)]
    whole = node.fresh()
    wide = _with(node, "ConvTranspose", list(node.proto.input), auto_pad=None, pads=least + least)
    wide.output[0] = whole
    starts = [a - b for a, b in zip(pads[:dims], least, strict=True)]
    ends = [b - a if a > b else np.iinfo(np.int64).max
            for a, b in zip(pads[dims:], least, strict=True)]  # fmt: skip
    axes = list(range(2, 2 + dims))
    arrays = [np.array(values, np.int64) for values in (starts, ends, axes)]
    return [wide, node.make("Slice", [whole, *arrays], [node.output(0)])]


class _Windows:
    """Where the windows of a pooling lie."""

    def __init__(self, node: Node) -> None:
        self.kernel, self.strides, self.dilations = _geometry(node)
        self.extents = list(node.shape()[2:])
        self.dims = len(self.kernel)
        pads = _pads(node)
        self.before, self.behind = pads[: self.dims], pads[self.dims :]
        self.counts, self.over = [], []
        for d in range(self.dims):
            reach = (self.kernel[d] - 1) * self.dilations[d] + 1
            padded = self.extents[d] + self.before[d] + self.behind[d]
            count = (padded - reach) // self.strides[d] + 1
            if node.attribute("ceil_mode", 0) and self._has_one_more(node, d, padded - reach):
                count += 1
            self.counts.append(count)
            self.over.append(max((count - 1) * self.strides[d] + reach - padded, 0))

    def _has_one_more(self, node: Node, d: int, room: int) -> bool:
        """A last window that is cut starts inside the input or the padding before it."""
        if room % self.strides[d] == 0 or node.attribute("auto_pad", "NOTSET") != "NOTSET":
            return False
        start = (room // self.strides[d] + 1) * self.strides[d]
        return start < self.extents[d] + self.before[d]

    def shares(self, include_padding: bool) -> np.ndarray:
        """The share of each window that counts, with the extents of the result."""
        shares = np.ones([1] * self.dims)
        for d in range(self.dims):
            starts = np.arange(self.counts[d])[:, None] * self.strides[d] - self.before[d]
            places = starts + np.arange(self.kernel[d])[None, :] * self.dilations[d]
            low, high = 0, self.extents[d]
            if include_padding:
                low, high = -self.before[d], self.extents[d] + self.behind[d]
            share = ((places >= low) & (places < high)).mean(axis=1)
            shares = shares * share.reshape([-1 if i == d else 1 for i in range(self.dims)])
        return shares

    def padded(self, node: Node, value: str, fill: float) -> tuple[str, list[Any]]:
        """The input with all padding, and the node that adds it if there is any."""
        behind = [a + b for a, b in zip(self.behind, self.over, strict=True)]
        if not any(self.before) and not any(behind):
            return value, []
        pads = np.array([0, 0, *self.before, 0, 0, *behind], np.int64)
        name = node.fresh()
        dtype = node.dtype()
        return name, [node.make("Pad", [value, pads, np.array(fill, dtype)], [name])]

    def whole(self) -> dict[str, Any]:
        """Attributes of a pooling of whole windows."""
        return {"kernel_shape": self.kernel, "strides": self.strides, "dilations": self.dilations,
                "ceil_mode": 0, "pads": None, "auto_pad": None}  # fmt: skip


def average_pool(node: Node) -> list[Any] | None:
    """AveragePool of cut or dilated windows, and with `auto_pad`."""
    windows = _Windows(node)
    plain = node.attribute("auto_pad", "NOTSET") in ("NOTSET", "")
    dilated = any(entry != 1 for entry in windows.dilations)
    uneven = windows.before != windows.behind
    if plain and not node.attribute("ceil_mode", 0) and not dilated and not uneven:
        return None
    value, nodes = windows.padded(node, node.input(0), 0.0)
    shares = windows.shares(bool(node.attribute("count_include_pad", 0)))
    if dilated:
        return _dilated_average(node, windows, value, nodes, shares)
    average = node.fresh()
    attributes = {**windows.whole(), "count_include_pad": None, "dilations": None}
    pool = _with(node, "AveragePool", [value], **attributes)
    if np.all(shares == 1):
        return [*nodes, pool]
    pool.output[0] = average
    factors = (1.0 / shares).astype(node.dtype())[None, None]
    return [*nodes, pool, node.make("Mul", [average, factors], [node.output(0)])]


def _dilated_average(
    node: Node, windows: _Windows, value: str, nodes: list[Any], shares: np.ndarray
) -> list[Any]:
    """The average of dilated windows: a depthwise convolution with ones, and a factor."""
    channels = node.shape()[1]
    weight = np.ones([channels, 1, *windows.kernel], node.dtype()) / np.prod(windows.kernel)
    sums = node.fresh()
    convolved = node.make(
        "Conv", [value, weight.astype(node.dtype())], [sums], group=channels,
        strides=windows.strides, dilations=windows.dilations, kernel_shape=windows.kernel,
    )  # fmt: skip
    factors = (1.0 / shares).astype(node.dtype())[None, None]
    return [*nodes, convolved, node.make("Mul", [sums, factors], [node.output(0)])]


def max_pool(node: Node) -> list[Any] | None:
    """MaxPool of cut windows and with `auto_pad`."""
    if node.output(1):
        raise node.refusal("the positions of the maxima are used")
    windows = _Windows(node)
    plain = node.attribute("auto_pad", "NOTSET") in ("NOTSET", "")
    uneven = windows.before != windows.behind
    if plain and not node.attribute("ceil_mode", 0) and not uneven:
        return None
    if node.dtype().kind != "f":
        raise node.refusal(f"its elements are {node.dtype()}, expected floating point")
    if windows.before == windows.behind and not any(windows.over):
        changes = {**windows.whole(), "pads": windows.before + windows.behind}
        return [_with(node, "MaxPool", [node.input(0)], **changes)]
    value, nodes = windows.padded(node, node.input(0), -np.inf)
    return [*nodes, _with(node, "MaxPool", [value], **windows.whole())]


def lp_pool(node: Node) -> list[Any]:
    """LpPool as an average of powers."""
    windows = _Windows(node)
    p = node.attribute("p", 2)
    if any(entry != 1 for entry in windows.dilations):
        raise node.refusal("its windows are dilated")
    value, nodes = windows.padded(node, node.input(0), 0.0)
    size, root = float(np.prod(windows.kernel)), node.output(0)
    absolute, powers, average, total = (node.fresh() for _ in range(4))
    attributes = {**windows.whole(), "p": None, "dilations": None}
    pool = _with(node, "AveragePool", [powers], **attributes)
    pool.output[0] = average
    nodes += [node.make("Abs", [value], [absolute])]
    nodes += power(node, absolute, p, powers)
    nodes += [pool, node.make("Mul", [average, np.array(size, node.dtype())], [total])]
    nodes += root_of(node, total, p, root)
    return nodes


def power(node: Node, value: str, p: int, result: str) -> list[Any]:
    """A value that is not negative to a whole power."""
    if p == 1:
        return [node.make("Identity", [value], [result])]
    nodes, last = [], value
    for index in range(p - 1):
        name = result if index == p - 2 else node.fresh()
        nodes.append(node.make("Mul", [last, value], [name]))
        last = name
    return nodes


def root_of(node: Node, value: str, p: int, result: str) -> list[Any]:
    """The p-th root of a value that is not negative."""
    if p == 1:
        return [node.make("Identity", [value], [result])]
    if p == 2:
        return [node.make("Sqrt", [value], [result])]
    return [node.make("Pow", [value, np.array(1.0 / p, node.dtype())], [result])]
