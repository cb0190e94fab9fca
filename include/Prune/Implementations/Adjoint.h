//===- Adjoint.h - Registration of reverse-mode rules -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_IMPLEMENTATIONS_ADJOINT_H
#define PRUNE_IMPLEMENTATIONS_ADJOINT_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mlir::prune {

/// Attaches reverse-mode rules (AdjointOpInterface) to the operations of one
/// dialect each.
void registerArithAdjointModels(DialectRegistry &registry);
void registerLinalgAdjointModels(DialectRegistry &registry);
void registerMathAdjointModels(DialectRegistry &registry);
void registerPruneAdjointModels(DialectRegistry &registry);
void registerTensorAdjointModels(DialectRegistry &registry);

/// All of the above.
void registerAdjointModels(DialectRegistry &registry);

} // namespace mlir::prune

#endif // PRUNE_IMPLEMENTATIONS_ADJOINT_H
