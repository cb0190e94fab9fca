//===- BatchParts.h - Images that run together ------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_BATCHPARTS_H
#define PRUNE_KERNELS_BATCHPARTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::prune {

/// The batch of a public function whose arguments are all inputs and come in
/// batches of one size, as its results do; 0 for others.
int64_t getSplitBatch(func::FuncOp function);

/// How many images of the batch run at a time, so that they stay in a cache of
/// some bytes for each thread: the most whose largest convolution does, of
/// numbers that divide the batch and that threads can share equally. The batch
/// itself where no code is generated or where parts do not pay. Goes by the
/// kernels that are chosen. With `hasLanes` the lanes of kernels are images:
/// the numbers are multiples of 16. Linear in the operations.
int64_t chooseBatchPart(func::FuncOp function, int64_t batch, int64_t threads,
                        int64_t cache, bool hasLanes = false);

} // namespace mlir::prune

#endif // PRUNE_KERNELS_BATCHPARTS_H
