# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recurrent ONNX networks, whose steps are a loop, exported with one batch and run with another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir to run the tests of the front end"
native = pytest.importorskip("mlir_prune._native", reason="the native module is not built")
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)
pytest.importorskip("onnx", reason=needs)

from mlir_prune import frontend  # noqa: E402

nn = torch.nn


class Sequence(nn.Module):
    """All outputs of a recurrent layer through a dense one."""

    def __init__(self, layer: Any, width: int) -> None:
        super().__init__()
        self.layer, self.head = layer, nn.Linear(width, 2)

    def forward(self, x: Any) -> Any:
        return self.head(self.layer(x)[0])


NETWORKS = {
    "LSTM": (lambda: Sequence(nn.LSTM(4, 3, batch_first=True), 3), 1),
    "GRU": (lambda: Sequence(nn.GRU(4, 3, batch_first=True), 3), 2),
    "RNN in both directions": (
        lambda: Sequence(nn.RNN(4, 3, batch_first=True, bidirectional=True), 6), 2),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.filterwarnings("ignore")
def test_same_rows(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    build, exported = NETWORKS[name]
    model = build().eval()
    path = tmp_path / "net.onnx"
    torch.onnx.export(model, (torch.randn(exported, 5, 4),), str(path), dynamo=False)
    module = frontend.from_onnx(path, check=False)
    assert "scf.for" in str(module)
    for batch in (3, 1):
        module.run(f"builtin.module(prune-set-batch-size{{batch={batch}}})")
        x = torch.randn(batch, 5, 4)
        (found,) = module.compile()("forward", x.numpy())
        np.testing.assert_allclose(found, model(x).detach().numpy(), rtol=1e-5, atol=1e-5)
