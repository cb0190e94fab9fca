//===- ChannelOpInterface.cpp - How channels move through operations ------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Interfaces/ChannelOpInterface.h"

#include "Prune/Support/Parameters.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::prune;

#include "Prune/Interfaces/ChannelOpInterface.cpp.inc"

/// Adds the offsets to the values of a constant, in place.
static LogicalResult addToConstant(arith::ConstantOp constant, unsigned dim,
                                   ArrayRef<double> offsets) {
  std::optional<ConstantView> view = ConstantView::get(constant.getValue());
  if (!view || view->getElementType().isInteger(1))
    return failure();
  SmallVector<double, 0> values = view->toVector();
  if (values.empty())
    return success();
  SmallVector<int64_t> index(view->getRank(), 0);
  size_t position = 0;
  do {
    values[position++] += offsets[index[dim]];
  } while (advance(index, view->getShape()));
  ParamAttr param = getParam(constant);
  auto type = cast<RankedTensorType>(constant.getType());
  constant.setValueAttr(
      createResource(type, param ? param.getName() : "bias", values));
  return success();
}

LogicalResult mlir::prune::addToConstantSource(Value value, unsigned dim,
                                               ArrayRef<double> offsets) {
  Operation *op = value.getDefiningOp();
  if (!op || !value.hasOneUse())
    return failure();
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return addToConstant(constant, dim, offsets);
  auto channels = dyn_cast<ChannelOpInterface>(op);
  return channels ? channels.addToResult(dim, offsets) : failure();
}

void ChannelTies::tieMerged(Value flat, unsigned flatDim, Value parts,
                            ArrayRef<unsigned> dims) {
  auto type = cast<RankedTensorType>(parts.getType());
  auto isWide = [&](unsigned dim) { return type.getDimSize(dim) != 1; };
  const unsigned *wide = llvm::find_if(dims, isWide);
  unsigned chosen = wide == dims.end() ? dims.front() : *wide;
  int64_t inner = 1;
  for (unsigned dim : dims)
    if (dim > chosen)
      inner *= type.getDimSize(dim);
  tieBlocks(flat, flatDim, parts, chosen, inner);
  for (unsigned dim : dims)
    if (dim != chosen)
      pin(parts, dim, "inside a flattened block");
}
