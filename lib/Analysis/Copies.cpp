//===- Copies.cpp - Where an element of a tensor was copied from ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/Copies.h"

#include "Prune/Analysis/Gather.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::prune;

OpOperand *mlir::prune::getCopiedInput(linalg::LinalgOp op) {
  if (!op || !op.hasPureTensorSemantics() || op->getNumResults() != 1 ||
      op.getNumParallelLoops() != op.getNumLoops() ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isPermutation())
    return nullptr;
  auto argument =
      dyn_cast<BlockArgument>(op.getBlock()->getTerminator()->getOperand(0));
  if (!argument || argument.getOwner() != op.getBlock())
    return nullptr;
  OpOperand *input = op.getMatchingOpOperand(argument);
  if (!op.isDpsInput(input) || !isa<RankedTensorType>(input->get().getType()))
    return nullptr;
  return input;
}

/// The source of a reshape that only adds dimensions of extent one.
static std::optional<Elements> stepThrough(tensor::ExpandShapeOp op,
                                           AffineMap map) {
  SmallVector<unsigned> kept;
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    auto isWide = [&](int64_t dim) {
      return op.getResultType().getDimSize(dim) != 1;
    };
    if (llvm::count_if(group, isWide) > 1)
      return std::nullopt;
    auto wide = llvm::find_if(group, isWide);
    kept.push_back(wide == group.end() ? group.front() : *wide);
  }
  return Elements{op.getSrc(), map.getSubMap(kept)};
}

/// The source of a reshape that only drops dimensions of extent one.
static std::optional<Elements> stepThrough(tensor::CollapseShapeOp op,
                                           AffineMap map) {
  SmallVector<AffineExpr> results(op.getSrcType().getRank(),
                                  getAffineConstantExpr(0, op.getContext()));
  for (auto [flat, group] : llvm::enumerate(op.getReassociationIndices())) {
    auto isWide = [&](int64_t dim) {
      return op.getSrcType().getDimSize(dim) != 1;
    };
    if (llvm::count_if(group, isWide) > 1)
      return std::nullopt;
    auto wide = llvm::find_if(group, isWide);
    if (wide != group.end())
      results[*wide] = map.getResult(flat);
  }
  return Elements{op.getSrc(), AffineMap::get(map.getNumDims(), 0, results,
                                              op.getContext())};
}

std::optional<Elements> mlir::prune::stepThroughCopy(const Elements &elements) {
  Operation *definition = elements.value.getDefiningOp();
  if (auto expand = dyn_cast_or_null<tensor::ExpandShapeOp>(definition))
    return stepThrough(expand, elements.map);
  if (auto collapse = dyn_cast_or_null<tensor::CollapseShapeOp>(definition))
    return stepThrough(collapse, elements.map);
  auto op = dyn_cast_or_null<linalg::LinalgOp>(definition);
  OpOperand *input = getCopiedInput(op);
  if (!input)
    return std::nullopt;
  AffineMap loops =
      inversePermutation(op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
  AffineMap map = op.getMatchingIndexingMap(input);
  return Elements{input->get(), map.compose(loops).compose(elements.map)};
}

Elements mlir::prune::resolveCopies(Elements elements) {
  while (std::optional<Elements> source = stepThroughCopy(elements))
    elements = *source;
  return elements;
}

Value mlir::prune::skipReshapes(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

OpOperand *mlir::prune::getCopySource(OpOperand *operand) {
  while (Operation *definition = operand->get().getDefiningOp()) {
    if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(definition)) {
      operand = &definition->getOpOperand(0);
      continue;
    }
    auto op = dyn_cast<linalg::LinalgOp>(definition);
    std::optional<Rearrangement> rearrangement =
        op ? matchRearrangement(op) : std::nullopt;
    if (rearrangement)
      operand = &rearrangement->extract.getTensorMutable();
    else if (OpOperand *input = getCopiedInput(op))
      operand = input;
    else
      break;
  }
  return operand;
}
