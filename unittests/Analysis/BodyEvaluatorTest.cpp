//===- BodyEvaluatorTest.cpp - Scalar bodies on constants -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/BodyEvaluator.h"
#include "TestModule.h"

#include <cmath>

using namespace mlir;
using namespace mlir::prune;

/// Evaluates what a function of floats returns; arguments beyond `numbers` are
/// unknown.
static std::optional<float> evaluate(StringRef body, ArrayRef<float> numbers) {
  TestModule module(
      ("func.func @f(%x: f32, %y: f32) -> f32 {" + body + "}").str());
  std::string before, after;
  llvm::raw_string_ostream(before) << *module.module;
  BodyEvaluator evaluator([&](BlockArgument argument) -> Attribute {
    if (argument.getArgNumber() >= numbers.size())
      return {};
    return Builder(&module.context)
        .getF32FloatAttr(numbers[argument.getArgNumber()]);
  });
  Attribute result =
      evaluator.evaluate(module.getBlock().getTerminator()->getOperand(0));
  llvm::raw_string_ostream(after) << *module.module;
  EXPECT_EQ(before, after);
  auto number = dyn_cast_or_null<FloatAttr>(result);
  return number ? std::optional<float>(number.getValue().convertToFloat())
                : std::nullopt;
}

namespace {
TEST(BodyEvaluatorTest, RoundsAsTheElementType) {
  EXPECT_EQ(
      evaluate("%0 = arith.addf %x, %y : f32  return %0 : f32", {1.0f, 1e-8f}),
      1.0f);
  EXPECT_EQ(
      evaluate("%0 = arith.mulf %x, %y : f32  return %0 : f32", {0.1f, 0.1f}),
      0.1f * 0.1f);
}

TEST(BodyEvaluatorTest, KnowsActivations) {
  StringRef sigmoid = R"mlir(
    %one = arith.constant 1.0 : f32
    %n = arith.negf %x : f32
    %e = math.exp %n : f32
    %s = arith.addf %one, %e : f32
    %r = arith.divf %one, %s : f32
    return %r : f32)mlir";
  EXPECT_EQ(evaluate(sigmoid, {0.0f}), 0.5f);
  EXPECT_EQ(evaluate("%0 = math.tanh %x : f32  return %0 : f32", {0.5f}),
            std::tanh(0.5f));
  StringRef relu = R"mlir(
    %z = arith.constant 0.0 : f32
    %p = arith.cmpf ugt, %x, %z : f32
    %r = arith.select %p, %x, %z : f32
    return %r : f32)mlir";
  EXPECT_EQ(evaluate(relu, {2.0f}), 2.0f);
  EXPECT_EQ(evaluate(relu, {-2.0f}), 0.0f);
  StringRef maximum = R"mlir(
    %z = arith.constant 0.0 : f32
    %r = arith.maximumf %z, %x : f32
    return %r : f32)mlir";
  EXPECT_EQ(evaluate(maximum, {-2.0f}), 0.0f);
}

TEST(BodyEvaluatorTest, UnknownStaysUnknown) {
  EXPECT_EQ(evaluate("%0 = arith.addf %x, %y : f32  return %0 : f32", {1.0f}),
            std::nullopt);
  EXPECT_EQ(evaluate("return %y : f32", {1.0f}), std::nullopt);
  // What is not needed may be unknown.
  StringRef choice = R"mlir(
    %true = arith.constant true
    %r = arith.select %true, %x, %y : f32
    return %r : f32)mlir";
  EXPECT_EQ(evaluate(choice, {3.0f}), 3.0f);
}
} // namespace
