//===- LinalgPrunable.cpp - Prunable weights of linalg operations ---------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Every structured operation that sums products is prunable: named or generic
// contractions and convolutions alike. The factor that leads back to a
// parameter is the weight; which loops its dimensions are driven by tells the
// channels.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/Gather.h"
#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Implementations/Channels.h"
#include "Prune/Interfaces/PrunableOpInterface.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::prune;

namespace {
/// A weight operand, the parameter behind it, and, for each dimension of the
/// operand, the dimension of the parameter.
struct WeightPath {
  OpOperand *operand = nullptr;
  Value parameter;
  SmallVector<int64_t> dims;
};
} // namespace

/// For each dimension of the result of a reshape, the dimension of its source
/// whose index leads it: that of a split, and of a merge the first that is not
/// of extent one.
template <typename OpTy>
static SmallVector<int64_t> getLeadingDims(OpTy op) {
  SmallVector<int64_t> leading;
  ArrayRef<int64_t> shape = op.getSrcType().getShape();
  for (auto [flat, group] : llvm::enumerate(op.getReassociationIndices())) {
    if constexpr (std::is_same_v<OpTy, tensor::ExpandShapeOp>) {
      leading.append(group.size(), flat);
    } else {
      auto wide =
          llvm::find_if(group, [&](int64_t d) { return shape[d] != 1; });
      leading.push_back(wide == group.end() ? group.front() : *wide);
    }
  }
  return leading;
}

/// Follows a value through masks, gates, transpositions, reshapes (into groups
/// of filters) and rearrangements (of transposed convolutions) to where it
/// starts.
static WeightPath followToParameter(OpOperand *operand) {
  WeightPath path;
  path.operand = operand;
  Value value = operand->get();
  auto type = dyn_cast<RankedTensorType>(value.getType());
  path.dims = llvm::to_vector(llvm::seq<int64_t>(0, type ? type.getRank() : 0));
  while (Operation *op = value.getDefiningOp()) {
    if (auto mask = dyn_cast<ApplyMaskOp>(op)) {
      value = mask.getWeight();
    } else if (auto gate = dyn_cast<GateOp>(op)) {
      value = gate.getWeight();
    } else if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) {
      value = transpose.getInput();
      for (int64_t &dim : path.dims)
        dim = transpose.getPermutation()[dim];
    } else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
      value = expand.getSrc();
      for (int64_t &dim : path.dims)
        dim = getLeadingDims(expand)[dim];
    } else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
      value = collapse.getSrc();
      for (int64_t &dim : path.dims)
        dim = getLeadingDims(collapse)[dim];
    } else if (std::optional<Rearrangement> rearrangement =
                   matchRearrangement(dyn_cast<linalg::LinalgOp>(op))) {
      value = rearrangement->extract.getTensor();
      for (int64_t &dim : path.dims)
        dim = rearrangement->dims[dim];
    } else {
      break;
    }
  }
  path.parameter = value;
  return path;
}

/// A weight is a parameter of that role, or a constant matrix without a name.
static bool isWeight(Value value) {
  if (ParamAttr param = getParam(value))
    return param.getRole() == ParamRole::Weight;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return matchPattern(value, m_Constant()) && type && type.getRank() >= 2;
}

/// The weight of a sum of products. When both factors are weights, the second
/// one is taken.
static std::optional<WeightPath> findWeight(linalg::LinalgOp op) {
  std::optional<SumOfProducts> match = matchSumOfProducts(op);
  if (!match)
    return std::nullopt;
  for (OpOperand *factor : {match->rhs, match->lhs}) {
    WeightPath path = followToParameter(factor);
    if (isWeight(path.parameter))
      return path;
  }
  return std::nullopt;
}

/// Dimensions of the parameter whose loop satisfies `condition`, in order.
static SmallVector<int64_t>
getWeightDims(linalg::LinalgOp op,
              function_ref<bool(unsigned loop, AffineMap other)> condition) {
  SmallVector<int64_t> dims;
  std::optional<WeightPath> path = findWeight(op);
  if (!path)
    return dims;
  AffineMap map = op.getMatchingIndexingMap(path->operand);
  unsigned position = path->operand->getOperandNumber();
  AffineMap other = op.getIndexingMapsArray()[1 - position];
  for (unsigned dim = 0; dim < map.getNumResults(); ++dim) {
    std::optional<unsigned> loop = getLoop(map, dim);
    if (loop && condition(*loop, other))
      dims.push_back(path->dims[dim]);
  }
  llvm::sort(dims);
  dims.erase(llvm::unique(dims), dims.end());
  return dims;
}

namespace {
template <typename OpTy>
struct StructuredPrunableModel
    : PrunableOpInterface::ExternalModel<StructuredPrunableModel<OpTy>, OpTy> {
  Value getWeight(Operation *op) const {
    std::optional<WeightPath> path = findWeight(cast<linalg::LinalgOp>(op));
    return path ? path->parameter : Value();
  }

  OpOperand *getWeightOperand(Operation *op) const {
    std::optional<WeightPath> path = findWeight(cast<linalg::LinalgOp>(op));
    return path ? path->operand : nullptr;
  }

  SmallVector<int64_t> getOutputChannelDims(Operation *op) const {
    auto structured = cast<linalg::LinalgOp>(op);
    auto isParallel = [&](unsigned loop) {
      return structured.getIteratorTypesArray()[loop] ==
             utils::IteratorType::parallel;
    };
    SmallVector<int64_t> dims =
        getWeightDims(structured, [&](unsigned loop, AffineMap other) {
          return isParallel(loop) && !usesLoop(other, loop);
        });
    if (!dims.empty())
      return dims;
    return getWeightDims(
        structured, [&](unsigned loop, AffineMap) { return isParallel(loop); });
  }

  SmallVector<int64_t> getInputChannelDims(Operation *op) const {
    auto structured = cast<linalg::LinalgOp>(op);
    return getWeightDims(structured, [&](unsigned loop, AffineMap other) {
      return structured.getIteratorTypesArray()[loop] ==
                 utils::IteratorType::reduction &&
             getDim(other, loop).has_value();
    });
  }

  int64_t getMacs(Operation *op) const {
    auto structured = cast<linalg::LinalgOp>(op);
    if (!matchSumOfProducts(structured))
      return 0;
    int64_t macs = 1;
    for (int64_t range : structured.getStaticLoopRanges())
      macs *= range;
    return macs;
  }
};
} // namespace

template <typename... Ops>
static void attachModels(MLIRContext *context) {
  (Ops::template attachInterface<StructuredPrunableModel<Ops>>(*context), ...);
}

void mlir::prune::registerLinalgPrunableModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, linalg::LinalgDialect *) {
    attachModels<
#define GET_OP_LIST
#include "mlir/Dialect/Linalg/IR/LinalgStructuredOps.cpp.inc"
        >(context);
  });
}
