//===- FoldBatchNorms.cpp - Batch norms into the layers before them -------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A batch normalization with given statistics is a line per channel. Behind a
// sum of products its slope scales the weights of that channel, and what it
// adds to nothing joins the bias, both in double precision. The channel of a
// weight follows from the indexing maps; reshapes between weight and layer keep
// the order of the elements, and so need no care. Linear in the weights.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Transforms/Compact/Passes.h"
#include "Prune/Support/Constants.h"
#include "Prune/Support/DeadOperations.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

#include <cmath>

#define DEBUG_TYPE "prune-fold-batch-norms"

namespace mlir::prune {
#define GEN_PASS_DEF_FOLDBATCHNORMSPASS
#include "Prune/Dialect/Prune/Transforms/Compact/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {

/// `y = factor * x + offset` of each channel.
struct Lines {
  SmallVector<double> factors, offsets;
};

/// A layer that a batch normalization can be folded into.
struct Layer {
  linalg::LinalgOp op;
  /// Splits the channels of the result for the layer; null when it does not.
  tensor::CollapseShapeOp collapse;
  /// The weight as the layer reads it, and the constant it comes from.
  OpOperand *weight = nullptr;
  arith::ConstantOp weightConstant;
  /// For each loop over channels, outermost first: its dimension in the weight.
  SmallVector<unsigned> weightDims;
  /// Null when the layer starts from zeros.
  arith::ConstantOp biasConstant;
};

} // namespace

static std::optional<Lines> getLines(BatchNormOp op) {
  auto scale = ConstantView::get(op.getScale());
  auto bias = ConstantView::get(op.getBias());
  auto mean = ConstantView::get(op.getMean());
  auto variance = ConstantView::get(op.getVariance());
  if (!scale || !bias || !mean || !variance)
    return std::nullopt;
  double epsilon = op.getEpsilon().convertToDouble();
  Lines lines;
  for (int64_t i = 0; i < scale->getNumElements(); ++i) {
    double factor = scale->at({i}) / std::sqrt(variance->at({i}) + epsilon);
    lines.factors.push_back(factor);
    lines.offsets.push_back(bias->at({i}) - mean->at({i}) * factor);
  }
  return lines;
}

/// The constant that is reshaped, if at all, into `value`, when nothing else
/// reads it.
static arith::ConstantOp getOwnConstant(Value value) {
  while (value.hasOneUse()) {
    Operation *definition = value.getDefiningOp();
    if (auto constant = dyn_cast_or_null<arith::ConstantOp>(definition))
      return constant;
    if (!isa_and_nonnull<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(
            definition))
      return {};
    value = definition->getOperand(0);
  }
  return {};
}

/// Finds the weight and the loops over channels; false when no operand is a
/// weight that has all of them.
static bool findWeight(Layer &layer, ArrayRef<AffineExpr> channelLoops) {
  for (OpOperand *operand : layer.op.getDpsInputOperands()) {
    arith::ConstantOp constant = getOwnConstant(operand->get());
    auto view =
        constant ? ConstantView::get(constant.getResult()) : std::nullopt;
    AffineMap map = layer.op.getMatchingIndexingMap(operand);
    SmallVector<unsigned> dims;
    for (AffineExpr loop : channelLoops)
      for (auto [dim, expr] : llvm::enumerate(map.getResults()))
        if (expr == loop)
          dims.push_back(dim);
    if (!view || dims.size() != channelLoops.size())
      continue;
    layer.weight = operand;
    layer.weightConstant = constant;
    layer.weightDims = dims;
    return true;
  }
  return false;
}

/// Finds what the layer starts from; false unless that is zeros or a constant
/// per channel.
static bool findBias(Layer &layer) {
  Value init = layer.op.getDpsInits()[0];
  if (auto expand = init.getDefiningOp<tensor::ExpandShapeOp>())
    init = expand.getSrc();
  if (auto fill = init.getDefiningOp<linalg::FillOp>())
    return matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
  auto broadcast = init.getDefiningOp<linalg::BroadcastOp>();
  if (!broadcast)
    return false;
  auto type = cast<RankedTensorType>(init.getType());
  layer.biasConstant = getOwnConstant(broadcast.getInput());
  return layer.biasConstant &&
         cast<RankedTensorType>(broadcast.getInput().getType()).getRank() ==
             1 &&
         static_cast<int64_t>(broadcast.getDimensions().size()) ==
             type.getRank() - 1 &&
         !llvm::is_contained(broadcast.getDimensions(), 1) &&
         ConstantView::get(layer.biasConstant.getResult()).has_value();
}

/// The layer before a batch normalization, or why there is none.
static FailureOr<Layer> findLayer(BatchNormOp norm, StringRef &reason) {
  Layer layer;
  Value value = norm.getInput();
  reason = "its input has other readers";
  if (!value.hasOneUse())
    return failure();
  layer.collapse = value.getDefiningOp<tensor::CollapseShapeOp>();
  if (layer.collapse)
    value = layer.collapse.getSrc();
  reason = "there is no convolution or product before it";
  layer.op = value.getDefiningOp<linalg::LinalgOp>();
  if (!layer.op || !value.hasOneUse() || layer.op->getNumResults() != 1 ||
      (!isContraction(layer.op) && !isConvolution(layer.op)))
    return failure();
  AffineMap map =
      layer.op.getMatchingIndexingMap(layer.op.getDpsInitOperand(0));
  ReassociationIndices channelDims{1};
  if (layer.collapse) {
    auto groups = layer.collapse.getReassociationIndices();
    channelDims = groups.size() > 1 ? groups[1] : ReassociationIndices();
  }
  SmallVector<AffineExpr> loops;
  for (int64_t dim : channelDims)
    loops.push_back(map.getResult(dim));
  reason = "the weight before it is no constant of its own";
  if (loops.empty() || !findWeight(layer, loops))
    return failure();
  reason = "the layer before it starts from no constant per channel";
  if (!findBias(layer))
    return failure();
  return layer;
}

