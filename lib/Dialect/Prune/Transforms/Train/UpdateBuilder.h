//===- UpdateBuilder.h - Updates of a training step -------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_TRANSFORMS_TRAIN_UPDATEBUILDER_H
#define PRUNE_DIALECT_PRUNE_TRANSFORMS_TRAIN_UPDATEBUILDER_H

#include "LossFunction.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "TrainStepSignature.h"

namespace mlir::prune {

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
  /// Replaces the gradient of a parameter by its update, and notes the new
  /// state.
  void addUpdate(const TrainableParameter &parameter);

  const StateValues &getNewState() const { return newState; }
  unsigned getNumStateAdded() const { return numStateAdded; }
  unsigned getNumMasked() const { return numMasked; }
  unsigned getNumHeld() const { return numFrozen; }

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
  unsigned numStateAdded = 0, numMasked = 0, numFrozen = 0;
};

} // namespace mlir::prune

#endif // PRUNE_DIALECT_PRUNE_TRANSFORMS_TRAIN_UPDATEBUILDER_H
