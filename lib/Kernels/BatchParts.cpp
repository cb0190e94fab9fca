//===- BatchParts.cpp - Images that run together --------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/BatchParts.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "Prune/Kernels/KernelChoices.h"

#include <algorithm>

using namespace mlir;
using namespace mlir::prune;

namespace {

/// Bytes that the convolutions of a function read and write.
struct Traffic {
  /// Of one image: of the largest convolution, and of all.
  int64_t largest = 0, images = 0;
  /// Of the weights, as their kernels read them.
  int64_t weights = 0;
  bool hasGenerated = false;
};

} // namespace

/// Adds what a convolution with a chosen kernel moves for a batch.
static void addTraffic(Operation *op, int64_t batch, Traffic &traffic) {
  // Of an instruction and a value of generated code.
  constexpr int64_t kCodeBytes = 12;
  auto kernel = op->getAttrOfType<KernelAttr>(PruneDialect::kKernelAttrName);
  if (!kernel)
    return;
  std::string reason;
  std::optional<KernelChoices> choices =
      matchKernels(op, assembly::VectorSet::Avx512, reason);
  if (!choices || !choices->size.convolution)
    return;
  const ProductSize &size = choices->size;
  const assembly::ConvolutionShape &shape = *size.convolution;
  if (shape.n != batch)
    return;
  int64_t image =
      (shape.c * shape.h * shape.w + shape.f * shape.oh * shape.ow) *
      int64_t(sizeof(float));
  traffic.largest = std::max(traffic.largest, image);
  traffic.images += image;
  bool isGenerated = kernel.getKind() == KernelKind::StraightLine;
  traffic.hasGenerated |= isGenerated;
  traffic.weights += isGenerated
                         ? kCodeBytes * size.nonZeros
                         : int64_t(sizeof(float)) * size.rows * size.inner;
}

int64_t prune::getSplitBatch(func::FuncOp function) {
  if (function.isExternal() || function.isPrivate() ||
      !function.getBody().hasOneBlock() || function.getNumArguments() == 0 ||
      function.getNumResults() == 0)
    return 0;
  int64_t batch = 0;
  for (Type type : llvm::concat<const Type>(function.getArgumentTypes(),
                                            function.getResultTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || !tensor.hasStaticShape() || tensor.getRank() == 0)
      return 0;
    if (batch == 0)
      batch = tensor.getDimSize(0);
    if (tensor.getDimSize(0) != batch)
      return 0;
  }
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (!function.getArgAttr(i, PruneDialect::kInputAttrName))
      return 0;
  return batch;
}

/// The most images whose largest convolution stays in the caches of all
/// threads, of multiples of `unit` that divide the batch; the batch itself
/// where smaller numbers do not pay.
static int64_t chooseImages(const Traffic &traffic, int64_t batch, int64_t unit,
                            int64_t threads, int64_t cache) {
  if (!traffic.hasGenerated || batch % unit != 0)
    return batch;
  int64_t images = unit;
  for (int64_t i = unit; i <= batch; i += unit)
    if (batch % i == 0 && i / threads * traffic.largest <= cache)
      images = i;
  // Weights are read again for each part, images that stay no more.
  return images * traffic.images >= 2 * traffic.weights ? images : batch;
}

int64_t prune::chooseBatchPart(func::FuncOp function, int64_t batch,
                               int64_t threads, int64_t cache, bool hasLanes) {
  Traffic traffic;
  function.walk(
      [&](PrunableOpInterface op) { addTraffic(op, batch, traffic); });
  threads = std::max<int64_t>(threads, 1);
  // Threads share the positions where images are lanes, else the images.
  return chooseImages(traffic, batch, hasLanes ? assembly::kLanes : threads,
                      threads, cache);
}
