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
// moves constants, also through pooling and sums, and a sum of products mixes
// channels with weights that are known. Whatever does not fit (windows,
// reductions of another kind, bodies that look at loop counters) pins its
// dimensions.
//
//===----------------------------------------------------------------------===//

#include "ConstantOffsets.h"
#include "GatherChannels.h"
#include "GroupedSum.h"
#include "Prune/Analysis/BodyEvaluator.h"
#include "Prune/Analysis/ChannelState.h"
#include "Prune/Analysis/Copies.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Implementations/Channels.h"
#include "WeightedSum.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::prune;

/// Calls `function` with every tensor operand and result and its map. Results
/// share the maps of the operands they are initialized with.
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
                                const std::optional<SumOfProducts> &product,
                                ArrayRef<Gather> gathers) {
  std::string name = op->getName().getStringRef().str();
  auto reads = [&](Operation &nested) {
    auto index = dyn_cast<linalg::IndexOp>(nested);
    return index && index.getDim() == loop && !isIndexOfGathers(index, gathers);
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

/// The tensor and dimension that have the channels of a dimension; nothing when
/// others speak for it.
using GetOwnerFn =
    function_ref<std::optional<std::pair<Value, unsigned>>(Value, unsigned)>;

static void tieLoops(linalg::LinalgOp op, ArrayRef<Gather> gathers,
                     ChannelTies &ties, GetOwnerFn getOwner) {
  std::optional<SumOfProducts> product = matchSumOfProducts(op);
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    std::string reason = getPinReason(op, loop, product, gathers);
    Value first;
    unsigned firstDim = 0;
    forEachTensor(op, [&](Value value, AffineMap map) {
      for (unsigned dim = 0; dim < map.getNumResults(); ++dim) {
        std::optional<std::pair<Value, unsigned>> owner =
            getLoop(map, dim) == loop ? getOwner(value, dim) : std::nullopt;
        if (!owner)
          continue;
        if (!reason.empty())
          ties.pin(owner->first, owner->second, reason);
        if (!first)
          std::tie(first, firstDim) = *owner;
        else
          ties.tie(first, firstDim, owner->first, owner->second);
      }
    });
  }
  forEachTensor(op, [&](Value value, AffineMap map) {
    for (unsigned dim = 0; dim < map.getNumResults(); ++dim)
      if (auto owner = getOwner(value, dim); owner && !getLoop(map, dim))
        ties.pin(owner->first, owner->second, "indexed through a window");
  });
}

//===----------------------------------------------------------------------===//
// Element-wise operations
//===----------------------------------------------------------------------===//

/// Constants through the body of an operation without reductions.
static void propagateElementwise(linalg::LinalgOp op, ChannelState &state) {
  SmallVector<Gather> gathers = getGathers(op);
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
        BodyEvaluator evaluator(op.getBlock(), state.assumesFinite(), argument);
        evaluator.overrideResults(
            [&](OpResult value) -> std::optional<Attribute> {
              for (const Gather &gather : gathers)
                if (gather.extract == value.getOwner())
                  return getGatherConstant(gather, state, *loop, i);
              return std::nullopt;
            });
        if (Attribute constant = evaluator.evaluate(yielded))
          state.setConstant(result, dim, i, constant);
      }
    }
  }
}

/// The value that the body yields where its operands hold `constants`, by
/// argument; null when unknown.
static Attribute evaluateBody(linalg::LinalgOp op, bool finite,
                              ArrayRef<Attribute> constants) {
  auto argument = [&](BlockArgument blockArgument) {
    return constants[blockArgument.getArgNumber()];
  };
  BodyEvaluator evaluator(op.getBlock(), finite, argument);
  return evaluator.evaluate(op.getBlock()->getTerminator()->getOperand(0));
}

/// True when every window along a padded dimension, with `low` elements in
/// front of the `extent` that are padded, holds one of these. Windows may be
/// cut at the end, as those of a pooling that rounds its extent up.
static bool meetsInterior(linalg::LinalgOp op, AffineMap map, unsigned dim,
                          int64_t low, int64_t extent) {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SmallVector<int64_t> point(ranges.size(), 0);
  SmallVector<unsigned> moved, reduced;
  for (unsigned loop = 0; loop < ranges.size(); ++loop)
    if (map.getResult(dim).isFunctionOfDim(loop))
      (isReduction(op, loop) ? reduced : moved).push_back(loop);
  if (moved.size() > 1 || reduced.size() > 1)
    return false;
  auto isInside = [&](int64_t step) {
    if (!reduced.empty())
      point[reduced.front()] = step;
    int64_t place = map.compose(point)[dim];
    return place >= low && place < low + extent;
  };
  auto meets = [&](int64_t window) {
    if (!moved.empty())
      point[moved.front()] = window;
    int64_t steps = reduced.empty() ? 1 : ranges[reduced.front()];
    return llvm::any_of(llvm::seq<int64_t>(0, steps), isInside);
  };
  int64_t windows = moved.empty() ? 1 : ranges[moved.front()];
  return llvm::all_of(llvm::seq<int64_t>(0, windows), meets);
}

