# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One training step of networks with norms, resampling and rearrangements beside PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

needs = "pip install torch==2.13.0 torch-mlir to run the tests of the front end"
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)

from torch_steps import check_step  # noqa: E402

nn, F = torch.nn, torch.nn.functional


class Apply(nn.Module):
    """A function as a layer."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


def upsample(**options: Any) -> Callable[[], Any]:
    return lambda: nn.Upsample(**options)


def transposed(*sizes: Any, **options: Any) -> Callable[[], Any]:
    return lambda: nn.ConvTranspose2d(4, 6, *sizes, **options)


def apply(function: Callable[[Any], Any]) -> Callable[[], Any]:
    return lambda: Apply(function)


def select(x: Any) -> Any:
    """Channels of which one is read twice and one never."""
    return x.index_select(1, torch.tensor([3, 0, 0, 2, 3]))


# Of feature maps with four channels, five rows and six columns.
LAYERS: dict[str, Callable[[], Any]] = {
    "group norm": lambda: nn.GroupNorm(2, 4),
    "group norm, not affine": lambda: nn.GroupNorm(2, 4, affine=False),
    "instance norm": lambda: nn.InstanceNorm2d(4, affine=True),
    "instance norm, not affine": lambda: nn.InstanceNorm2d(4),
    "layer norm": lambda: nn.LayerNorm([4, 5, 6]),
    "layer norm of columns": lambda: nn.LayerNorm(6),
    "nearest": upsample(scale_factor=2),
    "nearest, fractional": upsample(scale_factor=1.5),
    "nearest, uneven": upsample(size=(11, 9)),
    "bilinear": upsample(scale_factor=2, mode="bilinear"),
    "bilinear, corners": upsample(scale_factor=2, mode="bilinear", align_corners=True),
    "bilinear, fractional": upsample(scale_factor=1.5, mode="bilinear"),
    "bilinear, fractional, corners": upsample(size=(7, 10), mode="bilinear", align_corners=True),
    "bilinear, smaller": upsample(size=(3, 4), mode="bilinear"),
    "transposed": transposed(3),
    "transposed, stride": transposed(2, 2),
    "transposed, padding": transposed(3, 2, padding=1),
    "transposed, output padding": transposed(3, 2, padding=1, output_padding=1),
    "transposed, groups": transposed(3, 2, padding=1, groups=2),
    "transposed, dilation": transposed(3, 2, dilation=2),
    "flip": apply(lambda x: x.flip(2, 3)),
    "roll": apply(lambda x: x.roll((1, 2), (1, 3))),
    "select": apply(select),
    "select rows": apply(lambda x: x[:, :, [4, 0, 0, 2]]),
    "reflect": lambda: nn.ReflectionPad2d((1, 2, 2, 1)),
    "replicate": lambda: nn.ReplicationPad2d((1, 2, 0, 3)),
    "circular": lambda: nn.CircularPad2d(1),
    "channel shuffle": lambda: nn.ChannelShuffle(2),
    "pixel shuffle": lambda: nn.PixelShuffle(2),
}


@pytest.mark.parametrize("name", LAYERS)
def test_step_equals_pytorch(name: str) -> None:
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), LAYERS[name](), nn.Tanh(), nn.Flatten())
    x = torch.randn(3, 2, 5, 6)
    model = nn.Sequential(*body, nn.Linear(body(x).shape[1], 4))
    check_step(model, (x,), torch.tensor([0, 3, 1]))


class Embedding(nn.Module):
    """Rows of a table by index: several inputs, a result for each position."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(7, 4)
        self.fc = nn.Linear(4, 5)

    def forward(self, tokens: Any) -> Any:
        return self.fc(torch.tanh(self.table(tokens)))


class Two(nn.Module):
    """Two inputs of different shapes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 3, 3), nn.Linear(4, 3)
        self.out = nn.Linear(6, 5)

    def forward(self, image: Any, features: Any) -> Any:
        x = torch.relu(self.conv(image)).mean((2, 3))
        return self.out(torch.cat([x, self.fc(features)], 1))


def test_tokens() -> None:
    """An embedding: rows of the table that several tokens read add up."""
    torch.manual_seed(1)
    tokens = torch.tensor([[0, 3, 3, 6], [1, 0, 0, 2], [5, 5, 5, 5]])
    check_step(Embedding(), (tokens,), torch.randint(0, 5, (3, 4)))


def test_positions() -> None:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.GELU(), nn.Linear(6, 5))
    check_step(model, (torch.randn(3, 7, 4),), torch.randint(0, 5, (3, 7)))


def test_pixels() -> None:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Conv2d(2, 4, 3, 2, 1), nn.ReLU(),
                          nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(4, 5, 1))  # fmt: skip
    check_step(model, (torch.randn(3, 2, 6, 8),), torch.randint(0, 5, (3, 6, 8)))


def test_two_inputs() -> None:
    torch.manual_seed(1)
    check_step(Two(), (torch.randn(4, 1, 5, 5), torch.randn(4, 4)), torch.arange(4))
