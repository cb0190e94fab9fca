//===- BodyEvaluator.cpp - Scalar bodies on constants ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/BodyEvaluator.h"

#include "Prune/Analysis/ScalarProgram.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::prune;

Attribute BodyEvaluator::evaluate(Value value) {
  if (auto blockArgument = dyn_cast<BlockArgument>(value))
    return blockArgument.getOwner() == body ? argument(blockArgument)
                                            : Attribute();
  auto [entry, isNew] = known.try_emplace(value);
  if (!isNew)
    return entry->second;
  Attribute constant;
  if (!matchPattern(value, m_Constant(&constant)) &&
      value.getParentBlock() == body)
    constant = evaluateResult(cast<OpResult>(value));
  known[value] = constant;
  return constant;
}

static bool isZero(Attribute attribute) {
  auto number = dyn_cast_or_null<FloatAttr>(attribute);
  return number && number.getValue().isZero();
}

/// What an operation yields although one of its operands is unknown.
Attribute BodyEvaluator::evaluateUnknown(Operation *op,
                                         ArrayRef<Attribute> operands) const {
  if (isa<arith::SelectOp>(op) && operands[1] == operands[2])
    return operands[1];
  if (!finite || !isa<arith::MulFOp, arith::DivFOp>(op) ||
      !isa<FloatType>(op->getResult(0).getType()))
    return {};
  bool isProduct = isa<arith::MulFOp>(op);
  // What is known on both sides has been folded, infinities and all.
  bool isNothing = (isZero(operands[0]) && !operands[1]) ||
                   (isProduct && isZero(operands[1]) && !operands[0]);
  return isNothing ? FloatAttr::get(op->getResult(0).getType(), 0.0)
                   : FloatAttr();
}

/// What an operation without a folder yields, such as math.fpowi and
/// math.rsqrt.
static Attribute evaluateWithoutFolder(Operation *op,
                                       ArrayRef<Attribute> operands) {
  if (op->getNumResults() != 1)
    return {};
  auto type = dyn_cast<FloatType>(op->getResult(0).getType());
  if (!type || !isScalarType(type))
    return {};
  SmallVector<Scalar> numbers;
  for (Attribute operand : operands) {
    std::optional<Scalar> number =
        operand ? toScalar(operand) : std::optional<Scalar>();
    if (!number)
      return {};
    numbers.push_back(*number);
  }
  std::optional<ScalarProgram> program = ScalarProgram::compile(op);
  if (!program)
    return {};
  program->run(numbers, {});
  return FloatAttr::get(type, program->getResult(0).real);
}

Attribute BodyEvaluator::evaluateResult(OpResult opResult) {
  if (result)
    if (std::optional<Attribute> given = result(opResult))
      return *given;
  Operation *op = opResult.getOwner();
  if (op->getNumRegions() != 0)
    return {};
  // Folders may change their operation in place (sort its operands, say), so
  // they work on a copy and are asked again after such a change.
  Operation *copy = op->clone();
  Attribute constant;
  for (int attempt = 0; attempt < 4; ++attempt) {
    SmallVector<Attribute> operands;
    for (Value operand : copy->getOperands())
      operands.push_back(evaluate(operand));
    SmallVector<OpFoldResult> results;
    if (failed(copy->fold(operands, results))) {
      constant = evaluateWithoutFolder(copy, operands);
      if (!constant)
        constant = evaluateUnknown(copy, operands);
      break;
    }
    if (results.empty())
      continue;
    OpFoldResult folded = results[opResult.getResultNumber()];
    if (auto attribute = dyn_cast<Attribute>(folded))
      constant = attribute;
    else if (auto value = cast<Value>(folded); value.getDefiningOp() != copy)
      constant = evaluate(value);
    break;
  }
  copy->erase();
  return constant;
}
