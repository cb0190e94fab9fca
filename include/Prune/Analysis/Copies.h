//===- Copies.h - Where an element of a tensor was copied from --*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_COPIES_H
#define PRUNE_ANALYSIS_COPIES_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::prune {

/// Elements of a tensor: the one at `map` of some indices.
struct Elements {
  Value value;
  AffineMap map;
};

/// The same elements one operation before, when that operation only copies
/// them: a transposition, a broadcast, a generic operation that yields its
/// input, or a reshape that adds or drops dimensions of extent one. Nothing
/// otherwise.
std::optional<Elements> stepThroughCopy(const Elements &elements);

/// The elements where they were not copied from anywhere.
Elements resolveCopies(Elements elements);

/// The input whose elements an operation without reductions only copies; null
/// when it computes. The map of its result is a permutation.
OpOperand *getCopiedInput(linalg::LinalgOp op);

/// The operand that is reshaped, transposed, broadcast or rearranged, if at
/// all, into `operand`: frameworks split and merge dimensions of the weights of
/// grouped convolutions, and exchange and reverse those of transposed ones.
OpOperand *getCopySource(OpOperand *operand);

/// Skips reshapes of any kind in front of `value`.
Value skipReshapes(Value value);

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_COPIES_H
