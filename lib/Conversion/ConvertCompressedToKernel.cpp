//===- ConvertCompressedToKernel.cpp - Compressed contractions to oneDNN --===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A product with prune.decompress becomes kernel.spmm on the values
// themselves; where the rows of the result are the columns of the weight, on
// the pattern of the transpose and the values in its order. prune.compress of a
// product becomes kernel.sddmm. All three work on [features, batch],
// so operands and results are transposed here; convert-prune-to-kernel moves
// the transpositions. Convolutions are in SparseConvolutions.cpp. A pattern is
// compressed once for each order. Linear in the patterns.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/Passes.h"

#include "CompressedPattern.h"
#include "Epilogue.h"
#include "SparseConvolutions.h"
#include "TransposePropagation.h"

#include "Prune/Analysis/MatrixProduct.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Kernels/KernelOptions.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "convert-compressed-to-kernel"

namespace mlir::prune {
#define GEN_PASS_DEF_CONVERTCOMPRESSEDTOKERNELPASS
#include "Prune/Conversion/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// The dimensions of rows and columns of a matrix.
static constexpr int64_t kStraight[] = {0, 1}, kTransposed[] = {1, 0};

namespace {

class Converter {
public:
  explicit Converter(PatternCache &patterns) : patterns(patterns) {}

  /// Replaces a product whose operand `factor` is decompressed; failure when it
  /// is no product of matrices.
  LogicalResult convertProduct(DecompressOp decompress, OpOperand &factor);
  /// Replaces the compressed result of a product; failure when it is no result
  /// of one that starts from zero and has no other use.
  LogicalResult convertGradient(CompressOp compress);

private:
  PatternCache &patterns;
};

} // namespace

LogicalResult Converter::convertProduct(DecompressOp decompress,
                                        OpOperand &factor) {
  auto op = dyn_cast<linalg::LinalgOp>(factor.getOwner());
  std::optional<WeightProduct> product = matchWeightProduct(op, factor);
  if (!product || product->input == decompress.getResult())
    return failure();
  ImplicitLocOpBuilder builder(op.getLoc(), op);
  CompressedRows weight =
      createRows(builder, decompress,
                 product->isTransposed ? kTransposed : kStraight, patterns);
  Value x = product->isInputFeatureMajor
                ? product->input
                : createTranspose(builder, product->input);
  Value start = op.getDpsInits().front();
  Value bias = getBroadcastVector(start, product->isResultFeatureMajor ? 0 : 1);
  auto weightType = cast<RankedTensorType>(decompress.getType());
  int64_t rows = weightType.getDimSize(product->isTransposed ? 1 : 0);
  int64_t columns = cast<RankedTensorType>(x.getType()).getDimSize(1);
  Value empty = tensor::EmptyOp::create(
      builder, ArrayRef<int64_t>{rows, columns}, builder.getF32Type());
  auto matmul = kernel::SpmmOp::create(builder, empty.getType(), weight.values,
                                       weight.indices, weight.pointers, x, bias,
                                       empty, kernel::Activation::None);
  Value result = matmul->getResult(0);
  if (!product->isResultFeatureMajor)
    result = createTranspose(builder, result);
  if (!bias && !isConstantFloat(start, 0.0))
    result = arith::AddFOp::create(builder, result, start);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return success();
}

LogicalResult Converter::convertGradient(CompressOp compress) {
  auto op = compress.getDense().getDefiningOp<linalg::LinalgOp>();
  std::optional<MatrixProduct> product = matchStaticMatrixProduct(op);
  if (!product || !compress.getDense().hasOneUse() ||
      !isConstantFloat(op.getDpsInitOperand(0)->get(), 0.0))
    return failure();
  ImplicitLocOpBuilder builder(compress.getLoc(), compress);
  CompressedPattern pattern = patterns.get(
      compress.getPattern(), compress.getDense().getType(), kStraight);
  CompressedRows sampled = createRows(builder, pattern);
  Value left = product->left->get(), right = product->right->get();
  if (product->isLeftTransposed)
    left = createTranspose(builder, left);
  if (!product->isRightTransposed)
    right = createTranspose(builder, right);
  auto type = cast<RankedTensorType>(compress.getType());
  Value empty =
      tensor::EmptyOp::create(builder, type.getShape(), type.getElementType());
  auto values = kernel::SddmmOp::create(builder, type, sampled.indices,
                                        sampled.pointers, left, right, empty);
  compress.getResult().replaceAllUsesWith(values->getResult(0));
  compress.erase();
  op->erase();
  return success();
}

namespace {

struct ConvertCompressedToKernel
    : prune::impl::ConvertCompressedToKernelPassBase<
          ConvertCompressedToKernel> {
  using Base::Base;

  void getDependentDialects(DialectRegistry &registry) const override {
    Base::getDependentDialects(registry);
    registry.insert<linalg::LinalgDialect>();
  }

  void runOnOperation() override {
    SmallVector<DecompressOp> decompresses;
    SmallVector<CompressOp> compresses;
    getOperation()->walk([&](Operation *op) {
      if (auto decompress = dyn_cast<DecompressOp>(op))
        decompresses.push_back(decompress);
      if (auto compress = dyn_cast<CompressOp>(op))
        compresses.push_back(compress);
    });
    if (decompresses.empty() && compresses.empty())
      return markAllAnalysesPreserved();
    FailureOr<CostModel> costs = readCostModel(getOperation(), model, threads);
    if (failed(costs))
      return signalPassFailure();
    SparseConvolutionChoice choice = {*costs, minGain};
    PatternCache patterns;
    Converter converter(patterns);
    for (CompressOp compress : compresses) {
      if (succeeded(converter.convertGradient(compress)))
        ++numGradients;
      else if (succeeded(convertSampledConvolution(compress, patterns, choice)))
        ++numConvolutionGradients;
      else
        report(compress, "the gradient is computed densely and compressed");
    }
    for (DecompressOp decompress : decompresses)
      convert(converter, patterns, choice, decompress);
  }

  void convert(Converter &converter, PatternCache &patterns,
               const SparseConvolutionChoice &choice, DecompressOp decompress) {
    for (OpOperand &use :
         llvm::make_early_inc_range(decompress.getResult().getUses())) {
      if (succeeded(converter.convertProduct(decompress, use)))
        ++numProducts;
      else if (succeeded(
                   convertSparseConvolution(decompress, use, patterns, choice)))
        ++numConvolutions;
      else
        report(use.getOwner(), "reads the weight decompressed");
    }
    if (decompress.use_empty())
      decompress.erase();
  }

  void report(Operation *op, StringRef message) {
    LDBG() << message << ": " << *op;
    remark::missed(
        op->getLoc(),
        remark::RemarkOpts::name("WeightDecompressed").category(DEBUG_TYPE))
        << message.str();
  }
};

} // namespace
