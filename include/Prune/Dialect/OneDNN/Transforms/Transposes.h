//===- Transposes.h - Transpositions of static tensors ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_ONEDNN_TRANSFORMS_TRANSPOSES_H
#define PRUNE_DIALECT_ONEDNN_TRANSFORMS_TRANSPOSES_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::onednn {

/// The transpose of a static tensor: dimension `i` of the result is dimension
/// `permutation[i]` of the source.
Value createTranspose(OpBuilder &builder, Location loc, Value source,
                      ArrayRef<int64_t> permutation);

/// True for a transposition of static tensors of the given rank.
bool isStaticTranspose(linalg::TransposeOp op, int64_t rank);

/// Patterns that make transpositions of static tensors of the given rank
/// reshapes where they move no element: they keep the order of all extents but
/// units.
void populateTransposeToReshapePatterns(RewritePatternSet &patterns,
                                        int64_t rank);

} // namespace mlir::onednn

#endif // PRUNE_DIALECT_ONEDNN_TRANSFORMS_TRANSPOSES_H
