//===- InitAllPasses.cpp - Registration of passes -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/InitAllPasses.h"

#include "Prune/Codegen/Loops/Passes.h"
#include "Prune/Codegen/Passes.h"
#include "Prune/Conversion/Passes.h"
#include "Prune/Dialect/OneDNN/Transforms/Passes.h"
#include "Prune/Dialect/Prune/Transforms/Compact/Passes.h"
#include "Prune/Dialect/Prune/Transforms/Lower/Passes.h"
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"
#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "Prune/Pipelines/CompressPipeline.h"
#include "Prune/Pipelines/CpuPipeline.h"
#include "Prune/Pipelines/ImportPipeline.h"
#include "Prune/Pipelines/TrainPipeline.h"
#include "Prune/Profiling/Passes.h"

#include <utility>

using namespace mlir;

void prune::registerAllPasses() {
  // Pipelines may be registered only once in a process.
  static bool registered = false;
  if (std::exchange(registered, true))
    return;
  registerModelPasses();
  registerTrainPasses();
  registerPrunePasses();
  registerCompactPasses();
  registerLowerPasses();
  registerConversionPasses();
  registerCodegenPasses();
  registerLoopsPasses();
  registerProfilingPasses();
  registerOneDNNPasses();
  registerImportPipeline();
  registerCompressPipelines();
  registerTrainPipelines();
  registerCpuPipeline();
}
