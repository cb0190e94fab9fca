//===- StraightLineFamily.cpp - Code generated for a weight ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CostTerms.h"

using namespace mlir;
using namespace mlir::prune;

using assembly::VectorSet;

/// Registers of AVX-512 for the sums and weights of generated code.
static constexpr int64_t kKeptRegisters = 31;

/// Rows of a tile, and bytes of code or of a stream for it and a range of
/// inputs.
static constexpr int64_t kTileRows = 30, kSegmentBytes = 24 << 10;

static constexpr StringLiteral kTerms[] = {
    "call",     "multiply",      "load",      "sum",          "copy",
    "copy_row", "weights_again", "weights",   "weights_near", "weights_far",
    "values",   "values_near",   "values_far"};

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
  if (size.hasImageLanes) {
    // Windows, strides and padding are distances between whole vectors.
    images /= kLanes;
    ofImage = double(s.oh) * s.ow;
    floats = double(s.c) * s.h * s.w * kLanes;
  } else if (s.isOneByOne()) {
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
  if ((s.isOneByOne() || size.hasImageLanes) && together == 1)
    atOnce = std::min(
        ofImage, std::max(kPieceFloats / (std::max<double>(s.c, 1) * kLanes),
                          kPiecePanels / 4));
  if (size.isInPlace || size.hasImageLanes)
    copied = rows = 0.0;
  pieces = std::ceil(images / together) * std::ceil(ofImage / atOnce);
}

/// Vectors that a tile of some rows loads for a panel.
static double countLoads(const ProductSize &size, double rows) {
  double loads = size.inner * (1.0 - std::pow(size.getZeros(), rows));
  double weights = rows * size.inner * (1.0 - size.getZeros());
  bool isWide = size.set == VectorSet::Avx512;
  // Two vectors and what picks every other number, in each half with AVX2.
  if (size.convolution && isStridedDepthwise(*size.convolution) &&
      !size.hasImageLanes)
    return (isWide ? 3 : 4) * loads;
  if (!isWide || size.hasImageLanes || !size.convolution ||
      size.convolution->isOneByOne() || rows + weights > kKeptRegisters)
    return loads;
  // Few weights stay in registers, and neighbors in a row of the window are
  // lanes of one vector, see lib/Assembly/SegmentEmitter.cpp.
  const assembly::ConvolutionShape &s = *size.convolution;
  double vectors = double(s.c / s.groups) * s.kh * std::min(s.kw, s.strideW);
  return std::min(loads, vectors);
}

namespace {
/// Loads of inputs for a panel, bytes of weights and code, and parts of the
/// inputs between which sums are kept in the result.
struct CodeCounts {
  double loads, bytes, cuts;
};
} // namespace

/// Blocks of rows are a stream for one loop, see lib/Assembly/Tiles.cpp.
static std::optional<CodeCounts> countBlocks(const ProductSize &size,
                                             const PanelCounts &counts) {
  constexpr double kLeastWeights = 1000, kRangeFloats = 1 << 17;
  constexpr double kBlockRows = 4, kBlockBytes = 20, kMostPanels = 16;
  double images =
      size.convolution ? std::max<int64_t>(size.convolution->n, 1) : 1;
  if (size.hasImageLanes)
    images /= kLanes;
  double panels = counts.panels / images;
  bool isAligned =
      !size.convolution || size.convolution->isOneByOne() || size.hasImageLanes;
  if (!size.hasBlocks || (!isAligned && size.nonZeros < kLeastWeights * panels))
    return std::nullopt;
  double blocks = size.nonZeros / kBlockRows;
  double floats = size.inner * kLanes * std::min(panels, kMostPanels);
  return CodeCounts{blocks, blocks * kBlockBytes,
                    std::max(floats / kRangeFloats, 1.0)};
}

