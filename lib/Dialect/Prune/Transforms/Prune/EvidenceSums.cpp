//===- EvidenceSums.cpp - Sums over the rows of a batch -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The loops of a layer say what each element of its weight is multiplied with,
// and which of its results belong to one output channel.
//
//===----------------------------------------------------------------------===//

#include "EvidenceSums.h"

#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Dialect/Prune/Utils/Criteria.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace mlir::prune;

namespace {

/// The loops of a layer that a sum over its input runs through.
struct SumLoops {
  SmallVector<AffineExpr> kept; ///< indices of the sum
  SmallVector<int64_t> shape;
  SmallVector<utils::IteratorType> iterators;
  /// Loops that only windows count, which have to be counted once more.
  SmallVector<AffineExpr> counted;
  SmallVector<int64_t> counts;
};

} // namespace

/// Finds the transpositions and reshapes between the parameter and the weight
/// operand, that of the operand first; false when something else is in between.
static bool followPath(Value parameter, EvidenceLayer &layer) {
  Value value = layer.weight->get();
  while (value != parameter) {
    Operation *op = value.getDefiningOp();
    if (auto mask = dyn_cast_or_null<ApplyMaskOp>(op)) {
      value = mask.getWeight();
    } else if (auto gate = dyn_cast_or_null<GateOp>(op)) {
      value = gate.getWeight();
    } else if (isa_and_nonnull<linalg::TransposeOp, tensor::ExpandShapeOp,
                               tensor::CollapseShapeOp>(op)) {
      layer.path.push_back(op);
      value = op->getOperand(0);
    } else {
      return false;
    }
  }
  return true;
}

std::optional<EvidenceLayer> prune::readEvidenceLayer(PrunableOpInterface op,
                                                      StringRef &reason) {
  EvidenceLayer layer;
  layer.op = dyn_cast<linalg::LinalgOp>(op.getOperation());
  layer.weight = op.getWeightOperand();
  std::optional<SumOfProducts> match =
      layer.op ? matchSumOfProducts(layer.op) : std::nullopt;
  reason = "it is no sum of products";
  if (!match || !layer.weight)
    return std::nullopt;
  layer.input = layer.weight == match->rhs ? match->lhs : match->rhs;
  layer.name = getDisplayName(op.getWeight());
  reason = "its weight is used in another shape than it has";
  if (!followPath(op.getWeight(), layer))
    return std::nullopt;
  reason = "its shapes are not static";
  if (layer.op.hasDynamicShape())
    return std::nullopt;
  return layer;
}

/// What a sum over the input keeps of the loops of a layer; nothing when an
/// index of the weight is no loop.
static std::optional<SumLoops> getSumLoops(const EvidenceLayer &layer,
                                           AffineMap &inputMap) {
  linalg::LinalgOp op = layer.op;
  MLIRContext *context = op->getContext();
  AffineMap weights = op.getMatchingIndexingMap(layer.weight);
  AffineMap inputs = op.getMatchingIndexingMap(layer.input);
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SumLoops loops;
  SmallVector<AffineExpr> numbers;
  SmallVector<bool> isKept(ranges.size(), false);
  for (unsigned dim = 0; dim < weights.getNumResults(); ++dim) {
    std::optional<unsigned> loop = getLoop(weights, dim);
    if (!loop)
      return std::nullopt;
    isKept[*loop] = usesLoop(inputs, *loop);
  }
  for (auto [loop, range] : llvm::enumerate(ranges)) {
    if (!usesLoop(inputs, loop)) {
      numbers.push_back(getAffineConstantExpr(0, context));
      continue;
    }
    AffineExpr number = getAffineDimExpr(loops.iterators.size(), context);
    numbers.push_back(number);
    loops.iterators.push_back(isKept[loop] ? utils::IteratorType::parallel
                                           : utils::IteratorType::reduction);
    if (!isKept[loop] && !getDim(inputs, loop)) {
      loops.counted.push_back(number);
      loops.counts.push_back(range);
    }
  }
  for (unsigned dim = 0; dim < weights.getNumResults(); ++dim) {
    unsigned loop = *getLoop(weights, dim);
    loops.kept.push_back(numbers[loop]);
    loops.shape.push_back(isKept[loop] ? ranges[loop] : 1);
  }
  inputMap = inputs.replaceDimsAndSymbols(numbers, {}, loops.iterators.size(),
                                          /*numResultSyms=*/0);
  return loops;
}

