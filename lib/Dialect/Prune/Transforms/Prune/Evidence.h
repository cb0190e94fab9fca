//===- Evidence.h - What criteria judge weights by --------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_PRUNE_EVIDENCE_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_PRUNE_EVIDENCE_H

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Interfaces/PrunableOpInterface.h"

namespace mlir::prune {

/// A parameter to score, and the layer that reads it (null for parameters of
/// other roles).
struct ScoredParameter {
  Value value;
  PrunableOpInterface layer;
};

/// The evidence of `kind` about a parameter, available behind its definition:
/// what the function holds of it (`prune.evidence`); else noise from `seed`,
/// distances between the filters of a constant weight, and the scale of the
/// batch normalization behind the layer. Null, and why, when there is none.
Value findEvidence(ScoredParameter parameter, EvidenceKind kind, uint64_t seed,
                   StringRef &reason);

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_PRUNE_EVIDENCE_H
