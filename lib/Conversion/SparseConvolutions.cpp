//===- SparseConvolutions.cpp - Convolutions of compressed weights --------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Weights lie in any order of dimensions; the rows of the pattern, and places
// in them, are those of the kernels: by output channel, and by input channel
// for the gradient of the input. The kernels take sixteen images together.
//
//===----------------------------------------------------------------------===//

#include "SparseConvolutions.h"

#include "BiasGradient.h"
#include "ConvolutionOperands.h"
#include "Epilogue.h"

#include "Prune/Dialect/Kernel/IR/Kernel.h"
#include "Prune/Kernels/SparseConvolution.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::prune;

using Dims = SmallVector<int64_t, 4>;

static constexpr int64_t kNoPadding[] = {0, 0, 0, 0};

/// The dimension of an operand that counts `name`.
static int64_t getDim(const ConvolutionOperand &operand, ConvolutionDim name) {
  return llvm::find(operand.dims, name) - operand.dims.begin();
}

static int64_t getExtent(const ConvolutionOperand &operand,
                         ConvolutionDim name) {
  return cast<ShapedType>(operand.operand->get().getType())
      .getDimSize(getDim(operand, name));
}

/// The dimensions of the weight as [first, second, kh, kw].
static Dims getKernelDims(const Convolution &convolution, ConvolutionDim first,
                          ConvolutionDim second) {
  const ConvolutionOperand &w = convolution.w;
  return {getDim(w, first), getDim(w, second), getDim(w, ConvolutionDim::Row),
          getDim(w, ConvolutionDim::Column)};
}

/// What the convolution computes.
static ConvolutionPass getPass(linalg::LinalgOp op,
                               const Convolution &convolution) {
  OpOperand *result = op.getDpsInitOperand(0);
  if (result == convolution.y.operand)
    return ConvolutionPass::Forward;
  return result == convolution.x.operand ? ConvolutionPass::BackwardData
                                         : ConvolutionPass::BackwardWeights;
}

/// Whether a convolution whose weight has `kept` elements should be sparse.
static bool isWorthIt(linalg::LinalgOp op, const Convolution &convolution,
                      int64_t kept, const SparseConvolutionChoice &choice) {
  ProductSize size;
  size.convolution = getConvolutionShape(convolution);
  const assembly::ConvolutionShape &shape = *size.convolution;
  size.rows = shape.f;
  size.inner = shape.c * shape.kh * shape.kw;
  size.columns = shape.n * shape.oh * shape.ow;
  size.nonZeros = kept;
  std::optional<double> gain =
      predictGain(choice.costs, getPass(op, convolution), size);
  return gain.value_or(0.0) >= choice.minGain;
}

/// True when 32-bit distances reach all of 16 images side by side.
static bool fitsInPlanes(const ConvolutionOperand &operand) {
  constexpr int64_t kImages = 16;
  int64_t floats = kImages;
  for (ConvolutionDim dim : operand.dims)
    if (dim != ConvolutionDim::Batch &&
        llvm::MulOverflow(floats, getExtent(operand, dim), floats))
      return false;
  return floats <= std::numeric_limits<int32_t>::max();
}

/// Recognizes a convolution in one group whose operand `weight` has `kept`
/// elements.
static bool match(linalg::LinalgOp op, OpOperand &weight, int64_t kept,
                  const SparseConvolutionChoice &choice,
                  Convolution &convolution) {
  if (!op || !isWindowed(op) || !matchConvolution(op, convolution).empty() ||
      convolution.w.operand != &weight)
    return false;
  for (const ConvolutionOperand *operand :
       {&convolution.x, &convolution.w, &convolution.y})
    if (operand->dims.size() != 4 ||
        llvm::is_contained(operand->dims, ConvolutionDim::Group))
      return false;
  if (!fitsInPlanes(convolution.x) || !fitsInPlanes(convolution.y))
    return false;
  return isWorthIt(op, convolution, kept, choice);
}

namespace {

/// Creates the operation for one direction.
class SparseBuilder {
public:
  SparseBuilder(linalg::LinalgOp op, const Convolution &convolution,
                ImplicitLocOpBuilder &b, PatternCache &patterns)
      : op(op), convolution(convolution), b(b), patterns(patterns),
        layout(chooseLayout(convolution)), x(reshapeInput(convolution, layout)),
        y(reshapeOutput(convolution, layout)),
        window{getExtent(convolution.w, ConvolutionDim::Row),
               getExtent(convolution.w, ConvolutionDim::Column)} {}

  Value buildForward(DecompressOp decompress);
  /// Does not accumulate: what the destination held is added.
  Value buildBackwardData(DecompressOp decompress);
  Value buildBackwardWeights(CompressOp compress);

private:
  Value createEmpty(Type type) {
    auto tensor = cast<RankedTensorType>(type);
    return tensor::EmptyOp::create(b, tensor.getShape(),
                                   tensor.getElementType());
  }

  linalg::LinalgOp op;
  const Convolution &convolution;
  ImplicitLocOpBuilder &b;
  PatternCache &patterns;
  kernel::Layout layout;
  Reshaping x, y;
  SmallVector<int64_t, 2> window;
};

} // namespace

