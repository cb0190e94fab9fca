//===- TrainedLayer.h - One convolution of a training step ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_EXECUTION_TRAINEDLAYER_H
#define PRUNE_LIB_EXECUTION_TRAINEDLAYER_H

#include "Prune/Execution/TimedLayer.h"

namespace mlir::prune {

/// See LayerTimer::makeTrained. Must not outlive the runtime.
std::unique_ptr<TimedLayer> makeTrainedLayer(const LayerProblem &problem,
                                             ConvolutionPass pass,
                                             bool isSparse,
                                             const Runtime &runtime);

} // namespace mlir::prune

#endif // PRUNE_LIB_EXECUTION_TRAINEDLAYER_H
