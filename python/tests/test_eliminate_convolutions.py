# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dead filters leave convolutional networks, and the outputs stay what they were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import drawn
from layers import forward, random_values
from mlir_prune import Module
from mlir_prune.models import Builder, LeNet5, Network, ResNet, Value, Vgg

ELIMINATE = "builtin.module(prune-eliminate-dead-neurons{record-kept},prune-verify-compact)"
BORDERS = ELIMINATE.replace("record-kept", "record-kept fold-borders")

Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Pools(Network):
    """Padded convolutions between pooling of all kinds."""

    input_shape = (2, 11, 10)
    classes = 3
    activation = "relu"

    def build(self, builder: Builder, x: Value) -> Value:
        x = builder.activate(builder.conv(x, "a", 5, 3, pad=1))
        x = builder.max_pool(x, 3, 2, pad=1)
        x = builder.activate(builder.conv(x, "b", 6, (1, 3), stride=(1, 2)))
        x = builder.average_pool(x, 2, 1, pad=1)
        x = builder.activate(builder.conv(x, "c", 4, 2, dilation=2))
        return builder.linear(builder.global_average(x), "fc", 3)


@dataclass(frozen=True)
class Grouped(Network):
    """A convolution in groups and a depthwise one."""

    input_shape = (2, 8, 8)
    classes = 3
    activation = "relu"

    def build(self, builder: Builder, x: Value) -> Value:
        x = builder.activate(builder.conv(x, "a", 6, 1))
        x = builder.activate(builder.conv(x, "b", 9, 3, pad=1, groups=3))
        x = builder.activate(builder.conv(x, "c", 9, 3, groups=9))
        x = builder.conv(x, "d", 4, 1)
        return builder.linear(builder.flatten(x), "fc", 3)


NETWORKS: dict[str, Network] = {
    "lenet": LeNet5((3, 4, 6), input_shape=(1, 20, 20), classes=3),
    "lenet without relu": LeNet5((3, 4, 6), relu=False, input_shape=(1, 20, 20), classes=3),
    "pools": Pools(),
    "grouped": Grouped(),
    "vgg": Vgg((4, 5, 0, 6, 0), 7, (2, 8, 8), 3),
    "resnet A": ResNet(1, "A", (4, 6, 7), (2, 8, 8), 3),
    "resnet B": ResNet(1, "B", (4, 6, 5), (2, 8, 8), 3),
}


def bound(network: Network, values: Values, batch: int = 2):
    module = Module.parse(network.text(batch))
    module.bind(values)
    return module


def run(module, network: Network, reference: bool = True) -> np.ndarray:
    x = drawn.rng(9).standard_normal((2, *network.input_shape)).astype(np.float32)
    return module.compile(reference=reference).call("forward", {"input": x})["logits"]


def compact(
    network: Network, values: Values, pipeline: str = ELIMINATE, references=(True, False)
):  # fmt: skip
    """The network without dead neurons; checks that it computes the same."""
    x = drawn.rng(9).standard_normal((2, *network.input_shape)).astype(np.float32)
    module = bound(network, values)
    module.run(pipeline)
    expected = forward(network, values, x)
    scale = max(1.0, float(np.abs(expected).max()))
    for reference in references:
        found = run(module, network, reference)
        assert found.shape == expected.shape
        assert float(np.abs(found - expected).max()) <= 1e-5 * scale
    return module


def shapes(module) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in module.parameters().items()}


def prune(values: Values, rng: np.random.Generator, density: float) -> None:
    """Zeroes elements, whole filters and whole input channels; some biases too."""
    for array in values.values():
        if array.ndim == 1:
            if rng.random() < 0.5:
                array[rng.random(array.shape) < 0.3] = 0
            continue
        mask = rng.random(array.shape) < density
        mask &= rng.random((len(array), *[1] * (array.ndim - 1))) < 0.7
        mask &= rng.random((1, array.shape[1], *[1] * (array.ndim - 2))) < 0.8
        array *= mask


@st.composite
def pruned(draw: st.DrawFn) -> tuple[Network, Values]:
    network = NETWORKS[draw(st.sampled_from(sorted(NETWORKS)))]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = random_values(network, int(rng.integers(1 << 30)))
    variances = {n: a for n, a in values.items() if n.endswith(".running_var")}
    prune({n: a for n, a in values.items() if n not in variances}, rng, draw(
        st.sampled_from([0.2, 0.6, 1.0])
    ))  # fmt: skip
    return network, values


