# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builders of convolutional networks: counts, text that the compiler accepts, outputs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

import drawn
from layers import forward, random_values
from mlir_prune import Module, models
from mlir_prune.errors import InputError
from mlir_prune.models import Builder, LeNet5, Network, ResNet, Value, Vgg


@pytest.mark.parametrize(
    ("network", "weights", "macs", "layers"),
    [
        (models.lenet5_caffe(), 430_500, 2_293_000, 4),
        (models.lenet5_caffe(relu=False), 430_500, 2_293_000, 4),
        (models.resnet20("A"), 268_336, 40_551_040, 20),
        (models.resnet20("B"), 270_896, 40_813_184, 22),
        (models.resnet56("A"), 848_944, 125_485_696, 56),
        (models.resnet56("B"), 851_504, 125_747_840, 58),
        # 14,710,464 of the thirteen convolutions, 512 * 512 + 5,120.
        (models.vgg_like(), 14_977_728, 313_463_808, 15),
        (models.Mlp((784, 300, 100, 10)), 266_200, 266_200, 3),
    ],
)
def test_counts(network: Network, weights: int, macs: int, layers: int) -> None:
    shapes = network.shapes()
    assert sum(math.prod(shapes[name]) for name in network.weights()) == weights
    assert sum(network.macs().values()) == macs
    assert len(network.layers) == layers
    assert {layer.kind for layer in network.layers} <= {"conv", "fc"}


def test_macs_of_pruned_layers_follow_the_count_rule() -> None:
    """14,400 c1 + 1,600 c1 c2 + 16 c2 f + 10 f for LeNet-5-Caffe."""
    c1, c2, f = 5, 12, 13
    macs = LeNet5((c1, c2, f)).macs()
    assert macs == {
        "conv1.weight": 14_400 * c1,
        "conv2.weight": 1_600 * c1 * c2,
        "fc1.weight": 16 * c2 * f,
        "fc2.weight": 10 * f,
    }


def test_producers_follow_the_residual_sum() -> None:
    layers = {layer.name: layer for layer in models.resnet20("B").layers}
    assert layers["conv1"].producers == ()
    assert layers["layer1.0.conv2"].producers == ("layer1.0.conv1",)
    assert layers["layer1.1.conv1"].producers == ("layer1.0.conv2", "conv1")
    assert layers["layer2.1.conv1"].producers == ("layer2.0.conv2", "layer2.0.shortcut.0")
    lenet = models.lenet5_caffe()
    assert [layer.producers for layer in lenet.layers] == [(), ("conv1",), ("conv2",), ("fc1",)]
    assert [layer.shape for layer in lenet.layers] == [(20, 24, 24), (50, 8, 8), (500,), (10,)]


@dataclass(frozen=True)
class EveryLayer(Network):
    """Each kind of layer with uneven windows, strides, padding, dilation, groups."""

    input_shape = (4, 9, 8)
    classes = 3
    activation = "relu"

    def build(self, builder: Builder, x: Value) -> Value:
        x = builder.conv(
            x, "grouped", 6, (3, 2), stride=(2, 1), pad=(1, 2), dilation=(1, 2), groups=2
        )
        x = builder.activate(x, "tanh")
        x = builder.conv(x, "depthwise", 6, (3, 3), groups=6, pad=(1, 0), bias=False)
        x = builder.max_pool(x, 3, 1, pad=1)
        x = builder.average_pool(x, (2, 3), (1, 2), pad=(1, 0))
        y = builder.pad_channels(builder.subsample(x, (2, 1)), 1, 2)
        z = builder.conv(x, "strided", 9, (3, 1), stride=(2, 1), pad=(1, 0))
        return builder.linear(builder.global_average(builder.add(y, z)), "fc", 3)


SMALL = {
    "lenet": LeNet5((2, 3, 5)),
    "lenet without relu": LeNet5((2, 3, 5), relu=False, input_shape=(2, 20, 17), classes=4),
    "every layer": EveryLayer(),
    "vgg": Vgg((3, 0, 4, 0), 5, (2, 6, 7), 4),
    "resnet A": ResNet(1, "A", (3, 4, 6), (2, 6, 7), 4),
    "resnet B": ResNet(2, "B", (3, 4, 5), (2, 6, 7), 4),
}


