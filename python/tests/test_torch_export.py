# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pruned networks back as the PyTorch module that they came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune.errors import InputError

needs = "pip install torch-mlir onnx onnxruntime to run the tests of the front end"
pytest.importorskip("mlir_prune._native", reason="the native module is not built")
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)

import mlir_prune.torch as pruning  # noqa: E402
from mlir_prune.cli import main  # noqa: E402
from mlir_prune.frontend import from_torch  # noqa: E402

nn = torch.nn


class Block(nn.Module):
    """A residual, depthwise and grouped convolutions, normalizations, a flattened end."""

    def __init__(self, flat: int | None = None) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.PReLU(8))
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.project = nn.Conv2d(8, 8, 1, bias=False)
        self.grouped = nn.Conv2d(8, 16, 1, groups=2)
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.hidden, self.out = nn.Linear(8 * 64, 12), nn.Linear(12, 4)
        self.norm, self.flat = nn.LayerNorm(4), flat
        for part in self.modules():
            if isinstance(part, nn.BatchNorm2d):
                nn.init.uniform_(part.running_var, 0.5, 1.5)
                nn.init.normal_(part.running_mean)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        x = x + self.project(torch.relu(self.depthwise(x)))
        x = torch.relu(self.up(torch.relu(self.grouped(x))))
        x = x.reshape(len(x), self.flat) if self.flat else x.flatten(1)
        return self.norm(self.out(torch.relu(self.hidden(x))))


def block(flat: int | None = None) -> tuple[Any, Any]:
    torch.manual_seed(1)
    return Block(flat), torch.randn(2, 3, 4, 4)


