//===- BatchFlowTensor.cpp - The batch through tensor operations ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BatchFlow.h"

#include "Prune/Interfaces/ChannelOpInterface.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace mlir::prune;

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

BatchDim mlir::prune::mergeBatch(ArrayRef<int64_t> shape,
                                 ArrayRef<ReassociationIndices> groups,
                                 const BatchDim &batch) {
  BatchDim merged = batch;
  for (auto [flat, group] : llvm::enumerate(groups)) {
    if (!llvm::is_contained(group, int64_t(batch.dim)))
      continue;
    merged.dim = flat;
    for (int64_t dim : group) {
      if (dim < int64_t(batch.dim))
        merged.outer *= shape[dim];
      if (dim > int64_t(batch.dim))
        merged.inner *= shape[dim];
    }
  }
  return merged;
}

SmallVector<BatchDim>
mlir::prune::splitBatch(ArrayRef<int64_t> shape,
                        ArrayRef<ReassociationIndices> groups,
                        const BatchDim &batch, int64_t size) {
  SmallVector<BatchDim> units, others;
  // Elements of the group behind the dimension that is looked at.
  int64_t stride = 1;
  for (int64_t dim : llvm::reverse(groups[batch.dim])) {
    int64_t extent = shape[dim];
    int64_t end = stride * extent;
    if (extent != 0 && batch.inner % stride == 0 &&
        end % (batch.inner * size) == 0) {
      BatchDim part{static_cast<unsigned>(dim), end / (batch.inner * size),
                    batch.inner / stride};
      // A dimension that is the batch and nothing else, before one that also
      // is something else.
      bool isWhole = part.outer == 1 && part.inner == 1;
      SmallVector<BatchDim> &list = isWhole ? units : others;
      list.insert(list.begin(), part);
    }
    stride = end;
  }
  llvm::append_range(units, others);
  return units;
}

/// The groups of a reshape with a dimension of extent one in the group before
/// or behind its own; nothing when it lies elsewhere or its group would be
/// empty.
static std::optional<SmallVector<ReassociationIndices>>
moveToNeighbor(ArrayRef<ReassociationIndices> groups, unsigned from,
               bool isForward) {
  SmallVector<ReassociationIndices> moved(groups);
  if (moved[from].size() < 2 || (isForward && from + 1 >= moved.size()) ||
      (!isForward && from == 0))
    return std::nullopt;
  if (isForward) {
    moved[from + 1].insert(moved[from + 1].begin(), moved[from].back());
    moved[from].pop_back();
  } else {
    moved[from - 1].push_back(moved[from].front());
    moved[from].erase(moved[from].begin());
  }
  return moved;
}

/// Number of elements of dimensions.
static int64_t getProduct(ArrayRef<int64_t> shape, ArrayRef<int64_t> dims) {
  int64_t product = 1;
  for (int64_t dim : dims)
    product *= shape[dim];
  return product;
}

/// The ways of a batch through a merge: with its own group, or, when it is one
/// and at the edge of it, with the neighbor.
static SmallVector<BatchStep, 0> followCollapse(tensor::CollapseShapeOp op,
                                                const BatchDim &from,
                                                int64_t batch) {
  SmallVector<BatchStep, 0> ways;
  ArrayRef<int64_t> shape = op.getSrcType().getShape();
  SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
  auto add = [&](const BatchDim &result) {
    ways.emplace_back();
    ways.back().results.push_back({op.getResult(), result});
  };
  BatchDim own = mergeBatch(shape, groups, from);
  add(own);
  if (batch != 1)
    return ways;
  for (bool isForward : {false, true}) {
    int64_t neighbor = int64_t(own.dim) + (isForward ? 1 : -1);
    if ((isForward ? own.inner : own.outer) != 1 || neighbor < 0 ||
        neighbor >= int64_t(groups.size()))
      continue;
    int64_t extent = getProduct(shape, groups[neighbor]);
    add({unsigned(neighbor), isForward ? 1 : extent, isForward ? extent : 1});
    int64_t edge = isForward ? groups[own.dim].back() : groups[own.dim].front();
    std::optional<SmallVector<ReassociationIndices>> moved;
    if (edge == int64_t(from.dim) && shape[from.dim] == 1)
      moved = moveToNeighbor(groups, own.dim, isForward);
    if (moved)
      ways.back().groups = *moved;
    else
      ways.back().bridge = std::min<int64_t>(own.dim, neighbor);
  }
  return ways;
}

