//===- WeightedSum.cpp - Sums of products with known weights --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// What matmuls and convolutions do to channels when one factor is a constant:
// constants sum up, zero weights cut, and what leaves goes into a bias. Each
// method is one sweep over the elements of the weight. In groups of filters
// (a second index of the result) only constants that are zero are folded, as
// they need no bias.
//
//===----------------------------------------------------------------------===//

#include "WeightedSum.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Support/Parameters.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include <cmath>

using namespace mlir;
using namespace mlir::prune;

bool mlir::prune::isReduction(linalg::LinalgOp op, unsigned loop) {
  return op.getIteratorTypesArray()[loop] == utils::IteratorType::reduction;
}

Attribute mlir::prune::getOperandConstant(linalg::LinalgOp op,
                                          ChannelState &state,
                                          OpOperand &operand, unsigned loop,
                                          int64_t index) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (std::optional<unsigned> dim = getDim(map, loop))
    if (Attribute constant = state.getConstant(operand.get(), *dim, index))
      return constant;
  return state.getUniform(operand.get());
}

/// Offsets in a view of all positions over some of its dimensions.
static SmallVector<int64_t> getOffsets(const ConstantView &view,
                                       ArrayRef<unsigned> dims) {
  SmallVector<int64_t> offsets(1, 0);
  for (unsigned dim : dims) {
    SmallVector<int64_t> longer;
    for (int64_t offset : offsets)
      for (int64_t i = 0; i < view.getShape()[dim]; ++i)
        longer.push_back(offset + i * view.getStrides()[dim]);
    offsets = std::move(longer);
  }
  return offsets;
}

std::optional<WeightedSum> WeightedSum::match(linalg::LinalgOp op,
                                              ChannelState &state) {
  std::optional<SumOfProducts> product = matchSumOfProducts(op);
  if (!product)
    return std::nullopt;
  WeightedSum sum;
  sum.op = op;
  sum.init = product->init;
  std::optional<ConstantView> view = state.getView(product->rhs->get());
  std::tie(sum.weight, sum.input) = std::pair(product->rhs, product->lhs);
  if (!view) {
    view = state.getView(product->lhs->get());
    std::swap(sum.weight, sum.input);
  }
  if (!view)
    return std::nullopt;
  sum.view = *view;
  AffineMap weightMap = op.getMatchingIndexingMap(sum.weight);
  AffineMap inputMap = op.getMatchingIndexingMap(sum.input);
  AffineMap resultMap = op.getMatchingIndexingMap(sum.init);
  if (!weightMap.isProjectedPermutation())
    return std::nullopt;

  SmallVector<unsigned> tapDims;
  SmallVector<unsigned> outputs;
  for (unsigned dim = 0; dim < weightMap.getNumResults(); ++dim) {
    unsigned loop = *getLoop(weightMap, dim);
    Dim entry{dim, loop, isReduction(op, loop), getDim(inputMap, loop),
              getDim(resultMap, loop)};
    if (entry.isReduction && !entry.inputDim) {
      tapDims.push_back(dim);
      continue;
    }
    if (!entry.isReduction)
      outputs.push_back(sum.dims.size());
    sum.dims.push_back(entry);
    sum.extents.push_back(view->getShape()[dim]);
    sum.strides.push_back(view->getStrides()[dim]);
  }
  sum.taps = getOffsets(*view, tapDims);
  if (outputs.size() == 1 && sum.dims[outputs.front()].resultDim)
    sum.output = outputs.front();
  return sum;
}

void WeightedSum::forEachEntry(
    function_ref<void(ArrayRef<int64_t> index, double sum)> use) const {
  if (view.getNumElements() == 0)
    return;
  SmallVector<int64_t> index(extents.size(), 0);
  do {
    int64_t base = 0;
    for (auto [position, stride] : llvm::zip_equal(index, strides))
      base += position * stride;
    double sum = 0.0;
    bool isZero = true;
    for (int64_t tap : taps) {
      double element = view.load(base + tap);
      isZero &= element == 0.0;
      sum += element;
    }
    if (!isZero)
      use(index, sum);
  } while (advance(index, extents));
}

std::optional<double>
WeightedSum::getInputNumber(const ChannelState &state,
                            ArrayRef<int64_t> index) const {
  for (auto [dim, position] : llvm::zip_equal(dims, index))
    if (dim.inputDim)
      if (std::optional<double> number =
              state.getNumber(input->get(), *dim.inputDim, position))
        return number;
  return std::nullopt;
}

bool WeightedSum::isInputLive(const ChannelState &state,
                              ArrayRef<int64_t> index) const {
  for (auto [dim, position] : llvm::zip_equal(dims, index))
    if (dim.isReduction &&
        !state.isLive(weight->get(), dim.weightDim, position))
      return false;
  return true;
}

bool WeightedSum::isOutputLive(const ChannelState &state,
                               ArrayRef<int64_t> index) const {
  Value result = op->getResult(0);
  for (auto [dim, position] : llvm::zip_equal(dims, index))
    if (!dim.isReduction && dim.resultDim &&
        !state.isLive(result, *dim.resultDim, position))
      return false;
  return true;
}

/// The initial value where the result is indexed with `index`, if it is one
/// number.
std::optional<double>
WeightedSum::getInitialNumber(ChannelState &state,
                              ArrayRef<int64_t> index) const {
  for (auto [dim, position] : llvm::zip_equal(dims, index)) {
    if (dim.isReduction)
      continue;
    Attribute constant =
        getOperandConstant(op, state, *init, dim.loop, position);
    if (auto number = dyn_cast_or_null<FloatAttr>(constant))
      return number.getValueAsDouble();
  }
  return std::nullopt;
}