/// A tensor with the dimensions of the result of a transposition in the order
/// of its operand.
static Value transposeBack(ImplicitLocOpBuilder &b, Value value,
                           linalg::TransposeOp op) {
  SmallVector<int64_t> permutation =
      invertPermutationVector(op.getPermutation());
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape = applyPermutation(type.getShape(), permutation);
  Value empty = tensor::EmptyOp::create(b, shape, type.getElementType());
  auto transpose = linalg::TransposeOp::create(b, value, empty, permutation);
  return transpose.getResult().front();
}

/// A tensor that broadcasts to `shape`, repeated along all dimensions but those
/// in which it is of extent one in a whole group.
static Value repeatInGroups(ImplicitLocOpBuilder &b, Value value,
                            ArrayRef<int64_t> shape,
                            ArrayRef<ReassociationIndices> groups) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> repeated(type.getShape());
  for (const ReassociationIndices &group : groups) {
    bool isOne = llvm::all_of(
        group, [&](int64_t dim) { return type.getDimSize(dim) == 1; });
    for (int64_t dim : group)
      repeated[dim] = isOne ? 1 : shape[dim];
  }
  if (ArrayRef(repeated) == type.getShape())
    return value;
  AffineMap map = getBroadcastMap(type, repeated);
  Value empty = tensor::EmptyOp::create(b, repeated, type.getElementType());
  return createMapped(b, value, map, empty,
                      [](ImplicitLocOpBuilder &, ValueRange args) {
                        return SmallVector<Value>{args.front()};
                      })
      .front();
}

/// What broadcasts to the result of a split, for what was split.
static Value mergeBack(ImplicitLocOpBuilder &b, Value value,
                       tensor::ExpandShapeOp op) {
  SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
  Value whole = repeatInGroups(b, value, op.getResultType().getShape(), groups);
  auto type = tensor::CollapseShapeOp::inferCollapsedType(
      cast<RankedTensorType>(whole.getType()), op.getReassociationMaps());
  auto merged = tensor::CollapseShapeOp::create(b, type, whole, groups);
  return merged.getResult();
}

/// What broadcasts to the result of a merge, for what was merged.
static Value splitBack(ImplicitLocOpBuilder &b, Value value,
                       tensor::CollapseShapeOp op) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(op.getSrcType().getShape());
  SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
  for (auto [flat, group] : llvm::enumerate(groups))
    if (type.getDimSize(flat) == 1)
      for (int64_t dim : group)
        shape[dim] = 1;
  auto split =
      tensor::ExpandShapeOp::create(b, type.clone(shape), value, groups);
  return split.getResult();
}

/// A tensor that broadcasts to the weight operand as one that broadcasts to the
/// parameter.
static Value toParameter(ImplicitLocOpBuilder &b, Value value,
                         const EvidenceLayer &layer) {
  for (Operation *op : layer.path) {
    if (auto transpose = dyn_cast<linalg::TransposeOp>(op))
      value = transposeBack(b, value, transpose);
    else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
      value = mergeBack(b, value, expand);
    else
      value = splitBack(b, value, cast<tensor::CollapseShapeOp>(op));
  }
  return value;
}

/// Sums of squares of the input, of a shape that broadcasts to the parameter.
static Value createInputSquares(ImplicitLocOpBuilder &b,
                                const EvidenceLayer &layer) {
  AffineMap inputMap;
  std::optional<SumLoops> loops = getSumLoops(layer, inputMap);
  if (!loops)
    return {};
  Value input = layer.input->get();
  Type element = getElementTypeOrSelf(input.getType());
  unsigned numLoops = loops->iterators.size();
  SmallVector<Value> inputs = {input};
  SmallVector<AffineMap> maps = {inputMap};
  if (!loops->counted.empty()) {
    inputs.push_back(tensor::EmptyOp::create(b, loops->counts, element));
    maps.push_back(AffineMap::get(numLoops, 0, loops->counted, b.getContext()));
  }
  maps.push_back(AffineMap::get(numLoops, 0, loops->kept, b.getContext()));
  Value zeros =
      createNumber(b, RankedTensorType::get(loops->shape, element), 0.0);
  Value sums =
      createLoops(b, inputs, zeros, maps, loops->iterators,
                  [](ImplicitLocOpBuilder &e, ValueRange args) {
                    Value square =
                        arith::MulFOp::create(e, args.front(), args.front());
                    Value sum = arith::AddFOp::create(e, args.back(), square);
                    return SmallVector<Value>{sum};
                  })
          .front();
  return toParameter(b, sums, layer);
}

/// The operation that alone reads a value; null when there are several.
static Operation *getOnlyUser(Value value) {
  Operation *found = nullptr;
  for (Operation *user : value.getUsers()) {
    if (found && found != user)
      return nullptr;
    found = user;
  }
  return found;
}

