//===- PruneAdjoint.h - Parts of the reverse-mode rules of prune *- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_IMPLEMENTATIONS_PRUNEADJOINT_H
#define PRUNE_LIB_IMPLEMENTATIONS_PRUNEADJOINT_H

namespace mlir {
class MLIRContext;
} // namespace mlir

namespace mlir::prune {

/// Attaches the rules of batch normalization.
void attachBatchNormAdjointModels(MLIRContext *context);

} // namespace mlir::prune

#endif // PRUNE_LIB_IMPLEMENTATIONS_PRUNEADJOINT_H
