//===- Activity.cpp - What a gradient flows through -----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Activity.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::prune;

bool mlir::prune::isDifferentiable(Type type) {
  return isa<FloatType>(getElementTypeOrSelf(type));
}

SmallVector<Value> mlir::prune::getReadValues(Operation *op) {
  SmallVector<Value> values = llvm::to_vector(op->getOperands());
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  llvm::append_range(values, captured);
  return values;
}

Activity::Activity(Block &block, ArrayRef<Value> roots, Value target) {
  collectReached(block, roots);
  collectInfluential(block, target);
}

void Activity::collectReached(Block &block, ArrayRef<Value> roots) {
  for (Value root : roots)
    sources.try_emplace(root, Value());
  for (Operation &op : block) {
    SmallVector<Value> read = getReadValues(&op);
    auto source = llvm::find_if(
        read, [&](Value value) { return sources.contains(value); });
    if (source == read.end())
      continue;
    for (Value result : op.getResults())
      if (isDifferentiable(result.getType()))
        sources.try_emplace(result, *source);
  }
}

void Activity::collectInfluential(Block &block, Value target) {
  influential.insert(target);
  for (Operation &op : llvm::reverse(block)) {
    auto isInfluential = [&](Value value) {
      return influential.contains(value);
    };
    if (llvm::none_of(op.getResults(), isInfluential))
      continue;
    for (Value value : getReadValues(&op))
      if (isDifferentiable(value.getType()))
        influential.insert(value);
  }
}

std::pair<Value, SmallVector<Operation *>>
Activity::getPathTo(Operation *op) const {
  SmallVector<Value> read = getReadValues(op);
  auto isReached = [&](Value value) { return isActive(value); };
  auto start = llvm::find_if(read, isReached);
  if (start == read.end())
    return {};
  SmallVector<Operation *> path;
  Value value = *start;
  while (Value source = sources.lookup(value)) {
    path.push_back(value.getDefiningOp());
    value = source;
  }
  std::reverse(path.begin(), path.end());
  return {value, path};
}
