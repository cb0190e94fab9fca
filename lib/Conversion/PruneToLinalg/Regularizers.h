//===- Regularizers.h - Parts of the lowerings of penalties -----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CONVERSION_PRUNETOLINALG_REGULARIZERS_H
#define PRUNE_LIB_CONVERSION_PRUNETOLINALG_REGULARIZERS_H

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::prune {

/// Reduces all elements of `tensor` to `count` scalars that start at zero.
SmallVector<Value> createScalarSums(ImplicitLocOpBuilder &b, Value tensor,
                                    int64_t count, ScalarsBody body);

/// `value` where the scalar `norm` is positive, else zero: what divides by a
/// norm is undefined for a tensor or a group of zeros.
Value selectIfPositive(ImplicitLocOpBuilder &b, Value norm, Value value);

/// Replaces `op` by its strength times the scalar `penalty`.
void replaceByPenalty(PatternRewriter &rewriter, RegularizeOp op,
                      Value penalty);

} // namespace mlir::prune

#endif // PRUNE_LIB_CONVERSION_PRUNETOLINALG_REGULARIZERS_H
