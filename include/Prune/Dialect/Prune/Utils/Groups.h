//===- Groups.h - Loops over the groups of a granularity --------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_UTILS_GROUPS_H
#define PRUNE_DIALECT_PRUNE_UTILS_GROUPS_H

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"

namespace mlir::prune {

/// From the indices of an element of a weight of the given rank to those of its
/// group in the grid; the identity without a granularity.
AffineMap getGroupMap(GranularityAttr granularity, int64_t rank,
                      MLIRContext *context);

/// Element-wise over a tensor of `type`: `elements` have its shape, `groups`
/// that of the granularity's grid.
Value createGroupwise(ImplicitLocOpBuilder &b, ValueRange elements,
                      ValueRange groups, GranularityAttr granularity,
                      RankedTensorType type, ScalarsBody body);

/// A tensor with zeros behind its elements, so that `steps` (kWhole for none)
/// divide it; the tensor itself where they do.
Value padToGroups(ImplicitLocOpBuilder &b, Value tensor,
                  ArrayRef<int64_t> steps);

/// Reduces `inputs`, of the shape of a weight, over each group into `count`
/// tensors of the shape of the grid that start at zero. Smaller groups at the
/// edge are filled up with zeros, for which `body` must add nothing.
SmallVector<Value> createGroupSums(ImplicitLocOpBuilder &b, ValueRange inputs,
                                   GranularityAttr granularity, int64_t count,
                                   ScalarsBody body);

/// `s'(m) * factor` for the surrogate of the indicator that a straight-through
/// estimator names (AutoPrune, section 3.2), on scalars.
Value createSurrogateSlope(ImplicitLocOpBuilder &e, SteAttr ste, Value m,
                           Value factor);

/// `factor * sgn(x)` with `sgn(0) = 0`, on scalars.
Value createSignTerm(ImplicitLocOpBuilder &e, Value factor, Value x);

} // namespace mlir::prune

#endif // PRUNE_DIALECT_PRUNE_UTILS_GROUPS_H
