//===- Proximal.h - Proximal steps as loops ---------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CONVERSION_PRUNETOLINALG_PROXIMAL_H
#define PRUNE_LIB_CONVERSION_PRUNETOLINALG_PROXIMAL_H

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::prune {

/// `sgn(x) * max(|x| - threshold, 0)` of a scalar.
Value createSoftThreshold(ImplicitLocOpBuilder &e, Value x, Value threshold);

/// The l1 step that alone reads the new weight of an update and can be computed
/// in its loop, or null.
ProximalOp findFusedStep(Value newWeight);

} // namespace mlir::prune

#endif // PRUNE_LIB_CONVERSION_PRUNETOLINALG_PROXIMAL_H
