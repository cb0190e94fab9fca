# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Filters that are masked as a whole leave, with bias, scale and shift."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from layers import forward, random_values
from mlir_prune import Module
from mlir_prune.imported import load_network
from mlir_prune.models import Network, ResNet, Vgg
from mlir_prune.pipelines import compress_pipeline
from mlir_prune.training.masks import PREFIX, apply, select_masks

VGG = Vgg((4, 6, 0, 6, 0), 7, (2, 8, 8), 3)
RESNET = ResNet(1, "B", (4, 6, 8), (2, 8, 8), 3)


def filters(network: Network) -> list[str]:
    return [name for name, shape in network.shapes().items() if len(shape) == 4]


def shrink(network: Network, values: dict[str, np.ndarray], **options: bool):
    """The compact network, which computes what the pruned one does."""
    x = np.random.default_rng(5).standard_normal((2, *network.input_shape)).astype(np.float32)
    module = Module.parse(network.text(2))
    module.bind({name: values[name] for name in network.shapes()})
    module.run(compress_pipeline(**options))
    found = module.compile(reference=True).call("forward", {"input": x})["logits"]
    expected = forward(network, values, x)
    np.testing.assert_allclose(found, expected, atol=1e-5 * max(1.0, np.abs(expected).max()))
    return {name: array.shape for name, array in module.parameters().items()}


@pytest.mark.parametrize("network", [VGG, RESNET], ids=["vgg", "resnet"])
def test_vectors_follow_the_filters(network: Network) -> None:
    values = random_values(network, 3)
    masks = select_masks(network, values, filters(network), "channel:0", sparsity=0.5)
    extended = {name for name in masks if masks[name].ndim == 1}
    assert extended
    for name in extended:
        assert name.removeprefix(PREFIX) in network.shapes()
        assert not name.endswith(("running_mean", "running_var"))
        assert masks[name].mean() == pytest.approx(0.5)


def test_every_masked_filter_leaves() -> None:
    values = random_values(VGG, 3)
    masks = select_masks(VGG, values, filters(VGG), "channel:0", sparsity=0.5)
    left = shrink(VGG, apply(values | masks))
    for name in filters(VGG):
        kept = masks[PREFIX + name].reshape(len(values[name]), -1).any(axis=1).sum()
        assert left[name][0] == kept


def test_single_weights_leave_the_vectors_alone() -> None:
    values = random_values(VGG, 3)
    masks = select_masks(VGG, values, filters(VGG), "unstructured", sparsity=0.5)
    assert set(masks) == {PREFIX + name for name in filters(VGG)}


def test_shifts_leave_through_borders() -> None:
    """With its shift alive a filter is a constant, which needs its borders folded."""
    values = random_values(VGG, 3)
    masks = select_masks(VGG, values, filters(VGG), "channel:0", sparsity=0.5)
    weights = {name: mask for name, mask in masks.items() if mask.ndim == 4}
    pruned = apply(values | weights)
    kept = shrink(VGG, pruned)
    folded = shrink(VGG, pruned, fold_borders=True)
    assert sum(folded[n][0] for n in filters(VGG)) < sum(kept[n][0] for n in filters(VGG))


RESHAPED = """
func.func @forward(%x: tensor<4x1x3x3xf32>) -> tensor<4x3xf32> {
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<[[[[3.0]]], [[[1.0]]], [[[2.0]]]]> : tensor<3x1x1x1xf32>
  %b = arith.constant {prune.param = #prune.param<"b", bias>} dense_resource<b> : tensor<3x1x1xf32>
  %e = tensor.empty() : tensor<4x3x3x3xf32>
  %c = tensor.collapse_shape %b [[0, 1, 2]] : tensor<3x1x1xf32> into tensor<3xf32>
  %i = linalg.broadcast ins(%c : tensor<3xf32>) outs(%e : tensor<4x3x3x3xf32>) dimensions = [0, 2, 3]
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<4x1x3x3xf32>, tensor<3x1x1x1xf32>)
      outs(%i : tensor<4x3x3x3xf32>) -> tensor<4x3x3x3xf32>
  %zero = arith.constant 0.0 : f32
  %o = tensor.empty() : tensor<4x3xf32>
  %z = linalg.fill ins(%zero : f32) outs(%o : tensor<4x3xf32>) -> tensor<4x3xf32>
  %s = linalg.reduce { arith.addf } ins(%y : tensor<4x3x3x3xf32>) outs(%z : tensor<4x3xf32>) dimensions = [2, 3]
  return %s : tensor<4x3xf32>
}
{-# dialect_resources: {builtin: {b: "0x040000000000803F0000004000004040"}} #-}
"""


def test_a_bias_of_any_shape_follows(tmp_path: Path) -> None:
    """As [channels, 1, 1], which is added to an image without a reshape."""
    (tmp_path / "net.mlir").write_text(RESHAPED)
    network = load_network(str(tmp_path / "net.mlir"))
    values = network.init(np.random.default_rng(0))
    masks = select_masks(network, values, ["w"], "channel:0", sparsity=0.4)
    assert masks[f"{PREFIX}b"].shape == (3, 1, 1)
    assert masks[f"{PREFIX}b"].ravel().tolist() == [True, False, True]
