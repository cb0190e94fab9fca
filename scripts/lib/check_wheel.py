# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks an installed wheel: prunes and compiles a network, compares with NumPy, runs the demo.

usage: python -I check_wheel.py, with the interpreter that the wheel is installed for.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import mlir_prune
from mlir_prune.models import Mlp

TOLERANCE = 1e-5


def expected(values: dict[str, np.ndarray], inputs: np.ndarray) -> np.ndarray:
    """Logits of the two layers, in double precision."""
    hidden = inputs.astype(np.float64) @ values["fc1.weight"].T + values["fc1.bias"]
    return np.maximum(hidden, 0.0) @ values["fc2.weight"].T + values["fc2.bias"]


def compare(what: str, module: object, values: dict[str, np.ndarray], inputs: np.ndarray) -> None:
    """Fails unless the compiled network gives NumPy's logits."""
    found = module.compile().call("forward", {"input": inputs})["logits"]
    wanted = expected(values, inputs)
    error = float(np.abs(found - wanted).max() / np.abs(wanted).max())
    if not error <= TOLERANCE:
        sys.exit(f"{what}: relative error {error:.2g}, expected at most {TOLERANCE}")
    print(f"{what}: relative error {error:.2g}")


def check_numbers() -> None:
    """A network with dead units: dense, and after their elimination."""
    rng = np.random.default_rng(0)
    network = Mlp((20, 16, 5))
    values = {name: np.asarray(value) for name, value in network.init(rng).items()}
    inputs = rng.standard_normal((8, 20)).astype(np.float32)
    # Three units that nothing reads any more, for elimination to find.
    values["fc2.weight"][:, :3] = 0.0
    module = mlir_prune.Module.parse(network.text(len(inputs)))
    module.bind(values)
    compare("dense", module, values, inputs)
    module.run("builtin.module(prune-eliminate-dead-neurons)")
    shape = module.parameters()["fc1.weight"].shape
    if shape != (13, 20):
        sys.exit(f"elimination left fc1.weight {shape}, expected (13, 20)")
    compare("without dead units", module, values, inputs)


def check_command() -> None:
    """The whole flow, on the digits of the package."""
    command = Path(sys.executable).with_name("prune")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([command, "demo", "--out", f"{folder}/demo", "--quiet"], check=True)
    print("prune demo: done")


if __name__ == "__main__":
    check_numbers()
    check_command()
