//===- PrintGroups.cpp - Channels that leave together as text -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Compact/Passes.h"

#include "ChannelText.h"

#include "Prune/Analysis/ChannelGroups.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"

namespace mlir::prune {
#define GEN_PASS_DEF_PRINTGROUPSPASS
#include "Prune/Dialect/Prune/Transforms/Compact/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// A parameter's dimension and the indices that are the group's.
static void printMember(const ChannelGroup::Member &member, raw_ostream &os) {
  SmallVector<int64_t> indices;
  for (ArrayRef<int64_t> ofChannel : member.indices)
    llvm::append_range(indices, ofChannel);
  llvm::sort(indices);
  os << "  \"" << getParam(member.parameter).getName() << "\" dim "
     << member.dim << ':';
  printIndices(indices, os);
  if (int64_t each = member.indices.front().size(); each > 1)
    os << ", " << each << " for each channel";
  os << '\n';
}

static void printGroup(Block &block, const ChannelAxes &axes,
                       const ChannelGroup &group, raw_ostream &os) {
  os << group.size() << " channel" << (group.size() == 1 ? "" : "s");
  if (!group.reason.empty())
    os << ", kept: " << group.reason;
  os << '\n';
  for (const ChannelGroup::Member &member : group.members)
    printMember(member, os);
  for (Operation *op : findTyingOperations(block, axes, group)) {
    os << "  tied by " << op->getName();
    if (auto file = op->getLoc()->findInstanceOf<FileLineColLoc>())
      os << " at " << file.getFilename().getValue() << ':' << file.getLine()
         << ':' << file.getColumn();
    os << '\n';
  }
}

namespace {
struct PrintGroupsPass final
    : prune::impl::PrintGroupsPassBase<PrintGroupsPass> {
  using PrintGroupsPassBase::PrintGroupsPassBase;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    printChannels(getOperation(), "channel groups",
                  [](Block &block, const ChannelState &state, raw_ostream &os) {
                    const ChannelAxes &axes = state.getAxes();
                    for (const ChannelGroup &group :
                         findChannelGroups(block, axes))
                      printGroup(block, axes, group, os);
                  });
  }
};
} // namespace
