//===- LoopPlan.h - How a nest becomes loops over vectors -------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CODEGEN_LOOPS_LOOPPLAN_H
#define PRUNE_LIB_CODEGEN_LOOPS_LOOPPLAN_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::prune {

/// How the elements of one destination are combined over reduction loops.
struct Combiner {
  /// Null when the loop nest has no reductions.
  Operation *op = nullptr;
  vector::CombiningKind kind = vector::CombiningKind::ADD;
};

/// How one linalg operation on memrefs becomes loops over vectors.
struct LoopPlan {
  SmallVector<int64_t> extents;
  /// The loop whose iterations become the lanes of vectors.
  unsigned vectorLoop;
  bool isReduction;
  /// The other loops, parallel ones outermost.
  SmallVector<unsigned> parallelLoops;
  SmallVector<unsigned> reductionLoops;
  /// Lanes of a full vector, and vectors that are computed side by side.
  int64_t lanes;
  int64_t unroll;
  /// Whether the outermost loop over pieces of the result runs on threads.
  bool isThreaded = false;
  /// Whether a long reduction is cut into tasks, on threads or not.
  bool isCut = false;
  /// One per destination.
  SmallVector<Combiner> combiners;
};

/// Plans vectors of `vectorBits`, for threads when `threaded` is set and the
/// work is worth starting them. Fails, and says why in `reason`, when no loop
/// runs along contiguous elements of every operand that depends on it, or when
/// the body has an operation without a vector form.
FailureOr<LoopPlan> planLoops(linalg::LinalgOp op, int64_t vectorBits,
                              bool threaded, std::string &reason);

} // namespace mlir::prune

#endif // PRUNE_LIB_CODEGEN_LOOPS_LOOPPLAN_H
