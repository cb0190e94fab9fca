//===- ChannelStateTest.cpp - Constant and live channels ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelState.h"
#include "TestModule.h"

#include <cmath>

using namespace mlir;
using namespace mlir::prune;

static constexpr StringRef text = R"mlir(
  #a = affine_map<(m, n, k) -> (m, k)>
  #b = affine_map<(m, n, k) -> (n, k)>
  #c = affine_map<(m, n, k) -> (m, n)>
  func.func @f(%x: tensor<4x2xf32>) -> tensor<4x1xf32> {
    %w1 = arith.constant dense<[[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]]> : tensor<3x2xf32>
    %b1 = arith.constant dense<[0.5, -0.5, 1.5]> : tensor<3xf32>
    %w2 = arith.constant dense<[[2.0, 1.0, 0.0]]> : tensor<1x3xf32>
    %e1 = tensor.empty() : tensor<4x3xf32>
    %i1 = linalg.broadcast ins(%b1 : tensor<3xf32>) outs(%e1 : tensor<4x3xf32>) dimensions = [0]
    %z1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w1 : tensor<4x2xf32>, tensor<3x2xf32>) outs(%i1 : tensor<4x3xf32>) -> tensor<4x3xf32>
    %f1 = tensor.empty() : tensor<4x3xf32>
    %y1 = linalg.tanh ins(%z1 : tensor<4x3xf32>) outs(%f1 : tensor<4x3xf32>) -> tensor<4x3xf32>
    %i2 = arith.constant dense<0.0> : tensor<4x1xf32>
    %z2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y1, %w2 : tensor<4x3xf32>, tensor<1x3xf32>) outs(%i2 : tensor<4x1xf32>) -> tensor<4x1xf32>
    return %z2 : tensor<4x1xf32>
  }
)mlir";

namespace {
enum Position { W1, B1, W2, E1, I1, Z1, F1, Y1, I2, Z2 };

struct ChannelStateTest : testing::Test {
  TestModule module{text};
  ChannelState state{module.getBlock()};
  Value get(Position position) { return module.getResult(position); }
};

TEST_F(ChannelStateTest, ConstantsFollowTheNetwork) {
  EXPECT_EQ(state.getNumber(get(W1), 0, 0), 0.0);
  EXPECT_EQ(state.getNumber(get(W1), 0, 1), std::nullopt);
  EXPECT_EQ(state.getNumber(get(I1), 1, 2), 1.5);
  EXPECT_EQ(state.getNumber(get(Z1), 1, 0), 0.5);
  EXPECT_EQ(state.getNumber(get(Z1), 1, 1), std::nullopt);
  EXPECT_EQ(state.getNumber(get(Y1), 1, 0),
            static_cast<double>(std::tanh(0.5f)));
  EXPECT_EQ(state.getNumber(get(Z2), 1, 0), std::nullopt);
  EXPECT_TRUE(state.getUniform(get(I2)));
  EXPECT_FALSE(state.getUniform(get(I1)));
}

TEST_F(ChannelStateTest, LivenessGoesBackward) {
  // 0 can be folded, 1 is live, 2 meets a zero.
  EXPECT_EQ(state.getKept(get(Y1), 1), SmallVector<int64_t>{1});
  EXPECT_EQ(state.getKept(get(W1), 0), SmallVector<int64_t>{1});
  EXPECT_EQ(state.getKept(get(W2), 1), SmallVector<int64_t>{1});
  EXPECT_EQ(state.countDead(), 2);
  // The signature stays.
  EXPECT_EQ(state.getKept(module.getBlock().getArgument(0), 1).size(), 2u);
  EXPECT_EQ(state.getKept(get(Z2), 1).size(), 1u);
  EXPECT_EQ(state.getKept(get(Y1), 0).size(), 4u);
}

TEST_F(ChannelStateTest, OneClassRunsThroughTheLayer) {
  const ChannelAxes &axes = state.getAxes();
  unsigned neuron = axes.getClass(get(W1), 0, 1);
  EXPECT_EQ(neuron, axes.getClass(get(B1), 0, 1));
  EXPECT_EQ(neuron, axes.getClass(get(Z1), 1, 1));
  EXPECT_EQ(neuron, axes.getClass(get(Y1), 1, 1));
  EXPECT_EQ(neuron, axes.getClass(get(W2), 1, 1));
  EXPECT_EQ(axes.getPinReason(neuron), "");
  EXPECT_EQ(axes.getPinReason(axes.getClass(get(W1), 1, 0)),
            "an argument of the function");
}

TEST(UnshareConstantsTest, EveryUseGetsItsOwnCopy) {
  TestModule module(R"mlir(
    func.func @f(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<2xf32>
      %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
      %0 = linalg.add ins(%x, %f : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
      %1 = linalg.add ins(%0, %f : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
      return %0, %1 : tensor<2xf32>, tensor<2xf32>
    }
  )mlir");
  unshareConstants(module.getBlock());
  unsigned fills = 0, empties = 0;
  for (Operation &op : module.getBlock()) {
    fills += isa<linalg::FillOp>(op);
    empties += isa<tensor::EmptyOp>(op);
    if (isa<linalg::FillOp, tensor::EmptyOp>(op)) {
      EXPECT_TRUE(op.getResult(0).hasOneUse());
    }
  }
  EXPECT_EQ(fills, 2u);
  EXPECT_EQ(empties, 4u);
}
} // namespace
