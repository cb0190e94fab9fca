//===- IndexText.cpp - Lists of indices as text ---------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IndexText.h"

using namespace mlir;

void mlir::prune::printIndices(ArrayRef<int64_t> indices, raw_ostream &os) {
  for (size_t i = 0; i < indices.size();) {
    size_t end = i + 1;
    while (end < indices.size() && indices[end] == indices[end - 1] + 1)
      ++end;
    os << ' ' << indices[i];
    if (end - i > 1)
      os << '-' << indices[end - 1];
    i = end;
  }
}
