//===- RuntimeCall.h - Calls of the runtime ---------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CONVERSION_RUNTIMECALL_H
#define PRUNE_LIB_CONVERSION_RUNTIMECALL_H

#include "Prune/Dialect/OneDNN/IR/OneDNN.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/SymbolTable.h"

namespace mlir::prune {

/// Bits of the flags argument; PRUNE_RT_* of prune_runtime.h.
inline constexpr int64_t TransposeA = 1;
inline constexpr int64_t TransposeB = 2;
inline constexpr int64_t Accumulate = 4;
inline constexpr int64_t ConstantB = 8;
inline constexpr int64_t IncludePadding = 16;

/// Collects the arguments of one call.
class CallBuilder {
public:
  CallBuilder(Operation *op) : builder(op->getLoc(), op) {}

  /// The address of a global.
  void addAddress(LLVM::GlobalOp global);
  /// The address of the first element, or null when there is no memref.
  void addPointer(Value memref);
  void addExtent(Value memref, int64_t dim);
  /// Elements between two rows.
  void addLeadingDimension(Value memref);
  void addInteger(int64_t value);
  void addScalar(Value scalar) { arguments.push_back(scalar); }
  /// The address of a constant array of the numbers, defined in the module.
  void addNumbers(ArrayRef<int64_t> numbers, ModuleOp module,
                  SymbolTable &symbols);

  /// Calls the function, declared in the module when it is not yet.
  LogicalResult call(StringRef name, ModuleOp module);

private:
  Value castToI64(Value index);

  ImplicitLocOpBuilder builder;
  SmallVector<Value> arguments;
};

} // namespace mlir::prune

#endif // PRUNE_LIB_CONVERSION_RUNTIMECALL_H
