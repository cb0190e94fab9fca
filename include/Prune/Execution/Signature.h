//===- Signature.h - What functions take and return -------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_EXECUTION_SIGNATURE_H
#define PRUNE_EXECUTION_SIGNATURE_H

#include "Prune/Support/ElementKind.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::prune {

/// What an argument or a result of a function is.
enum class ValueKind { Param, State, Input, Output, None };

/// One argument or result.
struct ValueInfo {
  /// Name given by the attributes of the prune dialect; `grad:<parameter>` for
  /// a gradient; else `arg<i>` or `result<i>`.
  std::string name;
  ValueKind kind;
  /// Role of a parameter (`weight`), else empty.
  std::string role;
  SmallVector<int64_t> shape;
  ElementKind element;
  /// A number that is passed by value, not a tensor of rank zero.
  bool isScalar;
};

/// One public function, as it was before lowering.
struct FunctionSignature {
  std::string name;
  SmallVector<ValueInfo> arguments;
  SmallVector<ValueInfo> results;
  /// For each result the argument that receives it: the index of a state
  /// argument, or `arguments.size()` plus the number of results without such an
  /// argument before it.
  SmallVector<unsigned> destinations;

  /// True when a call writes argument `index`.
  bool isUpdated(unsigned index) const {
    return llvm::is_contained(destinations, index);
  }
};

/// Text of a kind (`param`).
StringRef toString(ValueKind kind);

/// Number of elements of a value, 1 for a scalar.
int64_t getNumElements(const ValueInfo &value);

/// Signature of a function on tensors and scalars. Fails with a diagnostic on
/// dynamic shapes, on element types that have no ElementKind, and where
/// getResultDestinations does.
FailureOr<FunctionSignature> getSignature(func::FuncOp function);

/// Signatures of all public functions with a body, in the order of the module.
FailureOr<std::vector<FunctionSignature>> getSignatures(ModuleOp module);

} // namespace mlir::prune

#endif // PRUNE_EXECUTION_SIGNATURE_H
