//===- ElementEvaluator.cpp - Elements that only depend on places ---------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ElementEvaluator.h"

#include "Prune/Analysis/BodyEvaluator.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Support/Constants.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::prune;

/// Chains of operations longer than this are not followed, nor are stacks of
/// calls allowed to grow with the network.
static constexpr unsigned kMostOperations = 200;

static RankedTensorType getStaticType(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() ? type : RankedTensorType();
}

Attribute ElementEvaluator::getElement(Value tensor,
                                       ArrayRef<int64_t> position) {
  RankedTensorType type = getStaticType(tensor);
  if (!type || depth >= kMostOperations)
    return {};
  for (auto [index, extent] : llvm::zip_equal(position, type.getShape()))
    if (index < 0 || index >= extent)
      return {};
  std::pair<Value, int64_t> key(
      tensor, linearize(position, computeSuffixProduct(type.getShape())));
  if (auto known = elements.find(key); known != elements.end())
    return known->second;
  ++depth;
  Attribute element = evaluate(tensor, position);
  --depth;
  elements[key] = element;
  return element;
}

/// The counters of the loops where the element of the result at `position` is
/// computed; nothing when there is not one place alone.
static std::optional<SmallVector<int64_t>>
getCounters(linalg::LinalgOp op, AffineMap map, ArrayRef<int64_t> position) {
  if (op.getNumParallelLoops() != op.getNumLoops() || !map.isPermutation())
    return std::nullopt;
  SmallVector<int64_t> counters(op.getNumLoops());
  for (auto [dim, index] : llvm::enumerate(position))
    counters[map.getDimPosition(dim)] = index;
  return counters;
}

Attribute ElementEvaluator::evaluate(Value tensor, ArrayRef<int64_t> position) {
  Attribute constant;
  RankedTensorType type = getStaticType(tensor);
  if (matchPattern(tensor, m_Constant(&constant)))
    return getParam(tensor)
               ? Attribute()
               : getConstantElement(constant,
                                    linearize(position, computeSuffixProduct(
                                                            type.getShape())));
  Operation *definition = tensor.getDefiningOp();
  if (auto structured = dyn_cast_or_null<linalg::LinalgOp>(definition)) {
    unsigned number = cast<OpResult>(tensor).getResultNumber();
    std::optional<SmallVector<int64_t>> counters = getCounters(
        structured,
        structured.getMatchingIndexingMap(structured.getDpsInitOperand(number)),
        position);
    Value yielded = structured.getBlock()->getTerminator()->getOperand(number);
    return counters ? getScalar(structured, yielded, *counters) : Attribute();
  }
  if (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
          definition)) {
    Value source = definition->getOperand(0);
    RankedTensorType sourceType = getStaticType(source);
    if (!sourceType)
      return {};
    int64_t linear = linearize(position, computeSuffixProduct(type.getShape()));
    return getElement(source, delinearize(linear, computeSuffixProduct(
                                                      sourceType.getShape())));
  }
  if (auto cast = dyn_cast_or_null<tensor::CastOp>(definition))
    return getElement(cast.getSource(), position);
  return {};
}

Attribute ElementEvaluator::getScalar(linalg::LinalgOp op, Value value,
                                      ArrayRef<int64_t> counters) {
  Block *body = op.getBlock();
  auto argument = [&](BlockArgument blockArgument) -> Attribute {
    if (blockArgument.getOwner() != body)
      return {};
    OpOperand &operand = op->getOpOperand(blockArgument.getArgNumber());
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (isa<RankedTensorType>(operand.get().getType()))
      return getElement(operand.get(), map.compose(counters));
    Attribute constant;
    matchPattern(operand.get(), m_Constant(&constant));
    return constant;
  };
  BodyEvaluator evaluator(body, /*finite=*/false, argument);
  evaluator.overrideResults([&](OpResult result) -> std::optional<Attribute> {
    Operation *owner = result.getOwner();
    if (owner->getBlock() != body)
      return std::nullopt;
    if (auto index = dyn_cast<linalg::IndexOp>(owner))
      return IntegerAttr::get(index.getType(), counters[index.getDim()]);
    auto extract = dyn_cast<tensor::ExtractOp>(owner);
    if (!extract)
      return std::nullopt;
    SmallVector<int64_t> position;
    for (Value index : extract.getIndices()) {
      auto known = dyn_cast_or_null<IntegerAttr>(evaluator.evaluate(index));
      if (!known)
        return Attribute();
      position.push_back(known.getInt());
    }
    return getElement(extract.getTensor(), position);
  });
  return evaluator.evaluate(value);
}
