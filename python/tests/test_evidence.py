# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Evidence from data against PyTorch, and criteria that judge by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir to run the tests of the front end"
native = pytest.importorskip("mlir_prune._native", reason="the native module is not built")
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)

from mlir_prune import frontend  # noqa: E402
from mlir_prune.errors import InputError  # noqa: E402
from mlir_prune.evidence import collect, collect_gradients  # noqa: E402
from mlir_prune.rows import Split  # noqa: E402

nn, F = torch.nn, torch.nn.functional

NETWORKS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "two layers": (lambda: nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)), (6,)),
    "convolution": (lambda: nn.Sequential(nn.Conv2d(2, 3, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(27, 2)), (2, 5, 6)),
    "dilation": (lambda: nn.Sequential(nn.Conv2d(2, 4, 3, dilation=2), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 1)), (2, 7, 8)),
    "groups": (lambda: nn.Sequential(nn.Conv2d(4, 6, 3, groups=2), nn.ReLU()), (4, 5, 5)),
    "depthwise": (lambda: nn.Sequential(nn.Conv2d(3, 3, 3, groups=3, padding=1), nn.ReLU(), nn.Conv2d(3, 2, 1)), (3, 4, 4)),
    "one dimension": (lambda: nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU()), (3, 7)),
    "tokens": (lambda: nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3)), (5, 4)),
}  # fmt: skip


def windows(layer: Any, x: Any) -> Any:
    """What each element of the weight is multiplied with: [weight shape without outputs, ...]."""
    if isinstance(layer, nn.Linear):
        return x.reshape(-1, x.shape[-1]).T
    flat = layer if isinstance(layer, nn.Conv2d) else None
    if flat is None:
        x, kernel, stride, padding, dilation = x[:, :, None], (1, *layer.kernel_size), 1, 0, 1
    else:
        kernel, stride, padding, dilation = layer.kernel_size, layer.stride, layer.padding, layer.dilation
    patches = F.unfold(x, kernel, dilation, padding, stride)
    patches = patches.reshape(x.shape[0], x.shape[1], *kernel, -1)
    return patches.permute(1, 2, 3, 0, 4).reshape(x.shape[1], *kernel, -1)


