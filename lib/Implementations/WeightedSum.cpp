//===- WeightedSum.cpp - Sums of products with known weights --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// What matmuls and convolutions do to channels when one factor is a constant:
// constants sum up, and zero weights cut. Each method is one sweep over the
// elements of the weight. In groups of filters (a second index of the result)
// only constants that are zero are folded, as they need no bias.
//
//===----------------------------------------------------------------------===//

#include "WeightedSum.h"

#include "mlir/IR/Matchers.h"

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

std::optional<double> mlir::prune::countRepeats(linalg::LinalgOp op,
                                                AffineMap weightMap) {
  double repeats = 1.0;
  for (auto [loop, range] : llvm::enumerate(op.getStaticLoopRanges())) {
    if (!isReduction(op, loop) || usesLoop(weightMap, loop))
      continue;
    if (ShapedType::isDynamic(range))
      return std::nullopt;
    repeats *= range;
  }
  return repeats;
}

/// True when the constant that a weight is, or is made of, has other readers.
static bool isShared(Value weight) {
  while (weight.hasOneUse()) {
    Operation *op = weight.getDefiningOp();
    if (!op || op->getNumOperands() == 0)
      return false;
    weight = op->getOperand(0);
  }
  return true;
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
      sum.tapLoops.push_back(loop);
      sum.tapExtents.push_back(view->getShape()[dim]);
      continue;
    }
    if (!entry.isReduction)
      outputs.push_back(sum.dims.size());
    sum.dims.push_back(entry);
    sum.extents.push_back(view->getShape()[dim]);
    sum.strides.push_back(view->getStrides()[dim]);
  }
  sum.taps = getOffsets(*view, tapDims);
  sum.repeats = countRepeats(op, weightMap);
  sum.finite = state.assumesFinite();
  if (outputs.size() == 1 && sum.dims[outputs.front()].resultDim)
    sum.output = outputs.front();
  sum.foldsNonzero =
      sum.output && (state.foldsIntoShared() || !isShared(sum.weight->get()));
  if (sum.output && state.foldsBorders() && sum.repeats == 1.0)
    sum.pad = sum.findPadding();
  return sum;
}

/// The operation that surrounds the input with zeros in dimensions that are no
/// channels; null when there is none.
tensor::PadOp WeightedSum::findPadding() const {
  auto found = input->get().getDefiningOp<tensor::PadOp>();
  if (!found || !found.getSourceType().hasStaticShape() ||
      !found.getResultType().hasStaticShape() ||
      !found.getConstantPaddingValue() ||
      !matchPattern(found.getConstantPaddingValue(), m_AnyZeroFloat()))
    return {};
  for (const Dim &dim : dims)
    if (dim.inputDim && (found.getStaticLow()[*dim.inputDim] != 0 ||
                         found.getStaticHigh()[*dim.inputDim] != 0))
      return {};
  return found;
}

void WeightedSum::forEachEntry(
    function_ref<void(ArrayRef<int64_t> index, double sum, int64_t base)> use)
    const {
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
    if (!isZero || !finite)
      use(index, sum * repeats.value_or(1.0), base);
  } while (advance(index, extents));
}

bool WeightedSum::isKnown(std::optional<double> number, double factor) const {
  return number && std::isfinite(factor) && (repeats || *number == 0.0);
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

std::optional<double>
WeightedSum::getPaddedNumber(const ChannelState &state,
                             ArrayRef<int64_t> index) const {
  if (!pad)
    return std::nullopt;
  Value padded = tensor::PadOp(pad).getSource();
  for (auto [dim, position] : llvm::zip_equal(dims, index))
    if (dim.inputDim)
      if (std::optional<double> number =
              state.getNumber(padded, *dim.inputDim, position))
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
  forEachEntry([&](ArrayRef<int64_t> entry, double factor, int64_t) {
    std::optional<double> &sum = sums[getPosition(entry)];
    std::optional<double> number = getInputNumber(state, entry);
    if (sum && isKnown(number, factor))
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
  forEachEntry([&](ArrayRef<int64_t> index, double factor, int64_t) {
    if (!isOutputLive(state, index))
      return;
    std::optional<double> number = getInputNumber(state, index);
    if (isKnown(number, factor) && (foldsNonzero || *number == 0.0))
      return;
    if (foldsNonzero && getPaddedNumber(state, index) && std::isfinite(factor))
      return;
    for (auto [dim, position] : llvm::zip_equal(dims, index))
      if (dim.isReduction)
        state.markLive(weight->get(), dim.weightDim, position);
  });
}
