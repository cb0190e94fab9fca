//===- InsertRegularizers.cpp - Add penalties to a loss -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Walks over the parameters of a loss function once and, for each chosen one,
// adds its penalty to the loss and, where the function is differentiated, the
// gradient of the penalty to the gradient. Penalty and gradient are separate
// operations on the same operands: the lowering shares their sums. Linear in
// parameters and patterns.
//
//===----------------------------------------------------------------------===//

#include "LossFunction.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Remarks.h"

namespace mlir::prune {
#define GEN_PASS_DEF_INSERTREGULARIZERSPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

#define DEBUG_TYPE "prune-insert-regularizers"

using namespace mlir;
using namespace mlir::prune;

namespace {
/// Strength of the parameters whose name matches the pattern.
struct NamedStrength {
  NamePattern pattern;
  double value;
};

/// Hands out strengths as values at the start of the function, each once.
class StrengthSource {
public:
  StrengthSource(LossFunction &loss, Type type, bool isRuntime)
      : loss(loss), type(type), isRuntime(isRuntime),
        builder(OpBuilder::atBlockBegin(&loss.getFunction().front())) {}

  Value get(double number) {
    for (auto &[known, value] : strengths)
      if (known == number)
        return value;
    Value value = make(number);
    strengths.push_back({number, value});
    return value;
  }

private:
  Value make(double number) {
    if (isRuntime && number == 1.0)
      return getArgument();
    Location loc = loss.getFunction().getLoc();
    FloatAttr attribute = builder.getFloatAttr(type, number);
    Value constant = arith::ConstantOp::create(builder, loc, attribute);
    if (!isRuntime)
      return constant;
    Value argument = getArgument();
    return arith::MulFOp::create(builder, loc, argument, constant);
  }

  Value getArgument() {
    StringRef key = PruneDialect::kInputAttrName;
    if (auto position = loss.findArgument(key, "strength"))
      return loss.getFunction().getArgument(*position);
    return loss.appendArgument(type, key, "strength",
                               loss.getFunction().getLoc());
  }

