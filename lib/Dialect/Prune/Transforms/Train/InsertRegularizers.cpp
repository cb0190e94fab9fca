//===- InsertRegularizers.cpp - Add penalties to a loss -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Walks over the parameters of a loss function once and, for each chosen one,
// adds its penalty, or one for each granularity, to the loss and, where the
// function is differentiated, the gradient of the penalty to the gradient.
// Penalty and gradient are separate operations on the same operands: the
// lowering shares their sums. Linear in parameters and patterns.
//
//===----------------------------------------------------------------------===//

#include "LossFunction.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "Prune/Dialect/Prune/Utils/Granularity.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

namespace mlir::prune {
#define GEN_PASS_DEF_INSERTREGULARIZERSPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

#define DEBUG_TYPE "prune-insert-regularizers"

using namespace mlir;
using namespace mlir::prune;

namespace {
/// Hands out strengths as values at the start of the function, each once.
class StrengthSource {
public:
  /// With `input`, strengths are factors of the argument of that name.
  StrengthSource(LossFunction &loss, Type type, std::optional<StringRef> input)
      : loss(loss), type(type), input(input),
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
    if (input && number == 1.0)
      return getArgument();
    Location loc = loss.getFunction().getLoc();
    FloatAttr attribute = builder.getFloatAttr(type, number);
    Value constant = arith::ConstantOp::create(builder, loc, attribute);
    if (!input)
      return constant;
    Value argument = getArgument();
    return arith::MulFOp::create(builder, loc, argument, constant);
  }

  Value getArgument() {
    StringRef key = PruneDialect::kInputAttrName;
    if (auto position = loss.findArgument(key, *input))
      return loss.getFunction().getArgument(*position);
    return loss.appendArgument(type, key, *input, loss.getFunction().getLoc());
  }

  LossFunction &loss;
  Type type;
  std::optional<StringRef> input;
  OpBuilder builder;
  SmallVector<std::pair<double, Value>> strengths;
};

/// What a penalty is taken of, besides its kind.
struct PenaltyTerm {
  Value weight;
  GranularityAttr groups;
  SteAttr ste;
};

struct InsertRegularizersPass final
    : prune::impl::InsertRegularizersPassBase<InsertRegularizersPass> {
  using InsertRegularizersPassBase::InsertRegularizersPassBase;

  void runOnOperation() override;

private:
  bool isGrouped() const {
    return kind == RegularizerKind::GroupLasso ||
           kind == RegularizerKind::GroupHoyerSquare;
  }
  FailureOr<SmallVector<GranularityAttr>> parseGranularities();
  FailureOr<SmallVector<TrainableParameter>>
  chooseParameters(const LossFunction &loss);
  FailureOr<SmallVector<PenaltyTerm>>
  getTerms(const LossFunction &loss, const TrainableParameter &parameter,
           ArrayRef<GranularityAttr> groups);
  Value addPenalty(LossFunction &loss, const TrainableParameter &parameter,
                   PenaltyTerm term, Value amount);
  void returnPenalty(LossFunction &loss, Value penalty);
};
} // namespace

/// The granularities of a penalty of groups, no granularity for any other.
FailureOr<SmallVector<GranularityAttr>>
InsertRegularizersPass::parseGranularities() {
  Location loc = getOperation().getLoc();
  if (!isGrouped() && !granularity.empty())
    return emitError(loc) << "expected no granularity with kind "
                          << stringifyRegularizerKind(kind);
  SmallVector<std::string> texts(granularity.begin(), granularity.end());
  if (texts.empty())
    texts.push_back("channel:0");
  SmallVector<GranularityAttr> groups;
  for (StringRef text : texts) {
    groups.push_back(isGrouped()
                         ? parseGranularity(&getContext(), text,
                                            [&] { return emitError(loc); })
                         : GranularityAttr());
    if (isGrouped() && !groups.back())
      return failure();
    if (isGrouped() && groups.back().getKind() == GranularityKind::NOfM)
      return emitError(loc)
             << "expected groups of elements, got '" << text << "'";
  }
  return groups;
}

FailureOr<SmallVector<TrainableParameter>>
InsertRegularizersPass::chooseParameters(const LossFunction &loss) {
  func::FuncOp function = loss.getFunction();
  SmallVector<std::string> chosenRoles(roles.begin(), roles.end());
  if (chosenRoles.empty() && kind == RegularizerKind::OpenGates)
    chosenRoles.push_back(stringifyParamRole(ParamRole::Auxiliary).str());
  FailureOr<ParameterFilter> filter = ParameterFilter::create(
      getOperation().getLoc(), chosenRoles, parameters, ignore);
  if (failed(filter))
    return failure();
  Type lossElement = getElementTypeOrSelf(loss.getLoss().getType());
  SmallVector<TrainableParameter> chosen = choose(*filter, loss, "regularize");
  for (const TrainableParameter &parameter : chosen) {
    Type type = loss.getArgument(parameter).getType();
    if (getElementTypeOrSelf(type) != lossElement)
      return function.emitError()
             << "expected parameter '" << parameter.param.getName()
             << "' to have the loss's element type " << lossElement << ", got "
             << type;
  }
  return std::move(chosen);
}

