//===- Passes.h - Conversion passes -----------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_CONVERSION_PASSES_H
#define PRUNE_CONVERSION_PASSES_H

#include "Prune/Dialect/OneDNN/IR/OneDNN.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::prune {
/// Section of constants that are machine code.
inline constexpr StringLiteral kCodeSection = ".text.prune";

#define GEN_PASS_DECL
#include "Prune/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Prune/Conversion/Passes.h.inc"
} // namespace mlir::prune

#endif // PRUNE_CONVERSION_PASSES_H
