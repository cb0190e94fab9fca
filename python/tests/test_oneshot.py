# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pruning a network in one shot: derivatives of its loss, solvers, command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import make_blobs
from mlir_prune.cli import main
from mlir_prune.errors import InputError
from mlir_prune.imported import ImportedNetwork
from mlir_prune.models import Mlp
from mlir_prune.oneshot import METHODS, layers, layerwise, prune, prune_along
from mlir_prune.oneshot.chita import Settings, conjugate_gradients, schedule
from mlir_prune.oneshot.fisher import Fisher, surgeon
from mlir_prune.oneshot.loss import Curvature, Loss, one_hot, softmax
from mlir_prune.oneshot.support import Pattern
from mlir_prune.rows import Split

native = pytest.importorskip("mlir_prune._native", reason="the native module is not built")

NET = Mlp((8, 16, 12, 4), "relu")
SHORT = Settings(rows=60, slope_rows=200, curvature_rows=100, stages=4, last_stages=2)


def make_module(seed: int = 0) -> Any:
    module = native.Module.parse(NET.text(1))
    module.bind(NET.init(np.random.default_rng(seed)))
    return module


@pytest.fixture(scope="module")
def trained() -> Any:
    """A network that knows the clusters, by plain gradient descent with the compiled loss."""
    module = make_module()
    loss = Loss(ImportedNetwork(module), NET.weights())
    weights, rows = loss.start(), make_blobs().train
    for _ in range(200):
        weights = weights - np.float32(0.2) * loss.gradient(weights, rows)
    assert loss.score(weights, rows).accuracy > 95
    module.bind(dict(loss.split(weights)))
    return module


@pytest.fixture(scope="module")
def loss() -> Loss:
    return Loss(ImportedNetwork(make_module()), NET.weights(), batch=16)


def some_rows(count: int, seed: int = 0) -> Split:
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((count, 8)).astype(np.float32)
    return Split(inputs, rng.integers(0, 4, count).astype(np.int32))


@pytest.mark.parametrize("count", [1, 16, 37])
def test_gradients(loss: Loss, count: int) -> None:
    """Batches that are not full count as what they hold; central differences of the loss."""
    weights, rows = loss.start(), some_rows(count)
    found = loss.gradient(weights, rows)
    each = loss.row_gradients(weights, rows)
    np.testing.assert_allclose(each.mean(axis=0), found, rtol=1e-4, atol=1e-6)
    rng = np.random.default_rng(1)
    for _ in range(3):
        step = rng.standard_normal(loss.size).astype(np.float32) * np.float32(1e-3)
        ahead, behind = (loss.score(weights + sign * step, rows).loss for sign in (1, -1))
        assert ahead - behind == pytest.approx(2 * float(found @ step), rel=0.05, abs=1e-5)


def test_curvature(loss: Loss) -> None:
    """Products with the Gauss-Newton matrix against the Jacobian by differences of logits."""
    weights, rows = loss.start(), some_rows(21)
    shares = softmax(loss.logits(weights, rows)).astype(np.float64)
    # The Jacobian, row by row of it: gradients by one logit at a time.
    jacobian = np.zeros((21, 4, loss.size))
    for row in range(21):
        for logit in range(4):
            pulled = shares[row] - one_hot(np.array([logit]), 4)[0]
            one = rows.take(np.array([row]))
            jacobian[row, logit] = loss.pull(weights, one, pulled[None].astype(np.float32))
    middle = np.stack([np.diag(p) - np.outer(p, p) for p in shares])
    matrix = np.einsum("nai,nab,nbj->ij", jacobian, middle, jacobian) / 21
    product = Curvature(loss, weights, rows)
    for seed in range(3):
        vector = np.random.default_rng(seed).standard_normal(loss.size)
        expected = matrix @ vector
        found = product(vector)
        assert np.abs(found - expected).max() < 0.03 * np.abs(expected).max()
    np.testing.assert_array_equal(product(np.zeros(loss.size)), 0)