Value SparseBuilder::buildForward(DecompressOp decompress) {
  CompressedRows rows = createRows(
      b, decompress,
      getKernelDims(convolution, ConvolutionDim::Out, ConvolutionDim::In),
      patterns);
  Value image = x.apply(b, convolution.x.operand->get());
  Value init = y.apply(b, convolution.y.operand->get());
  bool accumulates = !kernel::isZero(convolution.y.operand->get());
  if (!accumulates)
    init = createEmpty(init.getType());
  auto created = kernel::SparseConvolutionOp::create(
      b, init.getType(), rows.values, rows.indices, rows.pointers, image,
      /*bias=*/Value(), init, window, convolution.strides,
      convolution.dilations, kNoPadding, layout, accumulates,
      kernel::Activation::None);
  return y.revert(b, created->getResult(0));
}

Value SparseBuilder::buildBackwardData(DecompressOp decompress) {
  CompressedRows rows = createRows(
      b, decompress,
      getKernelDims(convolution, ConvolutionDim::In, ConvolutionDim::Out),
      patterns);
  Value output = y.apply(b, convolution.y.operand->get());
  Value start = op.getDpsInits().front();
  Value empty = createEmpty(x.apply(b, start).getType());
  auto created = kernel::SparseConvolutionBackwardDataOp::create(
      b, empty.getType(), rows.values, rows.indices, rows.pointers, output,
      empty, window, convolution.strides, convolution.dilations, kNoPadding,
      layout);
  Value result = x.revert(b, created->getResult(0));
  if (kernel::isZero(start))
    return result;
  auto add = linalg::AddOp::create(b, ValueRange{start, result},
                                   createEmpty(result.getType()));
  return add->getResult(0);
}

Value SparseBuilder::buildBackwardWeights(CompressOp compress) {
  CompressedPattern pattern = patterns.get(
      compress.getPattern(), compress.getDense().getType(),
      getKernelDims(convolution, ConvolutionDim::Out, ConvolutionDim::In));
  CompressedRows rows = createRows(b, pattern);
  Value image = x.apply(b, convolution.x.operand->get());
  Value output = y.apply(b, convolution.y.operand->get());
  Value empty = createEmpty(compress.getType());
  auto created = kernel::SparseConvolutionBackwardWeightsOp::create(
      b, TypeRange(empty.getType()), rows.indices, rows.pointers, image, output,
      empty,
      /*bias_output=*/Value(), window, convolution.strides,
      convolution.dilations, kNoPadding, layout);
  return createGather(b, created->getResult(0), pattern.inverse);
}

LogicalResult
prune::convertSparseConvolution(DecompressOp decompress, OpOperand &weight,
                                PatternCache &patterns,
                                const SparseConvolutionChoice &choice) {
  auto op = dyn_cast<linalg::LinalgOp>(weight.getOwner());
  // A weight that a gradient is added to, and one that is an image besides.
  if (!op || op.isDpsInit(&weight) ||
      llvm::count(op->getOperands(), decompress.getResult()) != 1)
    return failure();
  int64_t kept =
      cast<ShapedType>(decompress.getValues().getType()).getNumElements();
  Convolution convolution;
  if (!match(op, weight, kept, choice, convolution))
    return failure();
  ImplicitLocOpBuilder b(op.getLoc(), op);
  SparseBuilder builder(op, convolution, b, patterns);
  bool isForward = getPass(op, convolution) == ConvolutionPass::Forward;
  Value result = isForward ? builder.buildForward(decompress)
                           : builder.buildBackwardData(decompress);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return success();
}

LogicalResult
prune::convertSampledConvolution(CompressOp compress, PatternCache &patterns,
                                 const SparseConvolutionChoice &choice) {
  auto op = compress.getDense().getDefiningOp<linalg::LinalgOp>();
  if (!op || !compress.getDense().hasOneUse() || op.getNumDpsInits() != 1 ||
      !kernel::isZero(op.getDpsInitOperand(0)->get()))
    return failure();
  int64_t kept = cast<ShapedType>(compress.getType()).getNumElements();
  Convolution convolution;
  if (!match(op, *op.getDpsInitOperand(0), kept, choice, convolution))
    return failure();
  ImplicitLocOpBuilder b(compress.getLoc(), compress);
  Value result = SparseBuilder(op, convolution, b, patterns)
                     .buildBackwardWeights(compress);
  compress.getResult().replaceAllUsesWith(result);
  compress.erase();
  op->erase();
  return success();
}

void prune::populateSparseConvolutionPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<FoldBroadcastDestination<kernel::SparseConvolutionOp>,
               FuseEpilogue<kernel::SparseConvolutionOp>,
               FuseSum<kernel::SparseConvolutionOp>,
               FuseBiasGradient<kernel::SparseConvolutionBackwardWeightsOp>>(
      context);
  kernel::SparseConvolutionOp::getCanonicalizationPatterns(patterns, context);
  kernel::SparseConvolutionBackwardDataOp::getCanonicalizationPatterns(patterns,
                                                                       context);
  kernel::SparseConvolutionBackwardWeightsOp::getCanonicalizationPatterns(
      patterns, context);
}
