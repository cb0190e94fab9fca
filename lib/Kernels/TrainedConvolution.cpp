//===- TrainedConvolution.cpp - What a training step convolves ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The sparse kernels take 16 images together, of which some may be missing, and
// bring them side by side: that takes a time for each element of the images,
// whatever is computed of them.
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/TrainedConvolution.h"

#include "CostTerms.h"

using namespace mlir;
using namespace mlir::prune;

static constexpr StringLiteral kDenseTerms[] = {
    "call",    "multiply",      "multiply_rounded",
    "element", "point_element", "weights"};
static constexpr StringLiteral kSparseTerms[] = {"call", "multiply", "element",
                                                 "kept"};

/// Elements of the images of x and of y.
static double countElements(const assembly::ConvolutionShape &shape) {
  return double(shape.n) * (double(shape.c) * shape.h * shape.w +
                            double(shape.f) * shape.oh * shape.ow);
}

static SmallVector<double> getDense(const ProductSize &size, double) {
  const assembly::ConvolutionShape &shape = *size.convolution;
  double weights = double(size.rows) * size.inner;
  double window = double(shape.kh) * shape.kw;
  // Without a window, a stride leaves out elements of x.
  double read = double(shape.c) * shape.oh * shape.ow +
                double(shape.f) * shape.oh * shape.ow;
  bool isPoint = shape.isOneByOne();
  return {1.0,
          weights * size.columns,
          roundUp(shape.f, kLanes) * roundUp(shape.c, kLanes) * window *
              size.columns,
          isPoint ? 0.0 : countElements(shape),
          isPoint ? double(shape.n) * read : 0.0,
          weights};
}

/// Each weight that is kept meets `columns` places of each row of y.
static SmallVector<double> getSparse(const ProductSize &size, double columns) {
  const assembly::ConvolutionShape &shape = *size.convolution;
  double images = roundUp(double(shape.n), kLanes);
  double missing = shape.n ? images / double(shape.n) : 1.0;
  double kept = size.nonZeros;
  return {1.0, kept * images * shape.oh * columns,
          countElements(shape) * missing, kept};
}

static SmallVector<double> getByOutput(const ProductSize &size, double) {
  return getSparse(size, double(size.convolution->ow));
}

/// The gradient of x has every column of it.
static SmallVector<double> getByInput(const ProductSize &size, double) {
  const assembly::ConvolutionShape &shape = *size.convolution;
  return getSparse(size, double(shape.w) / double(shape.strideW));
}

const CostFormula &prune::getTrainedFormula(ConvolutionPass pass,
                                            bool isSparse) {
  static constexpr CostFormula dense[] = {
      {"trained_convolution", kDenseTerms, getDense},
      {"trained_convolution_data", kDenseTerms, getDense},
      {"trained_convolution_weights", kDenseTerms, getDense}};
  static constexpr CostFormula sparse[] = {
      {"sparse_convolution", kSparseTerms, getByOutput},
      {"sparse_convolution_data", kSparseTerms, getByInput},
      {"sparse_convolution_weights", kSparseTerms, getByOutput}};
  return (isSparse ? sparse : dense)[static_cast<int>(pass)];
}

std::optional<double> prune::predictGain(const CostModel &costs,
                                         ConvolutionPass pass,
                                         const ProductSize &size) {
  std::optional<double> dense =
      costs.predict(getTrainedFormula(pass, /*isSparse=*/false), size);
  std::optional<double> sparse =
      costs.predict(getTrainedFormula(pass, /*isSparse=*/true), size);
  if (!dense || !sparse)
    return std::nullopt;
  return *dense / std::max(*sparse, 1.0);
}
