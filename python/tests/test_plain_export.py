# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pruned networks as MLIR without the project, and their values as safetensors."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("mlir_prune._native", reason="the native module is not built")

from mlir_prune.cli import main  # noqa: E402
from mlir_prune.exporting.plain_export import to_mlir, to_safetensors  # noqa: E402
from mlir_prune.models import Mlp, make  # noqa: E402
from mlir_prune.native import parse, read_module  # noqa: E402

MLIR_OPT = shutil.which("mlir-opt-22")


def pruned(network: Any, batch: int) -> Any:
    """A module with values, some of whose neurons are zero."""
    values = network.init(np.random.default_rng(1))
    first = next(iter(network.weights()))
    values[first] = values[first].copy()
    values[first][[1, 4]] = 0.0
    module = parse(network.text(batch))
    module.bind(values)
    return module


@pytest.mark.skipif(MLIR_OPT is None, reason="mlir-opt-22 is not installed")
@pytest.mark.parametrize("suffix", [".mlir", ".mlirbc"])
@pytest.mark.parametrize("name", ["mlp", "resnet20"])
def test_a_stock_tool_reads_the_module(name: str, suffix: str, tmp_path: Path) -> None:
    network = Mlp((12, 8, 5)) if name == "mlp" else make(name)
    module, path = pruned(network, 2), tmp_path / f"net{suffix}"
    before = str(module)
    error = to_mlir(module, path)
    assert error is not None and error <= 1e-5
    assert str(module) == before, "the module that was given has changed"
    assert MLIR_OPT is not None
    text = subprocess.run([MLIR_OPT, path], capture_output=True, text=True, check=True).stdout
    assert "prune" not in text and "linalg" in text
    if name == "mlp":
        assert "tensor<6x12xf32>" in text, "two neurons have not left"
        to_mlir(module, path, shrink=False)
        text = subprocess.run([MLIR_OPT, path], capture_output=True, text=True, check=True).stdout
        assert "tensor<8x12xf32>" in text


def test_values_as_safetensors(tmp_path: Path) -> None:
    safetensors = pytest.importorskip(
        "safetensors.numpy", reason="pip install safetensors to run the tests of its files"
    )
    module, path = pruned(Mlp((12, 8, 5)), 2), tmp_path / "values.safetensors"
    assert to_safetensors(module, path) == 4
    small = safetensors.load_file(path)
    assert small["fc1.weight"].shape == (6, 12) and small["fc2.weight"].shape == (5, 6)
    to_safetensors(module, path, shrink=False)
    whole = safetensors.load_file(path)
    for key, value in module.parameters().items():
        np.testing.assert_array_equal(whole[key], value)


def test_the_command_writes_by_the_ending(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip(
        "safetensors.numpy", reason="pip install safetensors to run the tests of its files"
    )
    masked = tmp_path / "masked.mlirbc"
    masked.write_bytes(pruned(Mlp((12, 8, 5)), 2).to_bytecode())
    for name, said in (("a.mlir", "differs from the pruned"), ("a.safetensors", "4 tensors")):
        assert main(["export", str(masked), "-o", str(tmp_path / name)]) == 0
        assert said in capsys.readouterr().out
    assert "prune" not in (tmp_path / "a.mlir").read_text()
    assert read_module(tmp_path / "a.mlir").functions()[0].name == "forward"
    assert main(["export", str(masked), "-o", str(tmp_path / "a.bin")]) == 1
    assert "expected a file that ends in .onnx, .pt, .mlir" in capsys.readouterr().err
    assert main(["export", str(masked), "-o", str(tmp_path / "a.pt")]) == 1
    assert "expected the .pt2 file that was imported, none is named" in capsys.readouterr().err
    assert not (tmp_path / "a.pt").exists()