/// True when every window along the padded dimensions of `operand` holds an
/// element of what is padded.
static bool meetsInterior(linalg::LinalgOp op, OpOperand &operand,
                          tensor::PadOp pad) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  for (unsigned dim = 0; dim < map.getNumResults(); ++dim) {
    int64_t low = pad.getStaticLow()[dim];
    bool isPadded = low != 0 || pad.getStaticHigh()[dim] != 0;
    if (isPadded &&
        !meetsInterior(op, map, dim, low, pad.getSourceType().getDimSize(dim)))
      return false;
  }
  return true;
}

/// What a reduction holds where its operands hold `constants`, when any number
/// of steps, at least one, gives the same, and steps that read `padding` in
/// place of `padded` change nothing.
static Attribute evaluatePadded(linalg::LinalgOp op, bool finite,
                                SmallVector<Attribute> constants,
                                unsigned padded, Attribute padding) {
  unsigned out = op->getNumOperands() - 1;
  Attribute once = evaluateBody(op, finite, constants);
  auto yields = [&](Attribute input, Attribute from) {
    constants[padded] = input;
    constants[out] = from;
    return evaluateBody(op, finite, constants) == from;
  };
  Attribute input = constants[padded], initial = constants[out];
  bool holds = once && yields(input, once) && yields(padding, once) &&
               yields(padding, initial);
  return holds ? once : Attribute();
}

/// The constant that a channel of a reduction holds: the body is evaluated as
/// often as it runs, or until nothing changes (maximum, sum of zeros). Padding
/// that never wins (minus infinity for the maximum) is looked through.
static Attribute evaluateReduction(linalg::LinalgOp op, ChannelState &state,
                                   unsigned loop, int64_t index,
                                   int64_t count) {
  constexpr int64_t kMostSteps = 4096;
  bool isCounted = !ShapedType::isDynamic(count);
  SmallVector<Attribute> constants;
  for (OpOperand &operand : op->getOpOperands())
    constants.push_back(getOperandConstant(op, state, operand, loop, index));
  unsigned out = constants.size() - 1;
  if (!constants[out])
    return {};
  for (OpOperand &operand : op->getOpOperands()) {
    auto pad = operand.get().getDefiningOp<tensor::PadOp>();
    unsigned number = operand.getOperandNumber();
    Attribute padding;
    std::optional<unsigned> dim =
        getDim(op.getMatchingIndexingMap(&operand), loop);
    if (!pad || constants[number] || !dim || !isCounted ||
        !pad.getResultType().hasStaticShape() ||
        !pad.getConstantPaddingValue() ||
        !matchPattern(pad.getConstantPaddingValue(), m_Constant(&padding)) ||
        pad.getStaticLow()[*dim] != 0 || pad.getStaticHigh()[*dim] != 0)
      continue;
    Attribute source = state.getConstant(pad.getSource(), *dim, index);
    if (!source || !meetsInterior(op, operand, pad))
      continue;
    constants[number] = source;
    return evaluatePadded(op, state.assumesFinite(), constants, number,
                          padding);
  }
  int64_t steps = isCounted ? std::min(count, kMostSteps) : 1;
  for (int64_t step = 0; step < steps; ++step) {
    Attribute next = evaluateBody(op, state.assumesFinite(), constants);
    if (!next || next == constants[out])
      return next;
    // Of an unknown number of steps all have to give the initial value.
    if (!isCounted)
      return {};
    constants[out] = next;
  }
  return count <= kMostSteps ? constants[out] : Attribute();
}

/// How often a reduction runs its body for an element; dynamic when unknown.
static int64_t countSteps(linalg::LinalgOp op) {
  int64_t count = 1;
  for (auto [loop, range] : llvm::enumerate(op.getStaticLoopRanges())) {
    if (!isReduction(op, loop))
      continue;
    if (ShapedType::isDynamic(range))
      return ShapedType::kDynamic;
    count *= range;
  }
  return count;
}

