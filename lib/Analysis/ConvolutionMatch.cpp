//===- ConvolutionMatch.cpp - Convolutions by their maps ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The images are the operand with two indices that are sums of loops. Of the
// other two, output and weights, either could be the output: exchanging them
// exchanges images with channels and strides with dilations. The reading in
// which the images of the input come first is taken. A loop's meaning follows
// from the operands that it indexes. linalg::inferConvolutionDims reads the
// first of these forms alone, where the output is what is computed.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ConvolutionMatch.h"

#include "Prune/Analysis/StructuredOps.h"

using namespace mlir;
using namespace mlir::prune;

static bool parseTerm(AffineExpr expr, unsigned &loop, int64_t &factor) {
  factor = 1;
  if (auto product = dyn_cast<AffineBinaryOpExpr>(expr)) {
    auto constant = dyn_cast<AffineConstantExpr>(product.getRHS());
    if (product.getKind() != AffineExprKind::Mul || !constant ||
        constant.getValue() <= 0)
      return false;
    factor = constant.getValue();
    expr = product.getLHS();
  }
  auto dim = dyn_cast<AffineDimExpr>(expr);
  if (dim)
    loop = dim.getPosition();
  return static_cast<bool>(dim);
}

std::optional<SmallVector<MapIndex>> prune::parseMap(AffineMap map) {
  SmallVector<MapIndex> indices;
  for (AffineExpr expr : map.getResults()) {
    MapIndex index;
    auto sum = dyn_cast<AffineBinaryOpExpr>(expr);
    if (isa<AffineDimExpr>(expr)) {
      index.loop = cast<AffineDimExpr>(expr).getPosition();
    } else if (sum && sum.getKind() == AffineExprKind::Add) {
      index.isSum = true;
      if (!parseTerm(sum.getLHS(), index.loop, index.factor) ||
          !parseTerm(sum.getRHS(), index.otherLoop, index.otherFactor))
        return std::nullopt;
    } else {
      return std::nullopt;
    }
    indices.push_back(index);
  }
  return indices;
}

static bool hasSum(AffineMap map) {
  return llvm::any_of(map.getResults(), [](AffineExpr expr) {
    return expr.getKind() == AffineExprKind::Add;
  });
}

bool prune::isWindowed(linalg::LinalgOp op) {
  return matchSumOfProducts(op) &&
         llvm::any_of(op.getIndexingMapsArray(), hasSum);
}

namespace {

/// Reads the maps of one operation with a given choice of operands.
class MapReader {
public:
  MapReader(linalg::LinalgOp op, OpOperand *x, OpOperand *w, OpOperand *y)
      : op(op) {
    result.x.operand = x;
    result.w.operand = w;
    result.y.operand = y;
  }

  /// False when the maps are not those of a convolution.
  bool read();
  Convolution get() const { return result; }

private:
  bool uses(const ConvolutionOperand &operand, unsigned loop) {
    return op.getMatchingIndexingMap(operand.operand).isFunctionOfDim(loop);
  }
  bool readWindow(ArrayRef<MapIndex> indices);
  bool nameLoop(unsigned loop);
  bool nameDims(ConvolutionOperand &operand, ArrayRef<MapIndex> indices);

  linalg::LinalgOp op;
  Convolution result;
  llvm::SmallDenseMap<unsigned, ConvolutionDim> names;
};

} // namespace

/// Names the loops of output and kernel in the two sums of the input.
bool MapReader::readWindow(ArrayRef<MapIndex> indices) {
  unsigned axis = 0;
  for (MapIndex index : indices) {
    if (!index.isSum)
      continue;
    if (axis == 2)
      return false;
    if (!uses(result.y, index.loop)) {
      std::swap(index.loop, index.otherLoop);
      std::swap(index.factor, index.otherFactor);
    }
    if (!uses(result.y, index.loop) || uses(result.w, index.loop) ||
        !uses(result.w, index.otherLoop) || uses(result.y, index.otherLoop))
      return false;
    result.strides[axis] = index.factor;
    result.dilations[axis] = index.otherFactor;
    ConvolutionDim name = axis ? ConvolutionDim::Column : ConvolutionDim::Row;
    names[index.loop] = name;
    names[index.otherLoop] = name;
    ++axis;
  }
  return axis == 2 && names.size() == 4;
}

