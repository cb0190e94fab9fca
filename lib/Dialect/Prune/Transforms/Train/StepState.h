//===- StepState.h - State that step functions share ------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_STEPSTATE_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_STEPSTATE_H

#include "LossFunction.h"
#include "TrainStepSignature.h"

namespace mlir::prune {

/// A parameter of a training step and the state that belongs to it.
struct StepParameter {
  ParamAttr param;
  RankedTensorType type;
  /// Names of its velocity or moments.
  SmallVector<std::string> moments;
  bool hasMask = false;
  /// A projection to be pulled to (`prune-insert-admm`).
  bool hasProjection = false;
};

/// Reads the trainable parameters of the training step `name`. Emits an error
/// and fails when there is no such function or it has no state.
FailureOr<SmallVector<StepParameter>> readStepParameters(ModuleOp module,
                                                         StringRef name);

/// Emits an error at the function of that name and fails when there is one.
LogicalResult verifyNameIsFree(ModuleOp module, StringRef name);

/// Builds a function on the state of a step: arguments are added by name, new
/// state is set by name, and `finish` puts both into the order of a step.
class StateFunctionBuilder {
public:
  /// Starts with a new function behind the function `neighbor`.
  static StateFunctionBuilder create(ModuleOp module, StringRef name,
                                     StringRef neighbor);
  /// Goes on with a function of one block that returns.
  explicit StateFunctionBuilder(func::FuncOp function);

  OpBuilder &getBuilder() { return builder; }
  func::FuncOp getFunction() const { return function; }

  /// The argument that holds the parameter, added when it is missing.
  Value getParameter(const StepParameter &parameter);
  /// The argument that holds the state or input, added when it is missing.
  Value getState(StringRef state, Type type);
  Value getInput(StringRef input, Type type);

  void setState(StringRef state, Value value);
  /// Sorts the arguments and returns the new state and what is no gradient.
  void finish();

private:
  Value find(StringRef key, StringRef name) const;
  Value add(Type type, StringRef key, Attribute value);

  func::FuncOp function;
  OpBuilder builder;
  StateValues newState;
};

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_STEPSTATE_H
