//===- SliceChannels.cpp - Channels of padding, slices, concatenation -----===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// These operations put a tensor into a range of another one, so they tie ranges
// of indices; what is around the range stands alone. When channels leave, the
// offsets and amounts of padding are counted again.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelState.h"
#include "Prune/Analysis/Gather.h"
#include "Prune/Implementations/Channels.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::prune;

/// Extent of a dimension; dynamic ones have no indices to look at.
static int64_t getExtent(Value value, unsigned dim) {
  return cast<RankedTensorType>(value.getType()).getDimSize(dim);
}

static unsigned getRank(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

static void pinAll(ChannelTies &ties, Value value, StringRef reason) {
  if (auto type = dyn_cast<RankedTensorType>(value.getType()))
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      ties.pin(value, dim, reason);
}

static bool isKnown(ArrayRef<int64_t> values) {
  return !llvm::is_contained(values, ShapedType::kDynamic);
}

/// Number of channels in [begin, end) of a dimension that stay.
static int64_t countLive(const ChannelState &state, Value value, unsigned dim,
                         int64_t begin, int64_t end) {
  int64_t count = 0;
  for (int64_t i = begin; i < end; ++i)
    count += state.isLive(value, dim, i);
  return count;
}

//===----------------------------------------------------------------------===//
// Padding
//===----------------------------------------------------------------------===//

/// True when it is known how much is added on each side.
static bool isStatic(tensor::PadOp pad) {
  auto isAdded = [](int64_t amount) { return amount >= 0; };
  return llvm::all_of(pad.getStaticLow(), isAdded) &&
         llvm::all_of(pad.getStaticHigh(), isAdded);
}

namespace {
struct PadModel : ChannelOpInterface::ExternalModel<PadModel, tensor::PadOp> {
  void tieChannels(Operation *op, ChannelTies &ties) const {
    auto pad = cast<tensor::PadOp>(op);
    if (!isStatic(pad) || !pad.getConstantPaddingValue()) {
      StringRef reason = isStatic(pad) ? "padded with what depends on the place"
                                       : "padded by an unknown amount";
      pinAll(ties, pad.getSource(), reason);
      pinAll(ties, pad.getResult(), reason);
      return;
    }
    for (unsigned dim = 0; dim < getRank(pad.getSource()); ++dim)
      ties.tieRange(pad.getSource(), dim, 0, pad.getResult(), dim,
                    pad.getStaticLow()[dim], getExtent(pad.getSource(), dim));
  }

  Value getValueWhenEmpty(Operation *op, OpBuilder &builder) const {
    auto pad = cast<tensor::PadOp>(op);
    Value padding = pad.getConstantPaddingValue();
    RankedTensorType type = pad.getResultType();
    if (!padding || !type.hasStaticShape())
      return {};
    auto empty = tensor::EmptyOp::create(builder, op->getLoc(), type.getShape(),
                                         type.getElementType());
    auto fill = linalg::FillOp::create(builder, op->getLoc(), padding,
                                       empty.getResult());
    return fill->getResult(0);
  }

  /// Where another dimension is padded, a channel is constant when it holds
  /// what it is padded with.
  void propagateConstants(Operation *op, ChannelState &state) const {
    auto pad = cast<tensor::PadOp>(op);
    if (!isStatic(pad))
      return;
    Attribute padding;
    if (Value value = pad.getConstantPaddingValue())
      matchPattern(value, m_Constant(&padding));
    auto isPadded = [&](unsigned dim) {
      return pad.getStaticLow()[dim] != 0 || pad.getStaticHigh()[dim] != 0;
    };
    unsigned numPadded =
        llvm::count_if(llvm::seq(0u, getRank(pad.getSource())), isPadded);
    for (unsigned dim = 0; dim < getRank(pad.getSource()); ++dim) {
      int64_t low = pad.getStaticLow()[dim];
      int64_t extent = getExtent(pad.getSource(), dim);
      bool isMixed = numPadded > (isPadded(dim) ? 1 : 0);
      if (!isKnown({extent}))
        continue;
      for (int64_t i = 0; i < getExtent(pad.getResult(), dim); ++i) {
        Attribute constant = padding;
        if (i >= low && i < low + extent) {
          constant = state.getConstant(pad.getSource(), dim, i - low);
          if (isMixed && constant != padding)
            constant = {};
        }
        state.setConstant(pad.getResult(), dim, i, constant);
      }
    }
  }

  FailureOr<int64_t> foldConstants(Operation *op, OpBuilder &builder,
                                   ChannelState &state) const {
    auto pad = cast<tensor::PadOp>(op);
    if (!isStatic(pad))
      return int64_t(0);
    Value source = pad.getSource(), result = pad.getResult();
    SmallVector<int64_t> lows, highs;
    for (unsigned dim = 0; dim < getRank(source); ++dim) {
      int64_t begin = pad.getStaticLow()[dim];
      int64_t end = begin + getExtent(source, dim);
      bool isCounted =
          isKnown({getExtent(source, dim), getExtent(result, dim)});
      lows.push_back(isCounted ? countLive(state, result, dim, 0, begin)
                               : begin);
      highs.push_back(
          isCounted ? countLive(state, result, dim, end, getExtent(result, dim))
                    : pad.getStaticHigh()[dim]);
    }
    pad.setStaticLow(lows);
    pad.setStaticHigh(highs);
    return int64_t(0);
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

/// True when no dimension is dropped.
static bool hasSameRank(Value whole, Value part) {
  auto wholeType = dyn_cast<RankedTensorType>(whole.getType());
  auto partType = dyn_cast<RankedTensorType>(part.getType());
  return wholeType && partType && wholeType.getRank() == partType.getRank();
}

/// True when offset, size and stride in a dimension are known.
template <typename OpTy>
static bool isKnown(OpTy op, Value whole, Value part, unsigned dim) {
  return isKnown({op.getStaticOffsets()[dim], op.getStaticSizes()[dim],
                  op.getStaticStrides()[dim], getExtent(whole, dim),
                  getExtent(part, dim)});
}

/// Ties a slice to where it lies in the whole tensor. A slice that can be read
/// by places may have strides.
template <typename OpTy>
static void tieSlice(OpTy op, Value whole, Value part, ChannelTies &ties) {
  bool mayStride = std::is_same_v<OpTy, tensor::ExtractSliceOp> &&
                   llvm::all_of(llvm::seq(0u, getRank(part)), [&](unsigned d) {
                     return isKnown(op, whole, part, d);
                   });
  for (unsigned dim = 0; dim < getRank(part); ++dim) {
    if (!isKnown(op, whole, part, dim)) {
      ties.pin(whole, dim, "sliced in an unknown place");
      ties.pin(part, dim, "sliced in an unknown place");
      continue;
    }
    int64_t stride = op.getStaticStrides()[dim];
    if (mayStride && stride != 1) {
      for (int64_t i = 0; i < getExtent(part, dim); ++i)
        ties.tieRange(whole, dim, op.getStaticOffsets()[dim] + i * stride, part,
                      dim, i, 1);
      continue;
    }
    if (stride != 1 && getExtent(part, dim) > 1) {
      ties.pin(whole, dim, "sliced with a stride");
      ties.pin(part, dim, "sliced with a stride");
      continue;
    }
    ties.tieRange(whole, dim, op.getStaticOffsets()[dim], part, dim, 0,
                  getExtent(part, dim));
  }
}

/// Counts the offsets of a slice again.
template <typename OpTy>
static void updateOffsets(OpTy op, Value whole, const ChannelState &state) {
  SmallVector<int64_t> offsets;
  for (auto [dim, offset] : llvm::enumerate(op.getStaticOffsets()))
    offsets.push_back(isKnown({offset, getExtent(whole, dim)})
                          ? countLive(state, whole, dim, 0, offset)
                          : offset);
  op.setStaticOffsets(offsets);
}

/// Takes static sizes from the type of the slice.
template <typename OpTy>
static void updateSizes(OpTy op, Value part) {
  SmallVector<int64_t> sizes(op.getStaticSizes());
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (isKnown({size, getExtent(part, dim)}))
      size = getExtent(part, dim);
  op.setStaticSizes(sizes);
}

/// For each dimension of a slice, where its indices that stay are among those
/// of the whole tensor that stay; nothing where that is not known.
static SmallVector<SmallVector<int64_t>> getPlaces(tensor::ExtractSliceOp op,
                                                   const ChannelState &state) {
  SmallVector<SmallVector<int64_t>> places;
  for (unsigned dim = 0; dim < getRank(op.getResult()); ++dim) {
    SmallVector<int64_t> &own = places.emplace_back();
    if (!isKnown(op, op.getSource(), op.getResult(), dim))
      continue;
    SmallVector<int64_t> kept = state.getKept(op.getSource(), dim);
    for (int64_t i : state.getKept(op.getResult(), dim)) {
      int64_t place =
          op.getStaticOffsets()[dim] + i * op.getStaticStrides()[dim];
      own.push_back(llvm::lower_bound(kept, place) - kept.begin());
    }
  }
  return places;
}

/// True for a tensor that holds no values yet, so that any may be assumed.
static bool isUndefined(Value value) {
  while (auto slice = value.getDefiningOp<tensor::ExtractSliceOp>())
    value = slice.getSource();
  return value.getDefiningOp<tensor::EmptyOp>() != nullptr;
}

namespace {
struct ExtractSliceModel
    : ChannelOpInterface::ExternalModel<ExtractSliceModel,
                                        tensor::ExtractSliceOp> {
  void tieChannels(Operation *op, ChannelTies &ties) const {
    auto slice = cast<tensor::ExtractSliceOp>(op);
    if (hasSameRank(slice.getSource(), slice.getResult()))
      return tieSlice(slice, slice.getSource(), slice.getResult(), ties);
    pinAll(ties, slice.getSource(), "sliced in an unknown place");
    pinAll(ties, slice.getResult(), "sliced in an unknown place");
  }

  void propagateConstants(Operation *op, ChannelState &state) const {
    auto slice = cast<tensor::ExtractSliceOp>(op);
    if (!hasSameRank(slice.getSource(), slice.getResult()))
      return;
    for (unsigned dim = 0; dim < getRank(slice.getResult()); ++dim) {
      if (!isKnown(slice, slice.getSource(), slice.getResult(), dim))
        continue;
      for (int64_t i = 0; i < getExtent(slice.getResult(), dim); ++i) {
        int64_t from =
            slice.getStaticOffsets()[dim] + i * slice.getStaticStrides()[dim];
        state.setConstant(slice.getResult(), dim, i,
                          state.getConstant(slice.getSource(), dim, from));
      }
    }
  }

  FailureOr<int64_t> foldConstants(Operation *op, OpBuilder &builder,
                                   ChannelState &state) const {
    auto slice = cast<tensor::ExtractSliceOp>(op);
    if (!hasSameRank(slice.getSource(), slice.getResult()))
      return int64_t(0);
    SmallVector<SmallVector<int64_t>> places = getPlaces(slice, state);
    SmallVector<int64_t> offsets(slice.getStaticOffsets());
    SmallVector<int64_t> strides(slice.getStaticStrides());
    for (auto [dim, own] : llvm::enumerate(places)) {
      if (own.empty())
        continue;
      auto progression =
          GatherIndex{static_cast<unsigned>(dim), own}.getProgression();
      if (!progression || progression->second < 1)
        return gather(slice, builder, places);
      std::tie(offsets[dim], strides[dim]) = *progression;
    }
    slice.setStaticOffsets(offsets);
    slice.setStaticStrides(strides);
    return int64_t(0);
  }

  void updateAttributes(Operation *op) const {
    auto slice = cast<tensor::ExtractSliceOp>(op);
    if (hasSameRank(slice.getSource(), slice.getResult()))
      updateSizes(slice, slice.getResult());
  }

private:
  static int64_t gather(tensor::ExtractSliceOp slice, OpBuilder &builder,
                        ArrayRef<SmallVector<int64_t>> places);
};

/// Strides that lost channels are strides no more.
int64_t ExtractSliceModel::gather(tensor::ExtractSliceOp slice,
                                  OpBuilder &builder,
                                  ArrayRef<SmallVector<int64_t>> places) {
  SmallVector<int64_t> shape;
  for (const SmallVector<int64_t> &own : places)
    shape.push_back(own.size());
  linalg::GenericOp gather =
      createGather(builder, slice.getLoc(), slice.getSource(),
                   slice.getType().clone(shape), places);
  slice.getResult().replaceAllUsesWith(gather.getResult(0));
  return 0;
}

struct InsertSliceModel
    : ChannelOpInterface::ExternalModel<InsertSliceModel,
                                        tensor::InsertSliceOp> {
  void tieChannels(Operation *op, ChannelTies &ties) const {
    auto slice = cast<tensor::InsertSliceOp>(op);
    Value whole = slice.getDest(), part = slice.getSource();
    Value result = slice.getResult();
    if (!hasSameRank(whole, part)) {
      for (Value value : {whole, part, result})
        pinAll(ties, value, "inserted in an unknown place");
      return;
    }
    for (unsigned dim = 0; dim < getRank(whole); ++dim)
      ties.tie(whole, dim, result, dim);
    tieSlice(slice, result, part, ties);
  }

  /// Beside the slice a channel is that of the destination; through the slice
  /// it is that of the slice, and also of the destination unless the slice
  /// spans all other dimensions or the destination holds nothing.
  void propagateConstants(Operation *op, ChannelState &state) const {
    auto slice = cast<tensor::InsertSliceOp>(op);
    Value whole = slice.getDest(), part = slice.getSource();
    if (!hasSameRank(whole, part))
      return;
    auto isPartial = [&](unsigned dim) {
      return getExtent(whole, dim) != getExtent(part, dim) ||
             !isKnown(slice, whole, part, dim);
    };
    unsigned numPartial =
        isUndefined(whole)
            ? 0
            : llvm::count_if(llvm::seq(0u, getRank(whole)), isPartial);
    for (unsigned dim = 0; dim < getRank(whole); ++dim) {
      int64_t offset = slice.getStaticOffsets()[dim];
      int64_t stride = slice.getStaticStrides()[dim];
      bool isMixed = numPartial > (isPartial(dim) ? 1 : 0);
      if (!isKnown(slice, whole, part, dim))
        continue;
      for (int64_t i = 0; i < getExtent(whole, dim); ++i) {
        Attribute constant = state.getConstant(whole, dim, i);
        int64_t at = (i - offset) / stride;
        bool isInside = i >= offset && (i - offset) % stride == 0 &&
                        at < getExtent(part, dim);
        if (isInside) {
          Attribute inner = state.getConstant(part, dim, at);
          constant = !isMixed || inner == constant ? inner : Attribute();
        }
        state.setConstant(slice.getResult(), dim, i, constant);
      }
    }
  }

  FailureOr<int64_t> foldConstants(Operation *op, OpBuilder &builder,
                                   ChannelState &state) const {
    auto slice = cast<tensor::InsertSliceOp>(op);
    if (hasSameRank(slice.getDest(), slice.getSource()))
      updateOffsets(slice, slice.getDest(), state);
    return int64_t(0);
  }

  void updateAttributes(Operation *op) const {
    auto slice = cast<tensor::InsertSliceOp>(op);
    if (hasSameRank(slice.getDest(), slice.getSource()))
      updateSizes(slice, slice.getSource());
  }

  Value getValueWhenEmpty(Operation *op, OpBuilder &) const {
    return cast<tensor::InsertSliceOp>(op).getDest();
  }
};

//===----------------------------------------------------------------------===//
// Concatenation
//===----------------------------------------------------------------------===//

struct ConcatModel
    : ChannelOpInterface::ExternalModel<ConcatModel, tensor::ConcatOp> {
  void tieChannels(Operation *op, ChannelTies &ties) const {
    auto concat = cast<tensor::ConcatOp>(op);
    Value result = concat.getResult();
    if (!hasKnownRanges(concat)) {
      for (Value value : op->getOperands())
        pinAll(ties, value, "concatenated with an unknown extent");
      return pinAll(ties, result, "concatenated with an unknown extent");
    }
    int64_t offset = 0;
    for (Value input : concat.getInputs()) {
      for (unsigned dim = 0; dim < getRank(result); ++dim)
        ties.tieRange(result, dim, dim == concat.getDim() ? offset : 0, input,
                      dim, 0, getExtent(input, dim));
      offset += getExtent(input, concat.getDim());
    }
  }

  /// Along the dimension each input has its range; along the others all inputs
  /// have to agree.
  void propagateConstants(Operation *op, ChannelState &state) const {
    auto concat = cast<tensor::ConcatOp>(op);
    if (!hasKnownRanges(concat))
      return;
    Value result = concat.getResult();
    for (unsigned dim = 0; dim < getRank(result); ++dim) {
      if (dim == concat.getDim() || !hasSameExtent(concat, dim))
        continue;
      for (int64_t i = 0; i < getExtent(result, dim); ++i) {
        Attribute constant =
            state.getConstant(concat.getInputs().front(), dim, i);
        for (Value input : concat.getInputs().drop_front())
          if (state.getConstant(input, dim, i) != constant)
            constant = {};
        state.setConstant(result, dim, i, constant);
      }
    }
    int64_t offset = 0;
    unsigned dim = concat.getDim();
    for (Value input : concat.getInputs())
      for (int64_t i = 0; i < getExtent(input, dim); ++i)
        state.setConstant(result, dim, offset++,
                          state.getConstant(input, dim, i));
  }

  /// Inputs that leave altogether are left out.
  FailureOr<int64_t> foldConstants(Operation *op, OpBuilder &builder,
                                   ChannelState &state) const {
    auto concat = cast<tensor::ConcatOp>(op);
    if (!hasKnownRanges(concat))
      return int64_t(0);
    SmallVector<Value> left;
    for (Value input : concat.getInputs())
      if (!state.getKept(input, concat.getDim()).empty())
        left.push_back(input);
    if (!left.empty())
      op->setOperands(left);
    return int64_t(0);
  }

private:
  /// True when it is known where each input begins.
  static bool hasKnownRanges(tensor::ConcatOp concat) {
    auto isStatic = [&](Value value) {
      return isKnown({getExtent(value, concat.getDim())});
    };
    return isStatic(concat.getResult()) &&
           llvm::all_of(concat.getInputs(), isStatic);
  }

  /// True when every input has the static extent of the result.
  static bool hasSameExtent(tensor::ConcatOp concat, unsigned dim) {
    int64_t extent = getExtent(concat.getResult(), dim);
    return llvm::all_of(concat.getInputs(), [&](Value input) {
      return getExtent(input, dim) == extent && isKnown({extent});
    });
  }
};
} // namespace

void mlir::prune::registerSliceChannelModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, tensor::TensorDialect *) {
    context->loadDialect<linalg::LinalgDialect>();
    tensor::PadOp::attachInterface<PadModel>(*context);
    tensor::ExtractSliceOp::attachInterface<ExtractSliceModel>(*context);
    tensor::InsertSliceOp::attachInterface<InsertSliceModel>(*context);
    tensor::ConcatOp::attachInterface<ConcatModel>(*context);
  });
}
