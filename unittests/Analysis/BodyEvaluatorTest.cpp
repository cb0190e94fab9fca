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
#include <limits>

using namespace mlir;
using namespace mlir::prune;

/// Evaluates what a function of floats returns; arguments beyond `numbers` are
/// unknown.
static std::optional<float> evaluate(StringRef body, ArrayRef<float> numbers,
                                     bool finite = true) {
  TestModule module(
      ("func.func @f(%x: f32, %y: f32) -> f32 {" + body + "}").str());
  std::string before, after;
  llvm::raw_string_ostream(before) << *module.module;
  auto getNumber = [&](BlockArgument argument) -> Attribute {
    if (argument.getArgNumber() >= numbers.size())
      return {};
    return Builder(&module.context)
        .getF32FloatAttr(numbers[argument.getArgNumber()]);
  };
  BodyEvaluator evaluator(&module.getBlock(), finite, getNumber);
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

TEST(BodyEvaluatorTest, KnowsWhatHasNoFolder) {
  StringRef cube = R"mlir(
    %n = arith.constant 3 : i64
    %r = math.fpowi %x, %n : f32, i64
    return %r : f32)mlir";
  EXPECT_EQ(evaluate(cube, {-0.1f}), -0.1f * (-0.1f * -0.1f));
  EXPECT_EQ(evaluate(cube, {0.0f}), 0.0f);
  EXPECT_EQ(evaluate(cube, {}), std::nullopt);
  StringRef root = "%0 = math.rsqrt %x : f32  return %0 : f32";
  EXPECT_EQ(evaluate(root, {4.0f}), 0.5f);
  EXPECT_EQ(evaluate(root, {3.0f}), static_cast<float>(1.0 / std::sqrt(3.0)));
  // One of two numbers is not enough.
  EXPECT_EQ(evaluate("%0 = math.atan2 %x, %y : f32  return %0 : f32", {1.0f}),
            std::nullopt);
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

TEST(BodyEvaluatorTest, ZeroTimesUnknownIsZeroWhenFinite) {
  StringRef product = "%0 = arith.mulf %x, %y : f32  return %0 : f32";
  StringRef swapped = "%0 = arith.mulf %y, %x : f32  return %0 : f32";
  StringRef quotient = "%0 = arith.divf %x, %y : f32  return %0 : f32";
  for (StringRef body : {product, swapped, quotient}) {
    EXPECT_EQ(evaluate(body, {0.0f}), 0.0f);
    EXPECT_EQ(evaluate(body, {0.0f}, /*finite=*/false), std::nullopt);
    EXPECT_EQ(evaluate(body, {1.0f}), std::nullopt);
  }
  StringRef inverse = "%0 = arith.divf %y, %x : f32  return %0 : f32";
  EXPECT_EQ(evaluate(inverse, {0.0f}), std::nullopt);
  std::optional<float> known =
      evaluate(product, {0.0f, std::numeric_limits<float>::infinity()});
  ASSERT_TRUE(known.has_value());
  EXPECT_TRUE(std::isnan(*known));
}

TEST(BodyEvaluatorTest, ValuesFromOutsideAreNoOperands) {
  TestModule module(R"mlir(
    func.func @f(%a: f32, %e: tensor<2xf32>) -> tensor<2xf32> {
      %r = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%e : tensor<2xf32>) {
      ^bb0(%x: f32):
        %0 = arith.addf %a, %x : f32
        linalg.yield %0 : f32
      } -> tensor<2xf32>
      return %r : tensor<2xf32>
    })mlir");
  Block &body = module.getBlock().front().getRegion(0).front();
  auto getNumber = [&](BlockArgument) -> Attribute {
    return Builder(&module.context).getF32FloatAttr(1.0f);
  };
  BodyEvaluator evaluator(&body, /*finite=*/true, getNumber);
  EXPECT_EQ(evaluator.evaluate(body.getTerminator()->getOperand(0)),
            Attribute());
}
} // namespace
