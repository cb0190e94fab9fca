//===- InsertAdmm.cpp - Pull weights towards their projections ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One element-wise loop per chosen parameter, on top of its gradient. Linear in
// parameters and patterns.
//
//===----------------------------------------------------------------------===//

#include "LossFunction.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::prune {
#define GEN_PASS_DEF_INSERTADMMPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
struct InsertAdmmPass final : prune::impl::InsertAdmmPassBase<InsertAdmmPass> {
  using InsertAdmmPassBase::InsertAdmmPassBase;

  void runOnOperation() override;

private:
  Value getPenalty(LossFunction &loss, Type element);
  void addPull(LossFunction &loss, const TrainableParameter &parameter);
};
} // namespace

/// The penalty as a scalar: a constant, or the argument that runs share.
Value InsertAdmmPass::getPenalty(LossFunction &loss, Type element) {
  StringRef key = PruneDialect::kInputAttrName;
  Location loc = loss.getFunction().getLoc();
  if (!runtimeRho) {
    OpBuilder builder(loss.getReturn());
    return arith::ConstantOp::create(builder, loc,
                                     builder.getFloatAttr(element, rho));
  }
  if (auto position = loss.findArgument(key, "rho"))
    return loss.getFunction().getArgument(*position);
  return loss.appendArgument(element, key, "rho", loc);
}

void InsertAdmmPass::addPull(LossFunction &loss,
                             const TrainableParameter &parameter) {
  StringRef key = PruneDialect::kStateAttrName;
  std::string projection = getStateName("admm_z", parameter.param);
  if (loss.findArgument(key, projection))
    return;
  Value weight = loss.getArgument(parameter);
  Location loc = weight.getLoc();
  auto type = cast<RankedTensorType>(weight.getType());
  Value z = loss.appendArgument(type, key, projection, loc);
  Value u = loss.appendArgument(type, key,
                                getStateName("admm_u", parameter.param), loc);
  Value penalty = getPenalty(loss, type.getElementType());
  func::ReturnOp returnOp = loss.getReturn();
  Value gradient = returnOp.getOperand(*parameter.gradient);
  ImplicitLocOpBuilder builder(loc, returnOp);
  Value pulled = createElementwise(
      builder, {gradient, weight, z, u}, type,
      [&](ImplicitLocOpBuilder &e, ValueRange args) -> SmallVector<Value> {
        Value distance = arith::SubFOp::create(e, args[1], args[2]);
        Value residual = arith::AddFOp::create(e, distance, args[3]);
        Value pull = arith::MulFOp::create(e, penalty, residual);
        Value sum = arith::AddFOp::create(e, args[0], pull);
        return {sum};
      });
  returnOp.setOperand(*parameter.gradient, pulled);
  ++numPulled;
}

void InsertAdmmPass::runOnOperation() {
  FailureOr<LossFunction> loss = LossFunction::find(getOperation(), function);
  FailureOr<ParameterFilter> filter = ParameterFilter::create(
      getOperation().getLoc(), roles, parameters, ignore);
  if (failed(loss) || failed(filter) || failed(loss->verifyGradients()))
    return signalPassFailure();
  if (!runtimeRho && !(rho >= 0.0)) {
    mlir::emitError(getOperation().getLoc())
        << "expected a penalty rho that is not negative, got " << rho;
    return signalPassFailure();
  }
  for (const TrainableParameter &parameter : choose(*filter, *loss, "pull"))
    addPull(*loss, parameter);
}
