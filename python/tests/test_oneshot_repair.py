# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Repairs after pruning in one shot, and pruning with rows that nobody labelled or without any."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import drawn
from conftest import make_blobs
from layers import Numpy, forward, random_values
from mlir_prune.cli import main
from mlir_prune.errors import DataError, InputError
from mlir_prune.imported import ImportedNetwork
from mlir_prune.models import LeNet5, Mlp, Network
from mlir_prune.models.resnet import ResNet
from mlir_prune.npz import read_inputs
from mlir_prune.oneshot import METHODS, prune
from mlir_prune.oneshot.datafree import Channels, Expectations, grams, rectified
from mlir_prune.oneshot.graph import Graph
from mlir_prune.oneshot.inputs import LayerInputs
from mlir_prune.oneshot.layerwise import output_dims
from mlir_prune.oneshot.loss import softmax
from mlir_prune.oneshot.refining import Settings, cross_entropy
from mlir_prune.oneshot.repair import Repairer, read_repairs
from mlir_prune.rows import Split

native = pytest.importorskip("mlir_prune._native", reason="the native module is not built")

RESNET = ResNet(1, "B", (4, 6, 8), (3, 8, 8), 5)


@dataclass(frozen=True)
class Normed(Network):
    """Two convolutions with normalizations."""

    input_shape: tuple[int, ...] = (3, 6, 6)
    classes: int = 5
    activation = "relu"

    def build(self, builder: Any, x: Any) -> Any:
        for layer in (1, 2):
            x = builder.conv(x, f"conv{layer}", 5 + layer, 3, pad=1, bias=False)
            x = builder.activate(builder.batch_norm(x, f"bn{layer}"))
        return builder.linear(builder.global_average(x), "linear", self.classes)


NETWORKS = {
    "mlp": Mlp((8, 16, 12, 4), "relu"),
    "lenet": LeNet5((4, 6, 10), input_shape=(1, 16, 16), classes=4),
    "normed": Normed(),
}


class Recorder(Numpy):
    """Keeps the results of layers and of normalizations by name."""

    def __init__(self, values: Any) -> None:
        super().__init__(values)
        self.seen: dict[str, np.ndarray] = {}

    def linear(self, x, name, outputs, bias=True):
        self.seen[name] = super().linear(x, name, outputs, bias)
        return self.seen[name]

    def conv(self, x, name, *args, **options):
        self.seen[name] = super().conv(x, name, *args, **options)
        return self.seen[name]

    def batch_norm(self, x, name):
        self.seen[name] = super().batch_norm(x, name)
        return self.seen[name]


def results(network: Any, values: Any, rows: Split) -> dict[str, np.ndarray]:
    """What layers and normalizations give, as [positions, channels]."""
    recorder = Recorder(values)
    network.build(recorder, rows.inputs[0].astype(np.float64))
    return {
        name: np.moveaxis(array, 1, -1).reshape(-1, array.shape[1])
        for name, array in recorder.seen.items()
    }


def network_of(network: Any, seed: int, rows: int = 48) -> tuple[ImportedNetwork, Split]:
    """A drawn network whose normalizations know the statistics of the rows that come with it."""
    module = native.Module.parse(network.text(1))
    module.bind(random_values(network, seed))
    rng = drawn.rng(seed + 100)
    inputs = rng.standard_normal((rows, *network.input_shape)).astype(np.float32) + 0.3
    split = Split.without_labels((inputs.astype(np.float32),))
    imported = ImportedNetwork(module)
    if "prune.batch_norm" in network.text(1):
        module.bind(Repairer(imported, split).measured(imported.values))
        imported = ImportedNetwork(module)
    return imported, split


def pruned(network: ImportedNetwork, share: float, seed: int = 0) -> dict[str, np.ndarray]:
    """The values with the smallest weights of each layer at zero."""
    values = {name: array.copy() for name, array in network.values.items()}
    for name in network.weights():
        limit = np.quantile(np.abs(values[name]), share)
        values[name][np.abs(values[name]) < limit] = 0
    return values


CASES = [
    (name, seed, repairs)
    for name, seeds in (("mlp", 3), ("lenet", 1), ("normed", 2))
    for seed in range(seeds)
    for repairs in ("bias", "bias,variance", "batch_norm,bias", "batch_norm,bias,variance")
]


