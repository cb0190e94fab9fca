//===- ConvolutionOperands.h - Operands in four dimensions ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels of convolutions have four dimensions. Images that are in the order
// nhwc stay so, any other order is transposed to nchw, and a dimension of
// groups is merged with the channels that follow it.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CONVERSION_CONVOLUTIONOPERANDS_H
#define PRUNE_LIB_CONVERSION_CONVOLUTIONOPERANDS_H

#include "Prune/Analysis/ConvolutionMatch.h"
#include "Prune/Dialect/Kernel/IR/Kernel.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::prune {

/// How an operand becomes one of four dimensions, and back: a transposition,
/// a merge of groups and channels, a unit dimension of channels.
class Reshaping {
public:
  /// `order` names all dimensions that the operand may have; the first of
  /// `merged` is the position of groups in it, or of the channels alone.
  Reshaping(const ConvolutionOperand &operand, ArrayRef<ConvolutionDim> order,
            bool isKernel);

  Value apply(ImplicitLocOpBuilder &b, Value value) const;
  Value revert(ImplicitLocOpBuilder &b, Value value) const;
  bool isTransposing() const { return !isIdentityPermutation(permutation); }

private:
  static bool isIdentityPermutation(ArrayRef<int64_t> permutation) {
    return llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size()));
  }

  RankedTensorType type, ordered, merged, result;
  SmallVector<int64_t> permutation;
  SmallVector<ReassociationIndices> merges, units;
};

/// nhwc where input and output are in this order, else nchw.
kernel::Layout chooseLayout(const Convolution &convolution);

Reshaping reshapeInput(const Convolution &convolution, kernel::Layout layout);
/// To `[f, c / groups, kh, kw]`.
Reshaping reshapeKernel(const Convolution &convolution);
Reshaping reshapeOutput(const Convolution &convolution, kernel::Layout layout);

} // namespace mlir::prune

#endif // PRUNE_LIB_CONVERSION_CONVOLUTIONOPERANDS_H
