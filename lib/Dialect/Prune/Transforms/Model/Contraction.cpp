//===- Contraction.cpp - Contractions whose maps change -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"

#include "Prune/Support/Constants.h"
#include "Prune/Support/DeadOperations.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace mlir::prune;

static constexpr llvm::StringLiteral kIndexingMaps = "indexing_maps";

void Contraction::reset(linalg::LinalgOp newOp) {
  op = newOp;
  result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  for (unsigned i : {0u, 1u}) {
    OpOperand *operand = op.getDpsInputOperand(i);
    inputs[i] = {operand->get(), op.getMatchingIndexingMap(operand)};
  }
}

bool Contraction::isUniform() const {
  Type type = getElementTypeOrSelf(op->getResult(0).getType());
  return isa<FloatType>(type) &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return isa<RankedTensorType>(operand.getType()) &&
                  getElementTypeOrSelf(operand.getType()) == type;
         });
}

bool Contraction::allows(unsigned input, AffineMap map) const {
  if (!map.isProjectedPermutation() || !(isUniform() || takesMap(input, map)))
    return false;
  AffineMap other = inputs[1 - input].map;
  for (unsigned loop = 0; loop < map.getNumDims(); ++loop) {
    unsigned count = map.isFunctionOfDim(loop) + other.isFunctionOfDim(loop);
    if (count == 0 || (count == 1 && !result.isFunctionOfDim(loop)))
      return false;
  }
  return true;
}

bool Contraction::takesMap(unsigned input, AffineMap map) const {
  Operation *operation = op;
  if (isa<linalg::GenericOp, linalg::ContractOp>(operation))
    return true;
  if (map.getNumResults() != inputs[input].map.getNumResults())
    return false;
  if (isa<linalg::MatmulOp>(operation))
    return map.getNumResults() == 2;
  if (isa<linalg::BatchMatmulOp, linalg::BatchReduceMatmulOp>(operation))
    return map.getNumResults() == 3 && map.getDimPosition(0) == 0;
  return false;
}

bool Contraction::isBatchLoop(unsigned loop) const {
  return result.isFunctionOfDim(loop) && inputs[0].map.isFunctionOfDim(loop) &&
         inputs[1].map.isFunctionOfDim(loop);
}

bool Contraction::isFlat(unsigned input) const {
  AffineMap weight = inputs[input].map, other = inputs[1 - input].map;
  unsigned rank = result.getNumResults();
  auto isStatic = [](Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.hasStaticShape();
  };
  if (weight.getNumResults() != 2 || rank < 2 ||
      other.getNumResults() != rank || result.getNumDims() != rank + 1 ||
      !weight.isFunctionOfDim(result.getDimPosition(rank - 1)) ||
      !llvm::all_of(op->getOperands(), isStatic))
    return false;
  for (unsigned dim = 0; dim + 1 < rank; ++dim)
    if (result.getDimPosition(dim) != other.getDimPosition(dim))
      return false;
  return weight.isFunctionOfDim(other.getDimPosition(rank - 1));
}

bool Contraction::isChanged() {
  return llvm::any_of(ArrayRef<unsigned>{0, 1}, [&](unsigned i) {
    OpOperand *operand = op.getDpsInputOperand(i);
    return inputs[i].value != operand->get() ||
           inputs[i].map != op.getMatchingIndexingMap(operand);
  });
}

/// Merges all dimensions but the last.
static Value flatten(OpBuilder &builder, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() == 2)
    return value;
  SmallVector<ReassociationIndices> groups{
      llvm::to_vector(llvm::seq<int64_t>(0, type.getRank() - 1)),
      {type.getRank() - 1}};
  // A fill is made again, as other passes look for it.
  if (auto fill = value.getDefiningOp<linalg::FillOp>()) {
    Value init = tensor::CollapseShapeOp::create(builder, value.getLoc(),
                                                 fill.getOutputs()[0], groups);
    auto flat = linalg::FillOp::create(builder, value.getLoc(),
                                       fill.getInputs(), ValueRange{init});
    return flat.getResult(0);
  }
  return tensor::CollapseShapeOp::create(builder, value.getLoc(), value,
                                         groups);
}

