//===- ConvolutionPatterns.cpp - Convolutions to oneDNN -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operand in the destination decides between a convolution and its two
// gradients. Operands are brought to the four dimensions of the primitives:
// images that are in the order nhwc stay so, any other order is transposed to
// nchw, and a dimension of groups is merged with the channels that follow it.
// Reshapes cancel with those of the operations around.
//
//===----------------------------------------------------------------------===//

#include "ConvolutionPatterns.h"

#include "Epilogue.h"

#include "Prune/Analysis/ConvolutionMatch.h"
#include "Prune/Analysis/Copies.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::prune;

using Dims = SmallVector<ConvolutionDim>;

static constexpr int64_t kNoPadding[] = {0, 0, 0, 0};

namespace {

/// How an operand becomes one of four dimensions, and back: a transposition,
/// a merge of groups and channels, a unit dimension of channels.
class Reshaping {
public:
  /// `order` names all dimensions that the operand may have; the first of
  /// `merged` is the position of groups in it, or of the channels alone.
  Reshaping(const ConvolutionOperand &operand, ArrayRef<ConvolutionDim> order,
            bool isKernel);

  Value apply(ImplicitLocOpBuilder &b, Value value) const;
  Value revert(ImplicitLocOpBuilder &b, Value value) const;
  bool isTransposing() const { return !isIdentityPermutation(permutation); }

private:
  static bool isIdentityPermutation(ArrayRef<int64_t> permutation) {
    return llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size()));
  }

  RankedTensorType type, ordered, merged, result;
  SmallVector<int64_t> permutation;
  SmallVector<ReassociationIndices> merges, units;
};

} // namespace

Reshaping::Reshaping(const ConvolutionOperand &operand,
                     ArrayRef<ConvolutionDim> order, bool isKernel)
    : type(cast<RankedTensorType>(operand.operand->get().getType())) {
  SmallVector<int64_t> orderedShape, mergedShape;
  bool followsGroup = false, hasInputs = false;
  for (ConvolutionDim dim : order) {
    const auto *found = llvm::find(operand.dims, dim);
    if (found == operand.dims.end())
      continue;
    int64_t position = found - operand.dims.begin();
    int64_t extent = type.getDimSize(position);
    int64_t next = permutation.size();
    permutation.push_back(position);
    orderedShape.push_back(extent);
    hasInputs |= dim == ConvolutionDim::In;
    // A kernel's input channels are those of one group.
    bool isChannel =
        dim == ConvolutionDim::Out || (dim == ConvolutionDim::In && !isKernel);
    if (followsGroup && isChannel) {
      merges.back().push_back(next);
      mergedShape.back() *= extent;
    } else {
      merges.push_back({next});
      mergedShape.push_back(extent);
    }
    followsGroup = dim == ConvolutionDim::Group;
  }
  ordered = type.clone(orderedShape);
  merged = type.clone(mergedShape);
  result = merged;
  if (!isKernel || hasInputs)
    return;
  // Each output channel sees one input channel, which is no dimension.
  mergedShape.insert(mergedShape.begin() + 1, 1);
  result = type.clone(mergedShape);
  units = {{0, 1}, {2}, {3}};
}

Value Reshaping::apply(ImplicitLocOpBuilder &b, Value value) const {
  if (isTransposing()) {
    Value empty = tensor::EmptyOp::create(b, ordered.getShape(),
                                          ordered.getElementType());
    auto transpose = linalg::TransposeOp::create(b, value, empty, permutation);
    value = transpose->getResult(0);
  }
  if (merged != ordered)
    value = tensor::CollapseShapeOp::create(b, merged, value, merges);
  if (result != merged)
    value = tensor::ExpandShapeOp::create(b, result, value, units);
  return value;
}

Value Reshaping::revert(ImplicitLocOpBuilder &b, Value value) const {
  if (result != merged)
    value = tensor::CollapseShapeOp::create(b, merged, value, units);
  if (merged != ordered)
    value = tensor::ExpandShapeOp::create(b, ordered, value, merges);
  if (!isTransposing())
    return value;
  Value empty =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  auto transpose = linalg::TransposeOp::create(
      b, value, empty, invertPermutationVector(permutation));
  return transpose->getResult(0);
}

