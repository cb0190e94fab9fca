# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tools work however they are called: by the path, through a link, by a relative name."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mlir_prune.native import native

TOOLS = Path(native().__file__).parents[2] / "bin"
NETWORK = """func.func @forward() -> (tensor<2xf32> {prune.output = "y"}) {
  %y = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  return %y : tensor<2xf32>
}
"""


@pytest.mark.parametrize("way", ["path", "link", "relative"])
def test_the_runtime_is_found(way: str, tmp_path: Path) -> None:
    (tmp_path / "net.mlir").write_text(NETWORK, encoding="utf-8")
    (tmp_path / "run").symlink_to(TOOLS / "prune-run")
    program = {
        "path": "prune-run", "link": str(tmp_path / "run"), "relative": "./run",
    }[way]  # fmt: skip
    environment = {**os.environ, "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [program, "net.mlir"], cwd=tmp_path, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
