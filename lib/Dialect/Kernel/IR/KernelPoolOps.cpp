//===- KernelPoolOps.cpp - Poolings and their gradients -------------------===//
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

/// Elements that one byte of a workspace can tell apart.
static constexpr int64_t kMaxWindow = 256;

template <typename Op>
static LogicalResult verifyPooling(Op op, Value output, Value workspace) {
  if (failed(verifyWindowKinds(op)) || failed(verifyWindowMovement(op)) ||
      failed(verifyWindowSize(op)))
    return failure();
  ArrayRef<int64_t> window = op.getWindow();
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
  return verifyWindowExtents(op, shape, getExtents(output)[0]);
}

WindowShape MaxPoolOp::getWindowShape() {
  return describeWindow(*this, getX(), getOutput(), getWindow(), /*groups=*/1);
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
  return describeWindow(*this, getOutput(), getDy(), getWindow(), /*groups=*/1);
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
  return describeWindow(*this, getX(), getOutput(), getWindow(), /*groups=*/1);
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
  return describeWindow(*this, getOutput(), getDy(), getWindow(), /*groups=*/1);
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

void MaxPoolOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<FoldPad<MaxPoolOp>, DropUnreadDestinations<MaxPoolOp>>(context);
}

void MaxPoolBackwardOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                    MLIRContext *context) {
  patterns.add<FoldSlice<MaxPoolBackwardOp>,
               DropUnreadDestinations<MaxPoolBackwardOp>>(context);
}

void AveragePoolOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                MLIRContext *context) {
  patterns.add<FoldPad<AveragePoolOp>, DropUnreadDestinations<AveragePoolOp>>(
      context);
}

void AveragePoolBackwardOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FoldSlice<AveragePoolBackwardOp>,
               DropUnreadDestinations<AveragePoolBackwardOp>>(context);
}
