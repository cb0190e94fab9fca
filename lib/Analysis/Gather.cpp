//===- Gather.cpp - Reads of tensors at computed places -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// How an index depends on loops is found by asking which loops are mentioned
// and evaluating it at every value of their counters: frameworks compute places
// in floating point, with comparisons for what is negative, in chains of
// operations that no pattern would follow.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/Gather.h"

#include "Prune/Analysis/ElementEvaluator.h"
#include "Prune/Support/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace mlir::prune;

bool GatherIndex::isIdentity() const {
  return loop && llvm::equal(values, llvm::seq<int64_t>(0, values.size()));
}

std::optional<std::pair<int64_t, int64_t>> GatherIndex::getProgression() const {
  if (values.empty())
    return std::nullopt;
  int64_t step = values.size() > 1 ? values[1] - values[0] : 1;
  for (auto [i, value] : llvm::enumerate(values))
    if (value != values[0] + static_cast<int64_t>(i) * step)
      return std::nullopt;
  return std::pair(values[0], step);
}

//===----------------------------------------------------------------------===//
// Analysis
//===----------------------------------------------------------------------===//

/// Loops whose counters a scalar of the body mentions.
static llvm::SmallBitVector getLoops(linalg::LinalgOp op, Value value) {
  llvm::SmallBitVector loops(op.getNumLoops());
  SmallVector<Value> worklist(1, value);
  DenseSet<Value> seen;
  while (!worklist.empty()) {
    Value next = worklist.pop_back_val();
    if (!seen.insert(next).second || next.getParentBlock() != op.getBlock())
      continue;
    if (auto argument = dyn_cast<BlockArgument>(next)) {
      OpOperand &operand = op->getOpOperand(argument.getArgNumber());
      AffineMap map = op.getMatchingIndexingMap(&operand);
      for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
        if (map.isFunctionOfDim(loop))
          loops.set(loop);
    } else if (auto index = next.getDefiningOp<linalg::IndexOp>()) {
      loops.set(index.getDim());
    } else {
      llvm::append_range(worklist, next.getDefiningOp()->getOperands());
    }
  }
  return loops;
}

/// Values of an index over all counters of `loops`, row-major; empty when one
/// is not known or outside of [0, extent).
static SmallVector<int64_t> evaluateIndex(linalg::LinalgOp op,
                                          ElementEvaluator &evaluator,
                                          Value index, int64_t extent,
                                          ArrayRef<unsigned> loops,
                                          ArrayRef<int64_t> ranges) {
  SmallVector<int64_t> values;
  SmallVector<int64_t> counters(op.getNumLoops(), 0);
  SmallVector<int64_t> position(loops.size(), 0);
  do {
    for (auto [loop, counter] : llvm::zip_equal(loops, position))
      counters[loop] = counter;
    auto value =
        dyn_cast_or_null<IntegerAttr>(evaluator.getScalar(op, index, counters));
    if (!value || value.getInt() < 0 || value.getInt() >= extent)
      return {};
    values.push_back(value.getInt());
  } while (advance(position, ranges));
  return values;
}

/// Drops loops that are mentioned but change nothing.
static std::optional<GatherIndex> reduce(ArrayRef<int64_t> values,
                                         ArrayRef<unsigned> loops,
                                         ArrayRef<int64_t> ranges) {
  if (llvm::all_equal(values))
    return GatherIndex{std::nullopt, {values.front()}};
  int64_t inner = values.size();
  for (auto [loop, range] : llvm::zip_equal(loops, ranges)) {
    inner /= range;
    auto agrees = [&, range = range](auto entry) {
      int64_t counter = entry.index() / inner % range;
      return entry.value() == values[counter * inner];
    };
    if (!llvm::all_of(llvm::enumerate(values), agrees))
      continue;
    GatherIndex index{loop, {}};
    for (int64_t counter = 0; counter < range; ++counter)
      index.values.push_back(values[counter * inner]);
    return index;
  }
  return std::nullopt;
}

