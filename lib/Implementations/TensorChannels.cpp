//===- TensorChannels.cpp - Channels of tensor operations -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Empty tensors take any shape. A reshape keeps the channels of one dimension
// of each group (ChannelMerges.cpp chooses it): every index of it is a block,
// or blocks at equal distances, of indices of the flat dimension.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelState.h"
#include "Prune/Implementations/Channels.h"

#include "ConstantOffsets.h"
#include "GroupedSum.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinDialect.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::prune;

namespace {
/// One group of a reshape: a flat dimension, and the dimension of the group
/// whose channels it keeps, `inner` elements each.
struct ReshapeGroup {
  unsigned flatDim = 0;
  unsigned partDim = 0;
  int64_t inner = 1;
  /// All dimensions of the group.
  SmallVector<unsigned> dims;
  /// All extents are static, or the only dimension keeps its extent.
  bool isKnown = true;
};

/// A reshape seen from its flat side, whatever its direction.
struct Reshape {
  Value flat;
  Value parts;
  SmallVector<ReshapeGroup> groups;

  template <typename OpTy>
  static Reshape get(OpTy op) {
    constexpr bool isCollapse = std::is_same_v<OpTy, tensor::CollapseShapeOp>;
    Reshape reshape;
    reshape.flat = isCollapse ? op.getResult() : op.getSrc();
    reshape.parts = isCollapse ? op.getSrc() : op.getResult();
    auto type = cast<RankedTensorType>(reshape.parts.getType());
    for (auto [flatDim, dims] : llvm::enumerate(op.getReassociationIndices())) {
      ReshapeGroup group;
      group.flatDim = flatDim;
      auto isWide = [&](int64_t dim) { return type.getDimSize(dim) != 1; };
      auto chosen = llvm::find_if(dims, isWide);
      if (chosen == dims.end())
        chosen = dims.begin();
      group.partDim = *chosen;
      for (int64_t dim : dims) {
        group.dims.push_back(dim);
        if (dim > *chosen)
          group.inner *= type.getDimSize(dim);
      }
      group.isKnown = dims.size() == 1 || llvm::none_of(dims, [&](int64_t dim) {
                        return type.isDynamicDim(dim);
                      });
      reshape.groups.push_back(group);
    }
    return reshape;
  }
};

int64_t getExtent(Value value, unsigned dim) {
  return cast<RankedTensorType>(value.getType()).getDimSize(dim);
}

template <typename OpTy>
struct ReshapeModel
    : ChannelOpInterface::ExternalModel<ReshapeModel<OpTy>, OpTy> {
  static constexpr bool isCollapse =
      std::is_same_v<OpTy, tensor::CollapseShapeOp>;

  void tieChannels(Operation *op, ChannelTies &ties) const {
    if (GroupedSum::owns(op))
      return;
    Reshape reshape = Reshape::get(cast<OpTy>(op));
    for (const ReshapeGroup &group : reshape.groups) {
      if (group.isKnown) {
        ties.tieMerged(reshape.flat, group.flatDim, reshape.parts, group.dims);
        continue;
      }
      ties.pin(reshape.flat, group.flatDim, "reshaped by an unknown extent");
      for (unsigned dim : group.dims)
        ties.pin(reshape.parts, dim, "reshaped by an unknown extent");
    }
    // A tensor of rank zero holds one element, whatever it is made of.
    auto type = cast<RankedTensorType>(reshape.parts.getType());
    for (unsigned dim = 0; reshape.groups.empty() && dim < type.getRank();
         ++dim)
      ties.pin(reshape.parts, dim, "a tensor of rank zero");
  }

  void propagateConstants(Operation *op, ChannelState &state) const {
    if (GroupedSum::owns(op))
      return;
    Reshape reshape = Reshape::get(cast<OpTy>(op));
    for (const ReshapeGroup &group : reshape.groups) {
      int64_t inner = getExtent(reshape.flat, group.flatDim);
      for (unsigned dim : group.dims) {
        int64_t extent = getExtent(reshape.parts, dim);
        if (!group.isKnown || inner <= 0)
          break;
        inner /= extent;
        isCollapse ? flatten(state, reshape, group.flatDim, dim, inner)
                   : unflatten(state, reshape, group.flatDim, dim, inner);
      }
    }
  }

  /// A constant channel makes its blocks constant.
  static void flatten(ChannelState &state, const Reshape &reshape,
                      unsigned flatDim, unsigned dim, int64_t inner) {
    int64_t extent = getExtent(reshape.parts, dim);
    for (int64_t i = 0, e = getExtent(reshape.flat, flatDim); i < e; ++i)
      if (Attribute constant =
              state.getConstant(reshape.parts, dim, i / inner % extent))
        state.setConstant(reshape.flat, flatDim, i, constant);
  }

  /// A channel is constant when its blocks are.
  static void unflatten(ChannelState &state, const Reshape &reshape,
                        unsigned flatDim, unsigned dim, int64_t inner) {
    int64_t extent = getExtent(reshape.parts, dim);
    SmallVector<std::optional<Attribute>> constants(extent);
    for (int64_t i = 0, e = getExtent(reshape.flat, flatDim); i < e; ++i) {
      Attribute constant = state.getConstant(reshape.flat, flatDim, i);
      std::optional<Attribute> &common = constants[i / inner % extent];
      common = !common || *common == constant ? constant : Attribute();
    }
    for (auto [i, constant] : llvm::enumerate(constants))
      state.setConstant(reshape.parts, dim, i, constant.value_or(Attribute()));
  }

  /// A reshaped constant, when it is one itself.
  std::optional<ConstantView> getConstantView(Operation *op,
                                              ChannelState &state) const {
    Attribute source;
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    if (!matchPattern(op->getOperand(0), m_Constant(&source)))
      return std::nullopt;
    TypedAttr reshaped = reshapeConstant(source, type);
    return reshaped ? ConstantView::get(Attribute(reshaped)) : std::nullopt;
  }

  void updateAttributes(Operation *op) const {
    if constexpr (!isCollapse) {
      auto expand = cast<tensor::ExpandShapeOp>(op);
      expand.setStaticOutputShape(expand.getResultType().getShape());
    }
  }

  LogicalResult addToResult(Operation *op, unsigned dim,
                            ArrayRef<double> offsets) const {
    Reshape reshape = Reshape::get(cast<OpTy>(op));
    for (const ReshapeGroup &group : reshape.groups) {
      // One element per channel, or the offsets would have to be spread.
      if (group.inner != 1)
        continue;
      if (isCollapse && group.flatDim == dim)
        return addToConstantSource(reshape.parts, group.partDim, offsets);
      if (!isCollapse && group.partDim == dim)
        return addToConstantSource(reshape.flat, group.flatDim, offsets);
    }
    return failure();
  }
};

/// An extent is that of one dimension, which must stay.
struct DimModel : ChannelOpInterface::ExternalModel<DimModel, tensor::DimOp> {
  void tieChannels(Operation *op, ChannelTies &ties) const {
    auto extent = cast<tensor::DimOp>(op);
    auto type = dyn_cast<RankedTensorType>(extent.getSource().getType());
    std::optional<int64_t> index = extent.getConstantIndex();
    for (int64_t dim = 0; type && dim < type.getRank(); ++dim)
      if (!index || *index == dim)
        ties.pin(extent.getSource(), dim, "its extent is computed with");
  }
};

struct EmptyModel
    : ChannelOpInterface::ExternalModel<EmptyModel, tensor::EmptyOp> {
  void tieChannels(Operation *op, ChannelTies &ties) const {}
};
} // namespace

void mlir::prune::registerTensorChannelModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, tensor::TensorDialect *) {
    tensor::CollapseShapeOp::attachInterface<
        ReshapeModel<tensor::CollapseShapeOp>>(*context);
    tensor::ExpandShapeOp::attachInterface<ReshapeModel<tensor::ExpandShapeOp>>(
        *context);
    tensor::DimOp::attachInterface<DimModel>(*context);
    tensor::EmptyOp::attachInterface<EmptyModel>(*context);
  });
}

void mlir::prune::registerChannelModels(DialectRegistry &registry) {
  registerLinalgPrunableModels(registry);
  registerLinalgChannelModels(registry);
  registerTensorChannelModels(registry);
  registerSliceChannelModels(registry);
  registerPruneChannelModels(registry);
}
