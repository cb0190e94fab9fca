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
// method is one sweep over the elements of the weight.
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

std::optional<WeightedSum> WeightedSum::match(linalg::LinalgOp op,
                                              ChannelState &state) {
  std::optional<SumOfProducts> product = matchSumOfProducts(op);
  if (!product)
    return std::nullopt;
  WeightedSum sum;
  sum.op = op;
  sum.init = product->init;
  sum.resultMap = op.getMatchingIndexingMap(sum.init);
  std::optional<ConstantView> view = state.getView(product->rhs->get());
  std::tie(sum.weight, sum.input) = std::pair(product->rhs, product->lhs);
  if (!view) {
    view = state.getView(product->lhs->get());
    std::swap(sum.weight, sum.input);
  }
  if (!view)
    return std::nullopt;
  sum.view = *view;
  sum.weightMap = op.getMatchingIndexingMap(sum.weight);
  sum.inputMap = op.getMatchingIndexingMap(sum.input);
  if (!sum.weightMap.isProjectedPermutation())
    return std::nullopt;

  unsigned numParallel = 0;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    if (!usesLoop(sum.weightMap, loop) || isReduction(op, loop))
      continue;
    ++numParallel;
    if (std::optional<unsigned> dim = getDim(sum.resultMap, loop))
      std::tie(sum.outputLoop, sum.outputDim) = std::pair(loop, *dim);
  }
  if (numParallel != 1)
    sum.outputLoop.reset();
  return sum;
}

std::optional<double>
WeightedSum::getInputNumber(const ChannelState &state,
                            ArrayRef<int64_t> index) const {
  for (unsigned dim = 0; dim < weightMap.getNumResults(); ++dim) {
    std::optional<unsigned> inputDim =
        getDim(inputMap, *getLoop(weightMap, dim));
    if (!inputDim)
      continue;
    if (std::optional<double> number =
            state.getNumber(input->get(), *inputDim, index[dim]))
      return number;
  }
  return std::nullopt;
}

bool WeightedSum::isInputLive(const ChannelState &state,
                              ArrayRef<int64_t> index) const {
  for (unsigned dim = 0; dim < weightMap.getNumResults(); ++dim)
    if (isReduction(op, *getLoop(weightMap, dim)) &&
        !state.isLive(weight->get(), dim, index[dim]))
      return false;
  return true;
}

/// A result channel is constant when its initial value is, and every non-zero
/// weight meets a constant.
void WeightedSum::propagate(ChannelState &state) const {
  if (!outputLoop || view.getNumElements() == 0)
    return;
  Value result = op->getResult(0);
  int64_t extent =
      cast<RankedTensorType>(result.getType()).getDimSize(outputDim);
  SmallVector<double> sums(extent, 0.0);
  llvm::BitVector isUnknown(extent);
  for (int64_t i = 0; i < extent; ++i) {
    Attribute constant = getOperandConstant(op, state, *init, *outputLoop, i);
    if (auto number = dyn_cast_or_null<FloatAttr>(constant))
      sums[i] = number.getValueAsDouble();
    else
      isUnknown.set(i);
  }
  SmallVector<int64_t> index(view.getRank(), 0);
  do {
    int64_t i = getOutputIndex(index);
    if (isUnknown[i])
      continue;
    double element = view.at(index);
    if (element == 0.0)
      continue;
    if (std::optional<double> number = getInputNumber(state, index))
      sums[i] += element * *number;
    else
      isUnknown.set(i);
  } while (advance(index, view.getShape()));
  for (int64_t i = 0; i < extent; ++i)
    if (!isUnknown[i] && std::isfinite(sums[i]))
      state.setConstant(result, outputDim, i,
                        FloatAttr::get(view.getElementType(), sums[i]));
}

/// A channel of the input matters when a non-zero weight carries it into a live
/// channel of the result and its value is not a constant that can be folded.
void WeightedSum::markLive(ChannelState &state) const {
  if (view.getNumElements() == 0)
    return;
  SmallVector<int64_t> index(view.getRank(), 0);
  do {
    if (view.at(index) == 0.0 || !isOutputLive(state, index))
      continue;
    if (outputLoop && getInputNumber(state, index))
      continue;
    for (unsigned dim = 0; dim < weightMap.getNumResults(); ++dim)
      if (isReduction(op, *getLoop(weightMap, dim)))
        state.markLive(weight->get(), dim, index[dim]);
  } while (advance(index, view.getShape()));
}

FailureOr<int64_t> WeightedSum::fold(OpBuilder &builder,
                                     ChannelState &state) const {
  if (!outputLoop || view.getNumElements() == 0)
    return int64_t(0);
  int64_t extent =
      cast<RankedTensorType>(op->getResult(0).getType()).getDimSize(outputDim);
  SmallVector<double> offsets(extent, 0.0);
  llvm::DenseSet<unsigned> folded;
  SmallVector<int64_t> index(view.getRank(), 0);
  do {
    double element = view.at(index);
    if (element == 0.0 || isInputLive(state, index) ||
        !isOutputLive(state, index))
      continue;
    double number = *getInputNumber(state, index);
    if (number == 0.0)
      continue;
    offsets[getOutputIndex(index)] += element * number;
    for (unsigned dim = 0; dim < weightMap.getNumResults(); ++dim)
      if (isReduction(op, *getLoop(weightMap, dim)) &&
          !state.isLive(weight->get(), dim, index[dim]))
        folded.insert(state.getAxes().getClass(weight->get(), dim, index[dim]));
  } while (advance(index, view.getShape()));
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
  auto biasType = RankedTensorType::get({type.getDimSize(outputDim)},
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
    if (dim != static_cast<int64_t>(outputDim))
      others.push_back(dim);
  auto spread = linalg::BroadcastOp::create(builder, loc, bias, empty, others);
  return spread->getResult(0);
}

/// Adds the offsets where a bias is (in the initial value, or in the add that
/// follows), else makes a bias.
LogicalResult WeightedSum::addOffsets(OpBuilder &builder, ChannelState &state,
                                      ArrayRef<double> offsets) const {
  if (succeeded(addToConstantSource(init->get(), outputDim, offsets)))
    return success();
  Value result = op->getResult(0);
  if (result.hasOneUse()) {
    OpOperand &use = *result.use_begin();
    auto next = dyn_cast<ChannelOpInterface>(use.getOwner());
    if (next && succeeded(next.addToOperand(use, outputDim, offsets)))
      return success();
  }
  builder.setInsertionPoint(op);
  RankedTensorType type = getShrunkType(state);
  SmallVector<double> kept;
  for (int64_t i : state.getKept(result, outputDim))
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
