//===- ScalarProgram.cpp - Scalar bodies as lists of steps ----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The folders of MLIR make an attribute of every number, which lives as long as
// the context; here a step is a call of a function pointer, for constants of
// millions of elements. Sums, products, quotients and square roots of single
// precision computed in double precision and then rounded are what they are in
// single precision.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ScalarProgram.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace mlir::prune;

bool prune::isScalarType(Type type) {
  if (auto floating = dyn_cast<FloatType>(type))
    return floating.getWidth() <= 64;
  return type.isIndex() ||
         (isa<IntegerType>(type) && cast<IntegerType>(type).getWidth() <= 64);
}

double prune::roundTo(Type type, double value) {
  if (type.isF64())
    return value;
  if (type.isF32())
    return static_cast<double>(static_cast<float>(value));
  APFloat number(value);
  bool losesInfo = false;
  number.convert(cast<FloatType>(type).getFloatSemantics(),
                 APFloat::rmNearestTiesToEven, &losesInfo);
  return number.convertToDouble();
}

std::optional<Scalar> prune::toScalar(Attribute attribute) {
  Scalar scalar;
  if (auto number = dyn_cast_or_null<FloatAttr>(attribute)) {
    if (!isScalarType(number.getType()))
      return std::nullopt;
    bool losesInfo = false;
    APFloat value = number.getValue();
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
    scalar.real = value.convertToDouble();
    return scalar;
  }
  auto number = dyn_cast_or_null<IntegerAttr>(attribute);
  if (!number || !isScalarType(number.getType()))
    return std::nullopt;
  scalar.integer = number.getType().isInteger(1)
                       ? number.getValue().getBoolValue()
                       : number.getValue().getSExtValue();
  return scalar;
}

/// An integer as one of a type of fewer bits.
static int64_t wrap(Type type, int64_t value) {
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  if (width == 64)
    return value;
  if (width == 1)
    return value & 1;
  return llvm::SignExtend64(static_cast<uint64_t>(value), width);
}