static std::optional<GatherIndex> analyzeIndex(linalg::LinalgOp op,
                                               ElementEvaluator &evaluator,
                                               Value index, int64_t extent) {
  constexpr int64_t kMostValues = 1 << 16;
  SmallVector<unsigned> loops;
  SmallVector<int64_t> ranges;
  SmallVector<int64_t> allRanges = op.getStaticLoopRanges();
  int64_t count = 1;
  // The bits that are iterated over must outlive the loop.
  llvm::SmallBitVector moving = getLoops(op, index);
  for (unsigned loop : moving.set_bits()) {
    int64_t range = allRanges[loop];
    if (ShapedType::isDynamic(range) || range == 0 || range > kMostValues)
      return std::nullopt;
    loops.push_back(loop);
    ranges.push_back(range);
    if ((count *= range) > kMostValues)
      return std::nullopt;
  }
  SmallVector<int64_t> values =
      evaluateIndex(op, evaluator, index, extent, loops, ranges);
  if (values.empty())
    return std::nullopt;
  // A loop that runs once is kept: it ties its dimension.
  if (loops.size() == 1)
    return GatherIndex{loops.front(), std::move(values)};
  return reduce(values, loops, ranges);
}

SmallVector<Gather> mlir::prune::getGathers(linalg::LinalgOp op) {
  SmallVector<Gather> gathers;
  if (!op || op->getNumRegions() != 1 || !op.hasPureTensorSemantics() ||
      op.getNumParallelLoops() != op.getNumLoops())
    return gathers;
  ElementEvaluator evaluator;
  for (auto extract : op.getBlock()->getOps<tensor::ExtractOp>()) {
    auto type = extract.getTensor().getType();
    if (!type.hasStaticShape() || !isa<FloatType>(type.getElementType()) ||
        extract.getTensor().getParentBlock() == op.getBlock())
      continue;
    Gather gather{extract, {}};
    for (auto [index, extent] :
         llvm::zip_equal(extract.getIndices(), type.getShape()))
      gather.indices.push_back(analyzeIndex(op, evaluator, index, extent));
    gathers.push_back(std::move(gather));
  }
  return gathers;
}

bool mlir::prune::isIndexOfGathers(linalg::IndexOp counter,
                                   ArrayRef<Gather> gathers) {
  SmallVector<Value> worklist(1, counter.getResult());
  DenseSet<Value> seen;
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if (!seen.insert(value).second)
      continue;
    for (OpOperand &use : value.getUses()) {
      Operation *user = use.getOwner();
      auto *gather = llvm::find_if(
          gathers, [&](const Gather &g) { return g.extract == user; });
      if (gather != gathers.end()) {
        if (!gather->indices[use.getOperandNumber() - 1])
          return false;
        continue;
      }
      if (user->hasTrait<OpTrait::IsTerminator>() || user->getNumRegions() != 0)
        return false;
      llvm::append_range(worklist, user->getResults());
    }
  }
  return true;
}

bool mlir::prune::isPureGather(linalg::LinalgOp op, ArrayRef<Gather> gathers) {
  return gathers.size() == 1 && op->getNumResults() == 1 &&
         op.getBlock()->getTerminator()->getOperand(0) ==
             Gather(gathers.front()).extract.getResult();
}

std::optional<Rearrangement>
mlir::prune::matchRearrangement(linalg::LinalgOp op) {
  SmallVector<Gather> gathers = getGathers(op);
  if (!isPureGather(op, gathers))
    return std::nullopt;
  const Gather &gather = gathers.front();
  auto source = cast<RankedTensorType>(gather.getSource().getType());
  auto result = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!result || result.getRank() != source.getRank() || !map.isPermutation())
    return std::nullopt;
  Rearrangement rearrangement{gather.extract, {}, {}};
  rearrangement.dims.assign(result.getRank(), -1);
  rearrangement.isReversed.assign(result.getRank(), false);
  SmallVector<int64_t> units;
  for (auto [dim, index] : llvm::enumerate(gather.indices)) {
    if (!index)
      return std::nullopt;
    // A dimension of extent one may be read at 0 without its loop.
    if (!index->loop && source.getDimSize(dim) == 1) {
      units.push_back(dim);
      continue;
    }
    if (!index->loop)
      return std::nullopt;
    unsigned to =
        *map.getResultPosition(getAffineDimExpr(*index->loop, op.getContext()));
    auto progression = index->getProgression();
    if (!progression || rearrangement.dims[to] != -1 ||
        result.getDimSize(to) != source.getDimSize(dim))
      return std::nullopt;
    auto [offset, step] = *progression;
    bool isBackward = step == -1 && offset == source.getDimSize(dim) - 1;
    if (!isBackward && (step != 1 || offset != 0))
      return std::nullopt;
    rearrangement.dims[to] = dim;
    rearrangement.isReversed[to] = isBackward;
  }
  for (auto [to, dim] : llvm::enumerate(rearrangement.dims)) {
    if (dim != -1)
      continue;
    if (result.getDimSize(to) != 1)
      return std::nullopt;
    dim = units.pop_back_val();
  }
  return rearrangement;
}

