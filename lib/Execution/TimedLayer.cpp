//===- TimedLayer.cpp - One layer on one kernel, to be timed --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Execution/TimedLayer.h"

#include "Runtime.h"
#include "RuntimeShape.h"
#include "TrainedLayer.h"

#include "Prune/Assembly/Isa.h"
#include "Prune/Assembly/LanePermute.h"
#include "Prune/Assembly/LoadedKernel.h"

#include "prune_runtime.h"

#include <algorithm>
#include <random>

using namespace mlir;
using namespace mlir::prune;

SmallVector<int64_t> prune::getRuntimeShape(const assembly::ConvolutionShape &s,
                                            int64_t layout) {
  auto getEnd = [](int64_t out, int64_t stride, int64_t dilation,
                   int64_t kernel, int64_t begin, int64_t extent) {
    return std::max<int64_t>(
        (out - 1) * stride + dilation * (kernel - 1) + 1 - begin - extent, 0);
  };
  return {s.n,
          s.c,
          s.h,
          s.w,
          s.f,
          s.oh,
          s.ow,
          s.kh,
          s.kw,
          s.strideH,
          s.strideW,
          s.dilationH,
          s.dilationW,
          s.padTop,
          s.padLeft,
          getEnd(s.oh, s.strideH, s.dilationH, s.kh, s.padTop, s.h),
          getEnd(s.ow, s.strideW, s.dilationW, s.kw, s.padLeft, s.w),
          s.groups,
          layout};
}

namespace {

/// What the layers of all kernels have. Equal problems have equal data.
class Layer : public TimedLayer {
public:
  Layer(const LayerProblem &problem, const Runtime &runtime)
      : problem(problem), runtime(runtime), weights(countWeights(problem), 2),
        bias(problem.shape.f, 3) {
    const assembly::ConvolutionShape &shape = problem.shape;
    std::minstd_rand generator(4);
    double bound = problem.zeros * std::minstd_rand::max();
    for (float &weight : weights.get())
      if (generator() < bound)
        weight = 0.0f;
    inputSize = shape.n * shape.c * shape.h * shape.w;
    size.rows = shape.f;
    size.inner = shape.c / shape.groups * shape.kh * shape.kw;
    size.columns = shape.n * shape.oh * shape.ow;
    if (!problem.isProduct)
      size.convolution = shape;
    size.set = *assembly::getVectorSet(assembly::getHostIsa());
    size.nonZeros = llvm::count_if(weights.get(),
                                   [](float weight) { return weight != 0.0f; });
    // Random zeros are in no blocks, but no zeros are.
    size.hasBlocks =
        shape.groups == 1 && size.nonZeros == size.rows * size.inner;
  }
  ~Layer() override {
    if (slot)
      runtime.releaseSlot(&slot);
  }

protected:
  static int64_t countWeights(const LayerProblem &problem) {
    const assembly::ConvolutionShape &shape = problem.shape;
    return shape.f * (shape.c / shape.groups) * shape.kh * shape.kw;
  }
  template <typename Function>
  Function *lookup(StringRef name) {
    return reinterpret_cast<Function *>(runtime.lookup(name));
  }