  LossFunction &loss;
  Type type;
  bool isRuntime;
  OpBuilder builder;
  SmallVector<std::pair<double, Value>> strengths;
};

struct InsertRegularizersPass final
    : prune::impl::InsertRegularizersPassBase<InsertRegularizersPass> {
  using InsertRegularizersPassBase::InsertRegularizersPassBase;

  void runOnOperation() override;

private:
  FailureOr<SmallVector<NamedStrength>> parseStrengths();
  FailureOr<SmallVector<TrainableParameter>>
  chooseParameters(const LossFunction &loss);
  Value addPenalty(LossFunction &loss, const TrainableParameter &parameter,
                   Value amount);
  void returnPenalty(LossFunction &loss, Value penalty);
};
} // namespace

FailureOr<SmallVector<NamedStrength>> InsertRegularizersPass::parseStrengths() {
  Location loc = getOperation().getLoc();
  SmallVector<NamedStrength> named;
  for (StringRef text : strengths) {
    auto [pattern, number] = text.rsplit(':');
    double value = 0.0;
    if (number.getAsDouble(value))
      return emitError(loc)
             << "expected a strength as pattern:number, got '" << text << "'";
    FailureOr<NamePattern> name = NamePattern::parse(loc, pattern);
    if (failed(name))
      return failure();
    named.push_back({std::move(*name), value});
  }
  return std::move(named);
}

FailureOr<SmallVector<TrainableParameter>>
InsertRegularizersPass::chooseParameters(const LossFunction &loss) {
  func::FuncOp function = loss.getFunction();
  FailureOr<ParameterFilter> filter = ParameterFilter::create(
      getOperation().getLoc(), roles, parameters, ignore);
  if (failed(filter))
    return failure();
  filter->warnOfUnused(loss);
  Type lossElement = getElementTypeOrSelf(loss.getLoss().getType());
  SmallVector<TrainableParameter> chosen;
  for (const TrainableParameter &parameter : loss.getParameters()) {
    if (!filter->matches(parameter.param))
      continue;
    Type type = loss.getArgument(parameter).getType();
    if (getElementTypeOrSelf(type) != lossElement)
      return function.emitError()
             << "expected parameter '" << parameter.param.getName()
             << "' to have the loss's element type " << lossElement << ", got "
             << type;
    chosen.push_back(parameter);
  }
  if (chosen.empty())
    function.emitWarning("no parameter to regularise");
  return std::move(chosen);
}

/// Adds the gradient of the penalty to that of the parameter, and returns the
/// penalty.
Value InsertRegularizersPass::addPenalty(LossFunction &loss,
                                         const TrainableParameter &parameter,
                                         Value amount) {
  func::ReturnOp returnOp = loss.getReturn();
  OpBuilder builder(returnOp);
  Value weight = loss.getArgument(parameter);
  Location loc = weight.getLoc();
  auto type = cast<RankedTensorType>(weight.getType());
  auto scalar = RankedTensorType::get({}, type.getElementType());
  auto penalty =
      RegularizeOp::create(builder, loc, scalar, kind, weight, amount,
                           /*granularity=*/GranularityAttr(),
                           /*ste=*/SteAttr());
  if (parameter.gradient) {
    Value gradient = returnOp.getOperand(*parameter.gradient);
    auto extra =
        RegularizeGradientOp::create(builder, loc, type, kind, weight, amount,
                                     /*granularity=*/GranularityAttr(),
                                     /*ste=*/SteAttr());
    auto sum = arith::AddFOp::create(builder, loc, gradient, extra);
    returnOp.setOperand(*parameter.gradient, sum);
  }
  remark::passed(loc, remark::RemarkOpts::name("Regularized")
                          .category(DEBUG_TYPE)
                          .function(loss.getFunction().getName()))
      << "added a penalty"
      << remark::metric("Parameter", parameter.param.getName())
      << remark::metric("Kind", stringifyRegularizerKind(kind));
  ++numRegularized;
  return penalty;
}

/// Adds to the result that an earlier run appended, or appends one.
void InsertRegularizersPass::returnPenalty(LossFunction &loss, Value penalty) {
  func::ReturnOp returnOp = loss.getReturn();
  auto position = loss.findResult(PruneDialect::kOutputAttrName, "penalty");
  if (!position) {
    loss.appendOutput(penalty, "penalty");
    return;
  }
  OpBuilder builder(returnOp);
  Value earlier = returnOp.getOperand(*position);
  auto sum =
      arith::AddFOp::create(builder, returnOp.getLoc(), earlier, penalty);
  returnOp.setOperand(*position, sum);
}

void InsertRegularizersPass::runOnOperation() {
  FailureOr<LossFunction> loss = LossFunction::find(getOperation(), function);
  FailureOr<SmallVector<NamedStrength>> named = parseStrengths();
  if (failed(loss) || failed(named) ||
      (loss->hasGradients() && failed(loss->verifyGradients())))
    return signalPassFailure();
  FailureOr<SmallVector<TrainableParameter>> chosen = chooseParameters(*loss);
  if (failed(chosen))
    return signalPassFailure();
  if (chosen->empty())
    return markAllAnalysesPreserved();
  for (const NamedStrength &own : *named)
    own.pattern.warnIfUnused(*loss);

  func::ReturnOp returnOp = loss->getReturn();
  OpBuilder builder(returnOp);
  Location loc = returnOp.getLoc();
  Type element = getElementTypeOrSelf(loss->getLoss().getType());
  StrengthSource source(*loss, element, runtimeStrength);
  Value total;
  for (const TrainableParameter &parameter : *chosen) {
    auto *own = llvm::find_if(*named, [&](const NamedStrength &s) {
      return s.pattern.matches(parameter.param);
    });
    double common = runtimeStrength ? 1.0 : static_cast<double>(strength);
    Value amount = source.get(own == named->end() ? common : own->value);
    Value penalty = addPenalty(*loss, parameter, amount);
    total =
        total ? arith::AddFOp::create(builder, loc, total, penalty).getResult()
              : penalty;
  }
  auto sum = arith::AddFOp::create(builder, loc, loss->getLoss(), total);
  returnOp.setOperand(loss->getLossResult(), sum);
  if (loss->hasGradients())
    returnPenalty(*loss, total);
}