@given(pruned())
@drawn.examples(10)
def test_random_masks_keep_the_outputs(case: tuple[Network, Values]) -> None:
    network, values = case
    module = compact(network, values, references=(True,))
    once = str(module)
    module.run("builtin.module(prune-eliminate-dead-neurons)")
    assert str(module) == once


@given(pruned())
@drawn.examples(8)
def test_random_masks_keep_the_outputs_with_folded_borders(case: tuple[Network, Values]) -> None:
    network, values = case
    module = compact(network, values, BORDERS, references=(False,))
    once = str(module)
    module.run("builtin.module(prune-eliminate-dead-neurons{fold-borders})")
    assert str(module) == once


def taken(values: Values, module) -> None:
    """What is left of every parameter that shrank is what its indices say, but
    for biases and means, which constants are folded into."""
    kept = module.kept()
    for name, array in module.parameters().items():
        if name in kept:
            assert tuple(map(len, kept[name])) == array.shape
            if array.ndim > 1:
                np.testing.assert_array_equal(array, values[name][np.ix_(*kept[name])])
        elif name in values:
            assert array.shape == values[name].shape


@given(pruned())
@drawn.examples(30)
def test_kept_indices_lead_back(case: tuple[Network, Values]) -> None:
    network, values = case
    module = bound(network, values)
    module.run(ELIMINATE)
    taken(values, module)


def test_lenet_loses_filters_and_columns() -> None:
    """conv1: filter 0 is read by zeros. conv2: filter 1 is constant, filter 2 is
    read by zeros, of filter 3 only one position is. fc1: neuron 4 is unread."""
    network = NETWORKS["lenet"]
    values = random_values(network, 3)
    values["conv2.weight"][:, 0] = 0
    values["conv2.weight"][1] = 0
    values["conv2.bias"][1] = 0.5
    values["fc1.weight"][:, 8:12] = 0
    values["fc1.weight"][:, 13] = 0
    values["fc2.weight"][:, 4] = 0
    module = compact(network, values)
    found = module.parameters()
    assert shapes(module) == {
        "conv1.weight": (2, 1, 5, 5), "conv1.bias": (2,),
        "conv2.weight": (2, 2, 5, 5), "conv2.bias": (2,),
        "fc1.weight": (5, 8), "fc1.bias": (5,), "fc2.weight": (3, 5), "fc2.bias": (3,),
    }  # fmt: skip
    kept = module.kept()
    assert kept["conv2.weight"][:2] == [[0, 3], [1, 2]]
    assert kept["fc1.weight"] == [[0, 1, 2, 3, 5], [0, 1, 2, 3, 12, 13, 14, 15]]
    assert "fc2.bias" not in kept
    neurons = kept["fc1.weight"][0]
    folded = values["fc1.bias"] + 0.5 * values["fc1.weight"][:, 4:8].sum(axis=1)
    np.testing.assert_allclose(found["fc1.bias"], folded[neurons], rtol=1e-6)


def test_a_constant_stays_behind_zero_padding() -> None:
    """Filter 1 is relu(2) everywhere but in the padding of what reads it; filter
    2 is relu(-1), which is what the padding is."""
    network = Vgg((4, 5, 0), 7, (2, 8, 8), 3)
    values = random_values(network, 4)
    values["conv1.weight"][[1, 2]] = 0
    for index, constant in ((1, 2.0), (2, -1.0)):
        values["bn1.running_mean"][index] = 0
        values["bn1.bias"][index] = constant
    module = bound(network, values)
    found = [dict(remark.arguments) for remark in module.run(ELIMINATE)]
    remarks = {arguments["Layer"]: arguments for arguments in found if "Layer" in arguments}
    assert remarks["conv1.weight"]["Removed"] == "1"
    assert remarks["conv1.weight"]["ConstantKept"] == "1"
    assert module.kept()["conv1.weight"][0] == [0, 1, 3]
    assert module.kept()["bn1.running_var"] == [[0, 1, 3]]
    assert module.kept()["conv2.weight"][1] == [0, 1, 3]
    compact(network, values)


