//===- KernelChoices.h - Kernels that can run a layer -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_KERNELCHOICES_H
#define PRUNE_KERNELS_KERNELCHOICES_H

#include "Prune/Kernels/CostModel.h"

#include "mlir/IR/Operation.h"

#include <string>

namespace mlir::prune {

/// What is known about a layer with a constant sparse weight.
struct KernelChoices {
  ProductSize size;
  /// Rows of the batch that `size` counts columns for.
  int64_t batch = 1;
  /// Kernels that can run it, dense first.
  SmallVector<KernelKind> kernels;

  /// Counts the columns for another batch.
  void setBatch(int64_t other) {
    size.columns = size.columns / batch * other;
    if (size.convolution)
      size.convolution->n = other;
    batch = other;
  }
};

/// The kernels of a contraction or convolution; nothing, and a `reason`, when
/// only the dense one can run it. Code is generated for `set`, or none is.
/// O(weights).
std::optional<KernelChoices>
matchKernels(Operation *op, std::optional<assembly::VectorSet> set,
             std::string &reason);

} // namespace mlir::prune

#endif // PRUNE_KERNELS_KERNELCHOICES_H
