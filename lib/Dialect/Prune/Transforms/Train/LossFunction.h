//===- LossFunction.h - Loss and gradient functions -------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_LOSSFUNCTION_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_LOSSFUNCTION_H

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLExtras.h"

namespace mlir::prune {

/// One trainable parameter of a loss function.
struct TrainableParameter {
  ParamAttr param;
  /// Position among the arguments of the function.
  unsigned argument;
  /// Position of its gradient among the results, when there is one.
  std::optional<unsigned> gradient;
};

/// View of a function that returns a loss, and in the gradient form one
/// gradient per trainable parameter. Holds positions, not values: inserting
/// arguments or results at the end keeps it valid.
class LossFunction {
public:
  /// Finds `name` in the module and reads its signature. Emits an error and
  /// fails when there is no such function, when it is not one block that ends
  /// in a return, has no single scalar loss (`gradient_c1`, `gradient_c2`), or
  /// its gradients do not match its parameters (`gradient_c3`, `gradient_c4`).
  static FailureOr<LossFunction> find(ModuleOp module, StringRef name);

  func::FuncOp getFunction() const { return function; }
  func::ReturnOp getReturn() const;
  unsigned getLossResult() const { return lossResult; }
  Value getLoss() const { return getReturn().getOperand(lossResult); }

  /// Parameters in the order of the arguments, without buffers and without
  /// those that are frozen.
  ArrayRef<TrainableParameter> getParameters() const { return parameters; }
  BlockArgument getArgument(const TrainableParameter &parameter) const;
  /// True when at least one result is a gradient.
  bool hasGradients() const;

  /// Emits an error and fails when a trainable parameter has no gradient
  /// (`gradient_c5`), or new state no argument (`gradient_c6`).
  LogicalResult verifyGradients() const;

  /// Position of the argument or result whose attribute `key` is the string
  /// `value`.
  std::optional<unsigned> findArgument(StringRef key, StringRef value) const;
  std::optional<unsigned> findResult(StringRef key, StringRef value) const;

  /// Appends an argument marked `key = value` and returns it.
  BlockArgument appendArgument(Type type, StringRef key, StringRef value,
                               Location loc);
  /// Appends a result marked `prune.output = output`.
  void appendOutput(Value value, StringRef output);

private:
  explicit LossFunction(func::FuncOp function) : function(function) {}
  LogicalResult readLoss();
  LogicalResult readParameters();
  LogicalResult readGradient(unsigned result, StringRef name);

  func::FuncOp function;
  unsigned lossResult = 0;
  SmallVector<TrainableParameter> parameters;
};

/// Warns at `op` of each pattern that matches none of the parameters, whatever
/// their role: a slip of the pen more often than not.
void warnOfUnused(ArrayRef<ParameterPattern> patterns, Operation *op,
                  ArrayRef<ParamAttr> params);
void warnOfUnused(const ParameterFilter &filter, Operation *op,
                  ArrayRef<ParamAttr> params);
void warnOfUnused(const ParameterFilter &filter, const LossFunction &loss);
void warnOfUnused(ArrayRef<ParameterPattern> patterns,
                  const LossFunction &loss);

/// The trainable parameters that match, in the order of the function. Warns of
/// unused patterns, and that there is "no parameter to <purpose>".
SmallVector<TrainableParameter> choose(const ParameterFilter &filter,
                                       const LossFunction &loss,
                                       StringRef purpose);

/// True when the argument of a parameter holds the values that a pattern keeps
/// (`prune-compress-parameters`).
inline bool isCompressed(Value argument) {
  return llvm::any_of(argument.getUsers(), llvm::IsaPred<DecompressOp>);
}

/// True when training leaves the argument, a parameter, as it is.
inline bool isFrozen(func::FuncOp function, unsigned argument) {
  return function.getArgAttr(argument, PruneDialect::kFrozenAttrName) !=
         nullptr;
}

/// `prefix:parameter`, the name of a piece of state that belongs to it.
inline std::string getStateName(StringRef prefix, ParamAttr param) {
  return (prefix + ":" + param.getName()).str();
}

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_LOSSFUNCTION_H
