# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A constant that a contraction multiplies with activations is a layer's weight.

However a framework writes the product: batches of any number of dimensions, the
weight on either side, in parts, or as a product and a sum.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir to run the tests of the front end"
pytest.importorskip("mlir_prune._native", reason="the native module is not built")
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)
onnx = pytest.importorskip("onnx", reason="pip install onnx to read networks of ONNX")

from mlir_prune import frontend  # noqa: E402

nn, F = torch.nn, torch.nn.functional


class Weights(nn.Module):
    """A function of its input and a weight, and perhaps a second one."""

    def __init__(self, function: Callable[..., Any], *shapes: tuple[int, ...]) -> None:
        super().__init__()
        self.function = function
        for name, shape in zip("wv", shapes, strict=False):
            setattr(self, name, nn.Parameter(torch.randn(*shape)))

    def forward(self, *x: Any) -> Any:
        return self.function(self, *x)


# The network, the shapes of its inputs, and its weights.
TORCH: dict[str, tuple[Callable[[], Any], list[tuple[int, ...]], list[str]]] = {
    "four dimensions": (
        lambda: Weights(lambda s, x: torch.relu(x @ s.w) @ s.v, (3, 5), (5, 4)), [(2, 3, 4, 3)], ["w", "v"]),
    "weight on the left": (lambda: Weights(lambda s, x: s.w @ x, (5, 3)), [(3, 4)], ["w"]),
    "weight on the left of three dimensions": (lambda: Weights(lambda s, x: s.w @ x, (5, 3)), [(2, 3, 4)], ["w"]),
    "weights on the left of four dimensions": (
        lambda: Weights(lambda s, x: s.v @ torch.relu(s.w @ x), (5, 3), (4, 5)), [(2, 3, 3, 4)], ["w", "v"]),
    "transposed on the left of four dimensions": (
        lambda: Weights(lambda s, x: s.w.t() @ x, (3, 5)), [(2, 3, 3, 4)], ["w"]),
    "a matrix for each head": (lambda: Weights(lambda s, x: x @ s.w, (3, 4, 5)), [(2, 3, 6, 4)], ["w"]),
    "one for all and one for each": (lambda: Weights(lambda s, x: x @ s.w, (1, 3, 4, 5)), [(2, 3, 6, 4)], ["w"]),
    "concatenation": (
        lambda: Weights(lambda s, x, y: F.linear(torch.cat([x, y], 1), s.w), (5, 7)), [(2, 3), (2, 4)], ["w"]),
    "matrix and vector": (lambda: Weights(lambda s, x: torch.mv(x, s.w), (3,)), [(4, 3)], ["w"]),
    "vector behind four dimensions": (lambda: Weights(lambda s, x: x @ s.w, (4,)), [(2, 3, 5, 4)], ["w"]),
    "vector before four dimensions": (lambda: Weights(lambda s, x: s.w @ x, (5,)), [(2, 3, 5, 4)], ["w"]),
    "product and sum": (lambda: Weights(lambda s, x: (x[:, None] * s.w).sum(-1), (5, 3)), [(2, 3)], ["w"]),
    "attention of three inputs": (
        lambda: Attention(), [(2, 5, 4)] * 3,
        ["layer.in_proj_weight", "layer.in_proj_weight_1", "layer.in_proj_weight_2", "layer.out_proj.weight"]),
    "einsum": (lambda: Weights(lambda s, x: torch.einsum("bi,oi->bo", x, s.w), (5, 3)), [(2, 3)], ["w"]),
    "einsum of heads": (
        lambda: Weights(lambda s, x: torch.einsum("bhti,hio->bhto", x, s.w), (3, 4, 5)), [(2, 3, 6, 4)], ["w"]),
    "einsum with the weight first": (
        lambda: Weights(lambda s, x: torch.einsum("oi,bti->bot", s.w, x), (5, 3)), [(2, 4, 3)], ["w"]),
    "einsum to heads": (
        lambda: Weights(lambda s, x: torch.einsum("bti,ihd->bhtd", x, s.w), (3, 2, 5)), [(2, 4, 3)], ["w"]),
    "einsum of channels": (
        lambda: Weights(lambda s, x: torch.einsum("bchw,dc->bdhw", x, s.w), (5, 3)), [(2, 3, 4, 2)], ["w"]),
    "convolutions in one dimension": (
        lambda: nn.Sequential(nn.Conv1d(4, 6, 2, groups=2), nn.ReLU(), nn.Conv1d(6, 4, 3, padding=1, stride=2)),
        [(2, 4, 7)], ["0.weight", "2.weight"]),
    "convolutions in three dimensions": (
        lambda: nn.Sequential(nn.Conv3d(2, 4, 2), nn.ReLU(), nn.Conv3d(4, 2, 2, groups=2)),
        [(2, 2, 4, 3, 5)], ["0.weight", "2.weight"]),
}  # fmt: skip


