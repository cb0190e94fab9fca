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

llvm::Error LoadedKernel::loadCode() {
  using llvm::sys::Memory;
  std::error_code error;
  memory = llvm::sys::OwningMemoryBlock(Memory::allocateMappedMemory(
      code.code.size(), nullptr, Memory::MF_READ | Memory::MF_WRITE, error));
  if (error)
    return llvm::createStringError(error, "no memory for generated code");
  llvm::copy(code.code, static_cast<uint8_t *>(memory.base()));
  return llvm::errorCodeToError(Memory::protectMappedMemory(
      memory.getMemoryBlock(), Memory::MF_READ | Memory::MF_EXEC));
}

llvm::Expected<std::unique_ptr<LoadedKernel>>
LoadedKernel::create(const ConvolutionShape &shape,
                     llvm::ArrayRef<float> weights, const KernelEnds &ends,
                     const StraightLineOptions &options) {
  std::unique_ptr<LoadedKernel> kernel(new LoadedKernel());
  PanelPlan &plan = kernel->plan;
  plan = planPanels(shape, weights);
  PanelProduct product = {plan.pointers,    plan.inputs,    plan.values,
                          plan.outputs,     ends.bias,      ends.accumulates,
                          ends.hasRelu,     plan.isPartial, shape.groups,
                          plan.isContiguous};
  llvm::Expected<StraightLineCode> code = emitAvx512(product, options);
  if (!code)
    return code.takeError();
  kernel->code = std::move(*code);
  if (llvm::Error error = kernel->loadCode())
    return std::move(error);
  for (const Segment &segment : kernel->code.segments)
    kernel->places.push_back({segment.code, segment.stream});
  kernel->generated = {
      kernel->memory.base(),
      kernel->code.stream.data(),
      kernel->places.data(),
      static_cast<int64_t>(kernel->places.size()),
      reinterpret_cast<const prune_rt_panel *>(plan.panels.data()),
      static_cast<int64_t>(plan.panels.size()),
      shape.n,
      shape.c,
      shape.h,
      shape.w,
      shape.f * shape.oh * shape.ow,
      shape.oh * shape.ow,
      shape.ow,
      shape.kh,
      shape.kw,
      shape.strideH,
      shape.strideW,
      shape.padTop,
      shape.padLeft,
      plan.rows,
      plan.columns,
      shape.groups};
  return kernel;
}
