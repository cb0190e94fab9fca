# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pruning without training to a budget, by any criterion, in any granularity."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune.cli import main
from mlir_prune.errors import InputError
from mlir_prune.forms import at_batch, run_forward
from mlir_prune.imported import ImportedNetwork
from mlir_prune.models import Mlp
from mlir_prune.native import parse, read_module
from mlir_prune.oneshot import prune
from mlir_prune.oneshot.budget import MOST, meet
from mlir_prune.rows import Split
from mlir_prune.training.masks import select_masks


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0, 6.0])
@pytest.mark.parametrize("part", [0.03, 0.3, 0.5, 0.9])
def test_a_counted_budget_is_a_bound_that_is_nearly_used(power: float, part: float) -> None:
    met = meet(lambda s: s, lambda s: 100 * (1 - s) ** power, 100 * part, 100.0, 0.5, 14)
    assert 0.98 * met.requested <= met.realised <= met.requested == 100 * part
    assert met.realised == 100 * (1 - met.share) ** power


def test_whole_channels_stay_below_the_budget() -> None:
    def cost(share: float) -> float:
        return 10.0 * math.ceil(7 * (1 - share)) / 7

    met = meet(lambda s: s, cost, 5.0, 10.0, 0.5, 14)
    assert met.realised == 10.0 * 3 / 7  # four of seven would be beyond


def test_times_may_come_out_just_above() -> None:
    met = meet(lambda s: s, lambda s: 1.01 * (1 - s), 0.5, 1.0, 0.5, 4, is_timed=True)
    assert met.share == 0.5 and met.realised == 0.505


def test_what_cannot_be_reached_is_an_error_with_the_least() -> None:
    tried: list[float] = []
    with pytest.raises(InputError, match="of 5 cannot be reached.*least is 20"):
        meet(lambda s: tried.append(s), lambda _: 100 - 80 * tried[-1] / MOST, 5.0, 100.0, 0.95, 4)
    assert len(tried) == 4 and tried[-1] == MOST


def test_a_budget_that_the_dense_network_meets_is_an_error() -> None:
    with pytest.raises(InputError, match="at 100 already"):
        meet(lambda s: s, lambda s: 100 * (1 - s), 100.0, 100.0, 0.5, 4)


NET = Mlp((8, 32, 24, 4), "relu")
WEIGHTS = sum(math.prod(shape) for name, shape in NET.shapes().items() if name.endswith("weight"))


@pytest.fixture(scope="module")
def network() -> Any:
    module = parse(NET.text(1))
    module.bind(NET.init(np.random.default_rng(0)))
    return module


def rows(labelled: bool = True) -> Split:
    rng = np.random.default_rng(1)
    inputs = rng.standard_normal((200, 8)).astype(np.float32)
    labels = rng.integers(0, 4, 200).astype(np.int32)
    return Split(inputs, labels) if labelled else Split.without_labels((inputs,))


def zeros(module: Any) -> int:
    values = ImportedNetwork(module).values
    return sum(int((values[name] == 0).sum()) for name in NET.weights())


@pytest.mark.parametrize(
    ("method", "data"),
    [("magnitude", None), ("wanda", rows(False)), ("refit", rows(False)), ("taylor", rows())],
)
@pytest.mark.parametrize("target", ["sparsity=0.7", "parameters=300", "macs=0.25", "bytes=0.5"])
def test_single_weights_to_a_budget(
    network: Any, method: str, data: Split | None, target: str
) -> None:
    found = prune(network, data, method, target=target)
    assert found.met is not None
    # Wanda takes as many of each row: a weight more is 32 of the first layer.
    near = 0.85 if method == "wanda" else 0.95
    assert near * found.met.requested <= found.met.realised <= found.met.requested
    left = WEIGHTS - zeros(found.module)
    wanted = {"sparsity=0.7": 0.3 * WEIGHTS, "parameters=300": 300, "macs=0.25": WEIGHTS / 4}
    if target in wanted:
        assert near * wanted[target] <= left <= wanted[target] + 1e-9
    else:
        sizes = [(a.size, int((a != 0).sum())) for n, a in found.module.parameters().items()
                 if n.endswith("weight")]  # fmt: skip
        count = sum(min(4 * size, 4 * kept + math.ceil(size / 8)) for size, kept in sizes)
        assert count == found.met.realised


@pytest.mark.parametrize("granularity", ["vector:1", "block:2x4", "channel:0", "n_of_m:2:4:1"])
def test_groups_by_a_criterion(network: Any, granularity: str) -> None:
    """Groups leave whole, and what ranks them is what recipes rank them by."""
    share = None if granularity.startswith("n_of_m") else 0.5
    found = prune(network, rows(False), "random", share, granularity, scope="layer", repairs="none")
    expected = select_masks(
        NET, ImportedNetwork(network).values, NET.weights(), granularity, criterion="random", seed=0,
        **({"allow_empty": True} if share is None else {"sparsity": 0.5}),
    )  # fmt: skip
    for name, mask in found.masks.items():
        np.testing.assert_array_equal(mask, expected[f"mask:{name}"])
        assert not np.asarray(found.module.parameters()[name])[~mask].any()


