//===- PruneOps.td - Prune dialect operations --------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_IR_PRUNEOPS_TD
#define PRUNE_DIALECT_PRUNE_IR_PRUNEOPS_TD

include "Prune/Dialect/Prune/IR/PruneLayerOps.td"
include "Prune/Dialect/Prune/IR/PruneMaskOps.td"
include "Prune/Dialect/Prune/IR/PruneCompressOps.td"
include "Prune/Dialect/Prune/IR/PruneTrainingOps.td"

#endif // PRUNE_DIALECT_PRUNE_IR_PRUNEOPS_TD