/// The bits of an integer without its sign.
static uint64_t toUnsigned(Type type, int64_t value) {
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  return static_cast<uint64_t>(value) & llvm::maskTrailingOnes<uint64_t>(width);
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

namespace mlir::prune {
/// The functions that a step can call.
struct ScalarSteps {
  using Step = ScalarProgram::Step;
  using Slots = ArrayRef<Scalar>;
  using Function = Scalar (*)(const Step &, Slots);

  static Scalar real(const Step &step, double value) {
    Scalar scalar;
    scalar.real = roundTo(step.to, value);
    return scalar;
  }
  static Scalar integer(const Step &step, int64_t value) {
    Scalar scalar;
    scalar.integer = wrap(step.to, value);
    return scalar;
  }

  /// A function of one number, in single precision where the result is.
  template <double (*f64)(double), float (*f32)(float)>
  static Scalar unary(const Step &step, Slots slots) {
    double x = slots[step.operands[0]].real;
    return real(step, step.to.isF64() ? f64(x) : f32(static_cast<float>(x)));
  }
  template <double (*f)(double, double)>
  static Scalar binary(const Step &step, Slots slots) {
    return real(step,
                f(slots[step.operands[0]].real, slots[step.operands[1]].real));
  }
  template <double (*f)(double)>
  static Scalar exact(const Step &step, Slots slots) {
    return real(step, f(slots[step.operands[0]].real));
  }
  template <int64_t (*f)(int64_t, int64_t)>
  static Scalar integers(const Step &step, Slots slots) {
    return integer(step, f(slots[step.operands[0]].integer,
                           slots[step.operands[1]].integer));
  }

  static Scalar power(const Step &step, Slots slots) {
    double x = slots[step.operands[0]].real, y = slots[step.operands[1]].real;
    return real(step, step.to.isF64() ? std::pow(x, y)
                                      : std::pow(static_cast<float>(x),
                                                 static_cast<float>(y)));
  }
  static Scalar integerPower(const Step &step, Slots slots) {
    double result = 1.0, x = slots[step.operands[0]].real;
    int64_t y = slots[step.operands[1]].integer;
    for (uint64_t n = y < 0 ? 0 - static_cast<uint64_t>(y) : y; n; n >>= 1) {
      if (n & 1)
        result = roundTo(step.to, result * x);
      x = roundTo(step.to, x * x);
    }
    return real(step, y < 0 ? 1.0 / result : result);
  }
  static Scalar select(const Step &step, Slots slots) {
    return slots[step.operands[slots[step.operands[0]].integer & 1 ? 1 : 2]];
  }
  static Scalar copy(const Step &step, Slots slots) {
    return slots[step.operands[0]];
  }
  static Scalar round(const Step &step, Slots slots) {
    return real(step, slots[step.operands[0]].real);
  }
  static Scalar signedToReal(const Step &step, Slots slots) {
    int64_t value = slots[step.operands[0]].integer;
    // An i1 that is set is minus one.
    if (step.from.isInteger(1))
      value = -value;
    return real(step, static_cast<double>(value));
  }
  static Scalar unsignedToReal(const Step &step, Slots slots) {
    return real(step, static_cast<double>(toUnsigned(
                          step.from, slots[step.operands[0]].integer)));
  }
  static Scalar realToSigned(const Step &step, Slots slots) {
    double value = slots[step.operands[0]].real;
    // Out of range any result will do.
    bool fits = value >= -9.2e18 && value <= 9.2e18;
    return integer(step, fits ? static_cast<int64_t>(value) : 0);
  }
  static Scalar signExtend(const Step &step, Slots slots) {
    int64_t value = slots[step.operands[0]].integer;
    return integer(step, step.from.isInteger(1) ? -value : value);
  }
  static Scalar zeroExtend(const Step &step, Slots slots) {
    return integer(step,
                   toUnsigned(step.from, slots[step.operands[0]].integer));
  }
  static Scalar truncate(const Step &step, Slots slots) {
    return integer(step, slots[step.operands[0]].integer);
  }
  static Scalar compareReal(const Step &step, Slots slots) {
    Scalar scalar;
    scalar.integer =
        arith::applyCmpPredicate(static_cast<arith::CmpFPredicate>(step.detail),
                                 APFloat(slots[step.operands[0]].real),
                                 APFloat(slots[step.operands[1]].real));
    return scalar;
  }
  static Scalar compareInteger(const Step &step, Slots slots) {
    auto bits = [&](unsigned i) {
      return APInt(64, slots[step.operands[i]].integer, /*isSigned=*/true);
    };
    Scalar scalar;
    scalar.integer = arith::applyCmpPredicate(
        static_cast<arith::CmpIPredicate>(step.detail), bits(0), bits(1));
    return scalar;
  }

  static double add(double a, double b) { return a + b; }
  static double subtract(double a, double b) { return a - b; }
  static double multiply(double a, double b) { return a * b; }
  static double divide(double a, double b) { return a / b; }
  static double maximum(double a, double b) {
    return std::isnan(a) || std::isnan(b) ? a + b
           : a == b                       ? (std::signbit(a) ? b : a)
                                          : std::fmax(a, b);
  }
  static double minimum(double a, double b) {
    return std::isnan(a) || std::isnan(b) ? a + b
           : a == b                       ? (std::signbit(a) ? a : b)
                                          : std::fmin(a, b);
  }
  static double negate(double a) { return -a; }
  static double reciprocalRoot(double a) { return 1.0 / std::sqrt(a); }
  static int64_t addInteger(int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) + b);
  }
  static int64_t subtractInteger(int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) - b);
  }
  static int64_t multiplyInteger(int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) * b);
  }
  static int64_t andInteger(int64_t a, int64_t b) { return a & b; }
  static int64_t orInteger(int64_t a, int64_t b) { return a | b; }
  static int64_t xorInteger(int64_t a, int64_t b) { return a ^ b; }

  static Function getReal(Operation &op);
  static Function getInteger(Operation &op);
  static Function get(Operation &op);
};
} // namespace mlir::prune

