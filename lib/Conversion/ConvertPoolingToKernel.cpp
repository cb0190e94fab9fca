//===- ConvertPoolingToKernel.cpp - Poolings to oneDNN --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A max pooling and its gradients become one pair that shares a workspace, so
// that the gradient need not look for the maxima again. A sum over windows and
// the division by their size are a mean; its adjoint is the loop nest that adds
// the divided gradient to every element of its window. Linear in the number of
// operations and uses.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/Passes.h"

#include "Epilogue.h"
#include "Prune/Analysis/ConvolutionMatch.h"
#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

#include <cfloat>

#define DEBUG_TYPE "convert-pooling-to-kernel"

namespace mlir::prune {
#define GEN_PASS_DEF_CONVERTPOOLINGTOKERNELPASS
#include "Prune/Conversion/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// Elements of a window that one byte of a workspace can tell apart.
static constexpr int64_t kMaxWindow = 256;

static constexpr int64_t kNoPadding[] = {0, 0, 0, 0};

namespace {

/// How a window moves.
struct Movement {
  SmallVector<int64_t> window, strides, dilations;
};

} // namespace

static bool isStaticImage(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == 4 && type.hasStaticShape() &&
         type.getElementType().isF32();
}

static Value createEmpty(OpBuilder &builder, Location loc, Value like,
                         Type element = {}) {
  auto type = cast<RankedTensorType>(like.getType());
  return tensor::EmptyOp::create(builder, loc, type.getShape(),
                                 element ? element : type.getElementType());
}

static SmallVector<int64_t> getNumbers(DenseIntElementsAttr attribute) {
  return llvm::to_vector(attribute.getValues<int64_t>());
}

/// How the window of a named pooling of linalg moves.
template <typename PoolOp>
static Movement getMovement(PoolOp op) {
  auto window = cast<RankedTensorType>(op.getInputs()[1].getType());
  return {SmallVector<int64_t>(window.getShape()), getNumbers(op.getStrides()),
          getNumbers(op.getDilations())};
}

/// Why a named pooling cannot be converted; empty when it can.
template <typename PoolOp>
static StringRef checkPooling(PoolOp op) {
  if (!op.hasPureTensorSemantics())
    return "it is not on tensors";
  if (!isStaticImage(op.getInputs()[0]) || !isStaticImage(op.getOutputs()[0]))
    return "an operand is no tensor of f32 of static shape";
  return {};
}

//===----------------------------------------------------------------------===//
// Maxima
//===----------------------------------------------------------------------===//

/// True when every element of `value` is at most the lowest finite number.
static bool isLowest(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    value = fill.getInputs().front();
  APFloat number(0.0f);
  return matchPattern(value, m_ConstantFloat(&number)) &&
         number.convertToDouble() <= -static_cast<double>(FLT_MAX);
}

/// The gradients of a max pooling.
static SmallVector<MaxPoolGradientOp> getGradients(Value x, Value y,
                                                   const Movement &movement) {
  SmallVector<MaxPoolGradientOp> gradients;
  for (Operation *user : y.getUsers()) {
    auto gradient = dyn_cast<MaxPoolGradientOp>(user);
    if (gradient && gradient.getInput() == x && gradient.getOutput() == y &&
        gradient.getWindow() == ArrayRef(movement.window) &&
        gradient.getStrides() == ArrayRef(movement.strides) &&
        gradient.getDilations() == ArrayRef(movement.dilations) &&
        !llvm::is_contained(gradients, gradient))
      gradients.push_back(gradient);
  }
  return gradients;
}

template <typename PoolOp>
static StringRef convertMaxPool(PoolOp op, kernel::Layout layout,
                                RewriterBase &rewriter) {
  StringRef reason = checkPooling(op);
  if (!reason.empty())
    return reason;
  if (!isLowest(op.getOutputs()[0]))
    return "its initial value may win";
  Movement movement = getMovement(op);
  Value x = op.getInputs()[0], y = op->getResult(0);
  SmallVector<MaxPoolGradientOp> gradients;
  if (layout == kernel::Layout::Nchw &&
      movement.window[0] * movement.window[1] <= kMaxWindow)
    gradients = getGradients(x, y, movement);
  Location loc = op.getLoc();
  rewriter.setInsertionPoint(op);
  SmallVector<Value> outputs = {createEmpty(rewriter, loc, y)};
  if (!gradients.empty())
    outputs.push_back(createEmpty(rewriter, loc, y, rewriter.getI8Type()));
  SmallVector<Type> types = llvm::to_vector(ValueRange(outputs).getTypes());
  auto pool = kernel::MaxPoolOp::create(
      rewriter, loc, types, x, outputs[0],
      gradients.empty() ? Value() : outputs[1], movement.window,
      movement.strides, movement.dilations, kNoPadding, layout);
  for (MaxPoolGradientOp gradient : gradients) {
    rewriter.setInsertionPoint(gradient);
    Value empty = createEmpty(rewriter, gradient.getLoc(), x);
    auto backward = kernel::MaxPoolBackwardOp::create(
        rewriter, gradient.getLoc(), empty.getType(), gradient.getAdjoint(),
        pool->getResult(1), empty, movement.window, movement.strides,
        movement.dilations, kNoPadding, layout);
    rewriter.replaceOp(gradient, backward);
  }
  rewriter.replaceOp(op, pool->getResult(0));
  return {};
}

//===----------------------------------------------------------------------===//
// Means
//===----------------------------------------------------------------------===//

/// The number that `op` multiplies each element of its operand `input` with.
static std::optional<double> getFactor(linalg::LinalgOp op, Value input) {
  if (!isElementwiseOnTensors(op))
    return std::nullopt;
  Operation *product =
      op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::DivFOp, arith::MulFOp>(product))
    return std::nullopt;
  auto getOperand = [&](Value scalar) -> OpOperand * {
    auto argument = dyn_cast<BlockArgument>(scalar);
    return argument && argument.getOwner() == op.getBlock()
               ? op.getMatchingOpOperand(argument)
               : nullptr;
  };
  auto isElement = [&](Value scalar) {
    OpOperand *operand = getOperand(scalar);
    return operand && operand->get() == input &&
           op.getMatchingIndexingMap(operand).isIdentity();
  };
  auto getNumber = [&](Value scalar) -> std::optional<double> {
    if (OpOperand *operand = getOperand(scalar))
      scalar = operand->get();
    if (auto fill = scalar.getDefiningOp<linalg::FillOp>())
      scalar = fill.getInputs().front();
    APFloat number(0.0f);
    if (!matchPattern(scalar, m_ConstantFloat(&number)))
      return std::nullopt;
    return number.convertToDouble();
  };
  Value lhs = product->getOperand(0), rhs = product->getOperand(1);
  bool isDivision = isa<arith::DivFOp>(product);
  if (!isDivision && isElement(rhs))
    std::swap(lhs, rhs);
  std::optional<double> number = getNumber(rhs);
  if (!isElement(lhs) || !number)
    return std::nullopt;
  return isDivision ? 1.0 / *number : *number;
}

