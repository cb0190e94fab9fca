# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dead-neuron elimination: same outputs on random networks, exact elimination on crafted ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import drawn
from mlir_prune import _native as native

ELIMINATE = "builtin.module(prune-eliminate-dead-neurons,prune-verify-compact)"

MAPS = """\
#rows = affine_map<(m, n, k) -> (m, k)>
#columns = affine_map<(m, n, k) -> (n, k)>
#result = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>
#bias = affine_map<(m, n) -> (n)>
"""

BODIES = {
    "relu": """
      %zero = arith.constant 0.0 : f32
      %y = arith.maximumf %x, %zero : f32""",
    "relu_select": """
      %zero = arith.constant 0.0 : f32
      %p = arith.cmpf ugt, %x, %zero : f32
      %y = arith.select %p, %x, %zero : f32""",
    "sigmoid": """
      %one = arith.constant 1.0 : f32
      %minus = arith.negf %x : f32
      %power = math.exp %minus : f32
      %sum = arith.addf %power, %one : f32
      %y = arith.divf %one, %sum : f32""",
    "tanh": "\n      %y = math.tanh %x : f32",
    "leaky": """
      %slope = arith.constant 0.25 : f32
      %small = arith.mulf %x, %slope : f32
      %y = arith.maximumf %x, %small : f32""",
    "none": None,
}

FUNCTIONS = {
    "relu": lambda z: np.maximum(z, 0.0),
    "relu_select": lambda z: np.maximum(z, 0.0),
    "sigmoid": lambda z: 1.0 / (1.0 + np.exp(-z)),
    "tanh": np.tanh,
    "leaky": lambda z: np.maximum(z, 0.25 * z),
    "none": lambda z: z,
}


