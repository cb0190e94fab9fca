//===- AdjointOpInterface.h - Reverse-mode rules of operations --*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_INTERFACES_ADJOINTOPINTERFACE_H
#define PRUNE_INTERFACES_ADJOINTOPINTERFACE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"

#include "Prune/Interfaces/AdjointOpInterface.h.inc"

namespace mlir::prune {

/// The adjoints collected so far while a block is swept in reverse. An
/// adjoint with one contribution is that contribution; sums appear only where a
/// value is read more than once.
class AdjointMap {
public:
  /// Only values for which `isActive` holds collect adjoints.
  explicit AdjointMap(llvm::function_ref<bool(Value)> isActive)
      : isActive(isActive) {}

  /// Adjoint of `value`, null when it is zero.
  Value lookup(Value value) const { return adjoints.lookup(value); }

  /// Adds a contribution, of the type of `value`, to its adjoint.
  void add(OpBuilder &builder, Value value, Value contribution);

  /// Sends the adjoints of the results of `op` to its inputs. Does nothing when
  /// no result has an adjoint or no input is active. Fails, with an error on
  /// the operation, when it has no rule.
  LogicalResult propagate(OpBuilder &builder, Operation *op);

private:
  llvm::function_ref<bool(Value)> isActive;
  llvm::DenseMap<Value, Value> adjoints;
};

} // namespace mlir::prune

#endif // PRUNE_INTERFACES_ADJOINTOPINTERFACE_H
