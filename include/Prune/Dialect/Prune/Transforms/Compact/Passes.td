//===- Passes.td - Compact phase passes --------------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_TRANSFORMS_COMPACT_PASSES_TD
#define PRUNE_DIALECT_PRUNE_TRANSFORMS_COMPACT_PASSES_TD

include "mlir/Pass/PassBase.td"

def EliminateDeadNeuronsPass : Pass<"prune-eliminate-dead-neurons", "ModuleOp"> {
  let summary = "Remove neurons that are constant or that nothing reads";
  let description = [{
    Before: a network with constant weights, zeros where it was pruned. After: no
    neuron is left that is constant or unused; weights, biases and activations
    have shrunk, signatures are the same, and the results are equal up to
    rounding.

    A neuron (any index of a tensor dimension) leaves when

    * only zero weights read it, or only neurons that leave do (out-dead), or
    * it holds one constant, which is folded into the next bias (in-dead). The
      constant is followed from the bias through any element-wise body. Where
      there is no bias, one is made.

    Values are assumed finite: what is multiplied by zero is zero, whatever it is.
    So a channel dies with its gate, and a channel that only meets zero weights
    is dead. `finite=false` makes no such assumption, and keeps both.

    Repeats until nothing changes; what canonicalization would free is removed,
    too. A layer that dies altogether is replaced by its folded bias. Inputs and outputs of the function keep their shape. An
    operation without `ChannelOpInterface` keeps all that it touches, with a
    remark that says so.

    In convolutional networks filters leave through padding, pooling, batch
    normalization, flattening, residual sums, slices and concatenations; what
    these tie leaves only together. A convolution in groups loses whole groups,
    and single filters as far as every group that stays loses as many.
    A constant other than zero that is padded with zeros is not one constant, so
    the filter stays (`ConstantKept` in the remark); with `fold-borders` it leaves,
    and a constant over filters and positions, which knows the borders, is what
    the convolution behind starts from.

    ```mlir
    %w1 = arith.constant dense<[[1.0, 2.0], [0.0, 0.0]]> : tensor<2x2xf32>
    %b1 = arith.constant dense<[0.5, 1.0]> : tensor<2xf32>
    %w2 = arith.constant dense<[[3.0, 4.0]]> : tensor<1x2xf32>
    %b2 = arith.constant dense<[0.0]> : tensor<1xf32>
    // relu between the layers: the second neuron is always 1, so this becomes
    %w1 = arith.constant dense_resource<w1> : tensor<1x2xf32>  // [[1.0, 2.0]]
    %b1 = arith.constant dense_resource<b1> : tensor<1xf32>    // [0.5]
    %w2 = arith.constant dense_resource<w2> : tensor<1x1xf32>  // [[3.0]]
    %b2 = arith.constant dense_resource<b2> : tensor<1xf32>    // [4.0]
    ```

    A weight that several operations share stays one weight. It loses the neurons
    that all of them lose; a remark says where they differ.

    Extents may be dynamic. A dimension of dynamic extent, and what is tied to it,
    stays.

    With `record-kept` every parameter that shrank says which of its indices are
    left in each dimension, counted in the shape before this run:
    `prune.kept = [array<i64: 0, 2>, array<i64: 0, 1, 2>]`. What belongs to the
    parameter, as moments of an optimizer or a mask, can be shrunk with it. With
    `compose-kept`, too, indices are counted in the shape before the first run that noted
    some: a network that shrank several times still says where its values were.

    Functions of more than one block are left alone, with a remark.
  }];
  let options = [
    Option<"recordKept", "record-kept", "bool", /*default=*/"false",
           "Note on parameters that shrink which indices are left">,
    Option<"composeKept", "compose-kept", "bool", /*default=*/"false",
           "Count noted indices in the shape before the first run that noted some">,
    Option<"foldBorders", "fold-borders", "bool", /*default=*/"false",
           "Fold constants that are padded with zeros, position by position">,
    Option<"finite", "finite", "bool", /*default=*/"true",
           "Assume that no value is infinite or NaN">,
  ];
  let statistics = [
    Statistic<"numNeuronsRemoved", "num-neurons-removed", "neurons removed">,
    Statistic<"numConstantsFolded", "num-constants-folded", "constant neurons folded into a bias">,
    Statistic<"numWeightsRemoved", "num-weights-removed", "elements of constants removed">,
    Statistic<"bytesSaved", "bytes-saved", "bytes of constants removed">,
    Statistic<"numIterations", "num-iterations", "rounds that removed something">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::prune::PruneDialect", "::mlir::tensor::TensorDialect"
  ];
}

def VerifyCompactPass : Pass<"prune-verify-compact", "ModuleOp"> {
  let summary = "Check the contract of the compact form";
  let description = [{
    No mask, gate or score is left, and no neuron that
    `prune-eliminate-dead-neurons` would remove. The module is not changed. Each
    violation is an error at the operation. `finite` is the assumption of the
    elimination.
  }];
  let options = [
    Option<"finite", "finite", "bool", /*default=*/"true",
           "Assume that no value is infinite or NaN">,
  ];
}