/// A stream has a weight and where its input lies, which is loaded for it.
static CodeCounts countStream(const ProductSize &size, double tiles) {
  constexpr double kPairBytes = 8;
  bool isStrided = size.convolution && isStridedDepthwise(*size.convolution) &&
                   !size.hasImageLanes;
  double bytes = kPairBytes * size.nonZeros;
  return {isStrided ? double(size.nonZeros) : 0.0, bytes,
          std::max(bytes / std::max(tiles, 1.0) / double(kSegmentBytes), 1.0)};
}

static CodeCounts countCode(const ProductSize &size) {
  // Of a tile, of an instruction with its weight, and of a load. AVX2 loads and
  // multiplies two registers, and the weight into one of its own.
  bool isWide = size.set == VectorSet::Avx512;
  double codeBytes = isWide ? 7.7 : 16.2, loadBytes = isWide ? 8 : 14;
  double nonZeros = size.nonZeros;
  int64_t groups = size.convolution ? size.convolution->groups : 1;
  // Rows of different groups share no inputs.
  double rows = std::clamp<double>(double(size.rows) / groups, 1, kTileRows);
  double tiles = size.rows / rows;
  if (size.set == VectorSet::Portable)
    return countStream(size, tiles);
  double together = std::min<double>(rows, assembly::getMostRows(size.set));
  double loads = size.rows / together * countLoads(size, together);
  double code = codeBytes * nonZeros + loadBytes * loads;
  double cuts =
      std::max(code / std::max(tiles, 1.0) / double(kSegmentBytes), 1.0);
  return {loads, code + sizeof(float) * nonZeros, cuts};
}

static SmallVector<double> getStraightLine(const ProductSize &size,
                                           double cache) {
  PanelCounts counts(size);
  std::optional<CodeCounts> blocks;
  if (size.set != VectorSet::Portable)
    blocks = countBlocks(size, counts);
  auto [loads, bytes, cuts] = blocks ? *blocks : countCode(size);
  SmallVector<double> terms = {1.0,
                               size.nonZeros * counts.panels,
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

/// The figures of instruction sets have little to do with each other.
static const CostFormula *getFormula(const ProductSize &size) {
  static constexpr CostFormula avx512 = {"straight_line", kTerms,
                                         getStraightLine};
  static constexpr CostFormula avx2 = {"straight_line_avx2", kTerms,
                                       getStraightLine};
  static constexpr CostFormula portable = {"straight_line_portable", kTerms,
                                           getStraightLine};
  if (size.set == VectorSet::Portable)
    return &portable;
  return size.set == VectorSet::Avx512 ? &avx512 : &avx2;
}

/// In the order of their names.
static constexpr KernelSetting kSettings[] = {
    {"blocks", 0, 1,
     "1: rows that read the same inputs, four by four, are a stream for one "
     "loop, where a loop can read them"},
    {"image_lanes", 0, 1,
     "1: the lanes of vectors are 16 images each, not positions",
     /*implied=*/0},
    {"segment_bytes", 1 << 10, 1 << 20,
     "bytes of code that stay in the instruction cache while panels stream by"},
    {"tile_rows", 1, kTileRows, "rows whose sums are computed together"}};

static SmallVector<int64_t> makePlan(const ProductSize &size) {
  int64_t groups = size.convolution ? size.convolution->groups : 1;
  int64_t rows = std::max<int64_t>(size.rows / groups, 1);
  int64_t tiles = llvm::divideCeil(rows, kTileRows);
  int64_t tileRows = llvm::divideCeil(rows, tiles);
  bool hasBlocks = countBlocks(size, PanelCounts(size)).has_value();
  return {hasBlocks, size.hasImageLanes, kSegmentBytes, tileRows};
}

const KernelFamily prune::kStraightLineFamily = {
    KernelKind::StraightLine,
    /*runsProducts=*/true,
    /*runsConvolutions=*/true,
    /*isGenerated=*/true,
    /*turnsProducts=*/true,
    getFormula,
    "machine code generated for the weight",
    kSettings,
    makePlan};