ScalarSteps::Function ScalarSteps::getReal(Operation &op) {
#define UNARY(OpTy, name)                                                      \
  if (isa<OpTy>(op))                                                           \
    return unary<static_cast<double (*)(double)>(std::name),                   \
                 static_cast<float (*)(float)>(std::name)>;
  UNARY(math::ExpOp, exp)
  UNARY(math::ExpM1Op, expm1)
  UNARY(math::LogOp, log)
  UNARY(math::Log1pOp, log1p)
  UNARY(math::TanhOp, tanh)
  UNARY(math::SinOp, sin)
  UNARY(math::CosOp, cos)
  UNARY(math::ErfOp, erf)
#undef UNARY
#define EXACT(OpTy, name)                                                      \
  if (isa<OpTy>(op))                                                           \
    return exact<static_cast<double (*)(double)>(name)>;
  EXACT(arith::NegFOp, negate)
  EXACT(math::AbsFOp, std::fabs)
  EXACT(math::SqrtOp, std::sqrt)
  EXACT(math::RsqrtOp, reciprocalRoot)
  EXACT(math::FloorOp, std::floor)
  EXACT(math::CeilOp, std::ceil)
  EXACT(math::RoundOp, std::round)
  EXACT(math::RoundEvenOp, std::nearbyint)
  EXACT(math::TruncOp, std::trunc)
#undef EXACT
  return llvm::TypeSwitch<Operation *, Function>(&op)
      .Case<arith::AddFOp>([](auto) { return binary<add>; })
      .Case<arith::SubFOp>([](auto) { return binary<subtract>; })
      .Case<arith::MulFOp>([](auto) { return binary<multiply>; })
      .Case<arith::DivFOp>([](auto) { return binary<divide>; })
      .Case<arith::MaximumFOp>([](auto) { return binary<maximum>; })
      .Case<arith::MinimumFOp>([](auto) { return binary<minimum>; })
      .Case<math::PowFOp>([](auto) { return power; })
      .Case<math::FPowIOp>([](auto) { return integerPower; })
      .Default(nullptr);
}

ScalarSteps::Function ScalarSteps::getInteger(Operation &op) {
  return llvm::TypeSwitch<Operation *, Function>(&op)
      .Case<arith::AddIOp>([](auto) { return integers<addInteger>; })
      .Case<arith::SubIOp>([](auto) { return integers<subtractInteger>; })
      .Case<arith::MulIOp>([](auto) { return integers<multiplyInteger>; })
      .Case<arith::AndIOp>([](auto) { return integers<andInteger>; })
      .Case<arith::OrIOp>([](auto) { return integers<orInteger>; })
      .Case<arith::XOrIOp>([](auto) { return integers<xorInteger>; })
      .Case<arith::ExtSIOp>([](auto) { return signExtend; })
      .Case<arith::ExtUIOp>([](auto) { return zeroExtend; })
      .Case<arith::TruncIOp, arith::IndexCastOp>([](auto) { return truncate; })
      .Case<arith::FPToSIOp>([](auto) { return realToSigned; })
      .Case<arith::SIToFPOp>([](auto) { return signedToReal; })
      .Case<arith::UIToFPOp>([](auto) { return unsignedToReal; })
      .Default(nullptr);
}