/// A result channel is constant when its initial value is, and every non-zero
/// weight meets a constant. With more than one index of the result (groups of
/// filters) one of them is constant when all agree.
void WeightedSum::propagate(ChannelState &state) const {
  if (view.getNumElements() == 0)
    return;
  SmallVector<int64_t> shape(extents);
  for (auto [dim, extent] : llvm::zip_equal(dims, shape))
    if (dim.isReduction)
      extent = 1;
  auto getPosition = [&](ArrayRef<int64_t> index) {
    int64_t position = 0;
    for (auto [i, extent] : llvm::zip_equal(index, shape))
      position = position * extent + (extent == 1 ? 0 : i);
    return position;
  };
  SmallVector<std::optional<double>> sums;
  SmallVector<int64_t> index(shape.size(), 0);
  do {
    sums.push_back(getInitialNumber(state, index));
  } while (advance(index, shape));
  forEachEntry([&](ArrayRef<int64_t> entry, double factor) {
    std::optional<double> &sum = sums[getPosition(entry)];
    std::optional<double> number = getInputNumber(state, entry);
    if (sum && number)
      *sum += factor * *number;
    else
      sum.reset();
  });

  for (auto [number, dim] : llvm::enumerate(dims)) {
    if (dim.isReduction || !dim.resultDim)
      continue;
    SmallVector<std::optional<double>> agreed(extents[number]);
    llvm::BitVector seen(extents[number]);
    do {
      int64_t i = index[number];
      std::optional<double> sum = sums[getPosition(index)];
      if (seen[i] && sum != agreed[i])
        sum.reset();
      agreed[i] = sum;
      seen.set(i);
    } while (advance(index, shape));
    for (auto [i, sum] : llvm::enumerate(agreed))
      if (sum && std::isfinite(*sum))
        state.setConstant(op->getResult(0), *dim.resultDim, i,
                          FloatAttr::get(view.getElementType(), *sum));
  }
}

/// A channel of the input matters when a non-zero weight carries it into a live
/// channel of the result and its value is not a constant that can be folded.
void WeightedSum::markLive(ChannelState &state) const {
  forEachEntry([&](ArrayRef<int64_t> index, double) {
    if (!isOutputLive(state, index))
      return;
    std::optional<double> number = getInputNumber(state, index);
    if (number && (output || *number == 0.0))
      return;
    for (auto [dim, position] : llvm::zip_equal(dims, index))
      if (dim.isReduction)
        state.markLive(weight->get(), dim.weightDim, position);
  });
}

FailureOr<int64_t> WeightedSum::fold(OpBuilder &builder,
                                     ChannelState &state) const {
  if (!output)
    return int64_t(0);
  SmallVector<double> offsets(extents[*output], 0.0);
  llvm::DenseSet<unsigned> folded;
  forEachEntry([&](ArrayRef<int64_t> index, double factor) {
    if (isInputLive(state, index) || !isOutputLive(state, index))
      return;
    double number = *getInputNumber(state, index);
    if (number == 0.0)
      return;
    offsets[index[*output]] += factor * number;
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
  return static_cast<int64_t>(folded.size());
}

/// The type of the result without the channels that leave, which operations
/// made now must fit.
RankedTensorType WeightedSum::getShrunkType(const ChannelState &state) const {
  Value result = op->getResult(0);
  auto type = cast<RankedTensorType>(result.getType());
  SmallVector<int64_t> shape;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    shape.push_back(state.getKept(result, dim).size());
  return type.clone(shape);
}

/// A constant of the offsets, spread over a type.
Value WeightedSum::createBias(OpBuilder &builder, RankedTensorType type,
                              ArrayRef<double> offsets) const {
  Location loc = op->getLoc();
  auto biasType = RankedTensorType::get({type.getDimSize(getOutputDim())},
                                        type.getElementType());
  // A weight x.weight gets a bias x.bias, unless there is one elsewhere.
  std::string name;
  ParamAttr param = getParam(weight->get());
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
  auto empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                       type.getElementType());
  SmallVector<int64_t> others;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (dim != static_cast<int64_t>(getOutputDim()))
      others.push_back(dim);
  auto spread = linalg::BroadcastOp::create(builder, loc, bias, empty, others);
  return spread->getResult(0);
}

/// Adds the offsets where a bias is (in the initial value, or in the add that
/// follows), else makes a bias.
LogicalResult WeightedSum::addOffsets(OpBuilder &builder, ChannelState &state,
                                      ArrayRef<double> offsets) const {
  if (succeeded(addToConstantSource(init->get(), getOutputDim(), offsets)))
    return success();
  Value result = op->getResult(0);
  if (result.hasOneUse()) {
    OpOperand &use = *result.use_begin();
    auto next = dyn_cast<ChannelOpInterface>(use.getOwner());
    if (next && succeeded(next.addToOperand(use, getOutputDim(), offsets)))
      return success();
  }
  builder.setInsertionPoint(op);
  RankedTensorType type = getShrunkType(state);
  SmallVector<double> kept;
  for (int64_t i : state.getKept(result, getOutputDim()))
    kept.push_back(offsets[i]);
  Value bias = createBias(builder, type, kept);
  auto initial = dyn_cast_or_null<FloatAttr>(state.getUniform(init->get()));
  if (initial && initial.getValue().isZero()) {
    init->set(bias);
    return success();
  }
  auto empty = tensor::EmptyOp::create(builder, op->getLoc(), type.getShape(),
                                       type.getElementType());
  auto sum = linalg::AddOp::create(builder, op->getLoc(),
                                   ValueRange{init->get(), bias},
                                   ValueRange{empty->getResult(0)});
  init->set(sum->getResult(0));
  return success();
}
