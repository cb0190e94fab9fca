//===- ScatterAdjoint.cpp - Adjoints of reads at computed places ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A body that reads `T[i(loops)]` sends the adjoint of what it reads back to
// the same place. Several iterations may read one element, in no order that the
// operation tells, so the loops run one after the other and sums are always
// taken in the same order. Linear in the iterations times the expression.
//
//===----------------------------------------------------------------------===//

#include "LoopNestAdjoint.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::prune;

/// Maps what the expression reads to its values at the given loop counters.
void LoopNest::mapToCounters(OpBuilder &builder,
                             const ScalarExpression &expression,
                             ValueRange counters, IRMapping &mapping) const {
  Location loc = op.getLoc();
  for (Value scalar : expression.sources) {
    ScalarSource source = sources.lookup(scalar);
    if (!isa<RankedTensorType>(source.container.getType())) {
      mapping.map(scalar, source.container);
      continue;
    }
    SmallVector<Value> indices;
    for (AffineExpr expr : source.map.getResults())
      indices.push_back(
          affine::expandAffineExpr(builder, loc, expr, counters, {}));
    auto element =
        tensor::ExtractOp::create(builder, loc, source.container, indices);
    mapping.map(scalar, element.getResult());
  }
  for (Operation *operation : expression.operations) {
    if (auto index = dyn_cast<linalg::IndexOp>(operation))
      mapping.map(index.getResult(), counters[index.getDim()]);
    else
      builder.clone(*operation, mapping);
  }
}

FailureOr<Value> LoopNest::scatter(OpBuilder &builder,
                                   ArrayRef<Scatter> scatters, Value like) {
  ScalarExpression expression;
  for (const Scatter &scatter : scatters) {
    if (failed(collect(scatter.root, expression)))
      return failure();
    for (Value index : scatter.indices)
      if (failed(collect(index, expression)))
        return failure();
  }
  Location loc = op.getLoc();
  SmallVector<Value> starts, ends, steps;
  for (const Range &range : op.createLoopRanges(builder, loc)) {
    auto toValue = [&](OpFoldResult number) {
      return getValueOrCreateConstantIndexOp(builder, loc, number);
    };
    starts.push_back(toValue(range.offset));
    ends.push_back(toValue(range.size));
    steps.push_back(toValue(range.stride));
  }
  Value zeros = createZeros(builder, loc, like);
  auto buildBody = [&](OpBuilder &b, Location, ValueRange counters,
                       ValueRange carried) -> scf::ValueVector {
    IRMapping mapping;
    mapToCounters(b, expression, counters, mapping);
    Value sums = carried.front();
    for (const Scatter &scatter : scatters) {
      auto indices = llvm::map_to_vector(scatter.indices, [&](Value index) {
        return mapping.lookupOrDefault(index);
      });
      Value before = tensor::ExtractOp::create(b, loc, sums, indices);
      Value term = mapping.lookupOrDefault(scatter.root);
      Value sum = arith::AddFOp::create(b, loc, before, term);
      sums = tensor::InsertOp::create(b, loc, sum, sums, indices);
    }
    return {sums};
  };
  scf::LoopNest loops = scf::buildLoopNest(builder, loc, starts, ends, steps,
                                           ValueRange{zeros}, buildBody);
  return loops.results.front();
}
