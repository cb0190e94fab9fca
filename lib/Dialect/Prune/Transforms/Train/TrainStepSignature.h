//===- TrainStepSignature.h - Signature of a training step ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_TRAINSTEPSIGNATURE_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_TRAINSTEPSIGNATURE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::prune {

/// New values of the state that a step returns, by name.
using StateValues = llvm::MapVector<StringAttr, Value>;

/// Marks each parameter as state and sorts the arguments of the function:
/// parameters, velocities, first moments, second moments, masks, other state,
/// step counter, batch, learning rate, other scalars. Order within a group
/// stays.
void sortTrainStepArguments(func::FuncOp function);

/// Returns all state, what the function returned already and the new, in the
/// order of the arguments that carry it, then the other results without the
/// gradients. State that was returned already wins over new.
void setTrainStepResults(func::FuncOp function, const StateValues &newState);

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_TRAIN_TRAINSTEPSIGNATURE_H
