//===- WeightedSumFold.cpp - Constants into biases ------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// What constant channels of the input that leave give to a sum of products goes
// into a bias. Where the input is padded with zeros, it depends on the position
// in the result how much that is: then a map over positions takes the place of
// the bias.
//
//===----------------------------------------------------------------------===//

#include "WeightedSum.h"

#include "ConstantOffsets.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::prune;

FailureOr<int64_t> WeightedSum::fold(OpBuilder &builder,
                                     ChannelState &state) const {
  if (!output)
    return int64_t(0);
  SmallVector<double> offsets(extents[*output], 0.0);
  // By filter and tap, what the tap gives where it does not meet padding.
  SmallVector<double> borders(extents[*output] * taps.size(), 0.0);
  bool hasBorders = false;
  llvm::DenseSet<unsigned> folded;
  forEachEntry([&](ArrayRef<int64_t> index, double factor, int64_t base) {
    if (isInputLive(state, index) || !isOutputLive(state, index))
      return;
    int64_t filter = index[*output];
    if (std::optional<double> number = getInputNumber(state, index)) {
      if (*number == 0.0)
        return;
      offsets[filter] += factor * *number;
    } else {
      double padded = *getPaddedNumber(state, index);
      for (auto [i, tap] : llvm::enumerate(taps))
        borders[filter * taps.size() + i] += padded * view.load(base + tap);
      hasBorders = true;
    }
    for (auto [dim, position] : llvm::zip_equal(dims, index))
      if (dim.isReduction &&
          !state.isLive(weight->get(), dim.weightDim, position))
        folded.insert(
            state.getAxes().getClass(weight->get(), dim.weightDim, position));
  });
  if (folded.empty())
    return int64_t(0);
  if (failed(addOffsets(builder, state, offsets)))
    return failure();
  if (hasBorders)
    addBorders(builder, state, borders);
  return static_cast<int64_t>(folded.size());
}

/// An empty tensor of a type that the initial value will shrink to.
static Value createEmpty(OpBuilder &builder, RankedTensorType type,
                         Value init) {
  SmallVector<Value> extents;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (!type.isDynamicDim(dim))
      continue;
    auto extent = tensor::DimOp::create(builder, init.getLoc(), init, dim);
    extents.push_back(extent);
  }
  return tensor::EmptyOp::create(builder, init.getLoc(), type, extents);
}

Value mlir::prune::createBias(OpBuilder &builder, Operation *op, Value weight,
                              Value init, RankedTensorType type, unsigned dim,
                              ArrayRef<double> offsets) {
  Location loc = op->getLoc();
  auto biasType =
      RankedTensorType::get({type.getDimSize(dim)}, type.getElementType());
  // A weight x.weight gets a bias x.bias, unless there is one elsewhere.
  std::string name;
  ParamAttr param = getParam(weight);
  auto function = op->getParentOfType<FunctionOpInterface>();
  if (param && param.getName().ends_with(".weight") && function) {
    name = (param.getName().drop_back(strlen("weight")) + "bias").str();
    for (const Parameter &other : getParameters(function))
      if (other.attribute.getName() == name)
        name.clear();
  }
  auto value = createResource(biasType, name.empty() ? "bias" : name, offsets);
  auto bias = arith::ConstantOp::create(builder, loc, value);
  if (!name.empty())
    bias->setAttr(PruneDialect::kParamAttrName,
                  ParamAttr::get(op->getContext(), name, ParamRole::Bias));
  Value empty = createEmpty(builder, type, init);
  SmallVector<int64_t> others;
  for (int64_t other = 0; other < type.getRank(); ++other)
    if (other != static_cast<int64_t>(dim))
      others.push_back(other);
  auto spread = linalg::BroadcastOp::create(builder, loc, bias, empty, others);
  return spread->getResult(0);
}

/// Adds the offsets where a bias is (in the initial value, or in the add that
/// follows), else makes a bias.
LogicalResult WeightedSum::addOffsets(OpBuilder &builder, ChannelState &state,
                                      ArrayRef<double> offsets) const {
  if (llvm::all_of(offsets, [](double offset) { return offset == 0.0; }) ||
      succeeded(addToConstantSource(init->get(), getOutputDim(), offsets)))
    return success();
  Value result = op->getResult(0);
  if (result.hasOneUse()) {
    OpOperand &use = *result.use_begin();
    auto next = dyn_cast<ChannelOpInterface>(use.getOwner());
    if (next && succeeded(next.addToOperand(use, getOutputDim(), offsets)))
      return success();
  }
  builder.setInsertionPoint(op);
  RankedTensorType type = state.getKeptType(result);
  SmallVector<double> kept;
  for (int64_t i : state.getKept(result, getOutputDim()))
    kept.push_back(offsets[i]);
  Value bias = createBias(builder, op, weight->get(), init->get(), type,
                          getOutputDim(), kept);
  addToInit(builder, state, bias);
  return success();
}

