//===- Passes.h - Prune phase passes ----------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_TRANSFORMS_PRUNE_PASSES_H
#define PRUNE_DIALECT_PRUNE_TRANSFORMS_PRUNE_PASSES_H

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/Pass/Pass.h"

namespace mlir::prune {
/// The criteria by name, for options of command lines.
inline llvm::cl::ValuesClass getCriterionValues() {
  return llvm::cl::values(
      clEnumValN(CriterionKind::Magnitude, "magnitude", "p-norm of the group"),
      clEnumValN(CriterionKind::Taylor, "taylor",
                 "first-order change of the loss"),
      clEnumValN(CriterionKind::Snip, "snip",
                 "the same, of each element by itself"),
      clEnumValN(CriterionKind::OptimalBrainDamage, "obd",
                 "second-order change of the loss"),
      clEnumValN(CriterionKind::OptimalBrainSurgeon, "obs",
                 "the same, when all others follow"),
      clEnumValN(CriterionKind::Wanda, "wanda",
                 "magnitude times the norm of the input"),
      clEnumValN(CriterionKind::BatchNormScale, "batch_norm_scale",
                 "scale of the batch normalization behind"),
      clEnumValN(CriterionKind::Apoz, "apoz",
                 "share of activations that are not zero"),
      clEnumValN(CriterionKind::MeanActivation, "mean_activation",
                 "mean magnitude of activations"),
      clEnumValN(CriterionKind::GeometricMedian, "geometric_median",
                 "distance from the other filters"),
      clEnumValN(CriterionKind::Random, "random", "noise"));
}

#define GEN_PASS_DECL
#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h.inc"
} // namespace mlir::prune

#endif // PRUNE_DIALECT_PRUNE_TRANSFORMS_PRUNE_PASSES_H
