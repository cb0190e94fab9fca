//===- BuildTrainStep.cpp - Turn a gradient function into a step ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Appends the missing state to the arguments, replaces each gradient by one
// optimiser update, and then puts arguments and results into the order of the
// training step. Linear in arguments and results.
//
//===----------------------------------------------------------------------===//

#include "LossFunction.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "TrainStepSignature.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"

namespace mlir::prune {
#define GEN_PASS_DEF_BUILDTRAINSTEPPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

#define DEBUG_TYPE "prune-build-train-step"

using namespace mlir;
using namespace mlir::prune;

namespace {
/// Which elements of a parameter an update reaches, and whether the others are
/// held instead of set to zero; no value for all.
struct UpdateMask {
  Value value;
  bool isHeld = false;
};

/// How one parameter is updated.
struct UpdateRule {
  OptimizerKind optimizer;
  double momentum;
  bool nesterov;
  Value learningRate;
};

/// Inserts the updates of one training step into a gradient function.
class UpdateBuilder {
public:
  UpdateBuilder(LossFunction &loss, const BuildTrainStepPassOptions &options,
                ArrayRef<ParamRole> decayed);

  /// Adds the step counter that Adam and dropout read. Fails when the function
  /// has one that is no tensor<i64>.
  LogicalResult addStepCounter();
  void addUpdate(const TrainableParameter &parameter);

  const StateValues &getNewState() const { return newState; }
  unsigned getNumStateAdded() const { return numStateAdded; }
  unsigned getNumMasked() const { return numMasked; }
  unsigned getNumHeld() const { return numHeld; }

private:
  Value getOrAddState(Type type, StringRef state, Location loc);
  void setState(StringRef state, Value value);
  FloatAttr getDecay(ParamAttr param);
  FloatAttr getClamp(ParamAttr param);
  UpdateMask getMask(const TrainableParameter &parameter);
  const UpdateRule &getRule(const TrainableParameter &parameter) const;
  Value addSgd(const TrainableParameter &parameter, UpdateMask mask);
  Value addAdam(const TrainableParameter &parameter, UpdateMask mask);
  UnitAttr getUnit(bool isSet) {
    return isSet ? builder.getUnitAttr() : UnitAttr();
  }
  Value getGradient(const TrainableParameter &parameter) const {
    return loss.getReturn().getOperand(*parameter.gradient);
  }

