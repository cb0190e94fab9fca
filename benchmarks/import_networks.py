#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks of torchvision and others: imported, run, shrunk, trained a step, and exported.

Each network is a row: the largest difference of its results from PyTorch's; how many filters
were dead and how many left, when 30 % of the channels of each group are pruned; the difference of
the smaller network; the difference of a training step's gradients; and whether the network goes
back to ONNX (dense, masked and shrunk, compared with ONNX Runtime) and to PyTorch. Differences are
shares of the largest element. Gradients are compared with PyTorch's in double precision, beside
those of PyTorch in single: batches of two rows leave some badly conditioned.

    PYTHONPATH=build/dev/python .venv/bin/python benchmarks/import_networks.py
    ... benchmarks/import_networks.py resnet18 swin_t --steps import shrink --json FILE

Needs `scripts/setup --optional` and `pip install --no-deps torchvision==0.28.0 pillow`.
A step that fails says why in its column, in a list below the table; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python/tests"))

STEPS = ("import", "shrink", "train", "onnx", "torch")
DEAD = 0.3
Row = dict[str, Any]


def difference(found: Any, expected: Any) -> float:
    """The largest difference in shares of the largest element."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-12))


class Network:
    """A network of the table with what its steps share."""

    def __init__(self, name: str) -> None:
        import import_models
        import torch

        self.model, self.example = import_models.make(name)
        with torch.no_grad():
            self.expected = self.model(self.example).numpy()
        self.found: Any = None

    @property
    def pruned(self) -> Any:
        """The network with 30 % of the channels that can leave pruned by magnitude."""
        from mlir_prune.oneshot import prune

        if self.found is None:
            module = self.module()
            self.found = prune(module, None, "magnitude", DEAD, "coupled_channels")
        return self.found

    def module(self) -> Any:
        """The network as it is imported, without a comparison."""
        import mlir_prune

        return mlir_prune.from_torch(self.model, self.example, check=False)

    def run(self, module: Any) -> np.ndarray:
        """The first result of the compiled module on the example."""
        executable = module.compile()
        function = executable.functions()[0]
        given = np.ascontiguousarray(
            self.example.numpy(), np.dtype(function.arguments[0].dtype)
        )  # fmt: skip
        return next(iter(executable.call(function.name, {function.arguments[0].name: given}).values()))


def import_step(network: Network) -> Row:
    start = time.monotonic()
    module = network.module()
    seconds = time.monotonic() - start
    return {"seconds": seconds, "error": difference(network.run(module), network.expected)}


def shrink_step(network: Network) -> Row:
    """Every row of a weight that is zero has to leave, counted by numpy."""
    pruned = network.pruned
    masked = {n: np.asarray(v) for n, v in pruned.module.parameters().items()}
    small = {n: np.asarray(v) for n, v in pruned.small.module.parameters().items()}
    dead = left = 0
    stayed = []
    for name, value in masked.items():
        if value.ndim < 2:
            continue
        rows = np.abs(value).reshape(len(value), -1).max(axis=1)
        zeros = int((rows == 0).sum())
        gone = len(value) - len(small[name]) if name in small else len(value)
        dead, left = dead + zeros, left + gone
        if gone < zeros:
            stayed.append(f"{name} ({zeros - gone})")
    return {"dead": dead, "left": left, "stayed": stayed,
            "error": difference(network.run(pruned.small.module), network.run(pruned.module))}  # fmt: skip


def train_step(network: Network) -> Row:
    """Gradients of one step by the compiled path; normalizations use the batch's statistics."""
    import copy

    import torch
    from torch import nn

    import torch_steps
    from mlir_prune import frontend

    model = copy.deepcopy(network.model)
    for part in model.modules():
        if isinstance(part, nn.modules.dropout._DropoutNd):
            part.p = 0.0
        elif type(part).__name__ == "StochasticDepth":
            part.p = 0.0
        elif isinstance(part, nn.MultiheadAttention):
            part.dropout = 0.0
    example = torch.cat([network.example, network.example.flip(-1)])
    with torch.no_grad():
        shape = model(example).shape
    labels = torch.zeros(shape[:1] + shape[2:], dtype=torch.long)
    imported = frontend.import_torch(model, example, check=False)
    module = imported.module()
    (name,) = torch_steps.input_names(module)
    module.run("builtin.module(prune-lift-parameters{keep-values=false},prune-train-pipeline)")
    state = imported.values
    feed = {name: example.numpy(), "labels": labels.numpy().astype(np.int32), "learning_rate": 1.0}
    (step,) = [f for f in module.functions() if f.name == "train_step"]
    # Classifiers beside the network, which only its own training has, are no part of it.
    taken = {a.name for a in step.arguments}
    trained = {n: value for n, value in state.items() if n in taken}
    state = {n: value.copy() for n, value in trained.items()}
    loss = module.compile(threads=1).call(step.name, {**trained, **feed})["loss"]
    ours = {n: state[n] - trained[n] for n in trained} | {"loss": loss}
    exact, theirs = (_step(copy.deepcopy(model).to(kind), example, labels)
                     for kind in (torch.float64, torch.float32))  # fmt: skip
    return {"error": _largest(ours, exact), "torch": _largest(theirs, exact)}


