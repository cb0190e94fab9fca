//===- InitAllPasses.h - Registration of passes -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_INITALLPASSES_H
#define PRUNE_INITALLPASSES_H

namespace mlir::prune {

/// Registers our passes and pipelines with the global registry. Safe to call
/// more than once.
void registerAllPasses();

} // namespace mlir::prune

#endif // PRUNE_INITALLPASSES_H
