//===- TrainedLayer.cpp - One convolution of a training step, to be timed -===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Images lie with the channels last, as between the layers of a compiled step.
//
//===----------------------------------------------------------------------===//

#include "TrainedLayer.h"

#include "Runtime.h"
#include "RuntimeShape.h"

#include "prune_runtime.h"

#include <random>

using namespace mlir;
using namespace mlir::prune;

namespace {

/// What dense convolutions and those on a pattern have.
class TrainedLayer : public TimedLayer {
public:
  TrainedLayer(const LayerProblem &problem, ConvolutionPass pass,
               const Runtime &runtime)
      : pass(pass), runtime(runtime),
        geometry(getRuntimeShape(problem.shape, PRUNE_RT_LAYOUT_NHWC)),
        x(problem.shape.n * problem.shape.c * problem.shape.h *
          problem.shape.w),
        y(problem.shape.n * problem.shape.f * problem.shape.oh *
          problem.shape.ow),
        weights(problem.shape.f * problem.shape.c * problem.shape.kh *
                problem.shape.kw) {
    size.rows = problem.shape.f;
    size.inner = problem.shape.c * problem.shape.kh * problem.shape.kw;
    size.columns = problem.shape.n * problem.shape.oh * problem.shape.ow;
    size.nonZeros = size.rows * size.inner;
    size.convolution = problem.shape;
  }

protected:
  template <typename Function>
  Function *lookup(StringRef name) {
    return reinterpret_cast<Function *>(runtime.lookup(name));
  }

  ConvolutionPass pass;
  const Runtime &runtime;
  SmallVector<int64_t> geometry;
  TimedFloats x, y, weights;
};

class DenseTrainedLayer final : public TrainedLayer {
public:
  using TrainedLayer::TrainedLayer;
  ~DenseTrainedLayer() override {
    if (slot)
      runtime.releaseSlot(&slot);
  }
  void run(const float *, float *) override {
    switch (pass) {
    case ConvolutionPass::Forward:
      return forward(&slot, x.data(), weights.data(), /*bias=*/nullptr,
                     y.data(), geometry.data(), /*flags=*/0,
                     PRUNE_RT_ACTIVATION_NONE);
    case ConvolutionPass::BackwardData:
      return backwardData(&slot, y.data(), weights.data(), x.data(),
                          geometry.data(), /*flags=*/0);
    case ConvolutionPass::BackwardWeights:
      return backwardWeights(&slot, x.data(), y.data(), weights.data(),
                             /*dbias=*/nullptr, geometry.data(), /*flags=*/0);
    }
  }

private:
  void *slot = nullptr;
  decltype(prune_rt_convolution_f32) *forward =
      lookup<decltype(prune_rt_convolution_f32)>("prune_rt_convolution_f32");
  decltype(prune_rt_convolution_backward_data_f32) *backwardData =
      lookup<decltype(prune_rt_convolution_backward_data_f32)>(
          "prune_rt_convolution_backward_data_f32");
  decltype(prune_rt_convolution_backward_weights_f32) *backwardWeights =
      lookup<decltype(prune_rt_convolution_backward_weights_f32)>(
          "prune_rt_convolution_backward_weights_f32");
};

/// On a random pattern.
class SparseTrainedLayer final : public TrainedLayer {
public:
  SparseTrainedLayer(const LayerProblem &problem, ConvolutionPass pass,
                     const Runtime &runtime)
      : TrainedLayer(problem, pass, runtime) {
    const assembly::ConvolutionShape &shape = problem.shape;
    int64_t rows = pass == ConvolutionPass::BackwardData ? shape.c : shape.f;
    int64_t inner = rows ? size.rows * size.inner / rows : 0;
    std::minstd_rand generator(4);
    double bound = problem.zeros * std::minstd_rand::max();
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t index = 0; index < inner; ++index)
        if (generator() >= bound)
          indices.push_back(static_cast<int32_t>(index));
      pointers.push_back(static_cast<int32_t>(indices.size()));
    }
    size.nonZeros = static_cast<int64_t>(indices.size());
  }
  void run(const float *, float *) override {
    float *values = weights.data();
    switch (pass) {
    case ConvolutionPass::Forward:
      return forward(values, indices.data(), pointers.data(), x.data(),
                     /*bias=*/nullptr, y.data(), geometry.data(), /*flags=*/0,
                     PRUNE_RT_ACTIVATION_NONE);
    case ConvolutionPass::BackwardData:
      return backwardData(values, indices.data(), pointers.data(), y.data(),
                          x.data(), geometry.data());
    case ConvolutionPass::BackwardWeights:
      return backwardWeights(indices.data(), pointers.data(), x.data(),
                             y.data(), values, /*dbias=*/nullptr,
                             geometry.data());
    }
  }

private:
  SmallVector<int32_t, 0> indices, pointers = {0};
  decltype(prune_rt_sparse_convolution_f32) *forward =
      lookup<decltype(prune_rt_sparse_convolution_f32)>(
          "prune_rt_sparse_convolution_f32");
  decltype(prune_rt_sparse_convolution_backward_data_f32) *backwardData =
      lookup<decltype(prune_rt_sparse_convolution_backward_data_f32)>(
          "prune_rt_sparse_convolution_backward_data_f32");
  decltype(prune_rt_sparse_convolution_backward_weights_f32) *backwardWeights =
      lookup<decltype(prune_rt_sparse_convolution_backward_weights_f32)>(
          "prune_rt_sparse_convolution_backward_weights_f32");
};

} // namespace

std::unique_ptr<TimedLayer> prune::makeTrainedLayer(const LayerProblem &problem,
                                                    ConvolutionPass pass,
                                                    bool isSparse,
                                                    const Runtime &runtime) {
  if (isSparse)
    return std::make_unique<SparseTrainedLayer>(problem, pass, runtime);
  return std::make_unique<DenseTrainedLayer>(problem, pass, runtime);
}
