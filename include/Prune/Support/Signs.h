//===- Signs.h - Signs of whole numbers -------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_SUPPORT_SIGNS_H
#define PRUNE_SUPPORT_SIGNS_H

#include "llvm/ADT/StringRef.h"

namespace mlir::prune {

/// Name of the attribute on an argument or result of i8 whose values are
/// unsigned. Types of tensors carry no sign after lowering.
inline constexpr llvm::StringLiteral kUnsignedAttrName = "prune.unsigned";

} // namespace mlir::prune

#endif // PRUNE_SUPPORT_SIGNS_H
