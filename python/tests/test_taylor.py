# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The criterion `taylor` over mini-batches against numpy, and the channels of a network."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from mlir_prune.channel_map import channel_map
from mlir_prune.data import Dataset
from mlir_prune.errors import InputError
from mlir_prune.evidence import batch_gradients, collect_gradients
from mlir_prune.forms import bound, removed
from mlir_prune.imported import ImportedNetwork
from mlir_prune.models import Mlp, ResNet
from mlir_prune.networks import COUPLED
from mlir_prune.taylor import group_labels, taylor_evidence, taylor_scores
from mlir_prune.training.masks import apply, select_masks

MLP = Mlp((8, 12, 6, 4))
RESNET = ResNet(1, "A", (4, 8, 12), (3, 8, 8), 4)
Arrays = dict[str, np.ndarray]


def drawn(network: Mlp | ResNet, batches: int = 5) -> tuple[Arrays, list[Arrays]]:
    """Values of a network and gradients of mini-batches."""
    random = np.random.default_rng(7)
    values = network.init(random)
    for name, role in network.roles().items():
        if role in ("scale", "bias"):
            values[name] = random.standard_normal(values[name].shape).astype(np.float32)
    return values, [
        {n: random.standard_normal(v.shape).astype(np.float32) for n, v in values.items()}
        for _ in range(batches)
    ]


def smallest(scores: np.ndarray, count: int) -> np.ndarray:
    gone = np.zeros(scores.size, bool)
    gone[np.argsort(scores.ravel(), kind="stable")[:count]] = True
    return gone.reshape(scores.shape)


def test_scores_are_means_of_squares_of_sums() -> None:
    random = np.random.default_rng(0)
    weights = {"a": random.standard_normal((3, 4)), "b": random.standard_normal((2, 5))}
    labels = {"a": np.array([[0], [1], [-1]]), "b": random.integers(-1, 3, (2, 5))}
    batches = [{n: random.standard_normal(w.shape) for n, w in weights.items()} for _ in range(4)]
    found = taylor_scores(batches, weights, labels, 3)
    for group in range(3):
        squares = [
            sum((g[n] * w)[np.broadcast_to(labels[n] == group, w.shape)].sum() for n, w in weights.items()) ** 2
            for g in batches
        ]  # fmt: skip
        np.testing.assert_allclose(found[group], np.sqrt(np.mean(squares)), rtol=1e-12)
    with pytest.raises(InputError, match="at least one mini-batch"):
        taylor_scores([], weights, labels, 3)


def test_single_weights() -> None:
    values, batches = drawn(MLP)
    names = MLP.weights()
    evidence = taylor_evidence(MLP, values, names, "unstructured", lambda _: batches)
    masks = select_masks(MLP, values, names, "unstructured", evidence, criterion="taylor", sparsity=0.5)
    for name in names:
        scores = np.abs(values[name]) * np.sqrt(np.mean([g[name] ** 2 for g in batches], axis=0))
        gone = smallest(scores, round(0.5 * scores.size))
        np.testing.assert_array_equal(masks[f"mask:{name}"], ~gone, err_msg=name)


@pytest.mark.parametrize(
    "granularity", ["channel:0", "channel:1", "channel:4:0", "vector:1", "vector:3:0", "block:2x3"]
)
def test_groups_are_those_of_the_compiler(granularity: str) -> None:
    """Weights of 8, 12 and 6 extents: some groups at the edge are smaller."""
    values, batches = drawn(MLP)
    name = "fc2.weight"
    weight = values[name]
    labels = np.broadcast_to(group_labels(weight.shape, granularity), weight.shape)
    count = labels.max() + 1
    scores = np.zeros(count)
    for group in range(count):
        sums = [(g[name] * weight)[labels == group].sum() for g in batches]
        scores[group] = np.sqrt(np.mean(np.square(sums)))
    evidence = taylor_evidence(MLP, values, [name], granularity, lambda _: batches)
    for gone in range(1, count):
        # The count of elements decides, so the threshold of the compiler is between two groups.
        order = np.argsort(scores, kind="stable")
        share = float(np.isin(labels, order[:gone]).mean())
        masks = select_masks(MLP, values, [name], granularity, evidence, criterion="taylor", sparsity=share)
        np.testing.assert_array_equal(masks[f"mask:{name}"], ~np.isin(labels, order[:gone]))


def test_planes_of_filters() -> None:
    labels = np.broadcast_to(group_labels((2, 3, 2, 2), "filter_plane"), (2, 3, 2, 2))
    np.testing.assert_array_equal(labels[:, :, 1, 0], [[0, 1, 2], [3, 4, 5]])
    assert all(len(np.unique(plane)) == 1 for plane in labels.reshape(6, 4))


def test_a_gradient_that_changes_sign_is_not_a_dead_channel() -> None:
    """The mean gradient of neuron 3 is zero, though each batch minds it most."""
    values, _ = drawn(MLP)
    names = MLP.weights()
    batches = []
    for sign in (1.0, -1.0, 1.0, -1.0):
        gradients = {n: 0.01 * value for n, value in values.items()}
        gradients["fc1.weight"] = gradients["fc1.weight"].copy()
        gradients["fc1.weight"][3] = sign * values["fc1.weight"][3]
        batches.append(gradients)
    rule = {"criterion": "taylor", "sparsity": [r"fc1.weight:0.9", "*:0"]}
    for granularity in (COUPLED, "channel:0"):
        evidence = taylor_evidence(MLP, values, names, granularity, lambda _: batches)
        found = select_masks(MLP, values, names, granularity, evidence, **rule)
        kept = found["mask:fc1.weight"].any(axis=1)
        assert kept[3] and kept.sum() == 1
    mean = {(n, "gradient"): np.mean([b[n] for b in batches], axis=0, dtype=np.float32) for n in names}
    found = select_masks(MLP, values, names, COUPLED, mean, **rule)
    assert not found["mask:fc1.weight"][3].any()


