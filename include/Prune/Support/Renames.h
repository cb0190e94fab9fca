//===- Renames.h - Old names and what they are called now -------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Names changed once, before version 0.1. Whoever uses an old one is told the
// new one; both tables go with version 0.2.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_SUPPORT_RENAMES_H
#define PRUNE_SUPPORT_RENAMES_H

#include "mlir/IR/Dialect.h"

#include <optional>
#include <string>

namespace mlir::prune {

/// The present name of an operation that was renamed; empty for any other.
StringRef getPresentName(StringRef operation);

/// A parser that refuses an operation and tells its present name, where `name`,
/// written `dialect.name`, is an old one.
std::optional<Dialect::ParseOpHook> getRenameHook(llvm::StringRef name);

/// Says which names of passes, pipelines and options in the text of a pass
/// pipeline or of a command-line flag are old, and what they are called now;
/// empty when none is. Options count only where the text names a pass of ours.
/// Linear in the text.
std::string explainOldNames(llvm::StringRef pipeline);

} // namespace mlir::prune

#endif // PRUNE_SUPPORT_RENAMES_H
