//===- PrintChannels.cpp - The channel analysis as text -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The analysis runs on a copy whose constants are not shared, as elimination
// runs it; values are named by the copy, which prints like the original but for
// the constants that were cloned.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Compact/Passes.h"

#include "ChannelHolders.h"
#include "ChannelText.h"

#include "Prune/Analysis/ChannelState.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"

#include "mlir/IR/AsmState.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::prune {
#define GEN_PASS_DEF_PRINTCHANNELSPASS
#include "Prune/Dialect/Prune/Transforms/Compact/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// One line about a dimension: how many indices stay, which leave, which hold
/// one constant, and what keeps those that cannot leave.
static void printDimension(const ChannelState &state, Value value, unsigned dim,
                           raw_ostream &os) {
  const ChannelAxes &axes = state.getAxes();
  int64_t extent = cast<RankedTensorType>(value.getType()).getDimSize(dim);
  SmallVector<int64_t> dead;
  llvm::MapVector<Attribute, SmallVector<int64_t>> constants;
  llvm::SetVector<StringRef> reasons;
  for (int64_t i = 0; i < extent; ++i) {
    if (!state.isLive(value, dim, i))
      dead.push_back(i);
    if (Attribute constant = state.getConstant(value, dim, i))
      constants[constant].push_back(i);
    StringRef reason = axes.getPinReason(axes.getClass(value, dim, i));
    if (!reason.empty())
      reasons.insert(reason);
  }
  os << "  dim " << dim << ": " << extent - int64_t(dead.size()) << " of "
     << extent << " stay";
  if (!dead.empty()) {
    os << "; dead";
    printIndices(dead, os);
  }
  for (const auto &[constant, indices] : constants) {
    os << "; constant ";
    constant.print(os, /*elideType=*/true);
    os << " at";
    printIndices(indices, os);
  }
  for (StringRef reason : reasons)
    os << "; kept: " << reason;
  os << '\n';
}

/// What stays of each parameter, and what keeps constant neurons.
static void printSummary(Block &block, const ChannelState &state,
                         raw_ostream &os) {
  ChannelHolders holders(block, state);
  llvm::DenseMap<Value, PrunableOpInterface> layers;
  for (auto op : block.getOps<PrunableOpInterface>())
    if (Value weight = op.getWeight())
      layers.try_emplace(weight, op);
  auto print = [&](Value value, StringRef name) {
    os << '"' << name << "\":";
    auto type = cast<RankedTensorType>(value.getType());
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      os << (dim == 0 ? " " : ", ") << state.getKept(value, dim).size()
         << " of " << type.getDimSize(dim);
    os << " stay\n";
    PrunableOpInterface layer = layers.lookup(value);
    std::string text = layer ? holders.describe(layer) : "";
    if (!text.empty())
      os << "  constant neurons stay; held by " << text << '\n';
  };
  for (BlockArgument argument : block.getArguments())
    if (ParamAttr param = getParam(argument))
      if (state.getAxes().contains(argument))
        print(argument, param.getName());
  for (Operation &op : block)
    for (Value result : op.getResults())
      if (ParamAttr param = getParam(result))
        if (state.getAxes().contains(result))
          print(result, param.getName());
}

static void printValues(Block &block, const ChannelState &state,
                        raw_ostream &os) {
  AsmState names(block.getParentOp());
  for (Operation &op : block)
    for (Value result : op.getResults()) {
      if (!state.getAxes().contains(result))
        continue;
      result.printAsOperand(os, names);
      os << " = " << op.getName();
      if (ParamAttr param = getParam(result))
        os << " \"" << param.getName() << '"';
      os << " : " << result.getType() << '\n';
      for (unsigned dim = 0;
           dim < cast<RankedTensorType>(result.getType()).getRank(); ++dim)
        printDimension(state, result, dim, os);
    }
}

namespace {
struct PrintChannelsPass final
    : prune::impl::PrintChannelsPassBase<PrintChannelsPass> {
  using PrintChannelsPassBase::PrintChannelsPassBase;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    printChannels(getOperation(), "channels",
                  summary ? printSummary : printValues);
  }
};
} // namespace
