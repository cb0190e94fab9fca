//===- ImportPipeline.h - Into the model form -------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_PIPELINES_IMPORTPIPELINE_H
#define PRUNE_PIPELINES_IMPORTPIPELINE_H

#include "mlir/Pass/PassOptions.h"

#include <string>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mlir::prune {

/// Options of `prune-import-pipeline`; see `prune-annotate-model` for their
/// meaning.
struct ImportPipelineOptions : PassPipelineOptions<ImportPipelineOptions> {
  Option<std::string> function{
      *this, "function",
      llvm::cl::desc("Network function (default: the only public function "
                     "with a body)."),
      llvm::cl::init("")};
  ListOption<std::string> inputs{
      *this, "inputs",
      llvm::cl::desc("Names of the arguments that are no parameters.")};
  ListOption<std::string> parameters{
      *this, "parameters",
      llvm::cl::desc("Names of the last arguments, which are parameters.")};
  ListOption<std::string> buffers{
      *this, "buffers",
      llvm::cl::desc("Those of the parameters that are not trained.")};
  ListOption<std::string> constants{
      *this, "constants",
      llvm::cl::desc("Names of the parameters that are constants, in order.")};
  Option<bool> bound{
      *this, "bound",
      llvm::cl::desc("Parameters got their values after a first import: only "
                     "evaluate weights that are computed from them."),
      llvm::cl::init(false)};
};

/// Adds the passes from `linalg` on tensors, as torch-mlir writes a network, to
/// the model form.
void buildImportPipeline(OpPassManager &manager,
                         const ImportPipelineOptions &options);

/// Registers `prune-import-pipeline`. Call at most once.
void registerImportPipeline();

} // namespace mlir::prune

#endif // PRUNE_PIPELINES_IMPORTPIPELINE_H