@pytest.mark.parametrize(("name", "seed", "repairs"), CASES)
def test_statistics_of_channels(name: str, seed: int, repairs: str) -> None:
    """On the rows of the repair, by a forward pass in numpy: means to 1e-3 of the deviation, and
    variances to 1 % where they are repaired."""
    network, rows = network_of(NETWORKS[name], seed)
    values = pruned(network, 0.6)
    found = Repairer(network, rows).repair(values, read_repairs(repairs))
    before = results(NETWORKS[name], network.values, rows)
    after = results(NETWORKS[name], {**values, **found.values}, rows)
    worse = results(NETWORKS[name], values, rows)
    norms = {each.removesuffix(".weight") for each, role in network.roles().items() if role == "scale"}
    measured = "batch_norm" in repairs
    biased = {
        entry["weight"].removesuffix(".weight")
        for entry in network.compiled_layers()
        if entry["bias"]
    }
    for place in norms | biased:
        deviation = before[place].std(axis=0) + 1e-6
        np.testing.assert_allclose(
            after[place].mean(axis=0), before[place].mean(axis=0), atol=2e-3 * deviation.max()
        )
        assert np.abs(worse[place].mean(0) - before[place].mean(0)).max() > 0.02 * deviation.max()
        if "variance" in repairs or (measured and place in norms):
            left = worse[place].std(axis=0) > 1e-3 * deviation  # else nothing is there to scale
            np.testing.assert_allclose(
                after[place].std(axis=0)[left], deviation[left], rtol=0.01, atol=1e-4
            )
    for weight in network.weights():
        assert not {**values, **found.values}[weight][values[weight] == 0].any()


def test_nothing_pruned() -> None:
    """A network of which all was kept stays as it is."""
    network, rows = network_of(NETWORKS["normed"], 0)
    values = {name: array.copy() for name, array in network.values.items()}
    found = Repairer(network, rows).repair(values, read_repairs("batch_norm,bias,variance"))
    assert not found.values and not found.remarks


@pytest.mark.parametrize("name", NETWORKS)
def test_layer_inputs(name: str) -> None:
    """The inputs of a layer times its weight are its results, for batches that are not full."""
    network, rows = network_of(NETWORKS[name], 1, rows=10)
    inputs = LayerInputs(network, batch=4)
    expected = results(NETWORKS[name], network.values, rows)
    for entry in network.compiled_layers():
        weight = entry["weight"]
        parts = [x.copy() for x in inputs.of(weight, network.values, rows)]
        matrix = network.values[weight].reshape(len(network.values[weight]), -1)
        found = np.concatenate(parts) @ matrix.T
        if entry["bias"]:
            found += network.values[entry["bias"]]
        np.testing.assert_allclose(
            found, expected[weight.removesuffix(".weight")], rtol=1e-3, atol=1e-3
        )


def test_norms_behind_layers() -> None:
    network, _ = network_of(RESNET, 0)
    graph = Graph(network)
    for weight in network.weights():
        norm = graph.norm_of(weight)
        if weight == "linear.weight":
            assert norm is None
            continue
        name = weight.replace("conv", "bn").replace("shortcut.0", "shortcut.1")
        assert norm is not None and norm.epsilon == pytest.approx(1e-5)
        assert [norm.scale, norm.shift] == [name, name.replace("weight", "bias")]
        assert norm.mean == name.replace("weight", "running_mean")
        assert norm.variance == name.replace("weight", "running_var")


@pytest.mark.parametrize(
    ("name", "method"), [("mlp", "refit"), ("mlp", "obc"), ("mlp", "sparsegpt"), ("normed", "refit"), ("normed", "obc")]
)
def test_order_of_layers(name: str, method: str) -> None:
    """Layers that see what came of those before them, and repairs with it, lower the error of the
    network's results on rows that no solver saw."""
    errors = np.zeros(2)
    for seed in range(3):
        network, rows = network_of(NETWORKS[name], seed, rows=400)
        others = Split.without_labels((rows.inputs[0][200:],))
        rows = Split.without_labels((rows.inputs[0][:200],))
        expected = forward(NETWORKS[name], network.values, others.inputs[0])
        for place, options in enumerate(({"repairs": "none"}, {"sequential": True})):
            found = prune(network.module, rows, method, 0.5, rows=200, scope="layer", **options)
            values = {each: np.array(array) for each, array in found.module.parameters().items()}
            got = forward(NETWORKS[name], values, others.inputs[0])
            errors[place] += ((got - expected) ** 2).sum() / (expected**2).sum()
    assert errors[1] < errors[0]


