//===- OneDNNWindowOps.cpp - Convolutions and poolings --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All operations that move a window describe themselves by one WindowShape, so
// that one verifier and one lowering serve them all.
//
//===----------------------------------------------------------------------===//

#include "Effects.h"

#include "mlir/Dialect/MemRef/Utils/MemRefUtils.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::onednn;

#include "Prune/Dialect/OneDNN/IR/OneDNNInterfaces.cpp.inc"

/// Elements that one byte of a workspace can tell apart.
static constexpr int64_t kMaxWindow = 256;

SmallVector<int64_t> WindowShape::toArray() const {
  return {n,
          c,
          h,
          w,
          f,
          oh,
          ow,
          kh,
          kw,
          strideH,
          strideW,
          dilationH,
          dilationW,
          padTop,
          padLeft,
          padBottom,
          padRight,
          groups,
          static_cast<int64_t>(layout)};
}

ImageDims onednn::getImageDims(Layout layout) {
  if (layout == Layout::Nhwc)
    return {/*channel=*/3, /*row=*/1, /*column=*/2};
  return {/*channel=*/1, /*row=*/2, /*column=*/3};
}

static ArrayRef<int64_t> getExtents(Value value) {
  return cast<ShapedType>(value.getType()).getShape();
}

/// Describes an operation of the given input and output images.
template <typename Op>
static WindowShape describe(Op op, Value input, Value output,
                            ArrayRef<int64_t> window, int64_t groups) {
  ImageDims dims = getImageDims(op.getLayout());
  ArrayRef<int64_t> in = getExtents(input), out = getExtents(output);
  ArrayRef<int64_t> strides = op.getStrides(), dilations = op.getDilations();
  ArrayRef<int64_t> padding = op.getPadding();
  WindowShape shape;
  shape.n = in[0];
  shape.c = in[dims.channel];
  shape.h = in[dims.row];
  shape.w = in[dims.column];
  shape.f = out[dims.channel];
  shape.oh = out[dims.row];
  shape.ow = out[dims.column];
  shape.kh = window[0];
  shape.kw = window[1];
  shape.strideH = strides[0];
  shape.strideW = strides[1];
  shape.dilationH = dilations[0];
  shape.dilationW = dilations[1];
  shape.padTop = padding[0];
  shape.padLeft = padding[1];
  shape.padBottom = padding[2];
  shape.padRight = padding[3];
  shape.groups = groups;
  shape.layout = op.getLayout();
  return shape;
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

static LogicalResult verifyKinds(DestinationStyleOpInterface op) {
  // window_c1
  bool isTensor = isa<RankedTensorType>(op.getDpsInits().front().getType());
  for (Value operand : op->getOperands())
    if (isa<RankedTensorType>(operand.getType()) != isTensor)
      return op->emitOpError(
          "expected operands that are all tensors or all memrefs");
  if (op->getNumResults() != (isTensor ? op.getNumDpsInits() : 0))
    return op->emitOpError(
        "expected one result per destination on tensors and none on memrefs");
  for (auto [result, init] : llvm::zip(op->getResults(), op.getDpsInits()))
    if (result.getType() != init.getType())
      return op->emitOpError("expected results of the types of the "
                             "destinations, got ")
             << result.getType() << " for " << init.getType();
  // window_c2
  for (Value operand : op->getOperands()) {
    auto type = cast<ShapedType>(operand.getType());
    if (!type.hasStaticShape())
      return op->emitOpError("expected static shapes, got ") << type;
    auto memref = dyn_cast<MemRefType>(type);
    if (memref && !memref::isStaticShapeAndContiguousRowMajor(memref))
      return op->emitOpError("expected memrefs without gaps, got ") << memref;
  }
  return success();
}

template <typename Op>
static LogicalResult verifyMovement(Op op) {
  // window_c3
  auto isPositive = [](int64_t number) { return number > 0; };
  for (auto [name, numbers] : {std::pair("strides", op.getStrides()),
                               std::pair("dilations", op.getDilations())})
    if (numbers.size() != 2 || !llvm::all_of(numbers, isPositive))
      return op.emitOpError("expected two positive ")
             << name << ", got [" << numbers << "]";
  ArrayRef<int64_t> padding = op.getPadding();
  if (padding.size() != 4 ||
      !llvm::all_of(padding, [](int64_t number) { return number >= 0; }))
    return op.emitOpError("expected four numbers of padding that are not "
                          "negative, got [")
           << padding << "]";
  return success();
}

/// Number of places of a window along one dimension.
static int64_t countPlaces(int64_t extent, int64_t padding, int64_t window,
                           int64_t stride, int64_t dilation) {
  int64_t room = extent + padding - (window - 1) * dilation - 1;
  return room < 0 ? 0 : room / stride + 1;
}

static LogicalResult verifyExtents(Operation *op, const WindowShape &shape,
                                   int64_t outputBatch) {
  // window_c4
  if (shape.n != outputBatch)
    return op->emitOpError("expected one number of images, got ")
           << shape.n << " and " << outputBatch;
  int64_t oh = countPlaces(shape.h, shape.padTop + shape.padBottom, shape.kh,
                           shape.strideH, shape.dilationH);
  int64_t ow = countPlaces(shape.w, shape.padLeft + shape.padRight, shape.kw,
                           shape.strideW, shape.dilationW);
  if (oh != shape.oh || ow != shape.ow)
    return op->emitOpError("expected an output of ")
           << oh << "x" << ow << " places, got " << shape.oh << "x" << shape.ow;
  return success();
}

template <typename Op>
static LogicalResult verifyConvolution(Op op, Value output, Value weights,
                                       Value bias) {
  if (failed(verifyKinds(op)) || failed(verifyMovement(op)))
    return failure();
  int64_t groups = op.getGroups();
  // window_c3
  if (groups <= 0)
    return op.emitOpError("expected a positive number of groups, got ")
           << groups;
  WindowShape shape = op.getWindowShape();
  // convolution_c1, convolution_backward_data_c1,
  // convolution_backward_weights_c1
  ArrayRef<int64_t> extents = getExtents(weights);
  if (shape.c % groups != 0 || shape.f % groups != 0 || extents[0] != shape.f ||
      extents[1] != shape.c / groups)
    return op.emitOpError("expected weights from ")
           << shape.c << " to " << shape.f << " channels in " << groups
           << " groups, got " << weights.getType();
  // convolution_c2, convolution_backward_weights_c2
  if (bias && getExtents(bias)[0] != shape.f)
    return op.emitOpError("expected a bias of ")
           << shape.f << " elements, got " << bias.getType();
  return verifyExtents(op, shape, getExtents(output)[0]);
}

template <typename Op>
static LogicalResult verifyPooling(Op op, Value output, Value workspace) {
  if (failed(verifyKinds(op)) || failed(verifyMovement(op)))
    return failure();
  ArrayRef<int64_t> window = op.getWindow();
  // window_c4
  if (window.size() != 2 || window[0] <= 0 || window[1] <= 0)
    return op.emitOpError("expected a window of two positive extents, got [")
           << window << "]";
  // max_pool_c1, max_pool_backward_c1
  if (workspace) {
    if (getExtents(workspace) != getExtents(output))
      return op.emitOpError("expected a workspace of the shape of ")
             << output.getType() << ", got " << workspace.getType();
    if (window[0] * window[1] > kMaxWindow)
      return op.emitOpError("expected a window of at most ")
             << kMaxWindow << " elements, got " << window[0] * window[1];
  }
  WindowShape shape = op.getWindowShape();
  if (shape.c != shape.f)
    return op.emitOpError("expected one number of channels, got ")
           << shape.c << " and " << shape.f;
  return verifyExtents(op, shape, getExtents(output)[0]);
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

/// Height and width of the kernels of a convolution.
static ArrayRef<int64_t> getKernel(Value weights) {
  return getExtents(weights).drop_front(2);
}

WindowShape ConvolutionOp::getWindowShape() {
  return describe(*this, getX(), getOutput(), getKernel(getW()), getGroups());
}

bool ConvolutionOp::isImage(OpOperand &operand) {
  return operand.getOperandNumber() == 0 || isDpsInit(&operand);
}

LogicalResult ConvolutionOp::verify() {
  return verifyConvolution(*this, getOutput(), getW(), getBias());
}

void ConvolutionOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, getAccumulate(), effects);
}