@pytest.mark.parametrize("name", SMALL)
def test_signature_is_the_model_form(name: str) -> None:
    network = SMALL[name]
    module = Module.parse(network.text(3))
    module.run("builtin.module(prune-verify-trainable)")
    (function,) = module.functions()
    assert list(function.arguments[0].shape) == [3, *network.input_shape]
    assert {a.name: tuple(a.shape) for a in function.arguments[1:]} == network.shapes()
    assert {a.name: a.role for a in function.arguments[1:]} == network.roles()
    assert [(r.name, tuple(r.shape)) for r in function.results] == [
        ("logits", (3, network.classes))
    ]


@pytest.mark.parametrize("reference", [True, False])
@pytest.mark.parametrize("name", SMALL)
def test_outputs_match_numpy(name: str, reference: bool) -> None:
    network = SMALL[name]
    values = random_values(network, 1)
    inputs = drawn.rng(2).standard_normal((3, *network.input_shape))
    executable = Module.parse(network.text(3)).compile(reference=reference)
    found = executable.call("forward", {"input": inputs.astype(np.float32), **values})["logits"]
    np.testing.assert_allclose(found, forward(network, values, inputs), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_batch_can_change(name: str) -> None:
    network = SMALL[name]
    module = Module.parse(network.text(3))
    module.run("builtin.module(prune-set-batch-size{batch=7})")
    assert str(module) == str(Module.parse(network.text(7)))


def test_initial_values() -> None:
    values = models.resnet20("B").init(np.random.default_rng(0))
    assert values["layer3.1.conv1.weight"].std() == pytest.approx(math.sqrt(2 / (64 * 9)), rel=0.02)
    roles = models.resnet20("B").roles()
    for name, array in values.items():
        assert array.dtype == np.float32
        if roles[name] == "scale" or name.endswith(".running_var"):
            assert (array == 1).all()
        elif roles[name] != "weight":
            assert not array.any()


def test_scale_of_vgg() -> None:
    network = models.vgg_like(0.125)
    assert network.shapes()["conv13.weight"] == (64, 64, 3, 3)
    assert network.shapes()["fc1.weight"] == (64, 64)
    assert models.vgg_like(0.125, last_pool=False).shapes()["fc1.weight"] == (64, 256)


def test_make() -> None:
    assert models.make("resnet20", option="B") == ResNet(3, "B")
    with pytest.raises(InputError, match="did you mean 'resnet20'"):
        models.make("resnet2")
    with pytest.raises(InputError, match=r"network 'resnet20': .*'depth'"):
        models.make("resnet20", depth=3)


@dataclass(frozen=True)
class Broken(Network):
    """A network that is refused."""

    what: str
    input_shape = (4, 5, 5)
    classes = 3
    activation = "relu"

    def build(self, builder: Builder, x: Value) -> Value:
        if self.what == "groups":
            return builder.conv(x, "a", 6, 3, groups=4)
        if self.what == "window":
            return builder.conv(x, "a", 6, 3, dilation=3)
        return builder.linear(builder.linear(builder.flatten(x), "a", 3), "a", 3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Broken("groups").shapes(), "4 groups do not divide 4 channels and 6 filters"),
        (
            lambda: Broken("window").text(1),
            "layer 'a': a window over 7 elements does not fit into 5",
        ),
        (lambda: Broken("twice").shapes(), "parameter 'a.weight' is there twice"),
        (lambda: ResNet(3, "C"), "A or B, got 'C'"),
        (lambda: ResNet(0), "blocks are positive integers, got 0"),
        (lambda: LeNet5((1, 2, 0)), "widths are positive integers, got 0"),
        (lambda: Vgg((4, -1)), "widths are positive integers, got -1"),
        (lambda: models.vgg_like(0), "scale of widths"),
    ],
)
def test_refuses(make, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