/// The ways of a batch through a split: to a dimension of its group, or, when
/// it is one and at the edge, to one of the neighbor.
static SmallVector<BatchStep, 0>
followExpand(tensor::ExpandShapeOp op, const BatchDim &from, int64_t batch) {
  ArrayRef<int64_t> shape = op.getResultType().getShape();
  SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
  SmallVector<BatchStep, 0> ways, others;
  for (const BatchDim &part : splitBatch(shape, groups, from, batch)) {
    bool isWhole = part.outer == 1 && part.inner == 1;
    SmallVector<BatchStep, 0> &list = isWhole ? ways : others;
    list.emplace_back();
    list.back().results.push_back({op.getResult(), part});
  }
  for (bool isForward : {false, true}) {
    // Forward from the end of the group before, or back from the start of the
    // group behind.
    bool isAtEdge = (isForward ? from.outer : from.inner) == 1;
    int64_t neighbor = int64_t(from.dim) + (isForward ? -1 : 1);
    if (batch != 1 || !isAtEdge || neighbor < 0 ||
        neighbor >= int64_t(groups.size()))
      continue;
    int64_t edge =
        isForward ? groups[neighbor].back() : groups[neighbor].front();
    std::optional<SmallVector<ReassociationIndices>> moved =
        moveToNeighbor(groups, neighbor, isForward);
    bool isUnit = shape[edge] == 1 && moved;
    SmallVector<BatchStep, 0> &list = isUnit ? ways : others;
    list.emplace_back();
    list.back().results.push_back(
        {op.getResult(), BatchDim{unsigned(edge), isForward ? shape[edge] : 1,
                                  isForward ? 1 : shape[edge]}});
    if (isUnit)
      list.back().groups = *moved;
    else
      list.back().bridge = std::min<int64_t>(from.dim, neighbor);
  }
  llvm::append_range(ways, others);
  return ways;
}

BatchFlow::Steps BatchFlow::followReshape(Operation *op) {
  auto sourceType = cast<RankedTensorType>(op->getOperand(0).getType());
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  BatchDim from = *get(op->getOperand(0));
  if (!sourceType.hasStaticShape() || !type.hasStaticShape())
    return fail("reshaped together with an unknown extent");
  if (sourceType.getRank() == 0 || type.getRank() == 0)
    return fail("reshaped to a tensor without dimensions");
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return followCollapse(collapse, from, batch);
  Steps ways = followExpand(cast<tensor::ExpandShapeOp>(op), from, batch);
  if (ways.empty())
    return fail("split over two dimensions");
  return ways;
}

BatchFlow::Steps BatchFlow::followSameShape(Operation *op) {
  if (op->getNumResults() != 1 ||
      !isa<RankedTensorType>(op->getResult(0).getType()))
    return fail("used by '" + op->getName().getStringRef() + "'");
  std::optional<BatchDim> found;
  for (Value operand : op->getOperands())
    if (std::optional<BatchDim> state = get(operand))
      if (!join(found, *state))
        return {};
  if (auto softmax = dyn_cast<linalg::SoftmaxOp>(op))
    if (softmax.getDimension() == found->dim)
      return fail("normalized by 'linalg.softmax'");
  BatchStep step;
  for (OpOperand &operand : op->getOpOperands())
    if (isa<RankedTensorType>(operand.get().getType()) &&
        !demand(operand, *found, step, /*mayBroadcast=*/false))
      return {};
  step.results.push_back({op->getResult(0), *found});
  return {step};
}

