//===- TrainedConvolution.h - What a training step convolves ----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A convolution whose weight changes, and its gradients: dense ones, and those
// that keep the values of a fixed mask alone. They are no kernels of a layer
// with a constant weight, but their times are predicted in the same way.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_TRAINEDCONVOLUTION_H
#define PRUNE_KERNELS_TRAINEDCONVOLUTION_H

#include "Prune/Kernels/CostModel.h"

namespace mlir::prune {

/// What is computed: the result, or the gradient of an operand.
enum class ConvolutionPass { Forward, BackwardData, BackwardWeights };

inline constexpr ConvolutionPass kConvolutionPasses[] = {
    ConvolutionPass::Forward, ConvolutionPass::BackwardData,
    ConvolutionPass::BackwardWeights};

/// The formula of a dense one and of one on the values that are kept, which the
/// size counts as those that are not zero.
const CostFormula &getTrainedFormula(ConvolutionPass pass, bool isSparse);

/// How many times faster the sparse one is predicted to be; nothing when the
/// figures do not know them.
std::optional<double> predictGain(const CostModel &costs, ConvolutionPass pass,
                                  const ProductSize &size);

} // namespace mlir::prune

#endif // PRUNE_KERNELS_TRAINEDCONVOLUTION_H