def test_tied_channels_are_one_group() -> None:
    """Their change is that of scales and shifts of the normalizations behind them."""
    values, batches = drawn(RESNET)
    names = RESNET.weights()
    evidence = taylor_evidence(RESNET, values, names, COUPLED, lambda _: batches)
    masks = select_masks(RESNET, values, names, COUPLED, evidence, criterion="taylor", sparsity=0.5)
    # Channels of the first stage go through shortcuts that pad by 2 on both sides.
    tied = {"conv1.weight": 0, "layer1.0.conv2.weight": 0, "layer2.0.conv2.weight": 2,
            "layer3.0.conv2.weight": 4}  # fmt: skip
    sums = np.array([
        sum((g[n] * values[n])[first : first + 4] for name, first in tied.items() for n in norms(name))
        for g in batches
    ])  # fmt: skip
    gone = smallest(np.sqrt(np.mean(sums**2, axis=0)), 2)
    for name, first in tied.items():
        kept = masks[f"mask:{name}"].any(axis=(1, 2, 3))[first : first + 4]
        np.testing.assert_array_equal(kept, ~gone, err_msg=name)


@pytest.mark.parametrize("network", [MLP, RESNET], ids=["mlp", "resnet"])
def test_the_map_of_channels_is_that_of_the_removed_network(network: Mlp | ResNet) -> None:
    """What one channel takes along by the map leaves, and nothing else."""
    random = np.random.default_rng(1)
    found = channel_map(network, network.weights())
    shapes = network.shapes()
    values = {n: random.uniform(0.5, 1.5, s).astype(np.float32) for n, s in shapes.items()}
    assert sorted(sum(found.groups, ())) == list(range(found.count))
    for group in found.groups:
        gone = set(group[:-1])
        cut = {n: v.copy() for n, v in values.items()}
        for name, numbers in found.makers.items():
            for extra in (name, name.replace("weight", "bias"), *norms(name)):
                if extra in cut:
                    cut[extra][np.isin(numbers, list(gone))] = 0
        left = ImportedNetwork(removed(network, 1, cut)).shapes()
        for name in network.weights():
            rows = (~np.isin(found.makers[name], list(gone))).sum()
            columns = found.readers.get(name, np.zeros(0))
            size = int(np.prod(shapes[name][1:])) - int(np.isin(columns, list(gone)).sum())
            assert (left[name][0], int(np.prod(left[name][1:]))) == (rows, size), name


def norms(name: str) -> list[str]:
    """Scale and shift of the normalization behind a convolution."""
    norm = name.replace("conv", "bn")
    return [norm, norm.replace("weight", "bias")]


def test_without_normalizations_biases_count() -> None:
    values, batches = drawn(MLP)
    evidence = taylor_evidence(MLP, values, MLP.weights(), COUPLED, lambda _: batches)
    masks = select_masks(MLP, values, MLP.weights(), COUPLED, evidence, criterion="taylor", sparsity=0.5)
    for name in ("fc1.weight", "fc2.weight"):
        bias = name.replace("weight", "bias")
        sums = [(g[name] * values[name]).sum(axis=1) + g[bias] * values[bias] for g in batches]
        gone = smallest(np.sqrt(np.mean(np.square(sums), axis=0)), len(values[bias]) // 2)
        np.testing.assert_array_equal(masks[f"mask:{name}"].any(axis=1), ~gone)


def test_that_no_channel_can_leave_is_said() -> None:
    with pytest.raises(InputError, match="no channels of these weights can leave"):
        channel_map(Mlp((8, 4)), ["fc1.weight"])


def test_gradients_of_mini_batches(blobs: Dataset) -> None:
    """Their mean is that of the rows; the last one may be smaller."""
    values = MLP.init(np.random.default_rng(3))
    rows = blobs.train.take(np.arange(70))
    module = bound(MLP, 10, values)
    expected = collect_gradients(module, rows, "gradient")
    sizes = [8] * 8 + [6]
    found: Iterator[Arrays] = batch_gradients(module, rows)
    total = {n: np.zeros(values[n].shape) for n in MLP.weights()}
    for size, gradients in zip(sizes, found, strict=True):
        for name, part in gradients.items():
            total[name] += size * part / 70
    for name, mean in total.items():
        np.testing.assert_allclose(mean, expected[name, "gradient"], rtol=1e-4, atol=1e-6)
    with pytest.raises(InputError, match="at least one row"):
        next(batch_gradients(module, rows.take(np.arange(0))))


def test_zeros_stay_zeros() -> None:
    """A filter of zeros has no gradient to give and the least score."""
    values, batches = drawn(MLP)
    values["fc1.weight"][5] = 0
    evidence = taylor_evidence(MLP, values, MLP.weights(), "channel:0", lambda _: batches)
    assert np.isfinite(evidence["fc1.weight", "gradient"]).all()
    masks = select_masks(MLP, values, ["fc1.weight"], "channel:0", {
        ("fc1.weight", "gradient"): evidence["fc1.weight", "gradient"]
    }, criterion="taylor", sparsity=1 / 12)  # fmt: skip
    assert (apply(values | masks)["fc1.weight"] == values["fc1.weight"]).all()
