//===- BatchNormPasses.td - Train passes on batch norms ----*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Passes that give batch normalizations the statistics of the batch. Included by
// Passes.td.

#ifndef PRUNE_DIALECT_PRUNE_TRANSFORMS_TRAIN_BATCHNORMPASSES_TD
#define PRUNE_DIALECT_PRUNE_TRANSFORMS_TRAIN_BATCHNORMPASSES_TD

include "mlir/Pass/PassBase.td"

def BuildStatisticsStepPass : Pass<"prune-build-statistics-step", "::mlir::ModuleOp"> {
  let summary = "build a step that only updates the statistics of batch norms";
  let description = [{
    Before: a function of the model form with `prune.batch_norm` whose mean and
    variance are arguments that are buffers. After: a second function next to it
    that takes the parameters, as state, and a batch, and returns new running
    statistics as `prune-train-batch-norms` does; nothing is trained. Pruning
    changes what the layers compute, and this measures it again.

    The share of the batch is the scalar argument `prune.input = "momentum"`:
    `1 / k` in the `k`-th step makes the statistics the mean over all batches so
    far, whatever they were before.

    Before:

    ```mlir
    func.func @forward(%x: tensor<8x4xf32> {prune.input = "input"}, %g: ..., %b: ...,
                       %m: tensor<4xf32> {prune.param = #prune.param<"bn.mean", buffer>},
                       %v: tensor<4xf32> {prune.param = #prune.param<"bn.var", buffer>})
        -> (tensor<8x4xf32> {prune.output = "logits"})
    ```

    After, beside it:

    ```mlir
    func.func @statistics_step(%g: ..., %b: ...,
          %m: tensor<4xf32> {prune.param = ..., prune.state = "bn.mean"},
          %v: tensor<4xf32> {prune.param = ..., prune.state = "bn.var"},
          %x: tensor<8x4xf32> {prune.input = "input"}, %momentum: f32 {prune.input = "momentum"})
        -> (tensor<4xf32> {prune.state = "bn.mean"}, tensor<4xf32> {prune.state = "bn.var"})
    ```

    Refuses a function that is missing or has several blocks, one without such
    batch normalizations, what `prune-train-batch-norms` refuses, and a name that
    is taken.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"forward\"",
           "Function that computes the logits.">,
    Option<"name", "name", "std::string", /*default=*/"\"statistics_step\"",
           "Name of the step.">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::prune::PruneDialect", "::mlir::tensor::TensorDialect"];
}

def TrainBatchNormsPass : Pass<"prune-train-batch-norms", "::mlir::ModuleOp"> {
  let summary = "normalize by the statistics of the batch, and keep running ones";
  let description = [{
    Before: a loss function without gradients. After: every `prune.batch_norm`
    whose mean and variance are arguments that are buffers is a
    `prune.batch_norm_training`, and the function returns, behind what it returned
    before, the new running mean and variance, marked `prune.state` with the names
    of the buffers: `(1 - momentum) * running + momentum * batch`. The running
    variance takes the unbiased one of the batch, as in PyTorch.
    `prune-build-train-step` carries such state on.

    Other batch normalizations keep the statistics that they are given, with a
    remark; a function that has gradients is left as it is, too.

    Before:

    ```mlir
    %y = prune.batch_norm %x, %g, %b, %m, %v epsilon 1.0e-5
        : tensor<8x16x32x32xf32>, tensor<16xf32>
    ...
    return %loss : tensor<f32>
    ```

    After, with `momentum=0.1`:

    ```mlir
    %y, %mean, %variance = prune.batch_norm_training %x, %g, %b epsilon 1.0e-5
        : tensor<8x16x32x32xf32>, tensor<16xf32>
    ...
    %m1 = linalg.generic ... ins(%m, %mean : ...)     // 0.9 m + 0.1 mean
    %v1 = linalg.generic ... ins(%v, %variance : ...) // 0.9 v + 0.1 n / (n - 1) variance
    return %loss, %m1, %v1 : tensor<f32>, tensor<16xf32>, tensor<16xf32>
    ```

    Refuses a function that is missing, called or has several blocks, a buffer
    that belongs to two batch normalizations, and one element per channel, which
    has no variance.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"loss\"",
           "Loss function to rewrite.">,
    Option<"momentum", "momentum", "double", /*default=*/"0.1",
           "Share of the batch in the running statistics, in [0, 1].">,
  ];
  let statistics = [
    Statistic<"numTrained", "num-batch-norms-trained",
              "Number of batch normalizations that take the statistics of the batch">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::prune::PruneDialect", "::mlir::tensor::TensorDialect"];
}

#endif // PRUNE_DIALECT_PRUNE_TRANSFORMS_TRAIN_BATCHNORMPASSES_TD