/// The channel that an element of the weight belongs to.
static int64_t getChannel(const Layer &layer, ArrayRef<int64_t> index) {
  auto type = cast<RankedTensorType>(layer.weight->get().getType());
  int64_t channel = 0;
  for (unsigned dim : layer.weightDims)
    channel = channel * type.getDimSize(dim) + index[dim];
  return channel;
}

static void scaleWeight(Layer &layer, const Lines &lines) {
  auto constantType = cast<RankedTensorType>(layer.weightConstant.getType());
  auto type = cast<RankedTensorType>(layer.weight->get().getType());
  SmallVector<double, 0> values =
      ConstantView::get(layer.weightConstant.getResult())->toVector();
  SmallVector<int64_t> index(type.getRank(), 0);
  for (double &value : values) {
    value *= lines.factors[getChannel(layer, index)];
    advance(index, type.getShape());
  }
  ParamAttr param = layer.weightConstant->getAttrOfType<ParamAttr>(
      PruneDialect::kParamAttrName);
  StringRef name = param ? param.getName() : "folded_weight";
  layer.weightConstant.setValueAttr(createResource(constantType, name, values));
}

/// The new bias as a constant: a parameter of the old one's name, or where
/// there is none, of that of the batch normalization.
static Value createBias(OpBuilder &builder, Layer &layer, BatchNormOp norm,
                        const Lines &lines) {
  SmallVector<double, 0> values(lines.offsets.begin(), lines.offsets.end());
  Operation *old = norm.getBias().getDefiningOp();
  if (layer.biasConstant) {
    old = layer.biasConstant;
    auto view = ConstantView::get(layer.biasConstant.getResult());
    for (auto [i, number] : llvm::enumerate(view->toVector()))
      values[i] += lines.factors[i] * number;
  }
  auto type = cast<RankedTensorType>(norm.getBias().getType());
  auto param = old->getAttrOfType<ParamAttr>(PruneDialect::kParamAttrName);
  StringRef name = param ? param.getName() : "folded_bias";
  builder.setInsertionPoint(layer.op);
  DenseResourceElementsAttr attribute = createResource(type, name, values);
  auto constant =
      arith::ConstantOp::create(builder, norm.getLoc(), type, attribute);
  constant->setDiscardableAttrs(old->getDiscardableAttrDictionary());
  return constant;
}

/// Makes the layer start from `bias`, a vector over the channels of `norm`.
static void setBias(OpBuilder &builder, Layer &layer, BatchNormOp norm,
                    Value bias) {
  Location loc = norm.getLoc();
  auto type = cast<RankedTensorType>(norm.getType());
  SmallVector<int64_t> dimensions;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (dim != 1)
      dimensions.push_back(dim);
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                        type.getElementType());
  auto broadcast =
      linalg::BroadcastOp::create(builder, loc, bias, empty, dimensions);
  Value init = broadcast->getResult(0);
  if (layer.collapse)
    init = tensor::ExpandShapeOp::create(
        builder, loc, layer.op->getResult(0).getType(), init,
        layer.collapse.getReassociationIndices());
  layer.op.setDpsInitOperand(0, init);
}

namespace {
struct FoldBatchNormsPass final
    : prune::impl::FoldBatchNormsPassBase<FoldBatchNormsPass> {
  using FoldBatchNormsPassBase::FoldBatchNormsPassBase;

  void runOnOperation() override {
    SmallVector<BatchNormOp> norms;
    getOperation().walk([&](BatchNormOp op) { norms.push_back(op); });
    for (BatchNormOp norm : norms)
      fold(norm);
  }

private:
  void fold(BatchNormOp norm) {
    StringRef reason = "its scale, bias and statistics are no constants";
    std::optional<Lines> lines = getLines(norm);
    FailureOr<Layer> layer = failure();
    if (lines)
      layer = findLayer(norm, reason);
    LDBG() << "fold " << norm << ": " << (failed(layer) ? reason : "yes");
    if (failed(layer)) {
      remark::missed(
          norm.getLoc(),
          remark::RemarkOpts::name("BatchNormKept").category(DEBUG_TYPE))
          << remark::reason("batch normalization stays: {0}", reason);
      return;
    }
    remark::passed(
        norm.getLoc(),
        remark::RemarkOpts::name("BatchNormFolded").category(DEBUG_TYPE))
        << ("folded into '" + layer->op->getName().getStringRef() + "'").str();
    OpBuilder builder(norm);
    Value bias = createBias(builder, *layer, norm, *lines);
    scaleWeight(*layer, *lines);
    Value oldInit = layer->op.getDpsInits()[0];
    setBias(builder, *layer, norm, bias);
    SmallVector<Value> unused = llvm::to_vector(norm->getOperands());
    unused.push_back(oldInit);
    norm.getResult().replaceAllUsesWith(norm.getInput());
    norm.erase();
    eraseDead(unused);
    ++numFolded;
  }
};
} // namespace
