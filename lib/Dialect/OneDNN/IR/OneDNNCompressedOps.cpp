//===- OneDNNCompressedOps.cpp - Products for compressed weights ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Effects.h"
#include "Operands.h"

using namespace mlir;
using namespace mlir::onednn;

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
