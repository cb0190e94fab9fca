//===- PassStatistics.h - Statistics of passes, kept by us ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_SUPPORT_PASSSTATISTICS_H
#define PRUNE_SUPPORT_PASSSTATISTICS_H

#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>

namespace mlir::prune {

/// True for the flag of a pass of this project.
bool isOurPass(llvm::StringRef argument);

/// Instrumentation that sums the statistics of our passes over all their runs
/// and prints them to `os` when it is destroyed: one line `(S) <value> <name> -
/// <description>` each, under the flag of the pass, in the order in which the
/// passes first ran. Needs a build with assertions; else there is nothing to
/// print, as LLVM compiles statistics away.
std::unique_ptr<PassInstrumentation>
createPassStatisticsPrinter(llvm::raw_ostream &os);

} // namespace mlir::prune

#endif // PRUNE_SUPPORT_PASSSTATISTICS_H
