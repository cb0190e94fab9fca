//===- ConvolutionPatterns.cpp - Convolutions to oneDNN -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operand in the destination decides between a convolution and its two
// gradients. Operands are brought to the four dimensions of the primitives
// (ConvolutionOperands.h). Reshapes cancel with those of the operations around.
//
//===----------------------------------------------------------------------===//

#include "ConvolutionPatterns.h"

#include "BiasGradient.h"
#include "ConvolutionOperands.h"
#include "Epilogue.h"

#include "Prune/Analysis/ConvolutionMatch.h"
#include "Prune/Analysis/Copies.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::prune;

static constexpr int64_t kNoPadding[] = {0, 0, 0, 0};

/// Why the operation is no convolution that oneDNN runs; empty when it is one.
static StringRef match(linalg::LinalgOp op, Convolution &convolution) {
  if (auto kernel =
          op->getAttrOfType<KernelAttr>(PruneDialect::kKernelAttrName))
    if (kernel.getKind() == KernelKind::Csr)
      return "another kernel was chosen";
  return matchConvolution(op, convolution);
}

StringRef prune::getConvolutionObstacle(linalg::LinalgOp op) {
  Convolution convolution;
  return isWindowed(op) ? match(op, convolution) : StringRef();
}

namespace {

struct ConvertConvolution : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override;
};

/// Creates the operation for one direction.
class ConvolutionBuilder {
public:
  ConvolutionBuilder(linalg::LinalgOp op, const Convolution &convolution,
                     ImplicitLocOpBuilder &b)
      : op(op), convolution(convolution), b(b),
        layout(chooseLayout(convolution)), x(reshapeInput(convolution, layout)),
        w(reshapeKernel(convolution)), y(reshapeOutput(convolution, layout)) {}

  /// The value of the result of `op`.
  Value build();

private:
  Value buildForward();
  Value buildBackward();
  Operation *setAttributes(Operation *created);

  linalg::LinalgOp op;
  const Convolution &convolution;
  ImplicitLocOpBuilder &b;
  kernel::Layout layout;
  Reshaping x, w, y;
};

} // namespace

/// Marks of the prune dialect stay.
Operation *ConvolutionBuilder::setAttributes(Operation *created) {
  for (NamedAttribute attribute : op->getDiscardableAttrs())
    if (isa_and_nonnull<PruneDialect>(attribute.getNameDialect()))
      created->setAttr(attribute.getName(), attribute.getValue());
  return created;
}

Value ConvolutionBuilder::buildForward() {
  Value weights = convolution.w.operand->get();
  bool isConstant =
      !w.isTransposing() && matchPattern(skipReshapes(weights), m_Constant());
  Value image = x.apply(b, convolution.x.operand->get());
  Value kernel = w.apply(b, weights);
  Value init = y.apply(b, convolution.y.operand->get());
  bool accumulates = !kernel::isZero(convolution.y.operand->get());
  if (!accumulates) {
    auto type = cast<RankedTensorType>(init.getType());
    init = tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  }
  auto created = onednn::ConvolutionOp::create(
      b, init.getType(), image, kernel, /*bias=*/Value(), init,
      convolution.strides, convolution.dilations, kNoPadding, layout,
      convolution.groups, accumulates, /*constant_weights=*/isConstant,
      kernel::Activation::None);
  return y.revert(b, setAttributes(created)->getResult(0));
}

/// The gradients do not accumulate: what the destination held is added.
Value ConvolutionBuilder::buildBackward() {
  OpOperand *init = op.getDpsInitOperand(0);
  bool isData = init == convolution.x.operand;
  const Reshaping &reshaping = isData ? x : w;
  Value output = y.apply(b, convolution.y.operand->get());
  Value destination = reshaping.apply(b, init->get());
  auto type = cast<RankedTensorType>(destination.getType());
  Value empty =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  Operation *created;
  if (isData) {
    Value kernel = w.apply(b, convolution.w.operand->get());
    created = onednn::ConvolutionBackwardDataOp::create(
        b, type, output, kernel, empty, convolution.strides,
        convolution.dilations, kNoPadding, layout, convolution.groups);
  } else {
    Value image = x.apply(b, convolution.x.operand->get());
    created = onednn::ConvolutionBackwardWeightsOp::create(
        b, TypeRange(type), image, output, empty, /*bias_output=*/Value(),
        convolution.strides, convolution.dilations, kNoPadding, layout,
        convolution.groups);
  }
  Value result = reshaping.revert(b, setAttributes(created)->getResult(0));
  if (kernel::isZero(init->get()))
    return result;
  auto resultType = cast<RankedTensorType>(result.getType());
  Value sum = tensor::EmptyOp::create(b, resultType.getShape(),
                                      resultType.getElementType());
  auto add = linalg::AddOp::create(b, ValueRange{init->get(), result}, sum);
  return add->getResult(0);
}

Value ConvolutionBuilder::build() {
  bool isForward = op.getDpsInitOperand(0) == convolution.y.operand;
  return isForward ? buildForward() : buildBackward();
}

LogicalResult
ConvertConvolution::matchAndRewrite(linalg::LinalgOp op,
                                    PatternRewriter &rewriter) const {
  Convolution convolution;
  StringRef reason = match(op, convolution);
  if (!reason.empty())
    return rewriter.notifyMatchFailure(op, reason);
  ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
  Value result = ConvolutionBuilder(op, convolution, builder).build();
  rewriter.replaceOp(op, result);
  return success();
}

/// True when the body is `out + in`.
static bool isSum(linalg::LinalgOp op) {
  return addsArguments(op.getBlock(), 0, op.getBlock()->getNumArguments() - 1);
}

linalg::LinalgOp prune::getBiasGradient(Value dy, kernel::Layout layout) {
  unsigned channel = kernel::getImageDims(layout).channel;
  for (Operation *user : dy.getUsers()) {
    auto op = dyn_cast<linalg::LinalgOp>(user);
    if (!op || op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 ||
        op.getNumLoops() != 4 || op.getNumReductionLoops() != 3 ||
        !op.hasPureTensorSemantics() || !isSum(op))
      continue;
    OpOperand *init = op.getDpsInitOperand(0);
    AffineMap map = op.getMatchingIndexingMap(init);
    if (op.getMatchingIndexingMap(op.getDpsInputOperand(0)).isIdentity() &&
        map.isProjectedPermutation() && map.getNumResults() == 1 &&
        map.getDimPosition(0) == channel && kernel::isZero(init->get()))
      return op;
  }
  return {};
}

void prune::populateConvolutionPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ConvertConvolution,
               FuseBiasGradient<onednn::ConvolutionBackwardWeightsOp>>(context);
  onednn::ConvolutionOp::getCanonicalizationPatterns(patterns, context);
  onednn::ConvolutionBackwardDataOp::getCanonicalizationPatterns(patterns,
                                                                 context);
  onednn::ConvolutionBackwardWeightsOp::getCanonicalizationPatterns(patterns,
                                                                    context);
  tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
  tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
}