  LossFunction &loss;
  const BuildTrainStepPassOptions &options;
  ArrayRef<ParamRole> decayed;
  OpBuilder builder;
  UpdateRule rule, auxiliaryRule;
  /// Number of the step that runs, counted from one; null when nothing counts.
  Value stepNumber;
  StateValues newState;
  unsigned numStateAdded = 0, numMasked = 0, numHeld = 0;
};

struct BuildTrainStepPass final
    : prune::impl::BuildTrainStepPassBase<BuildTrainStepPass> {
  using BuildTrainStepPassBase::BuildTrainStepPassBase;

  void runOnOperation() override;

private:
  LogicalResult verifySettings();
  LogicalResult verifyAuxiliarySettings();
  LogicalResult readDecayRoles();
  LogicalResult verifyFunction(const LossFunction &loss);
  BuildTrainStepPassOptions getOptions() const;

  SmallVector<ParamRole> decayed;
};
} // namespace

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

LogicalResult BuildTrainStepPass::verifySettings() {
  auto isShare = [](double x) { return x >= 0.0 && x < 1.0; };
  Location loc = getOperation().getLoc();
  if (!isShare(momentum))
    return emitError(loc) << "expected a momentum in [0, 1), got " << momentum;
  if (!isShare(beta1) || !isShare(beta2))
    return emitError(loc) << "expected beta1 and beta2 in [0, 1), got " << beta1
                          << " and " << beta2;
  if (!(epsilon > 0.0))
    return emitError(loc) << "expected a positive epsilon, got " << epsilon;
  if (!(weightDecay >= 0.0))
    return emitError(loc)
           << "expected a weight decay that is not negative, got "
           << weightDecay;
  if (!(clampAuxiliary >= 0.0))
    return emitError(loc) << "expected a limit of auxiliary parameters that is "
                             "not negative, got "
                          << clampAuxiliary;
  if (decayHeld && !holdGated)
    return emitError(loc) << "expected hold-gated with decay-held";
  bool isSgd = optimizer == OptimizerKind::Sgd;
  if (!isSgd && (momentum != 0.0 || nesterov))
    return emitError(loc) << "momentum and nesterov are settings of sgd";
  if (nesterov && momentum == 0.0)
    return emitError(loc) << "expected momentum with nesterov";
  if (failed(verifyAuxiliarySettings()))
    return failure();
  return readDecayRoles();
}

LogicalResult BuildTrainStepPass::verifyAuxiliarySettings() {
  Location loc = getOperation().getLoc();
  if (!(auxiliaryMomentum >= 0.0 && auxiliaryMomentum < 1.0))
    return emitError(loc) << "expected an auxiliary momentum in [0, 1), got "
                          << auxiliaryMomentum;
  bool isSgd = auxiliaryOptimizer == OptimizerKind::Sgd;
  if (!separateAuxiliary && (auxiliaryMomentum != 0.0 || !isSgd))
    return emitError(loc) << "expected separate-auxiliary with an optimiser of "
                             "auxiliary parameters";
  if (!isSgd && auxiliaryMomentum != 0.0)
    return emitError(loc) << "the auxiliary momentum is a setting of sgd";
  return success();
}

LogicalResult BuildTrainStepPass::readDecayRoles() {
  decayed.clear();
  if (decayRoles.empty())
    decayed.push_back(ParamRole::Weight);
  for (StringRef text : decayRoles) {
    std::optional<ParamRole> role = symbolizeParamRole(text);
    if (!role)
      return emitError(getOperation().getLoc())
             << "expected a role weight, bias, scale, buffer or auxiliary, "
                "got '"
             << text << "'";
    decayed.push_back(*role);
  }
  return success();
}

LogicalResult BuildTrainStepPass::verifyFunction(const LossFunction &loss) {
  if (failed(loss.verifyGradients()))
    return failure();
  func::FuncOp function = loss.getFunction();
  ModuleOp module = getOperation();
  if (loss.getParameters().empty())
    return function.emitError("expected at least one trainable parameter");
  for (StringRef rate : {"learning_rate", "auxiliary_learning_rate"})
    if (loss.findArgument(PruneDialect::kInputAttrName, rate))
      return function.emitError("the function has a learning rate already");
  Operation *taken = module.lookupSymbol(name);
  if (taken && taken != function)
    return taken->emitError() << "the name '" << name << "' is taken";
  if (!SymbolTable::symbolKnownUseEmpty(function, module))
    return function.emitError("expected a function that nothing refers to");
  Type element = getElementTypeOrSelf(loss.getLoss().getType());
  for (const TrainableParameter &parameter : loss.getParameters()) {
    Type type = loss.getArgument(parameter).getType();
    if (getElementTypeOrSelf(type) != element)
      return function.emitError()
             << "expected parameter '" << parameter.param.getName()
             << "' to have the loss's element type " << element << ", got "
             << type;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Updates
//===----------------------------------------------------------------------===//

UpdateBuilder::UpdateBuilder(LossFunction &loss,
                             const BuildTrainStepPassOptions &options,
                             ArrayRef<ParamRole> decayed)
    : loss(loss), options(options), decayed(decayed),
      builder(loss.getReturn()) {
  Type type = getElementTypeOrSelf(loss.getLoss().getType());
  auto addRate = [&](StringRef name) {
    return loss.appendArgument(type, PruneDialect::kInputAttrName, name,
                               loss.getFunction().getLoc());
  };
  rule = {options.optimizer, options.momentum, options.nesterov,
          addRate("learning_rate")};
  auxiliaryRule = rule;
  if (options.separateAuxiliary)
    auxiliaryRule = {options.auxiliaryOptimizer, options.auxiliaryMomentum,
                     /*nesterov=*/false, addRate("auxiliary_learning_rate")};
}

const UpdateRule &
UpdateBuilder::getRule(const TrainableParameter &parameter) const {
  bool isAuxiliary = parameter.param.getRole() == ParamRole::Auxiliary;
  return isAuxiliary ? auxiliaryRule : rule;
}

Value UpdateBuilder::getOrAddState(Type type, StringRef state, Location loc) {
  StringRef key = PruneDialect::kStateAttrName;
  if (auto position = loss.findArgument(key, state))
    return loss.getFunction().getArgument(*position);
  ++numStateAdded;
  return loss.appendArgument(type, key, state, loc);
}

void UpdateBuilder::setState(StringRef state, Value value) {
  newState.insert({builder.getStringAttr(state), value});
}

LogicalResult UpdateBuilder::addStepCounter() {
  StringRef key = PruneDialect::kStateAttrName;
  bool isCounted = loss.findArgument(key, "step").has_value();
  bool usesAdam = rule.optimizer == OptimizerKind::Adam ||
                  auxiliaryRule.optimizer == OptimizerKind::Adam;
  if (!usesAdam && !isCounted)
    return success();
  Location loc = loss.getFunction().getLoc();
  auto type = RankedTensorType::get({}, builder.getI64Type());
  Value counter = getOrAddState(type, "step", loc);
  if (counter.getType() != type)
    return loss.getFunction().emitError()
           << "expected the state \"step\" to be " << type << ", got "
           << counter.getType();
  Value finished = tensor::ExtractOp::create(builder, loc, counter);
  Value one = arith::ConstantIntOp::create(builder, loc, 1, 64);
  stepNumber = arith::AddIOp::create(builder, loc, finished, one);
  Value next =
      tensor::InsertOp::create(builder, loc, stepNumber, counter, ValueRange());
  setState("step", next);
  return success();
}

FloatAttr UpdateBuilder::getDecay(ParamAttr param) {
  bool isDecayed = llvm::is_contained(decayed, param.getRole());
  return builder.getF64FloatAttr(isDecayed ? options.weightDecay : 0.0);
}

/// The limit of a parameter's magnitude; none when null.
FloatAttr UpdateBuilder::getClamp(ParamAttr param) {
  if (param.getRole() != ParamRole::Auxiliary || options.clampAuxiliary == 0.0)
    return {};
  return builder.getF64FloatAttr(options.clampAuxiliary);
}

/// The one gate through which the function uses a weight; null when there is
/// none, or several that differ.
static GateOp findGate(Value weight) {
  GateOp found;
  for (Operation *user : weight.getUsers()) {
    auto gate = dyn_cast<GateOp>(user);
    if (!gate || gate.getWeight() != weight)
      continue;
    if (found && (found.getAux() != gate.getAux() ||
                  found.getGranularity() != gate.getGranularity()))
      return {};
    found = gate;
  }
  return found;
}

/// `m > 0` for each element of the gated weight: the mask that a threshold of
/// zero selects when auxiliary parameters are scores.
static Value createOpenMask(OpBuilder &builder, GateOp gate) {
  MLIRContext *context = builder.getContext();
  GranularityAttr groups = gate.getGranularityAttr();
  if (!groups || groups.getKind() == GranularityKind::NOfM)
    groups =
        GranularityAttr::get(context, GranularityKind::Unstructured, {}, -1);
  auto threshold =
      SelectionAttr::get(context, SelectionKind::Threshold, APFloat(0.0));
  Type type = getMaskType(gate.getType());
  auto select =
      SelectMaskOp::create(builder, gate.getLoc(), type, gate.getAux(),
                           /*value=*/Value(), threshold, groups);
  return select.getMasks().front();
}

/// The mask that is state: it prunes what it does not set, or, where the
/// function computes with the masked weight, holds it; none when the gradient
/// passes straight through.
static UpdateMask getStateMask(Value mask, Value weight) {
  UpdateMask result{mask};
  for (Operation *user : mask.getUsers()) {
    auto masked = dyn_cast<ApplyMaskOp>(user);
    if (!masked || masked.getWeight() != weight)
      continue;
    if (masked.getStraightThrough())
      return {};
    result.isHeld = true;
  }
  return result;
}

UpdateMask UpdateBuilder::getMask(const TrainableParameter &parameter) {
  UpdateMask mask;
  if (auto position = loss.findArgument(PruneDialect::kStateAttrName,
                                        getStateName("mask", parameter.param)))
    mask = getStateMask(loss.getFunction().getArgument(*position),
                        loss.getArgument(parameter));
  else if (GateOp gate = findGate(loss.getArgument(parameter));
           gate && options.holdGated)
    mask = {createOpenMask(builder, gate), /*isHeld=*/true};
  return mask;
}

Value UpdateBuilder::addSgd(const TrainableParameter &parameter,
                            UpdateMask mask) {
  const UpdateRule &sgd = getRule(parameter);
  Value weight = loss.getArgument(parameter);
  Location loc = weight.getLoc();
  Type type = weight.getType();
  std::string state = getStateName("velocity", parameter.param);
  Value velocity;
  if (sgd.momentum != 0.0)
    velocity = getOrAddState(type, state, loc);
  FloatAttr momentum = builder.getF64FloatAttr(sgd.momentum);
  FloatAttr decay = getDecay(parameter.param);
  UnitAttr nesterov = getUnit(sgd.nesterov);
  auto update = SgdUpdateOp::create(
      builder, loc, type, velocity ? type : Type(), weight,
      getGradient(parameter), sgd.learningRate, velocity, mask.value, momentum,
      decay, nesterov, getUnit(mask.isHeld),
      getUnit(mask.isHeld && options.decayHeld), getClamp(parameter.param));
  if (velocity)
    setState(state, update.getNewVelocity());
  return update.getNewWeight();
}

Value UpdateBuilder::addAdam(const TrainableParameter &parameter,
                             UpdateMask mask) {
  Value weight = loss.getArgument(parameter);
  Location loc = weight.getLoc();
  Type type = weight.getType();
  std::string state1 = getStateName("moment1", parameter.param);
  std::string state2 = getStateName("moment2", parameter.param);
  Value moment1 = getOrAddState(type, state1, loc);
  Value moment2 = getOrAddState(type, state2, loc);
  FloatAttr beta1 = builder.getF64FloatAttr(options.beta1);
  FloatAttr beta2 = builder.getF64FloatAttr(options.beta2);
  FloatAttr epsilon = builder.getF64FloatAttr(options.epsilon);
  FloatAttr decay = getDecay(parameter.param);
  auto update = AdamUpdateOp::create(
      builder, loc, type, type, type, weight, getGradient(parameter),
      getRule(parameter).learningRate, stepNumber, moment1, moment2, mask.value,
      beta1, beta2, epsilon, decay, getUnit(mask.isHeld),
      getUnit(mask.isHeld && options.decayHeld), getClamp(parameter.param));
  setState(state1, update.getNewMoment1());
  setState(state2, update.getNewMoment2());
  return update.getNewWeight();
}

void UpdateBuilder::addUpdate(const TrainableParameter &parameter) {
  UpdateMask mask = getMask(parameter);
  bool isSgd = getRule(parameter).optimizer == OptimizerKind::Sgd;
  Value weight = isSgd ? addSgd(parameter, mask) : addAdam(parameter, mask);
  setState(parameter.param.getName(), weight);
  numMasked += mask.value && !mask.isHeld ? 1 : 0;
  numHeld += mask.isHeld ? 1 : 0;
  func::FuncOp function = loss.getFunction();
  remark::passed(weight.getLoc(), remark::RemarkOpts::name("Updated")
                                      .category(DEBUG_TYPE)
                                      .function(function.getName()))
      << (mask.isHeld  ? "updated behind gates"
          : mask.value ? "updated under a mask"
                       : "updated")
      << remark::metric("Parameter", parameter.param.getName());
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

BuildTrainStepPassOptions BuildTrainStepPass::getOptions() const {
  BuildTrainStepPassOptions options;
  options.optimizer = optimizer;
  options.momentum = momentum;
  options.nesterov = nesterov;
  options.weightDecay = weightDecay;
  options.beta1 = beta1;
  options.beta2 = beta2;
  options.epsilon = epsilon;
  options.clampAuxiliary = clampAuxiliary;
  options.separateAuxiliary = separateAuxiliary;
  options.auxiliaryOptimizer = auxiliaryOptimizer;
  options.auxiliaryMomentum = auxiliaryMomentum;
  options.holdGated = holdGated;
  options.decayHeld = decayHeld;
  return options;
}

void BuildTrainStepPass::runOnOperation() {
  FailureOr<LossFunction> loss = LossFunction::find(getOperation(), function);
  if (failed(verifySettings()) || failed(loss) || failed(verifyFunction(*loss)))
    return signalPassFailure();
  BuildTrainStepPassOptions options = getOptions();
  UpdateBuilder updates(*loss, options, decayed);
  if (failed(updates.addStepCounter()))
    return signalPassFailure();
  // Gates last: what they open and close is decided by their values before.
  for (bool isGate : {false, true})
    for (const TrainableParameter &parameter : loss->getParameters())
      if ((parameter.param.getRole() == ParamRole::Auxiliary) == isGate)
        updates.addUpdate(parameter);
  numUpdates += loss->getParameters().size();
  numMasked += updates.getNumMasked();
  numHeld += updates.getNumHeld();
  numStateAdded += updates.getNumStateAdded();

  func::FuncOp step = loss->getFunction();
  sortTrainStepArguments(step);
  setTrainStepResults(step, updates.getNewState());
  step.setName(name);
}
