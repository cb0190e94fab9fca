//===- CopyIterArgs.cpp - prune-copy-iter-args ----------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A yielded tensor that is not computed on top of the argument it replaces gets
// a copy into that argument at the end of the body. Copies of what another copy
// overwrites go through a tensor of their own. One walk over the loops.
//
//===----------------------------------------------------------------------===//

#include "Prune/Codegen/Loops/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-copy-iter-args"

namespace mlir::prune {
#define GEN_PASS_DEF_COPYITERARGSPASS
#include "Prune/Codegen/Loops/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;

/// The tensor on top of which `value` is computed in the end.
static Value getStart(Value value) {
  while (auto op = value.getDefiningOp<DestinationStyleOpInterface>()) {
    OpOperand *init = op.getTiedOpOperand(cast<OpResult>(value));
    if (!init)
      break;
    value = init->get();
  }
  return value;
}

/// True for a tensor that lives in a buffer of the body: one that starts from
/// an empty tensor there.
static bool isFresh(Value value, Block *body) {
  Value start = getStart(value);
  auto empty = start.getDefiningOp<tensor::EmptyOp>();
  return empty && start != value && value.getParentBlock() == body;
}

static Value createCopy(OpBuilder &builder, Location loc, Value from,
                        Value into) {
  auto copy = linalg::CopyOp::create(builder, loc, from, into);
  return copy->getResult(0);
}

namespace {
struct CopyIterArgs final : prune::impl::CopyIterArgsPassBase<CopyIterArgs> {
  void runOnOperation() override {
    getOperation()->walk([&](scf::ForOp loop) { copyStates(loop); });
  }

  void copyStates(scf::ForOp loop) {
    auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
    SmallVector<unsigned> moved;
    for (auto [i, argument] : llvm::enumerate(loop.getRegionIterArgs())) {
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      Value yielded = yield.getOperand(i);
      if (type && type.hasStaticShape() && yielded != argument &&
          getStart(yielded) != argument)
        moved.push_back(i);
    }
    OpBuilder builder(yield);
    SmallVector<Value> values;
    for (unsigned i : moved) {
      Value value = yield.getOperand(i);
      auto type = cast<RankedTensorType>(value.getType());
      if (!isFresh(value, loop.getBody())) {
        auto empty = tensor::EmptyOp::create(
            builder, yield.getLoc(), type.getShape(), type.getElementType());
        value = createCopy(builder, yield.getLoc(), value, empty);
      }
      values.push_back(value);
    }
    for (auto [i, value] : llvm::zip(moved, values)) {
      Value copy =
          createCopy(builder, yield.getLoc(), value, loop.getRegionIterArg(i));
      yield.setOperand(i, copy);
      LDBG() << "copied iteration argument " << i << ": " << copy;
      ++numIterArgs;
    }
  }
};
} // namespace
