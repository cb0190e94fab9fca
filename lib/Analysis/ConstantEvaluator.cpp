//===- ConstantEvaluator.cpp - Values of computations on constants --------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ConstantEvaluator.h"

#include "Prune/Support/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::prune;

/// Number of elements of a tensor of static shape or of a scalar; nothing for
/// other types.
static std::optional<int64_t> getCount(Type type) {
  if (isScalarType(type))
    return 1;
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape() ||
      !isScalarType(tensor.getElementType()))
    return std::nullopt;
  return tensor.getNumElements();
}

const ConstantEvaluator::Elements *ConstantEvaluator::evaluate(Value value) {
  auto found = known.find(value);
  if (found != known.end())
    return found->second.get();
  auto result = dyn_cast<OpResult>(value);
  obstacle = result ? result.getOwner() : nullptr;
  if (!result || !getCount(value.getType()))
    return nullptr;
  std::optional<Elements> elements = compute(result);
  if (!elements)
    return nullptr;
  std::unique_ptr<Elements> &kept = known[value];
  kept = std::make_unique<Elements>(std::move(*elements));
  return kept.get();
}

std::optional<ConstantEvaluator::Elements>
ConstantEvaluator::compute(OpResult value) {
  Operation *op = value.getOwner();
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant))) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (type)
      return computeConstant(constant, type);
    std::optional<Scalar> scalar = toScalar(constant);
    return scalar ? std::optional(Elements{*scalar}) : std::nullopt;
  }
  // What an empty tensor holds is not read.
  if (isa<tensor::EmptyOp>(op))
    return Elements(*getCount(value.getType()), Scalar{});
  if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::CastOp>(op)) {
    const Elements *source = evaluate(op->getOperand(0));
    return source ? std::optional(*source) : std::nullopt;
  }
  if (isa<tensor::ExtractSliceOp>(op))
    return computeSlice(op);
  if (auto structured = dyn_cast<linalg::LinalgOp>(op))
    return computeStructured(structured, value.getResultNumber());
  if (op->hasTrait<OpTrait::Elementwise>() && op->getNumResults() == 1)
    return computeElementwise(op);
  obstacle = op;
  return std::nullopt;
}

std::optional<ConstantEvaluator::Elements>
ConstantEvaluator::computeConstant(Attribute value, ShapedType type) {
  Elements elements(type.getNumElements());
  if (std::optional<ConstantView> view = ConstantView::get(value)) {
    bool isMask = type.getElementType().isInteger(1);
    SmallVector<int64_t> index(type.getRank(), 0);
    for (Scalar &element : elements) {
      double number = view->at(index);
      if (isMask)
        element.integer = number != 0.0;
      else
        element.real = number;
      advance(index, type.getShape());
    }
    return elements;
  }
  for (auto [position, element] : llvm::enumerate(elements)) {
    std::optional<Scalar> number =
        toScalar(getConstantElement(value, position));
    if (!number)
      return std::nullopt;
    element = *number;
  }
  return elements;
}

std::optional<ConstantEvaluator::Elements>
ConstantEvaluator::computeElementwise(Operation *op) {
  SmallVector<const Elements *> operands;
  for (Value operand : op->getOperands())
    operands.push_back(evaluate(operand));
  if (llvm::is_contained(operands, nullptr))
    return std::nullopt;
  std::optional<ScalarProgram> program = ScalarProgram::compile(op);
  obstacle = op;
  if (!program)
    return std::nullopt;
  Elements elements(*getCount(op->getResult(0).getType()));
  SmallVector<Scalar> arguments(operands.size());
  for (auto [i, element] : llvm::enumerate(elements)) {
    for (auto [argument, operand] : llvm::zip(arguments, operands))
      argument = (*operand)[operand->size() == 1 ? 0 : i];
    program->run(arguments, {});
    element = program->getResult(0);
  }
  return elements;
}

std::optional<ConstantEvaluator::Elements>
ConstantEvaluator::computeSlice(Operation *op) {
  auto slice = cast<tensor::ExtractSliceOp>(op);
  const Elements *source = evaluate(slice.getSource());
  obstacle = op;
  auto isDynamic = [](ArrayRef<int64_t> numbers) {
    return llvm::any_of(numbers, ShapedType::isDynamic);
  };
  if (!source || isDynamic(slice.getStaticOffsets()) ||
      isDynamic(slice.getStaticSizes()) || isDynamic(slice.getStaticStrides()))
    return std::nullopt;
  SmallVector<int64_t> strides =
      computeSuffixProduct(slice.getSourceType().getShape());
  Elements elements(slice.getType().getNumElements());
  SmallVector<int64_t> index(strides.size(), 0);
  for (Scalar &element : elements) {
    int64_t at = 0;
    for (unsigned dim = 0; dim < index.size(); ++dim)
      at += strides[dim] * (slice.getStaticOffsets()[dim] +
                            index[dim] * slice.getStaticStrides()[dim]);
    element = (*source)[at];
    advance(index, slice.getStaticSizes());
  }
  return elements;
}