@pytest.mark.parametrize("block", [None, 7, 40])
def test_fisher(block: int | None) -> None:
    """Blocks with more and with fewer weights than rows against the matrix itself."""
    rng = np.random.default_rng(0)
    gradients = rng.standard_normal((20, 60)).astype(np.float32)
    fisher = Fisher(gradients, 0.3, block)
    matrix = gradients.T.astype(np.float64) @ gradients / 20
    size = block or 60
    same = np.arange(60)[:, None] // size == np.arange(60) // size
    matrix = np.where(same, matrix, 0) + 0.3 * np.eye(60)
    vector = rng.standard_normal(60)
    kept = rng.random(60) < 0.6
    np.testing.assert_allclose(fisher.product(vector), matrix @ vector, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(fisher.diagonal(), np.diagonal(matrix), rtol=1e-5)
    inverse = np.linalg.inv(matrix)
    np.testing.assert_allclose(fisher.inverse_diagonal(), np.diagonal(inverse), rtol=1e-3)
    np.testing.assert_allclose(fisher.solve(vector), inverse @ vector, rtol=1e-3, atol=1e-4)
    part = matrix[np.ix_(kept, kept)]
    expected = np.zeros(60)
    expected[kept] = np.linalg.solve(part, vector[kept])
    np.testing.assert_allclose(fisher.solve(vector, kept), expected, rtol=1e-3, atol=1e-4)
    # The surgeon's weights are the minimum of the model under the zeros.
    moved = surgeon(fisher, vector.astype(np.float32), kept)
    slope = matrix @ (moved - vector)
    np.testing.assert_allclose(slope[kept], 0, atol=1e-4)
    assert not moved[~kept].any()


def test_conjugate_gradients() -> None:
    rng = np.random.default_rng(0)
    root = rng.standard_normal((12, 12))
    matrix, right = root @ root.T + np.eye(12), rng.standard_normal(12)
    found = conjugate_gradients(lambda v: matrix @ v, right, np.diagonal(matrix), 40)
    np.testing.assert_allclose(matrix @ found, right, atol=1e-6)
    assert not conjugate_gradients(lambda v: matrix @ v, 0 * right, np.ones(12), 5).any()


def test_schedule() -> None:
    shares = schedule(0.1, 4, 2)
    assert len(shares) == 6 and shares[-3:] == [0.1, 0.1, 0.1]
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("granularity", ["unstructured", "n_of_m:1:4:1"])
def test_methods(trained: Any, method: str, granularity: str) -> None:
    rows, before = make_blobs().train, str(trained)
    sparsity = 0.75 if granularity == "unstructured" else None

    def run() -> Any:
        count = 100 if METHODS[method].rows else None
        return prune(trained, rows, method, sparsity, granularity, count, seed=3, settings=SHORT)

    found, again = run(), run()
    assert str(trained) == before
    # Wanda keeps whole numbers of weights in rows of eight.
    assert found.sparsity == pytest.approx(0.75, abs=0.05 if method == "wanda" else 0.01)
    for name, mask in found.masks.items():
        values = np.asarray(found.module.parameters()[name])
        assert not values[~mask].any()
        if granularity != "unstructured":
            assert (mask.reshape(-1, 4).sum(axis=1) == 1).all()
        assert values.tobytes() == np.asarray(again.module.parameters()[name]).tobytes()


def test_updates_keep_more(trained: Any) -> None:
    """On rows that the solvers did not see."""
    losses = {}
    for method in METHODS:
        losses[method] = loss_of(trained, method, repairs="none")
    assert losses["chita"] < losses["fisher"] < losses["magnitude"]
    assert losses["obc"] < losses["refit"] < losses["magnitude"]
    for method in ("magnitude", "fisher", "wanda", "refit", "obc", "sparsegpt"):
        losses[method], before = loss_of(trained, method, repairs="bias"), losses[method]
        assert losses[method] < before
    for method in ("wanda", "refit", "obc", "sparsegpt"):
        assert loss_of(trained, method, sequential=True, repairs="bias") < losses[method]


def loss_of(module: Any, method: str, **options: Any) -> float:
    """On rows for validation, of the network with 70 % of each layer pruned."""
    rows = make_blobs()
    found = prune(
        module, rows.train, method, 0.7, rows=100, scope="layer", settings=SHORT, **options
    )
    loss = Loss(ImportedNetwork(found.module), NET.weights())
    return float(loss.score(loss.start(), rows.validation).loss)


@pytest.mark.parametrize("method", ["wanda", "refit", "obc", "sparsegpt"])
def test_layers_of_a_network(trained: Any, method: str) -> None:
    """Each layer as its solver does it, on the inputs that numpy computes."""
    rows = some_rows(64)
    values = {name: np.array(each) for name, each in trained.parameters().items()}
    found = prune(trained, rows, method, 0.5, rows=64, batch=32, scope="layer", repairs="none")
    x = rows.inputs[0].astype(np.float64)
    solver = {"wanda": layerwise.wanda, "refit": layerwise.repaired, "obc": layers.brain_surgeon, "sparsegpt": layers.sparse_gpt}[method]
    for name in NET.weights():
        weight, mask = solver(values[name], x.T @ x, 0.5, None)
        np.testing.assert_array_equal(found.masks[name], mask)
        expected = np.where(mask, weight, 0)
        np.testing.assert_allclose(found.module.parameters()[name], expected, rtol=1e-3, atol=1e-4)
        x = np.maximum(x @ values[name].T + values[name.replace("weight", "bias")], 0)


def test_layers_make_up(trained: Any) -> None:
    """With least squares of layers before the first step, a stage without steps is better."""
    rows = make_blobs()
    losses = []
    for count in (0, 200):
        still = Settings(rows=60, slope_rows=200, fit_rows=count, curvature_rows=100, stages=1, last_stages=0, products=0)
        found = prune(trained, rows.train, "chita", 0.7, seed=2, settings=still)
        loss = Loss(ImportedNetwork(found.module), NET.weights())
        losses.append(loss.score(loss.start(), rows.train).loss)
    assert losses[1] < losses[0]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_columns(axis: int) -> None:
    """A convolution whose outputs are dimension 1, with groups along another one."""
    shape = (4, 3, 2)
    weight = np.arange(24.0).reshape(shape)
    if axis == 1:
        with pytest.raises(InputError, match="dimension 1 of 'w' is that of the outputs"):
            layerwise.columns(shape, 1, Pattern(1, 2, axis), "w")
        return
    places = layerwise.columns(shape, 1, Pattern(1, 2, axis), "w")
    matrix = np.moveaxis(weight, 1, 0).reshape(3, -1)[:, places]
    np.testing.assert_array_equal(layerwise.back(matrix, places, shape, 1), weight)
    pairs = matrix.reshape(-1, 2)
    step = {0: 6, 2: 1}[axis]
    assert (pairs[:, 1] - pairs[:, 0] == step).all()


def test_along(trained: Any) -> None:
    """One sparsity after the other; the first is what it is by itself."""
    rows = make_blobs().train
    found = list(prune_along(trained, rows, "chita", [0.5, 0.8], seed=1, settings=SHORT))
    alone = prune(trained, rows, "chita", 0.5, seed=1, settings=SHORT)
    assert [round(each.sparsity, 2) for each in found] == [0.5, 0.8]
    for name, mask in found[0].masks.items():
        np.testing.assert_array_equal(mask, alone.masks[name])
        assert not (found[1].masks[name] & ~mask).any()
    with pytest.raises(InputError, match="each above the one before"):
        next(prune_along(trained, rows, "chita", [0.5, 0.4]))


def test_the_usual_rows_are_at_most_those_there(trained: Any) -> None:
    few = make_blobs().train.take(np.arange(40))
    one = prune(trained, few, "obc", 0.5, seed=1)
    two = prune(trained, few, "obc", 0.5, rows=40, seed=1)
    for name, array in one.module.parameters().items():
        np.testing.assert_array_equal(array, two.module.parameters()[name])
    with pytest.raises(InputError, match="rows: expected 1 to 40"):
        prune(trained, few, "obc", 0.5, rows=41)
    lost = prune(trained, few, "magnitude", 0.995)
    assert any("has lost all its weights" in remark for remark in lost.remarks)


def test_targets_and_scope(trained: Any) -> None:
    rows = make_blobs().train
    found = prune(trained, rows, "magnitude", 0.5, scope="layer", ignore=["fc3.*"])
    assert list(found.masks) == ["fc1.weight", "fc2.weight"]
    assert [int(mask.sum()) for mask in found.masks.values()] == [64, 96]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "fishr"}, "expected one of magnitude, fisher.*did you mean 'fisher'"),
        ({"sparsity": 1.0}, "expected a number between 0 and 1, got 1.0"),
        ({"sparsity": None}, "expected a number, or a granularity"),
        ({"granularity": "n_of_m:2:4:1", "sparsity": 0.6}, "the granularity has 0.5, got 0.6"),
        ({"granularity": "n_of_m:2:4:3"}, "has no groups of 4 along dimension 3"),
        ({"granularity": "channel:0", "method": "obc"}, "moves single weights; for granularity"),
        ({"granularity": "channel:0", "scope": "row"}, "expected global or layer"),
        ({"granularity": "chanel:0"}, "malformed granularity 'chanel:0'"),
        ({"rows": 0}, "rows: expected 1 to"),
        ({"targets": ["nothing"]}, "'nothing' matches no parameter"),
        ({"scope": "row"}, "expected global or layer"),
        ({"granularity": "n_of_m:2:4:0", "method": "obc", "rows": 100}, "is that of the outputs"),
    ],
)  # fmt: skip
def test_errors(changes: dict[str, Any], message: str) -> None:
    given = {"method": "magnitude", "sparsity": 0.5, **changes}
    with pytest.raises(InputError, match=message):
        prune(make_module(), make_blobs().train, **given)


def test_command(trained: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blobs = make_blobs()
    np.savez(tmp_path / "blobs.npz", x=blobs.train.inputs[0], y=blobs.train.labels)
    (tmp_path / "net.mlirbc").write_bytes(trained.to_bytecode())
    out = tmp_path / "pruned.mlirbc"
    words = ["oneshot", str(tmp_path / "net.mlirbc"), "--dataset", str(tmp_path / "blobs.npz")]
    assert main([*words, "--method", "fisher", "--sparsity", "0.75", "--rows", "100", "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "fc1.weight  16x8" in printed and "75.00% zeros" in printed
    values = native.Module.from_file(str(out)).parameters()
    zeros = sum(int((np.asarray(values[name]) == 0).sum()) for name in NET.weights())
    assert zeros == 276
    for wrong, message in (
        (["-o", str(tmp_path / "x.txt")], "ends in .mlir"),
        (["-o", str(tmp_path / "x.mlir"), "--method", "none"], "method: expected one of"),
        (["-o", str(tmp_path / "x.mlir"), "--sparsity", "2"], "sparsity: expected"),
    ):
        assert main([*words, *wrong]) == 1
        assert message in capsys.readouterr().err
    assert not (tmp_path / "x.mlir").exists()
