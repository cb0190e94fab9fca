//===- EvidenceGram.cpp - Gram matrices of the inputs of layers -----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A layer is a product of a matrix with its weight: a row of the matrix is what
// one output position reads, a window; a column is what one weight of an output
// channel is multiplied with. The windows are written side by side, and a
// product of the matrix with itself sums over all of them.
//
//===----------------------------------------------------------------------===//

#include "EvidenceSums.h"

#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::prune;

/// Dimensions of the weight operand in the order of those of the parameter;
/// nothing when a reshape is in between.
static std::optional<SmallVector<unsigned>>
getParameterOrder(const EvidenceLayer &layer) {
  auto type = cast<RankedTensorType>(layer.weight->get().getType());
  SmallVector<unsigned> order =
      llvm::to_vector(llvm::seq<unsigned>(0, type.getRank()));
  for (Operation *op : layer.path) {
    auto transpose = dyn_cast<linalg::TransposeOp>(op);
    if (!transpose)
      return std::nullopt;
    SmallVector<unsigned> before(order.size());
    for (auto [dim, source] : llvm::enumerate(transpose.getPermutation()))
      before[source] = order[dim];
    order = before;
  }
  return order;
}

std::optional<GramColumns> prune::getGramColumns(const EvidenceLayer &layer,
                                                 StringRef &reason) {
  reason = "its weight is reshaped";
  std::optional<SmallVector<unsigned>> order = getParameterOrder(layer);
  if (!order)
    return std::nullopt;
  linalg::LinalgOp op = layer.op;
  AffineMap weights = op.getMatchingIndexingMap(layer.weight);
  AffineMap inputs = op.getMatchingIndexingMap(layer.input);
  AffineMap outputs = op.getIndexingMapsArray().back();
  GramColumns columns;
  for (auto [place, dim] : llvm::enumerate(*order)) {
    reason = "an index of its weight is no loop";
    std::optional<unsigned> loop = getLoop(weights, dim);
    if (!loop)
      return std::nullopt;
    if (!usesLoop(inputs, *loop))
      continue;
    reason = "its outputs read inputs of their own";
    if (usesLoop(outputs, *loop))
      return std::nullopt;
    columns.dims.push_back(place);
    columns.loops.push_back(*loop);
  }
  reason = "its weight is one number for each output";
  if (columns.dims.empty())
    return std::nullopt;
  return columns;
}

/// What each output position reads, as a matrix [positions, columns].
static Value createWindows(ImplicitLocOpBuilder &b, const EvidenceLayer &layer,
                           const GramColumns &columns) {
  linalg::LinalgOp op = layer.op;
  AffineMap inputs = op.getMatchingIndexingMap(layer.input);
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SmallVector<unsigned> loops;
  for (unsigned loop = 0; loop < ranges.size(); ++loop)
    if (usesLoop(inputs, loop) && !llvm::is_contained(columns.loops, loop))
      loops.push_back(loop);
  int64_t numPositionLoops = loops.size();
  llvm::append_range(loops, columns.loops);
  SmallVector<AffineExpr> numbers(ranges.size(), b.getAffineConstantExpr(0));
  SmallVector<int64_t> shape;
  int64_t positions = 1, width = 1;
  for (auto [number, loop] : llvm::enumerate(loops)) {
    numbers[loop] = b.getAffineDimExpr(number);
    shape.push_back(ranges[loop]);
    (int64_t(number) < numPositionLoops ? positions : width) *= ranges[loop];
  }
  AffineMap map = inputs.replaceDimsAndSymbols(numbers, {}, loops.size(),
                                               /*numResultSyms=*/0);
  Type element = getElementTypeOrSelf(layer.input->get().getType());
  Value empty = tensor::EmptyOp::create(b, shape, element);
  Value windows = createMapped(b, layer.input->get(), map, empty,
                               [](ImplicitLocOpBuilder &, ValueRange args) {
                                 return SmallVector<Value>{args.front()};
                               })
                      .front();
  auto matrix = RankedTensorType::get({positions, width}, element);
  if (windows.getType() == matrix)
    return windows;
  // Without loops over positions there is a row that the windows do not have.
  SmallVector<ReassociationIndices> groups(numPositionLoops ? 2 : 1);
  for (unsigned dim = 0; dim < loops.size(); ++dim)
    groups[numPositionLoops && dim >= numPositionLoops].push_back(dim);
  if (numPositionLoops)
    return tensor::CollapseShapeOp::create(b, matrix, windows, groups);
  Value row = windows;
  if (loops.size() > 1)
    row = tensor::CollapseShapeOp::create(
        b, RankedTensorType::get({width}, element), windows, groups);
  ReassociationIndices whole = {0, 1};
  return tensor::ExpandShapeOp::create(b, matrix, row,
                                       ArrayRef<ReassociationIndices>(whole));
}

Value prune::createInputGram(ImplicitLocOpBuilder &b,
                             const EvidenceLayer &layer,
                             const GramColumns &columns) {
  Value windows = createWindows(b, layer, columns);
  auto type = cast<RankedTensorType>(windows.getType());
  int64_t width = type.getDimSize(1);
  AffineExpr row = b.getAffineDimExpr(0);
  AffineExpr column = b.getAffineDimExpr(1);
  AffineExpr position = b.getAffineDimExpr(2);
  MLIRContext *context = b.getContext();
  SmallVector<AffineMap> maps = {
      AffineMap::get(3, 0, {position, row}, context),
      AffineMap::get(3, 0, {position, column}, context),
      AffineMap::get(3, 0, {row, column}, context)};
  Value zeros = createNumber(b, type.clone({width, width}), 0.0);
  utils::IteratorType iterators[] = {utils::IteratorType::parallel,
                                     utils::IteratorType::parallel,
                                     utils::IteratorType::reduction};
  return createLoops(b, {windows, windows}, zeros, maps, iterators,
                     [](ImplicitLocOpBuilder &e, ValueRange args) {
                       Value product =
                           arith::MulFOp::create(e, args[0], args[1]);
                       Value sum = arith::AddFOp::create(e, args[2], product);
                       return SmallVector<Value>{sum};
                     })
      .front();
}
