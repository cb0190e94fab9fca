//===- IndexText.h - Lists of indices as text -------------------*- C++ -*-===//
//-*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------*- C++
//-*-===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_COMPACT_INDEXTEXT_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_COMPACT_INDEXTEXT_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::prune {

/// Indices in order as a list of ranges: ` 0-2 5`.
void printIndices(ArrayRef<int64_t> indices, raw_ostream &os);

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_COMPACT_INDEXTEXT_H