//===----------------------------------------------------------------------===//
// Slices, padding, concatenation
//===----------------------------------------------------------------------===//

/// Finds dimensions of extent one, none of them `kept`, without which `larger`
/// is `smaller`.
static bool findDropped(ArrayRef<int64_t> larger, ArrayRef<int64_t> smaller,
                        std::optional<unsigned> kept, unsigned dim,
                        SmallVectorImpl<unsigned> &dropped) {
  unsigned at = dim - dropped.size();
  if (dim == larger.size())
    return at == smaller.size();
  if (at < smaller.size() && larger[dim] == smaller[at] &&
      findDropped(larger, smaller, kept, dim + 1, dropped))
    return true;
  if (larger[dim] != 1 || dim == kept)
    return false;
  dropped.push_back(dim);
  if (findDropped(larger, smaller, kept, dim + 1, dropped))
    return true;
  dropped.pop_back();
  return false;
}

/// For each dimension of a slice, the dimension of the whole tensor; nothing
/// when `kept` is none of them.
static std::optional<SmallVector<unsigned>>
getSliceDims(ArrayRef<int64_t> sizes, Value slice,
             std::optional<unsigned> kept) {
  SmallVector<unsigned> dropped, dims;
  auto type = cast<RankedTensorType>(slice.getType());
  if (!findDropped(sizes, type.getShape(), kept, 0, dropped))
    return std::nullopt;
  for (unsigned dim = 0; dim < sizes.size(); ++dim)
    if (!llvm::is_contained(dropped, dim))
      dims.push_back(dim);
  return dims;
}

/// True when a slice has all of a dimension.
template <typename OpTy>
static bool isWhole(OpTy op, Value whole, unsigned dim) {
  return op.getStaticOffsets()[dim] == 0 && op.getStaticStrides()[dim] == 1 &&
         op.getStaticSizes()[dim] ==
             cast<RankedTensorType>(whole.getType()).getDimSize(dim);
}

std::optional<unsigned> mlir::prune::getWholeDim(tensor::ExtractSliceOp slice,
                                                 unsigned dim) {
  std::optional<SmallVector<unsigned>> dims = getSliceDims(
      slice.getStaticSizes(), slice.getResult(), /*kept=*/std::nullopt);
  if (!dims || !isWhole(slice, slice.getSource(), (*dims)[dim]))
    return std::nullopt;
  return (*dims)[dim];
}

BatchFlow::Steps BatchFlow::followExtract(tensor::ExtractSliceOp op) {
  BatchDim from = *get(op.getSource());
  if (!isWhole(op, op.getSource(), from.dim))
    return fail("sliced");
  std::optional<SmallVector<unsigned>> dims =
      getSliceDims(op.getStaticSizes(), op.getResult(), from.dim);
  if (!dims)
    return fail("dropped by a slice");
  const auto *found = llvm::find(*dims, from.dim);
  BatchStep step;
  step.results.push_back(
      {op.getResult(), from.at(unsigned(found - dims->begin()))});
  return {step};
}

BatchFlow::Steps BatchFlow::followInsert(tensor::InsertSliceOp op) {
  std::optional<BatchDim> whole = get(op.getDest());
  std::optional<unsigned> kept;
  if (whole)
    kept = whole->dim;
  std::optional<SmallVector<unsigned>> dims =
      getSliceDims(op.getStaticSizes(), op.getSource(), kept);
  if (!dims)
    return fail("dropped by a slice");
  if (!whole) {
    BatchDim from = *get(op.getSource());
    whole = from.at((*dims)[from.dim]);
  }
  if (!isWhole(op, op.getDest(), whole->dim))
    return fail("sliced");
  const auto *found = llvm::find(*dims, whole->dim);
  BatchStep step;
  if (!demand(op.getSourceMutable(), whole->at(unsigned(found - dims->begin())),
              step, false) ||
      !demand(op.getDestMutable(), *whole, step, false))
    return {};
  step.results.push_back({op.getResult(), *whole});
  return {step};
}

