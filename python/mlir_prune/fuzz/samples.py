# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sound files of every kind that a command reads, for the fuzzer to break."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ..progress import Progress
from .mutate import Rng

_TINY = {
    "batch": 8, "model": {"widths": [16, 8, 3]},
    "bench": {"batches": [1], "rounds": 1, "min_seconds": 1e-6},
    "stages": [
        {"name": "dense", "epochs": 1, "learning_rate": 0.01, "keep": "best"},
        {"name": "prune", "kind": "prune", "sparsity": 0.5},
        {"name": "tune", "epochs": 2, "reset_optimizer": False,
         "optimizer": {"name": "sgd", "momentum": 0.5}, "learning_rate": 0.01},
    ],
}  # fmt: skip

_EVERY_KEY = """\
method: every key
seed: 3
batch: 20
threads: 1
model: {name: mlp, widths: [16, 8, 3], activation: relu, dropout: {fc2.weight: 0.1}}
splits: {validation: 0.2, gates: 0.2}
stages:
  - {name: dense, epochs: 2, batch: 10, keep: mean, learning_rate: {value: 1e-3, schedule: cosine,
     warmup: 1}, optimizer: {name: sgd, momentum: 0.9, nesterov: true},
     regularize: [{kind: l1, strength: {value: 1e-4, schedule: linear}, start: 0, end: 1}]}
  - {name: p, kind: prune, std_factor: {fc1.weight: 0.5, "*": 1}, iterations: 2,
     retrain: {epochs: 1, freeze: {targets: [bias]}}}
  - {epochs: 1, gradual: {final: 0.5, frequency: 3, scope: global}}
  - {epochs: 1, gates: {strength: 1e-4, bilevel: true, strengths: {fc1.weight: 2}}}
  - {kind: compact}
  - {epochs: 1, straight_through: {pattern: "2:4"}, mask: false}
bench: {batches: [1, 2], threads: 1, rounds: 2, min_seconds: 0.001}
"""


def make_samples(folder: Path) -> bool:
    """Writes a sound file of each kind into `folder`; whether ONNX files can be read."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    _write_networks(folder)
    x = rng.standard_normal((60, 16)).astype(np.float32)
    y = (np.arange(60) % 3).astype(np.int32)
    np.savez(folder / "data.npz", x=x, y=y)
    data = f"dataset: {folder / 'data.npz'}\n"
    (folder / "recipe.yaml").write_text(data + yaml.safe_dump(_TINY, sort_keys=False))
    (folder / "every.yaml").write_text(data + _EVERY_KEY)
    _write_idx(folder / "idx", rng)
    if not (folder / "report").exists():
        _write_runs(folder)
    return _write_onnx(folder / "net.onnx", rng)


def _write_networks(folder: Path) -> None:
    from ..native import parse
    from .generate import generate

    text = generate(3).text
    (folder / "net.mlir").write_text(text)
    (folder / "net.mlirbc").write_bytes(parse(text).to_bytecode())


def _write_idx(folder: Path, rng: Rng) -> None:
    folder.mkdir(exist_ok=True)
    for part in ("train", "test"):
        images = rng.integers(0, 256, (60, 4, 4), np.uint8)
        head = b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in images.shape)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(head + images.tobytes())
        labels = (np.arange(60) % 3).astype(np.uint8)
        head = b"\0\0\x08\x01" + (60).to_bytes(4, "big")
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(head + labels.tobytes())


class _Stop(Progress):
    """Interrupts a run in its second training stage."""

    def __init__(self) -> None:
        self.trainer: Any = None
        self._begun = 0

    def begin(self, title: str, total: int) -> None:
        self._begun += 1

    def advance(self, steps: int, note: str) -> None:
        if self._begun == 2 and note:
            self.trainer.interrupted = True


def _write_runs(folder: Path) -> None:
    """A run that was stopped, one that ended, and one with a report."""
    from ..data import load
    from ..recipe import load_recipe
    from ..training.trainer import Trainer
    from .files import call

    path = folder / "recipe.yaml"
    recipe, progress = load_recipe(path), _Stop()
    progress.trainer = Trainer(recipe, load(recipe.dataset), folder / "stopped", progress)
    with contextlib.suppress(KeyboardInterrupt):
        progress.trainer.run()
    for command, out in (("train", "run"), ("compress", "report")):
        code, errors = call([command, str(path), "--out", str(folder / out), "--quiet"])
        if code:
            raise AssertionError(errors)


def _write_onnx(path: Path, rng: Rng) -> bool:
    """Two layers of onnx's own making, where it is installed."""
    try:
        import onnx
        import torch_mlir  # noqa: F401
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        return False
    shapes = {"fc1.weight": (8, 16), "fc1.bias": (8,), "fc2.weight": (3, 8), "fc2.bias": (3,)}
    values = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    nodes = [
        helper.make_node("Gemm", ["x", "fc1.weight", "fc1.bias"], ["h"], transB=1),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "fc2.weight", "fc2.bias"], ["y"], transB=1),
    ]
    graph = helper.make_graph(
        nodes, "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 3])],
        [numpy_helper.from_array(array, name) for name, array in values.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(model, str(path))
    return True
