//===- MaskGradients.cpp - Mask the gradients of parameters ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One argument and one prune.apply_mask per chosen parameter. Linear in
// parameters and patterns.
//
//===----------------------------------------------------------------------===//

#include "LossFunction.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"

#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

namespace mlir::prune {
#define GEN_PASS_DEF_MASKGRADIENTSPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

#define DEBUG_TYPE "prune-mask-gradients"

using namespace mlir;
using namespace mlir::prune;

namespace {
struct MaskGradientsPass final
    : prune::impl::MaskGradientsPassBase<MaskGradientsPass> {
  using MaskGradientsPassBase::MaskGradientsPassBase;

  void runOnOperation() override;

private:
  void maskGradient(LossFunction &loss, const TrainableParameter &parameter);
};
} // namespace

void MaskGradientsPass::maskGradient(LossFunction &loss,
                                     const TrainableParameter &parameter) {
  std::string state = getStateName("mask", parameter.param);
  StringRef key = PruneDialect::kStateAttrName;
  if (loss.findArgument(key, state))
    return;
  Value weight = loss.getArgument(parameter);
  Location loc = weight.getLoc();
  if (isCompressed(weight)) {
    remark::missed(loc, remark::RemarkOpts::name("GradientNotMasked")
                            .category(DEBUG_TYPE)
                            .function(loss.getFunction().getName()))
        << remark::metric("Parameter", parameter.param.getName())
        << remark::reason("it holds only what its pattern keeps");
    return;
  }
  Value mask =
      loss.appendArgument(getMaskType(weight.getType()), key, state, loc);
  func::ReturnOp returnOp = loss.getReturn();
  OpBuilder builder(returnOp);
  Value gradient = returnOp.getOperand(*parameter.gradient);
  auto masked = ApplyMaskOp::create(builder, loc, gradient, mask);
  returnOp.setOperand(*parameter.gradient, masked);
  remark::passed(loc, remark::RemarkOpts::name("GradientMasked")
                          .category(DEBUG_TYPE)
                          .function(loss.getFunction().getName()))
      << "masked a gradient"
      << remark::metric("Parameter", parameter.param.getName());
  LDBG() << "masked the gradient of '" << parameter.param.getName() << "'";
  ++numMasked;
}

void MaskGradientsPass::runOnOperation() {
  FailureOr<LossFunction> loss = LossFunction::find(getOperation(), function);
  FailureOr<ParameterFilter> filter = ParameterFilter::create(
      getOperation().getLoc(), roles, parameters, ignore);
  if (failed(loss) || failed(filter) || failed(loss->verifyGradients()))
    return signalPassFailure();
  for (const TrainableParameter &parameter : choose(*filter, *loss, "mask"))
    maskGradient(*loss, parameter);
}
