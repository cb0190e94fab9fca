# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dense convolutions of standalone networks, by loops of our own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mlir_prune.models.builder import Builder
from mlir_prune.models.network import Network
from mlir_prune.models.text import Shape, Value
from mlir_prune.native import parse
from network_programs import STRESS
from shared_objects import COMPILER, build, run, sample

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")


@dataclass(frozen=True)
class Separable(Network):
    """A convolution, then depthwise ones with 1x1 convolutions between."""

    channels: int = 8
    kernel: int = 3
    stride: int = 1
    dilation: int = 1
    input_shape: Shape = (3, 13, 11)
    classes: int = 5

    activation = "relu"

    def build(self, builder: Builder, x: Value) -> Value:
        """Writes the network from its input `x`; returns the logits."""
        width, pad = self.channels, self.dilation * (self.kernel - 1) // 2
        x = builder.activate(builder.conv(x, "first", width, 1))
        for name in ("a", "b"):
            x = builder.conv(
                x, f"{name}.depthwise", width, self.kernel, stride=self.stride, pad=pad,
                dilation=self.dilation, groups=width,
            )  # fmt: skip
            x = builder.activate(builder.conv(builder.activate(x), f"{name}.one", width + 3, 1))
            width += 3
        return builder.linear(builder.flatten(x), "last", self.classes)


@pytest.mark.parametrize(
    ("batch", "network"),
    [
        (1, Separable(channels=16)),
        (2, Separable(channels=37, stride=2)),
        (3, Separable(channels=5, kernel=5)),
        (1, Separable(channels=50, kernel=3, dilation=2)),
    ],
)
def test_depthwise_and_1x1(tmp_path: Path, batch: int, network: Network) -> None:
    """The same bits on any number of threads, and the values of plain loops."""
    module = parse(network.text(batch))
    module.bind(network.init(np.random.default_rng(3)))
    module.write_shared_object(str(tmp_path / "net.so"), isa="base", standalone=True)
    x = sample(module, 7)
    x.tofile(tmp_path / "x.bin")
    run(build(tmp_path, STRESS, "stress"), tmp_path / "x.bin", tmp_path / "y.bin")
    expected = module.compile(reference=True)("forward", x)[0]
    result = np.fromfile(tmp_path / "y.bin", np.float32).reshape(expected.shape)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())
