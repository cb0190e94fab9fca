//===- CostTerms.cpp - What the time of a kernel is made of ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The terms count what a kernel does: vectors it multiplies, values it loads,
// bytes it moves. docs/Kernels.md has the formulas. They are estimates where
// the exact count would need the code: of random weights, a tile loads an input
// unless all its rows have a zero there.
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/CostTerms.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace mlir::prune;

/// Lanes of a vector.
static constexpr int64_t kLanes = 16;

/// Registers for the sums and weights of generated code.
static constexpr int64_t kKeptRegisters = 31;

/// Terms of memory end a list: bytes, those beyond half a cache, and those
/// beyond four.
static constexpr StringLiteral kDense[] = {
    "call",        "multiply", "multiply_rounded", "weights",   "weights_near",
    "weights_far", "values",   "values_near",      "values_far"};
static constexpr StringLiteral kConvolution[] = {
    "call",        "multiply",      "few_multiply", "group_multiply",
    "result_row",  "strided_value", "weights",      "weights_near",
    "weights_far", "values",        "values_near",  "values_far"};
static constexpr StringLiteral kCsr[] = {
    "call",        "row",          "multiply",    "multiply_rounded",
    "weights",     "weights_near", "weights_far", "values",
    "values_near", "values_far"};
static constexpr StringLiteral kLanesTerms[] = {
    "call",          "row",     "non_zero",     "multiply",   "place",
    "place_columns", "weights", "weights_near", "weights_far"};
static constexpr StringLiteral kStraightLine[] = {
    "call",     "multiply",      "load",      "sum",          "copy",
    "copy_row", "weights_again", "weights",   "weights_near", "weights_far",
    "values",   "values_near",   "values_far"};
static constexpr StringLiteral kTurn[] = {"call", "element", "odd_element",
                                          "values_near", "values_far"};

CostFamily prune::getCostFamily(KernelKind kind, const ProductSize &size) {
  switch (kind) {
  case KernelKind::Dense:
    return size.convolution ? CostFamily::Convolution : CostFamily::Dense;
  case KernelKind::Csr:
    return CostFamily::Csr;
  case KernelKind::Lanes:
    return CostFamily::Lanes;
  case KernelKind::StraightLine:
    return CostFamily::StraightLine;
  }
  llvm_unreachable("unknown kernel");
}

StringRef prune::getCostFamilyName(CostFamily family) {
  switch (family) {
  case CostFamily::Dense:
    return "dense";
  case CostFamily::Convolution:
    return "convolution";
  case CostFamily::Csr:
    return "csr";
  case CostFamily::Lanes:
    return "lanes";
  case CostFamily::StraightLine:
    return "straight_line";
  case CostFamily::Turn:
    return "turn";
  }
  llvm_unreachable("unknown family");
}

ArrayRef<StringLiteral> prune::getCostTermNames(CostFamily family) {
  switch (family) {
  case CostFamily::Dense:
    return kDense;
  case CostFamily::Convolution:
    return kConvolution;
  case CostFamily::Csr:
    return kCsr;
  case CostFamily::Lanes:
    return kLanesTerms;
  case CostFamily::StraightLine:
    return kStraightLine;
  case CostFamily::Turn:
    return kTurn;
  }
  llvm_unreachable("unknown family");
}

static double roundUp(double value, double to) {
  return std::ceil(value / to) * to;
}

/// Appends the terms of moving some bytes.
static void addMemory(SmallVectorImpl<double> &terms, double bytes,
                      double cache) {
  terms.push_back(bytes);
  terms.push_back(std::max(bytes - cache / 2, 0.0));
  terms.push_back(std::max(bytes - cache * 4, 0.0));
}

/// Bytes of the input and the result.
static double getValueBytes(const ProductSize &size) {
  double inputs = double(size.inner) * size.columns;
  if (size.convolution)
    inputs = double(size.convolution->n) * size.convolution->c *
             size.convolution->h * size.convolution->w;
  return sizeof(float) * (inputs + double(size.rows) * size.columns);
}

static double getWeightBytes(const ProductSize &size) {
  return sizeof(float) * double(size.rows) * size.inner;
}

