//===- TransposePatterns.h - Moving transpositions of images ----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_ONEDNN_TRANSFORMS_TRANSPOSEPATTERNS_H
#define PRUNE_LIB_DIALECT_ONEDNN_TRANSFORMS_TRANSPOSEPATTERNS_H

#include "Prune/Dialect/OneDNN/Transforms/Transposes.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

namespace mlir::onednn {

/// Permutations between the two orders: dimension `i` of the result is
/// dimension `permutation[i]` of the source.
inline constexpr int64_t kToNhwc[] = {0, 2, 3, 1};
inline constexpr int64_t kToNchw[] = {0, 3, 1, 2};

/// True for a transposition of tensors of rank four.
bool isImageTranspose(linalg::TransposeOp op);

/// The transposition from nhwc to nchw that defines `value`, or null. Only
/// these move down, and only those to nhwc are made on the way, so that no
/// operation is turned twice.
linalg::TransposeOp getTransposeToNchw(Value value);

/// Patterns that move transpositions of images towards the end of a function
/// and cancel pairs.
void populateTransposeMovingPatterns(RewritePatternSet &patterns);

/// The parts of `populateTransposeMovingPatterns` for structured operations
/// and for operations that move elements.
void populateStructuredPatterns(RewritePatternSet &patterns);
void populateTensorPatterns(RewritePatternSet &patterns);

} // namespace mlir::onednn

#endif // PRUNE_LIB_DIALECT_ONEDNN_TRANSFORMS_TRANSPOSEPATTERNS_H
