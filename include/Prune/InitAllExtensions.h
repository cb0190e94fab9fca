//===- InitAllExtensions.h - Registration of models -------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_INITALLEXTENSIONS_H
#define PRUNE_INITALLEXTENSIONS_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mlir::prune {

/// Adds the interface models of operations: where their channels go, what may
/// be pruned, what the gradient is. Passes leave an operation without them
/// alone.
void registerAllExtensions(DialectRegistry &registry);

} // namespace mlir::prune

#endif // PRUNE_INITALLEXTENSIONS_H
