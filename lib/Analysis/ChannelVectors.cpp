//===- ChannelVectors.cpp - Vectors over the channels of a layer ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelVectors.h"

#include "Prune/Analysis/Copies.h"
#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

using namespace mlir;
using namespace mlir::prune;

/// The uses of vectors by the normalizations that read a value.
static void collectNorms(Value value, SmallVectorImpl<OpOperand *> &uses) {
  auto add = [&](auto norm) {
    uses.push_back(&norm.getScaleMutable());
    uses.push_back(&norm.getBiasMutable());
  };
  for (Operation *user : value.getUsers()) {
    if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(user))
      collectNorms(user->getResult(0), uses);
    else if (auto norm = dyn_cast<BatchNormOp>(user))
      add(norm);
    else if (auto norm = dyn_cast<BatchNormTrainingOp>(user))
      add(norm);
  }
}

SmallVector<OpOperand *> mlir::prune::getChannelVectors(Operation *layer) {
  SmallVector<OpOperand *> uses;
  auto destination = dyn_cast<DestinationStyleOpInterface>(layer);
  if (!destination || layer->getNumResults() != 1)
    return uses;
  Value start = skipReshapes(destination.getDpsInits().front());
  if (auto bias = start.getDefiningOp<linalg::BroadcastOp>())
    uses.push_back(&bias.getInputMutable());
  collectNorms(layer->getResult(0), uses);
  return uses;
}
