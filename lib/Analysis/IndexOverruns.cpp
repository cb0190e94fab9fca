//===- IndexOverruns.cpp - Elements that index beyond a table -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A tensor of which every element is the same stands for the one element that
// is asked about. Every element of it reaches what reads the tensor, as slices,
// which may leave the element out, are not followed.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/IndexOverruns.h"

#include "Prune/Analysis/BodyEvaluator.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace mlir::prune;

/// The element of every tensor whose elements are known and all the same.
using Elements = DenseMap<Value, Attribute>;

/// The first index of `extract` that is not in its dimension.
static std::optional<IndexOverrun> findOverrun(tensor::ExtractOp extract,
                                               BodyEvaluator &evaluator) {
  RankedTensorType type = extract.getTensor().getType();
  for (auto [dim, value] : llvm::enumerate(extract.getIndices())) {
    auto index = dyn_cast_or_null<IntegerAttr>(evaluator.evaluate(value));
    if (!index || type.isDynamicDim(dim))
      continue;
    int64_t number = index.getInt(), extent = type.getDimSize(dim);
    if (number < 0 || number >= extent)
      return IndexOverrun{extract, static_cast<unsigned>(dim), number, extent};
  }
  return std::nullopt;
}

/// Looks into a structured operation, and notes what its results hold.
static std::optional<IndexOverrun> followBody(linalg::LinalgOp op,
                                              Elements &elements) {
  BodyEvaluator evaluator(
      op.getBlock(), /*finite=*/false, [&](BlockArgument argument) {
        OpOperand &operand = op->getOpOperand(argument.getArgNumber());
        return op.isDpsInput(&operand) ? elements.lookup(operand.get())
                                       : Attribute();
      });
  for (auto extract : op.getBlock()->getOps<tensor::ExtractOp>())
    if (std::optional<IndexOverrun> found = findOverrun(extract, evaluator))
      return found;
  if (op.getNumReductionLoops() != 0)
    return std::nullopt;
  Operation *yield = op.getBlock()->getTerminator();
  for (auto [result, value] :
       llvm::zip_equal(op->getResults(), yield->getOperands()))
    if (Attribute element = evaluator.evaluate(value))
      elements[result] = element;
  return std::nullopt;
}

std::optional<IndexOverrun>
mlir::prune::findIndexOverrun(BlockArgument argument, int64_t element) {
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  auto elementType =
      type ? dyn_cast<IntegerType>(type.getElementType()) : IntegerType();
  if (!elementType)
    return std::nullopt;
  APInt bits(64, element, /*isSigned=*/true);
  Elements elements;
  elements[argument] =
      IntegerAttr::get(elementType, bits.sextOrTrunc(elementType.getWidth()));
  for (Operation &op : *argument.getOwner()) {
    if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::ReshapeOp,
            tensor::CastOp>(op)) {
      if (Attribute known = elements.lookup(op.getOperand(0)))
        elements[op.getResult(0)] = known;
    } else if (auto structured = dyn_cast<linalg::LinalgOp>(op)) {
      if (!structured.hasPureTensorSemantics())
        continue;
      if (std::optional<IndexOverrun> found = followBody(structured, elements))
        return found;
    }
  }
  return std::nullopt;
}
