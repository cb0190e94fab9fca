//===- SparseConvolutions.h - Convolutions of compressed weights *- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CONVERSION_SPARSECONVOLUTIONS_H
#define PRUNE_LIB_CONVERSION_SPARSECONVOLUTIONS_H

#include "CompressedPattern.h"

#include "Prune/Kernels/TrainedConvolution.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::prune {

/// When a convolution becomes sparse: where the figures predict that it is
/// `minGain` times faster.
struct SparseConvolutionChoice {
  const CostModel &costs;
  double minGain;
};

/// Replaces a convolution, or its gradient by the input, whose operand `weight`
/// is decompressed; failure when it is none, or when the sparse kernel is
/// not worth it.
LogicalResult convertSparseConvolution(DecompressOp decompress,
                                       OpOperand &weight,
                                       PatternCache &patterns,
                                       const SparseConvolutionChoice &choice);

/// Replaces the compressed gradient of a convolution by its weight; failure
/// when it is none that starts from zero and has no other use, or, as above,
/// when the sparse kernel is not worth it.
LogicalResult convertSampledConvolution(CompressOp compress,
                                        PatternCache &patterns,
                                        const SparseConvolutionChoice &choice);

/// Pulls padding, biases, activations, sums and gradients of biases into the
/// operations.
void populateSparseConvolutionPatterns(RewritePatternSet &patterns);

} // namespace mlir::prune

#endif // PRUNE_LIB_CONVERSION_SPARSECONVOLUTIONS_H