//===----------------------------------------------------------------------===//
// Writing indices
//===----------------------------------------------------------------------===//

static Value createConstantIndex(OpBuilder &builder, Location loc,
                                 int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

/// Values for the counters one by one, read from a constant.
static Value createTable(OpBuilder &builder, Location loc, Operation *owner,
                         Value counter, ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    builder.getI64Type());
  OpBuilder outside(owner);
  auto table = arith::ConstantOp::create(outside, loc,
                                         DenseElementsAttr::get(type, values));
  auto entry =
      tensor::ExtractOp::create(builder, loc, table, ValueRange{counter});
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    entry);
}

static Value createIndex(OpBuilder &builder, Location loc, Operation *owner,
                         const GatherIndex &index) {
  if (!index.loop)
    return createConstantIndex(builder, loc, index.values.front());
  Value counter = linalg::IndexOp::create(builder, loc, *index.loop);
  if (index.isIdentity())
    return counter;
  auto progression = index.getProgression();
  if (!progression)
    return createTable(builder, loc, owner, counter, index.values);
  auto [offset, step] = *progression;
  if (step == 0)
    return createConstantIndex(builder, loc, offset);
  Value start = createConstantIndex(builder, loc, offset);
  if (step == -1)
    return arith::SubIOp::create(builder, loc, start, counter);
  if (step != 1) {
    Value factor = createConstantIndex(builder, loc, step);
    counter = arith::MulIOp::create(builder, loc, counter, factor);
  }
  if (offset == 0)
    return counter;
  return arith::AddIOp::create(builder, loc, counter, start);
}

/// Erases what computed a scalar of the body that nothing reads any more. Reads
/// of tensors of numbers may be gathers that others refer to.
static void eraseUnread(Block *body, Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != body || !isOpTriviallyDead(op) ||
      (isa<tensor::ExtractOp>(op) && isa<FloatType>(value.getType())))
    return;
  SmallVector<Value> operands(op->getOperands());
  op->erase();
  for (Value operand : operands)
    eraseUnread(body, operand);
}

void mlir::prune::setGatherIndex(OpBuilder &builder, Gather &gather,
                                 unsigned dim, GatherIndex index) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(gather.extract);
  Operation *owner = gather.extract->getParentOp();
  Value value = createIndex(builder, gather.extract.getLoc(), owner, index);
  Value before = gather.extract.getIndices()[dim];
  gather.extract.getIndicesMutable()[dim].set(value);
  eraseUnread(gather.extract->getBlock(), before);
  gather.indices[dim] = std::move(index);
}

bool mlir::prune::isShortIndex(const Gather &gather, unsigned dim) {
  tensor::ExtractOp extract = gather.extract;
  Value value = extract.getIndices()[dim];
  auto isConstant = [](Value part) { return matchPattern(part, m_Constant()); };
  auto isCounter = [](Value part) {
    return part.getDefiningOp<linalg::IndexOp>() != nullptr;
  };
  if (isConstant(value) || isCounter(value))
    return true;
  Operation *op = value.getDefiningOp();
  if (auto cast = dyn_cast_or_null<arith::IndexCastOp>(op)) {
    auto table = cast.getIn().getDefiningOp<tensor::ExtractOp>();
    return table && table.getIndices().size() == 1 &&
           isConstant(table.getTensor()) && isCounter(table.getIndices()[0]);
  }
  auto isTerm = [&](Value part) {
    auto product = part.getDefiningOp<arith::MulIOp>();
    return isCounter(part) || isConstant(part) ||
           (product && isCounter(product.getLhs()) &&
            isConstant(product.getRhs()));
  };
  return isa_and_nonnull<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op) &&
         llvm::all_of(op->getOperands(), isTerm);
}

linalg::GenericOp
mlir::prune::createGather(OpBuilder &builder, Location loc, Value source,
                          RankedTensorType type,
                          ArrayRef<SmallVector<int64_t>> indices) {
  auto empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                       type.getElementType());
  AffineMap map = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(builder, loc, TypeRange{type},
                                           ValueRange{}, ValueRange{empty},
                                           ArrayRef<AffineMap>(map), iterators);
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&generic.getRegion(), {}, {type.getElementType()}, {loc});
  SmallVector<Value> places;
  for (auto [dim, values] : llvm::enumerate(indices)) {
    GatherIndex index{static_cast<unsigned>(dim), values};
    places.push_back(createIndex(builder, loc, generic, index));
  }
  auto extract = tensor::ExtractOp::create(builder, loc, source, places);
  linalg::YieldOp::create(builder, loc, ValueRange{extract});
  return generic;
}
