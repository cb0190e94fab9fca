//===- LinalgAdjoint.cpp - Reverse-mode rule of linalg --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One rule for all structured operations. A result is a function of scalars,
// summed over the reduced loops: y[C(i)] += f(x[A(i)], ...). The adjoint of an
// operand is the same loop nest with its map and that of the result exchanged
// and the body differentiated: dx[A(i)] += dy[C(i)] * f'(x[A(i)], ...). So a
// contraction gives contractions, a broadcast a sum, a sum a broadcast, and an
// element-wise body an element-wise body.
//
// The body is swept in reverse by the rules of its scalar operations, into a
// scratch block that may refer to the values of the body. What the adjoint of
// an operand then needs is cloned into the new operation: values that are
// elements of operands or, without reduced loops, of results are read there,
// only the rest is computed again. Values from outside that the body reads get
// adjoints, too: a scalar a sum over all loops, a tensor that is read at
// computed places (upsampling, flips, selections) a scatter. Reductions by
// maximum or minimum share the adjoint among the elements that equal the
// result; max pooling of images has a rule of its own, which sends it to the
// first one. Linear in the size of the body for each operand.
//
//===----------------------------------------------------------------------===//

#include "AdjointModel.h"
#include "ExtremumTies.h"
#include "LoopNestAdjoint.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/StructuredBuilder.h"
#include "Prune/Implementations/Adjoint.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::prune;

namespace {

/// The reverse sweep over the body of one structured operation.
class BodySweep {
public:
  BodySweep(linalg::LinalgOp op, ArrayRef<Value> resultAdjoints,
            ArrayRef<bool> needed);

  /// Differentiates the body. What it needs besides is built by `outer`.
  LogicalResult run(OpBuilder &outer);

  /// Builds the adjoint of an operand after `run`; null when it is zero. An
  /// operand that is read several times at the same indices gets all of it the
  /// first time.
  FailureOr<Value> buildOperandAdjoint(OpBuilder &builder, OpOperand &operand);

  /// The same for a value from outside that the body reads.
  FailureOr<Value> buildCapturedAdjoint(OpBuilder &builder, Value captured);

private:
  Value createSeed(OpResult result, Value adjoint);
  LogicalResult seedExtremum(OpBuilder &outer, OpOperand &init,
                             const Extremum &extremum, Value adjoint);
  LogicalResult seedResult(OpBuilder &outer, OpOperand &init);
  LogicalResult sweepOperation(Operation &operation);
  LogicalResult verifySums();
  Value takeAdjoint(OpOperand &operand);
  bool hasArgument(OpOperand &operand) {
    return operand.getOperandNumber() < op.getBlock()->getNumArguments();
  }

  linalg::LinalgOp op;
  bool isReduction;
  Region scratch;
  OpBuilder builder;
  LoopNest nest;
  llvm::DenseSet<Value> active;
  std::function<bool(Value)> isActive;
  AdjointMap adjoints;
  /// What goes back to each tensor from outside, in reverse order.
  llvm::MapVector<Value, SmallVector<Scatter>> scatters;
  /// One per result, null where the result has no adjoint.
  SmallVector<Value> seeds;
  ArrayRef<Value> resultAdjoints;
  /// Per result: a reduction by maximum or minimum, not a sum.
  SmallVector<bool> isExtremum;
};

} // namespace

/// Values of numbers from outside that the body reads.
static SmallVector<Value> getCaptured(linalg::LinalgOp op) {
  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(op->getRegions(), used);
  return llvm::filter_to_vector(used, [](Value value) {
    return isa<FloatType>(getElementTypeOrSelf(value.getType()));
  });
}

