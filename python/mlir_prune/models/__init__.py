# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builders of networks in the model form (docs/Pipelines.md).

A builder emits MLIR text: one function of an input and its parameters, all
shapes static, the batch in dimension 0, weights in the order [out, in, ...].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import InputError, nearest
from .builder import ACTIVATIONS, Builder, Layer
from .lenet import LeNet5, lenet5_caffe
from .mlp import Mlp
from .network import Network
from .resnet import ResNet, resnet20, resnet56
from .text import Value
from .vgg import Vgg, vgg_like

NETWORKS: dict[str, Callable[..., Network]] = {
    "lenet5_caffe": lenet5_caffe,
    "mlp": Mlp,
    "resnet20": resnet20,
    "resnet56": resnet56,
    "vgg_like": vgg_like,
}
"""Builders by the name that a recipe gives them."""

__all__ = [
    "ACTIVATIONS",
    "NETWORKS",
    "Builder",
    "Layer",
    "LeNet5",
    "Mlp",
    "Network",
    "ResNet",
    "Value",
    "Vgg",
    "lenet5_caffe",
    "make",
    "resnet20",
    "resnet56",
    "vgg_like",
]


def make(name: str, **options: Any) -> Network:
    """The network `name` of :data:`NETWORKS` with the options of its builder."""
    if name not in NETWORKS:
        known = ", ".join(NETWORKS)
        raise InputError(
            f"unknown network '{name}', expected one of {known}{nearest(name, NETWORKS)}"
        )
    try:
        return NETWORKS[name](**options)
    except TypeError as error:
        raise InputError(f"network '{name}': {error}") from None
