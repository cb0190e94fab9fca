//===- LoopNestAdjoint.cpp - Scalar expressions to structured ops ---------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// An expression over the sources of a loop nest becomes one structured
// operation. Loops keep their order, so that `linalg.index` keeps its meaning.
// Only sources that the expression reads become inputs; a further operand joins
// them where the extent of a loop would be unknown without it. Linear in the
// size of the expression.
//
//===----------------------------------------------------------------------===//

#include "LoopNestAdjoint.h"

#include "Prune/Dialect/Prune/Utils/StructuredBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace mlir::prune;

bool mlir::prune::isOneToOne(AffineMap map) { return map.isPermutation(); }

/// Loops that are no index of `map` by themselves: those to sum over.
static SmallVector<utils::IteratorType> getIterators(AffineMap map) {
  SmallVector<utils::IteratorType> iterators(map.getNumDims(),
                                             utils::IteratorType::reduction);
  for (AffineExpr expr : map.getResults())
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      iterators[dim.getPosition()] = utils::IteratorType::parallel;
  return iterators;
}

Value mlir::prune::createZeros(OpBuilder &builder, Location loc, Value like) {
  if (isa<RankedTensorType>(like.getType()))
    return createFilledLike(builder, loc, like, 0.0);
  Value empty = tensor::EmptyOp::create(builder, loc, ArrayRef<int64_t>(),
                                        like.getType());
  Value zero = arith::ConstantOp::create(builder, loc,
                                         builder.getZeroAttr(like.getType()));
  return linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

LogicalResult LoopNest::collect(Value value,
                                ScalarExpression &expression) const {
  Operation *definition = value.getDefiningOp();
  Block *block = value.getParentBlock();
  bool isInside = block == scratch || block == op.getBlock();
  if (!isInside)
    return success();
  if (definition && definition->hasTrait<OpTrait::ConstantLike>()) {
    expression.operations.insert(definition);
    return success();
  }
  if (isSource(value)) {
    expression.sources.insert(value);
    return success();
  }
  if (!definition)
    return op.emitError(
        "no reverse-mode rule: the adjoint depends on a partial "
        "result of a reduction");
  if (definition->getNumRegions() != 0)
    return definition->emitError("no reverse-mode rule for a region in the "
                                 "body of a structured operation");
  for (Value operand : definition->getOperands())
    if (failed(collect(operand, expression)))
      return failure();
  expression.operations.insert(definition);
  return success();
}

/// Clones the expression into the body of a new operation, where its sources
/// are the given arguments. Equal constants become one.
static Value cloneExpression(OpBuilder &builder,
                             const ScalarExpression &expression,
                             ValueRange arguments) {
  IRMapping mapping;
  for (auto [source, argument] :
       llvm::zip_equal(expression.sources.getArrayRef(), arguments))
    mapping.map(source, argument);
  llvm::SmallDenseMap<Attribute, Value> constants;
  for (Operation *operation : expression.operations) {
    Attribute constant;
    if (operation->getNumResults() == 1 &&
        matchPattern(operation->getResult(0), m_Constant(&constant))) {
      Value &known = constants[constant];
      if (!known)
        known = builder.clone(*operation, mapping)->getResult(0);
      mapping.map(operation->getResult(0), known);
      continue;
    }
    builder.clone(*operation, mapping);
  }
  return mapping.lookupOrDefault(expression.root);
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

/// The dimensions of a projected permutation in the order of its results.
static SmallVector<int64_t> getPositions(AffineMap map) {
  SmallVector<int64_t> positions;
  for (unsigned i = 0; i < map.getNumResults(); ++i)
    positions.push_back(map.getDimPosition(i));
  return positions;
}

/// The dimensions of the domain of a projected permutation that are no results.
static SmallVector<int64_t> getMissing(AffineMap map) {
  SmallVector<int64_t> present = getPositions(map), missing;
  for (int64_t i = 0; i < map.getNumDims(); ++i)
    if (!llvm::is_contained(present, i))
      missing.push_back(i);
  return missing;
}

/// Moves or adds up the elements of one source without computing anything, if a
/// named operation does just that; returns null if none does.
Value LoopNest::createCopy(OpBuilder &builder, ScalarSource source,
                           AffineMap map, Value like) const {
  Location loc = op.getLoc();
  if (!isa<RankedTensorType>(source.container.getType()) ||
      !source.map.isProjectedPermutation() || !map.isProjectedPermutation())
    return {};
  if (source.map.isPermutation() && !map.isPermutation()) {
    AffineMap kept = map.compose(inversePermutation(source.map));
    if (!llvm::is_sorted(getPositions(kept)))
      return {};
    return createSum(builder, loc, source.container, getMissing(kept));
  }
  if (!map.isPermutation())
    return {};
  AffineMap read = source.map.compose(inversePermutation(map));
  if (read.isPermutation()) {
    Value empty = createEmptyLike(builder, loc, like);
    SmallVector<int64_t> permutation = getPositions(inversePermutation(read));
    return linalg::TransposeOp::create(builder, loc, source.container, empty,
                                       permutation)
        ->getResult(0);
  }
  if (!llvm::is_sorted(getPositions(read)))
    return {};
  Value empty = createEmptyLike(builder, loc, like);
  return linalg::BroadcastOp::create(builder, loc, source.container, empty,
                                     getMissing(read))
      ->getResult(0);
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

/// True when every summed loop indexes both factors and every other loop at
/// least one: what linalg.contract can say.
static bool isContraction(AffineMap lhs, AffineMap rhs, AffineMap out) {
  bool hasSum = false;
  for (unsigned dim = 0; dim < out.getNumDims(); ++dim) {
    bool inLhs = lhs.isFunctionOfDim(dim), inRhs = rhs.isFunctionOfDim(dim);
    bool isSummed = !out.isFunctionOfDim(dim);
    hasSum |= isSummed;
    if (isSummed ? !(inLhs && inRhs) : !(inLhs || inRhs))
      return false;
  }
  return hasSum && lhs.isProjectedPermutation() &&
         rhs.isProjectedPermutation() && out.isProjectedPermutation();
}

/// Renames the loops (rows and columns of the result, then the sum) to those of
/// linalg.matmul and orders the factors accordingly. False when the contraction
/// is no matrix product.
static bool normalizeToMatmul(ScalarSource &lhs, ScalarSource &rhs,
                              AffineMap &out) {
  if (out.getNumDims() != 3 || lhs.map.getNumResults() != 2 ||
      rhs.map.getNumResults() != 2 || out.getNumResults() != 2)
    return false;
  unsigned rows = out.getDimPosition(0), columns = out.getDimPosition(1);
  if (rhs.map.isFunctionOfDim(rows))
    std::swap(lhs, rhs);
  if (!lhs.map.isFunctionOfDim(rows) || !rhs.map.isFunctionOfDim(columns))
    return false;
  SmallVector<AffineExpr> names(3);
  MLIRContext *context = out.getContext();
  names[rows] = getAffineDimExpr(0, context);
  names[columns] = getAffineDimExpr(1, context);
  names[3 - rows - columns] = getAffineDimExpr(2, context);
  for (AffineMap *map : {&lhs.map, &rhs.map, &out})
    *map = map->replaceDimsAndSymbols(names, {}, /*numResultDims=*/3,
                                      /*numResultSyms=*/0);
  return true;
}

Value LoopNest::createContraction(OpBuilder &builder, Value root, AffineMap map,
                                  Value like) const {
  auto product = root.getDefiningOp<arith::MulFOp>();
  if (!product || !isa<RankedTensorType>(like.getType()) ||
      !isSource(product.getLhs()) || !isSource(product.getRhs()))
    return {};
  ScalarSource lhs = sources.lookup(product.getLhs());
  ScalarSource rhs = sources.lookup(product.getRhs());
  auto isTensor = [](Value value) {
    return isa<RankedTensorType>(value.getType());
  };
  if (!isTensor(lhs.container) || !isTensor(rhs.container) ||
      !isContraction(lhs.map, rhs.map, map))
    return {};
  Location loc = op.getLoc();
  Value zeros = createFilledLike(builder, loc, like, 0.0);
  bool isMatmul = normalizeToMatmul(lhs, rhs, map);
  ArrayAttr maps = builder.getAffineMapArrayAttr({lhs.map, rhs.map, map});
  Value factors[] = {lhs.container, rhs.container};
  if (!isMatmul)
    return linalg::ContractOp::create(builder, loc, like.getType(), factors,
                                      zeros, maps)
        ->getResult(0);
  auto matmul =
      linalg::MatmulOp::create(builder, loc, like.getType(), factors, zeros);
  matmul.setIndexingMapsAttr(maps);
  return matmul.getResult(0);
}

//===----------------------------------------------------------------------===//
// Generics
//===----------------------------------------------------------------------===//

/// Loops whose extent the shape of some operand tells: those that are an index
/// by themselves.
static llvm::SmallBitVector getKnownLoops(ArrayRef<AffineMap> maps) {
  llvm::SmallBitVector known(maps.front().getNumDims());
  for (AffineMap map : maps)
    for (AffineExpr expr : map.getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        known.set(dim.getPosition());
  return known;
}

/// Adds the operands of the operation without which the extent of a loop would
/// be unknown; `maps` ends with that of the result.
void LoopNest::addShapeOperands(SmallVectorImpl<Value> &inputs,
                                SmallVectorImpl<AffineMap> &maps) const {
  llvm::SmallBitVector known = getKnownLoops(maps);
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    llvm::SmallBitVector more = known | getKnownLoops(map);
    if (more == known)
      continue;
    known = more;
    inputs.push_back(operand.get());
    maps.insert(std::prev(maps.end()), map);
  }
}

Value LoopNest::createGeneric(OpBuilder &builder,
                              const ScalarExpression &expression, AffineMap map,
                              Value init) const {
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  // Input of each source; sources that are read alike share one.
  SmallVector<unsigned> positions;
  for (Value scalar : expression.sources) {
    ScalarSource source = sources.lookup(scalar);
    unsigned position = 0;
    while (position < inputs.size() && (inputs[position] != source.container ||
                                        maps[position] != source.map))
      ++position;
    positions.push_back(position);
    if (position < inputs.size())
      continue;
    inputs.push_back(source.container);
    maps.push_back(source.map);
  }
  maps.push_back(map);
  addShapeOperands(inputs, maps);
  bool accumulates = !isOneToOne(map);
  auto generic = linalg::GenericOp::create(
      builder, op.getLoc(), init.getType(), inputs, init, maps,
      getIterators(map), [&](OpBuilder &b, Location loc, ValueRange arguments) {
        auto read = llvm::map_to_vector(
            positions, [&](unsigned i) -> Value { return arguments[i]; });
        Value result = cloneExpression(b, expression, read);
        if (accumulates)
          result = arith::AddFOp::create(b, loc, arguments.back(), result);
        linalg::YieldOp::create(b, loc, result);
      });
  return generic.getResult(0);
}

FailureOr<Value> LoopNest::accumulate(OpBuilder &builder, Value root,
                                      AffineMap map, Value like) {
  Location loc = op.getLoc();
  bool isTensor = isa<RankedTensorType>(like.getType());
  bool isRootSource = isSource(root);
  ScalarSource rootSource = sources.lookup(root);
  if (isRootSource && rootSource.map == map &&
      rootSource.container.getType() == like.getType())
    return rootSource.container;
  ScalarExpression expression;
  expression.root = root;
  if (failed(collect(root, expression)))
    return failure();

  Value result;
  FloatAttr constant;
  bool isConstant = matchPattern(root, m_Constant(&constant));
  if (isConstant && isTensor && isOneToOne(map))
    result = createFilledLike(builder, loc, like, constant.getValueAsDouble());
  else if (isRootSource && !isConstant)
    result = createCopy(builder, rootSource, map, like);
  else if (!isOneToOne(map))
    result = createContraction(builder, root, map, like);
  if (!result) {
    Value init = isTensor && isOneToOne(map)
                     ? createEmptyLike(builder, loc, like)
                     : createZeros(builder, loc, like);
    result = createGeneric(builder, expression, map, init);
  }
  if (!isTensor && isa<RankedTensorType>(result.getType()))
    result = tensor::ExtractOp::create(builder, loc, result, ValueRange());
  return result;
}
