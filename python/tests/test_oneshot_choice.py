# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Repairs by the statistics of both networks, and which of them are kept without labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import make_blobs, train_blobs
from layers import forward, random_values
from mlir_prune.cli import main
from mlir_prune.compress import read_values
from mlir_prune.errors import InputError
from mlir_prune.imported import ImportedNetwork
from mlir_prune.oneshot import prune
from mlir_prune.oneshot.choice import Chooser, hold_out
from mlir_prune.oneshot.loss import Loss
from mlir_prune.oneshot.repair import Repairer
from mlir_prune.rows import Split
from test_oneshot_repair import NETWORKS, network_of, pruned, results

native = pytest.importorskip("mlir_prune._native", reason="the native module is not built")

CHAINS = {
    "mlp": ["none", "bias", "bias,variance"],
    "normed": ["none", "batch_norm", "batch_norm,bias", "batch_norm,bias,variance"],
}


def of_other_rows(seed: int) -> tuple[ImportedNetwork, Split]:
    """A drawn network whose normalizations have statistics of something else than its rows."""
    module = native.Module.parse(NETWORKS["normed"].text(1))
    module.bind(random_values(NETWORKS["normed"], seed))
    return ImportedNetwork(module), network_of(NETWORKS["normed"], seed)[1]


@pytest.mark.parametrize("seed", range(3))
def test_statistics_of_other_rows(seed: int) -> None:
    """Normalizations keep the means and variances that they gave, not those of the rows."""
    network, rows = of_other_rows(seed)
    repairer = Repairer(network, rows)
    for name, array in repairer.statistics(network.values).items():
        np.testing.assert_allclose(array, network.values[name], rtol=1e-4, atol=1e-5)
    values = pruned(network, 0.4)
    found = {**values, **repairer.statistics(values)}
    before, after, worse = (
        results(NETWORKS["normed"], each, rows)["bn1"]
        for each in (network.values, found, values)
    )
    deviation = before.std(axis=0)
    np.testing.assert_allclose(after.mean(axis=0), before.mean(axis=0), atol=1e-3 * deviation.max())
    np.testing.assert_allclose(after.std(axis=0), deviation, rtol=1e-2)
    assert np.abs(worse.mean(axis=0) - before.mean(axis=0)).max() > 0.02 * deviation.max()


@pytest.mark.parametrize("seed", range(2))
def test_new_statistics_cost_more(seed: int) -> None:
    """Where little is pruned, results with statistics of the rows are further from the dense ones
    than with those that keep what normalizations gave."""
    network, rows = of_other_rows(seed)
    values = pruned(network, 0.1)
    expected = forward(NETWORKS["normed"], network.values, rows.inputs[0])
    repairer = Repairer(network, rows)
    kept, measured = (
        float(((forward(NETWORKS["normed"], {**values, **found}, rows.inputs[0]) - expected) ** 2).sum())
        for found in (repairer.statistics(values), repairer.measured(values))
    )
    assert kept < 0.5 * measured


@pytest.mark.parametrize("count", [1, 2, 9, 40, 3000])
def test_rows_held_out(count: int) -> None:
    """Each row is in one of the parts, in order; a tenth of at most a thousand is held out."""
    rows = Split.without_labels((np.arange(count, dtype=np.float32)[:, None],))
    used, held = hold_out(rows, 3)
    if count == 1:
        assert used is rows and held is None
        return
    assert held is not None and len(held) == {2: 1, 9: 1, 40: 4, 3000: 100}[count]
    parts = [each.inputs[0].ravel() for each in (used, held)]
    assert all((np.diff(each) > 0).all() for each in parts)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), rows.inputs[0].ravel())
    np.testing.assert_array_equal(hold_out(rows, 3)[1].inputs[0], held.inputs[0])  # type: ignore[union-attr]


@pytest.mark.parametrize(("name", "share"), [("mlp", 0.2), ("mlp", 0.6), ("normed", 0.3), ("normed", 0.8)])
def test_nearest_is_kept(name: str, share: float) -> None:
    """Errors by a forward pass in numpy; what is kept has the least, and is the repair itself."""
    network, rows = network_of(NETWORKS[name], 2, rows=120)
    found = prune(network.module, rows, "magnitude", share, scope="layer", seed=5)
    chosen = found.repair
    assert list(chosen.errors) == CHAINS[name] and chosen.rows == 12
    assert chosen.kept == min(chosen.errors, key=lambda each: chosen.errors[each])
    used, held = hold_out(rows, 5)
    assert held is not None
    expected = forward(NETWORKS[name], network.values, held.inputs[0])
    for repairs, error in chosen.errors.items():
        other = prune(network.module, used, "magnitude", share, scope="layer", seed=5, repairs=repairs)
        assert other.repair.kept == repairs and not other.repair.errors
        got = forward(NETWORKS[name], values_of(other), held.inputs[0])
        share_of = float(((got - expected) ** 2).sum() / (expected**2).sum())
        assert error == pytest.approx(share_of, rel=0.01, abs=1e-6)
        if repairs == chosen.kept:
            for each, array in values_of(found).items():
                assert array.tobytes() == values_of(other)[each].tobytes()


def values_of(found: Any) -> dict[str, np.ndarray]:
    return {name: np.array(array) for name, array in found.module.parameters().items()}


