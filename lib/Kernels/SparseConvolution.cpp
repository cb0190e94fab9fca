//===- SparseConvolution.cpp - Convolutions that can be sparse ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/SparseConvolution.h"

#include "Prune/Analysis/ConvolutionMatch.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "Prune/Kernels/SparseProduct.h"

using namespace mlir;
using namespace mlir::prune;

/// True for images by channel, and weights in the usual order.
static bool hasUsualOrder(const Convolution &convolution) {
  using Dim = ConvolutionDim;
  auto is = [](const ConvolutionOperand &operand, ArrayRef<Dim> dims) {
    return ArrayRef<Dim>(operand.dims) == dims;
  };
  return is(convolution.x, {Dim::Batch, Dim::In, Dim::Row, Dim::Column}) &&
         is(convolution.y, {Dim::Batch, Dim::Out, Dim::Row, Dim::Column}) &&
         is(convolution.w, {Dim::Out, Dim::In, Dim::Row, Dim::Column});
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
    return fail("it is no convolution of channels first with one group");
  std::optional<ConstantView> view = ConstantView::get(weight->get());
  if (!view)
    return fail("its weight is no constant");
  auto y = cast<ShapedType>(convolution.y.operand->get().getType());
  ArrayRef<int64_t> shape = view->getShape();
  ProductSize size;
  size.rows = shape[0];
  size.inner = shape[1] * shape[2] * shape[3];
  size.columns = y.getDimSize(0) * y.getDimSize(2) * y.getDimSize(3);
  size.nonZeros = countNonZeros(*view);
  return size;
}
