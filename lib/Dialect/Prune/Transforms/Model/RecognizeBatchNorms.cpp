//===- RecognizeBatchNorms.cpp - Strings of generics to batch norms -------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Element-wise structured operations are seen as one scalar expression: a term
// is a scalar of some body, or an element of a tensor at a map of the indices
// of the result, and resolving it goes through as many operations, broadcasts
// and added unit dimensions as it takes to come to a scalar operation or to a
// tensor that is computed otherwise. So it makes no difference over how many
// operations the expression is spread. It is then compared with
//
//   (x - mean) * 1 / sqrt(variance + epsilon) * scale + bias
//
// in any order of the factors and summands; scale and bias may be numbers, or
// not there. Operations are visited last to first, so that an expression is
// seen as a whole before its parts are. Linear in the operations times the
// length of one expression.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/Copies.h"
#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-recognize-batch-norms"

namespace mlir::prune {
#define GEN_PASS_DEF_RECOGNIZEBATCHNORMSPASS
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {

/// A number for each index of the result that is looked at.
struct Term {
  /// A tensor, or a scalar in the body of an operation.
  Value value;
  /// From the indices of the result to those of the tensor, or of the loops
  /// whose body the scalar is in.
  AffineMap map;
  /// The operation whose body the scalar is in; null for a tensor.
  linalg::LinalgOp owner;

  bool isTensor() const { return !owner; }
  bool operator==(const Term &other) const {
    return value == other.value && map == other.map;
  }
  /// The scalar operation that computes it, if one does.
  template <typename OpTy>
  OpTy getOp() const {
    return isTensor() ? OpTy() : value.getDefiningOp<OpTy>();
  }
  Term getOperand(Operation *op, unsigned i) const {
    return {op->getOperand(i), map, owner};
  }
};

/// What a batch normalization multiplies by or adds: one number per channel, or
/// the same one for all, when it is no parameter.
struct Affine {
  Value perChannel;
  double number = 0.0;

  /// The values per channel, of type `type`.
  Value build(OpBuilder &builder, Location loc, Type type) const {
    if (perChannel)
      return perChannel;
    auto tensor = cast<RankedTensorType>(type);
    Attribute element = builder.getFloatAttr(tensor.getElementType(), number);
    auto values = SplatElementsAttr::get(tensor, element);
    return arith::ConstantOp::create(builder, loc, values);
  }
};

/// The parts of a batch normalization; statistics have one element per channel.
struct Parts {
  Value input, mean, variance;
  Affine scale{/*perChannel=*/{}, 1.0}, bias;
  double epsilon = 0.0;
};

} // namespace

/// An operation on tensors that computes each element by itself, wherever it
/// is.
static bool isElementwise(linalg::LinalgOp op) {
  return isElementwiseOnTensors(op) && !op.hasIndexSemantics();
}

/// Goes from an element of a tensor to what computes it; false when that is no
/// operation that is understood.
static bool stepIntoTensor(Term &term) {
  if (std::optional<Elements> source =
          stepThroughCopy({term.value, term.map})) {
    term = {source->value, source->map, {}};
    return true;
  }
  auto op = term.value.getDefiningOp<linalg::LinalgOp>();
  if (!isElementwise(op))
    return false;
  Value yielded = op.getBlock()->getTerminator()->getOperand(0);
  term = {yielded, term.map, op};
  return true;
}

/// Goes on to a scalar operation, a constant, or a tensor that is computed
/// otherwise.
static Term resolve(Term term) {
  while (true) {
    if (term.isTensor()) {
      if (!stepIntoTensor(term))
        return term;
      continue;
    }
    auto argument = dyn_cast<BlockArgument>(term.value);
    if (!argument || argument.getOwner() != term.owner.getBlock())
      return term;
    OpOperand *operand = term.owner.getMatchingOpOperand(argument);
    AffineMap map = term.owner.getMatchingIndexingMap(operand);
    term = {operand->get(), map.compose(term.map), {}};
    if (!isa<RankedTensorType>(term.value.getType()))
      return term;
  }
}

static std::optional<double> getConstant(Term term) {
  term = resolve(term);
  APFloat number(0.0);
  if (matchPattern(term.value, m_ConstantFloat(&number)))
    return number.convertToDouble();
  return std::nullopt;
}

/// The vector that has one element for each index of dimension 1. That of one
/// channel may be indexed in any way.
static Value getPerChannel(Term term) {
  term = resolve(term);
  auto type = dyn_cast<RankedTensorType>(term.value.getType());
  if (!term.isTensor() || !type || type.getRank() != 1)
    return {};
  AffineExpr channel = getAffineDimExpr(1, type.getContext());
  bool isUnit = type.getDimSize(0) == 1;
  return isUnit || term.map.getResult(0) == channel ? term.value : Value();
}

/// Reads a number per channel or one for all.
static std::optional<Affine> getAffine(Term term) {
  if (Value perChannel = getPerChannel(term))
    return Affine{perChannel};
  if (std::optional<double> number = getConstant(term))
    return Affine{{}, *number};
  return std::nullopt;
}

/// The operand that is read element by element, wherever it comes from.
static Value getElements(Term term) {
  while (!term.isTensor()) {
    auto argument = dyn_cast<BlockArgument>(term.value);
    if (!argument || argument.getOwner() != term.owner.getBlock())
      return {};
    OpOperand *operand = term.owner.getMatchingOpOperand(argument);
    AffineMap map = term.owner.getMatchingIndexingMap(operand);
    term = {operand->get(), map.compose(term.map), {}};
  }
  return term.map.isIdentity() ? term.value : Value();
}

/// Takes a product apart; scalars that are one are left out (a fresh scale, a
/// vector of ones, is not).
static void collectFactors(Term term, SmallVectorImpl<Term> &factors,
                           SmallVectorImpl<Term> &divisors) {
  term = resolve(term);
  if (auto product = term.getOp<arith::MulFOp>()) {
    collectFactors(term.getOperand(product, 0), factors, divisors);
    collectFactors(term.getOperand(product, 1), factors, divisors);
    return;
  }
  if (auto quotient = term.getOp<arith::DivFOp>()) {
    collectFactors(term.getOperand(quotient, 0), factors, divisors);
    divisors.push_back(resolve(term.getOperand(quotient, 1)));
    return;
  }
  if (getPerChannel(term) || getConstant(term) != 1.0)
    factors.push_back(term);
}

/// `variance + epsilon`.
static bool matchShifted(Term term, Parts &parts) {
  term = resolve(term);
  auto sum = term.getOp<arith::AddFOp>();
  if (!sum)
    return false;
  for (unsigned i : {0u, 1u}) {
    std::optional<double> epsilon = getConstant(term.getOperand(sum, 1 - i));
    parts.variance = getPerChannel(term.getOperand(sum, i));
    parts.epsilon = epsilon.value_or(0.0);
    if (parts.variance && parts.epsilon > 0.0)
      return true;
  }
  return false;
}

/// `x - mean`.
static bool matchCentered(const Term &term, Parts &parts) {
  auto difference = term.getOp<arith::SubFOp>();
  if (!difference)
    return false;
  parts.input = getElements(term.getOperand(difference, 0));
  parts.mean = getPerChannel(term.getOperand(difference, 1));
  return parts.input && parts.mean;
}

/// The normalized and scaled input.
static bool matchProduct(Term term, Parts &parts) {
  SmallVector<Term> factors, divisors;
  collectFactors(term, factors, divisors);
  bool hasRoot = false, hasScale = false;
  if (divisors.size() > 1)
    return false;
  for (const Term &divisor : divisors) {
    auto root = divisor.getOp<math::SqrtOp>();
    if (!root || !matchShifted(divisor.getOperand(root, 0), parts))
      return false;
    hasRoot = true;
  }
  for (const Term &factor : factors) {
    if (auto root = factor.getOp<math::RsqrtOp>()) {
      if (hasRoot || !matchShifted(factor.getOperand(root, 0), parts))
        return false;
      hasRoot = true;
    } else if (factor.getOp<arith::SubFOp>()) {
      if (parts.input || !matchCentered(factor, parts))
        return false;
    } else {
      std::optional<Affine> scale = getAffine(factor);
      if (hasScale || !scale)
        return false;
      parts.scale = *scale;
      hasScale = true;
    }
  }
  return hasRoot && parts.input;
}

/// True when each of the parts has one element per channel of `type`.
static bool fits(const Parts &parts, RankedTensorType type) {
  Value vectors[] = {parts.scale.perChannel, parts.bias.perChannel, parts.mean,
                     parts.variance};
  return parts.input.getType() == type &&
         llvm::all_of(vectors, [&](Value vector) {
           return !vector ||
                  cast<RankedTensorType>(vector.getType()).getDimSize(0) ==
                      type.getDimSize(1);
         });
}

/// The whole expression, for a scalar in the body of an element-wise operation.
static std::optional<Parts> matchBatchNorm(linalg::LinalgOp op, Value scalar) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (type.getRank() < 2 || !type.hasStaticShape())
    return std::nullopt;
  AffineMap all =
      AffineMap::getMultiDimIdentityMap(type.getRank(), op.getContext());
  Term root{scalar, all, op};
  Parts product;
  if (matchProduct(root, product) && fits(product, type))
    return product;
  auto sum = scalar.getDefiningOp<arith::AddFOp>();
  if (!sum)
    return std::nullopt;
  for (unsigned i : {0u, 1u}) {
    Parts parts;
    std::optional<Affine> bias = getAffine(root.getOperand(sum, 1 - i));
    if (!bias || !matchProduct(root.getOperand(sum, i), parts))
      continue;
    parts.bias = *bias;
    if (fits(parts, type))
      return parts;
  }
  return std::nullopt;
}

