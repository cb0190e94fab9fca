//===- UpdateBuilder.cpp - Updates of a training step ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One optimizer update for each trainable parameter, with the state that it
// needs: velocities or moments, and the step counter. Linear in the parameters.
//
//===----------------------------------------------------------------------===//

#include "UpdateBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-build-train-step"

using namespace mlir;
using namespace mlir::prune;

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
           gate && options.freezeGated)
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
      getUnit(mask.isHeld && options.decayFrozen), getClamp(parameter.param));
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
      getUnit(mask.isHeld && options.decayFrozen), getClamp(parameter.param));
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
  numFrozen += mask.isHeld ? 1 : 0;
  func::FuncOp function = loss.getFunction();
  LDBG() << function.getName() << ": updates '" << parameter.param.getName()
         << "'";
  remark::passed(weight.getLoc(), remark::RemarkOpts::name("ParameterUpdated")
                                      .category(DEBUG_TYPE)
                                      .function(function.getName()))
      << (mask.isHeld  ? "updated behind gates"
          : mask.value ? "updated under a mask"
                       : "updated")
      << remark::metric("Parameter", parameter.param.getName());
}
