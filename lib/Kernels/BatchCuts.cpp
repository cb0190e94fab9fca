//===- BatchCuts.cpp - Where a network can be cut -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/BatchCuts.h"

#include "Prune/Analysis/StructuredOps.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::prune;

/// True for a value that depends on an argument, which `dependent` says of
/// operations.
static bool isDependentValue(Value value, Block &body,
                             const llvm::SmallPtrSetImpl<Operation *> &ops) {
  if (Operation *op = value.getDefiningOp())
    return ops.contains(op);
  return cast<BlockArgument>(value).getOwner() == &body;
}

BatchCuts::BatchCuts(func::FuncOp function, int64_t batch) : batch(batch) {
  Block &body = function.getBody().front();
  for (auto [place, op] : llvm::enumerate(body)) {
    places[&op] = static_cast<int64_t>(place);
    bool reads = false;
    op.walk([&](Operation *nested) {
      reads |= llvm::any_of(nested->getOperands(), [&](Value value) {
        return isDependentValue(value, body, dependent);
      });
    });
    if (reads)
      dependent.insert(&op);
  }
  auto add = [&](Value value, int64_t first) {
    int64_t last = -1;
    for (Operation *user : value.getUsers())
      last = std::max(last, places.lookup(body.findAncestorOpInBlock(*user)));
    if (last >= first)
      ranges.push_back({first, last, value});
  };
  for (Value argument : body.getArguments())
    add(argument, 0);
  for (Operation &op : body)
    if (dependent.contains(&op))
      for (Value result : op.getResults())
        add(result, places.lookup(&op) + 1);
}

bool BatchCuts::isElementwise(Operation *op) const {
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  return structured && isDependent(op) && isElementwiseOnTensors(structured);
}

SmallVector<Value> BatchCuts::getLive(Operation *op) const {
  SmallVector<Value> live;
  int64_t place = places.lookup(op);
  for (const Range &range : ranges)
    if (range.first <= place && place <= range.last)
      live.push_back(range.value);
  return live;
}

std::optional<int64_t> BatchCuts::countElements(Operation *op) const {
  int64_t elements = 0;
  for (Value value : getLive(op)) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || !type.hasStaticShape() || type.getRank() == 0 ||
        type.getDimSize(0) != batch)
      return std::nullopt;
    elements += type.getNumElements();
  }
  return elements;
}

Operation *BatchCuts::find(Operation *after, Operation *before) const {
  Operation *best = nullptr;
  int64_t least = 0;
  Operation *op = after ? after->getNextNode() : &before->getBlock()->front();
  for (; op; op = op == before ? nullptr : op->getNextNode()) {
    if (isElementwise(op))
      continue;
    std::optional<int64_t> elements = countElements(op);
    if (elements && (!best || *elements < least)) {
      best = op;
      least = *elements;
    }
  }
  return best;
}
