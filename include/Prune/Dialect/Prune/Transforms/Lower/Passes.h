//===- Passes.h - Lower phase passes ----------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_TRANSFORMS_LOWER_PASSES_H
#define PRUNE_DIALECT_PRUNE_TRANSFORMS_LOWER_PASSES_H

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/Pass/Pass.h"

namespace mlir::prune {
#define GEN_PASS_DECL
#include "Prune/Dialect/Prune/Transforms/Lower/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Prune/Dialect/Prune/Transforms/Lower/Passes.h.inc"
} // namespace mlir::prune

#endif // PRUNE_DIALECT_PRUNE_TRANSFORMS_LOWER_PASSES_H
