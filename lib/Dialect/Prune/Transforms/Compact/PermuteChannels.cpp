//===- PermuteChannels.cpp - Orders of channels for n of m ----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// What ties channels so that they leave together also says what has to move
// together: a class of channels takes the place of another in every dimension
// that has both. Only constants change.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Compact/Passes.h"

#include "SharedConstants.h"

#include "Prune/Analysis/ChannelGroups.h"
#include "Prune/Analysis/ChannelMoves.h"
#include "Prune/Analysis/ChannelPermutation.h"
#include "Prune/Analysis/ChannelState.h"
#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "Prune/Support/Constants.h"
#include "Prune/Support/KeptIndices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include <cmath>

#define DEBUG_TYPE "prune-permute-channels"

namespace mlir::prune {
#define GEN_PASS_DEF_PERMUTECHANNELSPASS
#include "Prune/Dialect/Prune/Transforms/Compact/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

using Indices = SmallVector<int64_t>;

namespace {

/// A weight that reads the channels of a group one by one.
struct Reader {
  Value weight;
  unsigned dim;
  /// The index of the first channel; the others follow.
  int64_t first;
};

/// Positions of the channels of a group, by class.
class Places {
public:
  Places(const ChannelGroup &group, ArrayRef<int64_t> order) : order(order) {
    for (auto [place, channel] : llvm::enumerate(group.channels))
      places[channel] = place;
  }

