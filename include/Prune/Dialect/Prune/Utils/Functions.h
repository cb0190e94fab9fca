//===- Functions.h - Functions that passes are told of ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_UTILS_FUNCTIONS_H
#define PRUNE_DIALECT_PRUNE_UTILS_FUNCTIONS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::prune {

/// The function of that name in `module`. Fails with an error when there is
/// none, or when it has no body.
FailureOr<func::FuncOp> findFunction(ModuleOp module, StringRef name);

/// `findFunction`, which fails for a function of several blocks, too.
FailureOr<func::FuncOp> findSingleBlockFunction(ModuleOp module,
                                                StringRef name);

/// Refuses, with an error, a change of the arguments or results of a function
/// that something refers to, or may refer to: its callers would not follow.
LogicalResult verifyNotCalled(FunctionOpInterface function);

} // namespace mlir::prune

#endif // PRUNE_DIALECT_PRUNE_UTILS_FUNCTIONS_H
