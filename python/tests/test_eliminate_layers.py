# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dead channels leave through layers that move elements or normalize them.

Every layer stands between two convolutions of a PyTorch network. Channels in
front of it die in one of three ways, and the smaller network computes what
PyTorch computes with the whole one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir to run the tests of the front end"
pytest.importorskip("mlir_prune._native", reason="the native module is not built")
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)

from mlir_prune import frontend  # noqa: E402

nn, F = torch.nn, torch.nn.functional

ELIMINATE = "builtin.module(prune-compact-pipeline)"


class Between(nn.Module):
    """A layer between two convolutions, or a convolution and a linear layer."""

    def __init__(self, layer: Any, inputs: int, outputs: int, shape: tuple[int, int]) -> None:
        super().__init__()
        self.a = nn.Conv2d(2, inputs, 1)
        self.layer = layer
        with torch.no_grad():
            result = self.run(torch.zeros(1, 2, *shape))
        self.b = (
            nn.Linear(result.shape[1], 3)
            if result.dim() == 2
            else nn.Conv2d(outputs, 3, tuple(min(2, n) for n in result.shape[2:]))
        )

    def run(self, x: Any) -> Any:
        return self.layer(torch.relu(self.a(x)))

    def forward(self, x: Any) -> Any:
        return self.b(self.run(x))


def shuffle(groups: int) -> Callable[[Any], Any]:
    def layer(x: Any) -> Any:
        n, c, h, w = x.shape
        return x.view(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)

    return layer


@dataclass(frozen=True)
class Case:
    """What stands between, and how channels go through it."""

    make: Callable[[], Any]
    channels: int = 6
    outputs: int = 6
    shape: tuple[int, int] = (5, 4)
    # Output channels that an input channel leads to; by default the same one.
    leads: Callable[[int], list[int]] = lambda c: [c]
    # Input channels that die; they leave together.
    dead: tuple[int, ...] = (1, 4)
    # False when a channel of a constant other than zero does not stay constant.
    keeps: bool = True

    def build(self) -> Between:
        torch.manual_seed(7)
        layer = self.make()
        return Between(layer, self.channels, self.outputs, self.shape).eval()


def transposed(*args: Any, **keys: Any) -> Case:
    return Case(lambda: nn.ConvTranspose2d(6, 6, *args, **keys), keeps=False)


def affine(norm: Any) -> Any:
    with torch.no_grad():
        norm.weight.copy_(torch.linspace(0.5, 1.5, norm.weight.numel()))
        norm.bias.copy_(torch.linspace(-1, 1, norm.bias.numel()))
    return norm


