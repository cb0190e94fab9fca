//===- NameOperations.cpp - prune-name-operations -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One walk over each function finds the parameter that the operations of a
// location read, a second one sets the names. Where the operations of one
// location read several parameters, it stands for none of them. Linear in the
// number of operands.
//
//===----------------------------------------------------------------------===//

#include "Prune/Profiling/Passes.h"

#include "Origin.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-name-operations"

namespace mlir::prune {
#define GEN_PASS_DEF_NAMEOPERATIONSPASS
#include "Prune/Profiling/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// Name of the first parameter among the operands, decompressed or not, else
/// empty.
static StringRef getParameterName(Operation *op) {
  for (Value operand : op->getOperands()) {
    if (auto decompress = operand.getDefiningOp<DecompressOp>())
      operand = decompress.getValues();
    if (ParamAttr param = getParam(operand))
      return param.getName();
  }
  return {};
}

/// Parameter by location; empty for a location that stands for several.
using ParametersByLocation = DenseMap<Location, StringRef>;

static ParametersByLocation findParameters(FunctionOpInterface function) {
  ParametersByLocation parameters;
  for (Operation &op : function.getFunctionBody().getOps()) {
    StringRef name = getParameterName(&op);
    if (name.empty())
      continue;
    auto [entry, isNew] = parameters.try_emplace(op.getLoc(), name);
    if (!isNew && entry->second != name)
      entry->second = StringRef();
  }
  return parameters;
}

namespace {

struct NameOperations : prune::impl::NameOperationsPassBase<NameOperations> {
  using Base::Base;

  void runOnOperation() override {
    getOperation()->walk([&](FunctionOpInterface function) {
      if (!function.isExternal())
        nameOperations(function);
    });
  }

  void nameOperations(FunctionOpInterface function) {
    ParametersByLocation parameters = findParameters(function);
    for (Operation &op : function.getFunctionBody().getOps()) {
      Origin origin = getOrigin(op.getLoc());
      if (!origin.operation.empty() || op.hasTrait<OpTrait::IsTerminator>())
        continue;
      origin.operation = op.getName().getStringRef();
      StringRef parameter = getParameterName(&op);
      if (parameter.empty())
        parameter = parameters.lookup(op.getLoc());
      if (!parameter.empty())
        origin.label = parameter;
      LDBG() << origin.operation << " of '" << origin.label << "'";
      op.setLoc(nameLocation(op.getLoc(), origin));
      ++numNamed;
    }
  }
};

} // namespace
