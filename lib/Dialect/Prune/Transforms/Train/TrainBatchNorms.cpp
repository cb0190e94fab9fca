//===- TrainBatchNorms.cpp - Batch norms with statistics of the batch -----===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Replaces batch normalizations of a function one by one, see
// RunningStatistics. Linear in the number of operations.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "Prune/Dialect/Prune/Utils/Functions.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "RunningStatistics.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

namespace mlir::prune {
#define GEN_PASS_DEF_TRAINBATCHNORMSPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

#define DEBUG_TYPE "prune-train-batch-norms"

using namespace mlir;
using namespace mlir::prune;

/// Says which operations keep the statistics that they are given.
static void remarkFixed(func::FuncOp function) {
  for (auto op : function.getOps<BatchNormOp>())
    remark::missed(
        op.getLoc(),
        remark::RemarkOpts::name("BatchNormFixed").category(DEBUG_TYPE))
        << remark::reason("keeps the statistics that it is given: they are no "
                          "arguments that are buffers");
}

namespace {
struct TrainBatchNormsPass final
    : prune::impl::TrainBatchNormsPassBase<TrainBatchNormsPass> {
  using TrainBatchNormsPassBase::TrainBatchNormsPassBase;

  void runOnOperation() override {
    if (failed(run()))
      signalPassFailure();
  }

private:
  LogicalResult run();
};
} // namespace

LogicalResult TrainBatchNormsPass::run() {
  ModuleOp module = getOperation();
  if (!(momentum >= 0.0 && momentum <= 1.0))
    return module.emitError()
           << "expected a momentum in [0, 1], got " << momentum;
  FailureOr<func::FuncOp> found = findSingleBlockFunction(module, function);
  if (failed(found))
    return failure();
  func::FuncOp target = *found;
  if (target.getOps<BatchNormOp>().empty())
    return success();
  LDBG() << "batch normalizations of " << target.getName();
  if (returnsGradients(target)) {
    remark::missed(target.getLoc(),
                   remark::RemarkOpts::name("BatchNormDifferentiated")
                       .category(DEBUG_TYPE))
        << remark::reason("the function has gradients already, of the batch "
                          "normalizations as they are");
    return success();
  }
  if (failed(verifyNotCalled(target)))
    return failure();
  FailureOr<unsigned> count =
      trainBatchNorms(target, [&](OpBuilder &b, Type type) -> Value {
        return arith::ConstantOp::create(b, target.getLoc(),
                                         b.getFloatAttr(type, momentum));
      });
  if (failed(count))
    return failure();
  numTrained += *count;
  remarkFixed(target);
  return success();
}