def test_equal_ones() -> None:
    """Nothing was pruned: all candidates are equal, and none is kept."""
    network, rows = network_of(NETWORKS["normed"], 0)
    loss = Loss(network, network.weights())
    chooser = Chooser(loss, Repairer(network, rows), rows.take(np.arange(5)))
    found, chosen = chooser(dict(network.values))
    assert not found.values and chosen.kept == "none"
    assert set(chosen.errors.values()) == {0.0}
    assert str(chosen).startswith("repair: none kept; errors on 5 held-out rows: none 0.0000; batch")


def test_same_seed_same_bits() -> None:
    network, rows = network_of(NETWORKS["normed"], 1, rows=100)
    first, again, other = (
        prune(network.module, rows, "wanda", 0.6, seed=seed, rows=50) for seed in (1, 1, 2)
    )
    assert first.repair == again.repair and first.repair != other.repair
    for name, array in values_of(first).items():
        assert array.tobytes() == values_of(again)[name].tobytes()


def test_too_few_rows() -> None:
    network, rows = network_of(NETWORKS["mlp"], 0)
    found = prune(network.module, rows.take(np.arange(1)), "magnitude", 0.5)
    assert found.repair.kept == "none"
    assert "not repaired: there is no second row to choose repairs by" in found.remarks
    with pytest.raises(InputError, match="repair: auto needs rows, expected data-free or none"):
        prune(network.module, None, "magnitude", 0.5, repairs="auto")


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was kept is printed, and is in the JSON with the errors of all."""
    network, _ = network_of(NETWORKS["mlp"], 0)
    (tmp_path / "net.mlirbc").write_bytes(network.module.to_bytecode())
    np.save(tmp_path / "x.npy", make_blobs().train.inputs[0])
    words = ["oneshot", str(tmp_path / "net.mlirbc"), "--inputs", str(tmp_path / "x.npy")]
    words += ["-o", str(tmp_path / "out.mlirbc"), "--method", "magnitude", "--sparsity", "0.5"]
    assert main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    errors = report["repair"]["errors"]
    assert list(errors) == CHAINS["mlp"] and report["accuracy"] is None
    assert report["repair"]["kept"] == min(errors, key=lambda each: errors[each])
    assert report["sparsity"] == pytest.approx(0.5) and report["seed"] == 0
    assert sum(each["zeros"] for each in report["weights"].values()) == 184
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert f"repair: {report['repair']['kept']} kept; errors on " in printed
    assert main([*words, "--repair", "bias"]) == 0
    assert "\nrepair: bias\n" in capsys.readouterr().out


def test_several_seeds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The network of the first seed is written; the others are those of their seeds alone."""
    network, _ = network_of(NETWORKS["mlp"], 0)
    (tmp_path / "net.mlirbc").write_bytes(network.module.to_bytecode())
    blobs = make_blobs()
    np.savez(tmp_path / "blobs.npz", x=blobs.train.inputs[0], y=blobs.train.labels)
    words = ["oneshot", str(tmp_path / "net.mlirbc"), "--dataset", str(tmp_path / "blobs.npz")]
    words += ["--method", "wanda", "--sparsity", "0.5", "--rows", "40"]
    out = tmp_path / "out.mlirbc"
    assert main([*words, "--seed", "3", "--seeds", "2", "--json", "-o", str(out)]) == 0
    report = json.loads(capsys.readouterr().out)
    alone = []
    for seed in (3, 4):
        one = tmp_path / f"{seed}.mlirbc"
        assert main([*words, "--seed", str(seed), "--json", "-o", str(one)]) == 0
        alone.append(json.loads(capsys.readouterr().out))
    assert out.read_bytes() == (tmp_path / "3.mlirbc").read_bytes()
    for both, single in zip((report, *report["others"]), alone, strict=True):
        assert all(both[key] == single[key] for key in ("seed", "repair", "weights", "accuracy"))
    assert main([*words, "--seed", "3", "--seeds", "2", "-o", str(out)]) == 0
    found = [each["accuracy"]["after"] for each in alone]
    printed = capsys.readouterr().out
    assert f"{np.mean(found):.2f} ± {np.std(found, ddof=1):.2f} % of the validation" in printed
    assert "\nseed 4: repair: " in printed


def test_run_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Network, values and rows of a run, as the searches take them."""
    folder = train_blobs(tmp_path, [8, 12, 4], "{epochs: 2, learning_rate: 1e-2}") / "run"
    capsys.readouterr()
    out = tmp_path / "out.mlirbc"
    words = ["oneshot", str(folder), "--method", "refit", "--sparsity", "0.5", "-o", str(out)]
    assert main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    values = read_values(folder / "values.npz", "dense")
    found = native.Module.from_file(str(out)).parameters()
    assert {name: found[name].shape for name in found} == {n: a.shape for n, a in values.items()}
    assert not np.array_equal(found["fc1.weight"], values["fc1.weight"])
    assert report["accuracy"]["before"] > 30  # four classes, after two epochs
    for wrong, message in (
        ([*words[:-1], "/proc/x.mlirbc"], "/proc/x.mlirbc: cannot be written"),
        (["oneshot", "mlp", *words[2:]], "'mlp' has no trained values"),
        ([*words, "--seeds", "0"], "--seeds is in [1, 1000], got 0"),
    ):
        assert main(wrong) == 1
        assert message in capsys.readouterr().err
