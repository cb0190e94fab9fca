//===- InitAllDialects.cpp - Registration of dialects ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/InitAllDialects.h"
#include "Prune/InitAllExtensions.h"

#include "Prune/Dialect/Kernel/IR/Kernel.h"
#include "Prune/Dialect/Kernel/Transforms/BufferizableOpInterfaceImpl.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/OneDNN/Transforms/BufferizableOpInterfaceImpl.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Implementations/Adjoint.h"
#include "Prune/Implementations/Channels.h"

using namespace mlir;

void prune::registerAllDialects(DialectRegistry &registry) {
  registry.insert<prune::PruneDialect, kernel::KernelDialect,
                  onednn::OneDNNDialect>();
  kernel::registerBufferizableOpInterfaceExternalModels(registry);
  onednn::registerBufferizableOpInterfaceExternalModels(registry);
  registerAllExtensions(registry);
}

void prune::registerAllExtensions(DialectRegistry &registry) {
  registerAdjointModels(registry);
  registerChannelModels(registry);
}