  LayerProblem problem;
  const Runtime &runtime;
  TimedFloats weights, bias;
  void *slot = nullptr;
};

/// oneDNN on a constant weight.
class DenseLayer final : public Layer {
public:
  DenseLayer(const LayerProblem &problem, const Runtime &runtime)
      : Layer(problem, runtime),
        geometry(getRuntimeShape(problem.shape, PRUNE_RT_LAYOUT_NCHW)) {}
  void run(const float *x, float *y) override {
    if (problem.isProduct)
      matmul(&slot, x, weights.data(), bias.data(), y, size.columns, size.rows,
             size.inner, size.inner, size.inner, size.rows,
             PRUNE_RT_TRANSPOSE_B | PRUNE_RT_CONSTANT_B,
             PRUNE_RT_ACTIVATION_RELU);
    else
      convolution(&slot, x, weights.data(), bias.data(), y, geometry.data(),
                  PRUNE_RT_CONSTANT_B, PRUNE_RT_ACTIVATION_RELU);
  }

private:
  SmallVector<int64_t> geometry;
  decltype(prune_rt_matmul_f32) *matmul =
      lookup<decltype(prune_rt_matmul_f32)>("prune_rt_matmul_f32");
  decltype(prune_rt_convolution_f32) *convolution =
      lookup<decltype(prune_rt_convolution_f32)>("prune_rt_convolution_f32");
};

/// The weight of a product in compressed rows.
class CompressedLayer : public Layer {
public:
  CompressedLayer(const LayerProblem &problem, const Runtime &runtime)
      : Layer(problem, runtime) {
    for (int64_t row = 0; row < size.rows; ++row) {
      ArrayRef<float> elements =
          weights.get().slice(row * size.inner, size.inner);
      for (auto [column, weight] : llvm::enumerate(elements))
        if (weight != 0.0f) {
          values.push_back(weight);
          columns.push_back(static_cast<int32_t>(column));
        }
      pointers.push_back(static_cast<int32_t>(values.size()));
    }
  }

protected:
  SmallVector<float, 0> values;
  SmallVector<int32_t, 0> columns, pointers = {0};
};

class CsrLayer final : public CompressedLayer {
public:
  using CompressedLayer::CompressedLayer;
  bool isFeatureMajor() const override { return true; }
  void run(const float *x, float *y) override {
    spmm(values.data(), columns.data(), pointers.data(), x, bias.data(), y,
         size.rows, size.columns, size.inner, size.columns, size.columns,
         PRUNE_RT_ACTIVATION_RELU);
  }

private:
  decltype(prune_rt_spmm_f32) *spmm =
      lookup<decltype(prune_rt_spmm_f32)>("prune_rt_spmm_f32");
};

class LanesLayer final : public CompressedLayer {
public:
  using CompressedLayer::CompressedLayer;
  llvm::Error pack() {
    llvm::Expected<assembly::LanePermuteWeight> created =
        assembly::packLanePermute({pointers, columns, values, size.inner});
    if (!created)
      return created.takeError();
    packed = std::move(*created);
    return llvm::Error::success();
  }
  void run(const float *x, float *y) override {
    permute(packed.values.data(),
            reinterpret_cast<const prune_rt_lane_step *>(packed.steps.data()),
            reinterpret_cast<const prune_rt_lane_group *>(packed.groups.data()),
            packed.rows.data(), x, bias.data(), y, size.rows, size.columns,
            size.inner, size.inner, size.rows, PRUNE_RT_ACTIVATION_RELU);
  }

private:
  assembly::LanePermuteWeight packed;
  decltype(prune_rt_lane_permute_f32) *permute =
      lookup<decltype(prune_rt_lane_permute_f32)>("prune_rt_lane_permute_f32");
};

class GeneratedLayer final : public Layer {
public:
  using Layer::Layer;
  bool isFeatureMajor() const override { return true; }
  llvm::Error generate() {
    assembly::StraightLineOptions options;
    options.set = size.set;
    options.panels = 16;
    auto created = assembly::LoadedKernel::create(
        problem.shape, weights.get(),
        {bias.get(), /*accumulates=*/false, /*hasRelu=*/true}, options);
    if (!created)
      return created.takeError();
    kernel = std::move(*created);
    return llvm::Error::success();
  }
  void run(const float *x, float *y) override {
    (size.set == assembly::VectorSet::Portable ? streamed : generated)(
        &kernel->get(), x, y);
  }

private:
  std::unique_ptr<assembly::LoadedKernel> kernel;
  decltype(prune_rt_generated_f32) *generated =
      lookup<decltype(prune_rt_generated_f32)>("prune_rt_generated_f32");
  decltype(prune_rt_streamed_f32) *streamed =
      lookup<decltype(prune_rt_streamed_f32)>("prune_rt_streamed_f32");
};

class Transposition final : public TimedLayer {
public:
  Transposition(int64_t rows, int64_t columns, const Runtime &runtime)
      : transpose(reinterpret_cast<decltype(&prune_rt_transpose_f32)>(
            runtime.lookup("prune_rt_transpose_f32"))) {
    inputSize = rows * columns;
    size.rows = rows;
    size.columns = columns;
  }
  void run(const float *x, float *y) override {
    transpose(x, y, size.rows, size.columns, size.columns, size.rows);
  }

private:
  decltype(&prune_rt_transpose_f32) transpose;
};

} // namespace

static constexpr std::align_val_t kAlignment{64};

TimedFloats::TimedFloats(int64_t count, unsigned seed)
    : count(count),
      pointer(static_cast<float *>(::operator new(
          std::max<int64_t>(count, 1) * sizeof(float), kAlignment))) {
  std::minstd_rand generator(seed);
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  for (float &element : get())
    element = uniform(generator);
}

TimedFloats::~TimedFloats() { ::operator delete(pointer, kAlignment); }

LayerProblem LayerProblem::product(int64_t rows, int64_t inner, int64_t columns,
                                   double zeros) {
  return {{1, inner, 1, columns, rows, 1, columns, 1, 1, 1, 1, 1, 1, 0, 0},
          /*isProduct=*/true,
          zeros};
}

LayerTimer::LayerTimer(std::unique_ptr<Runtime> runtime)
    : runtime(std::move(runtime)) {}
LayerTimer::~LayerTimer() = default;

llvm::Expected<std::unique_ptr<LayerTimer>>
LayerTimer::create(int64_t threads) {
  auto runtime = Runtime::load(/*naive=*/false);
  if (!runtime)
    return runtime.takeError();
  (*runtime)->setThreads(threads);
  return std::unique_ptr<LayerTimer>(new LayerTimer(std::move(*runtime)));
}

StringRef LayerTimer::getRuntimeName() const { return runtime->getName(); }

/// A layer after its weights are packed, or code is made of them.
template <typename Kind>
static llvm::Expected<std::unique_ptr<TimedLayer>>
finish(std::unique_ptr<Kind> layer, llvm::Error error) {
  if (error)
    return std::move(error);
  return std::move(layer);
}

llvm::Expected<std::unique_ptr<TimedLayer>>
LayerTimer::make(const LayerProblem &problem, KernelKind kind) {
  if (kind == KernelKind::Dense)
    return std::make_unique<DenseLayer>(problem, *runtime);
  if (kind == KernelKind::StraightLine) {
    auto layer = std::make_unique<GeneratedLayer>(problem, *runtime);
    llvm::Error error = layer->generate();
    return finish(std::move(layer), std::move(error));
  }
  if (!problem.isProduct)
    return nullptr;
  if (kind == KernelKind::Csr)
    return std::make_unique<CsrLayer>(problem, *runtime);
  if (problem.shape.ow > kMaxLaneColumns)
    return nullptr;
  auto layer = std::make_unique<LanesLayer>(problem, *runtime);
  llvm::Error error = layer->pack();
  return finish(std::move(layer), std::move(error));
}

std::unique_ptr<TimedLayer> LayerTimer::makeTrained(const LayerProblem &problem,
                                                    ConvolutionPass pass,
                                                    bool isSparse) {
  return makeTrainedLayer(problem, pass, isSparse, *runtime);
}

std::unique_ptr<TimedLayer> LayerTimer::makeTransposition(int64_t rows,
                                                          int64_t columns) {
  return std::make_unique<Transposition>(rows, columns, *runtime);
}