def expected_norms(layer: Any, x: Any) -> np.ndarray:
    """By elements of the weight: each group of filters reads channels of its own."""
    found = windows(layer, x).double().norm(dim=-1)
    weight = layer.weight
    if isinstance(layer, nn.Linear):
        return found.expand(weight.shape).numpy()
    groups = found.reshape(layer.groups, weight.shape[1], *found.shape[1:])
    whole = groups.repeat_interleave(weight.shape[0] // layer.groups, 0)
    return whole.reshape(weight.shape).numpy()


def trace(model: Any, x: Any) -> dict[str, tuple[Any, Any, Any]]:
    """For each layer with a weight: itself, its input, and its activation."""
    found: dict[str, tuple[Any, Any, Any]] = {}
    name = ""
    for key, layer in model.named_children():
        y = layer(x)
        if isinstance(layer, (nn.Linear, nn.Conv1d, nn.Conv2d)):
            name = f"{key}.weight"
            found[name] = (layer, x, y)
        elif isinstance(layer, (nn.ReLU, nn.BatchNorm2d)):
            found[name] = (*found[name][:2], y)
        x = y
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_sums(name: str) -> None:
    torch.manual_seed(0)
    build, shape = NETWORKS[name]
    model = build().eval()
    module = frontend.from_torch(model, torch.randn(4, *shape))
    before = str(module)
    x = torch.randn(12, *shape)
    found = collect(module, [(rows.numpy(),) for rows in x.split(4)])
    assert str(module) == before
    with torch.no_grad():
        traced = trace(model, x)
    assert {key[0] for key in found} == set(traced)
    for weight, (layer, inputs, activation) in traced.items():
        norms = np.broadcast_to(found[weight, "input_norm"], tuple(layer.weight.shape))
        np.testing.assert_allclose(norms, expected_norms(layer, inputs), rtol=1e-5, atol=1e-5)
        is_last = activation.ndim > 2 and isinstance(layer, nn.Linear)
        channel = -1 if is_last or activation.ndim == 2 else 1
        outputs = activation.movedim(channel, 0).flatten(1).double()
        shares = (outputs == 0).double().mean(1).numpy()
        np.testing.assert_allclose(found[weight, "zero_share"].ravel(), shares, rtol=1e-5, atol=1e-6)
        means = outputs.abs().mean(1).numpy()
        np.testing.assert_allclose(found[weight, "activation"].ravel(), means, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_gram(name: str) -> None:
    """Windows as columns; layers in groups are left out."""
    torch.manual_seed(0)
    build, shape = NETWORKS[name]
    model = build().eval()
    module = frontend.from_torch(model, torch.randn(4, *shape))
    x = torch.randn(12, *shape)
    with torch.no_grad():
        traced = trace(model, x)
    expected = {
        weight: windows(layer, inputs).flatten(0, -2).double()
        for weight, (layer, inputs, _) in traced.items()
        if getattr(layer, "groups", 1) == 1
    }
    if not expected:
        return
    found = collect(module, [(rows.numpy(),) for rows in x.split(4)], "input_gram")
    assert {key[0] for key in found} == set(expected)
    for weight, columns in expected.items():
        gram = (columns @ columns.T).numpy()
        np.testing.assert_allclose(found[weight, "input_gram"], gram, rtol=1e-4, atol=1e-4)


def test_gradients() -> None:
    """Means over rows of gradients and of their squares against PyTorch, and a criterion."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 4))
    module = frontend.from_torch(model, torch.randn(2, 2, 4, 4))
    x, y = torch.randn(70, 2, 4, 4), torch.randint(0, 4, (70,))
    found = collect_gradients(module, Split(x.numpy(), y.numpy().astype(np.int32)))
    gradients: dict[str, list[Any]] = {"0.weight": [], "3.weight": []}
    for row, label in zip(x, y, strict=True):
        model.zero_grad()
        F.cross_entropy(model(row[None]), label[None]).backward()
        for name, parameter in model.named_parameters():
            if name in gradients:
                gradients[name].append(parameter.grad.double().clone())
    for name, rows in gradients.items():
        each = torch.stack(rows)
        np.testing.assert_allclose(found[name, "gradient"], each.mean(0), rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(found[name, "curvature"], each.square().mean(0), rtol=1e-3, atol=1e-7)
    weight = model[3].weight.detach().double().numpy()
    module.set_evidence({key: array for key, array in found.items() if key[1] == "curvature"})
    module.run("builtin.module(prune-score{criterion=obd},prune-select-masks{sparsity=0.5},prune-fold-masks)")
    kept = np.array(module.parameters()["3.weight"]) != 0
    scores = (weight**2 * found["3.weight", "curvature"]).ravel()
    expected = np.ones(48, bool)
    expected[np.argsort(scores, kind="stable")[:24]] = False
    np.testing.assert_array_equal(kept.ravel(), expected)
    with pytest.raises(InputError, match="expected kinds of evidence among gradient, curvature"):
        collect_gradients(module, Split(x.numpy(), y.numpy().astype(np.int32)), "hessian")


def test_wanda_of_a_layer() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(6, 4, bias=False)
    module = frontend.from_torch(layer, torch.randn(8, 6))
    x = torch.randn(8, 6) * torch.tensor([0.01, 1.0, 3.0, 0.5, 10.0, 0.1])
    module.set_evidence(collect(module, [(x.numpy(),)], ["input_norm"]))
    module.run("builtin.module(prune-score{criterion=wanda},prune-select-masks{sparsity=0.5},prune-fold-masks)")
    found = np.array(module.parameters()["weight"]) != 0
    scores = layer.weight.detach().double().abs() * x.double().norm(dim=0)
    expected = np.ones(24, bool)
    expected[np.argsort(scores.numpy().ravel(), kind="stable")[:12]] = False
    np.testing.assert_array_equal(found.ravel(), expected)
    assert "prune.evidence" not in str(module)


def test_wanda_by_rows() -> None:
    """As published: the same share of each output row (Sun 2024)."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Flatten(), nn.Linear(16, 5))
    module = frontend.from_torch(model.eval(), torch.randn(8, 2, 4, 4))
    x = torch.randn(16, 2, 4, 4)
    evidence = collect(module, [(rows.numpy(),) for rows in x.split(8)], ["input_norm"])
    module.set_evidence(evidence)
    module.run("builtin.module(prune-score{criterion=wanda},prune-select-masks{sparsity=0.5 scope=row},prune-fold-masks)")
    for name, weight in (("0.weight", model[0].weight), ("2.weight", model[2].weight)):
        scores = np.abs(weight.detach().double().numpy()) * evidence[name, "input_norm"]
        for found, row in zip(module.parameters()[name], scores, strict=True):
            pruned = np.argsort(row.ravel(), kind="stable")[: row.size // 2]
            expected = ~np.isin(np.arange(row.size), pruned)
            np.testing.assert_array_equal(np.ravel(found) != 0, expected)


def test_errors() -> None:
    module = frontend.from_torch(nn.Linear(3, 2), torch.randn(4, 3))
    with pytest.raises(InputError, match="expected kinds of evidence among"):
        collect(module, [], ["gradient"])
    with pytest.raises(InputError, match="at least one batch"):
        collect(module, [])
    with pytest.raises(InputError, match="the module has no function 'backward'"):
        collect(module, [], function="backward")
    norm = np.ones((1, 3), np.float32)
    with pytest.raises(TypeError, match="expected keys of the name of a parameter and a kind"):
        module.set_evidence({"weight": norm})
    named = collect(module, [{"input": np.ones((4, 3), np.float32)}], "input_norm")
    np.testing.assert_array_equal(named["weight", "input_norm"], 2 * norm)
    with pytest.raises(native.PruneError, match="no parameter is called 'wait'"):
        module.set_evidence({("wait", "input_norm"): norm})
    with pytest.raises(ValueError, match="kind of evidence"):
        module.set_evidence({("weight", "input_size"): norm})
    with pytest.raises(native.PruneError, match="does not broadcast to"):
        module.set_evidence({("weight", "input_norm"): np.ones((1, 2), np.float32)})
