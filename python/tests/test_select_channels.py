# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Channels of groups are pruned together and leave: the small network equals the masked one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir to run the tests of the front end"
native = pytest.importorskip("mlir_prune._native", reason="the native module is not built")
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)

from mlir_prune import frontend  # noqa: E402
from structures import NETWORKS, randomize, run  # noqa: E402

nn = torch.nn

HALF = {
    # Channels that stay of the weights named, if half of them do. Groups of a convolution keep
    # as many each.
    "residual": {"stem.weight": 4, "a.weight": 4, "b.weight": 4},
    "concatenation": {"stem.weight": 4, "a.weight": 2, "b.weight": 2},
    "depthwise": {
        "stem.weight": 4, "expand.weight": 8, "depthwise.weight": 8, "project.weight": 4,
    },
    "attention": {"embed.weight": 4, "q.weight": 4, "v.weight": 4, "up.weight": 8},
    # Two of four heads of four features each.
    "heads": {"embed.weight": 8, "parts.q.weight": 8, "parts.k.weight": 8, "parts.v.weight": 8},
    "packed heads": {"embed.weight": 8, "parts.qkv.weight": 24},
    # What a layer normalization takes the mean of stays.
    "encoder": {
        "embed.weight": 16, "layer.self_attn.in_proj_weight": 24, "layer.linear1.weight": 16,
    },
    "flattened": {"0.weight": 6, "6.weight": 6},
}  # fmt: skip

SCORES = "prune-score{granularity=channel:0}"
SMALL = "prune-fold-masks,prune-eliminate-dead-neurons"


@pytest.mark.parametrize("scope", ["group", "global"])
@pytest.mark.parametrize("network", NETWORKS)
def test_the_small_network_equals_the_masked_one(network: str, scope: str) -> None:
    make, shape = NETWORKS[network]
    expected = HALF[network]
    torch.manual_seed(5)
    module = frontend.from_torch(randomize(make()), torch.randn(2, *shape))
    module.run(f"builtin.module({SCORES},prune-select-channels{{sparsity=0.5 scope={scope}}})")
    masked, small = module.clone(), module.clone()
    masked.run("builtin.module(prune-fold-masks)")
    small.run(f"builtin.module({SMALL},prune-verify-compact)")
    x = np.random.default_rng(3).standard_normal((2, *shape)).astype(np.float32)
    before, after = run(masked, x), run(small, x)
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-5 * np.abs(before).max())
    kept = {key: value.shape[0] for key, value in small.parameters().items()}
    if scope == "group":
        assert {key: kept[key] for key in expected} == expected
    else:
        assert sum(kept.values()) < sum(len(p) for p in masked.parameters().values())


def test_random_residual_networks_shrink_as_chosen() -> None:
    generator = np.random.default_rng(11)
    for example in range(12):
        torch.manual_seed(example)
        width, blocks = int(generator.integers(2, 9)), int(generator.integers(1, 4))

        class Chain(nn.Module):
            def __init__(self, width: int = width, blocks: int = blocks) -> None:
                super().__init__()
                self.stem = nn.Linear(5, width)
                self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(blocks))
                self.fc = nn.Linear(width, 3)

            def forward(self, x: Any) -> Any:
                x = self.stem(x)
                for layer in self.layers:
                    x = x + torch.tanh(layer(x))
                return self.fc(x)

        share, multiple = float(generator.uniform()), int(generator.integers(1, 4))
        module = frontend.from_torch(Chain().eval(), torch.randn(4, 5))
        x = generator.standard_normal((4, 5)).astype(np.float32)
        options = f"sparsity={share} round-to={multiple}"
        module.run(f"builtin.module({SCORES},prune-select-channels{{{options}}})")
        masked, small = module.clone(), module.clone()
        masked.run("builtin.module(prune-fold-masks)")
        small.run(f"builtin.module({SMALL})")
        np.testing.assert_allclose(run(small, x), run(masked, x), rtol=1e-5, atol=1e-5)
        wanted = max(width - round(share * width), 1)
        wanted = min(-(-wanted // multiple) * multiple, width)
        assert small.parameters()["stem.weight"].shape == (wanted, 5)
        assert small.parameters()["fc.weight"].shape == (3, wanted)
