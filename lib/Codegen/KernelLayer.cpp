//===- KernelLayer.cpp - Operations that become generated code ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Both operations are read as a convolution with a weight in row-major order; a
// product has one image of one row.
//
//===----------------------------------------------------------------------===//

#include "KernelLayer.h"

#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Support/Constants.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::prune;

/// True for a constant and for no value.
static bool isConstant(Value value) {
  return !value || ConstantView::get(value);
}

/// The elements of a constant in row-major order; a null value has none.
static void readConstant(Value value, SmallVectorImpl<float> &elements) {
  if (!value)
    return;
  std::optional<ConstantView> view = ConstantView::get(value);
  std::optional<ArrayRef<char>> bytes = view->getRawData();
  if (bytes && view->getElementType().isF32()) {
    elements.resize_for_overwrite(view->getNumElements());
    llvm::copy(*bytes, reinterpret_cast<char *>(elements.data()));
    return;
  }
  elements.reserve(view->getNumElements());
  for (double element : view->toVector())
    elements.push_back(static_cast<float>(element));
}

static bool isGenerated(kernel::Activation activation) {
  return activation == kernel::Activation::None ||
         activation == kernel::Activation::Relu;
}

template <typename Op>
static void readImages(Op op, KernelLayer &layer) {
  layer.link.x = op.getX();
  layer.link.output = op.getOutput();
  layer.link.result = op->getResult(0);
}

/// Why there is no code for the convolution; empty when there is, described in
/// `layer`.
static StringRef read(onednn::ConvolutionOp op, KernelLayer &layer) {
  kernel::WindowShape window = op.getWindowShape();
  if (window.layout != kernel::Layout::Nchw)
    return "it is no convolution of channels first";
  if (!isGenerated(op.getActivation()))
    return "its activation is not relu";
  layer.link.shape = {
      window.n,         window.c,       window.h,       window.w,
      window.f,         window.oh,      window.ow,      window.kh,
      window.kw,        window.strideH, window.strideW, window.dilationH,
      window.dilationW, window.padTop,  window.padLeft, window.groups};
  if (!assembly::isSupported(layer.link.shape) ||
      (layer.link.shape.isOneByOne() && (window.padBottom || window.padRight)))
    return "it has windows of one element and padding";
  if (!isConstant(op.getW()) || !isConstant(op.getBias()))
    return "its weight or bias is no constant";
  readImages(op, layer);
  layer.link.accumulates = op.getAccumulate();
  layer.hasRelu = op.getActivation() == kernel::Activation::Relu;
  return {};
}

/// The numbers of a constant; failure when it is none.
static FailureOr<ArrayRef<int32_t>> readNumbers(Value value) {
  ElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)))
    return failure();
  return getPatternIndices(elements);
}

/// The dense weight of compressed rows.
static void readRows(kernel::SpmmOp op, int64_t rows, int64_t columns,
                     SmallVectorImpl<float> &weights) {
  SmallVector<float, 0> values;
  readConstant(op.getValues(), values);
  ArrayRef<int32_t> indices = *readNumbers(op.getIndices());
  ArrayRef<int32_t> pointers = *readNumbers(op.getPointers());
  weights.assign(rows * columns, 0.0f);
  for (int64_t row = 0; row < rows; ++row)
    for (int32_t p = pointers[row]; p < pointers[row + 1]; ++p)
      weights[row * columns + indices[p]] = values[p];
}

static StringRef read(kernel::SpmmOp op, KernelLayer &layer) {
  auto x = cast<ShapedType>(op.getX().getType());
  auto y = cast<ShapedType>(op.getOutput().getType());
  if (!x.hasStaticShape() || !y.hasStaticShape())
    return "its columns are not known";
  if (!isGenerated(op.getActivation()))
    return "its activation is not relu";
  int64_t columns = y.getDimSize(1);
  layer.link.shape = assembly::ConvolutionShape::ofProduct(
      y.getDimSize(0), x.getDimSize(0), columns);
  if (!isConstant(op.getValues()) || !isConstant(op.getBias()) ||
      failed(readNumbers(op.getIndices())) ||
      failed(readNumbers(op.getPointers())) ||
      cast<ShapedType>(op.getValues().getType()).getNumElements() == 0)
    return "its weight or bias is no constant";
  readImages(op, layer);
  layer.hasRelu = op.getActivation() == kernel::Activation::Relu;
  return {};
}

StringRef prune::readKernelLayer(Operation *op, KernelLayer &layer) {
  layer.op = op;
  if (auto convolution = dyn_cast<onednn::ConvolutionOp>(op))
    return read(convolution, layer);
  return read(cast<kernel::SpmmOp>(op), layer);
}

void prune::readWeights(const KernelLayer &layer,
                        SmallVectorImpl<float> &weights,
                        SmallVectorImpl<float> &bias) {
  const assembly::ConvolutionShape &shape = layer.link.shape;
  if (auto convolution = dyn_cast<onednn::ConvolutionOp>(layer.op)) {
    readConstant(convolution.getW(), weights);
    return readConstant(convolution.getBias(), bias);
  }
  auto product = cast<kernel::SpmmOp>(layer.op);
  readRows(product, shape.f, shape.c, weights);
  readConstant(product.getBias(), bias);
}