static BatchNormOp createBatchNorm(linalg::LinalgOp op, const Parts &parts) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  Type type = parts.mean.getType();
  Value scale = parts.scale.build(builder, loc, type);
  Value bias = parts.bias.build(builder, loc, type);
  auto norm = BatchNormOp::create(
      builder, loc, parts.input.getType(), parts.input, scale, bias, parts.mean,
      parts.variance, builder.getF64FloatAttr(parts.epsilon));
  norm.setFixedScale(!parts.scale.perChannel);
  norm.setFixedBias(!parts.bias.perChannel);
  return norm;
}

/// Lets the body read an element of `tensor` in the place of `scalar`.
static linalg::GenericOp readInstead(linalg::GenericOp op, Value scalar,
                                     Value tensor) {
  OpBuilder builder(op);
  SmallVector<Value> inputs(op.getInputs());
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps.insert(maps.begin() + inputs.size(),
              builder.getMultiDimIdentityMap(op.getNumLoops()));
  inputs.push_back(tensor);
  auto made = linalg::GenericOp::create(
      builder, op.getLoc(), op->getResultTypes(), inputs, op.getOutputs(), maps,
      op.getIteratorTypesArray());
  made.getRegion().takeBody(op.getRegion());
  BlockArgument argument = made.getBody()->insertArgument(
      inputs.size() - 1, scalar.getType(), op.getLoc());
  scalar.replaceAllUsesWith(argument);
  op->replaceAllUsesWith(made);
  op.erase();
  return made;
}

