//===- Ends.h - The first and the last range of inputs ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_ASSEMBLY_ENDS_H
#define PRUNE_LIB_ASSEMBLY_ENDS_H

#include "Prune/Assembly/StraightLine.h"

namespace mlir::prune::assembly {

/// Whether a segment is that of the first and of the last range of inputs.
struct Ends {
  bool isFirst, isLast;

  /// Sums begin with what is in the result.
  bool areLoaded(const PanelProduct &product) const {
    return !isFirst || product.accumulates;
  }
  bool addBias(const PanelProduct &product) const {
    return isFirst && !product.bias.empty();
  }
};

} // namespace mlir::prune::assembly

#endif // PRUNE_LIB_ASSEMBLY_ENDS_H
