//===- LoadedKernel.h - Generated code in this process ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For what measures or tests generated code without a compiled module around
// it.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ASSEMBLY_LOADEDKERNEL_H
#define PRUNE_ASSEMBLY_LOADEDKERNEL_H

#include "Prune/Assembly/CodeMemory.h"
#include "Prune/Assembly/PanelPlan.h"
#include "Prune/Assembly/StraightLine.h"

#include "prune_runtime.h"

#include <memory>

namespace mlir::prune::assembly {

/// What a kernel does besides multiplying.
struct KernelEnds {
  llvm::ArrayRef<float> bias;
  bool accumulates = false, hasRelu = false;
};

/// The code of a convolution in executable memory. Not movable: the plan points
/// into it.
class LoadedKernel {
public:
  /// Plans, emits and loads a supported convolution. Fails as emitStraightLine
  /// does, and without memory.
  static llvm::Expected<std::unique_ptr<LoadedKernel>>
  create(const ConvolutionShape &shape, llvm::ArrayRef<float> weights,
         const KernelEnds &ends, const StraightLineOptions &options,
         const PlanOrders &orders = {});

  /// What prune_rt_generated_f32 takes; valid while the kernel lives.
  const prune_rt_generated &get() const { return generated; }

private:
  LoadedKernel() = default;

  PanelPlan plan;
  StraightLineCode code;
  llvm::SmallVector<prune_rt_segment_place, 0> places;
  CodeMemory memory;
  prune_rt_generated generated = {};
};

} // namespace mlir::prune::assembly

#endif // PRUNE_ASSEMBLY_LOADEDKERNEL_H
