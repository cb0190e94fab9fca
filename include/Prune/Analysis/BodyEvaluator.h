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
#include <optional>

namespace mlir::prune {

/// Evaluates scalar values in the body of a structured operation where some of
/// its arguments are constant. Every operation is evaluated by its own folder,
/// so the arithmetic is that of the element type, rounding included, and any
/// dialect with folders takes part; those that `ScalarProgram` knows need none.
/// The IR is left as it is.
///
/// A value from outside the body (an argument of the function, say) is known
/// when it is a constant itself; it never stands for an operand. Under the
/// assumption `finite`, zero times an unknown value and zero over one are zero.
class BodyEvaluator {
public:
  using ArgumentFn = std::function<Attribute(BlockArgument)>;
  using ResultFn = std::function<std::optional<Attribute>(OpResult)>;

  /// `argument` gives the constant of an argument of `body`, null when unknown.
  BodyEvaluator(Block *body, bool finite, ArgumentFn argument)
      : body(body), finite(finite), argument(std::move(argument)) {}

  /// Lets `function` say what results of operations are, null for unknown,
  /// where it does not return nothing: loop counters, elements of tensors.
  void overrideResults(ResultFn function) { result = std::move(function); }

  /// The constant that `value` is, null when unknown. Only what `value` needs
  /// is evaluated.
  Attribute evaluate(Value value);

private:
  Attribute evaluateResult(OpResult result);
  Attribute evaluateUnknown(Operation *op, ArrayRef<Attribute> operands) const;

  Block *body;
  bool finite;
  ArgumentFn argument;
  ResultFn result;
  llvm::DenseMap<Value, Attribute> known;
};

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_BODYEVALUATOR_H
