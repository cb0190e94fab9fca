//===- LaneChoices.h - What the lanes of vectors are ------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_LANECHOICES_H
#define PRUNE_KERNELS_LANECHOICES_H

#include "Prune/Kernels/NetworkChoices.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::prune {

/// Chooses for all layers of a function with a batch, in the order of its body,
/// whether the lanes of generated code are positions or images, so that the
/// predicted time of the layers and of the copies between them is the least.
/// The sizes of the layers are those of `part` images.
void chooseLanes(const CostModel &model, func::FuncOp function, int64_t batch,
                 int64_t part, int64_t threads, ArrayRef<LayerChoice *> layers);

} // namespace mlir::prune

#endif // PRUNE_KERNELS_LANECHOICES_H
