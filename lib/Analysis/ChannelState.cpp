//===- ChannelState.cpp - Constant and live channels ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Two sweeps over a block in terms of ChannelOpInterface alone: constants
// forward, liveness backward to a fixed point. The lattice of a channel is
// unknown > constant; liveness only grows, so both terminate.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelState.h"

#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

#include <cmath>

using namespace mlir;
using namespace mlir::prune;

ChannelState::ChannelState(Block &block, ChannelOptions options)
    : options(options) {
  tie(block);
  constants.resize(axes.getNumSlots());
  live.resize(axes.getNumClasses());
  readers.resize(axes.getNumClasses(), nullptr);
  for (unsigned i = 0; i < axes.getNumClasses(); ++i)
    live[i] = !axes.getPinReason(i).empty();

  readConstants(block);
  for (Operation &op : block)
    if (auto channels = dyn_cast<ChannelOpInterface>(op))
      channels.propagateConstants(*this);
  do {
    changed = false;
    for (Operation &op : llvm::reverse(block)) {
      visited = &op;
      if (auto channels = dyn_cast<ChannelOpInterface>(op))
        channels.markLive(*this);
    }
  } while (changed);
}

/// Why an operation keeps all channels it touches; empty when it does not.
static std::string getPinReason(Operation &op) {
  if (op.hasTrait<OpTrait::ConstantLike>())
    return ConstantView::get(op.getResult(0)) ? ""
                                              : "a constant of a kind unknown";
  if (isa<ChannelOpInterface>(op))
    return "";
  if (op.hasTrait<OpTrait::IsTerminator>())
    return "returned by the function";
  return ("used by '" + op.getName().getStringRef() + "'").str();
}

/// Values from outside that the regions of an operation read.
static llvm::SetVector<Value> getCapturedValues(Operation &op) {
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op.getRegions(), captured);
  return captured;
}

void ChannelState::tie(Block &block) {
  for (BlockArgument argument : block.getArguments())
    axes.add(argument);
  for (Operation &op : block)
    for (Value result : op.getResults())
      axes.add(result);

  auto pin = [&](Value value, StringRef reason) {
    if (axes.contains(value))
      axes.pin(value, reason);
  };
  for (BlockArgument argument : block.getArguments())
    pin(argument, "an argument of the function");
  for (Operation &op : block) {
    std::string reason = getPinReason(op);
    if (!reason.empty()) {
      for (Value value : op.getOperands())
        pin(value, reason);
      for (Value value : op.getResults())
        pin(value, reason);
    } else if (auto channels = dyn_cast<ChannelOpInterface>(op)) {
      channels.tieChannels(axes);
    }
    // Whatever else a nested operation reads is beyond the interface.
    SmallVector<Value> known;
    if (auto channels = dyn_cast<ChannelOpInterface>(op))
      known = channels.getCapturedTensors();
    for (Value value : getCapturedValues(op))
      if (!llvm::is_contained(known, value))
        pin(value, "used inside '" + op.getName().getStringRef().str() + "'");
  }
  axes.finish();
}

/// The constant that all elements at one index of a dimension are, if any.
static std::optional<double> findChannelConstant(const ConstantView &view,
                                                 unsigned dim, int64_t index) {
  SmallVector<int64_t> shape(view.getShape());
  shape[dim] = 1;
  if (ShapedType::getNumElements(shape) == 0)
    return std::nullopt;
  int64_t base = index * view.getStrides()[dim];
  SmallVector<int64_t> position(shape.size(), 0);
  double first = view.load(base);
  do {
    int64_t offset = base;
    for (auto [i, stride] : llvm::zip_equal(position, view.getStrides()))
      offset += i * stride;
    if (view.load(offset) != first)
      return std::nullopt;
  } while (advance(position, shape));
  return first;
}

void ChannelState::readConstants(Block &block) {
  for (Operation &op : block) {
    if (!op.hasTrait<OpTrait::ConstantLike>())
      continue;
    Value result = op.getResult(0);
    std::optional<ConstantView> view =
        axes.contains(result) ? ConstantView::get(result) : std::nullopt;
    if (!view || !isa<FloatType>(view->getElementType()))
      continue;
    for (unsigned dim = 0; dim < view->getShape().size(); ++dim)
      for (int64_t i = 0; i < view->getShape()[dim]; ++i)
        if (std::optional<double> number = findChannelConstant(*view, dim, i))
          setConstant(result, dim, i,
                      FloatAttr::get(view->getElementType(), *number));
  }
}

Attribute ChannelState::getConstant(Value value, unsigned dim,
                                    int64_t index) const {
  if (!axes.contains(value))
    return {};
  return constants[axes.getSlot(value, dim, index)];
}

void ChannelState::setConstant(Value value, unsigned dim, int64_t index,
                               Attribute constant) {
  if (axes.contains(value))
    constants[axes.getSlot(value, dim, index)] = constant;
}

std::optional<double> ChannelState::getNumber(Value value, unsigned dim,
                                              int64_t index) const {
  auto number = dyn_cast_or_null<FloatAttr>(getConstant(value, dim, index));
  if (!number || !std::isfinite(number.getValueAsDouble()))
    return std::nullopt;
  return number.getValueAsDouble();
}

