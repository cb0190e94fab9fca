# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Channels that leave together: their groups, budgets of multiplications, repair without labels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import drawn
from conftest import make_blobs
from mlir_prune.channel_groups import Group
from mlir_prune.errors import InputError, TrainingError
from mlir_prune.files import npz_bytes
from mlir_prune.models import Mlp
from mlir_prune.models.resnet import ResNet
from mlir_prune.removal import remove
from mlir_prune.rows import Split
from mlir_prune.search.channel_budget import Multiplications, Plan, plan_of
from mlir_prune.search.channel_subject import ChannelSubject
from mlir_prune.search.channels import Channels

RESNET = ResNet(1, "A", (4, 6, 8), (3, 8, 8), 5)
MLP = Mlp((8, 24, 16, 4))


def values_of(network: object, seed: int = 0) -> dict[str, np.ndarray]:
    """Random parameters, statistics of normalizations that are not zero and one."""
    random = np.random.default_rng(seed)
    found = network.init(random)  # type: ignore[attr-defined]
    for name, role in network.roles().items():  # type: ignore[attr-defined]
        if role != "weight":
            shape = found[name].shape
            found[name] = random.uniform(0.5, 1.5, shape).astype(np.float32)
    return found


def images(rows: int = 60) -> Split:
    random = np.random.default_rng(5)
    inputs = random.standard_normal((rows, 3, 8, 8)).astype(np.float32)
    return Split(inputs, (np.arange(rows) % 5).astype(np.int32))


@pytest.fixture(scope="module")
def residual() -> ChannelSubject:
    return ChannelSubject(RESNET, values_of(RESNET), images(), "weights,batch_norm")


def test_what_residual_adds_tie_is_one_group(residual: ChannelSubject) -> None:
    groups = {group.name: group for group in residual.channels.groups}
    # The shortcut without weights puts the channels of a stage among those of the next.
    first = groups["conv1.weight"]
    assert first.total == 4
    assert set(first.weights) == {
        "conv1.weight", *(f"layer{stage}.0.conv2.weight" for stage in (1, 2, 3)),
    }  # fmt: skip
    assert groups["layer2.0.conv2.weight"].total == 2
    assert groups["layer3.0.conv2.weight"].total == 2
    inside = {f"layer{stage}.0.conv1.weight": width for stage, width in ((1, 4), (2, 6), (3, 8))}
    assert {name: groups[name].total for name in inside} == inside
    assert "linear.weight" not in groups


@given(st.data())
@drawn.examples(8)
def test_the_removed_network_equals_the_masked_one(
    residual: ChannelSubject, data: st.DataObject
) -> None:
    kept = tuple(data.draw(st.integers(1, group.total)) for group in residual.channels.groups)
    found = residual.pruned(kept)
    removed = remove(RESNET, found.values, images())
    assert removed.error <= 1e-5
    assert removed.macs == found.total == sum(residual.channels.multiplications(kept).values())
    shapes = {name: a.shape for name, a in removed.module.parameters().items()}
    for group, count in zip(residual.channels.groups, kept, strict=True):
        if len(group.weights) == 1 and "conv2" not in group.name:
            assert shapes[group.name][0] == count


