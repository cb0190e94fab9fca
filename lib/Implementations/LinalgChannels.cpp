//===- LinalgChannels.cpp - Channels of linalg operations -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One model serves all structured operations, named or generic, because what it
// needs is in their loops: dimensions that share a loop are tied, a scalar body
// moves constants, and a sum of products mixes channels with weights that are
// known. Whatever does not fit (windows, reductions of another kind, bodies
// that look at loop counters) pins its dimensions.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/BodyEvaluator.h"
#include "Prune/Analysis/ChannelState.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Implementations/Channels.h"
#include "Prune/Support/Parameters.h"
#include "StructuredOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include <cmath>

using namespace mlir;
using namespace mlir::prune;

static bool isReduction(linalg::LinalgOp op, unsigned loop) {
  return op.getIteratorTypesArray()[loop] == utils::IteratorType::reduction;
}

/// Calls `function` with every tensor operand and result and its map. Results
/// share the maps of the operands they are initialised with.
static void
forEachTensor(linalg::LinalgOp op,
              function_ref<void(Value value, AffineMap map)> function) {
  for (OpOperand &operand : op->getOpOperands())
    if (isa<RankedTensorType>(operand.get().getType()))
      function(operand.get(), op.getMatchingIndexingMap(&operand));
  for (OpOperand &init : op.getDpsInitsMutable())
    if (isa<RankedTensorType>(init.get().getType()))
      function(op.getTiedOpResult(&init), op.getMatchingIndexingMap(&init));
}

//===----------------------------------------------------------------------===//
// Ties
//===----------------------------------------------------------------------===//

/// Why no index of a loop can leave; empty when indices can.
static std::string getPinReason(linalg::LinalgOp op, unsigned loop,
                                const std::optional<SumOfProducts> &product) {
  std::string name = op->getName().getStringRef().str();
  auto reads = [&](Operation &nested) {
    auto index = dyn_cast<linalg::IndexOp>(nested);
    return index && index.getDim() == loop;
  };
  if (llvm::any_of(*op.getBlock(), reads))
    return "'" + name + "' computes with its index";
  bool isWindow = false;
  for (AffineMap map : op.getIndexingMapsArray())
    isWindow |= usesLoop(map, loop) && !getDim(map, loop);
  if (isWindow)
    return "indexed through a window of '" + name + "'";
  if (!isReduction(op, loop))
    return "";
  if (!product)
    return "reduced by '" + name + "'";
  bool isShared =
      getDim(op.getMatchingIndexingMap(product->lhs), loop).has_value() &&
      getDim(op.getMatchingIndexingMap(product->rhs), loop).has_value();
  return isShared ? "" : "summed over by one factor of '" + name + "' alone";
}

static void tieLoops(linalg::LinalgOp op, ChannelTies &ties) {
  std::optional<SumOfProducts> product = matchSumOfProducts(op);
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    std::string reason = getPinReason(op, loop, product);
    Value first;
    unsigned firstDim = 0;
    forEachTensor(op, [&](Value value, AffineMap map) {
      for (unsigned dim = 0; dim < map.getNumResults(); ++dim) {
        if (getLoop(map, dim) != loop)
          continue;
        if (!reason.empty())
          ties.pin(value, dim, reason);
        if (!first)
          std::tie(first, firstDim) = std::pair(value, dim);
        else
          ties.tie(first, firstDim, value, dim);
      }
    });
  }
  forEachTensor(op, [&](Value value, AffineMap map) {
    for (unsigned dim = 0; dim < map.getNumResults(); ++dim)
      if (!getLoop(map, dim))
        ties.pin(value, dim, "indexed through a window");
  });
}

//===----------------------------------------------------------------------===//
// Element-wise operations
//===----------------------------------------------------------------------===//

/// The constant that an operand holds where the counter of `loop` is `index`.
static Attribute getOperandConstant(linalg::LinalgOp op, ChannelState &state,
                                    OpOperand &operand, unsigned loop,
                                    int64_t index) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (std::optional<unsigned> dim = getDim(map, loop))
    if (Attribute constant = state.getConstant(operand.get(), *dim, index))
      return constant;
  return state.getUniform(operand.get());
}

