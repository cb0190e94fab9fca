# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""First and last layers that structured pruning leaves dense by default, and scans of groups."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from mlir_prune import commands
from mlir_prune.channel_map import channel_map
from mlir_prune.cli import main, make_parser
from mlir_prune.ends import end_layers, left_dense, left_out, ungrouped
from mlir_prune.models import Mlp, ResNet
from mlir_prune.native import parse
from mlir_prune.networks import COUPLED
from mlir_prune.recipe.schema import Prune
from mlir_prune.search.subject import subject_of

NETWORK = ResNet(1, "A", (4, 8, 12), (3, 8, 8), 4)
ENDS = ["conv1.weight", "linear.weight"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A residual network of eight layers and images of four kinds."""
    found = tmp_path_factory.mktemp("ends")
    random = np.random.default_rng(2)
    module = parse(NETWORK.text(1))
    module.bind(NETWORK.init(random))
    (found / "net.mlirbc").write_bytes(module.to_bytecode())
    labels = random.integers(0, 4, 120).astype(np.int32)
    kinds = random.standard_normal((4, 3, 8, 8))
    images = (kinds[labels] + random.standard_normal((120, 3, 8, 8))).astype(np.float32)
    np.savez(found / "images.npz", x_train=images[:100], y_train=labels[:100],
             x_test=images[100:], y_test=labels[100:])  # fmt: skip
    return found


def test_what_is_an_end() -> None:
    assert end_layers(NETWORK) == ENDS
    assert left_out(NETWORK, "n_of_m:2:4:1") == left_out(NETWORK, "channel:0") == ENDS
    assert left_out(NETWORK, "channel:0", every=True) == []
    for granularity in ("unstructured", COUPLED):
        assert left_out(NETWORK, granularity) == []
    assert left_out(Mlp((8, 6, 5, 4)), "channel:0") == []
    assert left_out(Mlp((8, 6, 5, 7, 4)), "channel:0") == ["fc1.weight", "fc4.weight"]


@pytest.mark.parametrize("aim", [["--target", "sparsity=0.5"], ["--max-drop", "1"]])
@pytest.mark.parametrize(
    ("granularity", "more", "ignored"),
    [
        ("channel:0", [], ENDS),
        ("vector:0", ["--all-layers"], []),
        ("block:2x1x1x1", ["--all-layers"], ["linear.weight"]),
        ("unstructured", [], []),
        (COUPLED, [], []),
    ],
)
def test_compress_leaves_them_out(
    folder: Path, capsys: pytest.CaptureFixture[str], aim: list[str], granularity: str,
    more: list[str], ignored: list[str],
) -> None:  # fmt: skip
    line = ["compress", str(folder / "net.mlirbc"), "--dataset", str(folder / "images.npz"), *aim,
            "--granularity", granularity, *more]  # fmt: skip
    recipe = commands._compress_recipe(make_parser().parse_args(line))
    (stage,) = (each for each in recipe.stages if isinstance(each, Prune))
    assert list(stage.ignore) == ignored
    said = capsys.readouterr().out
    assert ("first and last layers conv1.weight, linear.weight" in said) == (ignored == ENDS)
    assert ("linear.weight without groups of block" in said) == (ignored == ["linear.weight"])
    assert main([*line, "--all-layers", "--target", "sparsity=2"]) == 1


def test_all_layers_is_part_of_an_aim(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compress", "lenet300-han", "--all-layers"]) == 1
    assert "--all-layers is part of an aim" in capsys.readouterr().err


def scan(folder: Path, out: Path, *more: str) -> list[dict[str, str]]:
    line = ["sensitivity", str(folder / "net.mlirbc"), "--dataset", str(folder / "images.npz"),
            "--out", str(out), *more]  # fmt: skip
    assert main(line) == 0
    with (out / "sensitivity.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_scan_leaves_them_out(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ["--granularity", "channel:0", "--sparsity", "0.5"]
    inner = [name for name in NETWORK.weights() if name not in ENDS]
    assert [row["layer"] for row in scan(folder, tmp_path / "a", *few)] == inner
    assert "first and last layers conv1.weight, linear.weight" in capsys.readouterr().out
    rows = scan(folder, tmp_path / "b", *few, "--all-layers")
    assert [row["layer"] for row in rows] == NETWORK.weights()
    rows = scan(folder, tmp_path / "c", *few, "--target", "conv1.weight")
    assert [row["layer"] for row in rows] == ["conv1.weight"]
    assert "left dense" not in capsys.readouterr().out


def test_a_scan_of_groups(folder: Path, tmp_path: Path) -> None:
    """Each group alone loses channels, with scale and shift, in all weights that make them."""
    rows = scan(folder, tmp_path, "--granularity", COUPLED, "--sparsity", "0.5", "--sparsity", "0.9")
    loaded = subject_of(str(folder / "net.mlirbc"), str(folder / "images.npz"), None, None).load()
    found = channel_map(loaded.network, loaded.network.weights())
    assert len(rows) == 2 * len(found.groups) == 12
    for row, group in zip(rows, [g for g in found.groups for _ in range(2)], strict=True):
        sizes: dict[int, list[float]] = {number: [] for number in group}
        makers = {n: m for n, m in found.makers.items() if np.isin(m, group).any()}
        for name, numbers in makers.items():
            for number, channel in zip(numbers, loaded.values[name], strict=True):
                if number in sizes:
                    sizes[number].append(float(np.abs(channel).sum(dtype=np.float64)))
        order = sorted(group, key=lambda number: np.mean(sizes[number]))
        gone = order[: min(int(float(row["sparsity"]) * len(group) + 0.5), len(group) - 1)]
        values = {name: array.copy() for name, array in loaded.values.items()}
        for name, numbers in makers.items():
            norm = name.replace("conv", "bn")
            for each in (name, norm, norm.replace("weight", "bias")):
                values[each][np.isin(numbers, gone)] = 0
        assert float(row["accuracy"]) == pytest.approx(loaded.score(values)["accuracy"])
        assert float(row["loss"]) == pytest.approx(loaded.score(values)["loss"], rel=1e-5)
        assert row["layer"] == next(iter(makers))
        assert int(row["weights_left"]) == np.count_nonzero(values[row["layer"]])


def test_layers_without_groups_stay_dense() -> None:
    network = ResNet(1, "A", (4, 6, 8), (3, 8, 8), 5)
    linear = [name for name in network.weights() if len(network.shapes()[name]) == 2]
    dense, remarks = left_dense(network, "filter_plane", every=True)
    assert dense == linear and "without groups of filter_plane" in remarks[0]
    dense, remarks = left_dense(network, "filter_plane")
    assert set(dense) == {*linear, *left_out(network, "filter_plane")} and len(remarks) == 2
    assert len(dense) == len(set(dense))
    assert left_dense(network, "unstructured") == left_dense(network, "coupled_channels") == ([], [])
    # Where no weight has such groups that is an error of the granularity.
    assert ungrouped(Mlp((8, 6, 4)), "filter_plane") == []
