//===- RunningStatistics.h - Statistics of batch norms ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_RUNNINGSTATISTICS_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_RUNNINGSTATISTICS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::prune {

/// Builds the share of a batch in the running statistics as a scalar of the
/// given type. Called once for each element type.
using MomentumBuilder = llvm::function_ref<Value(OpBuilder &, Type)>;

/// Puts the training form in the place of every `prune.batch_norm` of
/// `function` whose mean and variance are arguments that are buffers, and
/// returns the new running mean and (unbiased) variance as further results,
/// marked `prune.state` with the names of the buffers. Returns the number of
/// operations replaced. Fails, with an error and the function unchanged, when a
/// batch has one element per channel, or a buffer belongs to two of them.
FailureOr<unsigned> trainBatchNorms(func::FuncOp function,
                                    MomentumBuilder momentum);

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_RUNNINGSTATISTICS_H
