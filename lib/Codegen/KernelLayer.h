//===- KernelLayer.h - Operations that become generated code ----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CODEGEN_KERNELLAYER_H
#define PRUNE_LIB_CODEGEN_KERNELLAYER_H

#include "ImageOrders.h"

#include "mlir/IR/Operation.h"

namespace mlir::prune {

/// An operation as a convolution with constant operands.
struct KernelLayer {
  Operation *op = nullptr;
  KernelLink link;
  bool hasRelu = false;
};

/// Reads what an `onednn.convolution` or `kernel.spmm` is. Returns why there is
/// no code for it; nothing when there is.
StringRef readKernelLayer(Operation *op, KernelLayer &layer);

/// The weight in row-major order, with its zeros, and the bias of a layer that
/// was read.
void readWeights(const KernelLayer &layer, SmallVectorImpl<float> &weights,
                 SmallVectorImpl<float> &bias);

} // namespace mlir::prune

#endif // PRUNE_LIB_CODEGEN_KERNELLAYER_H