/// Adds a tensor of the shrunk type to the initial value.
void WeightedSum::addToInit(OpBuilder &builder, ChannelState &state,
                            Value offset) const {
  auto initial = dyn_cast_or_null<FloatAttr>(state.getUniform(init->get()));
  if (initial && initial.getValue().isZero()) {
    init->set(offset);
    return;
  }
  auto type = cast<RankedTensorType>(offset.getType());
  Value empty = createEmpty(builder, type, init->get());
  auto sum =
      linalg::AddOp::create(builder, op->getLoc(),
                            ValueRange{init->get(), offset}, ValueRange{empty});
  init->set(sum->getResult(0));
}

/// Dimensions of the result, in order, along which windows move over a border.
static SmallVector<unsigned> getPositionalDims(linalg::LinalgOp op,
                                               AffineMap inputMap,
                                               AffineMap resultMap,
                                               tensor::PadOp pad) {
  auto moves = [&](unsigned dim) {
    std::optional<unsigned> loop = getLoop(resultMap, dim);
    for (unsigned from = 0; loop && from < inputMap.getNumResults(); ++from)
      if ((pad.getStaticLow()[from] != 0 || pad.getStaticHigh()[from] != 0) &&
          inputMap.getResult(from).isFunctionOfDim(*loop))
        return true;
    return false;
  };
  return llvm::to_vector(
      llvm::make_filter_range(llvm::seq(0u, resultMap.getNumResults()), moves));
}

/// For every position over dimensions of the result, and every tap: whether the
/// tap meets what is padded, not the padding.
llvm::BitVector WeightedSum::getInterior(ArrayRef<unsigned> resultDims) const {
  linalg::LinalgOp structured = op;
  tensor::PadOp padding = pad;
  AffineMap inputMap = structured.getMatchingIndexingMap(input);
  AffineMap resultMap = structured.getMatchingIndexingMap(init);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<int64_t> shape;
  for (unsigned dim : resultDims)
    shape.push_back(type.getDimSize(dim));
  llvm::BitVector interior;
  SmallVector<int64_t> loops(structured.getNumLoops(), 0);
  SmallVector<int64_t> position(shape.size(), 0);
  SmallVector<int64_t> tap(tapExtents.size(), 0);
  do {
    for (auto [i, dim] : llvm::enumerate(resultDims))
      loops[*getLoop(resultMap, dim)] = position[i];
    do {
      for (auto [i, loop] : llvm::enumerate(tapLoops))
        loops[loop] = tap[i];
      bool isInside = true;
      for (auto [dim, at] : llvm::enumerate(inputMap.compose(loops))) {
        int64_t low = padding.getStaticLow()[dim];
        int64_t extent = padding.getSourceType().getDimSize(dim);
        isInside &= at >= low && at < low + extent;
      }
      interior.push_back(isInside);
    } while (advance(tap, tapExtents));
  } while (advance(position, shape));
  return interior;
}

/// Adds what constant channels give at every position of the result, where taps
/// beyond the border give nothing. `factors` are by filter and tap.
void WeightedSum::addBorders(OpBuilder &builder, ChannelState &state,
                             ArrayRef<double> factors) const {
  builder.setInsertionPoint(op);
  linalg::LinalgOp structured = op;
  Value result = op->getResult(0);
  SmallVector<unsigned> positional =
      getPositionalDims(op, structured.getMatchingIndexingMap(input),
                        structured.getMatchingIndexingMap(init), pad);
  RankedTensorType type = state.getKeptType(result);
  SmallVector<int64_t> others, shape;
  unsigned filterAt = 0;
  for (unsigned dim = 0; dim < type.getRank(); ++dim) {
    if (dim == getOutputDim())
      filterAt = shape.size();
    else if (!llvm::is_contained(positional, dim)) {
      others.push_back(dim);
      continue;
    }
    shape.push_back(type.getDimSize(dim));
  }

  llvm::BitVector interior = getInterior(positional);
  SmallVector<int64_t> filters = state.getKept(result, getOutputDim());
  SmallVector<double, 0> values;
  SmallVector<int64_t> index(shape.size(), 0);
  do {
    int64_t position = 0;
    for (auto [i, extent] : llvm::enumerate(shape))
      if (i != filterAt)
        position = position * extent + index[i];
    double value = 0.0;
    for (size_t tap = 0; tap < taps.size(); ++tap)
      if (interior[position * taps.size() + tap])
        value += factors[filters[index[filterAt]] * taps.size() + tap];
    values.push_back(value);
  } while (advance(index, shape));
  auto mapType = RankedTensorType::get(shape, type.getElementType());
  auto map = arith::ConstantOp::create(
      builder, op->getLoc(),
      createResource(mapType, "borders", ArrayRef<double>(values)));
  Value empty = createEmpty(builder, type, init->get());
  auto spread =
      linalg::BroadcastOp::create(builder, op->getLoc(), map, empty, others);
  addToInit(builder, state, spread->getResult(0));
}
