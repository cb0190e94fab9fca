//===- ConvolutionMatch.h - Convolutions by their maps ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_CONVOLUTIONMATCH_H
#define PRUNE_ANALYSIS_CONVOLUTIONMATCH_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace mlir::prune {

/// What a dimension of an operand of a convolution counts. `Row` and `Column`
/// are those of the operand itself: of images or of kernels.
enum class ConvolutionDim { Batch, Group, In, Out, Row, Column };

/// One of the three operands: its value and what its dimensions count.
struct ConvolutionOperand {
  OpOperand *operand = nullptr;
  SmallVector<ConvolutionDim> dims;
};

/// The operation `y[n, f, i, j] += x[n, c, i * stride + k * dilation, ...] *
/// w[f, c, k, l]`, whichever of the three is computed from the other two. Each
/// may have a dimension of groups in addition, and dimensions in any order.
struct Convolution {
  ConvolutionOperand x, w, y;
  int64_t strides[2], dilations[2];
  int64_t groups = 1;
};

/// An index `loop * factor (+ otherLoop * otherFactor)`.
struct MapIndex {
  unsigned loop = 0, otherLoop = 0;
  int64_t factor = 1, otherFactor = 1;
  bool isSum = false;
};

/// The indices of an operand; nothing when one is no loop and no sum of two.
std::optional<SmallVector<MapIndex>> parseMap(AffineMap map);

/// Recognizes a convolution of f32 images by its indexing maps and its body.
/// Returns why it is none, empty when it is one, described in `convolution`.
StringRef matchConvolution(linalg::LinalgOp op, Convolution &convolution);

/// True when a sum of products reads or writes one operand at sums of loops: a
/// convolution of some kind.
bool isWindowed(linalg::LinalgOp op);

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_CONVOLUTIONMATCH_H
