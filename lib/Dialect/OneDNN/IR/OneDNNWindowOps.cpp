//===- OneDNNWindowOps.cpp - Convolutions ---------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Kernel/IR/Effects.h"
#include "Prune/Dialect/Kernel/IR/Window.h"
#include "Prune/Dialect/Kernel/IR/WindowPatterns.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::kernel;
using namespace mlir::onednn;

template <typename Op>
static LogicalResult verifyConvolution(Op op, Value output, Value weights,
                                       Value bias) {
  if (failed(verifyWindowKinds(op)) || failed(verifyWindowMovement(op)))
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
  return verifyWindowExtents(op, shape, getExtents(output)[0]);
}

/// Height and width of the kernels of a convolution.
static ArrayRef<int64_t> getKernel(Value weights) {
  return getExtents(weights).drop_front(2);
}

WindowShape ConvolutionOp::getWindowShape() {
  return describeWindow(*this, getX(), getOutput(), getKernel(getW()),
                        getGroups());
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
  return describeWindow(*this, getOutput(), getDy(), getKernel(getW()),
                        getGroups());
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
  return describeWindow(*this, getX(), getDy(), getKernel(getOutput()),
                        getGroups());
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

void ConvolutionOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                MLIRContext *context) {
  patterns.add<FoldPad<ConvolutionOp>, DropZeroAccumulation<ConvolutionOp>,
               DropUnreadDestinations<ConvolutionOp>>(context);
}

void ConvolutionBackwardDataOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FoldSlice<ConvolutionBackwardDataOp>,
               DropUnreadDestinations<ConvolutionBackwardDataOp>>(context);
}

void ConvolutionBackwardWeightsOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FoldPad<ConvolutionBackwardWeightsOp>,
               DropUnreadDestinations<ConvolutionBackwardWeightsOp>>(context);
}
