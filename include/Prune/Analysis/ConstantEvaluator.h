//===- ConstantEvaluator.h - Values of computations on constants -*- C++
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_CONSTANTEVALUATOR_H
#define PRUNE_ANALYSIS_CONSTANTEVALUATOR_H

#include "Prune/Analysis/ScalarProgram.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/BuiltinTypes.h"

#include <memory>
#include <vector>

namespace mlir::prune {

/// Computes tensors that depend on constants only: structured operations loop
/// by loop in their order, element-wise operations on whole tensors, reshapes
/// and slices. Values are kept, so that each operation runs once. Parameters
/// have the value that they have now.
///
/// Bodies are compiled to steps on numbers (ScalarProgram), which is what makes
/// millions of elements quick; single elements of what is no constant as a
/// whole are the task of ElementEvaluator. Both read constants by
/// getConstantElement.
class ConstantEvaluator {
public:
  /// Elements in row-major order.
  using Elements = std::vector<Scalar>;

  /// The elements of a tensor of static shape, or of a scalar; null, with an
  /// obstacle, when they do not follow from constants.
  const Elements *evaluate(Value value);

  /// The operation that stopped the last evaluation; null when a value comes
  /// from an argument.
  Operation *getObstacle() const { return obstacle; }

private:
  std::optional<Elements> compute(OpResult value);
  std::optional<Elements> computeConstant(Attribute value, ShapedType type);
  std::optional<Elements> computeStructured(linalg::LinalgOp op,
                                            unsigned result);
  std::optional<Elements> computeElementwise(Operation *op);
  std::optional<Elements> computeSlice(Operation *op);

  Operation *obstacle = nullptr;
  llvm::DenseMap<Value, std::unique_ptr<Elements>> known;
};

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_CONSTANTEVALUATOR_H