static SmallVector<double> getDense(const ProductSize &size, double cache) {
  double weights = roundUp(size.rows, kLanes) * size.inner;
  SmallVector<double> terms = {1.0, weights * size.columns,
                               weights * roundUp(size.columns, 4)};
  addMemory(terms, getWeightBytes(size), cache);
  addMemory(terms, getValueBytes(size), cache);
  return terms;
}

static SmallVector<double> getConvolution(const ProductSize &size,
                                          double cache) {
  const assembly::ConvolutionShape &shape = *size.convolution;
  double rows = roundUp(size.rows, kLanes);
  // Up to three channels, those of a first layer, have kernels of their own.
  bool hasGroups = shape.groups > 1, isFew = !hasGroups && shape.c <= 3;
  double multiplies = rows * size.inner * size.columns;
  bool isStrided = shape.isOneByOne() && shape.strideH * shape.strideW > 1;
  SmallVector<double> terms = {1.0,
                               hasGroups || isFew ? 0.0 : multiplies,
                               isFew ? multiplies : 0.0,
                               hasGroups ? multiplies : 0.0,
                               double(shape.n) * shape.oh * rows * shape.kh *
                                   (hasGroups ? 1.0 : roundUp(shape.c, kLanes)),
                               isStrided ? getValueBytes(size) / sizeof(float)
                                         : 0.0};
  addMemory(terms, getWeightBytes(size), cache);
  addMemory(terms, getValueBytes(size), cache);
  return terms;
}

static SmallVector<double> getCsr(const ProductSize &size, double cache) {
  constexpr double kBytes = 8;
  double nonZeros = size.nonZeros;
  SmallVector<double> terms = {1.0, double(size.rows), nonZeros * size.columns,
                               nonZeros * roundUp(size.columns, kLanes)};
  addMemory(terms, kBytes * nonZeros, cache);
  addMemory(terms, getValueBytes(size), cache);
  return terms;
}

static SmallVector<double> getLanes(const ProductSize &size, double cache) {
  // A value and its share of steps at 90 % zeros.
  constexpr double kBytes = 5.4;
  double nonZeros = size.nonZeros, places = double(size.rows) * size.inner;
  SmallVector<double> terms = {1.0,      double(size.rows),
                               nonZeros, nonZeros * size.columns,
                               places,   places * size.columns};
  addMemory(terms, kBytes * nonZeros, cache);
  return terms;
}

namespace {
/// How generated code goes over its inputs, see runtime/Kernels/Generated.cpp.
struct PanelCounts {
  explicit PanelCounts(const ProductSize &size);

  /// Of all images, in vectors, and the floats and rows that are copied.
  double panels = 0, copied = 0, rows = 0;
  /// Times that the code is fetched.
  double pieces = 0;
};
} // namespace

PanelCounts::PanelCounts(const ProductSize &size) {
  constexpr double kPieceFloats = 1 << 17, kPiecePanels = 64;
  assembly::ConvolutionShape s =
      size.convolution.value_or(assembly::ConvolutionShape::ofProduct(
          size.rows, size.inner, size.columns));
  double images = std::max<int64_t>(s.n, 1), ofImage, floats;
  if (s.isOneByOne()) {
    ofImage = std::ceil(double(s.oh) * s.ow / kLanes);
    floats = s.c * ofImage * kLanes;
  } else {
    double planes = double(s.c) * s.strideH * s.strideW;
    double height = s.oh + (s.kh - 1) * s.dilationH / s.strideH;
    double width = getMinColumns(s);
    ofImage = isStridedDepthwise(s)
                  ? s.oh * std::ceil(double(s.ow) / kLanes)
                  : std::ceil(((s.oh - 1) * width + s.ow) / kLanes);
    floats = planes * height * width;
    rows = images * planes * height;
  }
  ofImage = std::max(ofImage, 1.0);
  panels = images * ofImage;
  copied = images * floats;
  double together = std::min(
      {images, std::ceil(kPiecePanels / ofImage),
       std::max(std::floor(kPieceFloats / std::max(floats, 1.0)), 1.0)});
  double atOnce = ofImage;
  if (s.isOneByOne() && together == 1)
    atOnce = std::min(
        ofImage, std::max(kPieceFloats / (std::max<double>(s.c, 1) * kLanes),
                          kPiecePanels / 4));
  if (size.isInPlace)
    copied = rows = 0.0;
  pieces = std::ceil(images / together) * std::ceil(ofImage / atOnce);
}

