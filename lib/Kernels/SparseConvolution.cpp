//===- SparseConvolution.cpp - Convolutions that can be sparse ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/SparseConvolution.h"

#include "Prune/Analysis/Copies.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "Prune/Kernels/SparseProduct.h"

using namespace mlir;
using namespace mlir::prune;

/// True for images by channel, and weights in the usual order: by groups first
/// where there are any.
static bool hasUsualOrder(const Convolution &convolution) {
  using Dim = ConvolutionDim;
  auto is = [](const ConvolutionOperand &operand, ArrayRef<Dim> dims) {
    auto present = llvm::make_filter_range(
        dims, [&](Dim dim) { return llvm::is_contained(operand.dims, dim); });
    return llvm::equal(present, operand.dims);
  };
  return is(convolution.x,
            {Dim::Batch, Dim::Group, Dim::In, Dim::Row, Dim::Column}) &&
         is(convolution.y,
            {Dim::Batch, Dim::Group, Dim::Out, Dim::Row, Dim::Column}) &&
         is(convolution.w,
            {Dim::Group, Dim::Out, Dim::In, Dim::Row, Dim::Column});
}

/// Positions of the result in all images.
static int64_t countPositions(const ConvolutionOperand &y) {
  auto type = cast<ShapedType>(y.operand->get().getType());
  int64_t count = 1;
  for (auto [dim, extent] : llvm::zip_equal(y.dims, type.getShape()))
    if (dim != ConvolutionDim::Group && dim != ConvolutionDim::Out)
      count *= extent;
  return count;
}

/// Channels of the result.
static int64_t countRows(const ConvolutionOperand &w) {
  auto type = cast<ShapedType>(w.operand->get().getType());
  int64_t count = 1;
  for (auto [dim, extent] : llvm::zip_equal(w.dims, type.getShape()))
    if (dim == ConvolutionDim::Group || dim == ConvolutionDim::Out)
      count *= extent;
  return count;
}

/// The extent of a dimension, 1 where the operand does not have it.
static int64_t getExtent(const ConvolutionOperand &operand,
                         ConvolutionDim dim) {
  auto type = cast<ShapedType>(operand.operand->get().getType());
  const auto *place = llvm::find(operand.dims, dim);
  if (place == operand.dims.end())
    return 1;
  return type.getDimSize(place - operand.dims.begin());
}

assembly::ConvolutionShape
prune::getConvolutionShape(const Convolution &convolution) {
  using Dim = ConvolutionDim;
  auto x = [&](Dim dim) { return getExtent(convolution.x, dim); };
  auto y = [&](Dim dim) { return getExtent(convolution.y, dim); };
  auto w = [&](Dim dim) { return getExtent(convolution.w, dim); };
  assembly::ConvolutionShape shape = {};
  shape.groups = std::max<int64_t>(x(Dim::Group), 1);
  shape.n = x(Dim::Batch);
  shape.c = shape.groups * x(Dim::In);
  shape.h = x(Dim::Row);
  shape.w = x(Dim::Column);
  shape.f = countRows(convolution.w);
  shape.oh = y(Dim::Row);
  shape.ow = y(Dim::Column);
  shape.kh = w(Dim::Row);
  shape.kw = w(Dim::Column);
  shape.strideH = convolution.strides[0];
  shape.strideW = convolution.strides[1];
  shape.dilationH = convolution.dilations[0];
  shape.dilationW = convolution.dilations[1];
  return shape;
}

std::optional<ProductSize> prune::matchSparseConvolution(Operation *op,
                                                         std::string &reason) {
  auto fail = [&](StringRef text) {
    reason = text.str();
    return std::nullopt;
  };
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  auto prunable = dyn_cast<PrunableOpInterface>(op);
  OpOperand *weight = prunable ? prunable.getWeightOperand() : nullptr;
  if (!structured || !weight)
    return fail("it has no weight");
  Convolution convolution;
  StringRef obstacle = matchConvolution(structured, convolution);
  if (!obstacle.empty())
    return fail(obstacle);
  if (convolution.w.operand != weight || !hasUsualOrder(convolution) ||
      structured.getDpsInitOperand(0) != convolution.y.operand)
    return fail("it is no convolution of channels first");
  // A depthwise weight may have had a dimension of one channel.
  std::optional<ConstantView> view =
      ConstantView::get(skipReshapes(weight->get()));
  if (!view)
    return fail("its weight is no constant");
  ProductSize size;
  size.rows = countRows(convolution.w);
  size.inner = size.rows ? view->getNumElements() / size.rows : 0;
  size.columns = countPositions(convolution.y);
  size.nonZeros = countNonZeros(*view);
  size.convolution = getConvolutionShape(convolution);
  size.hasBlocks = size.convolution->groups == 1 && hasBlocks(*view);
  return size;
}