/// The dimensions of images in the given order of planes and channels.
static Dims getImageOrder(kernel::Layout layout, ConvolutionDim channel) {
  using Dim = ConvolutionDim;
  if (layout == kernel::Layout::Nhwc)
    return {Dim::Batch, Dim::Row, Dim::Column, Dim::Group, channel};
  return {Dim::Batch, Dim::Group, channel, Dim::Row, Dim::Column};
}

static Dims getKernelOrder() {
  using Dim = ConvolutionDim;
  return {Dim::Group, Dim::Out, Dim::In, Dim::Row, Dim::Column};
}

/// True when the dimensions are those of `order` that the operand has.
static bool isInOrder(const ConvolutionOperand &operand, const Dims &order) {
  Dims present;
  for (ConvolutionDim dim : order)
    if (llvm::is_contained(operand.dims, dim))
      present.push_back(dim);
  return present == operand.dims;
}

static kernel::Layout chooseLayout(const Convolution &convolution) {
  auto layout = kernel::Layout::Nhwc;
  return isInOrder(convolution.x, getImageOrder(layout, ConvolutionDim::In)) &&
                 isInOrder(convolution.y,
                           getImageOrder(layout, ConvolutionDim::Out))
             ? layout
             : kernel::Layout::Nchw;
}

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
        layout(chooseLayout(convolution)),
        x(convolution.x, getImageOrder(layout, ConvolutionDim::In), false),
        w(convolution.w, getKernelOrder(), true),
        y(convolution.y, getImageOrder(layout, ConvolutionDim::Out), false) {}

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

/// The sum of `dy` per channel, the gradient of a bias, or null.
static linalg::LinalgOp getBiasGradient(Value dy, kernel::Layout layout) {
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

namespace {

/// The gradient of the bias is a by-product of that of the weights.
struct FuseBiasGradient
    : OpRewritePattern<onednn::ConvolutionBackwardWeightsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onednn::ConvolutionBackwardWeightsOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getBiasOutput() || op->getNumResults() != 1)
      return rewriter.notifyMatchFailure(op, "it computes both already");
    linalg::LinalgOp sum = getBiasGradient(op.getDy(), op.getLayout());
    if (!sum || sum->getBlock() != op->getBlock())
      return rewriter.notifyMatchFailure(op, "no gradient of a bias");
    // Where the first of both is, as long as the input is there already.
    Operation *first = sum->isBeforeInBlock(op) ? sum.getOperation() : op;
    Operation *input = op.getX().getDefiningOp();
    if (input &&
        (input->getBlock() != op->getBlock() || !input->isBeforeInBlock(first)))
      return rewriter.notifyMatchFailure(op, "the input comes too late");
    rewriter.setInsertionPoint(first);
    SmallVector<Value> outputs;
    for (Value result : {Value(op->getResult(0)), Value(sum->getResult(0))}) {
      auto type = cast<RankedTensorType>(result.getType());
      Value empty = tensor::EmptyOp::create(
          rewriter, op.getLoc(), type.getShape(), type.getElementType());
      outputs.push_back(empty);
    }
    auto both = onednn::ConvolutionBackwardWeightsOp::create(
        rewriter, op.getLoc(), TypeRange(ValueRange(outputs)), op.getX(),
        op.getDy(), outputs[0], outputs[1], op.getStrides(), op.getDilations(),
        op.getPadding(), op.getLayout(), op.getGroups());
    both->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    rewriter.replaceOp(sum, both->getResult(1));
    rewriter.replaceOp(op, both->getResult(0));
    return success();
  }
};

} // namespace

void prune::populateConvolutionPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ConvertConvolution, FuseBiasGradient>(context);
  onednn::ConvolutionOp::getCanonicalizationPatterns(patterns, context);
  onednn::ConvolutionBackwardDataOp::getCanonicalizationPatterns(patterns,
                                                                 context);
  onednn::ConvolutionBackwardWeightsOp::getCanonicalizationPatterns(patterns,
                                                                    context);
  tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
  tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
}
