//===- Passes.h - Profiling passes ------------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_PROFILING_PASSES_H
#define PRUNE_PROFILING_PASSES_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::prune {
#define GEN_PASS_DECL
#include "Prune/Profiling/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Prune/Profiling/Passes.h.inc"
} // namespace mlir::prune

#endif // PRUNE_PROFILING_PASSES_H