/// Names a loop that is an index by itself after the operands that it indexes.
bool MapReader::nameLoop(unsigned loop) {
  bool inX = uses(result.x, loop), inW = uses(result.w, loop),
       inY = uses(result.y, loop);
  if (inX && inY)
    names[loop] = inW ? ConvolutionDim::Group : ConvolutionDim::Batch;
  else if (inW && (inX || inY))
    names[loop] = inX ? ConvolutionDim::In : ConvolutionDim::Out;
  else
    return false;
  return true;
}

bool MapReader::nameDims(ConvolutionOperand &operand,
                         ArrayRef<MapIndex> indices) {
  for (MapIndex index : indices) {
    ConvolutionDim name = names.at(index.loop);
    if (llvm::is_contained(operand.dims, name))
      return false;
    operand.dims.push_back(name);
  }
  return true;
}

bool MapReader::read() {
  auto parse = [&](const ConvolutionOperand &operand) {
    return parseMap(op.getMatchingIndexingMap(operand.operand));
  };
  std::optional<SmallVector<MapIndex>> x = parse(result.x), w = parse(result.w),
                                       y = parse(result.y);
  if (!x || !w || !y || !readWindow(*x))
    return false;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
    if (!names.contains(loop) && !nameLoop(loop))
      return false;
  if (!nameDims(result.x, *x) || !nameDims(result.w, *w) ||
      !nameDims(result.y, *y))
    return false;
  auto has = [](const ConvolutionOperand &operand, ConvolutionDim dim) {
    return llvm::is_contained(operand.dims, dim);
  };
  // One batch, and channels on both sides, at least those of groups.
  bool hasGroup = has(result.x, ConvolutionDim::Group);
  return has(result.x, ConvolutionDim::Batch) &&
         (hasGroup || (has(result.x, ConvolutionDim::In) &&
                       has(result.y, ConvolutionDim::Out)));
}

static int64_t getExtent(const ConvolutionOperand &operand,
                         ConvolutionDim dim) {
  auto type = cast<ShapedType>(operand.operand->get().getType());
  const auto *found = llvm::find(operand.dims, dim);
  return type.getDimSize(found - operand.dims.begin());
}

/// True when rows and columns of the input that no window reaches are fewer
/// than one stride, as in a convolution.
static bool hasMatchingExtents(const Convolution &convolution) {
  for (unsigned axis : {0, 1}) {
    ConvolutionDim dim = axis ? ConvolutionDim::Column : ConvolutionDim::Row;
    int64_t room =
        getExtent(convolution.x, dim) -
        (getExtent(convolution.w, dim) - 1) * convolution.dilations[axis] - 1;
    if (room < 0 ||
        room / convolution.strides[axis] + 1 != getExtent(convolution.y, dim))
      return false;
  }
  return true;
}

StringRef prune::matchConvolution(linalg::LinalgOp op,
                                  Convolution &convolution) {
  if (!matchSumOfProducts(op))
    return "it is no sum of products on tensors";
  OpOperand *x = nullptr;
  SmallVector<OpOperand *> others;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!type || !type.getElementType().isF32() || !type.hasStaticShape())
      return "an operand is no tensor of f32 of static shape";
    if (!hasSum(op.getMatchingIndexingMap(&operand)))
      others.push_back(&operand);
    else if (x)
      return "two operands are read at sums of loops";
    else
      x = &operand;
  }
  if (!x)
    return "no operand is read at sums of loops";
  bool found = false;
  for (unsigned output : {0, 1}) {
    MapReader reader(op, x, others[1 - output], others[output]);
    if (!reader.read())
      continue;
    bool isUsual = reader.get().x.dims.front() == ConvolutionDim::Batch;
    if (!found || isUsual)
      convolution = reader.get();
    found = true;
  }
  if (!found)
    return "it is no convolution in two dimensions";
  if (!hasMatchingExtents(convolution))
    return "rows or columns of the input are beyond the last window";
  if (llvm::is_contained(convolution.x.dims, ConvolutionDim::Group))
    convolution.groups = getExtent(convolution.x, ConvolutionDim::Group);
  return {};
}
