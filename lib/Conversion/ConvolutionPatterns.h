//===- ConvolutionPatterns.h - Convolutions to oneDNN -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CONVERSION_CONVOLUTIONPATTERNS_H
#define PRUNE_LIB_CONVERSION_CONVOLUTIONPATTERNS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::prune {

/// Patterns that make convolutions, and what computes their gradients, onednn
/// operations.
void populateConvolutionPatterns(RewritePatternSet &patterns);

/// Why a convolution stays in linalg; empty for everything else.
StringRef getConvolutionObstacle(linalg::LinalgOp op);

} // namespace mlir::prune

#endif // PRUNE_LIB_CONVERSION_CONVOLUTIONPATTERNS_H
