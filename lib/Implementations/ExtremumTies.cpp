//===- ExtremumTies.cpp - Elements that share a maximum -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExtremumTies.h"

#include "Prune/Dialect/Prune/Utils/StructuredBuilder.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::prune;

/// The operations of the body that `value` is made of, in their order.
static llvm::SetVector<Operation *> getOperations(linalg::LinalgOp op,
                                                  Value value) {
  llvm::SetVector<Operation *> slice;
  BackwardSliceOptions options;
  options.inclusive = true;
  options.omitBlockArguments = true;
  options.filter = [&](Operation *operation) {
    return operation->getBlock() == op.getBlock();
  };
  if (value.getDefiningOp())
    (void)getBackwardSlice(value, &slice, options);
  return topologicalSort(slice);
}

FailureOr<Value> prune::shareAmongTies(OpBuilder &builder, linalg::LinalgOp op,
                                       OpResult result, Value candidate,
                                       Value adjoint) {
  llvm::SetVector<Operation *> operations = getOperations(op, candidate);
  auto isPartial = [&](Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    return argument && argument.getOwner() == op.getBlock() &&
           argument.getArgNumber() >= op.getNumDpsInputs();
  };
  if (isPartial(candidate) || llvm::any_of(operations, [&](Operation *inner) {
        return llvm::any_of(inner->getOperands(), isPartial);
      }))
    return failure();
  Location loc = op.getLoc();
  SmallVector<Value> inputs = op.getDpsInputs();
  SmallVector<AffineMap> maps;
  for (OpOperand *input : op.getDpsInputOperands())
    maps.push_back(op.getMatchingIndexingMap(input));
  AffineMap map = op.getIndexingMapMatchingResult(result);
  inputs.push_back(result);
  maps.append({map, map});
  Value zeros = createFilledLike(builder, loc, result, 0.0);
  auto count = [&](OpBuilder &nested, Location loc, ValueRange arguments) {
    IRMapping mapping;
    for (auto [from, to] :
         llvm::zip(op.getBlock()->getArguments(), arguments.drop_back(2)))
      mapping.map(from, to);
    for (Operation *operation : operations)
      nested.clone(*operation, mapping);
    Value isTied = arith::CmpFOp::create(nested, loc, arith::CmpFPredicate::OEQ,
                                         mapping.lookupOrDefault(candidate),
                                         arguments.drop_back().back());
    Value number =
        arith::UIToFPOp::create(nested, loc, candidate.getType(), isTied);
    Value sum = arith::AddFOp::create(nested, loc, arguments.back(), number);
    linalg::YieldOp::create(nested, loc, sum);
  };
  auto counts = linalg::GenericOp::create(
      builder, loc, TypeRange(zeros.getType()), inputs, ValueRange(zeros), maps,
      op.getIteratorTypesArray(), count);
  Value share =
      arith::DivFOp::create(builder, loc, adjoint, counts.getResult(0));
  return share;
}
