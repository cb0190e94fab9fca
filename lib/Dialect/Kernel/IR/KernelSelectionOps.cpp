//===- KernelSelectionOps.cpp - Selection by rank -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Kernel/IR/Kernel.h"

using namespace mlir;
using namespace mlir::kernel;

void SelectGroupsOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  if (isa<MemRefType>(getScores().getType()))
    effects.emplace_back(MemoryEffects::Read::get(), &getScoresMutable());
  if (isa<MemRefType>(getOutput().getType()))
    effects.emplace_back(MemoryEffects::Write::get(), &getOutputMutable());
}

static bool hasContiguousElements(Value value) {
  auto type = dyn_cast<MemRefType>(value.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  return !type || (succeeded(type.getStridesAndOffset(strides, offset)) &&
                   strides.back() == 1);
}

LogicalResult SelectGroupsOp::verify() {
  bool isTensor = isa<RankedTensorType>(getOutput().getType());
  // select_groups_c1
  if (isa<RankedTensorType>(getScores().getType()) != isTensor)
    return emitOpError(
        "expected scores and a destination that are both tensors "
        "or both memrefs");
  if (isTensor != (getNumResults() == 1) ||
      (isTensor &&
       getOperation()->getResult(0).getType() != getOutput().getType()))
    return emitOpError(
        "expected one result of the type of the destination on tensors and "
        "none on memrefs");
  // select_groups_c3
  if (!hasContiguousElements(getScores()) ||
      !hasContiguousElements(getOutput()))
    return emitOpError("expected memrefs with an innermost stride of one");
  // select_groups_c2
  ArrayRef<int64_t> groups = getGroups();
  if (groups.size() % 2 != 0 ||
      llvm::any_of(groups, [](int64_t number) { return number <= 0; }))
    return emitOpError("expected two positive numbers per weight in groups");
  int64_t count = 0;
  for (size_t i = 0; i < groups.size(); i += 2)
    count += groups[i];
  for (Value value : {getScores(), getOutput()}) {
    int64_t extent = cast<ShapedType>(value.getType()).getDimSize(0);
    if (!ShapedType::isDynamic(extent) && extent != count)
      return emitOpError() << "expected " << count << " groups, got " << extent;
  }
  return success();
}