BatchFlow::Steps BatchFlow::followSlice(Operation *op) {
  if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op))
    return followExtract(extract);
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return followInsert(insert);
  if (auto concat = dyn_cast<tensor::ConcatOp>(op)) {
    for (Value input : concat.getInputs())
      if (std::optional<BatchDim> state = get(input))
        if (state->dim == concat.getDim())
          return fail("concatenated");
    return followSameShape(op);
  }
  auto pad = cast<tensor::PadOp>(op);
  std::optional<BatchDim> from = get(pad.getSource());
  if (!from || !pad.getConstantPaddingValue())
    return fail("padded with what depends on the place");
  if (pad.getStaticLow()[from->dim] != 0 || pad.getStaticHigh()[from->dim] != 0)
    return fail("padded");
  BatchStep step;
  step.results.push_back({pad.getResult(), *from});
  return {step};
}

//===----------------------------------------------------------------------===//
// Other operations
//===----------------------------------------------------------------------===//

namespace {
/// The dimensions that an operation ties together, and those it cannot resize.
class OperationTies final : public ChannelTies {
public:
  void tie(Value a, unsigned dimA, Value b, unsigned dimB) override {
    ties.push_back({{a, dimA}, {b, dimB}});
  }
  void tieBlocks(Value flat, unsigned flatDim, Value part, unsigned partDim,
                 int64_t inner) override {
    pin(flat, flatDim, "flattened with another dimension");
    pin(part, partDim, "flattened with another dimension");
  }
  void tieRange(Value a, unsigned dimA, int64_t beginA, Value b, unsigned dimB,
                int64_t beginB, int64_t count) override {
    auto extent = [](Value value, unsigned dim) {
      return cast<RankedTensorType>(value.getType()).getDimSize(dim);
    };
    if (extent(a, dimA) == count && extent(b, dimB) == count)
      return tie(a, dimA, b, dimB);
    pin(a, dimA, "a part of another dimension");
    pin(b, dimB, "a part of another dimension");
  }
  void pin(Value value, unsigned dim, StringRef reason) override {
    pins.push_back({{value, dim}, reason.str()});
  }

  using Dim = std::pair<Value, unsigned>;
  SmallVector<std::pair<Dim, Dim>> ties;
  SmallVector<std::pair<Dim, std::string>> pins;
};
} // namespace

BatchFlow::Steps BatchFlow::followTies(Operation *op) {
  OperationTies ties;
  cast<ChannelOpInterface>(op).tieChannels(ties);
  llvm::MapVector<Value, BatchDim> found;
  for (Value operand : op->getOperands())
    if (std::optional<BatchDim> state = get(operand))
      found[operand] = *state;
  for (bool isChanged = true; isChanged;) {
    isChanged = false;
    for (auto &[first, second] : ties.ties)
      for (auto [from, to] : {std::pair(first, second), {second, first}}) {
        auto known = found.find(from.first);
        if (known == found.end() || known->second.dim != from.second ||
            found.contains(to.first))
          continue;
        BatchDim state = known->second.at(to.second);
        found[to.first] = state;
        isChanged = true;
      }
  }
  for (auto &[dim, text] : ties.pins)
    if (auto known = found.find(dim.first);
        known != found.end() && known->second.dim == dim.second)
      return fail(text);
  BatchStep step;
  for (OpOperand &operand : op->getOpOperands())
    if (auto known = found.find(operand.get()); known != found.end())
      if (!demand(operand, known->second, step, /*mayBroadcast=*/false))
        return {};
  for (Value result : op->getResults())
    if (auto known = found.find(result); known != found.end())
      step.results.push_back({result, known->second});
  return {step};
}