/// Constants through pooling, sums and other reductions to one result.
static void propagateReduction(linalg::LinalgOp op, ChannelState &state) {
  if (op->getNumResults() != 1)
    return;
  int64_t count = countSteps(op);
  Value result = op->getResult(0);
  auto type = dyn_cast<RankedTensorType>(result.getType());
  if (!type || count == 0)
    return;
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  for (unsigned dim = 0; dim < map.getNumResults(); ++dim) {
    std::optional<unsigned> loop = getLoop(map, dim);
    for (int64_t i = 0; loop && i < type.getDimSize(dim); ++i)
      if (Attribute constant = evaluateReduction(op, state, *loop, i, count))
        state.setConstant(result, dim, i, constant);
  }
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

/// True when index `i` of a loop gives nothing to a sum of unknown products.
static bool isZeroProduct(linalg::LinalgOp op, ChannelState &state,
                          const SumOfProducts &product, unsigned loop,
                          int64_t i) {
  return llvm::any_of(
      ArrayRef<OpOperand *>{product.lhs, product.rhs}, [&](OpOperand *factor) {
        std::optional<unsigned> dim =
            getDim(op.getMatchingIndexingMap(factor), loop);
        return dim && state.getNumber(factor->get(), *dim, i) == 0.0;
      });
}

/// Marks what a reduction mixes, but for factors that are zero.
static void markSummedLive(linalg::LinalgOp op, ChannelState &state) {
  std::optional<SumOfProducts> product = matchSumOfProducts(op);
  forEachTensor(op, [&](Value value, AffineMap map) {
    auto type = cast<RankedTensorType>(value.getType());
    for (unsigned dim = 0; dim < map.getNumResults(); ++dim) {
      std::optional<unsigned> loop = getLoop(map, dim);
      if (loop && !isReduction(op, *loop))
        continue;
      for (int64_t i = 0; i < type.getDimSize(dim); ++i)
        if (!product || !loop || !state.assumesFinite() ||
            !isZeroProduct(op, state, *product, *loop, i))
          state.markLive(value, dim, i);
    }
  });
}

//===----------------------------------------------------------------------===//
// The model
//===----------------------------------------------------------------------===//

namespace {
template <typename OpTy>
struct StructuredChannelModel
    : ChannelOpInterface::ExternalModel<StructuredChannelModel<OpTy>, OpTy> {
  void tieChannels(Operation *op, ChannelTies &ties) const {
    auto structured = cast<linalg::LinalgOp>(op);
    SmallVector<Gather> gathers = getGathers(structured);
    if (std::optional<GroupedSum> sum = GroupedSum::match(structured)) {
      sum->tieChannels(ties);
      return tieLoops(
          structured, gathers, ties,
          [&](Value value, unsigned dim) { return sum->getFlat(value, dim); });
    }
    tieLoops(structured, gathers, ties, [](Value value, unsigned dim) {
      return std::optional(std::pair(value, dim));
    });
    tieGathers(structured, gathers, ties);
  }

  SmallVector<Value> getCapturedTensors(Operation *op) const {
    SmallVector<Value> captured;
    for (const Gather &gather : getGathers(cast<linalg::LinalgOp>(op)))
      captured.push_back(gather.getSource());
    return captured;
  }

  void propagateConstants(Operation *op, ChannelState &state) const {
    auto structured = cast<linalg::LinalgOp>(op);
    if (structured.getNumParallelLoops() == structured.getNumLoops())
      return propagateElementwise(structured, state);
    if (std::optional<GroupedSum> sum = GroupedSum::match(structured))
      return sum->propagate(state);
    if (std::optional<WeightedSum> sum = WeightedSum::match(structured, state))
      return sum->propagate(state);
    propagateReduction(structured, state);
  }

  void markLive(Operation *op, ChannelState &state) const {
    auto structured = cast<linalg::LinalgOp>(op);
    if (structured.getNumParallelLoops() == structured.getNumLoops())
      return markGathersLive(getGathers(structured), state);
    if (std::optional<GroupedSum> sum = GroupedSum::match(structured))
      return sum->markLive(state);
    if (std::optional<WeightedSum> sum = WeightedSum::match(structured, state))
      return sum->markLive(state);
    // Weights that are not known may be anything.
    if (!llvm::all_of(op->getResults(),
                      [&](Value result) { return state.isDead(result); }))
      markSummedLive(structured, state);
  }

  std::optional<ConstantView> getConstantView(Operation *op,
                                              ChannelState &state) const {
    auto structured = cast<linalg::LinalgOp>(op);
    OpOperand *input = getCopiedInput(structured);
    if (!input)
      return getGatherView(structured, state);
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
    auto structured = cast<linalg::LinalgOp>(op);
    if (std::optional<GroupedSum> grouped = GroupedSum::match(structured))
      return grouped->fold(builder, state);
    SmallVector<Gather> gathers = getGathers(structured);
    updateGathers(builder, structured, gathers, state);
    std::optional<WeightedSum> sum = WeightedSum::match(structured, state);
    return sum ? sum->fold(builder, state) : int64_t(0);
  }

  Value getValueWhenEmpty(Operation *op, OpBuilder &) const {
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
