# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Transposed convolutions are layers: named, scored, masked, and made smaller."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir to run the tests of the front end"
pytest.importorskip("mlir_prune._native", reason="the native module is not built")
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)

from mlir_prune import frontend  # noqa: E402

nn = torch.nn

LAYERS = {
    "stride equals kernel": lambda: nn.ConvTranspose2d(4, 6, 2, 2),
    "overlapping": lambda: nn.ConvTranspose2d(4, 6, 3, 2, padding=1, output_padding=1),
    "stride one": lambda: nn.ConvTranspose2d(4, 6, 3, padding=1),
    "uneven": lambda: nn.ConvTranspose2d(4, 6, (3, 1), (1, 2), padding=(1, 0)),
    "dilated": lambda: nn.ConvTranspose2d(4, 6, 3, 2, dilation=2),
    "no bias": lambda: nn.ConvTranspose2d(4, 6, 2, 2, bias=False),
    "grouped": lambda: nn.ConvTranspose2d(4, 6, 3, 2, groups=2),
    "of signals": lambda: nn.ConvTranspose1d(4, 6, 3, 2, padding=1),
}


def network(name: str) -> tuple[Any, Any]:
    """Convolution, relu, the layer, relu, convolution; and an input."""
    torch.manual_seed(3)
    layer = LAYERS[name]()
    conv = nn.Conv1d if isinstance(layer, nn.ConvTranspose1d) else nn.Conv2d
    model = nn.Sequential(conv(1, 4, 1), nn.ReLU(), layer, nn.ReLU(), conv(6, 2, 1))
    return model.eval(), torch.randn(2, 1, *((5,) if conv is nn.Conv1d else (3, 4)))


def check(model: Any, x: Any, module: Any) -> None:
    with torch.no_grad():
        y = model(x).numpy()
    for reference in (True, False):
        got = module.compile(reference=reference).call("forward", {"input": x.numpy()})["logits"]
        np.testing.assert_allclose(got, y, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_parameters_have_roles(name):
    model, x = network(name)
    module = frontend.from_torch(model, x)
    module.run("builtin.module(prune-lift-parameters{keep-values=false})")
    arguments = module.functions()[0].arguments
    roles = {a.name: a.role for a in arguments if a.kind == "param"}
    expected = {key: key.split(".")[1] for key in model.state_dict()}
    assert roles == expected


@pytest.mark.parametrize("name", LAYERS)
def test_half_of_the_weights_are_pruned(name):
    model, x = network(name)
    module = frontend.from_torch(model, x)
    module.run(
        "builtin.module(prune-score{parameters=2.weight},prune-select-masks{sparsity=0.5},"
        "prune-fold-masks)"
    )
    weight = module.parameters()["2.weight"]
    magnitudes = np.sort(np.abs(model[2].weight.detach().numpy()).ravel())
    kept = np.sort(np.abs(weight[weight != 0]))
    assert weight.shape == tuple(model[2].weight.shape)
    np.testing.assert_array_equal(kept, magnitudes[magnitudes.size // 2 :])
    with torch.no_grad():
        model[2].weight.copy_(torch.from_numpy(weight))
    check(model, x, module)


@pytest.mark.parametrize("name", [name for name in LAYERS if name != "grouped"])
def test_channels_leave_on_both_sides(name):
    model, x = network(name)
    with torch.no_grad():
        # In front: one channel is zero, one is not read.
        model[0].weight[1] = 0
        model[0].bias[1] = -1
        model[2].weight[3] = 0
        # Behind: one is constant, one is not read.
        model[2].weight[:, 2] = 0
        if model[2].bias is not None:
            model[2].bias[2] = 0.5
        model[4].weight[:, 5] = 0
    module = frontend.from_torch(model, x)
    remarks = module.run("builtin.module(prune-compact-pipeline)")
    shapes = {key: value.shape for key, value in module.parameters().items()}
    assert shapes["0.weight"][0] == 2
    assert shapes["2.weight"][:2] == (2, 4)
    assert shapes["4.weight"][:2] == (2, 4)
    layers = {dict(r.arguments).get("Layer"): dict(r.arguments) for r in remarks}
    assert layers["2.weight"]["Removed"] == "2"
    check(model, x, module)
