//===- Passes.h - Passes of the oneDNN dialect ------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_ONEDNN_TRANSFORMS_PASSES_H
#define PRUNE_DIALECT_ONEDNN_TRANSFORMS_PASSES_H

#include "Prune/Dialect/OneDNN/IR/OneDNN.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace mlir::prune {
#define GEN_PASS_DECL
#include "Prune/Dialect/OneDNN/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Prune/Dialect/OneDNN/Transforms/Passes.h.inc"
} // namespace mlir::prune

#endif // PRUNE_DIALECT_ONEDNN_TRANSFORMS_PASSES_H