/// Vectors that a tile of some rows loads for a panel.
static double countLoads(const ProductSize &size, double rows) {
  double loads = size.inner * (1.0 - std::pow(size.getZeros(), rows));
  double weights = rows * size.inner * (1.0 - size.getZeros());
  // Two vectors and what picks every other number.
  if (size.convolution && isStridedDepthwise(*size.convolution))
    return 3 * loads;
  if (!size.convolution || size.convolution->isOneByOne() ||
      rows + weights > kKeptRegisters)
    return loads;
  // Few weights stay in registers, and neighbors in a row of the window are
  // lanes of one vector, see lib/Assembly/StraightLine.cpp.
  const assembly::ConvolutionShape &s = *size.convolution;
  double vectors = double(s.c / s.groups) * s.kh * std::min(s.kw, s.strideW);
  return std::min(loads, vectors);
}

static SmallVector<double> getStraightLine(const ProductSize &size,
                                           double cache) {
  // Of a tile, of an instruction with its weight, and of a load.
  constexpr double kTileRows = 30, kSegmentBytes = 24 << 10;
  constexpr double kCodeBytes = 7.7, kLoadBytes = 8;
  PanelCounts counts(size);
  double nonZeros = size.nonZeros;
  int64_t groups = size.convolution ? size.convolution->groups : 1;
  // Rows of different groups share no inputs.
  double rows = std::clamp<double>(double(size.rows) / groups, 1, kTileRows);
  double tiles = size.rows / rows;
  double loads = tiles * countLoads(size, rows);
  double code = kCodeBytes * nonZeros + kLoadBytes * loads;
  double cuts = std::max(code / std::max(tiles, 1.0) / kSegmentBytes, 1.0);
  double bytes = code + sizeof(float) * nonZeros;
  SmallVector<double> terms = {1.0,
                               nonZeros * counts.panels,
                               loads * counts.panels,
                               size.rows * counts.panels * cuts,
                               counts.copied,
                               counts.rows,
                               std::max(bytes - cache, 0.0) *
                                   (counts.pieces - 1.0)};
  addMemory(terms, bytes, cache);
  addMemory(terms, getValueBytes(size), cache);
  return terms;
}

static SmallVector<double> getTurn(const ProductSize &size, double cache) {
  SmallVector<double> terms(std::size(kTurn), 0.0);
  // One row or column is the same in both orders.
  if (size.convolution || size.columns <= 1)
    return terms;
  auto add = [&](int64_t count) {
    double elements = double(count) * size.columns;
    double even = double(llvm::alignDown(count, kLanes)) *
                  llvm::alignDown(size.columns, kLanes);
    double bytes = 2 * sizeof(float) * elements;
    double more[] = {1.0, elements, elements - even,
                     std::max(bytes - cache / 2, 0.0),
                     std::max(bytes - cache * 4, 0.0)};
    for (auto [term, value] : llvm::zip_equal(terms, more))
      term += value;
  };
  if (size.inputHasRows && size.inner > 1)
    add(size.inner);
  if (size.resultHasRows && size.rows > 1)
    add(size.rows);
  return terms;
}

SmallVector<double> prune::getCostTerms(CostFamily family,
                                        const ProductSize &size, double cache) {
  switch (family) {
  case CostFamily::Dense:
    return getDense(size, cache);
  case CostFamily::Convolution:
    return getConvolution(size, cache);
  case CostFamily::Csr:
    return getCsr(size, cache);
  case CostFamily::Lanes:
    return getLanes(size, cache);
  case CostFamily::StraightLine:
    return getStraightLine(size, cache);
  case CostFamily::Turn:
    return getTurn(size, cache);
  }
  llvm_unreachable("unknown family");
}
