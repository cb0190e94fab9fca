//===- ConvertPackedToOneDNN.cpp - Packed contractions to oneDNN ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A product with prune.unpack becomes onednn.csr_matmul on the values
// themselves; where the rows of the result are the columns of the weight, on
// the pattern of the transpose and the values in its order. prune.pack of a
// product becomes onednn.sampled_matmul. All three work on [features, batch],
// so operands and results are transposed here; convert-prune-to-onednn moves
// the transpositions. A pattern is compressed once for each order. Linear in
// the patterns.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/Passes.h"

#include "CompressedPattern.h"
#include "Epilogue.h"
#include "TransposePropagation.h"

#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Remarks.h"

#define DEBUG_TYPE "convert-packed-to-onednn"

namespace mlir::prune {
#define GEN_PASS_DEF_CONVERTPACKEDTOONEDNNPASS
#include "Prune/Conversion/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

static bool isStaticMatrix(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == 2 && type.hasStaticShape() &&
         type.getElementType().isF32();
}

/// True for a product of two static f32 matrices in any transposition.
static bool isMatrixProduct(linalg::LinalgOp op) {
  return isContraction(op) && op.getNumLoops() == 3 &&
         llvm::all_of(op->getOperands(), isStaticMatrix) &&
         llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) {
           return map.isProjectedPermutation() && map.getNumResults() == 2;
         });
}

namespace {

/// A product of a packed weight with another matrix.
struct PackedProduct {
  linalg::LinalgOp op;
  Value input;
  /// The rows of the sparse matrix are the columns of the weight.
  bool isTransposed;
  /// The input is [inner, columns], the result [rows, columns] as it is.
  bool isInputFeatureMajor, isResultFeatureMajor;
};

} // namespace

/// Describes the product that reads an unpacked weight as `factor`; nothing
/// when it is no product of it with another matrix.
static std::optional<PackedProduct> matchProduct(UnpackOp unpack,
                                                 OpOperand &factor) {
  auto op = dyn_cast<linalg::LinalgOp>(factor.getOwner());
  if (!isMatrixProduct(op) || op.isDpsInit(&factor))
    return std::nullopt;
  AffineMap weight = op.getMatchingIndexingMap(&factor);
  OpOperand *other = op.getDpsInputOperand(1 - factor.getOperandNumber());
  AffineMap input = op.getMatchingIndexingMap(other);
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  bool isTransposed = !result.isFunctionOfDim(weight.getDimPosition(0));
  unsigned row = weight.getDimPosition(isTransposed ? 1 : 0);
  unsigned inner = weight.getDimPosition(isTransposed ? 0 : 1);
  if (other->get() == unpack.getResult() || !result.isFunctionOfDim(row) ||
      result.isFunctionOfDim(inner) || input.isFunctionOfDim(row))
    return std::nullopt;
  return PackedProduct{op, other->get(), isTransposed,
                       input.getDimPosition(0) == inner,
                       result.getDimPosition(0) == row};
}

/// `matrix` as [first, other] of the loops that its map names.
static Value toFeatureMajor(ImplicitLocOpBuilder &builder, Value matrix,
                            AffineMap map, unsigned first) {
  return map.getDimPosition(0) == first ? matrix
                                        : createTranspose(builder, matrix);
}

namespace {

class Converter {
public:
  explicit Converter(PatternCache &patterns) : patterns(patterns) {}

  /// Replaces a product whose operand `factor` is unpacked; failure when it is
  /// no product of matrices.
  LogicalResult convertProduct(UnpackOp unpack, OpOperand &factor);
  /// Replaces the packed result of a product; failure when it is no result of
  /// one that starts from zero and has no other use.
  LogicalResult convertGradient(PackOp pack);

private:
  Value createValues(ImplicitLocOpBuilder &builder, UnpackOp unpack,
                     const CompressedPattern &pattern);

  PatternCache &patterns;
};

} // namespace

/// The values in the order of the pattern.
Value Converter::createValues(ImplicitLocOpBuilder &builder, UnpackOp unpack,
                              const CompressedPattern &pattern) {
  Value values = unpack.getValues();
  if (!pattern.order)
    return values;
  Value order = arith::ConstantOp::create(builder, pattern.order);
  auto type = cast<RankedTensorType>(values.getType());
  Value empty =
      tensor::EmptyOp::create(builder, type.getShape(), type.getElementType());
  AffineMap map = builder.getMultiDimIdentityMap(1);
  auto gather = linalg::GenericOp::create(
      builder, type, order, empty, ArrayRef<AffineMap>{map, map},
      utils::IteratorType::parallel,
      [&](OpBuilder &inner, Location loc, ValueRange args) {
        Value place = arith::IndexCastOp::create(
            inner, loc, inner.getIndexType(), args.front());
        Value value = tensor::ExtractOp::create(inner, loc, values, place);
        linalg::YieldOp::create(inner, loc, value);
      });
  return gather.getResult(0);
}

