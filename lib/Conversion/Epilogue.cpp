//===- Epilogue.cpp - Bias and activation after a product -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Matches the scalar body of an element-wise operation bottom up. Block
// arguments stand for the product, for a bias, or for a tensor of one known
// constant.
//
//===----------------------------------------------------------------------===//

#include "Epilogue.h"

#include "Prune/Analysis/StructuredOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::prune;
using kernel::Activation;

bool prune::isConstantFloat(Value value, double expected) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return isConstantFloat(fill.getInputs().front(), expected);
  // Only splats: other constants are not worth a scan.
  APFloat scalar(0.0);
  if (matchPattern(value, m_ConstantFloat(&scalar)))
    return scalar.convertToDouble() == expected;
  return false;
}

Value prune::getBroadcastVector(Value value, int64_t dim) {
  auto isVector = [](Value candidate) {
    auto type = dyn_cast<RankedTensorType>(candidate.getType());
    return type && type.getRank() == 1;
  };
  SmallVector<int64_t> otherDims;
  for (int64_t i = 0, e = cast<ShapedType>(value.getType()).getRank(); i < e;
       ++i)
    if (i != dim)
      otherDims.push_back(i);
  if (auto broadcast = value.getDefiningOp<linalg::BroadcastOp>())
    return isVector(broadcast.getInput()) &&
                   broadcast.getDimensions() == ArrayRef<int64_t>(otherDims)
               ? broadcast.getInput()
               : Value();
  auto generic = value.getDefiningOp<linalg::GenericOp>();
  if (!generic || generic.getNumDpsInputs() != 1)
    return {};
  std::optional<SmallVector<int64_t>> dims =
      linalg::isaBroadcastOpInterface(generic);
  Value input = generic.getDpsInputs().front();
  return dims && *dims == otherDims && isVector(input) ? input : Value();
}

namespace {

/// Matches the body of one element-wise operation on a product.
class BodyMatcher {
public:
  BodyMatcher(linalg::LinalgOp op, Value product, int64_t biasDim)
      : op(op), product(product), biasDim(biasDim) {}

  std::optional<Epilogue> match();

private:
  /// The operand that a block argument of the body stands for, or null.
  OpOperand *getOperand(Value value);
  bool isConstant(Value value, double expected);
  /// `value` is the product or the product plus a bias, which is noted.
  bool isSum(Value value);
  bool isProduct(Value value);
  /// The bias that a block argument stands for, or null.
  Value getBias(Value value);
  /// The argument of a relu, sigmoid or tanh that computes `value`, or null.
  Value getReluArgument(Value value);
  Value getSigmoidArgument(Value value);
  Value getTanhArgument(Value value);

  linalg::LinalgOp op;
  Value product;
  int64_t biasDim;
  Value bias;
};

} // namespace

OpOperand *BodyMatcher::getOperand(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != op.getBlock())
    return nullptr;
  return op.getMatchingOpOperand(argument);
}

bool BodyMatcher::isConstant(Value value, double expected) {
  if (OpOperand *operand = getOperand(value))
    return !op.isDpsInit(operand) && isConstantFloat(operand->get(), expected);
  return isConstantFloat(value, expected);
}

bool BodyMatcher::isProduct(Value value) {
  OpOperand *operand = getOperand(value);
  return operand && !op.isDpsInit(operand) && operand->get() == product &&
         op.getMatchingIndexingMap(operand).isIdentity();
}

Value BodyMatcher::getBias(Value value) {
  OpOperand *operand = getOperand(value);
  if (!operand || op.isDpsInit(operand))
    return {};
  auto type = dyn_cast<RankedTensorType>(operand->get().getType());
  AffineMap map = op.getMatchingIndexingMap(operand);
  if (type && type.getRank() == 1 && map.getNumResults() == 1 &&
      map.getResult(0) == getAffineDimExpr(biasDim, op.getContext()))
    return operand->get();
  if (map.isIdentity())
    return getBroadcastVector(operand->get(), biasDim);
  return {};
}

bool BodyMatcher::isSum(Value value) {
  if (isProduct(value))
    return true;
  auto add = value.getDefiningOp<arith::AddFOp>();
  if (!add || bias)
    return false;
  if (isProduct(add.getLhs()))
    bias = getBias(add.getRhs());
  else if (isProduct(add.getRhs()))
    bias = getBias(add.getLhs());
  return static_cast<bool>(bias);
}

/// A comparison for "greater" (or equal), or for "less"; true for NaN or false.
static bool isGreater(arith::CmpFPredicate predicate) {
  using Predicate = arith::CmpFPredicate;
  return llvm::is_contained(
      {Predicate::OGT, Predicate::OGE, Predicate::UGT, Predicate::UGE},
      predicate);
}
static bool isLess(arith::CmpFPredicate predicate) {
  using Predicate = arith::CmpFPredicate;
  return llvm::is_contained(
      {Predicate::OLT, Predicate::OLE, Predicate::ULT, Predicate::ULE},
      predicate);
}
static bool isTrueForNaN(arith::CmpFPredicate predicate) {
  using Predicate = arith::CmpFPredicate;
  return llvm::is_contained(
      {Predicate::UGT, Predicate::UGE, Predicate::ULT, Predicate::ULE},
      predicate);
}

