//===- GroupedSum.cpp - Sums of products in groups ------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GroupedSum.h"

#include "ConstantOffsets.h"
#include "Prune/Implementations/Channels.h"
#include "WeightedSum.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace mlir::prune;

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

static int64_t getExtent(Value value, unsigned dim) {
  return cast<RankedTensorType>(value.getType()).getDimSize(dim);
}

/// A side whose reshape splits, or merges, two neighboring dimensions of the
/// tensor in groups, and nothing else but dimensions of extent 1.
template <typename OpTy>
static std::optional<GroupedSum::Side>
matchSide(OpTy reshape, Value flat, Value split, unsigned groupDim) {
  auto flatType = cast<RankedTensorType>(flat.getType());
  auto splitType = cast<RankedTensorType>(split.getType());
  if (!flatType.hasStaticShape() || !splitType.hasStaticShape())
    return std::nullopt;
  GroupedSum::Side side{flat, split, 0, groupDim, {}};
  side.flatDims.resize(splitType.getRank());
  bool isSplit = false;
  for (auto [flatDim, group] :
       llvm::enumerate(reshape.getReassociationIndices())) {
    if (group.size() == 2 && group.front() == groupDim) {
      side.flatDim = flatDim;
      side.flatDims[groupDim] = side.flatDims[groupDim + 1] = flatDim;
      isSplit = true;
      continue;
    }
    auto isWide = [&](int64_t dim) { return splitType.getDimSize(dim) != 1; };
    if (llvm::count_if(group, isWide) > 1 ||
        llvm::is_contained(group, groupDim))
      return std::nullopt;
    auto wide = llvm::find_if(group, isWide);
    side.flatDims[wide == group.end() ? group.front() : *wide] = flatDim;
  }
  return isSplit ? std::optional(side) : std::nullopt;
}

/// An operand that was split for `op` alone; the position follows the group.
static std::optional<GroupedSum::Side> matchSplit(linalg::LinalgOp op,
                                                  OpOperand &operand,
                                                  unsigned groupLoop,
                                                  unsigned positionLoop) {
  auto expand = operand.get().getDefiningOp<tensor::ExpandShapeOp>();
  AffineMap map = op.getMatchingIndexingMap(&operand);
  std::optional<unsigned> group = getDim(map, groupLoop);
  std::optional<unsigned> position = getDim(map, positionLoop);
  if (!expand || !expand->hasOneUse() || !group || !position ||
      *position != *group + 1)
    return std::nullopt;
  return matchSide(expand, expand.getSrc(), expand.getResult(), *group);
}

/// The number that an initial value is all over.
static FloatAttr getNumber(Value init) {
  FloatAttr number;
  SplatElementsAttr splat;
  if (auto fill = init.getDefiningOp<linalg::FillOp>())
    matchPattern(fill.getInputs().front(), m_Constant(&number));
  else if (matchPattern(init, m_Constant(&splat)))
    number = dyn_cast<FloatAttr>(splat.getSplatValue<Attribute>());
  return number;
}

/// The loops of groups, results and inputs of a weight.
static LogicalResult matchLoops(linalg::LinalgOp op, AffineMap weight,
                                AffineMap input, GroupedSum &sum) {
  std::optional<unsigned> group, output, summed;
  for (unsigned dim = 0; dim < weight.getNumResults(); ++dim) {
    unsigned loop = *getLoop(weight, dim);
    bool isRead = getDim(input, loop).has_value();
    if (isReduction(op, loop) && !isRead)
      continue;
    std::optional<unsigned> &found =
        isReduction(op, loop) ? summed : (isRead ? group : output);
    if (found)
      return failure();
    found = loop;
  }
  if (!group || !output || !summed)
    return failure();
  std::tie(sum.groupLoop, sum.outputLoop, sum.inputLoop) =
      std::tuple(*group, *output, *summed);
  return success();
}

/// The result, merged by its only reader.
static std::optional<GroupedSum::Side> matchResult(const GroupedSum &sum) {
  linalg::LinalgOp op = sum.op;
  Value result = op->getResult(0);
  AffineMap map = op.getMatchingIndexingMap(sum.initOperand);
  std::optional<unsigned> group = getDim(map, sum.groupLoop);
  auto collapse = result.hasOneUse()
                      ? dyn_cast<tensor::CollapseShapeOp>(*result.user_begin())
                      : tensor::CollapseShapeOp();
  if (!collapse || !group || getDim(map, sum.outputLoop) != *group + 1)
    return std::nullopt;
  return matchSide(collapse, collapse.getResult(), result, *group);
}