def test_the_same_channels_give_the_same_bits(residual: ChannelSubject) -> None:
    kept = tuple(max(1, group.total // 2) for group in residual.channels.groups)
    again = ChannelSubject(RESNET, values_of(RESNET), images(), "weights,batch_norm")
    assert npz_bytes(residual.pruned(kept).values) == npz_bytes(again.pruned(kept).values)


def test_multiplications_are_those_of_the_shapes() -> None:
    channels = Channels(MLP, values_of(MLP))
    assert [group.total for group in channels.groups] == [24, 16]
    macs = Multiplications(channels.groups, channels.multiplications)
    for one, two in ((24, 16), (1, 1), (7, 11), (12, 16)):
        assert macs.total((one, two)) == 8 * one + one * two + two * 4
    assert macs.total((0, 16)) == 16 * 4


def test_the_largest_channels_stay() -> None:
    values = values_of(MLP)
    found = Channels(MLP, values).pruned((10, 16)).values
    norms = np.linalg.norm(values["fc1.weight"], axis=1)
    alive = np.flatnonzero(np.abs(found["fc1.weight"]).sum(axis=1))
    np.testing.assert_array_equal(alive, np.sort(np.argsort(-norms)[:10]))
    assert not found["fc1.bias"][np.setdiff1d(np.arange(24), alive)].any()


def test_layers_are_refitted_by_least_squares() -> None:
    rows, values = make_blobs().train, values_of(MLP)
    subject = ChannelSubject(MLP, values, rows)
    found = subject.pruned((10, 16))
    left = found.left["fc2.weight"][1]
    assert len(left) == 10
    inputs = rows.inputs[0].astype(np.float64)
    read = np.maximum(inputs @ values["fc1.weight"].T + values["fc1.bias"], 0)
    weight = values["fc2.weight"].astype(np.float64)
    # As many equations more hold the weights back a little, by a hundredth of the mean square.
    damping = math.sqrt(0.01 * (read**2).sum() / read.shape[1])
    expected = np.linalg.lstsq(
        np.vstack([read[:, left], damping * np.eye(10)]),
        np.vstack([read @ weight.T, damping * weight[:, left].T]), rcond=None,
    )[0].T  # fmt: skip
    np.testing.assert_allclose(found.values["fc2.weight"][:, left], expected, rtol=2e-3, atol=2e-4)
    before = np.square(read @ weight.T - read[:, left] @ weight[:, left].T).sum()
    after = np.square(read @ weight.T - read[:, left] @ found.values["fc2.weight"][:, left].T).sum()
    assert after < before / 2


def test_normalizations_keep_what_they_gave(residual: ChannelSubject) -> None:
    """Mean and deviation of the channels that stay, behind the first layer."""
    kept = tuple(max(1, group.total // 2) for group in residual.channels.groups)
    found, dense = residual.pruned(kept).values, values_of(RESNET)
    rows = images().inputs[0].astype(np.float64)
    padded = np.pad(rows, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    moments = []
    for values in (dense, found):
        made = np.einsum("nchwij,ocij->nohw", windows, values["conv1.weight"].astype(np.float64))
        shape = (1, -1, 1, 1)
        mean, variance = (values[f"bn1.running_{each}"].reshape(shape) for each in ("mean", "var"))
        given = (made - mean) / np.sqrt(variance + 1e-5)
        stays = np.abs(found["conv1.weight"]).sum(axis=(1, 2, 3)) > 0
        moments.append((given.mean(axis=(0, 2, 3))[stays], given.std(axis=(0, 2, 3))[stays]))
    np.testing.assert_allclose(moments[1][0], moments[0][0], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(moments[1][1], moments[0][1], rtol=1e-3)
    # Those behind layers that read fewer channels have moved.
    assert (found["layer1.0.bn1.running_var"] != dense["layer1.0.bn1.running_var"]).any()


COUNTS = [Group(("a",), 16), Group(("b",), 32), Group(("c",), 8)]


def count(kept: tuple[int, ...]) -> dict[str, int]:
    """Layers that read one group and make another, one within a group, one in place."""
    a, b, c = kept
    return {"in": 27 * a, "ab": 9 * a * b, "bb": b * b, "depth": 9 * c, "sum": (a + b) * c, "o": 10}


MACS = Multiplications(COUNTS, count)


@given(st.tuples(*(st.integers(1, group.total) for group in COUNTS)))
def test_counts_of_other_networks_follow(kept: tuple[int, ...]) -> None:
    assert MACS.total(kept) == pytest.approx(sum(count(kept).values()))


def test_what_is_no_product_is_refused() -> None:
    with pytest.raises(InputError, match="no products of channels"):
        Multiplications(COUNTS, lambda kept: {"cube": kept[0] ** 3})


@given(
    st.floats(0.1, 0.95), st.floats(0.05, 0.5), st.integers(1, 9),
    st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3),
)  # fmt: skip
def test_every_choice_keeps_the_budget(
    share: float, lower: float, multiple: int, actions: list[float]
) -> None:
    try:
        plan = Plan(COUNTS, MACS, share * MACS.dense, lower, multiple)
    except InputError as error:
        assert "cannot be reached" in str(error)
        return
    kept: list[int] = []
    for action in actions:
        kept.append(plan.choose(kept, action))
    for chosen in (tuple(kept), plan.uniform()):
        assert sum(count(chosen).values()) <= plan.target * (1 + 1e-9)
        for group, number in zip(COUNTS, chosen, strict=True):
            assert number == group.total or number % multiple == 0
            assert number >= math.floor(lower * group.total)


def test_shares_are_rounded_up_as_far_as_the_budget_goes() -> None:
    plan = Plan(COUNTS, MACS, 0.5 * MACS.dense, 0.2, 4)
    assert plan.choose([], 0.3) == 8  # 4.8 of 16, up to a multiple of 4
    assert plan.choose([4], 0.99) < 32 or plan.fits((4, 32, plan.least[2]))
    dense = Plan(COUNTS, MACS, MACS.dense)
    assert dense.uniform() == (16, 32, 8)
    assert [dense.choose([16], 1.0), dense.choose([], 0.0)] == [32, 4]


def test_the_uniform_network_has_one_share() -> None:
    plan = Plan(COUNTS, MACS, 0.5 * MACS.dense)
    shares = [k / group.total for k, group in zip(plan.uniform(), COUNTS, strict=True)]
    assert max(shares) - min(shares) <= 1 / 8 + 1 / 16
    assert 0.44 * MACS.dense < MACS.total(plan.uniform()) <= 0.5 * MACS.dense


def test_a_plan_by_the_compiler() -> None:
    channels = Channels(MLP, values_of(MLP))
    plan = plan_of(channels, 0.5)
    found = channels.pruned(plan.uniform())
    assert found.total == plan.macs.total(plan.uniform()) <= 0.5 * plan.macs.dense
    assert plan_of(channels, 300.0).target == 300


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="no channels that could leave"):
        Channels(Mlp((8, 4)), values_of(Mlp((8, 4))))
    with pytest.raises(InputError, match="repair: expected none, or some of weights, batch_norm, got 'all'"):
        ChannelSubject(MLP, values_of(MLP), make_blobs().train, "all")
    with pytest.raises(InputError, match="cannot be reached"):
        plan_of(Channels(MLP, values_of(MLP)), 0.01)


def test_a_difference_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlir_prune.removal.TOLERANCE", -1.0)
    with pytest.raises(TrainingError, match="differs from the masked one"):
        remove(MLP, values_of(MLP), make_blobs().validation)