/// True when `factor` is one over the size of the window in f32.
static bool isMean(std::optional<double> factor, const Movement &movement) {
  double size = movement.window[0] * movement.window[1];
  return factor && std::abs(*factor * size - 1.0) < 1e-6;
}

template <typename PoolOp>
static StringRef convertSumPool(PoolOp op, kernel::Layout layout,
                                RewriterBase &rewriter) {
  StringRef reason = checkPooling(op);
  if (!reason.empty())
    return reason;
  if (!kernel::isZero(op.getOutputs()[0]))
    return "its initial value is not zero";
  Movement movement = getMovement(op);
  Value sum = op->getResult(0);
  auto division = sum.hasOneUse()
                      ? dyn_cast<linalg::LinalgOp>(*sum.user_begin())
                      : linalg::LinalgOp();
  if (!isMean(getFactor(division, sum), movement))
    return "the sum is not divided by the size of the window";
  rewriter.setInsertionPoint(op);
  Value empty = createEmpty(rewriter, op.getLoc(), sum);
  auto pool = kernel::AveragePoolOp::create(
      rewriter, op.getLoc(), empty.getType(), op.getInputs()[0], empty,
      movement.window, movement.strides, movement.dilations, kNoPadding,
      layout);
  rewriter.replaceOp(division, pool);
  rewriter.eraseOp(op);
  return {};
}

/// Matches `dx[n, c, i * stride + k * dilation, ...] += dy[n, c, i, j]`.
static std::optional<Movement> matchSpread(linalg::GenericOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInits() != 1 ||
      op.getNumDpsInputs() == 0 || op.getNumLoops() != 6 ||
      !isStaticImage(op.getInputs()[0]) || !isStaticImage(op.getOutputs()[0]) ||
      !kernel::isZero(op.getOutputs()[0]))
    return std::nullopt;
  Block *body = op.getBody();
  auto add =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  Value element = body->getArgument(0), old = body->getArguments().back();
  if (!add || !((add.getLhs() == element && add.getRhs() == old) ||
                (add.getLhs() == old && add.getRhs() == element)))
    return std::nullopt;
  std::optional<SmallVector<MapIndex>> from =
      parseMap(op.getMatchingIndexingMap(op.getDpsInputOperand(0)));
  std::optional<SmallVector<MapIndex>> to =
      parseMap(op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
  if (!from || !to)
    return std::nullopt;
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  Movement movement;
  for (unsigned dim = 0; dim < 4; ++dim) {
    MapIndex read = (*from)[dim], written = (*to)[dim];
    if (read.isSum || written.isSum != (dim >= 2))
      return std::nullopt;
    if (dim >= 2 && written.loop != read.loop) {
      std::swap(written.loop, written.otherLoop);
      std::swap(written.factor, written.otherFactor);
    }
    if (written.loop != read.loop)
      return std::nullopt;
    if (dim < 2)
      continue;
    movement.window.push_back(extents[written.otherLoop]);
    movement.strides.push_back(written.factor);
    movement.dilations.push_back(written.otherFactor);
  }
  return movement;
}