class Attention(nn.Module):
    """Queries, keys and values from three inputs: three parts of one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, q: Any, k: Any, v: Any) -> Any:
        return self.layer(q, k, v)[0]


def check(module: Any, inputs: list[np.ndarray], expected: np.ndarray, weights: list[str]) -> None:
    """The layers are there, compute the same on both paths, and can be pruned."""
    assert [layer["weight"] for layer in module.layers()] == weights
    for reference in (True, False):
        (found,) = module.compile(reference=reference)("forward", *inputs)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    small, masked = module.clone(), module.clone()
    masked.run("builtin.module(prune-mask-pipeline{sparsity=0.5})")
    small.run("builtin.module(prune-compress-pipeline{sparsity=0.5})")
    masked.run("builtin.module(prune-fold-masks)")
    values = masked.parameters()
    for name in weights:
        assert 0.25 < np.mean(np.asarray(values[name]) == 0) < 0.75, name
    (expected,) = masked.compile(reference=True)("forward", *inputs)
    for reference in (True, False):
        (found,) = small.compile(reference=reference)("forward", *inputs)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", TORCH)
def test_layers_of_torch(name: str) -> None:
    torch.manual_seed(0)
    build, shapes, weights = TORCH[name]
    model = build().eval()
    inputs = tuple(torch.randn(*shape) for shape in shapes)
    module = frontend.from_torch(model, inputs)
    expected = model(*inputs).detach().numpy()
    check(module, [x.numpy() for x in inputs], expected, weights)


# Shapes of the activation and the weight, and which comes first.
MATMULS = {
    "four": ((2, 3, 4, 3), (3, 5), False),
    "five": ((2, 2, 3, 4, 3), (3, 5), False),
    "batch of one": ((1, 3, 4, 3), (3, 5), False),
    "heads": ((2, 3, 4, 3), (3, 3, 5), False),
    "ones": ((2, 3, 4, 3), (1, 1, 3, 5), False),
    "rows": ((2, 3, 4, 3), (2, 1, 3, 5), False),
    "more of the weight": ((2, 1, 4, 3), (3, 3, 5), False),
    "left of two": ((3, 4), (5, 3), True),
    "left of three": ((2, 3, 4), (5, 3), True),
    "left of four": ((2, 3, 3, 4), (5, 3), True),
    "left of heads": ((2, 3, 3, 4), (3, 5, 3), True),
}


@pytest.mark.parametrize("name", MATMULS)
def test_layers_of_onnx(name: str, tmp_path: Any) -> None:
    """MatMul, a bias, and a second MatMul of the same kind."""
    shape, weight, is_left = MATMULS[name]
    rng = np.random.default_rng(1)
    w = rng.standard_normal(weight).astype(np.float32)
    square = (*weight[:-2], 5, 5)
    v = rng.standard_normal(square).astype(np.float32)
    x = rng.standard_normal(shape).astype(np.float32)
    bias = rng.standard_normal((5, 1) if is_left else 5).astype(np.float32)
    helper = onnx.helper

    def order(first: str, second: str) -> list[str]:
        return [second, first] if is_left else [first, second]

    nodes = [
        helper.make_node("MatMul", order("x", "w"), ["a"]),
        helper.make_node("Add", ["a", "b"], ["c"]),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("MatMul", order("d", "v"), ["y"]),
    ]
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", kind, None)],
        [onnx.numpy_helper.from_array(a, n) for n, a in (("w", w), ("b", bias), ("v", v))],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(onnx.shape_inference.infer_shapes(model), tmp_path / "net.onnx")

    def multiply(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.matmul(second, first) if is_left else np.matmul(first, second)

    expected = multiply(np.maximum(multiply(x, w) + bias, 0), v)
    module = frontend.from_onnx(tmp_path / "net.onnx")
    check(module, [x], expected, ["w", "v"])
