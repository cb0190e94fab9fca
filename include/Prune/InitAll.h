//===- InitAll.h - Registration of everything -------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_INITALL_H
#define PRUNE_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mlir::prune {

/// Adds our dialects and the interface models that our passes need, both on our
/// own and on upstream's operations.
void registerAllDialects(DialectRegistry &registry);

/// Registers our passes and pipelines with the global registry. Safe to call
/// more than once.
void registerAllPasses();

} // namespace mlir::prune

#endif // PRUNE_INITALL_H
