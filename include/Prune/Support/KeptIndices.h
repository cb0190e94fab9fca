//===- KeptIndices.h - What is left of a parameter --------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_SUPPORT_KEPTINDICES_H
#define PRUNE_SUPPORT_KEPTINDICES_H

#include "llvm/ADT/StringRef.h"

namespace mlir::prune {

/// Attribute of a parameter that lost channels: for each dimension the indices
/// that are left, of those it had before (an array of arrays of `i64`).
inline constexpr llvm::StringLiteral kKeptAttrName = "prune.kept";

} // namespace mlir::prune

#endif // PRUNE_SUPPORT_KEPTINDICES_H