/// Constants through the body of an operation without reductions.
static void propagateElementwise(linalg::LinalgOp op, ChannelState &state) {
  for (OpResult result : op->getResults()) {
    unsigned number = result.getResultNumber();
    AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(number));
    Value yielded = op.getBlock()->getTerminator()->getOperand(number);
    for (unsigned dim = 0; dim < map.getNumResults(); ++dim) {
      std::optional<unsigned> loop = getLoop(map, dim);
      if (!loop)
        continue;
      int64_t extent = cast<RankedTensorType>(result.getType()).getDimSize(dim);
      for (int64_t i = 0; i < extent; ++i) {
        auto argument = [&](BlockArgument blockArgument) {
          OpOperand &operand = op->getOpOperand(blockArgument.getArgNumber());
          return getOperandConstant(op, state, operand, *loop, i);
        };
        BodyEvaluator evaluator(argument);
        if (Attribute constant = evaluator.evaluate(yielded))
          state.setConstant(result, dim, i, constant);
      }
    }
  }
}

/// The input whose elements an operation without reductions only copies.
static OpOperand *getCopiedInput(linalg::LinalgOp op) {
  if (op->getNumResults() != 1 || op.getNumParallelLoops() != op.getNumLoops())
    return nullptr;
  auto argument =
      dyn_cast<BlockArgument>(op.getBlock()->getTerminator()->getOperand(0));
  if (!argument || argument.getOwner() != op.getBlock() ||
      argument.getArgNumber() >= static_cast<unsigned>(op.getNumDpsInputs()))
    return nullptr;
  OpOperand &operand = op->getOpOperand(argument.getArgNumber());
  return isa<RankedTensorType>(operand.get().getType()) ? &operand : nullptr;
}

/// The dimension of `operand` that runs along dimension `dim` of the result.
static std::optional<unsigned> getOperandDim(linalg::LinalgOp op,
                                             OpOperand &operand, AffineMap from,
                                             unsigned dim) {
  std::optional<unsigned> loop = getLoop(from, dim);
  if (!loop)
    return std::nullopt;
  return getDim(op.getMatchingIndexingMap(&operand), *loop);
}

/// The other addend when the body is `operand + other` and nothing else.
static OpOperand *getOtherAddend(linalg::LinalgOp op, OpOperand &operand) {
  if (op->getNumResults() != 1 || op.getNumParallelLoops() != op.getNumLoops())
    return nullptr;
  Block *body = op.getBlock();
  auto sum =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  Value own = body->getArgument(operand.getOperandNumber());
  if (!sum || (sum.getLhs() != own && sum.getRhs() != own))
    return nullptr;
  auto other = dyn_cast<BlockArgument>(sum.getLhs() == own ? sum.getRhs()
                                                           : sum.getLhs());
  if (!other || other == own || other.getOwner() != body)
    return nullptr;
  return &op->getOpOperand(other.getArgNumber());
}

//===----------------------------------------------------------------------===//
// Sums of products
//===----------------------------------------------------------------------===//

namespace {
/// A sum of products one factor of which is a weight with known elements.
struct WeightedSum {
  linalg::LinalgOp op;
  OpOperand *weight;
  OpOperand *input;
  OpOperand *init;
  ConstantView view;
  AffineMap weightMap;
  AffineMap inputMap;
  AffineMap resultMap;
  /// The loop and the dimension of the result that the channels of the result
  /// run along: the only parallel loop of the weight. Without it nothing folds.
  std::optional<unsigned> outputLoop;
  unsigned outputDim = 0;

  static std::optional<WeightedSum> match(linalg::LinalgOp op,
                                          ChannelState &state);

  /// Number that the input holds at all positions which meet the weight element
  /// at `index`, if it holds one.
  std::optional<double> getInputNumber(const ChannelState &state,
                                       ArrayRef<int64_t> index) const;

  /// Index of the result channel that the weight element belongs to.
  int64_t getOutputIndex(ArrayRef<int64_t> index) const {
    return index[*getDim(weightMap, *outputLoop)];
  }

  /// True when the result element could matter.
  bool isOutputLive(const ChannelState &state, ArrayRef<int64_t> index) const {
    return !outputLoop ||
           state.isLive(op->getResult(0), outputDim, getOutputIndex(index));
  }

  /// True when every dimension of the weight of a reduction loop leads to a
  /// channel of the input that stays.
  bool isInputLive(const ChannelState &state, ArrayRef<int64_t> index) const;

  void propagate(ChannelState &state) const;
  void markLive(ChannelState &state) const;
  FailureOr<int64_t> fold(OpBuilder &builder, ChannelState &state) const;

private:
  LogicalResult addOffsets(OpBuilder &builder, ChannelState &state,
                           ArrayRef<double> offsets) const;
  RankedTensorType getShrunkType(const ChannelState &state) const;
  Value createBias(OpBuilder &builder, RankedTensorType type,
                   ArrayRef<double> offsets) const;
};
} // namespace

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

