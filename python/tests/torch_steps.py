# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One training step of an imported PyTorch network beside PyTorch's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mlir_prune import frontend

TOLERANCE = 1e-5
"""Of the largest element of what is compared."""

PATHS: dict[str, dict[str, object]] = {
    "reference": {"reference": True},
    "compiled": {"threads": 1},
    "threads": {"threads": 2},
}


def difference(found: Any, expected: Any, floor: float = 1e-3) -> float:
    """The largest error in shares of the largest element."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / max(float(np.abs(expected).max()), floor))


def input_names(module: Any) -> list[str]:
    """The names of a network's inputs, in their order."""
    (function,) = module.functions()
    return [value.name for value in function.arguments if value.kind == "input"]


def cross_entropy(logits: Any, labels: Any) -> Any:
    """The mean over all positions; classes are last of up to three dimensions, else 1."""
    classes = logits.movedim(-1, 1) if logits.dim() == 3 else logits
    return torch.nn.functional.cross_entropy(classes, labels)


def check_step(
    model: Any, inputs: tuple[Any, ...], labels: Any, tolerance: float = TOLERANCE
) -> dict[str, np.ndarray]:
    """Trains one step by each path; loss, gradients and buffers equal PyTorch's.

    With a learning rate of one the change of a parameter is its gradient. The
    compiled path gives the same bits at any thread count. Returns the new state.
    """
    network = frontend.import_torch(model, inputs if len(inputs) > 1 else inputs[0])
    module = network.module()
    names = input_names(module)
    module.run("builtin.module(prune-lift-parameters{keep-values=false},prune-train-pipeline)")
    feed = dict(zip(names, (x.numpy() for x in inputs), strict=True))
    feed |= {"labels": labels.numpy().astype(np.int32), "learning_rate": 1.0}
    states, losses = {}, {}
    for path, options in PATHS.items():
        states[path] = {name: value.copy() for name, value in network.values.items()}
        losses[path] = module.compile(**options).call("train_step", {**states[path], **feed})
    model.zero_grad()
    expected = cross_entropy(model.train()(*inputs), labels)
    expected.backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert set(network.values) >= set(gradients)
    largest = max(float(gradient.abs().max()) for gradient in gradients.values())
    for path, state in states.items():
        assert difference(losses[path]["loss"], expected.detach()) <= tolerance, path
        for name, gradient in gradients.items():
            found = network.values[name] - state[name]
            # A gradient that is zero but for rounding is measured by the others.
            error = difference(found, gradient.numpy(), 0.1 * largest)
            assert error <= tolerance, f"{path}, {name}: relative error {error:.2g}"
        for name, buffer in model.named_buffers():
            if name in state:
                assert difference(state[name], buffer.numpy()) <= tolerance, f"{path}, {name}"
    for name, value in states["compiled"].items():
        np.testing.assert_array_equal(value, states["threads"][name], err_msg=name)
    return states["compiled"]
