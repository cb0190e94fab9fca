//===- AdjointOpInterface.cpp - Reverse-mode rules of operations ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Interfaces/AdjointOpInterface.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::prune;

#include "Prune/Interfaces/AdjointOpInterface.cpp.inc"

void AdjointMap::add(OpBuilder &builder, Value value, Value contribution) {
  assert(value.getType() == contribution.getType() &&
         "an adjoint has the type of its value");
  Value &adjoint = adjoints[value];
  adjoint = adjoint ? builder.createOrFold<arith::AddFOp>(value.getLoc(),
                                                          adjoint, contribution)
                    : contribution;
}

LogicalResult AdjointMap::propagate(OpBuilder &builder, Operation *op) {
  auto lookupAdjoint = [&](Value result) { return lookup(result); };
  auto resultAdjoints = llvm::map_to_vector(op->getResults(), lookupAdjoint);
  if (llvm::none_of(resultAdjoints, [](Value v) { return v != nullptr; }))
    return success();
  auto rule = dyn_cast<AdjointOpInterface>(op);
  SmallVector<Value> inputs =
      rule ? rule.getAdjointInputs() : llvm::to_vector(op->getOperands());
  if (llvm::none_of(inputs, isActive) &&
      llvm::none_of(op->getOperands(), isActive))
    return success();
  if (!rule)
    return op->emitError() << "no reverse-mode rule for '" << op->getName()
                           << "'";
  SmallVector<bool> needed = llvm::map_to_vector(inputs, isActive);
  SmallVector<Value> inputAdjoints(inputs.size());
  if (failed(rule.buildAdjoint(builder, resultAdjoints, needed, inputAdjoints)))
    return failure();
  for (auto [input, isNeeded, adjoint] :
       llvm::zip_equal(inputs, needed, inputAdjoints))
    if (isNeeded && adjoint)
      add(builder, input, adjoint);
  return success();
}