LogicalResult Converter::convertProduct(UnpackOp unpack, OpOperand &factor) {
  std::optional<PackedProduct> product = matchProduct(unpack, factor);
  if (!product)
    return failure();
  linalg::LinalgOp op = product->op;
  ImplicitLocOpBuilder builder(op.getLoc(), op);
  CompressedPattern pattern = patterns.get(unpack, product->isTransposed);
  Value values = createValues(builder, unpack, pattern);
  Value indices = arith::ConstantOp::create(builder, pattern.indices);
  Value pointers = arith::ConstantOp::create(builder, pattern.pointers);
  Value x = product->isInputFeatureMajor
                ? product->input
                : createTranspose(builder, product->input);
  Value start = op.getDpsInits().front();
  Value bias = getBroadcastVector(start, product->isResultFeatureMajor ? 0 : 1);
  auto weightType = cast<RankedTensorType>(unpack.getType());
  int64_t rows = weightType.getDimSize(product->isTransposed ? 1 : 0);
  int64_t columns = cast<RankedTensorType>(x.getType()).getDimSize(1);
  Value empty = tensor::EmptyOp::create(
      builder, ArrayRef<int64_t>{rows, columns}, builder.getF32Type());
  auto matmul = onednn::CsrMatmulOp::create(
      builder, empty.getType(), values, indices, pointers, x, bias, empty,
      /*constant_values=*/false, onednn::Activation::None);
  Value result = matmul->getResult(0);
  if (!product->isResultFeatureMajor)
    result = createTranspose(builder, result);
  if (!bias && !isConstantFloat(start, 0.0))
    result = arith::AddFOp::create(builder, result, start);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return success();
}

LogicalResult Converter::convertGradient(PackOp pack) {
  auto op = pack.getDense().getDefiningOp<linalg::LinalgOp>();
  if (!isMatrixProduct(op) || !pack.getDense().hasOneUse() ||
      !isConstantFloat(op.getDpsInitOperand(0)->get(), 0.0))
    return failure();
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  unsigned row = result.getDimPosition(0), column = result.getDimPosition(1);
  OpOperand *a = op.getDpsInputOperand(0), *b = op.getDpsInputOperand(1);
  if (!op.getMatchingIndexingMap(a).isFunctionOfDim(row))
    std::swap(a, b);
  AffineMap left = op.getMatchingIndexingMap(a);
  AffineMap right = op.getMatchingIndexingMap(b);
  if (!left.isFunctionOfDim(row) || left.isFunctionOfDim(column) ||
      !right.isFunctionOfDim(column) || right.isFunctionOfDim(row))
    return failure();

  ImplicitLocOpBuilder builder(pack.getLoc(), pack);
  CompressedPattern pattern = patterns.get(pack, /*transposed=*/false);
  Value indices = arith::ConstantOp::create(builder, pattern.indices);
  Value pointers = arith::ConstantOp::create(builder, pattern.pointers);
  Value rows = toFeatureMajor(builder, a->get(), left, row);
  Value columns = toFeatureMajor(builder, b->get(), right, column);
  auto type = cast<RankedTensorType>(pack.getType());
  Value empty =
      tensor::EmptyOp::create(builder, type.getShape(), type.getElementType());
  auto sampled = onednn::SampledMatmulOp::create(
      builder, type, indices, pointers, rows, columns, empty);
  pack.getResult().replaceAllUsesWith(sampled->getResult(0));
  pack.erase();
  op->erase();
  return success();
}

namespace {

struct ConvertPackedToOneDNN
    : prune::impl::ConvertPackedToOneDNNPassBase<ConvertPackedToOneDNN> {
  using Base::Base;

  void getDependentDialects(DialectRegistry &registry) const override {
    Base::getDependentDialects(registry);
    registry.insert<linalg::LinalgDialect>();
  }

  void runOnOperation() override {
    SmallVector<UnpackOp> unpacks;
    SmallVector<PackOp> packs;
    getOperation()->walk([&](Operation *op) {
      if (auto unpack = dyn_cast<UnpackOp>(op))
        unpacks.push_back(unpack);
      if (auto pack = dyn_cast<PackOp>(op))
        packs.push_back(pack);
    });
    if (unpacks.empty() && packs.empty())
      return markAllAnalysesPreserved();
    PatternCache patterns;
    Converter converter(patterns);
    for (PackOp pack : packs) {
      if (succeeded(converter.convertGradient(pack)))
        ++numGradients;
      else
        report(pack, "the gradient is computed densely and packed");
    }
    for (UnpackOp unpack : unpacks)
      convert(converter, unpack);
  }

  void convert(Converter &converter, UnpackOp unpack) {
    for (OpOperand &use :
         llvm::make_early_inc_range(unpack.getResult().getUses())) {
      if (succeeded(converter.convertProduct(unpack, use)))
        ++numProducts;
      else
        report(use.getOwner(), "reads the weight unpacked");
    }
    if (unpack.use_empty())
      unpack.erase();
  }

  void report(Operation *op, StringRef message) {
    remark::missed(op->getLoc(),
                   remark::RemarkOpts::name("Unpacked").category(DEBUG_TYPE))
        << message.str();
  }
};

} // namespace