CASES: dict[str, Case] = {
    "nearest": Case(lambda: nn.Upsample(scale_factor=2)),
    "nearest to a size": Case(lambda: lambda x: F.interpolate(x, size=(7, 3))),
    "nearest exact": Case(lambda: lambda x: F.interpolate(x, size=(7, 9), mode="nearest-exact")),
    "bilinear": Case(lambda: nn.Upsample(scale_factor=2, mode="bilinear")),
    "bilinear aligned": Case(
        lambda: nn.Upsample(size=(9, 7), mode="bilinear", align_corners=True)
    ),
    "reflect": Case(lambda: nn.ReflectionPad2d((1, 2, 3, 0))),
    "replicate": Case(lambda: nn.ReplicationPad2d((2, 1, 0, 2))),
    "circular": Case(lambda: nn.CircularPad2d((1, 2, 1, 0))),
    "flip": Case(lambda: lambda x: torch.flip(x, (2, 3))),
    "flip of channels": Case(lambda: lambda x: torch.flip(x, (1,)), leads=lambda c: [5 - c]),
    "roll": Case(lambda: lambda x: torch.roll(x, (1, 2), (2, 3))),
    "roll of channels": Case(lambda: lambda x: torch.roll(x, 2, 1), leads=lambda c: [(c + 2) % 6]),
    "channel shuffle": Case(lambda: nn.ChannelShuffle(2), leads=lambda c: [c % 3 * 2 + c // 3]),
    "channel shuffle by hand": Case(lambda: shuffle(3), leads=lambda c: [c % 2 * 3 + c // 2]),
    "every other channel": Case(
        lambda: lambda x: torch.cat([x[:, ::2], x[:, 1::2]], 1),
        leads=lambda c: [c // 2 + c % 2 * 3],
    ),
    "repeated": Case(
        lambda: lambda x: x.repeat(1, 2, 1, 1), outputs=12, leads=lambda c: [c, c + 6]
    ),
    "repeated by expansion": Case(
        lambda: lambda x: x[:, None].expand(-1, 3, -1, -1, -1).flatten(1, 2),
        outputs=18,
        leads=lambda c: [c, c + 6, c + 12],
    ),
    "repeated each": Case(
        lambda: lambda x: x.repeat_interleave(2, 1),
        outputs=12,
        leads=lambda c: [2 * c, 2 * c + 1],
    ),
    "channels by index": Case(
        lambda: lambda x: x[:, torch.tensor([5, 0, 2, 1, 4, 1, 3])],
        outputs=7,
        leads=lambda c: [[1], [3, 5], [2], [6], [4], [0]][c],
    ),
    "index_select": Case(
        lambda: lambda x: x.index_select(1, torch.tensor([3, 0, 4, 1])),
        outputs=4,
        leads=lambda c: [[1], [3], [], [0], [2], []][c],
    ),
    "rows by index": Case(lambda: lambda x: x[:, :, torch.tensor([4, 0, 2])]),
    "uneven adaptive average": Case(lambda: nn.AdaptiveAvgPool2d((2, 3))),
    # Windows of several sizes: a sum of equal numbers is rounded in several ways.
    "more uneven adaptive average": Case(
        lambda: nn.AdaptiveAvgPool2d((3, 3)), shape=(7, 8), keeps=False
    ),
    "uneven adaptive maximum": Case(lambda: nn.AdaptiveMaxPool2d((3, 2)), shape=(7, 5)),
    "maximum rounded up": Case(lambda: nn.MaxPool2d(2, 2, ceil_mode=True), shape=(5, 5)),
    "maximum rounded up, dilated": Case(
        lambda: nn.MaxPool2d(2, 3, 1, dilation=2, ceil_mode=True), shape=(7, 6)
    ),
    "maximum with a cut window": Case(
        lambda: nn.MaxPool2d(3, 2, 1, ceil_mode=True), shape=(6, 6)
    ),
    "pixel shuffle": Case(
        lambda: nn.PixelShuffle(2), 8, 2, leads=lambda c: [c // 4], dead=(4, 5, 6, 7)
    ),
    "channels-last flatten": Case(
        lambda: lambda x: x.permute(0, 2, 3, 1).flatten(1),
        leads=lambda c: [c + 6 * i for i in range(20)],
    ),
    "instance norm": Case(lambda: nn.InstanceNorm2d(6), keeps=False),
    "affine instance norm": Case(lambda: affine(nn.InstanceNorm2d(6, affine=True)), keeps=False),
    "group norm": Case(lambda: affine(nn.GroupNorm(3, 6)), dead=(2, 3), keeps=False),
    "group norm of one": Case(lambda: affine(nn.GroupNorm(6, 6)), keeps=False),
    "transposed": transposed(2, 2),
    "transposed padded": transposed(3, 2, padding=1, output_padding=1, bias=False),
    "transposed uneven": transposed((3, 2), (1, 3), padding=(1, 0)),
    "transposed dilated": transposed(3, 2, padding=1, dilation=2),
}


def kill(model: Between, case: Case, how: str) -> None:
    """Lets channels hold zero or one constant, or go unread."""
    with torch.no_grad():
        for channel in case.dead:
            if how == "unread":
                for output in case.leads(channel):
                    model.b.weight[:, output] = 0
                continue
            model.a.weight[channel] = 0
            model.a.bias[channel] = -1 if how == "zero" else 0.75


def check(model: Between, case: Case, expected: int, pipeline: str = ELIMINATE) -> Any:
    """Eliminates, and compares with PyTorch; `expected` channels are left."""
    torch.manual_seed(8)
    x = torch.randn(2, 2, *case.shape)
    with torch.no_grad():
        y = model(x).numpy()
    module = frontend.from_torch(model, x)
    remarks = module.run(pipeline)
    for reference in (True, False):
        got = module.compile(reference=reference).call("forward", {"input": x.numpy()})["logits"]
        np.testing.assert_allclose(got, y, rtol=2e-5, atol=2e-5)
    assert module.parameters()["a.weight"].shape[0] == expected
    assert remarks
    return module


@pytest.mark.parametrize("name", CASES)
def test_zero_channels_leave(name):
    case = CASES[name]
    model = case.build()
    kill(model, case, "zero")
    if name == "group norm":
        # The biases of a group differ, so what it holds is no one constant.
        with torch.no_grad():
            model.layer.bias[2:4] = 0.25
    check(model, case, case.channels - len(case.dead) - unread(case))


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].keeps])
def test_constant_channels_leave(name):
    case = CASES[name]
    model = case.build()
    kill(model, case, "constant")
    check(model, case, case.channels - len(case.dead) - unread(case))


@pytest.mark.parametrize(
    "name", [name for name in CASES if not name.startswith("transposed")]
)
def test_unread_channels_leave(name):
    case = CASES[name]
    model = case.build()
    kill(model, case, "unread")
    check(model, case, case.channels - len(case.dead) - unread(case))


def unread(case: Case) -> int:
    """Channels that the layer itself drops."""
    return sum(not case.leads(c) and c not in case.dead for c in range(case.channels))


@pytest.mark.parametrize("groups, padding", [(3, 1), (6, 0)])
def test_groups_of_one_dimension(groups, padding):
    """Filters of two whole groups, or of two channels, leave with their inputs."""
    torch.manual_seed(7)
    model = nn.Sequential(
        nn.Conv1d(1, 6, 1), nn.ReLU(), nn.Conv1d(6, 6, 3, groups=groups, padding=padding),
        nn.ReLU(), nn.Conv1d(6, 2, 1),
    ).eval()  # fmt: skip
    with torch.no_grad():
        model[2].weight[2:4] = 0
        model[2].bias[2:4] = torch.tensor([0.5, -1.0])
    x = torch.randn(2, 1, 5)
    module = frontend.from_torch(model, x)
    module.run(ELIMINATE)
    assert [module.parameters()[f"{i}.weight"].shape for i in (0, 2, 4)] == [
        (4, 1, 1), (4, 6 // groups, 3), (2, 4, 1)]  # fmt: skip
    for reference in (True, False):
        got = module.compile(reference=reference)("forward", x.numpy())[0]
        np.testing.assert_allclose(got, model(x).detach().numpy(), rtol=2e-5, atol=2e-5)
