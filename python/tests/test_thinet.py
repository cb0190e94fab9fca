# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The criterion `thinet`: the greedy choice against numpy, networks, and what is refused."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from mlir_prune.channel_groups import output_dims
from mlir_prune.channel_map import channel_map
from mlir_prune.data import Dataset
from mlir_prune.errors import InputError, RecipeError
from mlir_prune.evidence import GRAM, collect
from mlir_prune.forms import bound
from mlir_prune.models import Mlp, ResNet
from mlir_prune.networks import COUPLED
from mlir_prune.recipe import from_dict
from mlir_prune.reconstruction import (
    contributions,
    group_products,
    removal_error,
    removal_order,
    removal_scores,
    thinet_evidence,
)
from mlir_prune.rows import Split
from mlir_prune.search.channel_subject import ChannelSubject
from mlir_prune.training.masks import select_masks
from mlir_prune.training.trainer import Trainer

MLP = Mlp((8, 12, 6, 4))
RESNET = ResNet(1, "A", (4, 8, 12), (3, 8, 8), 4)


def gram_matrices(network: Mlp | ResNet, values: dict[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    shape = network.signature.inputs[0].shape
    rows = np.random.default_rng(seed).standard_normal((40, *shape)).astype(np.float32)
    found = collect(bound(network, 40, values), [(rows,)], GRAM)
    return {name: gram for (name, _), gram in found.items()}


def drawn(network: Mlp | ResNet, seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    values = network.init(random)
    for name, array in values.items():
        if array.ndim == 1 and "running" not in name:
            values[name] = random.uniform(0.2, 1.2, array.shape).astype(np.float32)
    return values


def test_contributions_are_those_of_the_inputs() -> None:
    """Two columns for each channel, one column of no channel."""
    random = np.random.default_rng(0)
    inputs, weight = random.standard_normal((30, 7)), random.standard_normal((5, 7))
    numbers = np.array([4, 2, -1, 3, 4, 2, 3])
    found = contributions(weight, 0, inputs.T @ inputs, numbers, (2, 3, 4))
    parts = [inputs[:, numbers == n] @ weight[:, numbers == n].T for n in (2, 3, 4)]
    whole = np.square(inputs @ weight.T).sum()
    expected = [[(a * b).sum() / whole for b in parts] for a in parts]
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    for gone in ((0,), (1, 2), (0, 1, 2)):
        error = np.square(sum(parts[i] for i in gone)).sum() / whole
        assert removal_error(found, gone) == pytest.approx(error, rel=1e-10)


def test_the_order_is_greedy() -> None:
    random = np.random.default_rng(1)
    part = random.standard_normal((6, 40))
    products = part @ part.T
    order, errors = removal_order(products)
    gone: list[int] = []
    for step, chosen in enumerate(order):
        rest = [i for i in range(6) if i not in gone]
        tried = {i: removal_error(products, [*gone, i]) for i in rest}
        assert chosen == min(rest, key=lambda i: tried[i])
        gone.append(chosen)
        assert errors[step] == pytest.approx(tried[chosen], rel=1e-9)
    scores = removal_scores(products)
    assert list(np.argsort(scores, kind="stable")) == order


def test_what_cancels_leaves_together() -> None:
    """Two large channels of opposite sign are nothing to the layer behind, one by one much."""
    part = np.array([[3.0, 0.0], [-3.0, 0.1], [1.0, 1.0], [0.0, 2.9]])
    products = part @ part.T
    assert sorted(removal_order(products)[0][1:3]) == [0, 1]
    best = min(combinations(range(4), 2), key=lambda gone: removal_error(products, gone))
    assert best == (0, 1)


@pytest.mark.parametrize("network", [MLP, RESNET], ids=["mlp", "resnet"])
def test_error_is_at_most_that_of_magnitude(network: Mlp | ResNet) -> None:
    """Of one channel always, else in nine cases of ten and in the mean at every share.

    The greedy order takes no channel back, so magnitude may happen on a better set.
    """
    names, dims = network.weights(), output_dims(network)
    found, gains = channel_map(network, names), []
    for seed in range(6 if network is MLP else 2):
        values = drawn(network, seed)
        grams = gram_matrices(network, values, seed)
        sizes = np.zeros(found.count)
        for name, numbers in found.makers.items():
            norms = np.linalg.norm(values[name].reshape(len(numbers), -1), axis=1)
            np.add.at(sizes, numbers[numbers >= 0], norms[numbers >= 0])
        for group in found.groups:
            products = group_products(values, dims, found, grams, group)
            order, errors = removal_order(products)
            small = np.argsort(sizes[list(group)], kind="stable")
            by_size = [removal_error(products, small[: n + 1]) for n in range(len(group))]
            assert errors[-1] == pytest.approx(by_size[-1], rel=1e-9)
            gain = np.array(by_size) - errors
            assert gain[0] >= -1e-9, (seed, group)
            gains.append(gain[:-1])
    every = np.concatenate(gains)
    assert (every >= -1e-9).mean() >= 0.9
    shares = [np.interp([0.25, 0.5, 0.75], np.linspace(0, 1, len(gain)), gain) for gain in gains]
    assert (np.mean(shares, axis=0) > 0.01).all()


def test_masks_follow_the_order() -> None:
    values = drawn(RESNET, 3)
    names, found = RESNET.weights(), channel_map(RESNET, RESNET.weights())
    grams = gram_matrices(RESNET, values, 3)
    evidence = thinet_evidence(RESNET, values, names, grams)
    masks = select_masks(RESNET, values, names, COUPLED, evidence, criterion="mean_activation",
                         sparsity=0.5)  # fmt: skip
    for group in found.groups:
        products = group_products(values, output_dims(RESNET), found, grams, group)
        gone = {group[i] for i in removal_order(products)[0][: len(group) // 2]}
        for name, numbers in found.makers.items():
            kept = masks[f"mask:{name}"].reshape(len(numbers), -1).any(axis=1)
            here = np.isin(numbers, group)
            np.testing.assert_array_equal(~kept[here], np.isin(numbers[here], list(gone)))


def test_a_recipe(blobs: Dataset, tmp_path: Path) -> None:
    stages = [{"epochs": 2, "learning_rate": 1e-2},
              {"kind": "prune", "name": "p", "granularity": COUPLED, "criterion": "thinet",
               "target": {"macs": 0.6, "allocation": "global"}, "evidence_rows": 64},
              {"kind": "compact"}]  # fmt: skip
    tree = {"batch": 16, "model": {"widths": [8, 12, 6, 4]}, "stages": stages, "seed": 3}
    trainer = Trainer(from_dict(tree), blobs, tmp_path)
    trainer.run()
    note = trainer.state.meta["notes"]["p target"]
    assert note["realised"] <= note["requested"]
    assert trainer.network.shapes()["fc2.weight"] < (6, 12)


@pytest.mark.parametrize("granularity", ["unstructured", "channel:0"])
def test_it_is_about_coupled_channels_only(granularity: str) -> None:
    stages = [{"epochs": 1}, {"kind": "prune", "sparsity": 0.5, "criterion": "thinet",
                              "granularity": granularity}]  # fmt: skip
    with pytest.raises(RecipeError, match="expected granularity coupled_channels, got"):
        from_dict({"stages": stages})


def test_channels_that_no_layer_reads_are_named() -> None:
    values = drawn(MLP, 0)
    grams = gram_matrices(MLP, values, 0)
    del grams["fc2.weight"]
    with pytest.raises(InputError, match="reads the channels of fc1.weight, found none"):
        thinet_evidence(MLP, values, MLP.weights(), grams)


def test_choice_and_least_squares() -> None:
    """The channels that stay are those of the order, and a refit lowers the error (He 2017)."""
    values, inputs = drawn(MLP, 4), np.random.default_rng(5).standard_normal((100, 8))
    rows = Split((inputs.astype(np.float32),), np.zeros(100, np.int32))
    plain, fitted = (
        ChannelSubject(MLP, values, rows, repair, criterion="thinet") for repair in ("none", "weights")
    )
    grams = {n: g for (n, _), g in collect(bound(MLP, 100, values), [rows.inputs], GRAM).items()}
    found = channel_map(MLP, MLP.weights())
    order = removal_order(group_products(values, output_dims(MLP), found, grams, range(12)))[0]
    for gone in (6, 8, 10):
        expected = sorted(set(range(12)) - set(order[:gone]))
        assert plain.pruned((12 - gone, 6)).left["fc2.weight"][1] == expected
        errors = []
        for subject in (plain, fitted):
            weight = values["fc2.weight"].copy()
            weight[:, expected] -= subject.pruned((12 - gone, 6)).values["fc2.weight"][:, expected]
            errors.append(np.sum(grams["fc2.weight"] * (weight.T @ weight)))
        assert errors[1] < errors[0]
    with pytest.raises(InputError, match="a criterion is one of magnitude, thinet, got 'taylor'"):
        ChannelSubject(MLP, values, rows, criterion="taylor")
