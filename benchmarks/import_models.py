# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of ``import_networks.py``, from torchvision or written here, with random weights."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

IMAGE = (1, 3, 224, 224)
LIBRARIES: list[Any] = []
"""Declared operations, which go where the library goes."""

TORCHVISION: dict[str, tuple[str, tuple[int, ...]]] = {
    "alexnet": ("alexnet", IMAGE), "vgg11_bn": ("vgg11_bn", IMAGE), "resnet18": ("resnet18", IMAGE),
    "resnet50": ("resnet50", IMAGE), "resnext50": ("resnext50_32x4d", IMAGE),
    "wide_resnet50": ("wide_resnet50_2", IMAGE), "mobilenet_v2": ("mobilenet_v2", IMAGE),
    "mobilenet_v3": ("mobilenet_v3_large", IMAGE), "efficientnet_b0": ("efficientnet_b0", IMAGE),
    "densenet121": ("densenet121", IMAGE), "squeezenet": ("squeezenet1_1", IMAGE),
    "shufflenet": ("shufflenet_v2_x1_0", IMAGE), "googlenet": ("googlenet", IMAGE),
    "inception_v3": ("inception_v3", (1, 3, 299, 299)), "mnasnet": ("mnasnet1_0", IMAGE),
    "regnet_x": ("regnet_x_400mf", IMAGE), "convnext_tiny": ("convnext_tiny", IMAGE),
    "vit_b_16": ("vit_b_16", IMAGE), "swin_t": ("swin_t", IMAGE),
}  # fmt: skip
"""Names of the table, those of torchvision, and the shape of an input."""


def torchvision_network(name: str) -> Any:
    """A network of torchvision without the operations that torchvision compiles itself.

    Its package on PyPI is made for a PyTorch with CUDA; beside one without, its operations do not
    load. No network here has any, but importing it declares shapes of two.
    """
    boxes = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    if importlib.util.find_spec("torchvision") is None:
        raise SystemExit("pip install --no-deps torchvision==0.28.0 pillow, for its networks")
    if "torchvision" not in sys.modules and not torch.version.cuda:
        operations = torch.library.Library("torchvision", "DEF")
        operations.define("nms" + boxes)
        operations.define("qnms" + boxes)
        LIBRARIES.append(operations)
    import torchvision

    return torchvision.models.get_model(name, weights=None)


class Recurrent(nn.Module):
    """The last state of an LSTM or GRU over 12 positions, and a layer behind it."""

    def __init__(self, kind: type[nn.Module]) -> None:
        super().__init__()
        self.cells = kind(16, 32, batch_first=True)
        self.head = nn.Linear(32, 10)

    def forward(self, x: Any) -> Any:
        return self.head(self.cells(x)[0][:, -1])


class Bert(nn.Module):
    """Embeddings of tokens and places, two layers of BERT's encoder, a pooled class."""

    def __init__(self, width: int = 128, heads: int = 4, length: int = 32) -> None:
        super().__init__()
        self.tokens = nn.Embedding(1000, width)
        self.places = nn.Parameter(torch.randn(1, length, width) * 0.02)
        self.norm = nn.LayerNorm(width)
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, activation="gelu", batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.pool = nn.Linear(width, width)
        self.head = nn.Linear(width, 4)

    def forward(self, tokens: Any) -> Any:
        x = self.encoder(self.norm(self.tokens(tokens) + self.places))
        return self.head(torch.tanh(self.pool(x[:, 0])))


def convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs), nn.SiLU(),
    )  # fmt: skip


class UNet(nn.Module):
    """Two steps down, two steps up by transposed convolutions, with skip connections."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = convolution(3, 16), convolution(16, 32)
        self.low = convolution(32, 64)
        self.up2, self.up1 = nn.ConvTranspose2d(64, 32, 2, 2), nn.ConvTranspose2d(32, 16, 2, 2)
        self.join2, self.join1 = convolution(64, 32), convolution(32, 16)
        self.head = nn.Conv2d(16, 4, 1)

    def forward(self, x: Any) -> Any:
        one = self.one(x)
        two = self.two(nn.functional.max_pool2d(one, 2))
        low = self.low(nn.functional.max_pool2d(two, 2))
        two = self.join2(torch.cat([self.up2(low), two], 1))
        return self.head(self.join1(torch.cat([self.up1(two), one], 1)))


class Bottleneck(nn.Module):
    """The bottleneck of a C2f block."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one, self.two = convolution(width, width), convolution(width, width)

    def forward(self, x: Any) -> Any:
        return x + self.two(self.one(x))


