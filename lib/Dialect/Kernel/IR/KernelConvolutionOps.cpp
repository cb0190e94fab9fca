//===- KernelConvolutionOps.cpp - Sparse convolutions ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Kernel/IR/Effects.h"
#include "Prune/Dialect/Kernel/IR/Window.h"
#include "Prune/Dialect/Kernel/IR/WindowPatterns.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::kernel;

/// The rows of the weight are those of input channels, or of output channels.
template <typename Op>
static LogicalResult verifySparseConvolution(Op op, Value output, Value values,
                                             Value bias, bool byInput) {
  // sparse_convolution_c1, and alike for the gradients; so are the next ones
  if (failed(verifyWindowKinds(op)) || failed(verifyWindowMovement(op)) ||
      failed(verifyWindowSize(op)))
    return failure();
  WindowShape shape = op.getWindowShape();
  int64_t rows = byInput ? shape.c : shape.f;
  // sparse_convolution_c2
  if (getExtents(op.getIndices()) != getExtents(values))
    return op.emitOpError("expected as many indices as values");
  int64_t pointers = getExtents(op.getPointers())[0];
  if (pointers != rows + 1)
    return op.emitOpError("expected one pointer more than the ")
           << rows << " channels, got " << pointers;
  // sparse_convolution_c3
  if (bias && getExtents(bias)[0] != shape.f)
    return op.emitOpError("expected a bias of ")
           << shape.f << " elements, got " << bias.getType();
  return verifyWindowExtents(op, shape, getExtents(output)[0]);
}

WindowShape SparseConvolutionOp::getWindowShape() {
  return describeWindow(*this, getX(), getOutput(), getWindow(), /*groups=*/1);
}

bool SparseConvolutionOp::isImage(OpOperand &operand) {
  return &operand == &getXMutable() || isDpsInit(&operand);
}

LogicalResult SparseConvolutionOp::verify() {
  return verifySparseConvolution(*this, getOutput(), getValues(), getBias(),
                                 /*byInput=*/false);
}

void SparseConvolutionOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, getAccumulate(), effects);
}

WindowShape SparseConvolutionBackwardDataOp::getWindowShape() {
  return describeWindow(*this, getOutput(), getDy(), getWindow(), /*groups=*/1);
}

bool SparseConvolutionBackwardDataOp::isImage(OpOperand &operand) {
  return &operand == &getDyMutable() || isDpsInit(&operand);
}

LogicalResult SparseConvolutionBackwardDataOp::verify() {
  return verifySparseConvolution(*this, getDy(), getValues(), /*bias=*/Value(),
                                 /*byInput=*/true);
}

void SparseConvolutionBackwardDataOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, /*readsDestination=*/false, effects);
}

WindowShape SparseConvolutionBackwardWeightsOp::getWindowShape() {
  return describeWindow(*this, getX(), getDy(), getWindow(), /*groups=*/1);
}

bool SparseConvolutionBackwardWeightsOp::isImage(OpOperand &operand) {
  return &operand == &getXMutable() || &operand == &getDyMutable();
}

LogicalResult SparseConvolutionBackwardWeightsOp::verify() {
  return verifySparseConvolution(*this, getDy(), getOutput(), getBiasOutput(),
                                 /*byInput=*/false);
}

void SparseConvolutionBackwardWeightsOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, /*readsDestination=*/false, effects);
}

void SparseConvolutionOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FoldPad<SparseConvolutionOp>,
               DropZeroAccumulation<SparseConvolutionOp>,
               DropUnreadDestinations<SparseConvolutionOp>>(context);
}

void SparseConvolutionBackwardDataOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FoldSlice<SparseConvolutionBackwardDataOp>,
               DropUnreadDestinations<SparseConvolutionBackwardDataOp>>(
      context);
}

void SparseConvolutionBackwardWeightsOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FoldPad<SparseConvolutionBackwardWeightsOp>,
               DropUnreadDestinations<SparseConvolutionBackwardWeightsOp>>(
      context);
}
