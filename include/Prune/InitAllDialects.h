//===- InitAllDialects.h - Registration of dialects -------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_INITALLDIALECTS_H
#define PRUNE_INITALLDIALECTS_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mlir::prune {

/// Adds our dialects and the interface models that our passes need, both on our
/// own and on upstream's operations (`registerAllExtensions`). What compiling
/// needs besides is added by `Executable::registerDialects`.
void registerAllDialects(DialectRegistry &registry);

} // namespace mlir::prune

#endif // PRUNE_INITALLDIALECTS_H