class C2f(nn.Module):
    """A C2f block of YOLOv8: a convolution cut in halves, bottlenecks, all of it joined."""

    def __init__(self, inputs: int = 32, outputs: int = 32, count: int = 2) -> None:
        super().__init__()
        self.stem = convolution(3, inputs, 3, 2)
        self.split = convolution(inputs, outputs, 1)
        self.parts = nn.ModuleList(Bottleneck(outputs // 2) for _ in range(count))
        self.join = convolution((2 + count) * outputs // 2, outputs, 1)
        self.head = nn.Conv2d(outputs, 8, 1)

    def forward(self, x: Any) -> Any:
        values = list(self.split(self.stem(x)).chunk(2, 1))
        for part in self.parts:
            values.append(part(values[-1]))
        return self.head(self.join(torch.cat(values, 1)))


class Excited(nn.Module):
    """Squeeze and excitation (Hu et al. 2018) between two convolutions."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.stem, self.last = convolution(3, width), convolution(width, width)
        self.squeeze, self.excite = nn.Linear(width, 8), nn.Linear(8, width)
        self.head = nn.Linear(width, 10)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        gates = torch.sigmoid(self.excite(torch.relu(self.squeeze(x.mean((2, 3))))))
        return self.head(self.last(x * gates[:, :, None, None]).mean((2, 3)))


def _one_dimension() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(4, 16, 5, padding=2), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(16, 32, 3), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(32, 5),
    )  # fmt: skip


def _three_dimensions() -> nn.Module:
    return nn.Sequential(
        nn.Conv3d(1, 8, 3, padding=1), nn.BatchNorm3d(8), nn.ReLU(), nn.MaxPool3d(2),
        nn.Conv3d(8, 16, 3), nn.ReLU(), nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(16, 5),
    )  # fmt: skip


def _group_norm() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 3), nn.GroupNorm(4, 16), nn.ReLU(), nn.Conv2d(16, 16, 3), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 5),
    )  # fmt: skip


def _layer_norm() -> nn.Module:
    return nn.Sequential(
        nn.LayerNorm(24), nn.Linear(24, 64), nn.GELU(), nn.Linear(64, 24), nn.LayerNorm(24),
        nn.Linear(24, 32), nn.ReLU(), nn.Linear(32, 5),
    )  # fmt: skip


OWN: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "bert": (Bert, (1, 32)),
    "lstm": (lambda: Recurrent(nn.LSTM), (1, 12, 16)), "gru": (lambda: Recurrent(nn.GRU), (1, 12, 16)),
    "unet": (UNet, (1, 3, 32, 32)), "c2f": (C2f, (1, 3, 32, 32)),
    "squeeze_excitation": (Excited, (1, 3, 16, 16)), "conv1d": (_one_dimension, (1, 4, 32)),
    "conv3d": (_three_dimensions, (1, 1, 12, 12, 12)), "group_norm": (_group_norm, (1, 3, 12, 12)),
    "layer_norm": (_layer_norm, (1, 24)),
}  # fmt: skip
"""Networks that are written here, and the shape of an input; `bert` takes tokens."""

NAMES = (*TORCHVISION, *OWN)


def make(name: str) -> tuple[nn.Module, Any]:
    """A network in evaluation mode and an example; the same ones each time."""
    torch.manual_seed(0)
    if name in TORCHVISION:
        kind, shape = TORCHVISION[name]
        model = torchvision_network(kind)
    else:
        build, shape = OWN[name]
        model = build()
    _draw_what_is_constant(model)
    example = torch.randint(0, 1000, shape) if name == "bert" else torch.randn(shape)
    return model.eval(), example


def _draw_what_is_constant(model: nn.Module) -> None:
    """Statistics as after training, and weights that a new network begins with as zeros."""
    for part in model.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm) and part.running_mean is not None:
            part.running_mean.normal_(0.0, 0.1)
            part.running_var.uniform_(0.5, 1.5)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1 and not parameter.any():
                parameter.normal_(0.0, 0.02)
