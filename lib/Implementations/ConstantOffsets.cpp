//===- ConstantOffsets.cpp - Adding to constants --------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConstantOffsets.h"

#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/ChannelOpInterface.h"
#include "Prune/Support/Constants.h"

using namespace mlir;
using namespace mlir::prune;

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
