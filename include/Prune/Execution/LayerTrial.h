//===- LayerTrial.h - The kernels of a layer by turns -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_EXECUTION_LAYERTRIAL_H
#define PRUNE_EXECUTION_LAYERTRIAL_H

#include "Prune/Execution/TimedLayer.h"

#include <vector>

namespace mlir::prune {

/// Random layers, products and convolutions in equal parts, with up to 99 %
/// zeros and 4096 columns.
struct LayerLimits {
  /// Multiplications of a dense layer, and its weights.
  double operations = 5e8, weights = 1 << 24;
};
LayerProblem drawLayer(uint64_t number, const LayerLimits &limits = {});

/// A kernel of a layer, with the transpositions around it where the kernel
/// takes the columns of a product side by side.
class TrialKernel {
public:
  TrialKernel(KernelKind kind, std::unique_ptr<TimedLayer> layer)
      : kind(kind), layer(std::move(layer)) {}

  /// Adds transpositions of the input and the result.
  void turn(LayerTimer &timer);

  /// One run; its times go to the lists.
  void run(const float *x, float *y);

  KernelKind kind;
  std::unique_ptr<TimedLayer> layer;
  /// Microseconds with the transpositions, and of these alone.
  std::vector<double> times, turnTimes;

private:
  std::unique_ptr<TimedLayer> before, after;
  std::unique_ptr<TimedFloats> turnedInput, turnedResult;
};

/// Runs the kernels of a layer by turns, so that each finds the caches as
/// another layer leaves them.
class LayerTrial {
public:
  /// Makes all kernels of this computer that can run the layer, dense first.
  static llvm::Expected<LayerTrial> create(LayerTimer &timer,
                                           const LayerProblem &problem);

  /// Runs each kernel once. Fails when the results differ by more than
  /// rounding.
  llvm::Error compare();

  /// Turns until there are `fewest` and `seconds` have passed.
  void run(size_t fewest, double seconds);

  const ProductSize &getSize() const {
    return kernels.front().layer->getSize();
  }

  std::vector<TrialKernel> kernels;

private:
  std::unique_ptr<TimedFloats> input, result;
};

} // namespace mlir::prune

#endif // PRUNE_EXECUTION_LAYERTRIAL_H
