//===- ElementEvaluator.h - Elements that only depend on places -*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_ELEMENTEVALUATOR_H
#define PRUNE_ANALYSIS_ELEMENTEVALUATOR_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/DenseMap.h"

namespace mlir::prune {

/// Evaluates single elements of tensors that are computed from constants and
/// loop counters alone, as frameworks compute indices. Only what an element
/// needs is evaluated, by the folders of the operations (BodyEvaluator), and
/// remembered. Parameters have no known elements, as training changes them. The
/// IR is left as it is and must not change while an evaluator lives.
///
/// An element may be known where its tensor as a whole is not, and operations
/// need no more than a folder; sums are not followed. For whole tensors, sums
/// and parameters included, there is ConstantEvaluator.
class ElementEvaluator {
public:
  /// The element at `position`; null when it depends on anything else.
  Attribute getElement(Value tensor, ArrayRef<int64_t> position);

  /// The scalar `value`, of the body of `op` or from outside, where its loops
  /// are at `counters`; null when it depends on anything else.
  Attribute getScalar(linalg::LinalgOp op, Value value,
                      ArrayRef<int64_t> counters);

private:
  Attribute evaluate(Value tensor, ArrayRef<int64_t> position);

  llvm::DenseMap<std::pair<Value, int64_t>, Attribute> elements;
  /// Operations between the element asked for and the one evaluated.
  unsigned depth = 0;
};

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_ELEMENTEVALUATOR_H
