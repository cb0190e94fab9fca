//===- BatchFlowLoops.cpp - The batch through loops -----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A recurrent network carries its state, and the outputs so far, around a loop
// over the steps. They start as zeros, which may have a batch or not; the body
// says which. Each entry into a loop settles one more of the carried values, so
// that a body is walked at most once for each of them and once more.
//
//===----------------------------------------------------------------------===//

#include "BatchFlow.h"

using namespace mlir;
using namespace mlir::prune;

/// Lets a loop carry the batch in its value number `index`.
static void carry(BatchStep &step, scf::ForOp loop, unsigned index,
                  const BatchDim &state) {
  step.results.push_back({loop.getRegionIterArg(index), state});
  step.results.push_back({loop.getResult(index), state});
}

BatchFlow::Steps BatchFlow::followLoop(scf::ForOp op) {
  BatchStep step;
  for (auto [index, init] : llvm::enumerate(op.getInitArgs()))
    if (std::optional<BatchDim> state = get(init))
      carry(step, op, index, *state);
  return {step};
}

BatchFlow::Steps BatchFlow::followYield(scf::YieldOp op) {
  auto loop = cast<scf::ForOp>(op->getParentOp());
  BatchStep step;
  for (OpOperand &operand : op->getOpOperands()) {
    BlockArgument carried = loop.getRegionIterArg(operand.getOperandNumber());
    std::optional<BatchDim> state = get(carried);
    std::optional<BatchDim> found = get(operand.get());
    if (!state && found) {
      wish = {carried, *found};
      return fail("carried by '" + loop->getName().getStringRef() +
                  "' from a value that does not come from a batch");
    }
    if (state && !demand(operand, *state, step, /*mayBroadcast=*/false))
      return {};
  }
  return {step};
}

std::optional<std::pair<size_t, BatchStep>> BatchFlow::followWish() {
  if (!wish)
    return std::nullopt;
  auto [argument, state] = *wish;
  wish.reset();
  auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
  if (!loop || argument == loop.getInductionVar())
    return std::nullopt;
  size_t position = llvm::find(ops, loop.getOperation()) - ops.begin();
  OpOperand *init = loop.getTiedLoopInit(argument);
  BatchStep step = steps[position];
  if (demand(*init, state, step, /*mayBroadcast=*/false)) {
    carry(step, loop, argument.getArgNumber() - 1, state);
    return std::pair(position, step);
  }
  // An outer loop may carry it.
  return wish ? followWish() : std::nullopt;
}
