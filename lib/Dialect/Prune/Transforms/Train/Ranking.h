//===- Ranking.h - Masks by magnitude in the IR -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_RANKING_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_RANKING_H

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/IR/Builders.h"

namespace mlir::prune {

/// One score per group of the weight: the sum of its magnitudes. The
/// granularity must fit.
Value createMagnitudes(OpBuilder &builder, Location loc, Value weight,
                       GranularityAttr granularity);

/// The scores, with -1, below any magnitude, for groups of which the mask keeps
/// nothing.
Value rankPrunedLowest(OpBuilder &builder, Location loc, Value scores,
                       Value mask, GranularityAttr granularity);

/// Masks of the given types that prune the share `sparsity` of the smallest
/// scores, ranked together; with an `n_of_m` granularity and no sparsity the
/// pattern alone.
SmallVector<Value> createSelection(OpBuilder &builder, Location loc,
                                   ValueRange scores, ArrayRef<Type> maskTypes,
                                   Value sparsity, GranularityAttr granularity);

/// `value * number`, or the value itself for one.
Value scaleScalar(OpBuilder &builder, Location loc, Value value, double number);

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_RANKING_H