@dataclass
class Network:
    """Weights [out, in], biases or None, and the activation after each layer but the last."""

    weights: list[np.ndarray]
    biases: list[np.ndarray | None]
    activations: list[str]
    transposed: bool = False  # torch-mlir: transposed weights, biases added by generics
    batch: int = 3
    lines: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The network in the model form with values, or as torch-mlir writes it."""
        self.lines = []
        inputs, outputs = self.weights[0].shape[1], self.weights[-1].shape[0]
        value = "%input"
        for layer, weight in enumerate(self.weights):
            last = layer + 1 == len(self.weights)
            value = self.layer(layer, value, weight, self.biases[layer])
            if not last and BODIES[self.activations[layer]] is not None:
                value = self.activation(layer, value, weight.shape[0])
        body = "\n".join(f"  {line}" for line in self.lines)
        return (
            f"{MAPS}func.func @forward(%input: tensor<{self.batch}x{inputs}xf32> "
            f'{{prune.input = "input"}}) -> (tensor<{self.batch}x{outputs}xf32> '
            f'{{prune.output = "logits"}}) {{\n{body}\n'
            f"  return {value} : tensor<{self.batch}x{outputs}xf32>\n}}\n"
        )

    def constant(self, name: str, role: str, value: np.ndarray) -> None:
        shape = "x".join(map(str, value.shape))
        self.lines.append(
            f'%{name} = arith.constant {{prune.param = #prune.param<"{name}", {role}>}} '
            f'dense<"0x{value.astype("<f4").tobytes().hex()}"> : tensor<{shape}xf32>'
        )

    def layer(self, layer: int, value: str, weight: np.ndarray, bias: np.ndarray | None) -> str:
        n, k = weight.shape
        wide, narrow = f"tensor<{self.batch}x{n}xf32>", f"tensor<{self.batch}x{k}xf32>"
        self.constant(f"fc{layer}.weight", "weight", weight)
        if bias is not None:
            self.constant(f"fc{layer}.bias", "bias", bias)
        self.lines.append(f"%e{layer} = tensor.empty() : {wide}")
        init = f"%f{layer}"
        if bias is None or self.transposed:
            self.lines += [
                f"%c{layer} = arith.constant 0.0 : f32",
                f"{init} = linalg.fill ins(%c{layer} : f32) outs(%e{layer} : {wide}) -> {wide}",
            ]
        else:
            self.lines.append(
                f"{init} = linalg.broadcast ins(%fc{layer}.bias : tensor<{n}xf32>) "
                f"outs(%e{layer} : {wide}) dimensions = [0]"
            )
        operand, maps = f"%fc{layer}.weight", "indexing_maps = [#rows, #columns, #result] "
        operand_type = f"tensor<{n}x{k}xf32>"
        if self.transposed:
            self.lines += [
                f"%te{layer} = tensor.empty() : tensor<{k}x{n}xf32>",
                f"%t{layer} = linalg.transpose ins(%fc{layer}.weight : {operand_type}) "
                f"outs(%te{layer} : tensor<{k}x{n}xf32>) permutation = [1, 0]",
            ]
            operand, maps, operand_type = f"%t{layer}", "", f"tensor<{k}x{n}xf32>"
        self.lines.append(
            f"%z{layer} = linalg.matmul {maps}ins({value}, {operand} : {narrow}, {operand_type}) "
            f"outs({init} : {wide}) -> {wide}"
        )
        if bias is None or not self.transposed:
            return f"%z{layer}"
        self.lines.append(
            f"%s{layer} = linalg.generic {{indexing_maps = [#id, #bias, #id], "
            f'iterator_types = ["parallel", "parallel"]}} '
            f"ins(%z{layer}, %fc{layer}.bias : {wide}, tensor<{n}xf32>) "
            f"outs(%e{layer} : {wide}) {{\n"
            "    ^bb0(%x: f32, %b: f32, %out: f32):\n"
            "      %y = arith.addf %x, %b : f32\n"
            f"      linalg.yield %y : f32\n  }} -> {wide}"
        )
        return f"%s{layer}"

    def activation(self, layer: int, value: str, n: int) -> str:
        wide = f"tensor<{self.batch}x{n}xf32>"
        self.lines.append(
            f"%a{layer} = linalg.generic {{indexing_maps = [#id, #id], "
            f'iterator_types = ["parallel", "parallel"]}} ins({value} : {wide}) '
            f"outs(%e{layer} : {wide}) {{\n    ^bb0(%x: f32, %out: f32):"
            f"{BODIES[self.activations[layer]]}\n"
            f"      linalg.yield %y : f32\n  }} -> {wide}"
        )
        return f"%a{layer}"

    def forward(self, x: np.ndarray) -> np.ndarray:
        """The outputs in double precision."""
        y = x.astype(np.float64)
        for layer, weight in enumerate(self.weights):
            bias = self.biases[layer]
            y = y @ weight.T.astype(np.float64) + (0.0 if bias is None else bias)
            if layer + 1 < len(self.weights):
                y = FUNCTIONS[self.activations[layer]](y)
        return y

    def kept(self) -> list[int]:
        """Neurons that should stay in each hidden layer, by a plain fixed point.

        A constant neuron is gone, a neuron read only by zeros is gone, and what
        is gone no longer feeds or reads anything.
        """
        alive = [np.ones(w.shape[0], bool) for w in self.weights[:-1]]
        previous = -1
        while previous != sum(int(a.sum()) for a in alive):
            previous = sum(int(a.sum()) for a in alive)
            for layer, mask in enumerate(alive):
                incoming = self.weights[layer] != 0
                if layer > 0:
                    incoming = incoming & alive[layer - 1][None, :]
                outgoing = self.weights[layer + 1] != 0
                if layer + 1 < len(alive):
                    outgoing = outgoing & alive[layer + 1][:, None]
                mask &= incoming.any(axis=1) & outgoing.any(axis=0)
        return [int(mask.sum()) for mask in alive]


@st.composite
def networks(draw: st.DrawFn) -> Network:
    widths = draw(st.lists(st.integers(1, 9), min_size=3, max_size=6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density = draw(st.sampled_from([0.1, 0.25, 0.5, 0.9]))
    weights, biases = [], []
    for k, n in pairwise(widths):
        mask = rng.random((n, k)) < density
        # Whole rows and columns die too, as with pruned neurons.
        mask &= (rng.random((n, 1)) < 0.8) & (rng.random((1, k)) < 0.8)
        weights.append((rng.standard_normal((n, k)) * mask).astype(np.float32))
        has_bias = draw(st.booleans())
        biases.append(rng.standard_normal(n).astype(np.float32) if has_bias else None)
    names = st.sampled_from(sorted(BODIES))
    activations = [draw(names) for _ in weights[1:]]
    return Network(weights, biases, activations, draw(st.booleans()))


def compact(network: Network):
    module = native.Module.parse(network.text())
    module.run(ELIMINATE)
    return module


def run(module, x: np.ndarray, reference: bool = False) -> np.ndarray:
    return module.compile(reference=reference)("forward", x)[0]


def assert_same(actual: np.ndarray, expected: np.ndarray) -> None:
    scale = max(float(np.abs(expected).max()), 1.0)
    assert actual.shape == expected.shape
    assert float(np.abs(actual - expected).max()) <= 1e-5 * scale


@given(networks())
def test_random_networks_keep_their_outputs(network: Network) -> None:
    x = (
        drawn.rng(1)
        .standard_normal((network.batch, network.weights[0].shape[1]))
        .astype(np.float32)
    )
    before = run(native.Module.parse(network.text()), x, reference=True)
    module = compact(network)
    assert_same(before, network.forward(x))
    assert_same(run(module, x, reference=True), before)
    assert_same(run(module, x), before)


@given(networks())
def test_random_networks_lose_every_dead_neuron(network: Network) -> None:
    shapes = {name: value.shape for name, value in compact(network).parameters().items()}
    kept = network.kept()
    if 0 in kept:
        # The network is its folded bias: no weight is left in front of the dead layer.
        assert all(f"fc{layer}.weight" not in shapes for layer in range(kept.index(0) + 1))
        return
    for layer, count in enumerate(kept):
        assert shapes[f"fc{layer}.weight"][0] == count
        assert shapes[f"fc{layer + 1}.weight"][1] == count


@given(networks())
def test_elimination_is_idempotent(network: Network) -> None:
    module = compact(network)
    once = str(module)
    module.run(ELIMINATE)
    assert str(module) == once


def crafted(transposed: bool) -> Network:
    """Layer 0: neuron 0 live, 1 constant relu(2), 2 constant relu(-1), 3 unread."""
    weights = [
        np.array([[1, 2], [0, 0], [0, 0], [3, 4]], np.float32),
        np.array([[1, 10, 100, 0], [0, 0.5, 5, 0]], np.float32),
        np.array([[1, 3]], np.float32),
    ]
    biases: list[np.ndarray | None] = [
        np.array([0.5, 2, -1, 7], np.float32),
        np.array([1, 1], np.float32),
        np.array([4], np.float32),
    ]
    return Network(weights, biases, ["relu", "relu"], transposed)


@pytest.mark.parametrize("transposed", [False, True])
def test_crafted_removal(transposed: bool) -> None:
    parameters = compact(crafted(transposed)).parameters()
    expected = {
        "fc0.weight": [[1, 2]],
        "fc0.bias": [0.5],
        "fc1.weight": [[1]],
        "fc1.bias": [1 + 10 * 2],  # neuron 1 of layer 0 folded in
        "fc2.weight": [[1]],
        "fc2.bias": [4 + 3 * (1 + 0.5 * 2)],  # neuron 1 of layer 1 is constant then
    }
    assert set(parameters) == set(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(parameters[name], np.array(value, np.float32))


def test_bias_is_made_where_there_is_none() -> None:
    network = Network(
        [np.array([[0], [1]], np.float32), np.array([[4, 1]], np.float32)],
        [None, None],
        ["sigmoid"],
    )
    parameters = compact(network).parameters()
    np.testing.assert_array_equal(parameters["fc1.bias"], np.array([2], np.float32))
    np.testing.assert_array_equal(parameters["fc1.weight"], np.array([[1]], np.float32))
    assert "fc0.bias" not in parameters


def test_signature_stays_when_all_inputs_are_unread() -> None:
    network = Network(
        [np.zeros((2, 3), np.float32), np.ones((1, 2), np.float32)],
        [np.array([1, -1], np.float32), np.array([5], np.float32)],
        ["relu"],
    )
    module = compact(network)
    function = module.functions()[0]
    assert [tuple(a.shape) for a in function.arguments] == [(3, 3)]
    assert set(module.parameters()) == {"fc1.bias"}
    out = run(module, np.full((3, 3), np.nan, np.float32))
    np.testing.assert_array_equal(out, np.full((3, 1), 6, np.float32))


CONVOLUTION = """
#id = affine_map<(a, b, c, d) -> (a, b, c, d)>
#rows = affine_map<(m, n, k) -> (m, k)>
#columns = affine_map<(m, n, k) -> (n, k)>
#result = affine_map<(m, n, k) -> (m, n)>
func.func @forward(%x: tensor<2x1x4x4xf32> {{prune.input = "input"}}) -> tensor<2x3xf32> {{
  %zero = arith.constant 0.0 : f32
  %k = arith.constant {{prune.param = #prune.param<"conv.weight", weight>}}
      dense<"0x{kernel}"> : tensor<4x1x3x3xf32>
  %kb = arith.constant {{prune.param = #prune.param<"conv.bias", bias>}}
      dense<[0.5, 2.0, -1.0, 0.25]> : tensor<4xf32>
  %w = arith.constant {{prune.param = #prune.param<"fc.weight", weight>}}
      dense<"0x{weight}"> : tensor<3x16xf32>
  %e = tensor.empty() : tensor<2x4x2x2xf32>
  %i = linalg.broadcast ins(%kb : tensor<4xf32>) outs(%e : tensor<2x4x2x2xf32>)
      dimensions = [0, 2, 3]
  %c = linalg.conv_2d_nchw_fchw ins(%x, %k : tensor<2x1x4x4xf32>, tensor<4x1x3x3xf32>)
      outs(%i : tensor<2x4x2x2xf32>) -> tensor<2x4x2x2xf32>
  %r = linalg.generic {{indexing_maps = [#id, #id],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}}
      ins(%c : tensor<2x4x2x2xf32>) outs(%e : tensor<2x4x2x2xf32>) {{
    ^bb0(%in: f32, %out: f32):
      %m = arith.maximumf %in, %zero : f32
      linalg.yield %m : f32
  }} -> tensor<2x4x2x2xf32>
  %flat = tensor.collapse_shape %r [[0], [1, 2, 3]] : tensor<2x4x2x2xf32> into tensor<2x16xf32>
  %f = tensor.empty() : tensor<2x3xf32>
  %fi = linalg.fill ins(%zero : f32) outs(%f : tensor<2x3xf32>) -> tensor<2x3xf32>
  %z = linalg.matmul indexing_maps = [#rows, #columns, #result]
      ins(%flat, %w : tensor<2x16xf32>, tensor<3x16xf32>) outs(%fi : tensor<2x3xf32>)
      -> tensor<2x3xf32>
  return %z : tensor<2x3xf32>
}}
"""


def test_filters_leave_through_flatten() -> None:
    """Filter 1 is the constant 2, filter 2 is relu(-1), filter 3 is read by zeros only."""
    rng = drawn.rng(5)
    kernel = rng.standard_normal((4, 1, 3, 3)).astype("<f4")
    kernel[[1, 2]] = 0
    weight = rng.standard_normal((3, 16)).astype("<f4")
    weight[:, 12:] = 0
    text = CONVOLUTION.format(kernel=kernel.tobytes().hex(), weight=weight.tobytes().hex())
    x = rng.standard_normal((2, 1, 4, 4)).astype(np.float32)
    before = run(native.Module.parse(text), x, reference=True)
    module = native.Module.parse(text)
    module.run(ELIMINATE)
    parameters = module.parameters()
    np.testing.assert_array_equal(parameters["conv.weight"], kernel[:1])
    np.testing.assert_array_equal(parameters["fc.weight"], weight[:, :4])
    expected = 2.0 * weight[:, 4:8].astype(np.float64).sum(axis=1)
    np.testing.assert_allclose(parameters["fc.bias"], expected, rtol=1e-6)
    assert_same(run(module, x, reference=True), before)