@pytest.mark.parametrize("option", ["A", "B"])
def test_folded_borders_let_inner_filters_go(option: str) -> None:
    """Zero filters inside of blocks are constants after the normalization, most
    of them not zero; strides and odd extents make the borders uneven."""
    network = ResNet(1, option, (4, 6, 7), (2, 9, 8), 3)
    values = random_values(network, 13)
    for stage in (1, 2, 3):
        values[f"layer{stage}.0.conv1.weight"][[0, 2]] = 0
        values[f"layer{stage}.0.bn1.running_mean"][[0, 2]] = (-1, -2)
    module = compact(network, values, BORDERS)
    for stage, width in ((1, 4), (2, 6), (3, 7)):
        left = [filter for filter in range(width) if filter not in (0, 2)]
        assert module.kept()[f"layer{stage}.0.conv1.weight"][0] == left
        assert module.kept()[f"layer{stage}.0.conv2.weight"][1] == left
    assert compact(network, values).kept().get("layer1.0.conv1.weight") is None


def test_pools_pass_constants_on() -> None:
    """Filter 1 of `a` is relu(2), which max pooling padded with minus infinity
    keeps and `b` folds; filter 2 of `b` is zero, which padded means keep."""
    network = NETWORKS["pools"]
    values = random_values(network, 5)
    values["a.weight"][1] = 0
    values["a.bias"][1] = 2
    values["b.weight"][2] = 0
    values["b.bias"][2] = 0
    values["c.weight"][3] = 0
    values["c.bias"][3] = 0.25
    module = compact(network, values)
    kept = module.kept()
    assert kept["a.weight"][0] == [0, 2, 3, 4]
    assert kept["b.weight"][:2] == [[0, 1, 3, 4, 5], [0, 2, 3, 4]]
    assert kept["c.weight"][:2] == [[0, 1, 2], [0, 1, 3, 4, 5]]
    assert kept["fc.weight"][1] == [0, 1, 2]
    a = values["b.bias"] + 2.0 * values["b.weight"][:, 1].sum(axis=(1, 2))
    np.testing.assert_allclose(module.parameters()["b.bias"], a[[0, 1, 3, 4, 5]], rtol=1e-5)


def test_groups_leave_whole() -> None:
    """`d` reads nothing of group 1 and nothing of channel 0: the group leaves, the
    channel stays, as it is one of a group."""
    network = NETWORKS["grouped"]
    values = random_values(network, 6)
    values["d.weight"][:, [0, 3, 4, 5]] = 0
    module = compact(network, values)
    assert shapes(module)["b.weight"] == (6, 2, 3, 3)
    assert shapes(module)["c.weight"] == (6, 1, 3, 3)
    assert shapes(module)["d.weight"] == (4, 6, 1, 1)
    assert module.kept()["a.weight"][0] == [0, 1, 4, 5]
    assert module.kept()["c.weight"][0] == [0, 1, 2, 6, 7, 8]


@dataclass(frozen=True)
class Depthwise(Network):
    """A depthwise convolution between two of 1x1."""

    input_shape = (2, 6, 6)
    classes = 3
    activation = "relu"

    def build(self, builder: Builder, x: Value) -> Value:
        x = builder.activate(builder.conv(x, "a", 5, 1))
        x = builder.activate(builder.conv(x, "b", 5, 3, pad=1, groups=5))
        x = builder.conv(x, "c", 4, 1)
        return builder.linear(builder.global_average(x), "fc", 3)


def test_depthwise_filters_leave() -> None:
    """Channel 0 is unread, filter 1 of `b` is relu(0.5), filter 2 of `a` is zero."""
    network = Depthwise()
    values = random_values(network, 7)
    values["c.weight"][:, 0] = 0
    values["b.weight"][1] = 0
    values["b.bias"][1] = 0.5
    values["a.weight"][2] = 0
    values["a.bias"][2] = 0
    values["b.bias"][2] = -1
    module = compact(network, values)
    assert module.kept()["b.weight"][0] == [3, 4]
    assert module.kept()["a.weight"][0] == [3, 4]
    expected = values["c.bias"] + 0.5 * values["c.weight"][:, 1, 0, 0]
    np.testing.assert_allclose(module.parameters()["c.bias"], expected, rtol=1e-6)


