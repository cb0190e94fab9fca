//===- EvidenceSums.h - Sums over the rows of a batch -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_PRUNE_EVIDENCESUMS_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_PRUNE_EVIDENCESUMS_H

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Interfaces/PrunableOpInterface.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::prune {

/// A layer, its operands, and the transpositions and reshapes between the
/// parameter and the weight operand, that of the operand first.
struct EvidenceLayer {
  linalg::LinalgOp op;
  std::string name;
  OpOperand *weight = nullptr;
  OpOperand *input = nullptr;
  SmallVector<Operation *> path;
  /// Rows of a batch of the function.
  int64_t rows = 1;
};

/// Reads a layer; nothing, and why, when its inputs cannot be told.
std::optional<EvidenceLayer> readEvidenceLayer(PrunableOpInterface op,
                                               StringRef &reason);

/// The columns of the matrix of windows that a layer multiplies with its
/// weight, row-major over some dimensions of the parameter.
struct GramColumns {
  SmallVector<unsigned> dims;  ///< of the parameter, ascending
  SmallVector<unsigned> loops; ///< of the layer, one for each of `dims`
};

/// Reads the columns of a layer; nothing, and why, when there is no one matrix
/// for all outputs, as with groups.
std::optional<GramColumns> getGramColumns(const EvidenceLayer &layer,
                                          StringRef &reason);

/// The Gram matrix [columns, columns] of the windows of a layer.
Value createInputGram(ImplicitLocOpBuilder &b, const EvidenceLayer &layer,
                      const GramColumns &columns);

/// True for evidence that sums over rows give.
bool isSummed(EvidenceKind kind);

/// The sums of one kind about the weight of a layer, of a shape that broadcasts
/// to the parameter; null when an index of the weight is no loop of the layer.
/// See `prune-collect-evidence` for what is summed.
Value createEvidenceSums(ImplicitLocOpBuilder &b, const EvidenceLayer &layer,
                         EvidenceKind kind);

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_PRUNE_EVIDENCESUMS_H