WindowShape ConvolutionBackwardDataOp::getWindowShape() {
  return describe(*this, getOutput(), getDy(), getKernel(getW()), getGroups());
}

bool ConvolutionBackwardDataOp::isImage(OpOperand &operand) {
  return operand.getOperandNumber() != 1;
}

LogicalResult ConvolutionBackwardDataOp::verify() {
  return verifyConvolution(*this, getDy(), getW(), /*bias=*/Value());
}

void ConvolutionBackwardDataOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, /*readsDestination=*/false, effects);
}

WindowShape ConvolutionBackwardWeightsOp::getWindowShape() {
  return describe(*this, getX(), getDy(), getKernel(getOutput()), getGroups());
}

bool ConvolutionBackwardWeightsOp::isImage(OpOperand &operand) {
  return operand.getOperandNumber() < 2;
}

LogicalResult ConvolutionBackwardWeightsOp::verify() {
  return verifyConvolution(*this, getDy(), getOutput(), getBiasOutput());
}

void ConvolutionBackwardWeightsOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, /*readsDestination=*/false, effects);
}

WindowShape MaxPoolOp::getWindowShape() {
  return describe(*this, getX(), getOutput(), getWindow(), /*groups=*/1);
}

bool MaxPoolOp::isImage(OpOperand &operand) { return true; }

LogicalResult MaxPoolOp::verify() {
  return verifyPooling(*this, getOutput(), getWorkspace());
}

void MaxPoolOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, /*readsDestination=*/false, effects);
}

WindowShape MaxPoolBackwardOp::getWindowShape() {
  return describe(*this, getOutput(), getDy(), getWindow(), /*groups=*/1);
}

bool MaxPoolBackwardOp::isImage(OpOperand &operand) { return true; }

LogicalResult MaxPoolBackwardOp::verify() {
  return verifyPooling(*this, getDy(), getWorkspace());
}

void MaxPoolBackwardOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, /*readsDestination=*/false, effects);
}

WindowShape AveragePoolOp::getWindowShape() {
  return describe(*this, getX(), getOutput(), getWindow(), /*groups=*/1);
}

bool AveragePoolOp::isImage(OpOperand &operand) { return true; }

LogicalResult AveragePoolOp::verify() {
  return verifyPooling(*this, getOutput(), /*workspace=*/Value());
}

void AveragePoolOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, /*readsDestination=*/false, effects);
}

WindowShape AveragePoolBackwardOp::getWindowShape() {
  return describe(*this, getOutput(), getDy(), getWindow(), /*groups=*/1);
}

bool AveragePoolBackwardOp::isImage(OpOperand &operand) { return true; }

LogicalResult AveragePoolBackwardOp::verify() {
  return verifyPooling(*this, getDy(), /*workspace=*/Value());
}

void AveragePoolBackwardOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, /*readsDestination=*/false, effects);
}
