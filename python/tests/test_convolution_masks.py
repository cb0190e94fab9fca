# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Convolutions are found as layers, and masked by every granularity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import drawn
from layers import random_values
from mlir_prune import Module, models
from mlir_prune.imported import ImportedNetwork
from mlir_prune.models import Builder, LeNet5, Network, ResNet, Value

GENERALIZE = "builtin.module(func.func(linalg-generalize-named-ops))"


@dataclass(frozen=True)
class One(Network):
    """One convolution of some kind."""

    groups: int
    input_shape = (8, 5, 6)
    classes = 8
    activation = "relu"

    def build(self, builder: Builder, x: Value) -> Value:
        return builder.global_average(
            builder.conv(x, "conv", 8, 3, stride=2, pad=1, groups=self.groups)
        )


KINDS = {"plain": 1, "groups": 2, "depthwise": 8}


def groups(weight: np.ndarray, granularity: str) -> np.ndarray:
    """Number of the group that each element belongs to."""
    kind, *numbers = granularity.replace("x", ":").split(":")
    index = list(np.indices(weight.shape))
    if kind == "filter_plane":
        index = index[:2]
    elif kind == "vector":
        del index[int(numbers[0])]
    elif kind == "channel":
        index = [index[int(numbers[0])]]
    elif kind == "block":
        index = [i // int(n) for i, n in zip(index, numbers, strict=True)]
    extents = [int(i.max()) + 1 for i in index]
    return np.ravel_multi_index(index, extents)


def expected_mask(weight: np.ndarray, granularity: str, sparsity: float) -> np.ndarray:
    """Mask of the groups of larger sums of magnitudes."""
    if granularity.startswith("n_of_m"):
        kept, window, axis = (int(n) for n in granularity.split(":")[1:])
        moved = np.moveaxis(np.abs(weight), axis, -1)
        mask = np.zeros(moved.shape, bool)
        for start in range(0, moved.shape[-1], window):
            part = moved[..., start : start + window]
            order = np.argsort(part, axis=-1, kind="stable")[..., -kept:]
            np.put_along_axis(mask[..., start : start + window], order, True, axis=-1)
        return np.moveaxis(mask, -1, axis)
    number = groups(weight, granularity)
    scores = np.bincount(number.ravel(), np.abs(weight).ravel())
    pruned = np.argsort(scores, kind="stable")[: round(sparsity * len(scores))]
    return ~np.isin(number, pruned)


@pytest.mark.parametrize("generic", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "granularity",
    ["unstructured", "filter_plane", "vector:1", "vector:3", "channel:0", "block:2x1x3x1",
     "n_of_m:2:4:1", "n_of_m:1:2:0"],
)  # fmt: skip
def test_masks(kind: str, granularity: str, generic: bool) -> None:
    network = One(KINDS[kind])
    values = random_values(network, 3)
    module = Module.parse(network.text(2))
    module.bind(values)
    if generic:
        module.run(GENERALIZE)
    rule = "" if granularity.startswith("n_of_m") else "{sparsity=0.5}"
    module.run(
        f"builtin.module(prune-score{{granularity={granularity}}},prune-select-masks{rule},"
        "prune-verify-masked,prune-fold-masks)"
    )
    weight = values["conv.weight"]
    mask = expected_mask(weight, granularity, 0.5)
    assert 0 < mask.sum() < mask.size or (kind == "depthwise" and granularity[-2:] == ":1")
    np.testing.assert_array_equal(module.parameters()["conv.weight"], weight * mask)


NETWORKS: dict[str, Network] = {
    "lenet": models.lenet5_caffe(),
    "resnet A": models.resnet20("A"),
    "resnet B": ResNet(2, "B", (4, 5, 6), (3, 8, 8)),
    "groups": One(2),
    "depthwise": One(8),
    "mlp": models.Mlp((6, 5, 4)),
}


@pytest.mark.parametrize("generic", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_layers_of_a_module(name: str, generic: bool) -> None:
    network = NETWORKS[name]
    module = Module.parse(network.text(3))
    if generic:
        module.run(GENERALIZE)
    found = {entry["weight"]: entry for entry in module.layers()}
    assert list(found) == network.weights()
    weights = {layer.name: layer.weight for layer in network.layers}
    for layer in network.layers:
        entry = found[layer.weight]
        assert entry["macs"] == 3 * layer.macs
        assert entry["kind"] == layer.kind
        assert entry["bias"] == layer.bias
        assert set(entry["producers"]) == {weights[producer] for producer in layer.producers}


def test_a_compact_network_is_a_network() -> None:
    network = LeNet5((3, 4, 6), input_shape=(1, 20, 20), classes=3)
    values = random_values(network, 4)
    values["conv1.weight"][1] = 0
    values["conv2.weight"][:, 2] = 0
    module = Module.parse(network.text(4))
    module.bind(values)
    module.run("builtin.module(prune-eliminate-dead-neurons)")
    compact = ImportedNetwork(module)
    assert (compact.signature.inputs[0].shape, compact.classes) == ((1, 20, 20), 3)
    assert compact.shapes()["conv2.weight"] == (4, 1, 5, 5)
    assert compact.macs()["conv2.weight"] == 4 * 1 * 25 * 4 * 4
    assert compact.roles() == network.roles()
    assert compact.parameters() == network.parameters()
    assert [layer.producers for layer in compact.layers] == [(), ("conv1",), ("conv2",), ("fc1",)]
    x = drawn.rng(0).standard_normal((2, 1, 20, 20)).astype(np.float32)
    feed = {"input": x, **compact.init(drawn.rng(0))}
    found = Module.parse(compact.text(2)).compile().call("forward", feed)["logits"]
    before = Module.parse(network.text(2)).compile().call("forward", {"input": x, **values})
    np.testing.assert_allclose(found, before["logits"], rtol=1e-4, atol=1e-5)