//===----------------------------------------------------------------------===//
// The model
//===----------------------------------------------------------------------===//

namespace {
template <typename OpTy>
struct StructuredChannelModel
    : ChannelOpInterface::ExternalModel<StructuredChannelModel<OpTy>, OpTy> {
  void tieChannels(Operation *op, ChannelTies &ties) const {
    tieLoops(cast<linalg::LinalgOp>(op), ties);
  }

  void propagateConstants(Operation *op, ChannelState &state) const {
    auto structured = cast<linalg::LinalgOp>(op);
    if (structured.getNumParallelLoops() == structured.getNumLoops())
      return propagateElementwise(structured, state);
    if (std::optional<WeightedSum> sum = WeightedSum::match(structured, state))
      sum->propagate(state);
  }

  void markLive(Operation *op, ChannelState &state) const {
    auto structured = cast<linalg::LinalgOp>(op);
    if (structured.getNumParallelLoops() == structured.getNumLoops())
      return;
    if (std::optional<WeightedSum> sum = WeightedSum::match(structured, state))
      return sum->markLive(state);
    // Weights that are not known may be anything.
    forEachTensor(structured, [&](Value value, AffineMap map) {
      auto type = cast<RankedTensorType>(value.getType());
      for (unsigned dim = 0; dim < map.getNumResults(); ++dim) {
        std::optional<unsigned> loop = getLoop(map, dim);
        if (loop && !isReduction(structured, *loop))
          continue;
        for (int64_t i = 0; i < type.getDimSize(dim); ++i)
          state.markLive(value, dim, i);
      }
    });
  }

  std::optional<ConstantView> getConstantView(Operation *op,
                                              ChannelState &state) const {
    auto structured = cast<linalg::LinalgOp>(op);
    OpOperand *input = getCopiedInput(structured);
    if (!input)
      return std::nullopt;
    AffineMap map = structured.getMatchingIndexingMap(input);
    AffineMap result =
        structured.getMatchingIndexingMap(structured.getDpsInitOperand(0));
    std::optional<ConstantView> view = state.getView(input->get());
    if (!view || !map.isPermutation() || !result.isPermutation())
      return std::nullopt;
    SmallVector<int64_t> permutation;
    for (unsigned dim = 0; dim < result.getNumResults(); ++dim)
      permutation.push_back(*getDim(map, *getLoop(result, dim)));
    return view->transpose(permutation);
  }

  FailureOr<int64_t> foldConstants(Operation *op, OpBuilder &builder,
                                   ChannelState &state) const {
    std::optional<WeightedSum> sum =
        WeightedSum::match(cast<linalg::LinalgOp>(op), state);
    return sum ? sum->fold(builder, state) : int64_t(0);
  }

  Value getValueWhenEmpty(Operation *op) const {
    std::optional<SumOfProducts> product =
        matchSumOfProducts(cast<linalg::LinalgOp>(op));
    return product ? product->init->get() : Value();
  }

  LogicalResult addToResult(Operation *op, unsigned dim,
                            ArrayRef<double> offsets) const {
    auto structured = cast<linalg::LinalgOp>(op);
    OpOperand *input = getCopiedInput(structured);
    if (!input)
      return failure();
    AffineMap result =
        structured.getMatchingIndexingMap(structured.getDpsInitOperand(0));
    std::optional<unsigned> inputDim =
        getOperandDim(structured, *input, result, dim);
    if (!inputDim)
      return failure();
    return addToConstantSource(input->get(), *inputDim, offsets);
  }

  LogicalResult addToOperand(Operation *op, OpOperand &operand, unsigned dim,
                             ArrayRef<double> offsets) const {
    auto structured = cast<linalg::LinalgOp>(op);
    OpOperand *other = getOtherAddend(structured, operand);
    if (!other)
      return failure();
    AffineMap map = structured.getMatchingIndexingMap(&operand);
    std::optional<unsigned> otherDim =
        getOperandDim(structured, *other, map, dim);
    if (!otherDim)
      return failure();
    return addToConstantSource(other->get(), *otherDim, offsets);
  }
};
} // namespace

template <typename... Ops>
static void attachModels(MLIRContext *context) {
  (Ops::template attachInterface<StructuredChannelModel<Ops>>(*context), ...);
}

void mlir::prune::registerLinalgChannelModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, linalg::LinalgDialect *) {
    context->loadDialect<tensor::TensorDialect, PruneDialect>();
    attachModels<
#define GET_OP_LIST
#include "mlir/Dialect/Linalg/IR/LinalgStructuredOps.cpp.inc"
        >(context);
  });
}
