# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The loss of a network as a function of its weights: values, gradients, curvature.

The compiler makes the gradient function; batch normalizations keep their statistics.
Its labels are shares of the classes, which gives more than gradients of the loss: with
shares ``p - c``, where ``p`` are the probabilities of the network, the gradient of the
cross-entropy by the logits is ``c``, so the function is a product with the transposed
Jacobian.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from ..evidence import GRAM, SUFFIX
from ..imported import ImportedNetwork
from ..pipelines import module as pipeline
from ..pipelines import options
from ..rows import Split, Windows
from ..training.evaluate import Score, logits, score_logits
from ..training.program import Program, compiled

_LOSS = "loss"

_GRAM_FUNCTION = f"forward{SUFFIX}"

_GRAM_PASS = options("prune-collect-evidence", evidence=GRAM)

_DIFFERENCE = 2e-3
"""Length of a step for a difference of results, as a share of the length of the weights."""


class Loss:
    """Mean cross-entropy over rows by the weights `names`, as one vector of float32.

    All other parameters keep their values. Results of a network of one batch do not depend
    on the others in it.
    """

    def __init__(
        self, network: ImportedNetwork, names: Sequence[str], threads: int = 1, batch: int = 256
    ) -> None:
        self.network = network
        if self.network.signature.positions:
            raise InputError(
                "expected a network with one result for each row, got one for each of "
                f"{list(self.network.signature.positions)} positions"
            )
        self.names = tuple(names)
        self.shapes = [self.network.values[name].shape for name in self.names]
        self.sizes = [self.network.values[name].size for name in self.names]
        self.size = sum(self.sizes)
        self.batch = batch
        self.threads = threads
        self._values = dict(network.values)
        self._programs: dict[tuple[int, str], tuple[Program, dict[str, np.ndarray]]] = {}

    def start(self) -> np.ndarray:
        """The weights of the network."""
        return np.concatenate([self.network.values[name].ravel() for name in self.names])

    def split(self, vector: np.ndarray) -> dict[str, np.ndarray]:
        """Parts of a vector in the shapes of the weights, as views."""
        cuts = np.cumsum(self.sizes)[:-1]
        parts = zip(self.names, np.split(vector, cuts), self.shapes, strict=True)
        return {name: part.reshape(shape) for name, part, shape in parts}

    def logits(self, weights: np.ndarray, rows: Split) -> np.ndarray:
        """Results [rows, classes]."""
        program, state = self._program(self.batch, "")
        self._set(state, weights)
        return logits(program, state, rows.arrays)

    def score(self, weights: np.ndarray, rows: Split) -> Score:
        """Loss and accuracy over all rows."""
        return score_logits(self.logits(weights, rows), rows.labels)

    def gradient(self, weights: np.ndarray, rows: Split) -> np.ndarray:
        """Gradient of the mean loss, float32 [weights]."""
        return self.pull(weights, rows, one_hot(rows.labels, self.network.classes))

    def row_gradients(self, weights: np.ndarray, rows: Split) -> np.ndarray:
        """Gradient of the loss of each row, float32 [rows, weights]."""
        shares = one_hot(rows.labels, self.network.classes)
        found = np.empty((len(rows), self.size), np.float32)
        for row, total in enumerate(self._gradients(weights, rows, shares, 1)):
            found[row] = total
        return found

    def pull(self, weights: np.ndarray, rows: Split, shares: np.ndarray) -> np.ndarray:
        """Gradient of the mean over rows of ``sum(-shares * log(p))``, float32 [weights]."""
        total = np.zeros(self.size)
        batch = self.batch
        for part in self._gradients(weights, rows, shares, batch):
            total += part
        return (total * (batch / len(rows))).astype(np.float32)

    def slope(
        self, weights: np.ndarray, rows: Split, shares: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """What :meth:`pull` gives, and an estimate of the mean square of it by row, from batches."""
        total, squares = np.zeros(self.size), np.zeros(self.size)
        for part in self._gradients(weights, rows, shares, self.batch):
            total += part
            squares += part.astype(np.float64) ** 2
        return total * (self.batch / len(rows)), squares * (self.batch**2 / len(rows))

    def update(self, values: Mapping[str, np.ndarray]) -> None:
        """Other parameters than the weights get values."""
        self._values |= values
        for _, state in self._programs.values():
            for name, value in values.items():
                if name in state:
                    state[name][...] = value

    def grams(self, weights: np.ndarray, rows: Split) -> dict[str, np.ndarray]:
        """Gram matrix of the inputs of each layer that has one, double, from whole batches."""
        batch = min(self.batch, len(rows))
        program, state = self._program(batch, _GRAM_PASS)
        self._set(state, weights)
        if _GRAM_FUNCTION not in program.functions:
            return {}
        call = program.bind(_GRAM_FUNCTION, state)
        windows = Windows(rows.arrays, call.shapes)
        for name, array in windows.arrays.items():
            call.set(name, array)
        found: dict[str, np.ndarray] = {}
        for size in windows:
            results = call() if size == batch else []
            for name in self.names if results else ():
                if call.gives(f"{GRAM}:{name}"):
                    gram = results[call.place(f"{GRAM}:{name}")]
                    found[name] = found.get(name, 0.0) + np.asarray(gram, np.float64)
        return found

    def _gradients(self, weights: np.ndarray, rows: Split, shares: np.ndarray, batch: int) -> Any:
        """Gradients of batches, each a mean over `batch` rows of which missing ones are zero."""
        program, state = self._program(batch, self._gradient_passes())
        self._set(state, weights)
        call = program.bind(_LOSS, state)
        places = [call.place(f"grad:{name}") for name in self.names]
        given = {
            name: (array, np.zeros(call.shapes[name], array.dtype))
            for name, array in {**rows.arrays, "labels": shares}.items()
        }
        for start in range(0, len(rows), batch):
            size = min(batch, len(rows) - start)
            for name, (array, window) in given.items():
                window[:size] = array[start : start + size].reshape(size, *window.shape[1:])
                window[size:] = 0  # a row without labels has no loss
                call.set(name, window)
            results = call()
            yield np.concatenate([np.ravel(results[place]) for place in places])

    def _set(self, state: dict[str, np.ndarray], weights: np.ndarray) -> None:
        for name, part in self.split(weights).items():
            state[name][...] = part

    def _gradient_passes(self) -> str:
        """From the network to the function `loss` with the gradients of the weights."""
        frozen = [name for name in self.network.shapes() if name not in self.names]
        passes = [
            options("prune-insert-loss", name=_LOSS, soft_labels=True),
            options("prune-freeze-parameters", parameters=frozen) if frozen else "",
            options("prune-differentiate", function=_LOSS),
        ]
        return ",".join(each for each in passes if each)

    def _program(self, batch: int, passes: str) -> tuple[Program, dict[str, np.ndarray]]:
        """The compiled network for a batch after some passes, and its parameters."""
        key = (batch, passes)
        if key not in self._programs:
            text = pipeline(passes) if passes else ""
            program = compiled(self.network.text(batch), text, self.threads)
            self._programs[key] = program, program.fill(self._values)
        return self._programs[key]


class Curvature:
    """Products with the Gauss-Newton matrix of a loss at one point, over some rows.

    The matrix is ``J^T (diag(p) - p p^T) J`` with the Jacobian ``J`` of the logits: the
    Hessian of the loss without the second derivatives of the network, so it has no negative
    eigenvalues (Schraudolph 2002). ``J v`` is a difference of two forward passes.
    """

    def __init__(self, loss: Loss, weights: np.ndarray, rows: Split) -> None:
        self._loss, self._weights, self._rows = loss, weights, rows
        self._logits = loss.logits(weights, rows)
        self._shares = softmax(self._logits)
        self._norm = float(np.linalg.norm(weights))

    def __call__(self, vector: np.ndarray) -> np.ndarray:
        """The product with `vector` [weights]."""
        norm = float(np.linalg.norm(vector))
        if norm == 0.0:
            return np.zeros_like(vector)
        length = _DIFFERENCE * (self._norm or 1.0) / norm
        moved = self._weights + (length * vector).astype(np.float32)
        slope = (self._loss.logits(moved, self._rows) - self._logits) / np.float32(length)
        mean = (self._shares * slope).sum(axis=1, keepdims=True)
        shares = self._shares - self._shares * (slope - mean)
        return self._loss.pull(self._weights, self._rows, shares)


def softmax(values: np.ndarray) -> np.ndarray:
    """Probabilities of logits [rows, classes]."""
    shares = np.exp(values - values.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """Shares of the classes that are one for the class of a row, float32."""
    return np.eye(classes, dtype=np.float32)[labels]