def zero_channels(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Neurons and filters whose weights and biases are zero."""
    found = {name: value.copy() for name, value in values.items()}
    for name, index in (("hidden", (2, 7)), ("up", (3,))):
        axis = 1 if name == "up" else 0
        np.moveaxis(found[f"{name}.weight"], axis, 0)[list(index)] = 0.0
        found[f"{name}.bias"][list(index)] = 0.0
    return found


def test_dead_channels_leave_the_module() -> None:
    model, example = block()
    values = from_torch(model, example).parameters()
    small = pruning.to_torch(zero_channels(values), model, example)
    assert small.hidden.weight.shape == (10, 7 * 64)
    assert (small.hidden.in_features, small.hidden.out_features) == (7 * 64, 10)
    assert (small.out.in_features, small.up.out_channels, small.up.in_channels) == (10, 7, 16)
    assert model.hidden.weight.shape == (12, 8 * 64), "the module that was given has changed"
    whole = pruning.to_torch(zero_channels(values), model, example, shrink=False)
    model.eval(), small.eval(), whole.eval()
    with torch.no_grad():
        torch.testing.assert_close(small(example), whole(example), rtol=1e-5, atol=1e-6)
        assert not torch.allclose(small(example), model(example), atol=1e-3)


def test_what_comes_out_is_trained_on() -> None:
    model, example = block()
    small = pruning.prune(model, example, target="macs=0.5")
    left = sum(p.numel() for p in small.parameters())
    assert left < 0.8 * sum(p.numel() for p in model.parameters())
    assert small.depthwise.groups == small.depthwise.in_channels == small.stem[1].num_features
    assert small.stem[2].num_parameters == small.depthwise.groups < 8
    optimizer = torch.optim.SGD(small.parameters(), lr=0.05)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(small(example), torch.tensor([0, 1]))
        loss.backward()
        assert all(p.grad is not None for p in small.parameters())
        optimizer.step()
        losses.append(float(loss))
    assert losses[-1] < losses[0]


def test_single_weights_and_their_masks() -> None:
    model, example = block()
    sparse = pruning.prune(model, example, 0.75, granularity="unstructured")
    zeros = sum(int((p == 0).sum()) for p in sparse.parameters() if p.dim() > 1)
    assert zeros >= 0.74 * sum(p.numel() for p in sparse.parameters() if p.dim() > 1)
    values = {name: p.detach().numpy() for name, p in sparse.named_parameters()}
    given = {**from_torch(model, example).parameters()}
    given["out.weight"] = np.where(np.abs(given["out.weight"]) < 0.1, 0, given["out.weight"])
    state, masks = pruning.state_dict(given, model, example)
    fresh = Block()
    fresh.load_state_dict(state)
    np.testing.assert_array_equal(fresh.out.weight.detach().numpy(), given["out.weight"])
    assert list(masks) == ["out.weight"]
    np.testing.assert_array_equal(masks["out.weight"].numpy(), given["out.weight"] != 0)
    assert values.keys() == dict(model.named_parameters()).keys()


def test_rows_without_labels_are_data() -> None:
    model, example = block()
    rows = torch.randn(64, 3, 4, 4)
    sparse = pruning.prune(model, example, 0.5, data=rows, method="wanda",
                           granularity="unstructured",
                           ignore=("depthwise.weight", "grouped.weight", "up.weight"))  # fmt: skip
    assert bool((sparse.depthwise.weight != 0).all())
    assert float((sparse.hidden.weight == 0).float().mean()) > 0.4


class Tied(torch.nn.Module):
    """Two layers with one weight, behind a table of tokens."""

    def __init__(self) -> None:
        super().__init__()
        nn = torch.nn
        self.table = nn.Embedding(20, 8)
        self.one, self.two = nn.Linear(8, 6, bias=False), nn.Linear(8, 6, bias=False)
        self.two.weight = self.one.weight
        self.out = nn.Linear(6, 3)

    def forward(self, tokens: Any) -> Any:
        hidden = self.table(tokens)
        return self.out((self.one(hidden).relu() + self.two(hidden).tanh()).mean(1))


def test_tied_weights_stay_tied_and_tokens_are_read() -> None:
    torch.manual_seed(1)
    model = Tied().to(torch.bfloat16).eval()
    small = pruning.prune(model, torch.zeros(1, 5, dtype=torch.int64), 0.3)
    assert small.two.weight is small.one.weight and small.one.weight.dtype == torch.bfloat16
    assert small.one.out_features == small.two.out_features == small.out.in_features < 6
    with torch.no_grad():
        assert small(torch.tensor([[1, 2, 3, 4, 5]])).shape == (1, 3)


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(InputError, match="expected a PyTorch module, got str"):
        pruning.prune("net.pt2", torch.zeros(1, 4), 0.5)


def test_code_with_extents_of_its_own_is_refused() -> None:
    model, example = block(flat=8 * 64)
    values = zero_channels(from_torch(model, example).parameters())
    with pytest.raises(InputError, match="does not fit its smaller tensors.*shrink=False"):
        pruning.to_torch(values, model, example)
    pruning.to_torch(values, model, example, shrink=False)


def test_modules_that_cannot_shrink_are_named() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(6, 5))

        def forward(self, x: Any) -> Any:
            return x @ self.weight.t()

    torch.manual_seed(1)
    model, example = nn.Sequential(Own(), nn.ReLU(), nn.Linear(6, 3)), torch.randn(2, 5)
    values = dict(from_torch(model, example).parameters())
    values["0.weight"] = values["0.weight"] * (np.arange(6) != 4)[:, None]
    with pytest.raises(InputError, match="'0' is a Own, which cannot get smaller tensors"):
        pruning.to_torch(values, model, example)
    with pytest.raises(InputError, match="has shape"):
        pruning.to_torch({**values, "0.weight": np.ones((5, 5))}, model, example)


def test_the_command_writes_a_state_dict(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model, example = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3)), torch.randn(2, 5)
    torch.export.save(torch.export.export(model, (example,)), tmp_path / "net.pt2")
    values = dict(from_torch(model, example).parameters())
    values["0.weight"] = np.where(np.abs(values["0.weight"]) < 0.2, 0, values["0.weight"])
    module = from_torch(model, example)
    module.bind(values)
    (tmp_path / "masked.mlirbc").write_bytes(module.to_bytecode())
    command = ["export", str(tmp_path / "masked.mlirbc"), "--source", str(tmp_path / "net.pt2")]
    assert main([*command, "-o", str(tmp_path / "net.pt")]) == 0
    found = torch.load(tmp_path / "net.pt", weights_only=True)
    model.load_state_dict(found["state_dict"])
    np.testing.assert_array_equal(model[0].weight.detach().numpy(), values["0.weight"])
    assert list(found["masks"]) == ["0.weight"]


class Last(nn.Module):
    """The last state of a recurrent layer, and a layer behind it."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.cells = getattr(nn, kind)(6, 12, batch_first=True)
        self.head = nn.Linear(12, 3)

    def forward(self, x: Any) -> Any:
        return self.head(self.cells(x)[0][:, -1])


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_cells_of_recurrent_layers_leave(kind: str) -> None:
    torch.manual_seed(1)
    model, example = Last(kind).eval(), torch.randn(1, 5, 6)
    small = pruning.prune(model, example, 0.5)
    assert small.cells.hidden_size == small.head.in_features == 6
    small.train()(torch.randn(4, 5, 6)).sum().backward()
    assert small.cells.weight_hh_l0.grad is not None


def test_groups_of_group_norm_leave_whole() -> None:
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.GroupNorm(4, 8), nn.ReLU(), nn.Conv2d(8, 2, 1)
    ).eval()  # fmt: skip
    example = torch.randn(1, 3, 6, 6)
    values = {n: np.array(v) for n, v in from_torch(model, example).parameters().items()}
    for name in ("0.weight", "0.bias", "1.weight", "1.bias"):
        values[name][2:4] = 0.0
    small = pruning.to_torch(values, model, example)
    assert small[1].num_groups == 3 and small[1].num_channels == small[3].in_channels == 6
    values["1.weight"][0] = values["1.bias"][0] = 0.0
    kept = pruning.to_torch(values, model, example)
    assert kept[1].num_channels == 6
