# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PyTorch networks exported with one batch size and run with another."""

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

nn, F = torch.nn, torch.nn.functional


class Call(nn.Module):
    """A function of a layer and its input as a module."""

    def __init__(self, layer: Any, function: Callable[..., Any]) -> None:
        super().__init__()
        self.layer, self.function = layer, function

    def forward(self, x: Any) -> Any:
        return self.function(self.layer, x)


class Token(nn.Module):
    """A parameter of one row and one token."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.arange(4.0).reshape(1, 1, 4))

    def forward(self, x: Any) -> Any:
        return x


NETWORKS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "pooled": (lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)), (3, 4, 4)),
    "mean": (lambda: Call(nn.Linear(3, 2), lambda f, x: f(x.mean((2, 3)))), (3, 4, 4)),
    "convolution": (lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 2)), (1, 4, 4)),
    "window as large as the result": (lambda: nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4, 2)), (1, 4, 4)),
    "slope per channel": (lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.PReLU(2)), (1, 4, 4)),
    "one slope": (lambda: nn.Sequential(nn.Linear(4, 3), nn.PReLU()), (4,)),
    "one channel": (lambda: nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Conv2d(2, 1, 1), nn.Flatten(), nn.Linear(16, 2)), (1, 4, 4)),
    "tokens": (lambda: nn.Sequential(nn.Linear(4, 6), nn.GELU(), nn.Linear(6, 3)), (5, 4)),
    "groups": (lambda: nn.Sequential(nn.Conv2d(4, 6, 1, groups=2)), (4, 3, 3)),
    "convolution in one dimension": (lambda: nn.Sequential(nn.Conv1d(2, 3, 2)), (2, 5)),
    "layer norm": (lambda: nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 2)), (4,)),
    "layer norm of tokens": (lambda: nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 2)), (3, 4)),
    "softmax": (lambda: nn.Sequential(nn.Linear(4, 3), nn.Softmax(1)), (4,)),
    "batch norm": (lambda: nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2)), (1, 3, 3)),
    "group norm": (lambda: nn.GroupNorm(2, 4), (4, 3, 3)),
    "instance norm": (lambda: nn.InstanceNorm2d(2), (2, 3, 3)),
    "instance norm between layers": (
        lambda: nn.Sequential(nn.Conv2d(2, 3, 1), nn.InstanceNorm2d(3, affine=True), nn.ReLU(), nn.Conv2d(3, 2, 1)), (2, 3, 3)),
    "instance norm in one dimension": (lambda: nn.InstanceNorm1d(2, affine=True), (2, 5)),
    "nearest upsampling": (lambda: nn.Upsample(scale_factor=2), (1, 3, 3)),
    "bilinear upsampling": (lambda: nn.Upsample(scale_factor=2, mode="bilinear"), (2, 3, 3)),
    "reflection": (lambda: nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(1, 2, 3)), (1, 4, 4)),
    "replication": (lambda: nn.Sequential(nn.ReplicationPad2d(1), nn.Conv2d(1, 2, 3)), (1, 4, 4)),
    "zero padding": (lambda: nn.Sequential(nn.ZeroPad2d(1), nn.Conv2d(1, 2, 3)), (1, 4, 4)),
    "squeeze and excitation": (
        lambda: Call(nn.Conv2d(3, 3, 1), lambda f, x: x * torch.sigmoid(f(x.mean((2, 3), keepdim=True)))), (3, 4, 4)),
    "concatenation": (lambda: Call(nn.Conv2d(2, 2, 1), lambda f, x: torch.cat([x, f(x), x], 1)), (2, 3, 3)),
    "chunks": (lambda: Call(nn.Linear(4, 6), lambda f, x: torch.mul(*f(x).chunk(2, -1))), (3, 4)),
    "class token": (
        lambda: Call(nn.Embedding(1, 4), lambda f, x: torch.cat([f.weight.expand(x.shape[0], 1, 4), x], 1)), (3, 4)),
    "class token of one row": (
        lambda: Call(Token(), lambda f, x: torch.cat([f.token.expand(x.shape[0], -1, -1), x], 1)), (3, 4)),
    "positions": (lambda: Call(nn.Embedding(3, 4), lambda f, x: x + f.weight), (3, 4)),
    "attention": (lambda: Call(nn.MultiheadAttention(4, 2, batch_first=True), lambda f, x: f(x, x, x)[0]), (3, 4)),
    "attention of one query": (lambda: Call(nn.Linear(4, 1), lambda f, x: (x * f(x).softmax(1)).sum(1)), (3, 4)),
    "products of tokens": (lambda: Call(nn.Linear(4, 4), lambda f, x: torch.einsum("bti,bsi->bts", x, f(x))), (3, 4)),
    "bilinear": (lambda: Call(nn.Bilinear(4, 4, 3), lambda f, x: f(x, x)), (4,)),
    "bilinear contraction": (
        lambda: Call(nn.Bilinear(4, 4, 3), lambda f, x: torch.einsum("bi,oij,bj->bo", x, f.weight, x)), (4,)),
    "outer product": (lambda: Call(nn.Linear(4, 3), lambda f, x: torch.einsum("bi,bj->bij", x, f(x))), (4,)),
    "encoder": (lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), (3, 4)),
    "first token": (lambda: Call(nn.Linear(4, 2), lambda f, x: f(x[:, 0])), (3, 4)),
    "shuffled channels": (lambda: nn.ChannelShuffle(2), (4, 3, 3)),
    "contraction of tokens": (
        lambda: Call(nn.Linear(4, 4), lambda f, x: torch.einsum("btc,dc->btd", x, f.weight)), (5, 4)),
    "pooled contraction of tokens": (
        lambda: Call(nn.Linear(4, 4), lambda f, x: nn.functional.avg_pool1d(
            torch.einsum("btc,dc->btd", x, f.weight).transpose(1, 2), 2)), (5, 4)),
    "GRU": (lambda: Call(nn.GRU(4, 3, batch_first=True), lambda f, x: f(x)[0]), (5, 4)),
    "GRU of two layers": (lambda: Call(nn.GRU(4, 3, 2, batch_first=True), lambda f, x: f(x)[0][:, -1]), (5, 4)),
    "GRU in both directions": (
        lambda: Call(nn.GRU(4, 3, batch_first=True, bidirectional=True), lambda f, x: f(x)[0]), (5, 4)),
    "GRU cell": (lambda: nn.GRUCell(4, 3), (4,)),
    "LSTM": (lambda: Call(nn.LSTM(4, 3, batch_first=True), lambda f, x: f(x)[0]), (5, 4)),
    "LSTM cell": (lambda: Call(nn.LSTMCell(4, 3), lambda f, x: f(x)[0]), (4,)),
    "recurrent cell": (lambda: nn.RNNCell(4, 3), (4,)),
    "circular padding": (lambda: nn.Sequential(nn.CircularPad2d((1, 2, 1, 1)), nn.Conv2d(1, 2, 3)), (1, 4, 4)),
    "circular convolution": (
        lambda: nn.Conv2d(2, 2, 3, padding=1, padding_mode="circular"), (2, 4, 4)),
    "circular padding in one dimension": (
        lambda: nn.Sequential(nn.CircularPad1d((2, 1)), nn.Conv1d(2, 3, 3)), (2, 6)),
    "patches": (lambda: Call(nn.Conv2d(1, 4, 2, 2), lambda f, x: f(x).flatten(2).transpose(1, 2)), (1, 4, 4)),
}  # fmt: skip


@pytest.mark.parametrize("exported", [1, 2, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_same_rows(name: str, exported: int) -> None:
    torch.manual_seed(0)
    build, shape = NETWORKS[name]
    model = build().eval()
    module = frontend.from_torch(model, torch.randn(exported, *shape))
    for batch in (4, 1, 3):
        module.run(f"builtin.module(prune-set-batch-size{{batch={batch}}})")
        x = torch.randn(batch, *shape)
        (found,) = module.compile()("forward", x.numpy())
        np.testing.assert_allclose(found, model(x).detach().numpy(), rtol=1e-5, atol=1e-5)


def test_statistics_of_one_row() -> None:
    """Statistics of a batch of one are those of its row: a normalization by them gives
    the same for each row by itself."""
    torch.manual_seed(0)
    model = nn.BatchNorm2d(2, track_running_stats=False).eval()
    module = frontend.from_torch(model, torch.randn(1, 2, 3, 3))
    module.run("builtin.module(prune-set-batch-size{batch=4})")
    x = torch.randn(4, 2, 3, 3)
    (found,) = module.compile()("forward", x.numpy())
    expected = torch.cat([model(row) for row in x.split(1)]).detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
