//===- ConvolutionOperands.cpp - Operands in four dimensions --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConvolutionOperands.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace mlir::prune;

using Dims = SmallVector<ConvolutionDim>;

Reshaping::Reshaping(const ConvolutionOperand &operand,
                     ArrayRef<ConvolutionDim> order, bool isKernel)
    : type(cast<RankedTensorType>(operand.operand->get().getType())) {
  SmallVector<int64_t> orderedShape, mergedShape;
  bool followsGroup = false, hasInputs = false;
  for (ConvolutionDim dim : order) {
    const auto *found = llvm::find(operand.dims, dim);
    if (found == operand.dims.end())
      continue;
    int64_t position = found - operand.dims.begin();
    int64_t extent = type.getDimSize(position);
    int64_t next = permutation.size();
    permutation.push_back(position);
    orderedShape.push_back(extent);
    hasInputs |= dim == ConvolutionDim::In;
    // A kernel's input channels are those of one group.
    bool isChannel =
        dim == ConvolutionDim::Out || (dim == ConvolutionDim::In && !isKernel);
    if (followsGroup && isChannel) {
      merges.back().push_back(next);
      mergedShape.back() *= extent;
    } else {
      merges.push_back({next});
      mergedShape.push_back(extent);
    }
    followsGroup = dim == ConvolutionDim::Group;
  }
  ordered = type.clone(orderedShape);
  merged = type.clone(mergedShape);
  result = merged;
  if (!isKernel || hasInputs)
    return;
  // Each output channel sees one input channel, which is no dimension.
  mergedShape.insert(mergedShape.begin() + 1, 1);
  result = type.clone(mergedShape);
  units = {{0, 1}, {2}, {3}};
}

Value Reshaping::apply(ImplicitLocOpBuilder &b, Value value) const {
  if (isTransposing()) {
    Value empty = tensor::EmptyOp::create(b, ordered.getShape(),
                                          ordered.getElementType());
    auto transpose = linalg::TransposeOp::create(b, value, empty, permutation);
    value = transpose->getResult(0);
  }
  if (merged != ordered)
    value = tensor::CollapseShapeOp::create(b, merged, value, merges);
  if (result != merged)
    value = tensor::ExpandShapeOp::create(b, result, value, units);
  return value;
}

Value Reshaping::revert(ImplicitLocOpBuilder &b, Value value) const {
  if (result != merged)
    value = tensor::CollapseShapeOp::create(b, merged, value, units);
  if (merged != ordered)
    value = tensor::ExpandShapeOp::create(b, ordered, value, merges);
  if (!isTransposing())
    return value;
  Value empty =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  auto transpose = linalg::TransposeOp::create(
      b, value, empty, invertPermutationVector(permutation));
  return transpose->getResult(0);
}

/// The dimensions of images in the given order of planes and channels.
static Dims getImageOrder(kernel::Layout layout, ConvolutionDim channel) {
  using Dim = ConvolutionDim;
  if (layout == kernel::Layout::Nhwc)
    return {Dim::Batch, Dim::Row, Dim::Column, Dim::Group, channel};
  return {Dim::Batch, Dim::Group, channel, Dim::Row, Dim::Column};
}

static Dims getKernelOrder() {
  using Dim = ConvolutionDim;
  return {Dim::Group, Dim::Out, Dim::In, Dim::Row, Dim::Column};
}

/// True when the dimensions are those of `order` that the operand has.
static bool isInOrder(const ConvolutionOperand &operand, const Dims &order) {
  Dims present;
  for (ConvolutionDim dim : order)
    if (llvm::is_contained(operand.dims, dim))
      present.push_back(dim);
  return present == operand.dims;
}

kernel::Layout prune::chooseLayout(const Convolution &convolution) {
  auto layout = kernel::Layout::Nhwc;
  return isInOrder(convolution.x, getImageOrder(layout, ConvolutionDim::In)) &&
                 isInOrder(convolution.y,
                           getImageOrder(layout, ConvolutionDim::Out))
             ? layout
             : kernel::Layout::Nchw;
}

Reshaping prune::reshapeInput(const Convolution &convolution,
                              kernel::Layout layout) {
  return {convolution.x, getImageOrder(layout, ConvolutionDim::In),
          /*isKernel=*/false};
}

Reshaping prune::reshapeKernel(const Convolution &convolution) {
  return {convolution.w, getKernelOrder(), /*isKernel=*/true};
}

Reshaping prune::reshapeOutput(const Convolution &convolution,
                               kernel::Layout layout) {
  return {convolution.y, getImageOrder(layout, ConvolutionDim::Out),
          /*isKernel=*/false};
}