Value BodyMatcher::getReluArgument(Value value) {
  Operation *definition = value.getDefiningOp();
  // Not maxnumf, which makes zero of a NaN.
  if (isa_and_nonnull<arith::MaximumFOp>(definition)) {
    Value lhs = definition->getOperand(0), rhs = definition->getOperand(1);
    if (isConstant(rhs, 0.0))
      return lhs;
    return isConstant(lhs, 0.0) ? rhs : Value();
  }
  auto select = dyn_cast_or_null<arith::SelectOp>(definition);
  if (!select)
    return {};
  auto compare = select.getCondition().getDefiningOp<arith::CmpFOp>();
  if (!compare)
    return {};
  // Bring to the form where the chosen value is kept: x above, or 0 below.
  Value argument = select.getTrueValue(), other = select.getFalseValue();
  bool choosesArgument = true;
  if (isConstant(argument, 0.0)) {
    std::swap(argument, other);
    choosesArgument = false;
  }
  if (!isConstant(other, 0.0))
    return {};
  bool isLeft = compare.getLhs() == argument;
  Value zero = isLeft ? compare.getRhs() : compare.getLhs();
  if (!(isLeft || compare.getRhs() == argument) || !isConstant(zero, 0.0))
    return {};
  arith::CmpFPredicate predicate = compare.getPredicate();
  bool matches =
      choosesArgument == isLeft ? isGreater(predicate) : isLess(predicate);
  // The relu of a NaN is a NaN: a comparison that loses it is none.
  matches &= isTrueForNaN(predicate) == choosesArgument;
  return matches ? argument : Value();
}

Value BodyMatcher::getSigmoidArgument(Value value) {
  auto divide = value.getDefiningOp<arith::DivFOp>();
  if (!divide || !isConstant(divide.getLhs(), 1.0))
    return {};
  auto add = divide.getRhs().getDefiningOp<arith::AddFOp>();
  if (!add)
    return {};
  Value exponential = isConstant(add.getLhs(), 1.0)   ? add.getRhs()
                      : isConstant(add.getRhs(), 1.0) ? add.getLhs()
                                                      : Value();
  auto exp = exponential ? exponential.getDefiningOp<math::ExpOp>() : nullptr;
  if (!exp)
    return {};
  if (auto negate = exp.getOperand().getDefiningOp<arith::NegFOp>())
    return negate.getOperand();
  auto subtract = exp.getOperand().getDefiningOp<arith::SubFOp>();
  return subtract && isConstant(subtract.getLhs(), 0.0) ? subtract.getRhs()
                                                        : Value();
}

Value BodyMatcher::getTanhArgument(Value value) {
  auto tanh = value.getDefiningOp<math::TanhOp>();
  return tanh ? tanh.getOperand() : Value();
}

std::optional<Epilogue> BodyMatcher::match() {
  Value result = op.getBlock()->getTerminator()->getOperand(0);
  Epilogue epilogue;
  Value argument = result;
  if (Value relu = getReluArgument(result)) {
    epilogue.activation = Activation::Relu;
    argument = relu;
  } else if (Value sigmoid = getSigmoidArgument(result)) {
    epilogue.activation = Activation::Sigmoid;
    argument = sigmoid;
  } else if (Value tanh = getTanhArgument(result)) {
    epilogue.activation = Activation::Tanh;
    argument = tanh;
  }
  if (!isSum(argument))
    return std::nullopt;
  epilogue.bias = bias;
  if (epilogue.activation == Activation::None && !bias)
    return std::nullopt;
  return epilogue;
}

std::optional<Epilogue> prune::matchEpilogue(linalg::LinalgOp op, Value product,
                                             int64_t biasDim) {
  if (!isElementwiseOnTensors(op) ||
      op->getResult(0).getType() != product.getType() ||
      !op.getMatchingBlockArgument(op.getDpsInitOperand(0)).use_empty())
    return std::nullopt;
  return BodyMatcher(op, product, biasDim).match();
}

bool prune::addsArguments(Block *body, unsigned first, unsigned second) {
  auto add =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  Value lhs = body->getArgument(first), rhs = body->getArgument(second);
  return add && ((add.getLhs() == lhs && add.getRhs() == rhs) ||
                 (add.getLhs() == rhs && add.getRhs() == lhs));
}

bool prune::isSumOfInputs(linalg::LinalgOp op) {
  if (!isElementwiseOnTensors(op) || op.getNumDpsInputs() != 2 ||
      !llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *input) {
        return op.getMatchingIndexingMap(input).isIdentity();
      }))
    return false;
  return addsArguments(op.getBlock(), 0, 1);
}

/// What `value` has its memory from: a destination, what a loop begins with, or
/// the batch that a loop made, for a part of it; null for something else.
static Value getMemory(Value value) {
  if (auto op = value.getDefiningOp<DestinationStyleOpInterface>())
    return op.getTiedOpOperand(cast<OpResult>(value))->get();
  if (auto loop = value.getDefiningOp<scf::ForOp>())
    return loop.getTiedLoopInit(cast<OpResult>(value))->get();
  if (auto part = value.getDefiningOp<tensor::ExtractSliceOp>();
      part && part.getSource().getDefiningOp<scf::ForOp>())
    return part.getSource();
  return {};
}

/// True when a chain of destinations that begins with a new tensor leads to
/// `value`.
static bool hasOwnMemory(Value value) {
  while (Value memory = getMemory(value))
    value = memory;
  return static_cast<bool>(value.getDefiningOp<tensor::EmptyOp>());
}

bool prune::isLastUse(Value value, Operation *user) {
  Operation *definition = value.getDefiningOp();
  if (!definition || definition->getBlock() != user->getBlock() ||
      !hasOwnMemory(value))
    return false;
  return llvm::all_of(value.getUsers(), [&](Operation *other) {
    Operation *ancestor = user->getBlock()->findAncestorOpInBlock(*other);
    return other == user || (ancestor && ancestor->isBeforeInBlock(user));
  });
}
