//===- WindowPatterns.cpp - Padding as a part of windows ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Kernel/IR/WindowPatterns.h"

using namespace mlir;
using namespace mlir::kernel;

Frame kernel::addFrames(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  Frame sum;
  for (auto [x, y] : llvm::zip_equal(a, b))
    sum.push_back(x + y);
  return sum;
}

/// The frame of low and high padding per dimension, when there is none along
/// images and channels and none is negative.
static std::optional<Frame> getFrame(ArrayRef<int64_t> low,
                                     ArrayRef<int64_t> high, Layout layout) {
  ImageDims dims = getImageDims(layout);
  for (int64_t dim = 0, e = low.size(); dim < e; ++dim) {
    bool isPlane = dim == dims.row || dim == dims.column;
    if (low[dim] < 0 || high[dim] < 0 ||
        (!isPlane && (low[dim] != 0 || high[dim] != 0)))
      return std::nullopt;
  }
  return Frame{low[dims.row], low[dims.column], high[dims.row],
               high[dims.column]};
}

std::optional<Frame> kernel::getPaddingFrame(tensor::PadOp pad, Layout layout,
                                             bool (*isPadding)(double)) {
  Value constant = pad.getConstantPaddingValue();
  FloatAttr number;
  if (!constant || pad.getNofold() ||
      !matchPattern(constant, m_Constant(&number)) ||
      !isPadding(number.getValueAsDouble()) ||
      ShapedType::isDynamicShape(pad.getStaticLow()) ||
      ShapedType::isDynamicShape(pad.getStaticHigh()) ||
      pad.getSourceType().getRank() != 4 ||
      !pad.getSourceType().hasStaticShape())
    return std::nullopt;
  return getFrame(pad.getStaticLow(), pad.getStaticHigh(), layout);
}

std::optional<Frame> kernel::getDroppedFrame(tensor::ExtractSliceOp slice,
                                             Layout layout) {
  ArrayRef<int64_t> offsets = slice.getStaticOffsets();
  ArrayRef<int64_t> sizes = slice.getStaticSizes();
  if (slice.getType().getRank() != slice.getSourceType().getRank() ||
      ShapedType::isDynamicShape(offsets) ||
      ShapedType::isDynamicShape(sizes) || !slice.hasUnitStride())
    return std::nullopt;
  SmallVector<int64_t> high;
  for (auto [extent, offset, size] :
       llvm::zip_equal(slice.getSourceType().getShape(), offsets, sizes))
    high.push_back(extent - offset - size);
  return getFrame(offsets, high, layout);
}
