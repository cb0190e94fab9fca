//===- DebugOptions.h - debug and --debug-only of our tools -----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_SUPPORT_DEBUGOPTIONS_H
#define PRUNE_SUPPORT_DEBUGOPTIONS_H

namespace mlir::prune {

/// Adds `--debug` and `--debug-only=type,...` to the command line, for the
/// debug output of our own code (`LDBG`, where assertions are on). A packaged
/// LLVM is built without assertions and has neither option; where it has them,
/// nothing is added. To be called once, before the command line is parsed.
void registerDebugOptions();

} // namespace mlir::prune

#endif // PRUNE_SUPPORT_DEBUGOPTIONS_H