/// What the network sees of a weight: the result of the gate or mask that it
/// goes through, or the weight itself.
static Value findMasked(Value weight) {
  for (Operation *user : weight.getUsers())
    if (isa<GateOp, ApplyMaskOp>(user) && user->getOperand(0) == weight)
      return user->getResult(0);
  return weight;
}

/// The estimator of a gate that auxiliary parameters open; null when none does.
static SteAttr findEstimator(Value aux) {
  for (Operation *user : aux.getUsers())
    if (auto gate = dyn_cast<GateOp>(user); gate && gate.getAux() == aux)
      return gate.getSte();
  return {};
}

FailureOr<SmallVector<PenaltyTerm>>
InsertRegularizersPass::getTerms(const LossFunction &loss,
                                 const TrainableParameter &parameter,
                                 ArrayRef<GranularityAttr> groups) {
  Value argument = loss.getArgument(parameter);
  func::FuncOp function = loss.getFunction();
  SteAttr ste;
  if (kind == RegularizerKind::OpenGates && !(ste = findEstimator(argument)))
    return function.emitError() << "expected '" << parameter.param.getName()
                                << "' to open gates, it opens none";
  if (isGrouped() && isCompressed(argument))
    return function.emitError()
           << "expected '" << parameter.param.getName()
           << "' in its shape, which groups need, got its compressed values";
  Value weight = maskedWeights ? findMasked(argument) : argument;
  ArrayRef<int64_t> shape = cast<RankedTensorType>(weight.getType()).getShape();
  SmallVector<PenaltyTerm> terms;
  for (GranularityAttr group : groups) {
    if (!group || succeeded(group.getGridShape(shape))) {
      terms.push_back({weight, group, ste});
      continue;
    }
    remark::missed(argument.getLoc(),
                   remark::RemarkOpts::name("ParameterNotRegularized")
                       .category(DEBUG_TYPE)
                       .function(function.getName()))
        << remark::metric("Parameter", parameter.param.getName())
        << remark::reason("the granularity does not fit the shape");
  }
  return terms;
}

/// Adds the gradient of the penalty to that of the parameter, and returns the
/// penalty.
Value InsertRegularizersPass::addPenalty(LossFunction &loss,
                                         const TrainableParameter &parameter,
                                         PenaltyTerm term, Value amount) {
  func::ReturnOp returnOp = loss.getReturn();
  OpBuilder builder(returnOp);
  Location loc = loss.getArgument(parameter).getLoc();
  auto type = cast<RankedTensorType>(term.weight.getType());
  auto scalar = RankedTensorType::get({}, type.getElementType());
  auto penalty = RegularizeOp::create(builder, loc, scalar, kind, term.weight,
                                      amount, term.groups, term.ste);
  if (parameter.gradient) {
    Value gradient = returnOp.getOperand(*parameter.gradient);
    auto extra = RegularizeGradientOp::create(
        builder, loc, type, kind, term.weight, amount, term.groups, term.ste);
    auto sum = arith::AddFOp::create(builder, loc, gradient, extra);
    LDBG() << "penalty on '" << parameter.param.getName() << "': " << extra;
    returnOp.setOperand(*parameter.gradient, sum);
  }
  remark::passed(loc, remark::RemarkOpts::name("ParameterRegularized")
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
  FailureOr<NumberRules> named = NumberRules::get(
      strengths, [&] { return mlir::emitError(getOperation().getLoc()); });
  FailureOr<SmallVector<GranularityAttr>> groups = parseGranularities();
  if (failed(loss) || failed(named) || failed(groups) ||
      (loss->hasGradients() && failed(loss->verifyGradients())))
    return signalPassFailure();
  FailureOr<SmallVector<TrainableParameter>> chosen = chooseParameters(*loss);
  if (failed(chosen))
    return signalPassFailure();
  warnOfUnused(named->getPatterns(), *loss);

  func::ReturnOp returnOp = loss->getReturn();
  OpBuilder builder(returnOp);
  Location loc = returnOp.getLoc();
  Type element = getElementTypeOrSelf(loss->getLoss().getType());
  std::optional<StringRef> input;
  if (runtimeStrength)
    input = strengthInput;
  StrengthSource source(*loss, element, input);
  Value total;
  for (const TrainableParameter &parameter : *chosen) {
    std::optional<unsigned> own = named->find(parameter.param.getName());
    double common = runtimeStrength ? 1.0 : static_cast<double>(strength);
    double factor = own ? named->getNumber(*own) : common;
    FailureOr<SmallVector<PenaltyTerm>> terms =
        getTerms(*loss, parameter, *groups);
    if (failed(terms))
      return signalPassFailure();
    for (const PenaltyTerm &term : *terms) {
      Value amount = source.get(factor);
      Value penalty = addPenalty(*loss, parameter, term, amount);
      if (total)
        penalty = arith::AddFOp::create(builder, loc, total, penalty);
      total = penalty;
    }
  }
  if (!total)
    return markAllAnalysesPreserved();
  auto sum = arith::AddFOp::create(builder, loc, loss->getLoss(), total);
  returnOp.setOperand(loss->getLossResult(), sum);
  if (loss->hasGradients())
    returnPenalty(*loss, total);
}
