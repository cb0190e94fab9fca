//===- CpuPipeline.h - From tensors to LLVM ---------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_PIPELINES_CPUPIPELINE_H
#define PRUNE_PIPELINES_CPUPIPELINE_H

#include "mlir/Pass/PassOptions.h"

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mlir::prune {

/// Forms that a module passes through on its way to the CPU.
enum class CpuForm {
  Linalg,      ///< no prune operation is left
  Kernel,      ///< contractions are onednn operations, the rest is fused
  Destination, ///< functions are void, results have destinations
  Buffer,      ///< memrefs only, temporaries allocated and freed
  Loop,        ///< loops over scalars and vectors, calls of the runtime
  Llvm         ///< the LLVM dialect only
};

/// Options of `prune-cpu-pipeline`.
struct CpuPipelineOptions : PassPipelineOptions<CpuPipelineOptions> {
  Option<bool> reference{
      *this, "reference",
      llvm::cl::desc("Lower everything to plain scalar loops: the slow path "
                     "that the others are compared with."),
      llvm::cl::init(false)};
  Option<int64_t> vectorWidth{
      *this, "vector-width",
      llvm::cl::desc("Bits of a vector in loops that no kernel took."),
      llvm::cl::init(512)};
  Option<int64_t> threads{
      *this, "threads",
      llvm::cl::desc("Threads of large loops that no kernel took, on OpenMP."),
      llvm::cl::init(1)};
  Option<std::string> model{
      *this, "model",
      llvm::cl::desc("Cost model for convolutions with compressed weights: "
                     "'builtin', as when empty, 'machine' or a file."),
      llvm::cl::init("")};
  Option<bool> profile{
      *this, "profile",
      llvm::cl::desc("Measure the time of each costly operation."),
      llvm::cl::init(false)};
  Option<std::string> isa{
      *this, "isa",
      llvm::cl::desc(
          "Instruction set of generated kernels: 'avx512', 'avx2', "
          "'portable', 'none', or 'host' for the best of this processor."),
      llvm::cl::init("host")};
  Option<bool> fill{
      *this, "fill",
      llvm::cl::desc("Fill each temporary buffer with NaN where it begins."),
      llvm::cl::init(false)};
  Option<CpuForm> stopAfter{
      *this, "stop-after", llvm::cl::desc("Form to stop after."),
      llvm::cl::init(CpuForm::Llvm),
      llvm::cl::values(
          clEnumValN(CpuForm::Linalg, "linalg", "no prune operation is left"),
          clEnumValN(CpuForm::Kernel, "kernel", "kernels chosen, rest fused"),
          clEnumValN(CpuForm::Destination, "destination",
                     "results have destinations"),
          clEnumValN(CpuForm::Buffer, "buffer", "memrefs only"),
          clEnumValN(CpuForm::Loop, "loop", "loops and runtime calls"),
          clEnumValN(CpuForm::Llvm, "llvm", "the LLVM dialect only"))};
};

/// Adds the passes from the model, gradient, train-step or compact form to the
/// LLVM dialect with the calling convention of prune-results-to-destinations.
void buildCpuPipeline(OpPassManager &manager,
                      const CpuPipelineOptions &options);

/// Registers prune-cpu-pipeline. Call at most once.
void registerCpuPipeline();

} // namespace mlir::prune

#endif // PRUNE_PIPELINES_CPUPIPELINE_H