linalg::LinalgOp Contraction::createMatmul(OpBuilder &builder,
                                           unsigned weight) {
  Location loc = op.getLoc();
  unsigned rank = result.getNumResults();
  Value rows = flatten(builder, inputs[1 - weight].value);
  Value init = flatten(builder, op.getDpsInits()[0]);
  Value operands[] = {rows, inputs[weight].value};
  auto matmul = linalg::MatmulOp::create(builder, loc, init.getType(), operands,
                                         ValueRange{init});
  AffineExpr m, n, k;
  bindDims(op.getContext(), m, n, k);
  bool isOutIn =
      inputs[weight].map.getDimPosition(0) == result.getDimPosition(rank - 1);
  AffineExpr columns[] = {isOutIn ? n : k, isOutIn ? k : n};
  matmul.setIndexingMapsAttr(builder.getAffineMapArrayAttr(
      {AffineMap::get(3, 0, {m, k}, op.getContext()),
       AffineMap::get(3, 0, columns, op.getContext()),
       AffineMap::get(3, 0, {m, n}, op.getContext())}));
  Value value = matmul.getResult(0);
  if (rank > 2) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    SmallVector<ReassociationIndices> groups{
        llvm::to_vector(llvm::seq<int64_t>(0, rank - 1)), {rank - 1}};
    value = tensor::ExpandShapeOp::create(builder, loc, type, value, groups);
  }
  op->getResult(0).replaceAllUsesWith(value);
  return matmul;
}

/// A two-dimensional constant with its dimensions exchanged; null when the
/// values are not at hand as whole bytes.
static TypedAttr transposeConstant(arith::ConstantOp constant) {
  auto type = cast<RankedTensorType>(constant.getType());
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
  auto newType = RankedTensorType::get({columns, rows}, type.getElementType());
  if (auto splat = dyn_cast<SplatElementsAttr>(constant.getValue()))
    return splat.reshape(newType);
  std::optional<ConstantView> view = ConstantView::get(constant.getValue());
  std::optional<ArrayRef<char>> source =
      view ? view->getRawData() : std::nullopt;
  if (!source)
    return {};
  int64_t size = getElementBytes(type.getElementType());
  AsmResourceBlob blob =
      HeapAsmResourceBlob::allocate(source->size(), /*align=*/16);
  char *target = blob.getMutableData().data();
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      std::memcpy(target + (column * rows + row) * size,
                  source->data() + (row * columns + column) * size, size);
  StringRef key = "transposed_weight";
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue()))
    key = resource.getRawHandle().getKey();
  return createResource(newType, key, std::move(blob));
}

bool Contraction::canonicalizeWeight(unsigned input) {
  Elements &elements = inputs[input];
  auto type = dyn_cast<RankedTensorType>(elements.value.getType());
  auto constant = elements.value.getDefiningOp<arith::ConstantOp>();
  if (!type || type.getRank() != 2 || !type.hasStaticShape() || !constant ||
      !constant->hasOneUse() || !elements.map.isProjectedPermutation())
    return false;
  auto iterators = op.getIteratorTypesArray();
  if (iterators[elements.map.getDimPosition(0)] !=
          utils::IteratorType::reduction ||
      iterators[elements.map.getDimPosition(1)] !=
          utils::IteratorType::parallel)
    return false;
  TypedAttr value = transposeConstant(constant);
  if (!value)
    return false;
  OpBuilder builder(constant);
  auto newConstant =
      arith::ConstantOp::create(builder, constant.getLoc(), value);
  newConstant->setDiscardableAttrs(constant->getDiscardableAttrDictionary());
  AffineMap map = AffineMap::get(
      elements.map.getNumDims(), /*symbolCount=*/0,
      {elements.map.getResult(1), elements.map.getResult(0)}, op.getContext());
  elements = {newConstant, map};
  return true;
}

bool Contraction::commit() {
  bool takesMaps = takesMap(0, inputs[0].map) && takesMap(1, inputs[1].map);
  std::optional<unsigned> weight;
  if (isUniform() && (result.getNumResults() > 2 || !takesMaps))
    for (unsigned i : {0u, 1u})
      if (isFlat(i))
        weight = i;
  if (!isChanged() && !weight)
    return false;
  OpBuilder builder(op);
  SmallVector<Value> old(op->getOperands().take_front(2));
  bool isReshaped = weight && result.getNumResults() > 2;
  ArrayAttr maps =
      builder.getAffineMapArrayAttr({inputs[0].map, inputs[1].map, result});
  linalg::LinalgOp made = op;
  if (weight) {
    made = createMatmul(builder, *weight);
  } else if (takesMaps) {
    for (unsigned i : {0u, 1u})
      op.getDpsInputOperand(i)->set(inputs[i].value);
    op->setAttr(kIndexingMaps, maps);
  } else {
    Value operands[] = {inputs[0].value, inputs[1].value};
    made = linalg::ContractOp::create(builder, op.getLoc(),
                                      op->getResult(0).getType(), operands,
                                      op.getDpsInits(), maps);
    op->getResult(0).replaceAllUsesWith(made->getResult(0));
  }
  if (made != op) {
    made->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    op->erase();
  }
  eraseDead(old);
  reset(made);
  return isReshaped;
}
