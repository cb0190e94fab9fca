//===- TimedLayer.h - One layer on one kernel, to be timed ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_EXECUTION_TIMEDLAYER_H
#define PRUNE_EXECUTION_TIMEDLAYER_H

#include "Prune/Assembly/PanelPlan.h"
#include "Prune/Kernels/CostModel.h"

#include <memory>

namespace mlir::prune {

class Runtime;

/// A layer with random weights, inputs and bias and a ReLU. A product is a
/// convolution of one image of one row, whose columns are those of the product.
struct LayerProblem {
  assembly::ConvolutionShape shape;
  bool isProduct = false;
  /// Share of zeros among the weights.
  double zeros = 0.0;

  /// A product of [rows, inner] weights with an [inner, columns] input.
  static LayerProblem product(int64_t rows, int64_t inner, int64_t columns,
                              double zeros);
};

/// A layer with everything that its kernel needs, called as compiled networks
/// call it, without what brings its input and result into another order.
class TimedLayer {
public:
  virtual ~TimedLayer() = default;
  virtual void run() = 0;
  /// The result of the last run.
  virtual ArrayRef<float> getResult() const = 0;
  /// Size of the layer and weights that are not zero, the same for all kernels.
  const ProductSize &getSize() const { return size; }

protected:
  ProductSize size;
  friend class LayerTimer;
};

/// Makes layers that run on the runtime library. They must not outlive it.
class LayerTimer {
public:
  /// Fails without a runtime library.
  static llvm::Expected<std::unique_ptr<LayerTimer>> create(int64_t threads);
  ~LayerTimer();

  /// Fails when the kernel cannot run such a layer, and null when the file of
  /// the runtime library has no such kernel.
  llvm::Expected<std::unique_ptr<TimedLayer>> make(const LayerProblem &problem,
                                                   KernelKind kind);

  /// A transposition of a matrix of `rows` by `columns`.
  std::unique_ptr<TimedLayer> makeTransposition(int64_t rows, int64_t columns);

  /// Name and version of the runtime library.
  StringRef getRuntimeName() const;

private:
  explicit LayerTimer(std::unique_ptr<Runtime> runtime);
  std::unique_ptr<Runtime> runtime;
};

/// Microseconds of one run: the best of rounds that take at least `seconds`
/// together. What else a machine does only makes rounds slower.
double timeRuns(TimedLayer &layer, double seconds);

} // namespace mlir::prune

#endif // PRUNE_EXECUTION_TIMEDLAYER_H