//===----------------------------------------------------------------------===//
// Structured operations
//===----------------------------------------------------------------------===//

namespace {
/// Where an operand is read: offset + sum of stride times counter.
struct Access {
  int64_t offset = 0;
  SmallVector<int64_t> strides;

  int64_t at(ArrayRef<int64_t> counters) const {
    int64_t position = offset;
    for (auto [stride, counter] : llvm::zip(strides, counters))
      position += stride * counter;
    return position;
  }
};
} // namespace

/// True for sums of loops times constants.
static bool isLinear(AffineExpr expr) {
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return isa<AffineDimExpr, AffineConstantExpr>(expr);
  if (binary.getKind() == AffineExprKind::Add)
    return isLinear(binary.getLHS()) && isLinear(binary.getRHS());
  return binary.getKind() == AffineExprKind::Mul &&
         isa<AffineConstantExpr>(binary.getRHS()) && isLinear(binary.getLHS());
}

static std::optional<Access> getAccess(AffineMap map, Type type) {
  Access access;
  access.strides.assign(map.getNumDims(), 0);
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return access;
  if (!llvm::all_of(map.getResults(), isLinear))
    return std::nullopt;
  SmallVector<int64_t> strides = computeSuffixProduct(tensor.getShape());
  SmallVector<int64_t> counters(map.getNumDims(), 0);
  auto at = [&] {
    int64_t position = 0;
    for (auto [stride, index] : llvm::zip(strides, map.compose(counters)))
      position += stride * index;
    return position;
  };
  access.offset = at();
  for (unsigned loop = 0; loop < counters.size(); ++loop) {
    counters[loop] = 1;
    access.strides[loop] = at() - access.offset;
    counters[loop] = 0;
  }
  return access;
}

std::optional<ConstantEvaluator::Elements>
ConstantEvaluator::computeStructured(linalg::LinalgOp op, unsigned result) {
  if (!op.hasPureTensorSemantics() ||
      !llvm::all_of(op->getResultTypes(), getCount))
    return std::nullopt;
  SmallVector<const Elements *> inputs;
  for (Value operand : op->getOperands()) {
    inputs.push_back(evaluate(operand));
    if (!inputs.back())
      return std::nullopt;
  }
  auto outside = [&](Value value) -> std::optional<Scalar> {
    const Elements *elements =
        isScalarType(value.getType()) ? evaluate(value) : nullptr;
    return elements ? std::optional(elements->front()) : std::nullopt;
  };
  Operation *unknown = op;
  std::optional<ScalarProgram> program =
      ScalarProgram::compile(*op.getBlock(), outside, unknown);
  obstacle = unknown;
  SmallVector<Access> accesses;
  for (OpOperand &operand : op->getOpOperands())
    if (std::optional<Access> access = getAccess(
            op.getMatchingIndexingMap(&operand), operand.get().getType()))
      accesses.push_back(std::move(*access));
  if (!program || accesses.size() != op->getNumOperands())
    return std::nullopt;
  // Results start from what the operation starts from.
  unsigned numInputs = op.getNumDpsInputs();
  SmallVector<Elements> results;
  for (unsigned i = numInputs; i < inputs.size(); ++i)
    results.push_back(*inputs[i]);
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  if (llvm::is_contained(ranges, 0))
    return std::move(results[result]);
  SmallVector<int64_t> counters(ranges.size(), 0);
  SmallVector<Scalar> arguments(inputs.size());
  do {
    for (unsigned i = 0; i < inputs.size(); ++i) {
      int64_t at = accesses[i].at(counters);
      arguments[i] =
          i < numInputs ? (*inputs[i])[at] : results[i - numInputs][at];
    }
    program->run(arguments, counters);
    for (unsigned i = 0; i < results.size(); ++i)
      results[i][accesses[numInputs + i].at(counters)] = program->getResult(i);
  } while (advance(counters, ranges));
  return std::move(results[result]);
}