/// The floating-point constant that all elements of a tensor equal, if any.
static TypedAttr getUniformValue(Value tensor) {
  if (auto fill = tensor.getDefiningOp<linalg::FillOp>()) {
    TypedAttr value;
    if (matchPattern(fill.getInputs().front(), m_Constant(&value)))
      return value;
    return {};
  }
  SplatElementsAttr splat;
  if (matchPattern(tensor, m_Constant(&splat)))
    return dyn_cast<FloatAttr>(splat.getSplatValue<Attribute>());
  return {};
}

BodySweep::BodySweep(linalg::LinalgOp op, ArrayRef<Value> resultAdjoints,
                     ArrayRef<bool> needed)
    : op(op), isReduction(op.getNumReductionLoops() != 0),
      builder(op.getContext()), nest(op, &scratch.emplaceBlock()),
      isActive([this](Value value) { return active.contains(value); }),
      adjoints(isActive), resultAdjoints(resultAdjoints),
      isExtremum(resultAdjoints.size(), false) {
  builder.setInsertionPointToEnd(&scratch.front());
  for (OpOperand &operand : op->getOpOperands()) {
    if (!hasArgument(operand))
      continue;
    Value argument = op.getMatchingBlockArgument(&operand);
    // The argument of an init holds partial results while a reduction runs.
    bool isPartial = isReduction && op.isDpsInit(&operand);
    if (!isPartial)
      nest.addSource(argument, operand.get(),
                     op.getMatchingIndexingMap(&operand));
    if (isa<FloatType>(argument.getType()) &&
        (isPartial || needed[operand.getOperandNumber()]))
      active.insert(argument);
  }
  for (auto [value, isNeeded] : llvm::zip_equal(
           getCaptured(op), needed.drop_front(op->getNumOperands())))
    if (isNeeded)
      active.insert(value);
  for (Operation &operation : *op.getBlock())
    if (llvm::any_of(operation.getOperands(), isActive))
      for (Value result : operation.getResults())
        if (isa<FloatType>(result.getType()))
          active.insert(result);
}

/// The adjoint of the element of a result that an iteration writes.
Value BodySweep::createSeed(OpResult result, Value adjoint) {
  AffineMap map = op.getIndexingMapMatchingResult(result);
  Value seed;
  if (TypedAttr uniform = getUniformValue(adjoint))
    seed = arith::ConstantOp::create(builder, op.getLoc(), uniform);
  else
    seed = scratch.addArgument(getElementTypeOrSelf(adjoint), op.getLoc());
  nest.addSource(seed, adjoint, map);
  return seed;
}

/// Shares the adjoint among the values that a maximum or minimum reduces and
/// that equal the final result: one element may be several of them, in windows
/// that overlap.
LogicalResult BodySweep::seedExtremum(OpBuilder &outer, OpOperand &init,
                                      const Extremum &extremum, Value adjoint) {
  OpResult result = op.getTiedOpResult(&init);
  BlockArgument partial = op.getMatchingBlockArgument(&init);
  if ((extremum.lhs == partial) == (extremum.rhs == partial))
    return failure();
  Value candidate = extremum.lhs == partial ? extremum.rhs : extremum.lhs;
  FailureOr<Value> share =
      shareAmongTies(outer, op, result, candidate, adjoint);
  if (failed(share))
    return failure();
  Value seed = seeds.back() = createSeed(result, *share);
  FloatBuilder b(op.getLoc(), builder);
  Value last = scratch.addArgument(candidate.getType(), op.getLoc());
  nest.addSource(last, result, op.getIndexingMapMatchingResult(result));
  Value isLast =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, candidate, last);
  Value zero = b.constant(candidate.getType(), 0.0);
  Value contribution = b.select(isLast, seed, zero);
  adjoints.add(builder, candidate, contribution);
  return success();
}

