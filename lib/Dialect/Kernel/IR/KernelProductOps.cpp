//===- KernelProductOps.cpp - Sparse products and transposes --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Kernel/IR/DestinationPatterns.h"
#include "Prune/Dialect/Kernel/IR/Effects.h"
#include "Prune/Dialect/Kernel/IR/Operands.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::kernel;

void SpmmOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, /*readsDestination=*/false, effects);
}

LogicalResult SpmmOp::verify() {
  if (failed(verifyOperandKinds(*this)))
    return failure();
  int64_t m = getExtent(getOutput(), 0), n = getExtent(getOutput(), 1);
  int64_t pointers = getExtent(getPointers(), 0);
  // spmm_c2
  if (!mayAgree(getExtent(getValues(), 0), getExtent(getIndices(), 0)))
    return emitOpError("expected as many indices as values");
  if (!ShapedType::isDynamic(pointers) && !mayAgree(m, pointers - 1))
    return emitOpError() << "expected one pointer more than the " << m
                         << " rows, got " << pointers;
  if (!mayAgree(n, getExtent(getX(), 1)))
    return emitOpError() << "expected " << n << " columns in x, got "
                         << getX().getType();
  if (getBias() && !mayAgree(m, getExtent(getBias(), 0)))
    return emitOpError() << "expected a bias of " << m << " elements, got "
                         << getBias().getType();
  return success();
}

void SpmmOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<DropUnreadDestinations<SpmmOp>>(context);
}

void SddmmOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, /*readsDestination=*/false, effects);
}

LogicalResult SddmmOp::verify() {
  // sddmm_c1, sddmm_c3
  if (failed(verifyOperandKinds(*this)))
    return failure();
  // sddmm_c2
  int64_t rows = getExtent(getA(), 0), pointers = getExtent(getPointers(), 0);
  if (!mayAgree(getExtent(getIndices(), 0), getExtent(getOutput(), 0)))
    return emitOpError("expected as many indices as results");
  if (!ShapedType::isDynamic(pointers) && !mayAgree(rows, pointers - 1))
    return emitOpError() << "expected one pointer more than the " << rows
                         << " rows, got " << pointers;
  if (!mayAgree(getExtent(getA(), 1), getExtent(getB(), 1)))
    return emitOpError() << "expected one inner extent, got "
                         << getExtent(getA(), 1) << " and "
                         << getExtent(getB(), 1);
  return success();
}

void TransposeOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, /*readsDestination=*/false, effects);
}

LogicalResult TransposeOp::verify() {
  // transpose_c1, transpose_c3
  if (failed(verifyOperandKinds(*this)))
    return failure();
  // transpose_c2
  if (!mayAgree(getExtent(getX(), 0), getExtent(getOutput(), 1)) ||
      !mayAgree(getExtent(getX(), 1), getExtent(getOutput(), 0)))
    return emitOpError() << "expected a destination of shape "
                         << getExtent(getX(), 1) << "x" << getExtent(getX(), 0)
                         << ", got " << getOutput().getType();
  return success();
}

void LanePermuteOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, /*readsDestination=*/false, effects);
}

LogicalResult LanePermuteOp::verify() {
  // lane_permute_c1, lane_permute_c3
  if (failed(verifyOperandKinds(*this)))
    return failure();
  // lane_permute_c2
  int64_t n = getExtent(getOutput(), 0), m = getExtent(getOutput(), 1);
  if (!mayAgree(getExtent(getSteps(), 1), 7))
    return emitOpError() << "expected steps of 7 numbers, got "
                         << getSteps().getType();
  if (!mayAgree(getExtent(getGroups(), 1), 2))
    return emitOpError() << "expected groups of 2 numbers, got "
                         << getGroups().getType();
  if (!ShapedType::isDynamic(m) &&
      !mayAgree(getExtent(getGroups(), 0), llvm::divideCeil(m, 16) + 1))
    return emitOpError() << "expected one group for each 16 of " << m
                         << " rows and one more, got " << getGroups().getType();
  if (!mayAgree(getExtent(getRows(), 0), m))
    return emitOpError() << "expected an order of " << m << " rows, got "
                         << getRows().getType();
  if (!mayAgree(n, getExtent(getX(), 0)))
    return emitOpError() << "expected " << n << " rows in x, got "
                         << getX().getType();
  if (getBias() && !mayAgree(m, getExtent(getBias(), 0)))
    return emitOpError() << "expected a bias of " << m << " elements, got "
                         << getBias().getType();
  return success();
}

void LanePermuteOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                MLIRContext *context) {
  patterns.add<DropUnreadDestinations<LanePermuteOp>>(context);
}
