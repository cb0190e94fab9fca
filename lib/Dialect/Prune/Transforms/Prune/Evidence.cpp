//===- Evidence.cpp - What criteria judge weights by ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Evidence that was collected from data is in the function already. The rest
// follows from the network itself.
//
//===----------------------------------------------------------------------===//

#include "Evidence.h"

#include "Prune/Analysis/ChannelVectors.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Support/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/Support/xxhash.h"

#include <cmath>

using namespace mlir;
using namespace mlir::prune;

/// A constant with evidence, behind the parameter.
static Value createEvidence(ScoredParameter parameter, EvidenceKind kind,
                            RankedTensorType type, ArrayRef<double> values) {
  OpBuilder builder(type.getContext());
  builder.setInsertionPointAfterValue(parameter.value);
  std::string name = getDisplayName(parameter.value);
  std::string key = (stringifyEvidenceKind(kind) + "_" + name).str();
  DenseResourceElementsAttr value = createResource(type, key, values);
  auto constant =
      arith::ConstantOp::create(builder, parameter.value.getLoc(), value);
  constant->setAttr(PruneDialect::kEvidenceAttrName,
                    EvidenceAttr::get(type.getContext(), name, kind));
  return constant;
}

/// What an argument or a constant of the function holds.
static Value findCollected(ScoredParameter parameter, EvidenceKind kind) {
  Block *block = parameter.value.getParentBlock();
  auto function = dyn_cast<FunctionOpInterface>(block->getParentOp());
  ParamAttr param = getParam(parameter.value);
  if (!function || !param)
    return {};
  auto wanted = EvidenceAttr::get(param.getContext(), param.getName(), kind);
  for (BlockArgument argument : block->getArguments())
    if (function.getArgAttr(argument.getArgNumber(),
                            PruneDialect::kEvidenceAttrName) == wanted)
      return argument;
  for (Operation &op : *block) {
    if (op.getAttr(PruneDialect::kEvidenceAttrName) != wanted)
      continue;
    // What something else reads stays where it is.
    Operation *found = op.use_empty() ? &op : op.clone();
    if (op.use_empty())
      op.remove();
    if (Operation *definition = parameter.value.getDefiningOp())
      block->getOperations().insertAfter(definition->getIterator(), found);
    else
      block->push_front(found);
    return found->getResult(0);
  }
  return {};
}

/// Numbers in [0, 1) that depend on the seed, the name and the position.
static Value createNoise(ScoredParameter parameter, uint64_t seed) {
  auto type = cast<RankedTensorType>(parameter.value.getType());
  std::string name = getDisplayName(parameter.value);
  uint64_t key[2] = {seed ^ llvm::xxh3_64bits(name), 0};
  SmallVector<double> values(type.getNumElements());
  for (double &value : values) {
    auto bytes = ArrayRef(reinterpret_cast<const uint8_t *>(key), sizeof(key));
    constexpr int kBits = 24; // Exact in f32.
    value =
        std::ldexp(double(llvm::xxh3_64bits(bytes) >> (64 - kBits)), -kBits);
    ++key[1];
  }
  return createEvidence(parameter, EvidenceKind::Noise, type, values);
}

/// The shape of a vector of output channels that broadcasts to the weight.
static RankedTensorType getVectorType(RankedTensorType weight, int64_t dim) {
  SmallVector<int64_t> shape(weight.getRank(), 1);
  shape[dim] = weight.getDimSize(dim);
  return weight.clone(shape);
}

/// For each filter the sum of the distances to the others (He 2019, section
/// 3.3). O(filters * elements).
static Value createDistances(ScoredParameter parameter, int64_t dim) {
  std::optional<ConstantView> view = ConstantView::get(parameter.value);
  if (!view)
    return {};
  auto type = cast<RankedTensorType>(parameter.value.getType());
  int64_t filters = type.getDimSize(dim);
  SmallVector<int64_t> order = {dim};
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (i != dim)
      order.push_back(i);
  SmallVector<double, 0> values = view->transpose(order).toVector();
  int64_t size = filters == 0 ? 0 : int64_t(values.size()) / filters;
  SmallVector<double> sums(filters, 0.0);
  for (int64_t i = 0; i < filters; ++i)
    for (int64_t j = i + 1; j < filters; ++j) {
      double square = 0.0;
      for (int64_t k = 0; k < size; ++k) {
        double difference = values[i * size + k] - values[j * size + k];
        square += difference * difference;
      }
      sums[i] += std::sqrt(square);
      sums[j] += std::sqrt(square);
    }
  return createEvidence(parameter, EvidenceKind::Distance,
                        getVectorType(type, dim), sums);
}

/// True when a batch normalization reads its scale there.
static bool isScale(OpOperand &use) {
  if (auto norm = dyn_cast<BatchNormOp>(use.getOwner()))
    return &use == &norm.getScaleMutable();
  auto norm = dyn_cast<BatchNormTrainingOp>(use.getOwner());
  return norm && &use == &norm.getScaleMutable();
}

/// The scale of the batch normalization behind a layer.
static Value findScale(ScoredParameter parameter, int64_t dim) {
  auto type =
      getVectorType(cast<RankedTensorType>(parameter.value.getType()), dim);
  for (OpOperand *use : getChannelVectors(parameter.layer)) {
    std::optional<ConstantView> view = ConstantView::get(use->get());
    if (!isScale(*use) || !view ||
        view->getNumElements() != type.getNumElements())
      continue;
    return createEvidence(parameter, EvidenceKind::Scale, type,
                          view->toVector());
  }
  return {};
}

Value prune::findEvidence(ScoredParameter parameter, EvidenceKind kind,
                          uint64_t seed, StringRef &reason) {
  if (Value collected = findCollected(parameter, kind))
    return collected;
  if (kind == EvidenceKind::Noise)
    return createNoise(parameter, seed);
  PrunableOpInterface layer = parameter.layer;
  SmallVector<int64_t> dims =
      layer ? layer.getOutputChannelDims() : SmallVector<int64_t>();
  reason = "there is no evidence about it";
  if (dims.size() != 1)
    return {};
  if (kind == EvidenceKind::Distance) {
    reason = "distances are computed between constant filters only";
    return createDistances(parameter, dims.front());
  }
  if (kind == EvidenceKind::Scale) {
    reason = "no batch normalization of constant scale is behind its layer";
    return findScale(parameter, dims.front());
  }
  return {};
}
