//===- RuntimeShape.h - Shapes as the runtime takes them --------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_EXECUTION_RUNTIMESHAPE_H
#define PRUNE_LIB_EXECUTION_RUNTIMESHAPE_H

#include "Prune/Assembly/PanelPlan.h"

#include "llvm/ADT/SmallVector.h"

namespace mlir::prune {

/// A convolution as functions of the runtime take it, whose padding at the end
/// is what the result needs.
SmallVector<int64_t> getRuntimeShape(const assembly::ConvolutionShape &shape,
                                     int64_t layout);

} // namespace mlir::prune

#endif // PRUNE_LIB_EXECUTION_RUNTIMESHAPE_H
