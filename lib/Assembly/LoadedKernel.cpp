//===- LoadedKernel.cpp - Generated code in this process ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Assembly/LoadedKernel.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir::prune::assembly;

static_assert(sizeof(PlannedPanel) == sizeof(prune_rt_panel));

llvm::Expected<std::unique_ptr<LoadedKernel>>
LoadedKernel::create(const ConvolutionShape &shape,
                     llvm::ArrayRef<float> weights, const KernelEnds &ends,
                     const StraightLineOptions &options,
                     const PlanOrders &orders) {
  std::unique_ptr<LoadedKernel> kernel(new LoadedKernel());
  PanelPlan &plan = kernel->plan;
  plan = planPanels(shape, weights, orders);
  PanelProduct product = getPanelProduct(shape, plan);
  product.bias = ends.bias;
  product.accumulates = ends.accumulates, product.hasRelu = ends.hasRelu;
  llvm::Expected<StraightLineCode> code = emitStraightLine(product, options);
  if (!code)
    return code.takeError();
  kernel->code = std::move(*code);
  llvm::Expected<CodeMemory> memory = CodeMemory::load({kernel->code.code});
  if (!memory)
    return memory.takeError();
  kernel->memory = std::move(*memory);
  for (const Segment &segment : kernel->code.segments)
    kernel->places.push_back({segment.code, segment.stream});
  prune_rt_generated &generated = kernel->generated;
  generated.code = kernel->memory.get();
  generated.stream = kernel->code.stream.data();
  generated.segments = kernel->places.data();
  generated.segment_count = static_cast<int64_t>(kernel->places.size());
  generated.panels =
      reinterpret_cast<const prune_rt_panel *>(plan.panels.data());
  generated.panel_count = static_cast<int64_t>(plan.panels.size());
  // All numbers behind are of 64 bits.
  llvm::copy(getPlanNumbers(shape, orders, plan, kernel->code.tiles),
             &generated.images);
  return kernel;
}
