//===- ElementKind.h - Element types of arrays ------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_SUPPORT_ELEMENTKIND_H
#define PRUNE_SUPPORT_ELEMENTKIND_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace mlir::prune {

/// Element types of arrays that go into and come out of compiled code.
enum class ElementKind { F32, F64, I8, U8, I32, I64, Bool };

/// Name of an element type as numpy writes it (`float32`).
llvm::StringRef toString(ElementKind kind);

/// Size of an element in bytes; a Bool has one byte.
int64_t getByteWidth(ElementKind kind);

} // namespace mlir::prune

#endif // PRUNE_SUPPORT_ELEMENTKIND_H
