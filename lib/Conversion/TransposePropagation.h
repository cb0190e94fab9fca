//===- TransposePropagation.h - Moving transpositions -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CONVERSION_TRANSPOSEPROPAGATION_H
#define PRUNE_LIB_CONVERSION_TRANSPOSEPROPAGATION_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::prune {

/// The transpose of a static matrix.
Value createTranspose(ImplicitLocOpBuilder &builder, Value matrix);

/// Patterns that move transpositions of matrices down through element-wise
/// operations, into sums, and cancel pairs.
void populateTransposePropagationPatterns(RewritePatternSet &patterns);

} // namespace mlir::prune

#endif // PRUNE_LIB_CONVERSION_TRANSPOSEPROPAGATION_H