  /// For each index of a dimension the one that comes there; empty where none
  /// moves, and nothing where the channels do not have as many each.
  std::optional<Indices> getSources(const ChannelAxes &axes, Value value,
                                    unsigned dim) const;

private:
  llvm::DenseMap<unsigned, int64_t> places;
  ArrayRef<int64_t> order;
};

} // namespace

std::optional<Indices> Places::getSources(const ChannelAxes &axes, Value value,
                                          unsigned dim) const {
  int64_t extent = cast<RankedTensorType>(value.getType()).getDimSize(dim);
  SmallVector<Indices, 0> found(order.size());
  for (int64_t i = 0; i < extent; ++i)
    if (auto place = places.find(axes.getClass(value, dim, i));
        place != places.end())
      found[place->second].push_back(i);
  if (llvm::all_of(found, [](const Indices &of) { return of.empty(); }))
    return Indices();
  Indices sources = llvm::to_vector(llvm::seq<int64_t>(0, extent));
  for (auto [place, source] : llvm::enumerate(order)) {
    if (found[place].size() != found[source].size())
      return std::nullopt;
    for (auto [to, from] : llvm::zip_equal(found[place], found[source]))
      sources[to] = from;
  }
  return sources;
}

/// The weights of layers that read a group's channels in the order of the
/// group, `m` of them in each set of neighbors.
static SmallVector<Reader> findReaders(Block &block, const ChannelGroup &group,
                                       int64_t m) {
  llvm::DenseMap<Value, SmallVector<int64_t>> inputs;
  block.walk([&](PrunableOpInterface layer) {
    if (Value weight = layer.getWeight())
      inputs[weight] = layer.getInputChannelDims();
  });
  SmallVector<Reader> readers;
  for (const ChannelGroup::Member &member : group.members) {
    auto dims = inputs.find(member.parameter);
    if (dims == inputs.end() || !llvm::is_contained(dims->second, member.dim) ||
        !ConstantView::get(member.parameter))
      continue;
    int64_t first = member.indices.front().front();
    bool isInOrder = first % m == 0;
    for (auto [place, indices] : llvm::enumerate(member.indices))
      isInOrder &= indices.size() == 1 && indices[0] == first + int64_t(place);
    if (isInOrder)
      readers.push_back({member.parameter, member.dim, first});
  }
  return readers;
}

/// Adds a row for each index of the other dimensions.
static void addSizes(const Reader &reader, ColumnSizes &sizes) {
  ConstantView view = *ConstantView::get(reader.weight);
  Indices others(view.getShape()), index(view.getRank(), 0);
  others[reader.dim] = 1;
  int64_t row = sizes.addRows(ShapedType::getNumElements(others));
  if (ShapedType::getNumElements(others) == 0)
    return;
  do {
    Indices place = index;
    for (int64_t column = 0; column < sizes.getNumColumns(); ++column) {
      place[reader.dim] = reader.first + column;
      sizes.at(row, column) = static_cast<float>(std::fabs(view.at(place)));
    }
    ++row;
  } while (advance(index, others));
}

/// Puts elements of a constant into other places, and what says where they came
/// from with them.
static void permute(arith::ConstantOp constant, ArrayRef<Indices> sources) {
  auto type = cast<RankedTensorType>(constant.getType());
  SmallVector<SmallVector<int64_t>> all;
  for (auto [dim, indices] : llvm::enumerate(sources))
    all.push_back(indices.empty() ? llvm::to_vector(llvm::seq<int64_t>(
                                        0, type.getDimSize(dim)))
                                  : indices);
  ParamAttr param = getParam(constant.getResult());
  constant.setValueAttr(
      sliceToResource(*ConstantView::get(constant.getValue()), all,
                      param ? param.getName() : StringRef("permuted")));
  auto kept = constant->getAttrOfType<ArrayAttr>(kKeptAttrName);
  if (!kept)
    return;
  Builder builder(constant.getContext());
  SmallVector<Attribute> dims;
  for (auto [dim, indices] : llvm::zip_equal(kept, all)) {
    ArrayRef<int64_t> before = cast<DenseI64ArrayAttr>(dim).asArrayRef();
    dims.push_back(builder.getDenseI64ArrayAttr(llvm::map_to_vector(
        indices, [&](int64_t index) { return before[index]; })));
  }
  constant->setAttr(kKeptAttrName, builder.getArrayAttr(dims));
}

namespace {
struct PermuteChannelsPass final
    : prune::impl::PermuteChannelsPassBase<PermuteChannelsPass> {
  using PermuteChannelsPassBase::PermuteChannelsPassBase;

  void runOnOperation() override {
    auto emitError = [&] { return mlir::emitError(getOperation().getLoc()); };
    if (n < 1 || n >= m || sweeps < 1) {
      emitError() << "expected 0 < n < m and positive sweeps, got n = "
                  << n.getValue() << ", m = " << m.getValue()
                  << " and sweeps = " << sweeps.getValue();
      return signalPassFailure();
    }
    for (auto function : getOperation().getOps<FunctionOpInterface>()) {
      if (function.isExternal())
        continue;
      if (!function.getFunctionBody().hasOneBlock()) {
        emitMissed(function.getLoc(), function.getName(),
                   "the function has more than one block");
        continue;
      }
      permuteAll(function.getFunctionBody().front());
    }
  }

private:
  static void emitMissed(Location loc, StringRef name, StringRef reason) {
    remark::missed(
        loc, remark::RemarkOpts::name("ChannelsNotMoved").category(DEBUG_TYPE))
        << remark::metric("Parameters", name)
        << remark::metric("Reason", reason);
  }

  static std::string getNames(ArrayRef<Reader> readers) {
    return llvm::join(llvm::map_range(readers,
                                      [](const Reader &reader) {
                                        return getDisplayName(reader.weight);
                                      }),
                      ", ");
  }

  void permuteAll(Block &block) {
    unshareConstants(block);
    ChannelState state(block);
    for (const ChannelGroup &group :
         findChannelGroups(block, state.getAxes())) {
      SmallVector<Reader> readers = findReaders(block, group, m);
      if (readers.empty())
        continue;
      Location loc = readers.front().weight.getLoc();
      if (!group.reason.empty())
        emitMissed(loc, getNames(readers), group.reason);
      else if (group.size() % m != 0)
        emitMissed(loc, getNames(readers),
                   "the number of channels is no multiple of m");
      else
        permuteGroup(block, state.getAxes(), group, readers);
    }
    mergeEqualConstants(block);
  }

  void permuteGroup(Block &block, const ChannelAxes &axes,
                    const ChannelGroup &group, ArrayRef<Reader> readers) {
    ColumnSizes sizes(group.size());
    for (const Reader &reader : readers)
      addSizes(reader, sizes);
    SmallVector<int64_t> same =
        llvm::to_vector(llvm::seq<int64_t>(0, group.size()));
    SmallVector<int64_t> order = findOrder(sizes, n, m, sweeps);
    double before = getKept(sizes, same, n, m);
    double after = getKept(sizes, order, n, m);
    double total = std::max(sizes.getTotal(), 1e-30);
    Location loc = readers.front().weight.getLoc();
    if (order != same) {
      std::string reason = apply(block, axes, Places(group, order));
      if (!reason.empty())
        return emitMissed(loc, getNames(readers), reason);
      ++numGroupsPermuted;
    }
    remark::passed(
        loc, remark::RemarkOpts::name("ChannelsPermuted").category(DEBUG_TYPE))
        << remark::metric("Parameters", getNames(readers))
        << remark::metric("Channels", group.size())
        << remark::metric("KeptBefore", before / total)
        << remark::metric("KeptAfter", after / total);
  }

  /// Moves the channels in all constants; changes nothing and says why where
  /// they cannot.
  static std::string apply(Block &block, const ChannelAxes &axes,
                           const Places &places) {
    MovedTensors moved;
    auto add = [&](Value value) {
      std::optional<Moves> moves = getMoves(axes, places, value);
      if (moves && llvm::any_of(*moves, [](ArrayRef<int64_t> of) {
            return !of.empty();
          }))
        moved[value] = std::move(*moves);
      return moves.has_value();
    };
    for (BlockArgument argument : block.getArguments())
      if (!add(argument) || moved.contains(argument))
        return "an argument has them";
    for (Operation &op : block)
      for (Value result : op.getResults())
        if (!add(result))
          return describe(&op, "has some of them alone");
    if (Operation *obstacle = findObstacle(block, moved))
      return describe(obstacle, "does not keep their order");
    for (Operation &op : block) {
      auto constant = dyn_cast<arith::ConstantOp>(op);
      if (!constant || !moved.contains(constant) ||
          isa<SplatElementsAttr>(constant.getValue()))
        continue;
      if (!ConstantView::get(constant.getValue()))
        return describe(constant, "has elements of an unknown type");
    }
    for (auto constant : block.getOps<arith::ConstantOp>())
      if (moved.contains(constant) &&
          !isa<SplatElementsAttr>(constant.getValue()))
        permute(constant, moved[constant]);
    return "";
  }

  static std::string describe(Operation *op, StringRef what) {
    return ("'" + op->getName().getStringRef() + "' " + what).str();
  }

  /// Nothing where channels have different numbers of indices.
  static std::optional<Moves> getMoves(const ChannelAxes &axes,
                                       const Places &places, Value value) {
    if (!axes.contains(value))
      return Moves();
    auto type = cast<RankedTensorType>(value.getType());
    Moves all(type.getRank());
    for (unsigned dim = 0; dim < type.getRank(); ++dim) {
      if (type.isDynamicDim(dim))
        continue;
      std::optional<Indices> sources = places.getSources(axes, value, dim);
      if (!sources)
        return std::nullopt;
      all[dim] = std::move(*sources);
    }
    return all;
  }
};
} // namespace
