//===- ChannelVectors.h - Vectors over the channels of a layer --*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_CHANNELVECTORS_H
#define PRUNE_ANALYSIS_CHANNELVECTORS_H

#include "mlir/IR/Operation.h"

namespace mlir::prune {

/// The uses of vectors with one element per output channel of `layer`: of the
/// bias that it starts from, and of scale and bias of the normalizations that
/// read its result, as it is or reshaped.
SmallVector<OpOperand *> getChannelVectors(Operation *layer);

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_CHANNELVECTORS_H
