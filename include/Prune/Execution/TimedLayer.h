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
#include "Prune/Kernels/TrainedConvolution.h"

#include <memory>
#include <vector>

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
/// call it.
class TimedLayer {
public:
  virtual ~TimedLayer() = default;
  /// Runs on the floats of an input and a result, which do not overlap.
  virtual void run(const float *x, float *y) = 0;
  /// Input and result of a product are [inner, columns] and [rows, columns],
  /// else the other way round.
  virtual bool isFeatureMajor() const { return false; }
  int64_t getInputSize() const { return inputSize; }
  int64_t getResultSize() const { return size.rows * size.columns; }
  /// Size of the layer and weights that are not zero, the same for all kernels.
  const ProductSize &getSize() const { return size; }

protected:
  ProductSize size;
  int64_t inputSize = 0;
};

/// Random floats, aligned as in compiled code: alignment is worth up to a
/// factor of two.
class TimedFloats {
public:
  explicit TimedFloats(int64_t count, unsigned seed = 1);
  ~TimedFloats();
  TimedFloats(const TimedFloats &) = delete;
  TimedFloats &operator=(const TimedFloats &) = delete;
  float *data() { return pointer; }
  MutableArrayRef<float> get() { return {pointer, size_t(count)}; }
  ArrayRef<float> get() const { return {pointer, size_t(count)}; }

private:
  int64_t count;
  float *pointer;
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

  /// A convolution of a training step, dense or on the values of a mask. It
  /// has inputs and results of its own.
  std::unique_ptr<TimedLayer> makeTrained(const LayerProblem &problem,
                                          ConvolutionPass pass, bool isSparse);

  /// A transposition of a matrix of `rows` by `columns`, as a layer.
  std::unique_ptr<TimedLayer> makeTransposition(int64_t rows, int64_t columns);

  /// Name and version of the runtime library.
  StringRef getRuntimeName() const;

private:
  explicit LayerTimer(std::unique_ptr<Runtime> runtime);
  std::unique_ptr<Runtime> runtime;
};

} // namespace mlir::prune

#endif // PRUNE_EXECUTION_TIMEDLAYER_H