LogicalResult BodySweep::seedResult(OpBuilder &outer, OpOperand &init) {
  OpResult result = op.getTiedOpResult(&init);
  Value yielded = op.getMatchingYieldValue(&init)->get();
  Operation *definition = yielded.getDefiningOp();
  // Without reduced loops an element of a result is what the body yielded.
  if (!isReduction && definition && definition->getBlock() == op.getBlock())
    nest.addSource(yielded, result, op.getIndexingMapMatchingResult(result));
  Value adjoint = resultAdjoints[result.getResultNumber()];
  seeds.push_back(Value());
  if (!adjoint)
    return success();
  auto extremum =
      isReduction && definition ? matchExtremum(definition) : std::nullopt;
  if (!extremum) {
    seeds.back() = createSeed(result, adjoint);
    adjoints.add(builder, yielded, seeds.back());
    return success();
  }
  isExtremum[result.getResultNumber()] = true;
  if (failed(seedExtremum(outer, init, *extremum, adjoint)))
    return op.emitError("no reverse-mode rule for this reduction by maximum or "
                        "minimum");
  return success();
}

/// The rule holds for sums: the adjoint of a partial result is that of the
/// result.
LogicalResult BodySweep::verifySums() {
  if (!isReduction)
    return success();
  for (OpOperand &init : op.getDpsInitsMutable()) {
    unsigned number = op.getTiedOpResult(&init).getResultNumber();
    if (!seeds[number] || isExtremum[number])
      continue;
    Value partial = op.getMatchingBlockArgument(&init);
    if (adjoints.lookup(partial) != seeds[number])
      return op.emitError(
          "no reverse-mode rule for a reduction that is no sum, "
          "maximum or minimum");
  }
  return success();
}

LogicalResult BodySweep::run(OpBuilder &outer) {
  for (OpOperand &init : op.getDpsInitsMutable())
    if (failed(seedResult(outer, init)))
      return failure();
  for (Operation &operation :
       llvm::reverse(op.getBlock()->without_terminator()))
    if (failed(sweepOperation(operation)))
      return failure();
  return verifySums();
}

LogicalResult BodySweep::sweepOperation(Operation &operation) {
  auto extract = dyn_cast<tensor::ExtractOp>(operation);
  if (extract && isActive(extract.getTensor())) {
    if (Value adjoint = adjoints.lookup(extract.getResult()))
      scatters[extract.getTensor()].push_back(
          {adjoint, llvm::to_vector(extract.getIndices())});
    return success();
  }
  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(operation.getRegions(), used);
  if (llvm::any_of(used, isActive))
    return operation.emitError("no reverse-mode rule for a region in the body "
                               "of a structured operation");
  return adjoints.propagate(builder, &operation);
}

/// The scalar adjoint of `operand` and of those after it that are the same
/// value at the same indices; null when an earlier one has taken it.
Value BodySweep::takeAdjoint(OpOperand &operand) {
  Value total;
  for (OpOperand &other : op->getOpOperands()) {
    bool isSame =
        other.get() == operand.get() && op.getMatchingIndexingMap(&other) ==
                                            op.getMatchingIndexingMap(&operand);
    if (!isSame || !hasArgument(other))
      continue;
    if (other.getOperandNumber() < operand.getOperandNumber())
      return {};
    Value part = adjoints.lookup(op.getMatchingBlockArgument(&other));
    if (total && part)
      total = arith::AddFOp::create(builder, op.getLoc(), total, part);
    else if (part)
      total = part;
  }
  return total;
}

FailureOr<Value> BodySweep::buildOperandAdjoint(OpBuilder &outer,
                                                OpOperand &operand) {
  if (!hasArgument(operand))
    return Value();
  if (op.isDpsInit(&operand)) {
    unsigned number = op.getTiedOpResult(&operand).getResultNumber();
    if (isExtremum[number])
      return op.emitError("no reverse-mode rule for the initial value of a "
                          "maximum or minimum");
  }
  Value root = takeAdjoint(operand);
  if (!root)
    return Value();
  AffineMap map = op.getMatchingIndexingMap(&operand);
  FailureOr<Value> adjoint = nest.accumulate(outer, root, map, operand.get());
  // The adjoints of other operands often go on from this one.
  if (succeeded(adjoint) && isOneToOne(map))
    nest.addSource(root, *adjoint, map);
  return adjoint;
}

