//===- Passes.td - Passes of the oneDNN dialect ------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_ONEDNN_TRANSFORMS_PASSES_TD
#define PRUNE_DIALECT_ONEDNN_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def PropagateLayoutsPass : Pass<"onednn-propagate-layouts"> {
  let summary = "Keep images in the order nhwc between layers";
  let description = [{
    Before: convolutions and poolings of `onednn` in any order of dimensions.
    After: all of them are in the order nhwc, in which oneDNN's kernels need no
    padding of channels and loops run along channels. The transpositions around
    them are moved, through element-wise operations, `tensor.pad` and slices and
    into the maps of reductions, until they meet and cancel, or meet an operation
    for which the order matters, such as a flatten. One that moves nothing, as
    for images of one channel, becomes a reshape.

    ```mlir
    %y = onednn.convolution ins(%x, %w : tensor<8x4x9x9xf32>, tensor<6x4x2x2xf32>) outs(%e : tensor<8x6x8x8xf32>) -> tensor<8x6x8x8xf32>
    %z = math.exp %y : tensor<8x6x8x8xf32>
    %s = kernel.max_pool ins(%z : tensor<8x6x8x8xf32>) outs(%f : tensor<8x6x4x4xf32>)
        {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<8x6x4x4xf32>
    ```
    becomes
    ```mlir
    %0 = linalg.transpose ins(%x : tensor<8x4x9x9xf32>) outs(%d : tensor<8x9x9x4xf32>) permutation = [0, 2, 3, 1]
    %y = onednn.convolution ins(%0, %w : tensor<8x9x9x4xf32>, tensor<6x4x2x2xf32>) outs(%e : tensor<8x8x8x6xf32>)
        {layout = #kernel.layout<nhwc>} -> tensor<8x8x8x6xf32>
    %z = math.exp %y : tensor<8x8x8x6xf32>
    %1 = kernel.max_pool ins(%z : tensor<8x8x8x6xf32>) outs(%f : tensor<8x4x4x6xf32>)
        {layout = #kernel.layout<nhwc>, window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<8x4x4x6xf32>
    %s = linalg.transpose ins(%1 : tensor<8x4x4x6xf32>) outs(%g : tensor<8x6x4x4xf32>) permutation = [0, 3, 1, 2]
    ```
  }];
  let statistics = [
    Statistic<"numOps", "num-ops-reordered", "Operations that became nhwc">,
    Statistic<"numTransposes", "num-transposes-left", "Transpositions of images that are left">
  ];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

#endif // PRUNE_DIALECT_ONEDNN_TRANSFORMS_PASSES_TD
