//===- ChannelMoves.cpp - Channels in other places ------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelMoves.h"

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::prune;

using Sources = SmallVector<int64_t>;

namespace {
/// Checks operations one by one.
class MoveChecker {
public:
  explicit MoveChecker(const MovedTensors &moved) : moved(moved) {}

  bool isKept(Operation &op) const;

private:
  bool isMoved(Value value) const { return moved.contains(value); }
  ArrayRef<int64_t> getSources(Value value, unsigned dim) const {
    auto found = moved.find(value);
    return found == moved.end() ? ArrayRef<int64_t>()
                                : ArrayRef<int64_t>(found->second[dim]);
  }
  /// The index that comes to `index`.
  int64_t getSource(Value value, unsigned dim, int64_t index) const {
    ArrayRef<int64_t> sources = getSources(value, dim);
    return sources.empty() ? index : sources[index];
  }
  /// Index `i * step + begin` of a dimension comes from where index i of the
  /// other one comes from.
  bool isRange(Value whole, Value part, unsigned dim, int64_t begin,
               int64_t step = 1) const;

  bool keeps(linalg::LinalgOp op) const;
  bool keepsReshape(Value flat, Value parts,
                    ArrayRef<ReassociationIndices> groups) const;
  bool keeps(tensor::ExtractSliceOp op) const;
  bool keeps(tensor::InsertSliceOp op) const;
  bool keeps(tensor::ConcatOp op) const;
  bool keeps(tensor::PadOp op) const;
  bool keeps(BatchNormOp op) const;

  const MovedTensors &moved;
};
} // namespace

static int64_t getExtent(Value value, unsigned dim) {
  return cast<RankedTensorType>(value.getType()).getDimSize(dim);
}

static int64_t getRank(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

bool MoveChecker::isRange(Value whole, Value part, unsigned dim, int64_t begin,
                          int64_t step) const {
  if (getSources(whole, dim).empty() && getSources(part, dim).empty())
    return true;
  for (int64_t i = 0, e = getExtent(part, dim); i < e; ++i)
    if (getSource(whole, dim, begin + i * step) !=
        begin + getSource(part, dim, i) * step)
      return false;
  return true;
}

/// A loop runs in another order when each operand that it indexes has that
/// order.
bool MoveChecker::keeps(linalg::LinalgOp op) const {
  SmallVector<std::optional<ArrayRef<int64_t>>> loops(op.getNumLoops());
  SmallVector<bool> isFixed(op.getNumLoops(), false);
  for (OpOperand &operand : op->getOpOperands()) {
    Value value = operand.get();
    SplatElementsAttr splat;
    if (!isa<RankedTensorType>(value.getType()) ||
        matchPattern(value, m_Constant(&splat)))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      ArrayRef<int64_t> sources = getSources(value, dim);
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (!loop) {
        if (!sources.empty())
          return false;
        expr.walk([&](AffineExpr part) {
          if (auto inner = dyn_cast<AffineDimExpr>(part))
            isFixed[inner.getPosition()] = true;
        });
        continue;
      }
      std::optional<ArrayRef<int64_t>> &known = loops[loop.getPosition()];
      if (known && *known != sources)
        return false;
      known = sources;
    }
  }
  bool hasMoved = false;
  for (auto [loop, fixed] : llvm::zip_equal(loops, isFixed)) {
    bool isMovedLoop = loop && !loop->empty();
    if (isMovedLoop && fixed)
      return false;
    hasMoved |= isMovedLoop;
  }
  for (unsigned i = 0; i < op->getNumResults(); ++i) {
    Value result = op->getResult(i), init = op.getDpsInitOperand(i)->get();
    for (unsigned dim = 0; dim < getRank(result); ++dim)
      if (getSources(result, dim) != getSources(init, dim))
        return false;
  }
  return !hasMoved || !op.hasIndexSemantics();
}

/// Where an index of the flat dimension comes from is where its parts come
/// from.
bool MoveChecker::keepsReshape(Value flat, Value parts,
                               ArrayRef<ReassociationIndices> groups) const {
  for (auto [dim, group] : llvm::enumerate(groups)) {
    bool isPlain = getSources(flat, dim).empty();
    for (int64_t part : group)
      isPlain &= getSources(parts, part).empty();
    if (isPlain)
      continue;
    if (ShapedType::isDynamic(getExtent(flat, dim)))
      return false;
    for (int64_t i = 0, e = getExtent(flat, dim); i < e; ++i) {
      int64_t rest = i, stride = 1, source = 0;
      for (int64_t part : llvm::reverse(group)) {
        int64_t extent = getExtent(parts, part);
        source += getSource(parts, part, rest % extent) * stride;
        rest /= extent;
        stride *= extent;
      }
      if (getSource(flat, dim, i) != source)
        return false;
    }
  }
  return true;
}

