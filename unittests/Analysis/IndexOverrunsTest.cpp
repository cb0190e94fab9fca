//===- IndexOverrunsTest.cpp - Elements that index beyond a table ---------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/IndexOverruns.h"
#include "TestModule.h"

using namespace mlir;
using namespace mlir::prune;

/// A read of row `%r` of five rows, which `index` computes from the element
/// `%e` of the tensor that `before` makes `%t` of 2x3 elements.
static std::string read(StringRef before, StringRef index) {
  return ("#m = affine_map<(d0, d1, d2) -> (d0, d1)>\n"
          "#o = affine_map<(d0, d1, d2) -> (d0, d1, d2)>\n"
          "func.func @f(%x: tensor<6xi32>, %table: tensor<5x4xf32>) -> "
          "tensor<2x3x4xf32> {\n" +
          before +
          "%empty = tensor.empty() : tensor<2x3x4xf32>\n"
          "%y = linalg.generic {indexing_maps = [#m, #o], iterator_types = "
          "[\"parallel\", \"parallel\", \"parallel\"]} ins(%t : "
          "tensor<2x3xi32>) outs(%empty : tensor<2x3x4xf32>) {\n"
          "^bb0(%e: i32, %out: f32):\n" +
          index +
          "%c = linalg.index 2 : index\n"
          "%v = tensor.extract %table[%r, %c] : tensor<5x4xf32>\n"
          "linalg.yield %v : f32 } -> tensor<2x3x4xf32>\n"
          "return %y : tensor<2x3x4xf32> }")
      .str();
}

static constexpr StringLiteral kExpand =
    "%t = tensor.expand_shape %x [[0, 1]] output_shape [2, 3] : "
    "tensor<6xi32> into tensor<2x3xi32>\n";

static constexpr StringLiteral kCast = "%r = arith.index_cast %e : i32 to "
                                       "index\n";

/// Indices and extents of the overruns of `elements`; -1 where there is none.
static SmallVector<int64_t> check(StringRef text, ArrayRef<int64_t> elements) {
  TestModule module(text);
  SmallVector<int64_t> indices;
  for (int64_t element : elements) {
    std::optional<IndexOverrun> found =
        findIndexOverrun(module.getBlock().getArgument(0), element);
    indices.push_back(found ? found->index : -1);
    if (found) {
      EXPECT_EQ(found->extent, 5);
      EXPECT_EQ(found->dim, 0u);
    }
  }
  return indices;
}

using Indices = SmallVector<int64_t>;

namespace {
TEST(IndexOverrunsTest, FindsWhatLeavesATable) {
  EXPECT_EQ(check(read(kExpand, kCast), {0, 4, 5, 900}),
            (Indices{-1, -1, 5, 900}));
  EXPECT_EQ(check(read(kExpand, kCast), {-3}), (Indices{-3}));
}

TEST(IndexOverrunsTest, FollowsArithmetic) {
  // Numbers below zero count from the end.
  StringRef wrap = "%zero = arith.constant 0 : i32\n"
                   "%n = arith.constant 5 : i32\n"
                   "%neg = arith.cmpi slt, %e, %zero : i32\n"
                   "%moved = arith.addi %e, %n : i32\n"
                   "%s = arith.select %neg, %moved, %e : i32\n"
                   "%r = arith.index_cast %s : i32 to index\n";
  EXPECT_EQ(check(read(kExpand, wrap), {-5, -1, 0, 4, 5}),
            (Indices{-1, -1, -1, -1, 5}));
  StringRef doubled =
      "%double = linalg.add ins(%x, %x : tensor<6xi32>, tensor<6xi32>) outs(%x "
      ": tensor<6xi32>) -> tensor<6xi32>\n"
      "%t = tensor.expand_shape %double [[0, 1]] output_shape [2, 3] : "
      "tensor<6xi32> into tensor<2x3xi32>\n";
  EXPECT_EQ(check(read(doubled, kCast), {2, 3}), (Indices{-1, 6}));
}

TEST(IndexOverrunsTest, LeavesAloneWhatMayNotHappen) {
  StringRef slice = "%s = tensor.extract_slice %x[0] [3] [1] : tensor<6xi32> "
                    "to tensor<3xi32>\n"
                    "%u = tensor.concat dim(0) %s, %s : (tensor<3xi32>, "
                    "tensor<3xi32>) -> tensor<6xi32>\n"
                    "%t = tensor.expand_shape %u [[0, 1]] output_shape [2, 3] "
                    ": tensor<6xi32> into tensor<2x3xi32>\n";
  EXPECT_EQ(check(read(slice, kCast), {9}), (Indices{-1}));
  StringRef counter = "%i = linalg.index 0 : index\n"
                      "%b = arith.index_cast %e : i32 to index\n"
                      "%r = arith.subi %b, %i : index\n";
  EXPECT_EQ(check(read(kExpand, counter), {5}), (Indices{-1}));
}
} // namespace
