//===- StructuredOps.h - Loops of structured operations ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_STRUCTUREDOPS_H
#define PRUNE_ANALYSIS_STRUCTUREDOPS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace mlir::prune {

/// A structured operation whose body is `out + lhs * rhs` on floats.
struct SumOfProducts {
  OpOperand *lhs;
  OpOperand *rhs;
  OpOperand *init;
};

/// Matches a sum of products on tensors, in either order of its factors.
std::optional<SumOfProducts> matchSumOfProducts(linalg::LinalgOp op);

/// A contraction on tensors whose body is `out + lhs * rhs` and nothing else.
/// Upstream's `isaContractionOpInterface` also takes bodies that do more, like
/// `out + exp(lhs) * rhs`.
bool isContraction(linalg::LinalgOp op);

/// A convolution on tensors whose body is `out + image * filter` and nothing
/// else.
bool isConvolution(linalg::LinalgOp op);

/// An operation on tensors that computes each element of its one result in an
/// iteration of its own, at the counters of the loops; `op` may be null.
/// Upstream's `isElementwise` wants operands that are read element by element,
/// too.
bool isElementwiseOnTensors(linalg::LinalgOp op);

/// The loop whose counter alone is the index of dimension `dim`; nothing when
/// the index is another expression.
std::optional<unsigned> getLoop(AffineMap map, unsigned dim);

/// The dimension whose index is the counter of `loop` alone; nothing when there
/// is none.
std::optional<unsigned> getDim(AffineMap map, unsigned loop);

/// True when any index of `map` depends on the counter of `loop`.
bool usesLoop(AffineMap map, unsigned loop);

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_STRUCTUREDOPS_H
