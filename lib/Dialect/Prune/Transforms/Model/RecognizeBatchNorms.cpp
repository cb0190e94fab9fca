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
// in any order of the factors and summands. Linear in the operations times the
// length of one expression.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/Copies.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
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

/// The parts of a batch normalization; scale, bias and statistics have one
/// element per channel.
struct Parts {
  Value input, scale, bias, mean, variance;
  double epsilon = 0.0;
};

} // namespace

/// An operation on tensors that computes each element by itself.
static bool isElementwise(linalg::LinalgOp op) {
  return op && op.hasPureTensorSemantics() && op->getNumResults() == 1 &&
         op.getNumReductionLoops() == 0 && !op.hasIndexSemantics() &&
         op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity();
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
  bool hasRoot = false;
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
      Value scale = getPerChannel(factor);
      if (parts.scale || !scale)
        return false;
      parts.scale = scale;
    }
  }
  return hasRoot && parts.input && parts.scale;
}

/// True when each of the parts has one element per channel of `type`.
static bool fits(const Parts &parts, RankedTensorType type) {
  Value vectors[] = {parts.scale, parts.bias, parts.mean, parts.variance};
  return parts.input.getType() == type &&
         llvm::all_of(vectors, [&](Value vector) {
           return cast<RankedTensorType>(vector.getType()).getDimSize(0) ==
                  type.getDimSize(1);
         });
}

/// The whole expression, for a sum in the body of an element-wise operation.
static std::optional<Parts> matchBatchNorm(linalg::LinalgOp op,
                                           arith::AddFOp sum) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (type.getRank() < 2 || !type.hasStaticShape())
    return std::nullopt;
  AffineMap all =
      AffineMap::getMultiDimIdentityMap(type.getRank(), op.getContext());
  Term root{sum.getResult(), all, op};
  for (unsigned i : {0u, 1u}) {
    Parts parts;
    parts.bias = getPerChannel(root.getOperand(sum, 1 - i));
    if (parts.bias && matchProduct(root.getOperand(sum, i), parts) &&
        fits(parts, type))
      return parts;
  }
  return std::nullopt;
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
    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (isElementwise(op))
        ops.push_back(op);
    });
    for (linalg::LinalgOp op : ops)
      recognize(op);
  }

private:
  /// Behind an activation in the same body the sum is not what is yielded.
  void recognize(linalg::LinalgOp op) {
    for (arith::AddFOp sum :
         llvm::to_vector(op.getBlock()->getOps<arith::AddFOp>())) {
      bool isYielded =
          op.getBlock()->getTerminator()->getOperand(0) == sum.getResult();
      auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
      std::optional<Parts> parts;
      if (isYielded || generic)
        parts = matchBatchNorm(op, sum);
      if (!parts)
        continue;
      OpBuilder builder(op);
      Value result = op->getResult(0);
      auto norm = BatchNormOp::create(
          builder, op.getLoc(), parts->input.getType(), parts->input,
          parts->scale, parts->bias, parts->mean, parts->variance,
          builder.getF64FloatAttr(parts->epsilon));
      LDBG() << "recognized " << norm;
      ++numRecognized;
      if (isYielded) {
        result.replaceAllUsesWith(norm.getResult());
        return;
      }
      op = readInstead(generic, sum, norm.getResult());
    }
  }
};
} // namespace