/// True when rows and columns that no window reaches are fewer than a stride.
static bool fits(ArrayRef<int64_t> input, ArrayRef<int64_t> output,
                 const Movement &movement) {
  for (unsigned i : {0, 1}) {
    int64_t room =
        input[2 + i] - (movement.window[i] - 1) * movement.dilations[i] - 1;
    if (room < 0 || room / movement.strides[i] + 1 != output[2 + i])
      return false;
  }
  return true;
}

/// Makes the adjoint of a mean one operation. Returns false when the loop nest
/// is none.
static bool convertSpread(linalg::GenericOp op, RewriterBase &rewriter) {
  std::optional<Movement> movement = matchSpread(op);
  if (!movement)
    return false;
  Value divided = op.getInputs()[0];
  auto division = divided.getDefiningOp<linalg::LinalgOp>();
  if (!division || division.getNumDpsInputs() == 0)
    return false;
  Value dx = op->getResult(0), dy;
  for (OpOperand *input : division.getDpsInputOperands())
    if (!dy && isMean(getFactor(division, input->get()), *movement))
      dy = input->get();
  if (!dy || !fits(cast<ShapedType>(dx.getType()).getShape(),
                   cast<ShapedType>(dy.getType()).getShape(), *movement))
    return false;
  rewriter.setInsertionPoint(op);
  Value empty = createEmpty(rewriter, op.getLoc(), dx);
  auto backward = kernel::AveragePoolBackwardOp::create(
      rewriter, op.getLoc(), empty.getType(), dy, empty, movement->window,
      movement->strides, movement->dilations, kNoPadding, kernel::Layout::Nchw);
  rewriter.replaceOp(op, backward);
  return true;
}

namespace {

struct ConvertPoolingToKernel
    : prune::impl::ConvertPoolingToKernelPassBase<ConvertPoolingToKernel> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<linalg::GenericOp> spreads;
    SmallVector<Operation *> poolings;
    getOperation()->walk([&](Operation *op) {
      if (isa<linalg::PoolingNchwMaxOp, linalg::PoolingNhwcMaxOp,
              linalg::PoolingNchwSumOp, linalg::PoolingNhwcSumOp>(op))
        poolings.push_back(op);
      else if (auto generic = dyn_cast<linalg::GenericOp>(op))
        if (matchSpread(generic))
          spreads.push_back(generic);
    });
    IRRewriter rewriter(&getContext());
    // Gradients first: the division of a forward pooling goes with it.
    for (linalg::GenericOp spread : spreads)
      numPoolings += convertSpread(spread, rewriter) ? 1 : 0;
    for (Operation *pooling : poolings)
      convert(pooling, rewriter);
  }

  void convert(Operation *op, RewriterBase &rewriter) {
    auto finish = [&](Location loc, StringRef reason) {
      LDBG() << "pooling at " << loc << " becomes a call " << reason;
      numPoolings += reason.empty() ? 1 : 0;
      if (!reason.empty())
        remark::missed(
            loc, remark::RemarkOpts::name("PoolingKept").category(DEBUG_TYPE))
            << ("pooling stays in linalg: " + reason).str();
    };
    Location loc = op->getLoc();
    auto nchw = kernel::Layout::Nchw, nhwc = kernel::Layout::Nhwc;
    if (auto pool = dyn_cast<linalg::PoolingNchwMaxOp>(op))
      finish(loc, convertMaxPool(pool, nchw, rewriter));
    else if (auto pool = dyn_cast<linalg::PoolingNhwcMaxOp>(op))
      finish(loc, convertMaxPool(pool, nhwc, rewriter));
    else if (auto pool = dyn_cast<linalg::PoolingNchwSumOp>(op))
      finish(loc, convertSumPool(pool, nchw, rewriter));
    else if (auto pool = dyn_cast<linalg::PoolingNhwcSumOp>(op))
      finish(loc, convertSumPool(pool, nhwc, rewriter));
  }
};

} // namespace
