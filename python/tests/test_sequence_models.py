# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Attention and recurrent networks of PyTorch and ONNX against PyTorch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir to run the tests of the front end"
pytest.importorskip("mlir_prune._native", reason="the native module is not built")
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)

from mlir_prune import frontend  # noqa: E402

nn = torch.nn


class First(nn.Module):
    """The first result of a layer."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, *inputs: Any) -> Any:
        result = self.layer(*inputs)
        return result[0] if isinstance(result, tuple) else result


MODELS: dict[str, tuple[Callable[[bool], Any], int]] = {
    "attention": (lambda first: nn.MultiheadAttention(4, 2, batch_first=first), 3),
    "encoder": (lambda first: nn.TransformerEncoderLayer(4, 2, 8, batch_first=first), 1),
    "decoder": (lambda first: nn.TransformerDecoderLayer(4, 2, 8, batch_first=first), 2),
    "lstm": (lambda first: nn.LSTM(4, 3, batch_first=first), 1),
    "gru": (lambda first: nn.GRU(4, 3, batch_first=first), 1),
}


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("name", MODELS)
def test_torch_layer(name: str, batch: int, batch_first: bool) -> None:
    torch.manual_seed(0)
    build, inputs = MODELS[name]
    model = First(build(batch_first)).eval()
    x = [torch.randn(batch, 3, 4) for _ in range(inputs)]
    module = frontend.from_torch(model, tuple(x))
    assert module.layers()
    expected = model(*x).detach().numpy()
    for reference in (True, False):
        (found,) = module.compile(reference=reference)("forward", *(t.numpy() for t in x))
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layer", ["LSTM", "GRU", "RNN"])
def test_onnx_loop(layer: str, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason=needs)
    torch.manual_seed(0)
    model = First(getattr(nn, layer)(3, 2)).eval()
    x = torch.randn(4, 2, 3)
    file = tmp_path / "net.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (x,), str(file), opset_version=17, dynamo=False)
    module = frontend.from_onnx(file)
    assert module.layers()
    expected = model(x).detach().numpy()
    for reference in (True, False):
        (found,) = module.compile(reference=reference)("forward", x.numpy())
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