bool MoveChecker::keeps(tensor::ExtractSliceOp op) const {
  if (op.getSourceType().getRank() != op.getType().getRank() ||
      !op.getOffsets().empty() || !op.getStrides().empty())
    return false;
  for (int64_t dim = 0; dim < op.getType().getRank(); ++dim)
    if (!isRange(op.getSource(), op.getResult(), dim, op.getStaticOffset(dim),
                 op.getStaticStride(dim)))
      return false;
  return true;
}

bool MoveChecker::keeps(tensor::InsertSliceOp op) const {
  if (op.getSourceType().getRank() != op.getType().getRank() ||
      !op.getOffsets().empty() || !op.getStrides().empty())
    return false;
  for (int64_t dim = 0; dim < op.getType().getRank(); ++dim)
    if (!isRange(op.getResult(), op.getSource(), dim, op.getStaticOffset(dim),
                 op.getStaticStride(dim)) ||
        !isRange(op.getResult(), op.getDest(), dim, 0))
      return false;
  return true;
}

bool MoveChecker::keeps(tensor::ConcatOp op) const {
  int64_t begin = 0;
  for (Value input : op.getInputs()) {
    for (int64_t dim = 0; dim < getRank(input); ++dim) {
      bool isJoined = dim == static_cast<int64_t>(op.getDim());
      if (!isRange(op.getResult(), input, dim, isJoined ? begin : 0))
        return false;
    }
    begin += getExtent(input, op.getDim());
  }
  return true;
}

/// Indices of the padding stay where they are, as its value may depend on them.
bool MoveChecker::keeps(tensor::PadOp op) const {
  if (!op.getLow().empty() || !op.getHigh().empty())
    return false;
  for (int64_t dim = 0; dim < op.getType().getRank(); ++dim) {
    int64_t low = op.getStaticLow()[dim];
    int64_t end = low + getExtent(op.getSource(), dim);
    if (!isRange(op.getResult(), op.getSource(), dim, low))
      return false;
    for (int64_t i = 0, e = getExtent(op.getResult(), dim); i < e; ++i)
      if ((i < low || i >= end) && getSource(op.getResult(), dim, i) != i)
        return false;
  }
  return true;
}

/// Vectors have the order of the channels of the input.
bool MoveChecker::keeps(BatchNormOp op) const {
  Value input = op->getOperand(0);
  constexpr unsigned kChannels = 1;
  for (Value value : llvm::concat<Value>(llvm::to_vector(op->getOperands()),
                                         llvm::to_vector(op->getResults())))
    for (unsigned dim = 0; dim < getRank(value); ++dim) {
      bool isVector = getRank(value) == 1;
      if (getSources(value, dim) !=
          getSources(input, isVector ? kChannels : dim))
        return false;
    }
  return true;
}

bool MoveChecker::isKept(Operation &op) const {
  auto isMovedValue = [&](Value value) { return isMoved(value); };
  bool isCaptured = false;
  for (Region &region : op.getRegions())
    region.walk([&](Operation *inner) {
      isCaptured |= llvm::any_of(inner->getOperands(), isMovedValue);
    });
  if (isCaptured)
    return false;
  if (llvm::none_of(op.getOperands(), isMovedValue) &&
      llvm::none_of(op.getResults(), isMovedValue))
    return true;
  auto isRanked = [](Type type) {
    return !isa<TensorType>(type) || isa<RankedTensorType>(type);
  };
  if (!llvm::all_of(op.getOperandTypes(), isRanked) ||
      !llvm::all_of(op.getResultTypes(), isRanked))
    return false;
  return llvm::TypeSwitch<Operation *, bool>(&op)
      .Case<arith::ConstantOp, tensor::EmptyOp>([](auto) { return true; })
      .Case<linalg::LinalgOp>([&](auto linalgOp) { return keeps(linalgOp); })
      .Case<tensor::CollapseShapeOp>([&](auto reshape) {
        return keepsReshape(reshape.getResult(), reshape.getSrc(),
                            reshape.getReassociationIndices());
      })
      .Case<tensor::ExpandShapeOp>([&](auto reshape) {
        return keepsReshape(reshape.getSrc(), reshape.getResult(),
                            reshape.getReassociationIndices());
      })
      .Case<tensor::ExtractSliceOp, tensor::InsertSliceOp, tensor::ConcatOp,
            tensor::PadOp, BatchNormOp>(
          [&](auto known) { return keeps(known); })
      .Default([](Operation *) { return false; });
}

Operation *mlir::prune::findObstacle(Block &block, const MovedTensors &moved) {
  MoveChecker checker(moved);
  for (Operation &op : block)
    if (!checker.isKept(op))
      return &op;
  return nullptr;
}
