# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks whose channels are tied: residual adds, concatenations, attention, flattening."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class Residual(nn.Module):
    """Two blocks with residual adds, the second one of half the size (option A of ResNet)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.a, self.norm_a = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.b, self.norm_b = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.c = nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False)
        self.norm_c = nn.BatchNorm2d(16)
        self.fc = nn.Linear(16, 5)

    def forward(self, x: Any) -> Any:
        x = F.relu(self.norm(self.stem(x)))
        x = F.relu(x + self.norm_b(self.b(F.relu(self.norm_a(self.a(x))))))
        short = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 4, 4))
        return self.fc(F.relu(short + self.norm_c(self.c(x))).mean((2, 3)))


class Dense(nn.Module):
    """Concatenated features behind a normalization (DenseNet)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.norm_a, self.a = nn.BatchNorm2d(8), nn.Conv2d(8, 4, 3, padding=1)
        self.norm_b, self.b = nn.BatchNorm2d(12), nn.Conv2d(12, 4, 3, padding=1)
        self.fc = nn.Linear(16, 5)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        x = torch.cat([x, self.a(F.relu(self.norm_a(x)))], 1)
        x = torch.cat([x, self.b(F.relu(self.norm_b(x)))], 1)
        return self.fc(F.relu(x).mean((2, 3)))


class Depthwise(nn.Module):
    """An inverted residual with squeeze and excitation (MobileNetV3)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.expand, self.norm = nn.Conv2d(8, 16, 1), nn.BatchNorm2d(16)
        self.depthwise = nn.Conv2d(16, 16, 3, padding=1, groups=16)
        self.norm_d = nn.BatchNorm2d(16)
        self.squeeze, self.excite = nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 1)
        self.project = nn.Conv2d(16, 8, 1)
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        x = F.relu(self.stem(x))
        y = F.relu(self.norm_d(self.depthwise(F.relu(self.norm(self.expand(x))))))
        y = y * torch.sigmoid(self.excite(F.relu(self.squeeze(y.mean((2, 3), keepdim=True)))))
        return self.fc((x + self.project(y)).mean((2, 3)))


class Token(nn.Module):
    """A block of a transformer without heads: products of activations, and a residual stream."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(3, 8)
        self.q, self.k, self.v, self.out = (nn.Linear(8, 8) for _ in range(4))
        self.up, self.down = nn.Linear(8, 16), nn.Linear(16, 8)
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        x = self.embed(x)
        weights = torch.softmax(self.q(x) @ self.k(x).transpose(1, 2) / 3.0, -1)
        x = x + self.out(weights @ self.v(x))
        x = x + self.down(F.gelu(self.up(x)))
        return self.fc(x.mean(1))


class Heads(nn.Module):
    """Attention of four heads; queries, keys and values of three layers, or of one."""

    def __init__(self, packed: bool) -> None:
        super().__init__()
        self.embed = nn.Linear(3, 16)
        parts = ["qkv"] if packed else ["q", "k", "v"]
        self.parts = nn.ModuleDict({name: nn.Linear(16, 16 * len(name)) for name in parts})
        self.out, self.fc = nn.Linear(16, 16), nn.Linear(16, 5)

    def forward(self, x: Any) -> Any:
        x = self.embed(x)
        b, n, d = x.shape
        together = torch.cat([part(x) for part in self.parts.values()], -1)
        q, k, v = together.view(b, n, 3, 4, d // 4).permute(2, 0, 3, 1, 4)
        y = torch.softmax(q @ k.transpose(-1, -2) / 2.0, -1) @ v
        x = x + self.out(y.transpose(1, 2).reshape(b, n, d))
        return self.fc(x.mean(1))


class Encoder(nn.Module):
    """PyTorch's own layer of a transformer."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.fc = nn.Linear(3, 16), nn.Linear(16, 5)
        self.layer = nn.TransformerEncoderLayer(16, 4, 32, 0.0, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.fc(self.layer(self.embed(x)).mean(1))


def flat() -> Any:
    """Convolutions, a pooling, and a flattening before a product."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, groups=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(8, 12), nn.ReLU(), nn.Linear(12, 5),
    )  # fmt: skip


NETWORKS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    # How it is made, and one row of its input.
    "residual": (Residual, (3, 8, 8)),
    "concatenation": (Dense, (3, 6, 6)),
    "depthwise": (Depthwise, (3, 8, 8)),
    "attention": (Token, (6, 3)),
    "heads": (lambda: Heads(False), (6, 3)),
    "packed heads": (lambda: Heads(True), (6, 3)),
    "encoder": (Encoder, (6, 3)),
    "flattened": (flat, (3, 8, 8)),
}


def randomize(model: Any) -> Any:
    """Statistics of normalizations that are not zero and one."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean):
                nn.init.normal_(tensor)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    return model.eval()


def run(module: Any, x: np.ndarray) -> np.ndarray:
    executable = module.compile(reference=True)
    (result,) = executable.call("forward", {name(module): x}).values()
    return np.asarray(result)


def name(module: Any) -> str:
    (function,) = (f for f in module.functions() if f.name == "forward")
    return next(a.name for a in function.arguments if a.kind == "input")
