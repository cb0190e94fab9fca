//===- StructuredBuilder.h - Short forms of structured ops ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_UTILS_STRUCTUREDBUILDER_H
#define PRUNE_DIALECT_PRUNE_UTILS_STRUCTUREDBUILDER_H

#include "mlir/IR/Builders.h"

namespace mlir::prune {

/// Computes one scalar from the scalars of a loop iteration.
using ScalarBody = llvm::function_ref<Value(OpBuilder &, Location, ValueRange)>;

/// `tensor.empty` of the shape of `like` and the given element type (that of
/// `like` when null).
Value createEmptyLike(OpBuilder &builder, Location loc, Value like,
                      Type elementType = {});

/// A tensor of the shape and element type of `like` filled with `value`.
Value createFilledLike(OpBuilder &builder, Location loc, Value like,
                       double value);

/// `linalg.reduce` of `input` over `dimensions` (increasing) with the binary
/// operation `CombinerOp`, starting from `start`.
template <typename CombinerOp>
Value createReduction(OpBuilder &builder, Location loc, Value input,
                      ArrayRef<int64_t> dimensions, double start);

namespace detail {
Value createReduction(OpBuilder &builder, Location loc, Value input,
                      ArrayRef<int64_t> dimensions, double start,
                      ScalarBody combine);
} // namespace detail

template <typename CombinerOp>
Value createReduction(OpBuilder &builder, Location loc, Value input,
                      ArrayRef<int64_t> dimensions, double start) {
  auto combine = [](OpBuilder &b, Location loc, ValueRange args) -> Value {
    return CombinerOp::create(b, loc, args[0], args[1]);
  };
  return detail::createReduction(builder, loc, input, dimensions, start,
                                 combine);
}

/// Adds up `input` over `dimensions` (increasing).
Value createSum(OpBuilder &builder, Location loc, Value input,
                ArrayRef<int64_t> dimensions);

/// The pieces of the softmax of each row of a matrix.
struct SoftmaxParts {
  /// Largest element of each row, shape [rows].
  Value maximum;
  /// `exp(element - maximum)`, shape [rows, columns].
  Value exponentials;
  /// Sum of the exponentials of each row, shape [rows].
  Value sum;
};

/// Builds the pieces for `logits` of shape [rows, columns]. The loss and its
/// gradient both start with these operations, so that common subexpression
/// elimination merges them.
SoftmaxParts createSoftmaxParts(OpBuilder &builder, Location loc, Value logits);

} // namespace mlir::prune

#endif // PRUNE_DIALECT_PRUNE_UTILS_STRUCTUREDBUILDER_H
