//===- BodyEvaluator.h - Scalar bodies on constants -------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_BODYEVALUATOR_H
#define PRUNE_ANALYSIS_BODYEVALUATOR_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"

#include <functional>

namespace mlir::prune {

/// Evaluates scalar values in the body of a structured operation where some of
/// its arguments are constant. Every operation is evaluated by its own folder,
/// so the arithmetic is that of the element type, rounding included, and any
/// dialect with folders takes part. The IR is left as it is.
class BodyEvaluator {
public:
  using ArgumentFn = std::function<Attribute(BlockArgument)>;

  /// `argument` gives the constant of a block argument, null when unknown.
  explicit BodyEvaluator(ArgumentFn argument) : argument(std::move(argument)) {}

  /// The constant that `value` is, null when unknown. Only what `value` needs
  /// is evaluated.
  Attribute evaluate(Value value);

private:
  Attribute evaluateResult(OpResult result);

  ArgumentFn argument;
  llvm::DenseMap<Value, Attribute> known;
};

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_BODYEVALUATOR_H