FailureOr<Value> BodySweep::buildCapturedAdjoint(OpBuilder &outer,
                                                 Value captured) {
  auto found = scatters.find(captured);
  if (found != scatters.end())
    return nest.scatter(outer, found->second, captured);
  Value root = adjoints.lookup(captured);
  if (!root)
    return Value();
  AffineMap map = AffineMap::get(op.getNumLoops(), 0, op.getContext());
  return nest.accumulate(outer, root, map, captured);
}

namespace {

template <typename OpTy>
struct StructuredModel
    : AdjointOpInterface::ExternalModel<StructuredModel<OpTy>, OpTy> {
  SmallVector<Value> getAdjointInputs(Operation *operation) const {
    SmallVector<Value> inputs = llvm::to_vector(operation->getOperands());
    llvm::append_range(inputs, getCaptured(cast<linalg::LinalgOp>(operation)));
    return inputs;
  }

  LogicalResult buildAdjoint(Operation *operation, OpBuilder &builder,
                             ArrayRef<Value> resultAdjoints,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputAdjoints) const {
    auto op = cast<linalg::LinalgOp>(operation);
    if (!op.hasPureTensorSemantics())
      return op.emitError("no reverse-mode rule for an operation on buffers");
    BodySweep sweep(op, resultAdjoints, needed);
    if (failed(sweep.run(builder)))
      return failure();
    // Sums may add up element-wise adjoints, which hence come first.
    for (bool isFirstRound : {true, false})
      for (OpOperand &operand : op->getOpOperands()) {
        unsigned i = operand.getOperandNumber();
        bool isElementwise = isOneToOne(op.getMatchingIndexingMap(&operand));
        if (!needed[i] || isElementwise != isFirstRound)
          continue;
        FailureOr<Value> adjoint = sweep.buildOperandAdjoint(builder, operand);
        if (failed(adjoint))
          return failure();
        inputAdjoints[i] = *adjoint;
      }
    unsigned i = op->getNumOperands();
    for (Value captured : getCaptured(op)) {
      FailureOr<Value> adjoint = Value();
      if (needed[i])
        adjoint = sweep.buildCapturedAdjoint(builder, captured);
      if (failed(adjoint))
        return failure();
      inputAdjoints[i++] = *adjoint;
    }
    return success();
  }
};

/// Equal elements are common in windows behind a relu: if each got the adjoint,
/// gradients would come out several times too large.
struct MaxPoolModel
    : AdjointOpInterface::ExternalModel<MaxPoolModel,
                                        linalg::PoolingNchwMaxOp> {
  LogicalResult buildAdjoint(Operation *operation, OpBuilder &builder,
                             ArrayRef<Value> resultAdjoints,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputAdjoints) const {
    auto op = cast<linalg::PoolingNchwMaxOp>(operation);
    if (!op.hasPureTensorSemantics())
      return op.emitError("no reverse-mode rule for an operation on buffers");
    if (needed[2])
      return op.emitError("no reverse-mode rule for the initial value of a "
                          "maximum or minimum");
    for (Type type : op->getOperandTypes())
      if (!cast<RankedTensorType>(type).hasStaticShape())
        return op.emitError(
            "no reverse-mode rule for max pooling of dynamic shape");
    if (needed[0])
      inputAdjoints[0] = buildInput(op, resultAdjoints[0], builder);
    return success();
  }

private:
  static Value buildInput(linalg::PoolingNchwMaxOp op, Value adjoint,
                          OpBuilder &builder) {
    ImplicitLocOpBuilder b(op.getLoc(), builder);
    Value input = op.getInputs()[0];
    auto window = cast<RankedTensorType>(op.getInputs()[1].getType());
    auto output = cast<RankedTensorType>(op->getResult(0).getType());
    auto strides = llvm::to_vector(op.getStrides().getValues<int64_t>());
    auto dilations = llvm::to_vector(op.getDilations().getValues<int64_t>());
    // Rows and columns behind the last window are no part of the operation.
    auto type = cast<RankedTensorType>(input.getType());
    SmallVector<int64_t> shape(type.getShape());
    for (unsigned i = 0; i < 2; ++i) {
      int64_t read = output.getDimSize(i + 2) * strides[i] +
                     (window.getDimSize(i) - 1) * dilations[i];
      shape[i + 2] = std::min(shape[i + 2], read);
    }
    SmallVector<OpFoldResult> offsets(4, b.getIndexAttr(0));
    SmallVector<OpFoldResult> ones(4, b.getIndexAttr(1));
    auto sizes = getAsIndexOpFoldResult(b.getContext(), shape);
    auto readType = RankedTensorType::get(shape, type.getElementType());
    bool isAll = readType == type;
    Value part = input;
    if (!isAll)
      part = tensor::ExtractSliceOp::create(b, readType, input, offsets, sizes,
                                            ones);
    Value gradient =
        MaxPoolGradientOp::create(b, readType, part, op->getResult(0), adjoint,
                                  window.getShape(), strides, dilations);
    if (isAll)
      return gradient;
    Value zeros = createFilledLike(b, op.getLoc(), input, 0.0);
    return tensor::InsertSliceOp::create(b, gradient, zeros, offsets, sizes,
                                         ones);
  }
};

/// With y the softmax: dx = (dy - sum(dy * y)) * y.
struct SoftmaxModel : AdjointModel<SoftmaxModel, linalg::SoftmaxOp> {
  static LogicalResult build(linalg::SoftmaxOp op, Value adjoint,
                             FloatBuilder &b, ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    if (!needed[0])
      return success();
    if (op->getNumResults() != 1)
      return op.emitError("no reverse-mode rule for an operation on buffers");
    Value result = op->getResult(0);
    int64_t axis = op.getDimension();
    int64_t rank = op.getInputOperandRank();
    AffineMap all = b.getMultiDimIdentityMap(rank);
    AffineMap rows = all.dropResult(axis);
    Value product = b.mul(adjoint, result);
    Value sum = createSum(b, op.getLoc(), product, {axis});
    Value empty = createEmptyLike(b, op.getLoc(), result);
    auto generic = linalg::GenericOp::create(
        b, result.getType(), ValueRange{adjoint, sum, result},
        ValueRange{empty}, ArrayRef<AffineMap>{all, rows, all, all},
        SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
        [](OpBuilder &b, Location loc, ValueRange args) {
          Value difference = arith::SubFOp::create(b, loc, args[0], args[1]);
          Value value = arith::MulFOp::create(b, loc, difference, args[2]);
          linalg::YieldOp::create(b, loc, value);
        });
    inputs[0] = generic.getResult(0);
    return success();
  }
};

/// The rule of each named operation.
template <typename OpTy>
struct ModelOf {
  using type = StructuredModel<OpTy>;
};
template <>
struct ModelOf<linalg::PoolingNchwMaxOp> {
  using type = MaxPoolModel;
};

template <typename... Ops>
void attachStructuredModels(MLIRContext *context) {
  (Ops::template attachInterface<typename ModelOf<Ops>::type>(*context), ...);
}

} // namespace

void mlir::prune::registerLinalgAdjointModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, linalg::LinalgDialect *) {
    context->loadDialect<arith::ArithDialect, math::MathDialect, PruneDialect,
                         scf::SCFDialect, tensor::TensorDialect>();
    attachStructuredModels<
#define GET_OP_LIST
#include "mlir/Dialect/Linalg/IR/LinalgStructuredOps.cpp.inc"
        >(context);
    linalg::SoftmaxOp::attachInterface<SoftmaxModel>(*context);
  });
}
