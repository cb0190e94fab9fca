//===- OrientWeights.cpp - Store weights of contractions as [out, in] -----===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A transpose in front of a contraction is a renaming of the dimensions of one
// operand: if result dimension i of the transpose is dimension p(i) of its
// input, the input's map has at position p(i) what the transposed map has at
// position i. Constants in the order [in, out] are transposed as data, once per
// element, and the operand's map with them.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"
#include "Prune/Support/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#define DEBUG_TYPE "prune-orient-weights"

namespace mlir::prune {
#define GEN_PASS_DEF_ORIENTWEIGHTSPASS
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

static constexpr StringLiteral kIndexingMaps = "indexing_maps";

/// True for contractions whose indexing maps are an attribute that may be any
/// permutation.
static bool hasFreeMaps(linalg::LinalgOp op) {
  return isa<linalg::MatmulOp, linalg::BatchMatmulOp, linalg::ContractOp,
             linalg::GenericOp>(op.getOperation()) &&
         linalg::isaContractionOpInterface(op);
}

/// The permutation of a transpose, named or generic.
static std::optional<SmallVector<int64_t>> getPermutation(Operation *op) {
  if (auto transpose = dyn_cast_or_null<linalg::TransposeOp>(op))
    return llvm::to_vector(transpose.getPermutation());
  if (auto generic = dyn_cast_or_null<linalg::GenericOp>(op))
    return linalg::isaTransposeOpInterface(generic);
  return std::nullopt;
}

/// Replaces the operand by `value` and its map by `map`.
static void setOperand(linalg::LinalgOp op, OpOperand &operand, Value value,
                       AffineMap map) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps[operand.getOperandNumber()] = map;
  operand.set(value);
  Builder builder(op.getContext());
  op->setAttr(kIndexingMaps, builder.getAffineMapArrayAttr(maps));
}

/// The map of the input of a transpose whose result has `map`.
static AffineMap undoPermutation(AffineMap map, ArrayRef<int64_t> permutation) {
  SmallVector<AffineExpr> results(map.getNumResults());
  for (auto [i, dim] : llvm::enumerate(permutation))
    results[dim] = map.getResult(i);
  return AffineMap::get(map.getNumDims(), /*symbolCount=*/0, results,
                        map.getContext());
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

namespace {
struct OrientWeightsPass
    : prune::impl::OrientWeightsPassBase<OrientWeightsPass> {
  using OrientWeightsPassBase::OrientWeightsPassBase;

  void runOnOperation() override {
    getOperation().walk([&](linalg::LinalgOp op) {
      if (!hasFreeMaps(op) || !op.hasPureTensorSemantics())
        return;
      for (OpOperand *operand : op.getDpsInputOperands()) {
        foldTransposes(op, *operand);
        orientWeight(op, *operand);
      }
    });
  }

private:
  void foldTransposes(linalg::LinalgOp op, OpOperand &operand) {
    while (true) {
      auto transpose = operand.get().getDefiningOp<linalg::LinalgOp>();
      if (!transpose)
        return;
      std::optional<SmallVector<int64_t>> permutation =
          getPermutation(transpose);
      if (!permutation)
        return;
      AffineMap map =
          undoPermutation(op.getMatchingIndexingMap(&operand), *permutation);
      setOperand(op, operand, transpose.getDpsInputOperand(0)->get(), map);
      if (transpose->use_empty())
        transpose->erase();
      ++numTransposesFolded;
    }
  }

  /// Brings a weight constant [in, out] to [out, in].
  void orientWeight(linalg::LinalgOp op, OpOperand &operand) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (!type || type.getRank() != 2 || !type.hasStaticShape() ||
        !map.isProjectedPermutation())
      return;
    auto iterators = op.getIteratorTypesArray();
    unsigned first = map.getDimPosition(0), second = map.getDimPosition(1);
    if (!linalg::isReductionIterator(iterators[first]) ||
        !linalg::isParallelIterator(iterators[second]))
      return;
    AffineMap newMap =
        AffineMap::get(map.getNumDims(), /*symbolCount=*/0,
                       {map.getResult(1), map.getResult(0)}, map.getContext());
    if (auto constant = operand.get().getDefiningOp<arith::ConstantOp>())
      orientConstant(op, operand, constant, newMap);
  }

  void orientConstant(linalg::LinalgOp op, OpOperand &operand,
                      arith::ConstantOp constant, AffineMap map) {
    if (!constant->hasOneUse())
      return;
    TypedAttr value = transposeConstant(constant);
    if (!value)
      return;
    OpBuilder builder(constant);
    auto newConstant =
        arith::ConstantOp::create(builder, constant.getLoc(), value);
    newConstant->setDiscardableAttrs(constant->getDiscardableAttrDictionary());
    setOperand(op, operand, newConstant, map);
    constant.erase();
    ++numWeightsTransposed;
  }
};
} // namespace