ScalarSteps::Function ScalarSteps::get(Operation &op) {
  if (isa<arith::SelectOp>(op))
    return select;
  if (isa<arith::CmpFOp>(op))
    return compareReal;
  if (isa<arith::CmpIOp>(op))
    return compareInteger;
  if (isa<arith::ExtFOp, arith::TruncFOp>(op))
    return round;
  if (Function function = getReal(op))
    return function;
  return getInteger(op);
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

std::optional<unsigned>
ScalarProgram::getSlot(Value value,
                       llvm::function_ref<std::optional<Scalar>(Value)> get) {
  auto [entry, isNew] = numbers.try_emplace(value, slots.size());
  if (!isNew)
    return entry->second;
  std::optional<Scalar> constant = get(value);
  if (!constant)
    return std::nullopt;
  slots.push_back(*constant);
  return entry->second;
}

bool ScalarProgram::add(Operation &op,
                        llvm::function_ref<std::optional<Scalar>(Value)> get) {
  if (op.getNumResults() != 1 || op.getNumRegions() != 0)
    return false;
  auto scalarOf = [](Type type) { return getElementTypeOrSelf(type); };
  Step step;
  step.to = scalarOf(op.getResult(0).getType());
  step.result = slots.size();
  if (!isScalarType(step.to))
    return false;
  if (auto index = dyn_cast<linalg::IndexOp>(op)) {
    loops.push_back({step.result, static_cast<unsigned>(index.getDim())});
    numbers[op.getResult(0)] = step.result;
    slots.emplace_back();
    return true;
  }
  step.function = ScalarSteps::get(op);
  if (!step.function || op.getNumOperands() > 3)
    return false;
  for (auto [i, operand] : llvm::enumerate(op.getOperands())) {
    std::optional<unsigned> slot = getSlot(operand, get);
    if (!slot || !isScalarType(scalarOf(operand.getType())))
      return false;
    step.operands[i] = *slot;
  }
  step.from = scalarOf(op.getOperand(0).getType());
  if (auto compare = dyn_cast<arith::CmpFOp>(op))
    step.detail = static_cast<int64_t>(compare.getPredicate());
  if (auto compare = dyn_cast<arith::CmpIOp>(op))
    step.detail = static_cast<int64_t>(compare.getPredicate());
  step.result = slots.size();
  numbers[op.getResult(0)] = step.result;
  slots.emplace_back();
  steps.push_back(step);
  return true;
}

std::optional<ScalarProgram> ScalarProgram::compile(
    Block &block, llvm::function_ref<std::optional<Scalar>(Value)> constant,
    Operation *&obstacle) {
  ScalarProgram program;
  for (BlockArgument argument : block.getArguments()) {
    program.numbers[argument] = program.slots.size();
    program.arguments.push_back(program.slots.size());
    program.slots.emplace_back();
  }
  auto get = [&](Value value) -> std::optional<Scalar> {
    Attribute attribute;
    if (matchPattern(value, m_Constant(&attribute)))
      return toScalar(attribute);
    return constant(value);
  };
  for (Operation &op : block.without_terminator()) {
    if (isa<arith::ConstantOp>(op))
      continue;
    if (!program.add(op, get)) {
      obstacle = &op;
      return std::nullopt;
    }
  }
  for (Value yielded : block.getTerminator()->getOperands()) {
    std::optional<unsigned> slot = program.getSlot(yielded, get);
    if (!slot) {
      obstacle = block.getTerminator();
      return std::nullopt;
    }
    program.results.push_back(*slot);
  }
  return program;
}

std::optional<ScalarProgram> ScalarProgram::compile(Operation *op) {
  ScalarProgram program;
  for (Value operand : op->getOperands()) {
    auto [entry, isNew] =
        program.numbers.try_emplace(operand, program.slots.size());
    if (isNew)
      program.slots.emplace_back();
    program.arguments.push_back(entry->second);
  }
  auto none = [](Value) -> std::optional<Scalar> { return std::nullopt; };
  if (!program.add(*op, none))
    return std::nullopt;
  program.results.push_back(program.slots.size() - 1);
  return program;
}

void ScalarProgram::run(ArrayRef<Scalar> values, ArrayRef<int64_t> indices) {
  for (auto [slot, value] : llvm::zip(arguments, values))
    slots[slot] = value;
  for (auto [slot, loop] : loops)
    slots[slot].integer = indices[loop];
  for (const Step &step : steps)
    slots[step.result] = step.function(step, slots);
}
