//===- SparseConvolution.h - Convolutions that can be sparse ----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_SPARSECONVOLUTION_H
#define PRUNE_KERNELS_SPARSECONVOLUTION_H

#include "Prune/Analysis/ConvolutionMatch.h"
#include "Prune/Kernels/CostModel.h"

#include "mlir/IR/Operation.h"

#include <string>

namespace mlir::prune {

/// The size of a convolution of images [n, c, h, w] with a constant f32 weight
/// [f, c, kh, kw], of all groups together, as a product: a column for each
/// position of the result, of which every row reads the channels of its group.
/// Nothing, and a `reason`, for any other operation. Counts the weights that
/// are not zero: O(weights).
std::optional<ProductSize> matchSparseConvolution(Operation *op,
                                                  std::string &reason);

/// The shape of a convolution without padding, which is an operation before it.
assembly::ConvolutionShape getConvolutionShape(const Convolution &convolution);

} // namespace mlir::prune

#endif // PRUNE_KERNELS_SPARSECONVOLUTION_H