@pytest.mark.parametrize(
    ("criterion", "labelled"),
    [("magnitude", False), ("geometric_median", False), ("apoz", False), ("thinet", False),
     ("taylor", True), ("obd", True)],
)  # fmt: skip
@pytest.mark.parametrize("refit", [False, True])
def test_channels_to_a_budget(
    network: Any, criterion: str, labelled: bool, refit: bool
) -> None:
    data = rows(labelled)
    found = prune(
        network, data, criterion, granularity="coupled_channels", target="macs=0.5", refit=refit,
    )  # fmt: skip
    assert found.met is not None and found.small is not None
    assert found.small.macs == found.met.realised <= 0.5 * WEIGHTS == found.met.requested
    assert found.small.error <= 1e-5 and found.small.dense_macs == WEIGHTS
    small = ImportedNetwork(found.small.module)
    assert sum(small.macs().values()) == found.small.macs
    x = data.arrays
    masked = run_forward(at_batch(found.module, len(data)).compile(), x)
    left = run_forward(at_batch(found.small.module, len(data)).compile(), x)
    np.testing.assert_allclose(left, masked, atol=1e-5 * np.abs(masked).max())
    plain = prune(
        network, data, criterion, granularity="coupled_channels", target="macs=0.5", repairs="none",
    )  # fmt: skip
    if refit:
        dense = run_forward(at_batch(network, len(data)).compile(), x)
        other = run_forward(at_batch(plain.module, len(data)).compile(), x)
        assert np.square(masked - dense).sum() < np.square(other - dense).sum()


def test_milliseconds_without_training() -> None:
    wide = Mlp((256, 400, 300, 10))
    module = parse(wide.text(1))
    module.bind(wide.init(np.random.default_rng(1)))
    found = prune(module, None, "magnitude", target="ms=0.7", timed_batch=8)
    assert found.met is not None and found.met.found == "ms"
    assert 0 < found.met.realised <= 1.02 * found.met.requested < found.met.dense


@pytest.mark.parametrize("scope", ["global", "layer"])
def test_channels_by_share(network: Any, scope: str) -> None:
    found = prune(network, None, None, 0.5, "coupled_channels", scope=scope)
    assert found.method == "magnitude" and found.small is not None and found.small.error <= 1e-5
    kept = [int(found.masks[name].any(axis=1).sum()) for name in ("fc1.weight", "fc2.weight")]
    assert sum(kept) == 28 and (scope == "global" or kept == [16, 12])


def test_the_same_seed_gives_the_same_bits(network: Any) -> None:
    first, second = (
        prune(network, rows(), "taylor", granularity="coupled_channels", target="macs=0.5", seed=3)
        for _ in range(2)
    )
    for name, value in first.module.parameters().items():
        np.testing.assert_array_equal(value, second.module.parameters()[name])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "chita", "granularity": "coupled_channels"}, "moves single weights; for gran"),
        ({"method": "magnitud"}, "did you mean 'magnitude'"),
        ({"method": "apoz", "sparsity": 0.5}, "judges whole channels; expected a granularity such"),
        ({"method": "thinet", "granularity": "channel:0", "sparsity": 0.5}, "expected granularity coupl"),
        ({"method": "taylor", "sparsity": 0.5}, "criterion taylor needs labels, got rows without"),
        ({"method": "apoz", "granularity": "channel:0", "sparsity": 0.5, "data": None}, "got none"),
        ({"method": "random", "sparsity": 0.5, "sequential": True}, "sequential: does not go with"),
        ({"method": "random", "sparsity": 0.5, "target": "macs=0.5"}, "does not go with sparsity"),
        ({"granularity": "n_of_m:2:4:1", "target": "macs=0.5"}, "not go with granularity n_of_m"),
        ({"method": "magnitude", "target": "macs=1e9"}, "dense network is at 1,120 already"),
        ({"method": "magnitude", "target": "mac=0.5"}, "did you mean 'macs'"),
        ({"method": "magnitude", "sparsity": 0.5, "refit": True}, "expected granularity coupled"),
        ({"granularity": "vector:3", "sparsity": 0.5}, "has no groups of vector:3"),
        ({"granularity": "vector:1"}, "sparsity: expected a number"),
        ({"method": "batch_norm_scale", "granularity": "channel:0", "sparsity": 0.5}, "prunes nothing"),
        ({"granularity": "channel:0", "sparsity": 0.001}, "prunes nothing here: the share is less"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_one_error(
    network: Any, options: dict[str, Any], message: str
) -> None:
    given = {"data": rows(False), **options}
    with pytest.raises(InputError, match=message):
        prune(network, **given)


def test_the_command_writes_the_network_without_channels(
    network: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out, inputs = tmp_path / "net.mlir", tmp_path / "small.mlirbc", tmp_path / "x.npy"
    source.write_text(str(network))
    np.save(inputs, rows().inputs[0])
    command = ["oneshot", str(source), "-o", str(out), "--inputs", str(inputs), "--json"]
    more = ["--method", "wanda", "--granularity", "coupled_channels", "--target", "macs=0.5"]
    assert main([*command, *more, "--refit"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["method"] == "wanda" and told["target"]["resource"] == "macs"
    assert told["removed"]["macs"] == told["target"]["realised"] <= 0.5 * WEIGHTS
    assert told["removed"]["error"] <= 1e-5
    small = ImportedNetwork(read_module(out))
    assert sum(small.macs().values()) == told["removed"]["macs"]
    assert main([*command[:-1], "--target", "bytes=0.5", "--method", "wanda"]) == 0
    assert "bytes requested 2,240, realised" in capsys.readouterr().out


def test_the_command_leaves_the_ends_dense(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = Mlp((8, 16, 16, 16, 4))
    module = parse(deep.text(1))
    module.bind(deep.init(np.random.default_rng(0)))
    source = tmp_path / "net.mlir"
    source.write_text(str(module))
    command = ["oneshot", str(source), "-o", str(tmp_path / "out.mlir"), "--json",
               "--granularity", "n_of_m:2:4:1", "--method", "magnitude"]  # fmt: skip
    for more, pruned in (([], 2), (["--all-layers"], 4)):
        assert main([*command, *more]) == 0
        told = json.loads(capsys.readouterr().out)
        assert len(told["weights"]) == pruned
        assert ("fc1.weight, fc4.weight" in " ".join(told["remarks"])) == (not more)
