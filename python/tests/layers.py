# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks in plain numpy and double precision, to compare with.

:class:`Numpy` has the methods of a builder and computes instead of writing, so
that ``network.build`` runs the network.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

import drawn
from mlir_prune.models import Network
from mlir_prune.models.builder import EPSILON
from oracle import FUNCTIONS

Array = np.ndarray


def pair(value) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def padded(x: Array, pad, value: float) -> Array:
    rows, columns = pair(pad)
    return np.pad(x, ((0, 0), (0, 0), (rows, rows), (columns, columns)), constant_values=value)


def windows(x: Array, size, stride, dilation=1) -> Array:
    """[n, c, oh, ow, kh, kw] of the positions of a window."""
    (kh, kw), (sh, sw), (dh, dw) = pair(size), pair(stride), pair(dilation)
    view = sliding_window_view(x, ((kh - 1) * dh + 1, (kw - 1) * dw + 1), axis=(2, 3))
    return view[:, :, ::sh, ::sw, ::dh, ::dw]


class Numpy:
    """Computes a network on given values."""

    def __init__(self, values: Mapping[str, Array]) -> None:
        self.values = {name: np.asarray(value, np.float64) for name, value in values.items()}

    def linear(self, x, name, outputs, bias=True):
        y = x @ self.values[f"{name}.weight"].T
        return y + self.values[f"{name}.bias"] if bias else y

    def conv(self, x, name, filters, kernel, *, stride=1, pad=0, dilation=1, groups=1, bias=True):
        taken = windows(padded(x, pad, 0.0), kernel, stride, dilation)
        weight = self.values[f"{name}.weight"]
        parts = [
            np.einsum("ncyxhw,fchw->nfyx", part, kernels, optimize=True)
            for part, kernels in zip(
                np.split(taken, groups, axis=1), np.split(weight, groups), strict=True
            )
        ]
        y = np.concatenate(parts, axis=1)
        return y + self.values[f"{name}.bias"][:, None, None] if bias else y

    def batch_norm(self, x, name):
        scale, bias, mean, variance = (
            self.values[f"{name}.{suffix}"][:, None, None]
            for suffix in ("weight", "bias", "running_mean", "running_var")
        )
        return (x - mean) / np.sqrt(variance + EPSILON) * scale + bias

    def activate(self, x, kind="relu"):
        return FUNCTIONS[kind](x)

    def max_pool(self, x, window, stride=None, pad=0):
        stride = window if stride is None else stride
        return windows(padded(x, pad, -np.inf), window, stride).max(axis=(4, 5))

    def average_pool(self, x, window, stride=None, pad=0):
        stride = window if stride is None else stride
        return windows(padded(x, pad, 0.0), window, stride).mean(axis=(4, 5))

    def global_average(self, x):
        return x.mean(axis=(2, 3))

    def add(self, a, b):
        return a + b

    def flatten(self, x):
        return x.reshape(len(x), -1)

    def subsample(self, x, stride):
        rows, columns = pair(stride)
        return x[:, :, ::rows, ::columns]

    def pad_channels(self, x, before, after):
        return np.pad(x, ((0, 0), (before, after), (0, 0), (0, 0)))


def forward(network: Network, values: Mapping[str, Array], x: Array) -> Array:
    """Logits [rows, classes] of inputs [rows, ...]."""
    rows = np.asarray(x, np.float64).reshape(len(x), *network.input_shape)
    return network.build(Numpy(values), rows)


def random_values(network: Network, seed: int) -> dict[str, Array]:
    """Float32 parameters with nothing left at zero or one; variances are positive."""
    rng = drawn.rng(seed)
    values = network.init(rng)
    for name, array in values.items():
        if name.endswith(".running_var"):
            values[name] = rng.uniform(0.5, 2.0, array.shape).astype(np.float32)
        elif array.ndim == 1:
            values[name] += (0.3 * rng.standard_normal(array.shape)).astype(np.float32)
    return values
