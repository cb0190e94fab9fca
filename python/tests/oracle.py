# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The same arithmetic in plain numpy and double precision, to compare with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlir_prune.models import Mlp

Values = dict[str, np.ndarray]

FUNCTIONS = {
    "relu": lambda z: np.maximum(z, 0.0),
    "sigmoid": lambda z: 1.0 / (1.0 + np.exp(-z)),
    "tanh": np.tanh,
}
# Derivatives in terms of the activated value.
_SLOPES = {
    "relu": lambda y: (y > 0).astype(float),
    "sigmoid": lambda y: y * (1.0 - y),
    "tanh": lambda y: 1.0 - y * y,
}


def activations(mlp: Mlp, values: Mapping[str, np.ndarray], x: np.ndarray) -> list[np.ndarray]:
    """Inputs of every layer, and the logits last; double precision."""
    found = [x.astype(np.float64)]
    for layer in range(1, len(mlp.widths)):
        weight = values[f"fc{layer}.weight"].astype(np.float64)
        z = found[-1] @ weight.T + values[f"fc{layer}.bias"]
        found.append(FUNCTIONS[mlp.activation](z) if layer + 1 < len(mlp.widths) else z)
    return found


def forward(mlp: Mlp, values: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """Logits [rows, classes]."""
    return activations(mlp, values, x)[-1]


def loss_and_gradients(
    mlp: Mlp, values: Mapping[str, np.ndarray], x: np.ndarray, labels: np.ndarray
) -> tuple[float, Values]:
    """Mean softmax cross-entropy and its gradient by parameter."""
    found = activations(mlp, values, x)
    logits = found[-1] - found[-1].max(axis=1, keepdims=True)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    loss = float(-np.log(shares[rows, labels]).mean())
    delta = shares
    delta[rows, labels] -= 1.0
    delta /= len(labels)
    gradients: Values = {}
    for layer in range(len(mlp.widths) - 1, 0, -1):
        gradients[f"fc{layer}.weight"] = delta.T @ found[layer - 1]
        gradients[f"fc{layer}.bias"] = delta.sum(axis=0)
        back = delta @ values[f"fc{layer}.weight"].astype(np.float64)
        delta = back * _SLOPES[mlp.activation](found[layer - 1]) if layer > 1 else back
    return loss, gradients


def hoyer_square_gradient(w: np.ndarray) -> np.ndarray:
    """Gradient of (sum |w|)^2 / sum w^2 (DeepHoyer, section 3)."""
    wide = w.astype(np.float64)
    s, q = np.abs(wide).sum(), (wide * wide).sum()
    return 2.0 * np.sign(wide) * (s / q**2) * (q - np.abs(wide) * s)


# s'(m) of each estimator (METHODS 1.2).
SLOPES = {
    "linear": lambda m: np.ones_like(m),
    "hard_sigmoid": lambda m: np.where(np.abs(m) < 1, 0.5, 0.0),
    "relu": lambda m: np.where(m > 0, 1.0, 0.0),
    "leaky_relu": lambda m: np.where(m > 0, 1.0, 0.01),
    "softplus": lambda m: 1.0 / (1.0 + np.exp(-m)),
}


def sign_or_weight(rule: str, w: np.ndarray) -> np.ndarray:
    return np.sign(w) if rule == "sign" else w