namespace {
struct RecognizeBatchNormsPass final
    : prune::impl::RecognizeBatchNormsPassBase<RecognizeBatchNormsPass> {
  using RecognizeBatchNormsPassBase::RecognizeBatchNormsPassBase;

  void runOnOperation() override {
    getOperation().walk<WalkOrder::PostOrder, mlir::ReverseIterator>(
        [&](Operation *op) {
          auto elementwise = dyn_cast<linalg::LinalgOp>(op);
          bool isPart = isElementwise(elementwise) ||
                        isa<linalg::BroadcastOp, tensor::CollapseShapeOp,
                            tensor::ExpandShapeOp>(op);
          // The parts of what was recognized are no batch normalizations.
          if (isPart && isOpTriviallyDead(op))
            op->erase();
          else if (isElementwise(elementwise))
            recognize(elementwise);
        });
  }

private:
  /// Behind an activation in the same body the sum is not what is yielded.
  void recognize(linalg::LinalgOp op) {
    Block *body = op.getBlock();
    SmallVector<Operation *> scalars;
    for (Operation &scalar : body->without_terminator())
      scalars.push_back(&scalar);
    for (Operation *scalar : llvm::reverse(scalars)) {
      if (isOpTriviallyDead(scalar)) {
        scalar->erase();
        continue;
      }
      if (!isa<arith::AddFOp, arith::DivFOp, arith::MulFOp>(scalar))
        continue;
      Value value = scalar->getResult(0);
      bool isYielded = body->getTerminator()->getOperand(0) == value;
      auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
      std::optional<Parts> parts;
      if (isYielded || generic)
        parts = matchBatchNorm(op, value);
      if (!parts)
        continue;
      BatchNormOp norm = createBatchNorm(op, *parts);
      LDBG() << "recognized " << norm;
      ++numRecognized;
      if (isYielded) {
        op->replaceAllUsesWith(norm);
        op->erase();
        return;
      }
      op = readInstead(generic, value, norm.getResult());
      // What only it used is dead then, and no normalization.
      scalar->erase();
    }
  }
};
} // namespace
