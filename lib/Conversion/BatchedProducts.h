//===- BatchedProducts.h - Batches of products of matrices -----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_CONVERSION_BATCHEDPRODUCTS_H
#define PRUNE_CONVERSION_BATCHEDPRODUCTS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::prune {

/// Adds the pattern that makes a loop over products of matrices of a
/// contraction with dimensions of a batch, as those of attention. One dimension
/// goes with each application; the slices are of the operands themselves.
void populateBatchedProductPatterns(RewritePatternSet &patterns);

} // namespace mlir::prune

#endif // PRUNE_CONVERSION_BATCHEDPRODUCTS_H
