//===- NetworkChoices.cpp - Kernels that suit each other ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/NetworkChoices.h"

#include "Prune/Analysis/StructuredOps.h"
#include "Prune/Interfaces/PrunableOpInterface.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace mlir::prune;

/// Predicted microseconds of generated code; nothing where there is none.
static std::optional<double> getGeneratedTime(const KernelCosts &costs) {
  for (auto [kind, time] : costs.times)
    if (kind == KernelKind::StraightLine)
      return time;
  return std::nullopt;
}

namespace {

/// A layer among the others.
struct Node {
  /// The layer whose result it reads where that lies, or -1.
  int previous = -1;
  /// Those that read its result so.
  SmallVector<int, 2> readers;
  /// Microseconds that this saves when both run generated code.
  double saved = 0.0;
};

class Network {
public:
  Network(const CostModel &model, MutableArrayRef<LayerChoice> layers);
  void run();

private:
  int findLayer(Value value, int64_t depth) const;
  int findPrevious(const LayerChoice &layer) const;
  bool isGenerated(int index) const {
    return index >= 0 && layers[index].kernel == KernelKind::StraightLine;
  }
  bool suits(int index) const;

  const CostModel &model;
  MutableArrayRef<LayerChoice> layers;
  llvm::DenseMap<Operation *, int> indices;
  SmallVector<Node> nodes;
};

} // namespace

/// The layer that `value` is the result of, behind element-wise operations.
int Network::findLayer(Value value, int64_t depth) const {
  Operation *op = value.getDefiningOp();
  auto found = indices.find(op);
  if (found != indices.end())
    return found->second;
  auto structured = dyn_cast_or_null<linalg::LinalgOp>(op);
  if (depth == 0 || !structured || !isElementwiseOnTensors(structured))
    return -1;
  for (Value input : structured.getDpsInputs()) {
    if (input.getType() != value.getType())
      continue;
    if (int layer = findLayer(input, depth - 1); layer >= 0)
      return layer;
  }
  return -1;
}

/// The layer whose image a convolution can read where it lies: one with stride
/// one and a result as large as its input, or a depthwise one that reads every
/// other column.
int Network::findPrevious(const LayerChoice &layer) const {
  const std::optional<assembly::ConvolutionShape> &shape =
      layer.costs.size.convolution;
  auto structured = dyn_cast<linalg::LinalgOp>(layer.op);
  auto prunable = dyn_cast<PrunableOpInterface>(layer.op);
  if (!shape || !structured || !prunable ||
      (!isStridedDepthwise(*shape) &&
       (shape->strideH != 1 || shape->strideW != 1)))
    return -1;
  for (OpOperand *operand : structured.getDpsInputOperands()) {
    if (operand == prunable.getWeightOperand())
      continue;
    Value image = operand->get();
    if (auto pad = image.getDefiningOp<tensor::PadOp>())
      image = pad.getSource();
    ArrayRef<int64_t> extents = cast<ShapedType>(image.getType()).getShape();
    if (extents.size() < 2 || (!isStridedDepthwise(*shape) &&
                               (extents[extents.size() - 2] != shape->oh ||
                                extents.back() != shape->ow)))
      return -1;
    constexpr int64_t kDepth = 8;
    return findLayer(image, kDepth);
  }
  return -1;
}

Network::Network(const CostModel &model, MutableArrayRef<LayerChoice> layers)
    : model(model), layers(layers), nodes(layers.size()) {
  for (auto [index, layer] : llvm::enumerate(layers)) {
    int previous = findPrevious(layer);
    nodes[index].previous = previous;
    if (previous >= 0)
      nodes[previous].readers.push_back(static_cast<int>(index));
    indices[layer.op] = static_cast<int>(index);
    std::optional<double> time = getGeneratedTime(layer.costs);
    if (nodes[index].previous < 0 || !time)
      continue;
    ProductSize inPlace = layer.costs.size;
    inPlace.isInPlace = true;
    nodes[index].saved =
        *time -
        model.predict(KernelKind::StraightLine, inPlace).value_or(*time);
  }
}

/// True when generated code for a dense layer pays with its neighbors.
bool Network::suits(int index) const {
  const LayerChoice &layer = layers[index];
  std::optional<double> time = getGeneratedTime(layer.costs);
  if (layer.isFixed || layer.kernel != KernelKind::Dense || !time)
    return false;
  bool hasNeighbor = false;
  auto add = [&](int neighbor, int reader) {
    if (!isGenerated(neighbor))
      return;
    hasNeighbor = true;
    *time -= nodes[reader].saved;
  };
  add(nodes[index].previous, index);
  for (int reader : nodes[index].readers)
    add(reader, reader);
  double dense = layer.costs.times.front().second;
  return hasNeighbor && *time < model.getAdvantage(layer.costs.size) * dense;
}

void Network::run() {
  for (bool isChanged = true; isChanged;) {
    isChanged = false;
    for (int index = 0, end = layers.size(); index < end; ++index) {
      if (!suits(index))
        continue;
      layers[index].kernel = KernelKind::StraightLine;
      layers[index].reason = "suits its neighbors";
      isChanged = true;
    }
  }
}

void prune::suitNeighbors(const CostModel &model,
                          MutableArrayRef<LayerChoice> layers) {
  Network(model, layers).run();
}