def PrintChannelsPass : Pass<"prune-print-channels", "::mlir::ModuleOp"> {
  let summary = "Print what is known about every channel";
  let description = [{
    Changes nothing. Prints to standard error, for each function, what
    `prune-eliminate-dead-neurons` knows: of each dimension of each tensor how many
    indices stay, which leave, which hold one constant, and what keeps those that
    cannot leave. Constants are printed once for each of their users, since each
    may lose other indices.

    ```
    channels of @forward
    %0 = arith.constant "fc1.weight" : tensor<3x2xf32>
      dim 0: 2 of 3 stay; dead 1; constant 0.000000e+00 at 1
      dim 1: 2 of 2 stay; kept: an argument of the function
    ```

    With `summary` it is one line for each parameter, how many indices of each
    dimension stay, and one more where neurons that hold one
    constant stay, which names the weights or operations that keep them and how
    many each:

    ```
    channels of @forward
    "fc1.weight": 2 of 3, 2 of 2 stay
    "a.weight": 4 of 4, 3 of 3 stay
      constant neurons stay; held by 'b.weight' (1)
    ```
  }];
  let options = [
    Option<"summary", "summary", "bool", /*default=*/"false",
           "One line for each parameter">
  ];
}

def PrintGroupsPass : Pass<"prune-print-groups", "::mlir::ModuleOp"> {
  let summary = "Print which channels leave only together, and what ties them";
  let description = [{
    Changes nothing. Prints to standard error, for each function, the groups of
    channels: what structured pruning has to take as one. A channel of a group is
    an index of each listed dimension of a parameter, the rows of a weight, a bias,
    the columns of the weights that read it. Pruning it in one weight alone makes
    zeros, but nothing smaller.

    Listed are the indices of all channels of the group; where a dimension was
    flattened, a channel has several. `kept` says why no channel of a group can
    leave. `tied by` names the operations on several tensors with these channels:
    residual adds, concatenations, products of two activations.

    ```
    channel groups of @forward
    3 channels, kept: an argument of the function
      "conv1.weight" dim 1: 0-2
    16 channels
      "conv1.weight" dim 0: 0-15
      "conv2.weight" dim 0: 0-15
      "conv2.weight" dim 1: 0-15
      "fc.weight" dim 1: 0-399, 25 for each channel
      tied by linalg.add at net.mlir:12:8
    ```
  }];
}

def PermuteChannelsPass : Pass<"prune-permute-channels", "::mlir::ModuleOp"> {
  let summary = "Order channels so that n of m keeps larger weights";
  let description = [{
    Before: a network with constant parameters, not pruned yet. After: the channels
    between its layers are in another order, so that of each `m` input channels
    that are neighbors the `n` largest weights hold more (Pool and Yu 2021,
    "Channel Permutations for N:M Sparsity"). The network computes the same: rows of
    the weights before, biases, normalizations and columns of the weights behind
    move together, all that `prune-print-groups` lists and constants without a
    name. Results differ by the order of sums alone.

    ```mlir
    %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<[[1.0], [2.0], [3.0], [4.0]]> : tensor<4x1xf32>
    %w2 = arith.constant {prune.param = #prune.param<"fc2.weight", weight>} dense<[[9.0, 8.0, 1.0, 1.0]]> : tensor<1x4xf32>
    // becomes, for one of two
    %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense<[[3.0], [2.0], [1.0], [4.0]]> : tensor<4x1xf32>
    %w2 = arith.constant {prune.param = #prune.param<"fc2.weight", weight>} dense<[[1.0, 8.0, 9.0, 1.0]]> : tensor<1x4xf32>
    ```

    The search exchanges the two channels that gain most until none gains,
    for `sweeps` rounds over all pairs of sets at most; a remark says which share of
    the sizes n of m keeps before and after. A weight counts if it reads the
    channels one by one and from a multiple of `m` on; others only move. A group
    that cannot leave cannot move and is left alone, with a remark, and so is one
    whose channels are no multiple of `m`. Masks that are not folded keep channels
    where they are.
  }];
  let options = [
    Option<"n", "n", "int64_t", "2", "weights that stay">,
    Option<"m", "m", "int64_t", "4", "of so many neighbors">,
    Option<"sweeps", "sweeps", "int64_t", "20", "most rounds over all pairs of sets">,
  ];
  let statistics = [
    Statistic<"numGroupsPermuted", "num-groups-permuted", "groups with another order">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def FoldBatchNormsPass : Pass<"prune-fold-batch-norms", "::mlir::ModuleOp"> {
  let summary = "Fold batch normalizations into the layers before them";
  let description = [{
    Before: a network with constant parameters, for inference. After: a
    `prune.batch_norm` behind a convolution or product with a constant weight is
    gone; the weight is scaled and the bias changed accordingly, or made where
    there was none, under the name of the bias of the batch normalization. Results
    are equal up to rounding. Zeros of the weight stay zeros.

    ```mlir
    %y = linalg.conv_2d_nchw_fchw ins(%x, %w : ...) outs(%zeros : ...) -> tensor<8x16x30x30xf32>
    %z = prune.batch_norm %y, %scale, %bias, %mean, %variance epsilon 1.0e-05
        : tensor<8x16x30x30xf32>, tensor<16xf32>
    ```

    becomes, with `%w1 = %w * scale / sqrt(variance + epsilon)`,

    ```mlir
    %i = linalg.broadcast ins(%b1 : tensor<16xf32>) outs(%e : tensor<8x16x30x30xf32>) dimensions = [0, 2, 3]
    %z = linalg.conv_2d_nchw_fchw ins(%x, %w1 : ...) outs(%i : ...) -> tensor<8x16x30x30xf32>
    ```

    Any other batch normalization stays, with a remark that says why: one whose
    input has other readers, that follows something else, or whose layer shares
    its weight.
  }];
  let statistics = [
    Statistic<"numFolded", "num-batch-norms-folded", "Batch normalizations folded">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif // PRUNE_DIALECT_PRUNE_TRANSFORMS_COMPACT_PASSES_TD
