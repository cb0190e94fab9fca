//===- Passes.h - Passes from tensors to loops ------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_CODEGEN_LOOPS_PASSES_H
#define PRUNE_CODEGEN_LOOPS_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::prune {
#define GEN_PASS_DECL
#include "Prune/Codegen/Loops/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Prune/Codegen/Loops/Passes.h.inc"
} // namespace mlir::prune

#endif // PRUNE_CODEGEN_LOOPS_PASSES_H
