//===- Windows.h - Inputs that lie side by side -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_ASSEMBLY_WINDOWS_H
#define PRUNE_LIB_ASSEMBLY_WINDOWS_H

#include "Tiles.h"

#include "llvm/ADT/SmallVector.h"

#include <algorithm>

namespace mlir::prune::assembly {

/// Inputs of which each is at most 15 before the last.
struct Window {
  llvm::ArrayRef<Term> terms;
  int32_t getLast() const { return terms.back().input; }
  int32_t getLength() const { return getLast() - terms.front().input; }
};

/// Cuts sorted terms into windows, from the last.
inline llvm::SmallVector<Window> makeWindows(llvm::ArrayRef<Term> terms) {
  llvm::SmallVector<Window> windows;
  while (!terms.empty()) {
    int32_t first = terms.back().input - (kLanes - 1);
    llvm::ArrayRef<Term> others =
        terms.take_while([&](const Term &term) { return term.input < first; });
    windows.push_back({terms.drop_front(others.size())});
    terms = others;
  }
  std::reverse(windows.begin(), windows.end());
  return windows;
}

} // namespace mlir::prune::assembly

#endif // PRUNE_LIB_ASSEMBLY_WINDOWS_H
