//===- OneDNNLanePermuteOps.cpp - Products with few columns ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DestinationPatterns.h"
#include "Effects.h"
#include "Operands.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::onednn;

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
