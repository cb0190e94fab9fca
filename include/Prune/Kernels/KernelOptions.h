//===- KernelOptions.h - Options that passes on kernels share ---*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_KERNELOPTIONS_H
#define PRUNE_KERNELS_KERNELOPTIONS_H

#include "Prune/Kernels/CostModel.h"

#include "mlir/IR/Operation.h"

namespace mlir::prune {

/// The instruction set that the option `isa` names, empty where there is none;
/// an error at `op` when it is no such option.
FailureOr<StringRef> readIsa(Operation *op, StringRef isa);

/// The cost model of the options `model`, see findCostModel, and `threads`; an
/// error at `op` when it cannot be read, and a remark when the figures kept of
/// this machine cannot be used.
FailureOr<CostModel> readCostModel(Operation *op, StringRef model,
                                   int64_t threads);

} // namespace mlir::prune

#endif // PRUNE_KERNELS_KERNELOPTIONS_H