def _step(model: Any, example: Any, labels: Any) -> dict[str, np.ndarray]:
    """Gradients of all parameters and the loss of one step by PyTorch."""
    import torch_steps

    kind = next(model.parameters()).dtype
    given = example.to(kind) if example.is_floating_point() else example
    loss = torch_steps.cross_entropy(_first(model.train()(given)), labels)
    loss.backward()
    found = {n: p.grad.numpy() for n, p in model.named_parameters() if p.grad is not None}
    return found | {"loss": loss.detach().numpy()}


def _largest(found: dict[str, Any], exact: dict[str, Any]) -> float:
    """The largest error; a gradient that is zero but for rounding is measured by the others."""
    import torch_steps

    floor = 0.1 * max(float(np.abs(g).max()) for n, g in exact.items() if n != "loss")
    return max(
        torch_steps.difference(found[n], exact[n], floor) for n in sorted(found.keys() & exact.keys())
    )


def _first(result: Any) -> Any:
    """The main result of a network that has others while it trains."""
    return result[0] if isinstance(result, tuple) else result


def onnx_step(network: Network) -> Row:
    """PyTorch's own export goes in; the dense, the masked and the smaller network come out."""
    import warnings

    import torch

    import mlir_prune
    from mlir_prune.exporting import to_onnx
    from mlir_prune.oneshot import prune

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = f"{folder}/net.onnx"
        torch.onnx.export(network.model, (network.example,), source, dynamo=False, opset_version=17)
        module = mlir_prune.from_onnx(source, check=False)
        dense = to_onnx(module, source, f"{folder}/dense.onnx", shrink=False)
        pruned = prune(module, None, "magnitude", DEAD, "coupled_channels").module
        masked = to_onnx(pruned, source, f"{folder}/masked.onnx", shrink=False)
        small = to_onnx(pruned, source, f"{folder}/small.onnx")
        sizes = [os.path.getsize(f"{folder}/{n}.onnx") for n in ("dense", "small")]
    return {"error": max(each.error or 0.0 for each in (dense, masked, small)),
            "smaller": small.smaller, "bytes": sizes}  # fmt: skip


def torch_step(network: Network) -> Row:
    """A smaller copy of the module, compared with the compiled network by `to_torch` itself."""
    from mlir_prune.torch import to_torch

    small = to_torch(network.pruned.module, network.model, network.example)
    return {"parameters": sum(p.numel() for p in small.parameters()),
            "of": sum(p.numel() for p in network.model.parameters())}  # fmt: skip


RUN = {"import": import_step, "shrink": shrink_step, "train": train_step, "onnx": onnx_step,
       "torch": torch_step}  # fmt: skip


def work(name: str, steps: list[str]) -> None:
    """Runs the steps of one network; a line of JSON for each."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    network = Network(name)
    for step in steps:
        start = time.monotonic()
        try:
            found = RUN[step](network)
        except Exception as error:  # the table says what a step ended with
            found = {"reason": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}
        found |= {"step": step, "took": time.monotonic() - start}
        print(json.dumps(found), file=channel, flush=True)


def rows_of(name: str, steps: list[str], limit: float) -> dict[str, Row]:
    """What the steps of a network gave, run by a process of its own."""
    command = [sys.executable, __file__, name, "--work", "--steps", *steps]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit)
        text, ended = done.stdout, f"the process ended with {done.returncode}"
        if done.returncode and not text:
            ended += ": " + (done.stderr.strip().splitlines() or [""])[-1]
    except subprocess.TimeoutExpired as error:
        text, ended = (error.stdout or b"").decode(), f"no end in {limit:g} s"
    found = {row.pop("step"): row for row in map(json.loads, text.splitlines())}
    return {step: found.get(step, {"reason": ended}) for step in steps}


def cell(step: str, row: Row) -> str:
    if "reason" in row:
        return "no"
    if step == "shrink":
        return f"{row['left']} of {row['dead']}, {row['error']:.0e}"
    if step == "torch":
        return f"{row['parameters'] / row['of']:.0%} left"
    if step == "train":
        return f"{row['error']:.0e} ({row['torch']:.0e})"
    return f"{row['error']:.0e}"


def good(step: str, row: Row) -> bool:
    bound = max(1e-5, 2.0 * row.get("torch", 0.0))
    return "reason" not in row and row.get("error", 0.0) <= bound and not row.get("stayed")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="networks; all by default")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument("--limit", type=float, default=900.0, help="seconds for one network")
    parser.add_argument("--json", type=Path, help="file for one line per network")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.names[0], arguments.steps)
        return 0
    import import_models

    print("| network | " + " | ".join(arguments.steps) + " |\n|---" * 1 + "|---" * len(arguments.steps) + "|")
    lines, notes = [], []
    for name in arguments.names or import_models.NAMES:
        rows = rows_of(name, arguments.steps, arguments.limit)
        lines.append({"network": name, **rows})
        print(f"| {name} | " + " | ".join(cell(s, rows[s]) for s in arguments.steps) + " |", flush=True)
        notes += [f"{name}, {step}: {row.get('reason') or row}" for step, row in rows.items()
                  if not good(step, row)]  # fmt: skip
        if arguments.json:
            arguments.json.write_text("".join(json.dumps(line) + "\n" for line in lines))
    print("\n" + "\n".join(notes))
    return 1 if notes else 0


if __name__ == "__main__":
    sys.exit(main())