@pytest.mark.parametrize("option", ["A", "B"])
def test_resnet_loses_inner_and_residual_filters(option: str) -> None:
    """Inside of a block: filter 1 of conv1 becomes relu(-1) by its normalization,
    filter 2 is unread. Channel 0 of the first stage is read by nothing: it leaves
    every layer that adds to it; with option A it is one of the second stage's too,
    which is not read either."""
    network = ResNet(2, option, (4, 6, 6), (2, 8, 8), 3)
    values = random_values(network, 8)
    values["layer1.0.conv1.weight"][1] = 0
    values["layer1.0.bn1.running_mean"][1] = 0
    values["layer1.0.bn1.bias"][1] = -1
    values["layer1.0.conv2.weight"][:, 2] = 0
    for reader in ("layer1.0.conv1", "layer1.1.conv1", "layer2.0.conv1"):
        values[f"{reader}.weight"][:, 0] = 0
    if option == "B":
        values["layer2.0.shortcut.0.weight"][:, 0] = 0
    else:  # one channel of zeros before those of the first stage
        for reader in ("layer2.1.conv1", "layer3.0.conv1"):
            values[f"{reader}.weight"][:, 1] = 0
        for reader in ("layer3.1.conv1", "linear"):
            values[f"{reader}.weight"][:, 1] = 0
    module = compact(network, values)
    kept = module.kept()
    assert kept["layer1.0.conv1.weight"][:2] == [[0, 3], [1, 2, 3]]
    assert kept["layer1.0.conv2.weight"][:2] == [[1, 2, 3], [0, 3]]
    assert kept["layer1.1.conv2.weight"][0] == [1, 2, 3]
    assert kept["conv1.weight"][0] == [1, 2, 3]
    assert kept["bn1.running_mean"] == [[1, 2, 3]]
    if option == "A":
        assert kept["layer2.0.conv2.weight"][0] == [0, 2, 3, 4, 5]
        assert kept["layer3.1.conv2.weight"][0] == [0, 2, 3, 4, 5]
    else:
        assert kept["layer2.0.shortcut.0.weight"][:2] == [[0, 1, 2, 3, 4, 5], [1, 2, 3]]


def test_normalization_takes_folded_constants() -> None:
    """A constant that a convolution without bias and padding reads goes into the
    mean behind it; a scale of zero makes a channel constant."""
    network = ResNet(1, "B", (3, 4, 4), (2, 8, 8), 3)
    values = random_values(network, 10)
    # All filters of the first stage that lead to channel 1 are zero.
    for conv, norm in (("conv1", "bn1"), ("layer1.0.conv2", "layer1.0.bn2")):
        values[f"{conv}.weight"][1] = 0
        values[f"{norm}.running_mean"][1] = 0
        values[f"{norm}.bias"][1] = 0.75
    # What is padded does not read it, so only the shortcut of 1x1 does.
    for reader in ("layer1.0.conv1", "layer2.0.conv1"):
        values[f"{reader}.weight"][:, 1] = 0
    values["layer3.0.bn1.weight"][2] = 0
    values["layer3.0.bn1.bias"][2] = -0.5
    module = compact(network, values)
    kept = module.kept()
    assert kept["layer2.0.shortcut.0.weight"][1] == [0, 2]
    offset = 1.5 * values["layer2.0.shortcut.0.weight"][:, 1, 0, 0]
    np.testing.assert_allclose(
        module.parameters()["layer2.0.shortcut.1.running_mean"],
        values["layer2.0.shortcut.1.running_mean"] - offset,
        rtol=1e-5,
    )
    assert kept["layer3.0.conv1.weight"][0] == [0, 1, 3]
    assert kept["layer3.0.conv2.weight"][1] == [0, 1, 3]


def test_kept_indices_are_those_of_the_last_run_and_survive_lifting() -> None:
    network = NETWORKS["lenet"]
    values = random_values(network, 11)
    values["conv2.weight"][1] = 0
    values["conv2.bias"][1] = 0
    module = bound(network, values)
    module.run(ELIMINATE)
    assert module.kept()["conv2.weight"][0] == [0, 2, 3]
    smaller = {name: np.array(array) for name, array in module.parameters().items()}
    smaller["conv2.weight"][1] = 0
    smaller["conv2.bias"][1] = 0
    module.bind(smaller)
    module.run(ELIMINATE)
    kept = module.kept()
    assert kept["conv2.weight"] == [[0, 2], [0, 1, 2], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
    assert kept["fc1.weight"][1] == [0, 1, 2, 3, 8, 9, 10, 11]
    module.run("builtin.module(prune-lift-parameters)")
    assert module.kept() == kept
    module.run("builtin.module(prune-bind-parameters)")
    assert module.kept() == kept
    module.run(ELIMINATE)
    assert module.kept() == {}


def test_nothing_is_recorded_unless_asked() -> None:
    network = NETWORKS["lenet"]
    values = random_values(network, 12)
    values["conv2.weight"][1] = 0
    module = bound(network, values)
    module.run("builtin.module(prune-eliminate-dead-neurons)")
    assert module.kept() == {}
    assert shapes(module)["conv2.weight"][0] == 3