@pytest.mark.parametrize("seed", range(4))
def test_rectified_normal(seed: int) -> None:
    """Closed forms against a million samples of each channel."""
    rng = drawn.rng(seed)
    mean, deviation = 2 * rng.standard_normal(6), rng.uniform(0.1, 2, 6)
    deviation[-1] = 0.0
    found = rectified(Channels(mean, deviation**2))
    assert found is not None and found.variance is not None
    samples = np.maximum(mean + deviation * rng.standard_normal((1_000_000, 6)), 0)
    np.testing.assert_allclose(found.mean, samples.mean(axis=0), atol=5 * 2 / 1000)
    np.testing.assert_allclose(found.variance, samples.var(axis=0), atol=0.03)


def test_expected_inputs() -> None:
    """What the layers of a residual network read, from its normalizations alone."""
    network, _ = network_of(RESNET, 2)
    found, values = Expectations(network, network.values), network.values

    def normalized(name: str) -> Channels:
        shift, scale = (values[f"{name}.{part}"].astype(float) for part in ("bias", "weight"))
        return Channels(shift, scale**2)

    first = rectified(normalized("bn1"))
    inner = rectified(normalized("layer1.0.bn1"))
    assert first and inner
    block = rectified(normalized("layer1.0.bn2").plus(first))
    assert block
    for weight, expected in (
        ("conv1.weight", Channels(np.zeros(3), np.ones(3))),
        ("layer1.0.conv1.weight", first),
        ("layer1.0.conv2.weight", inner),
        ("layer2.0.conv1.weight", block),
        ("layer2.0.shortcut.0.weight", block),
    ):
        x = found.inputs(weight)
        assert x is not None and x.variance is not None
        times = values[weight][0].size // len(expected.mean)
        np.testing.assert_allclose(x.mean, np.repeat(expected.mean, times), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(x.variance, np.repeat(expected.variance, times), rtol=1e-5)
        assert found.reads_input(weight) == (weight == "conv1.weight")
    last = found.inputs("linear.weight")
    assert last is not None and last.variance is None and (last.mean >= 0).all()
    both, remarks = grams(network, network.weights(), output_dims(network))
    assert len(both) == len(network.weights())
    assert [each.split(":")[0] for each in remarks] == ["conv1.weight", "linear.weight"]


def test_expected_means_are_near() -> None:
    """Against rows: the mean of what each layer reads, in units of its deviation."""
    network, rows = network_of(NETWORKS["normed"], 4, rows=64)
    expected, inputs = Expectations(network, network.values), LayerInputs(network)
    for weight in network.weights():
        x = np.concatenate([each.copy() for each in inputs.of(weight, network.values, rows)])
        found = expected.inputs(weight)
        assert found is not None
        # At the border zeros are padded: the middle of a window is always inside.
        shape = network.values[weight].shape
        middle = np.zeros(shape[1:], bool)
        middle[(slice(None), *(extent // 2 for extent in shape[2:]))] = True
        here = middle.ravel()
        if weight != "conv1.weight":
            gap = np.abs(found.mean - x.mean(axis=0))[here] / (x.std(axis=0)[here] + 0.1)
            assert gap.max() < 0.5 and gap.mean() < 0.2


@pytest.mark.parametrize("seed", range(3))
def test_data_free(seed: int) -> None:
    """Without a row the results come nearer to those of the dense network."""
    network, rows = network_of(RESNET, seed, rows=200)
    expected = forward(RESNET, network.values, rows.inputs[0])
    errors = []
    for repairs in ("none", "data-free"):
        found = prune(network.module, None, "magnitude", 0.4, scope="layer", repairs=repairs)
        values = {each: np.array(array) for each, array in found.module.parameters().items()}
        errors.append(float(((forward(RESNET, values, rows.inputs[0]) - expected) ** 2).sum()))
    assert errors[1] < errors[0]


def test_refinement() -> None:
    """The probabilities come nearer to those of the dense network, on other rows too."""
    network, rows = network_of(NETWORKS["normed"], 3, rows=600)
    some, others = (rows.take(np.arange(*part)) for part in ((0, 400), (400, 600)))
    expected = softmax(forward(NETWORKS["normed"], network.values, others.inputs[0]))
    losses, masks = [], []
    steps = Settings(steps=3, slope_rows=400, curvature_rows=200, products=5)
    for refine in (None, steps, steps):
        found = prune(network.module, some, "magnitude", 0.5, refine=refine, batch=100)
        values = {each: np.array(array) for each, array in found.module.parameters().items()}
        losses.append(cross_entropy(forward(NETWORKS["normed"], values, others.inputs[0]), expected))
        masks.append(found.masks)
    assert losses[1] < losses[0] and losses[1] == losses[2]
    for name, mask in masks[0].items():
        np.testing.assert_array_equal(masks[1][name], mask)
        assert not values[name][~mask].any()
    with pytest.raises(InputError, match=r"refine: .* got none"):
        prune(network.module, None, "magnitude", 0.5, refine=steps)


@pytest.mark.parametrize("method", [name for name in METHODS if not METHODS[name].labels])
def test_without_labels(method: str) -> None:
    """The same as with labels, and something without any row."""
    network, rows = network_of(NETWORKS["mlp"], 0, rows=60)
    labelled = Split(rows.inputs, np.zeros(60, np.int32))
    found, other = (prune(network.module, each, method, 0.5, rows=60) for each in (rows, labelled))
    free = prune(network.module, None, method, 0.5)
    for name in network.values:
        first, second = (np.asarray(each.module.parameters()[name]) for each in (found, other))
        assert first.tobytes() == second.tobytes()
    assert free.sparsity == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "fisher"}, "fisher needs labels, got rows without them; without labels: magn"),
        ({"method": "chita", "data": None}, "chita needs labels, got no rows"),
        ({"repairs": "bias,mean"}, "repair: expected auto, data-free, none, or some of batch_norm"),
        ({"repairs": "none,bias"}, "repair: expected auto, data-free, none, or some of"),
        ({"repairs": "bias", "data": None}, "repair: bias needs rows, expected data-free or none"),
        ({"sequential": True}, "sequential: method magnitude does not prune layer by layer"),
        ({"sequential": True, "method": "obc", "data": None}, "compared on rows, got none"),
    ],
)  # fmt: skip
def test_errors(changes: dict[str, Any], message: str) -> None:
    network, rows = network_of(NETWORKS["mlp"], 0)
    given = {"data": rows, "method": "magnitude", "sparsity": 0.5, **changes}
    with pytest.raises(InputError, match=message):
        prune(network.module, given.pop("data"), **given)