std::optional<GroupedSum> GroupedSum::match(linalg::LinalgOp op) {
  std::optional<SumOfProducts> product = matchSumOfProducts(op);
  if (!product)
    return std::nullopt;
  for (auto [weight, input] : {std::pair(product->rhs, product->lhs),
                               std::pair(product->lhs, product->rhs)}) {
    GroupedSum sum;
    sum.op = op;
    sum.initOperand = product->init;
    AffineMap weightMap = op.getMatchingIndexingMap(weight);
    AffineMap inputMap = op.getMatchingIndexingMap(input);
    if (!weightMap.isProjectedPermutation() ||
        failed(matchLoops(op, weightMap, inputMap, sum)))
      continue;
    auto weightSide = matchSplit(op, *weight, sum.groupLoop, sum.outputLoop);
    auto inputSide = matchSplit(op, *input, sum.groupLoop, sum.inputLoop);
    auto initSide =
        matchSplit(op, *product->init, sum.groupLoop, sum.outputLoop);
    auto resultSide = matchResult(sum);
    sum.initNumber = initSide ? FloatAttr() : getNumber(product->init->get());
    if (!weightSide || !inputSide || !resultSide ||
        (!initSide && !sum.initNumber) || !weightSide->flat.hasOneUse())
      continue;
    auto view = ConstantView::get(weightSide->flat);
    std::optional<double> repeats = countRepeats(op, weightMap);
    std::optional<unsigned> weightInputDim =
        weightSide->flatDims[*getDim(weightMap, sum.inputLoop)];
    if (!view || !repeats || !weightInputDim)
      continue;
    sum.weight = *weightSide;
    sum.input = *inputSide;
    sum.result = *resultSide;
    sum.init = initSide.value_or(Side());
    sum.view = *view;
    sum.repeats = *repeats;
    sum.weightInputDim = *weightInputDim;
    sum.numGroups = getExtent(sum.weight.split, sum.weight.groupDim);
    sum.numOutputs = getExtent(sum.weight.split, sum.weight.groupDim + 1);
    sum.numInputs = getExtent(sum.input.split, sum.input.groupDim + 1);
    return sum;
  }
  return std::nullopt;
}

bool GroupedSum::owns(Operation *reshape) {
  auto matches = [](Operation *op) {
    auto structured = dyn_cast_or_null<linalg::LinalgOp>(op);
    return structured && match(structured).has_value();
  };
  if (isa<tensor::CollapseShapeOp>(reshape))
    return matches(reshape->getOperand(0).getDefiningOp());
  return reshape->hasOneUse() && matches(*reshape->user_begin());
}

//===----------------------------------------------------------------------===//
// Analysis
//===----------------------------------------------------------------------===//

std::optional<std::pair<Value, unsigned>>
GroupedSum::getFlat(Value split, unsigned dim) const {
  for (const Side *side : {&input, &weight, &init, &result}) {
    if (side->split != split || !split)
      continue;
    bool isChannel = dim == side->groupDim || dim == side->groupDim + 1;
    std::optional<unsigned> flatDim = side->flatDims[dim];
    if (isChannel || !flatDim || (side == &weight && flatDim == weightInputDim))
      return std::nullopt;
    return std::pair(side->flat, *flatDim);
  }
  return std::nullopt;
}

void GroupedSum::tieChannels(ChannelTies &ties) const {
  // What is split follows the flat tensors; see shrinkSides.
  for (Value split :
       {input.split, weight.split, initOperand->get(), result.split})
    for (unsigned dim = 0,
                  rank = cast<RankedTensorType>(split.getType()).getRank();
         dim < rank; ++dim)
      ties.pin(split, dim, "split into groups");
  ties.tie(result.flat, result.flatDim, weight.flat, weight.flatDim);
  if (init.flat)
    ties.tie(result.flat, result.flatDim, init.flat, init.flatDim);
}

std::optional<double> GroupedSum::getFactor(int64_t output,
                                            int64_t position) const {
  SmallVector<int64_t> shape(view.getShape());
  shape[weight.flatDim] = shape[weightInputDim] = 1;
  SmallVector<int64_t> index(shape.size(), 0);
  int64_t base = output * view.getStrides()[weight.flatDim] +
                 position * view.getStrides()[weightInputDim];
  double sum = 0.0;
  bool isZero = true;
  do {
    int64_t offset = base;
    for (auto [at, stride] : llvm::zip_equal(index, view.getStrides()))
      offset += at * stride;
    isZero &= view.load(offset) == 0.0;
    sum += view.load(offset);
  } while (advance(index, shape));
  return isZero ? std::nullopt : std::optional(sum * repeats);
}