static bool isActivationOf(Operation *op, Value value) {
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  bool isElementwise = isa<BatchNormOp>(op) ||
                       (structured && isElementwiseOnTensors(structured) &&
                        structured.getNumDpsInputs() <= 2);
  return isElementwise && op->getNumResults() == 1 &&
         op->getResult(0).getType() == value.getType();
}

/// The result of a layer behind its normalization and activation, in the shape
/// of the result: what the next layer, or a pooling, reads.
static Value findActivation(ImplicitLocOpBuilder &b, Value result) {
  SmallVector<Operation *> reshapes;
  Value found = result;
  size_t numReshapes = 0;
  Value current = result;
  while (Operation *user = getOnlyUser(current)) {
    if (isActivationOf(user, current)) {
      current = user->getResult(0);
      found = current;
      numReshapes = reshapes.size();
    } else if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(user)) {
      reshapes.push_back(user);
      current = user->getResult(0);
    } else {
      break;
    }
  }
  for (Operation *op :
       llvm::reverse(ArrayRef(reshapes).take_front(numReshapes))) {
    Type type = op->getOperand(0).getType();
    if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
      found = tensor::CollapseShapeOp::create(b, type, found,
                                              expand.getReassociationIndices());
    else
      found = tensor::ExpandShapeOp::create(
          b, type, found,
          cast<tensor::CollapseShapeOp>(op).getReassociationIndices());
  }
  return found;
}

/// For each output channel the sum over rows of the mean over positions of what
/// `measure` makes of an activation.
static Value
createChannelMeans(ImplicitLocOpBuilder &b, const EvidenceLayer &layer,
                   function_ref<Value(ImplicitLocOpBuilder &, Value)> measure) {
  linalg::LinalgOp op = layer.op;
  AffineMap weights = op.getMatchingIndexingMap(layer.weight);
  AffineMap outputs = op.getIndexingMapsArray().back();
  Value activation = findActivation(b, op->getResult(0));
  auto type = cast<RankedTensorType>(activation.getType());
  SmallVector<AffineExpr> kept;
  SmallVector<int64_t> shape;
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::reduction);
  int64_t channels = 1;
  for (unsigned dim = 0; dim < weights.getNumResults(); ++dim) {
    std::optional<unsigned> loop = getLoop(weights, dim);
    std::optional<unsigned> place = loop ? getDim(outputs, *loop) : loop;
    kept.push_back(place ? b.getAffineDimExpr(*place)
                         : b.getAffineConstantExpr(0));
    shape.push_back(place ? type.getDimSize(*place) : 1);
    channels *= shape.back();
    if (place)
      iterators[*place] = utils::IteratorType::parallel;
  }
  double positions = double(type.getNumElements()) /
                     double(std::max<int64_t>(channels * layer.rows, 1));
  Type element = type.getElementType();
  SmallVector<AffineMap> maps = {
      b.getMultiDimIdentityMap(type.getRank()),
      AffineMap::get(type.getRank(), 0, kept, b.getContext())};
  Value zeros = createNumber(b, RankedTensorType::get(shape, element), 0.0);
  Value sums =
      createLoops(b, activation, zeros, maps, iterators,
                  [&](ImplicitLocOpBuilder &e, ValueRange args) {
                    Value measured = measure(e, args.front());
                    Value share = createNumber(e, element, 1.0 / positions);
                    Value part = arith::MulFOp::create(e, measured, share);
                    Value sum = arith::AddFOp::create(e, args.back(), part);
                    return SmallVector<Value>{sum};
                  })
          .front();
  return toParameter(b, sums, layer);
}

Value prune::createEvidenceSums(ImplicitLocOpBuilder &b,
                                const EvidenceLayer &layer, EvidenceKind kind) {
  switch (kind) {
  case EvidenceKind::InputNorm:
    return createInputSquares(b, layer);
  case EvidenceKind::ZeroShare:
    return createChannelMeans(b, layer, [](ImplicitLocOpBuilder &e, Value x) {
      Value zero = createNumber(e, x.getType(), 0.0);
      Value one = createNumber(e, x.getType(), 1.0);
      Value isZero =
          arith::CmpFOp::create(e, arith::CmpFPredicate::OEQ, x, zero);
      Value share = arith::SelectOp::create(e, isZero, one, zero);
      return share;
    });
  case EvidenceKind::Activation:
    return createChannelMeans(b, layer, [](ImplicitLocOpBuilder &e, Value x) {
      Value magnitude = math::AbsFOp::create(e, x);
      return magnitude;
    });
  default:
    return {};
  }
}

bool prune::isSummed(EvidenceKind kind) {
  return kind == EvidenceKind::InputNorm || kind == EvidenceKind::ZeroShare ||
         kind == EvidenceKind::Activation || kind == EvidenceKind::InputGram;
}