Attribute ChannelState::getUniform(Value value) {
  auto [entry, isNew] = uniforms.try_emplace(value);
  if (!isNew)
    return entry->second;
  Attribute uniform;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type) {
    matchPattern(value, m_Constant(&uniform));
  } else if (type.getRank() == 0) {
    std::optional<ConstantView> view = getView(value);
    if (view && isa<FloatType>(view->getElementType()))
      uniform = FloatAttr::get(view->getElementType(), view->at({}));
  } else if (axes.contains(value)) {
    auto hasIndices = [&](int64_t dim) {
      return !type.isDynamicDim(dim) && type.getDimSize(dim) != 0;
    };
    auto dims = llvm::seq<int64_t>(0, type.getRank());
    if (auto dim = llvm::find_if(dims, hasIndices); dim != dims.end())
      uniform = getCommonConstant(value, *dim);
  }
  uniforms[value] = uniform;
  return uniform;
}

/// The constant that all channels of a dimension are.
Attribute ChannelState::getCommonConstant(Value value, unsigned dim) const {
  Attribute first = getConstant(value, dim, 0);
  int64_t extent = cast<RankedTensorType>(value.getType()).getDimSize(dim);
  for (int64_t i = 1; i < extent && first; ++i)
    if (getConstant(value, dim, i) != first)
      return {};
  return first;
}

std::optional<ConstantView> ChannelState::getView(Value value) {
  auto [entry, isNew] = views.try_emplace(value);
  if (!isNew)
    return entry->second;
  std::optional<ConstantView> view = ConstantView::get(value);
  if (!view && value.getDefiningOp())
    if (auto channels = dyn_cast<ChannelOpInterface>(value.getDefiningOp()))
      view = channels.getConstantView(*this);
  views[value] = view;
  return view;
}

bool ChannelState::isLive(Value value, unsigned dim, int64_t index) const {
  return !axes.contains(value) || live[axes.getClass(value, dim, index)];
}

void ChannelState::markLive(Value value, unsigned dim, int64_t index) {
  if (isLive(value, dim, index))
    return;
  unsigned channel = axes.getClass(value, dim, index);
  live.set(channel);
  readers[channel] = visited;
  changed = true;
}

Operation *ChannelState::getReader(Value value, unsigned dim,
                                   int64_t index) const {
  if (!axes.contains(value))
    return nullptr;
  return readers[axes.getClass(value, dim, index)];
}

int64_t ChannelState::countDead() const { return live.size() - live.count(); }

SmallVector<int64_t> ChannelState::getKept(Value value, unsigned dim) const {
  SmallVector<int64_t> kept;
  auto type = cast<RankedTensorType>(value.getType());
  for (int64_t i = 0; i < type.getDimSize(dim); ++i)
    if (isLive(value, dim, i))
      kept.push_back(i);
  return kept;
}

RankedTensorType ChannelState::getKeptType(Value value) const {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  for (auto [dim, extent] : llvm::enumerate(shape))
    if (!type.isDynamicDim(dim))
      extent = getKept(value, dim).size();
  return type.clone(shape);
}

bool ChannelState::isDead(Value value) const {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && axes.contains(value) &&
         llvm::is_contained(getKeptType(value).getShape(), 0);
}

/// True when all elements of a constant are equal.
static bool isUniform(const ConstantView &view) {
  SmallVector<int64_t> index(view.getRank(), 0);
  if (view.getNumElements() == 0)
    return true;
  double first = view.load(0);
  do {
    if (view.at(index) != first)
      return false;
  } while (advance(index, view.getShape()));
  return true;
}

/// True for a constant that several operations share on purpose. Vectors of
/// zeros or ones are found equal by chance.
static bool isSharedWeight(Operation &op) {
  if (!op.hasTrait<OpTrait::ConstantLike>() || op.hasOneUse())
    return false;
  Value value = op.getResult(0);
  std::optional<ConstantView> view = ConstantView::get(value);
  if (!view || view->getRank() == 0)
    return false;
  bool isMatrix = view->getRank() >= 2 && getParam(value);
  return isMatrix || !isUniform(*view);
}

void mlir::prune::unshareConstants(Block &block, bool weights) {
  llvm::DenseSet<Operation *> fromConstants;
  SmallVector<Operation *> candidates;
  auto isFromConstant = [&](Value value) {
    return fromConstants.contains(value.getDefiningOp());
  };
  for (Operation &op : block) {
    bool dependsOnConstants =
        llvm::all_of(op.getOperands(), isFromConstant) &&
        llvm::all_of(getCapturedValues(op), isFromConstant);
    if (!isPure(&op) || op.hasTrait<OpTrait::IsTerminator>() ||
        op.getNumResults() != 1 || !dependsOnConstants)
      continue;
    fromConstants.insert(&op);
    if (isa<RankedTensorType>(op.getResult(0).getType()) &&
        (weights || !isSharedWeight(op)))
      candidates.push_back(&op);
  }
  // Users first: a copy of a user is one more use of what it reads.
  for (Operation *op : llvm::reverse(candidates)) {
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : op->getUses())
      uses.push_back(&use);
    // The list of uses starts with the latest; the first one keeps the
    // original.
    std::reverse(uses.begin(), uses.end());
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    for (OpOperand *use : ArrayRef(uses).drop_front(uses.empty() ? 0 : 1)) {
      Operation *copy = builder.clone(*op);
      use->set(copy->getResult(0));
    }
  }
}