std::optional<double> GroupedSum::getInitialNumber(const ChannelState &state,
                                                   int64_t output) const {
  if (init.flat)
    return state.getNumber(init.flat, init.flatDim, output);
  double number = FloatAttr(initNumber).getValueAsDouble();
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<double> GroupedSum::getInputNumber(const ChannelState &state,
                                                 int64_t group,
                                                 int64_t position) const {
  return state.getNumber(input.flat, input.flatDim,
                         group * numInputs + position);
}

/// Every result is its initial value and what constants give to it.
void GroupedSum::propagate(ChannelState &state) const {
  for (int64_t output = 0; output < numGroups * numOutputs; ++output) {
    std::optional<double> sum = getInitialNumber(state, output);
    for (int64_t i = 0; sum && i < numInputs; ++i) {
      std::optional<double> factor = getFactor(output, i);
      if (!factor && state.assumesFinite())
        continue;
      std::optional<double> number =
          getInputNumber(state, output / numOutputs, i);
      sum = number ? std::optional(*sum + factor.value_or(0.0) * *number)
                   : std::nullopt;
    }
    if (sum && std::isfinite(*sum))
      state.setConstant(result.flat, result.flatDim, output,
                        FloatAttr::get(view.getElementType(), *sum));
  }
}

bool GroupedSum::isOutputLive(const ChannelState &state, int64_t output) const {
  return state.isLive(result.flat, result.flatDim, output);
}

/// True when a group stays: a result is wanted, or an input is read elsewhere.
bool GroupedSum::isGroupLive(const ChannelState &state, int64_t group) const {
  for (int64_t i = 0; i < numOutputs; ++i)
    if (isOutputLive(state, group * numOutputs + i))
      return true;
  for (int64_t i = 0; i < numInputs; ++i)
    if (state.isLive(input.flat, input.flatDim, group * numInputs + i))
      return true;
  return false;
}

/// Marks what the live results of a group read and cannot fold.
void GroupedSum::markReadLive(ChannelState &state, int64_t group) const {
  for (int64_t o = group * numOutputs; o < (group + 1) * numOutputs; ++o) {
    if (!isOutputLive(state, o))
      continue;
    for (int64_t i = 0; i < numInputs; ++i) {
      std::optional<double> factor = getFactor(o, i);
      bool isFolded = getInputNumber(state, group, i) &&
                      std::isfinite(factor.value_or(0.0));
      if ((factor || !state.assumesFinite()) && !isFolded)
        state.markLive(weight.flat, weightInputDim, i);
    }
  }
}

/// Groups that stay have as many results each, and the same inputs.
void GroupedSum::alignGroups(ChannelState &state) const {
  auto countLive = [&](int64_t group) {
    int64_t first = group * numOutputs;
    return llvm::count_if(llvm::seq(first, first + numOutputs),
                          [&](int64_t o) { return isOutputLive(state, o); });
  };
  int64_t most = 1;
  for (int64_t group = 0; group < numGroups; ++group)
    most = std::max<int64_t>(most, countLive(group));
  for (int64_t group = 0; group < numGroups; ++group) {
    if (!isGroupLive(state, group))
      continue;
    int64_t missing = most - countLive(group);
    for (int64_t o = group * numOutputs; missing > 0; ++o) {
      missing -= !isOutputLive(state, o);
      state.markLive(result.flat, result.flatDim, o);
    }
    for (int64_t i = 0; i < numInputs; ++i) {
      int64_t channel = group * numInputs + i;
      if (state.isLive(weight.flat, weightInputDim, i))
        state.markLive(input.flat, input.flatDim, channel);
      else if (state.isLive(input.flat, input.flatDim, channel))
        state.markLive(weight.flat, weightInputDim, i);
    }
  }
}

void GroupedSum::markLive(ChannelState &state) const {
  for (int64_t group = 0; group < numGroups; ++group)
    markReadLive(state, group);
  alignGroups(state);
}

//===----------------------------------------------------------------------===//
// Folding
//===----------------------------------------------------------------------===//

FailureOr<int64_t> GroupedSum::fold(OpBuilder &builder,
                                    ChannelState &state) const {
  SmallVector<double> offsets(numGroups * numOutputs, 0.0);
  llvm::DenseSet<int64_t> folded;
  for (int64_t i = 0; i < numInputs; ++i) {
    if (state.isLive(weight.flat, weightInputDim, i))
      continue;
    for (int64_t output = 0; output < numGroups * numOutputs; ++output) {
      std::optional<double> factor = getFactor(output, i);
      if (!factor || !isOutputLive(state, output))
        continue;
      int64_t group = output / numOutputs;
      double number = *getInputNumber(state, group, i);
      offsets[output] += *factor * number;
      if (number != 0.0)
        folded.insert(group * numInputs + i);
    }
  }
  shrinkSides(builder, state);
  if (!folded.empty())
    addOffsets(builder, state, offsets);
  return static_cast<int64_t>(folded.size());
}

/// The type of a split tensor without what leaves.
RankedTensorType GroupedSum::getSplitType(const ChannelState &state,
                                          const Side &side,
                                          int64_t positions) const {
  auto type = cast<RankedTensorType>(side.split.getType());
  RankedTensorType flatType = state.getKeptType(side.flat);
  SmallVector<int64_t> shape;
  for (unsigned dim = 0; dim < type.getRank(); ++dim)
    shape.push_back(
        side.flatDims[dim] ? flatType.getDimSize(*side.flatDims[dim]) : 1);
  shape[side.groupDim] =
      llvm::count_if(llvm::seq(numGroups),
                     [&](int64_t group) { return isGroupLive(state, group); });
  shape[side.groupDim + 1] = positions;
  return type.clone(shape);
}

/// Gives what is split the types that fit the flat tensors when they have
/// shrunk.
void GroupedSum::shrinkSides(OpBuilder &builder, ChannelState &state) const {
  int64_t inputs = state.getKept(weight.flat, weightInputDim).size();
  int64_t outputs = 0;
  for (int64_t output = 0; output < numGroups * numOutputs; ++output)
    outputs += isOutputLive(state, output);
  RankedTensorType inputType = getSplitType(state, input, inputs);
  int64_t groups = inputType.getDimSize(input.groupDim);
  outputs = groups == 0 ? 0 : outputs / groups;
  RankedTensorType oldType = cast<RankedTensorType>(result.split.getType());
  RankedTensorType resultType = getSplitType(state, result, outputs);
  Value(input.split).setType(inputType);
  Value(weight.split).setType(getSplitType(state, weight, outputs));
  Value(result.split).setType(resultType);
  if (init.flat) {
    Value(init.split).setType(getSplitType(state, init, outputs));
    return;
  }
  if (resultType == oldType)
    return;
  linalg::LinalgOp structured = op;
  builder.setInsertionPoint(structured);
  Location loc = structured.getLoc();
  auto number = arith::ConstantOp::create(builder, loc, initNumber);
  auto empty = tensor::EmptyOp::create(builder, loc, resultType.getShape(),
                                       resultType.getElementType());
  auto fill = linalg::FillOp::create(builder, loc, number.getResult(),
                                     empty.getResult());
  initOperand->set(fill->getResult(0));
}

/// Adds the offsets where a bias is, else makes one.
void GroupedSum::addOffsets(OpBuilder &builder, ChannelState &state,
                            ArrayRef<double> offsets) const {
  if (init.flat &&
      succeeded(addToConstantSource(init.flat, init.flatDim, offsets)))
    return;
  Value flat = result.flat;
  if (flat.hasOneUse()) {
    OpOperand &use = *flat.use_begin();
    auto next = dyn_cast<ChannelOpInterface>(use.getOwner());
    if (next && succeeded(next.addToOperand(use, result.flatDim, offsets)))
      return;
  }
  linalg::LinalgOp structured = op;
  Location loc = structured.getLoc();
  builder.setInsertionPoint(structured);
  RankedTensorType type = state.getKeptType(flat);
  double start = init.flat ? 0.0 : FloatAttr(initNumber).getValueAsDouble();
  SmallVector<double> kept;
  for (int64_t i : state.getKept(flat, result.flatDim))
    kept.push_back(start + offsets[i]);
  Value bias = createBias(builder, op, weight.flat, initOperand->get(), type,
                          result.flatDim, kept);
  auto collapse = cast<tensor::CollapseShapeOp>(flat.getDefiningOp());
  auto splitType = cast<RankedTensorType>(result.split.getType());
  auto expand = tensor::ExpandShapeOp::create(
      builder, loc, splitType, bias, collapse.getReassociationIndices());
  if (!init.flat) {
    initOperand->set(expand);
    return;
  }
  auto empty = tensor::EmptyOp::create(builder, loc, splitType.getShape(),
                                       splitType.getElementType());
  auto add = linalg::AddOp::create(builder, loc,
                                   ValueRange{initOperand->get(), expand},
                                   ValueRange{empty->getResult(0)});
  initOperand->set(add->getResult(0));
}