def test_files_of_inputs(tmp_path: Path) -> None:
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "x.npz", **{"x/a": x, "x/b": 2 * x, "other": x})
    np.savez(tmp_path / "wrong.npz", y=x)
    np.savez(tmp_path / "uneven.npz", **{"x/a": x, "x/b": x[:2]})
    (tmp_path / "broken.npy").write_bytes(b"nothing")
    alone, both = read_inputs(tmp_path / "x.npy"), read_inputs(tmp_path / "x.npz")
    np.testing.assert_array_equal(alone.inputs[0], x)
    assert both.names == ("a", "b") and len(both) == 3 and not both.labelled
    for name, message in (("wrong.npz", "expected x, or x/NAME"), ("uneven.npz", "2 and 3 rows")):
        with pytest.raises(DataError, match=message):
            read_inputs(tmp_path / name)
    with pytest.raises(InputError, match=r"not a readable \.npy"):
        read_inputs(tmp_path / "broken.npy")


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network, _ = network_of(NETWORKS["mlp"], 0)
    model, out = tmp_path / "net.mlirbc", tmp_path / "pruned.mlirbc"
    model.write_bytes(network.module.to_bytecode())
    blobs = make_blobs()
    np.save(tmp_path / "x.npy", blobs.train.inputs[0])
    words = ["oneshot", str(model), "-o", str(out), "--sparsity", "0.5"]
    assert main([*words, "--method", "magnitude", "--repair", "data-free"]) == 0
    printed = capsys.readouterr().out
    assert "50.00% zeros\n" in printed and "right" not in printed
    assert "remark: fc1.weight: its inputs are taken as standard normal" in printed
    assert "remark: fc2.weight: left, nothing is known of its inputs without data" in printed
    given = ["--inputs", str(tmp_path / "x.npy"), "--rows", "100"]
    assert main([*words, *given, "--method", "obc", "--sequential", "--repair", "bias"]) == 0
    assert "50.00% zeros" in capsys.readouterr().out
    values = native.Module.from_file(str(out)).parameters()
    assert sum(int((np.asarray(values[name]) == 0).sum()) for name in network.weights()) == 184
    for wrong, message in (
        (["--method", "fisher", *given], "method fisher needs labels, got rows without them"),
        (["--method", "chita"], "method chita needs labels, got no rows"),
        (["--inputs", str(tmp_path / "x.txt")], "expected an .npy or .npz file of inputs"),
    ):
        assert main([*words, *wrong]) == 1
        assert message in capsys.readouterr().err
